"""Several channels to one: their mean, or the louder where they cancel, however a file is cut."""

import pickle

import numpy as np
import pytest
import soundfile

from ser_core.audio import load_audio, read_blocks
from ser_core.audio.downmix import FADE, SECTION, Downmix
from ser_core.errors import AudioContentError
from tests.support.recordings import conversation

RATE = 48_000  # [Hz]


def voice(rate: int = RATE) -> np.ndarray:
    return conversation((0.3, 0.4), rate)


def stereo(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack([left, right], axis=1).astype(np.float32)


def mix(block: np.ndarray, length: int | None = None, rate: int = RATE) -> np.ndarray:
    downmix = Downmix(rate)
    length = length or len(block)
    parts = [downmix.push(block[at : at + length]) for at in range(0, len(block), length)]
    return np.concatenate([*parts, downmix.finish()])


def test_one_channel_passes_through_bit_for_bit():
    samples = voice()
    np.testing.assert_array_equal(mix(samples[:, np.newaxis], 1_000), samples)


@pytest.mark.parametrize("delay", [0, 1, 40, 500])
def test_clean_stereo_is_averaged_bit_for_bit(delay):
    samples = voice()
    both = stereo(samples, 0.5 * np.roll(samples, delay))
    np.testing.assert_array_equal(mix(both), (both[:, 0] + both[:, 1]) / 2)


def test_independent_channels_are_averaged_however_many():
    channels = np.random.default_rng(0).standard_normal((RATE, 32)).astype(np.float32)
    np.testing.assert_allclose(mix(channels), channels.mean(axis=1), atol=1e-5)


def test_of_two_people_on_a_channel_each_both_remain():
    samples = voice()
    silent = np.zeros_like(samples)
    call = np.concatenate([stereo(samples, silent), stereo(silent, samples)])
    np.testing.assert_array_equal(mix(call), np.concatenate([samples, samples]) / 2)


def test_opposite_phase_gives_the_channel_itself(tmp_path):
    samples = voice(16_000)
    path = tmp_path / "clip.wav"
    soundfile.write(path, stereo(samples, -samples), 16_000, subtype="FLOAT")
    np.testing.assert_array_equal(load_audio(path), load_audio((16_000, samples)))
    np.testing.assert_array_equal(np.concatenate(list(read_blocks(path))), load_audio(path))


def test_of_channels_that_cancel_the_louder_is_used():
    samples = voice()
    np.testing.assert_array_equal(mix(stereo(0.8 * samples, -samples)), -samples)
    np.testing.assert_array_equal(mix(stereo(samples, -0.8 * samples)), samples)


def test_the_quieter_channel_may_become_the_louder_without_a_jump_of_sign():
    samples = voice()
    both = np.concatenate([stereo(samples, -0.9 * samples), stereo(0.9 * samples, -samples)])
    np.testing.assert_array_equal(mix(both), both[:, 0])


def test_a_stretch_of_opposite_phase_is_replaced_and_the_rest_left_alone():
    samples = voice()
    both = stereo(samples, samples)
    begin, end = RATE // 2, RATE
    both[begin:end, 1] *= -1
    mixed = mix(both)
    faded = slice(begin, begin + round(FADE * RATE))  # out of what is left of the mean: nothing
    assert np.abs(mixed[faded]).max() <= np.abs(samples[faded]).max()
    mixed[faded] = samples[faded]
    np.testing.assert_array_equal(mixed, samples)


def test_changes_of_source_are_faded():
    tone = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    both = stereo(tone, 0.2 * tone)
    both[RATE // 2 :, 1] = -tone[RATE // 2 :]
    mixed = mix(both)
    assert np.abs(np.diff(mixed)).max() < 1.5 * np.abs(np.diff(tone)).max()


@pytest.mark.parametrize("length", [1, 7, 480, 2_400, 2_401, 10**6])
def test_cuts_change_nothing(length):
    samples = voice()[: RATE // 2]
    both = np.concatenate(
        [stereo(samples, samples), stereo(samples, -0.9 * samples), stereo(samples, 0 * samples)]
    )
    np.testing.assert_array_equal(mix(both, length), mix(both))


def test_no_more_than_a_section_is_held_back():
    downmix = Downmix(RATE)
    samples = voice()
    out = downmix.push(stereo(samples, -samples))
    assert len(samples) - len(out) < SECTION * RATE
    assert len(downmix.push(np.empty((0, 1), np.float32))) == 0  # nothing, of whatever shape
    rest = pickle.loads(pickle.dumps(downmix)).finish()
    np.testing.assert_array_equal(np.concatenate([out, rest]), samples)


def test_the_number_of_channels_may_change():
    samples = voice()
    downmix = Downmix(RATE)
    parts = [downmix.push(stereo(samples, -samples)), downmix.push(samples[:, np.newaxis])]
    np.testing.assert_array_equal(np.concatenate(parts), np.concatenate([samples, samples]))


@pytest.mark.parametrize("damage", [np.nan, np.inf, 1e31])
def test_damage_that_cancels_is_still_damage(damage):
    with pytest.raises(AudioContentError, match="not finite"):
        mix(stereo(np.full(RATE, damage), np.full(RATE, -damage)))
