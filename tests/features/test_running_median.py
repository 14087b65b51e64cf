"""The running median: what sorting every window gives, and SciPy's bit for bit."""

import numpy as np
import pytest
import scipy.ndimage

from ser_core.features.reference.running_median import comparators, running_median, sort


@pytest.mark.parametrize("length", [1, 2, 5, 16, 17, 130])
@pytest.mark.parametrize("size", [1, 3, 5, 9, 17, 31, 63, 101])
def test_it_is_the_middle_of_each_mirrored_window(length, size):
    values = np.random.default_rng(length).integers(0, 9, (length, 7)).astype(np.float32)
    places = np.arange(-(size // 2), length + size // 2) % (2 * length)
    mirrored = values[np.minimum(places, 2 * length - 1 - places)]
    windows = np.lib.stride_tricks.sliding_window_view(mirrored, size, axis=0)
    np.testing.assert_array_equal(running_median(values, size), np.median(windows, axis=-1))


@pytest.mark.parametrize("shape", [(130, 1025), (1025, 130)])
def test_it_equals_scipys_on_a_spectrogram(shape):
    values = np.random.default_rng(2).random(shape, dtype=np.float32)
    theirs = scipy.ndimage.median_filter(values, size=(31, 1), mode="reflect")
    ours = running_median(values, 31)
    assert ours.dtype == np.float32
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 8])
def test_the_network_sorts_every_sequence_of_zeros_and_ones(count):
    # a network that sorts these sorts everything (Knuth's 0-1 principle)
    bits = (np.arange(2**count)[None] >> np.arange(count)[:, None]) & 1
    np.testing.assert_array_equal(np.stack(sort(list(bits))), np.sort(bits, axis=0))


def test_the_network_is_as_small_as_batchers():
    assert len(list(comparators(16))) == 63
