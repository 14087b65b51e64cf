"""Random degradation: the same draws give the same recording, and every branch is reached."""

import numpy as np
import pytest

from tests.support.tiny_heads import RATE, buzz
from train.data import degradations, random_degradation
from train.data.random_degradation import (
    NOISES,
    coloured_noise,
    degrade_at_random,
    random_codec,
    random_equaliser,
    random_line,
    random_noise,
    random_room,
    recolour_at_random,
    root_mean_square,
)


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return buzz("happy", 1, 0).astype(np.float32)


@pytest.fixture(scope="module")
def talkers() -> list[np.ndarray]:
    return [buzz("sad", speaker, 1).astype(np.float32) for speaker in range(6)]


def test_the_same_draws_give_the_same_recording(voice, talkers):
    for seed in range(12):
        one, other = (
            degrade_at_random(voice, RATE, talkers, np.random.default_rng(seed)) for _ in range(2)
        )
        assert one.dtype == np.float32
        assert np.isfinite(one).all()
        assert np.array_equal(one, other)
        assert np.abs(one).max() < 2.1  # full scale, an offset, and rumble
    different = degrade_at_random(voice, RATE, talkers, np.random.default_rng(99))
    assert not np.array_equal(one[:100], different[:100])


def test_every_way_to_degrade_is_taken(voice, talkers, monkeypatch):
    taken = set()

    def spy(owner, name):
        work = getattr(owner, name)

        def noted(*arguments):
            taken.add(name)
            return work(*arguments)

        monkeypatch.setattr(owner, name, noted)

    ours = ("random_equaliser", "random_room", "random_noise", "random_line", "random_codec")
    theirs = ("at_speed", "at_snr", "babble", "mains_hum", "mp3", "opus", "clip")
    for name in ours:
        spy(random_degradation, name)
    for name in theirs:
        spy(degradations, name)
    offsets = []
    for seed in range(150):
        changed = degrade_at_random(voice, RATE, talkers, np.random.default_rng(seed))
        offsets.append(abs(float(changed.mean())) > 0.003)
    assert taken == {*ours, *theirs}
    assert any(offsets)
    assert not all(offsets)


@pytest.mark.parametrize("kind", sorted(set(NOISES)))
def test_noise_of_every_kind_is_as_long_as_asked_for(kind, talkers, monkeypatch):
    monkeypatch.setattr(random_degradation, "NOISES", (kind,))
    for count in (1, 700, 16_001):
        noise = random_noise(count, RATE, talkers, np.random.default_rng(3))
        assert noise.shape == (count,)
        assert noise.dtype == np.float32
        assert np.isfinite(noise).all()
    assert noise.std() > 0


def test_babble_without_talkers_is_noise():
    noise = [random_noise(800, RATE, [], np.random.default_rng(seed)) for seed in range(20)]
    assert all(one.shape == (800,) and one.std() > 0 for one in noise)


def test_coloured_noise_has_its_slope():
    def tilt(slope: float) -> float:
        noise = coloured_noise(RATE, slope, RATE, np.random.default_rng(1))
        power = np.abs(np.fft.rfft(noise)) ** 2
        octave = 10 * np.log10(power[2000:4000].mean() / power[1000:2000].mean())
        assert noise.std() == pytest.approx(1.0, abs=1e-3)
        return float(octave)

    assert tilt(0.0) == pytest.approx(0.0, abs=0.5)
    assert tilt(-2.0) == pytest.approx(-6.0, abs=0.5)


@pytest.mark.parametrize("change", [random_equaliser, random_room, random_line, random_codec])
def test_each_part_gives_finite_floats(change, voice):
    for seed in range(4):
        changed = change(voice, RATE, np.random.default_rng(seed))
        assert changed.dtype == np.float32
        assert np.isfinite(changed).all()
        assert len(changed) >= 0.9 * len(voice)
        assert root_mean_square(changed) > 0


def test_a_line_has_no_highs(voice):
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    power = np.abs(np.fft.rfft(random_line(noise, RATE, np.random.default_rng(2)))) ** 2
    assert power[4500:].sum() < 0.02 * power.sum()


def test_another_colour_is_seeded_and_finite(voice):
    lengths = set()
    for seed in range(8):
        one, other = (recolour_at_random(voice, RATE, np.random.default_rng(seed)) for _ in "ab")
        assert one.dtype == np.float32
        assert np.isfinite(one).all()
        assert np.array_equal(one, other)
        lengths.add(len(one))
    assert min(lengths) < len(voice) < max(lengths)
    silence = recolour_at_random(np.zeros(1_600, np.float32), RATE, np.random.default_rng(1))
    assert np.isfinite(silence).all()


def test_silence_stays_finite(talkers):
    for seed in range(10):
        silence = np.zeros(1_600, dtype=np.float32)
        changed = degrade_at_random(silence, RATE, talkers, np.random.default_rng(seed))
        assert np.isfinite(changed).all()
