"""Degradations: each does what it says, by its own measure."""

import numpy as np
import pytest

from train.data import degradations
from train.measure.conditions import CONDITIONS, degrade, generator

RATE = 16_000


@pytest.fixture
def voice() -> np.ndarray:
    """Two seconds of a voice-like buzz whose loudness goes up and down."""
    time = np.arange(2 * RATE) / RATE
    buzz = sum(np.sin(2.0 * np.pi * 150.0 * k * time) / k for k in range(1, 50))
    return (0.1 * buzz * (0.6 + 0.4 * np.sin(2.0 * np.pi * 3.0 * time))).astype(np.float32)


def draws() -> np.random.Generator:
    return np.random.default_rng(5)


def measured_snr(clean: np.ndarray, noisy: np.ndarray) -> float:
    """Ratio of mean powers [dB]."""
    added = noisy.astype(np.float64) - clean
    return 10.0 * np.log10(np.mean(np.square(clean, dtype=np.float64)) / np.mean(added**2))


def share_of_power(samples: np.ndarray, low: float, high: float) -> float:
    """What of the power lies between two frequencies [Hz]."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1.0 / RATE)
    return float(power[(frequencies >= low) & (frequencies <= high)].sum() / power.sum())


@pytest.mark.parametrize("snr", [20.0, 10.0, 5.0, 0.0])
def test_noise_has_the_ratio_that_was_asked_for(voice, snr):
    talkers = [np.roll(voice, 500 * k)[: 9_000 + k] for k in range(8)]
    for noisy in (
        degradations.white_noise(voice, snr, draws()),
        degradations.mains_hum(voice, snr, RATE, draws()),
        degradations.babble(voice, snr, talkers, draws()),
    ):
        assert noisy.dtype == np.float32
        assert len(noisy) == len(voice)
        assert measured_snr(voice, noisy) == pytest.approx(snr, abs=0.01)


def test_digital_silence_stays_silent():
    silence = np.zeros(1_000, dtype=np.float32)
    assert not degradations.white_noise(silence, 0.0, draws()).any()


def test_white_noise_is_white_and_hum_is_of_the_mains(voice):
    white = degradations.white_noise(voice, 0.0, draws()) - voice
    assert share_of_power(white, 0.0, 4_000.0) == pytest.approx(0.5, abs=0.02)
    hum = degradations.mains_hum(voice, 0.0, RATE, draws()) - voice
    lines = sum(share_of_power(hum, 50.0 * k - 1.0, 50.0 * k + 1.0) for k in range(1, 11))
    assert lines > 0.999


def test_babble_is_made_of_the_talkers(voice):
    tones = [
        np.sin(2.0 * np.pi * f * np.arange(RATE) / RATE).astype(np.float32) for f in (400, 900)
    ]
    added = degradations.babble(voice, 0.0, tones, draws()) - voice
    assert share_of_power(added, 395.0, 405.0) == pytest.approx(0.5, abs=0.03)
    assert share_of_power(added, 895.0, 905.0) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("rt60", [0.3, 1.0])
def test_a_room_dies_away_by_sixty_decibels_in_its_time(rt60):
    response = degradations.room_response(rt60, RATE, draws())
    assert len(response) == round(rt60 * RATE)
    assert response[0] == 1.0
    assert np.sum(response[1:] ** 2) == pytest.approx(1.0)  # as much as the direct sound
    tail = response[1:] ** 2
    remaining = 10.0 * np.log10(np.cumsum(tail[::-1])[::-1] / tail.sum())  # Schroeder's curve
    times = np.arange(1, len(response)) / RATE
    early = (remaining < -5.0) & (remaining > -25.0)
    slope = np.polyfit(times[early], remaining[early], 1)[0]
    assert -60.0 / slope == pytest.approx(rt60, rel=0.15)


def test_reverberation_keeps_the_beginning_and_lasts_longer(voice):
    wet = degradations.reverberate(voice, 0.3, RATE, draws())
    assert len(wet) == len(voice) + round(0.3 * RATE) - 1
    assert wet[0] == pytest.approx(voice[0], abs=1e-6)


def test_a_telephone_lets_its_band_through(voice):
    noise = (0.1 * draws().standard_normal(2 * RATE)).astype(np.float32)
    heard = degradations.telephone(noise, RATE)
    assert len(heard) == pytest.approx(len(noise), abs=2)
    assert share_of_power(heard, 300.0, 3_400.0) > 0.95
    assert share_of_power(heard, 4_000.0, 8_000.0) < 1e-3
    assert share_of_power(heard, 0.0, 150.0) < 1e-3


@pytest.mark.parametrize(
    ("codec", "bit_rate"), [(degradations.mp3, 32_000), (degradations.opus, 16_000)]
)
@pytest.mark.parametrize("rate", [RATE, 22_050])
def test_codecs_give_back_the_same_sound(codec, bit_rate, rate, voice):
    decoded = codec(voice, rate, bit_rate)
    assert decoded.dtype == np.float32
    assert len(decoded) == pytest.approx(len(voice), abs=0.1 * rate)
    assert not np.array_equal(decoded[: len(voice)], voice[: len(decoded)])
    count = min(len(decoded), len(voice))
    spectra = [np.abs(np.fft.rfft(sound[:count])) for sound in (voice, decoded)]
    assert np.corrcoef(*spectra)[0, 1] > 0.8


def test_clipping_cuts_the_share_that_was_asked_for(voice):
    clipped = degradations.clip(voice, 0.1)
    limit = np.abs(clipped).max()
    assert np.mean(np.abs(voice) > limit) == pytest.approx(0.1, abs=0.001)
    kept = np.abs(voice) <= limit
    assert np.array_equal(clipped[kept], voice[kept])


def test_gain_is_exact_and_sixteen_bits_clip_and_round(voice):
    louder = degradations.gain(voice, 20.0)
    assert np.allclose(louder, 10.0 * voice, rtol=1e-6)
    assert np.abs(louder).max() > 1.0
    stored = degradations.gain_16_bits(voice, 20.0)
    assert stored.max() == np.float32(32_767 / 32_768)
    assert stored.min() == -1.0
    quiet = degradations.gain_16_bits(voice, -20.0)
    assert np.abs(quiet - 0.1 * voice).max() <= 0.5 / 32_768 + 1e-7
    assert np.array_equal(quiet * 32_768, np.round(quiet * 32_768))


def test_silence_is_as_long_as_was_asked_for(voice):
    longer = degradations.silence_around(voice, 0.5, RATE)
    assert len(longer) == len(voice) + RATE
    assert not longer[: RATE // 2].any()
    assert np.array_equal(longer[RATE // 2 : -RATE // 2], voice)
    assert not longer[-RATE // 2 :].any()


@pytest.mark.parametrize("speed", [0.9, 1.1])
def test_speed_moves_length_and_pitch_together(speed):
    tone = np.sin(2.0 * np.pi * 1_000.0 * np.arange(RATE) / RATE).astype(np.float32)
    played = degradations.at_speed(tone, speed, RATE)
    assert len(played) == pytest.approx(RATE / speed, abs=2)
    assert share_of_power(played, 1_000.0 * speed - 20.0, 1_000.0 * speed + 20.0) > 0.99


def test_every_condition_changes_a_clip_the_same_way_each_time(voice):
    talkers = [voice[::-1].copy(), np.roll(voice, 99)]
    for condition in CONDITIONS:
        one, again = (
            degrade(voice, condition, RATE, talkers, generator(condition.kind, "a.wav"))
            for _ in range(2)
        )
        assert one.dtype == np.float32, condition
        assert np.isfinite(one).all(), condition
        assert np.array_equal(one, again), condition
        kept = condition.kind == "middle" and len(voice) <= condition.level * RATE
        assert np.array_equal(one, voice) == (kept or condition.kind == "clean"), condition
    assert len({str(condition) for condition in CONDITIONS}) == len(CONDITIONS)


def test_noise_of_one_file_is_the_same_at_every_level_and_another_files_is_not(voice):
    loud, faint = (
        degradations.white_noise(voice, snr, generator("white noise", "a.wav")) - voice
        for snr in (0.0, 20.0)
    )
    assert np.corrcoef(loud, faint)[0, 1] > 0.999
    other = degradations.white_noise(voice, 0.0, generator("white noise", "b.wav")) - voice
    assert abs(np.corrcoef(loud, other)[0, 1]) < 0.05
