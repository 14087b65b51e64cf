"""The mel spectrogram, freed of what is slower than a frame."""

import numpy as np
import pytest

from ser_core.features.log_mel import mel_spectrogram


@pytest.mark.parametrize("offset", [0.02, -0.5])
def test_detrending_removes_an_offset(offset):
    samples = np.random.default_rng(3).normal(0, 0.05, 16_000).astype(np.float32)
    plain = mel_spectrogram(samples, detrend=4)
    moved = mel_spectrogram(samples + np.float32(offset), detrend=4)
    inside = slice(2, -2)  # frames without the zeros beyond both ends
    assert np.abs(10 * np.log10(moved[inside] / plain[inside])).max() < 0.01


def test_detrending_lowers_rumble_and_leaves_voices():
    time = np.arange(16_000) / 16_000
    lowered = {}
    for hertz in (20, 50, 150):
        wave = np.sin(2 * np.pi * hertz * time).astype(np.float32)
        before, after = (mel_spectrogram(wave, fmin=0.0, detrend=n)[2:-2].sum() for n in (0, 4))
        lowered[hertz] = 10 * np.log10(before / after)
    assert lowered[20] > 40
    assert lowered[50] > 15
    assert lowered[150] < 0.1
