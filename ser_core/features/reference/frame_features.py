"""Features of each frame, one function for each frame block.

Each takes the Analysis of a window and the block's own parameters, and returns a float array of
shape (frames, width). Units, ranges and sources stand with the blocks, in
ser_core.config.frame_blocks.
"""

import librosa
import numpy as np
import scipy.fft

from ...config.frame_blocks import (
    ChromaBlock,
    MelDbBlock,
    MfccBlock,
    OnsetStrengthBlock,
    SpectralContrastBlock,
    TonnetzBlock,
    ZeroCrossingRateBlock,
)
from .analysis import Analysis, computes, once

DELTA_WIDTH = 9  # frames that a difference is fitted to


@computes(MfccBlock)
def mfcc(analysis: Analysis, *, n_mfcc: int, deltas: int, n_mels: int) -> np.ndarray:
    """Mel-frequency cepstral coefficients [dB], then first and second differences of the first.

    In a window shorter than nine frames the differences are fitted to the frames there are, the
    first and the last repeated, where librosa's raise.
    """
    level = analysis.mel_level(n_mels=n_mels)
    cepstrum: np.ndarray = scipy.fft.dct(level, axis=1, norm="ortho")[:, :n_mfcc]
    if not deltas:
        return cepstrum
    mode = "interp" if analysis.frames >= DELTA_WIDTH else "nearest"
    differences = [
        librosa.feature.delta(
            cepstrum[:, :deltas], width=DELTA_WIDTH, order=order, axis=0, mode=mode
        )
        for order in (1, 2)
    ]
    return np.concatenate([cepstrum, *differences], axis=1)


@computes(MelDbBlock)
def mel_db(analysis: Analysis, *, n_mels: int) -> np.ndarray:
    """Mel power relative to the window's largest, in [-80, 0] dB."""
    return librosa.power_to_db(analysis.mel(n_mels=n_mels), ref=np.max)


@computes(SpectralContrastBlock)
@once
def spectral_contrast(analysis: Analysis, *, n_bands: int, fmin: float) -> np.ndarray:
    """Peaks less valleys of the spectrum [dB] in each octave band."""
    return librosa.feature.spectral_contrast(
        S=analysis.magnitude.T, sr=analysis.sample_rate, n_bands=n_bands, fmin=fmin
    ).T


@computes(ZeroCrossingRateBlock)
def zero_crossing_rate(analysis: Analysis) -> np.ndarray:
    """Share of samples where the sign changes, in [0, 1]."""
    return analysis.zero_crossing_rate[:, None]


@computes(OnsetStrengthBlock)
@once
def onset_strength(analysis: Analysis, *, n_mels: int) -> np.ndarray:
    """Mean rise of the mel bands since the frame before [dB]."""
    rise = np.diff(analysis.mel_level(n_mels=n_mels), axis=0).clip(0.0).mean(axis=1)
    delay = 1 + analysis.n_fft // (2 * analysis.hop_length)
    return np.pad(rise, (delay, 0))[: analysis.frames, None]


@computes(ChromaBlock)
def chroma(analysis: Analysis) -> np.ndarray:
    """Energy of the twelve pitch classes, each frame's largest 1."""
    return analysis.chroma


@computes(TonnetzBlock)
def tonnetz(analysis: Analysis) -> np.ndarray:
    """Tonal centroids of the chroma."""
    return librosa.feature.tonnetz(chroma=analysis.chroma.T).T
