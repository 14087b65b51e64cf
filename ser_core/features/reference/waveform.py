"""Feature blocks computed from a window of audio, side by side.

librosa is imported here; the embedded model's `log_mel` comes from log_mel.py without it.
"""

from collections.abc import Sequence

import numpy as np

from ...config.frame_blocks import WaveformBlock
from ...errors import AudioContentError, ConfigError
from . import frame_features, utterance_features
from .analysis import FEATURES, Analysis
from .statistics import summarise

__all__ = ["frame_features", "summarise", "utterance_features", "waveform_features"]

COMMON = {"name", "n_fft", "hop_length"}  # what every block has; the rest goes to its function


def waveform_features(
    samples: np.ndarray, blocks: Sequence[WaveformBlock], *, sample_rate: int
) -> np.ndarray:
    """Compute the features of one window, one row per frame, from one STFT for all blocks.

    Values are finite for any finite samples: silence, a constant, a single click or a window
    shorter than a frame give zeros where a quantity is undefined, as each block documents.

    Args:
        samples: float32 array of shape (n,), mono, full scale 1, at least one sample.
        blocks: waveform blocks of one hop_length, in column order.
        sample_rate: int [Hz].

    Returns:
        float32 array of shape (1 + n // hop_length, sum of the blocks' widths); what a block gives
        for the whole window is repeated on every frame.

    Raises:
        AudioContentError: there are no samples.
        ConfigError: a block has another hop_length, or cannot be computed at this sample rate.

    >>> from ser_core.config.frame_blocks import ChromaBlock, MfccBlock
    >>> silence = np.zeros(66_150, dtype=np.float32)
    >>> blocks = (MfccBlock(n_mfcc=40), ChromaBlock())
    >>> waveform_features(silence, blocks, sample_rate=22_050).shape
    (130, 52)
    """
    samples = np.asarray(samples, dtype=np.float32)
    if samples.ndim != 1 or not len(samples):
        raise AudioContentError(
            f"Features need a window of shape (n,) with samples in it, got shape {samples.shape}."
        )
    hop_lengths = {block.hop_length for block in blocks}
    if len(hop_lengths) != 1:
        raise ConfigError(f"Blocks side by side need one hop_length, got {sorted(hop_lengths)}.")
    hop_length = hop_lengths.pop()
    analyses = {
        n_fft: Analysis(samples, sample_rate, n_fft, hop_length)
        for n_fft in {block.n_fft for block in blocks}
    }
    rows = 1 + len(samples) // hop_length
    features = np.empty((rows, sum(block.width for block in blocks)), dtype=np.float32)
    column = 0
    for block in blocks:
        block.check_rate(sample_rate)
        parameters = block.model_dump(exclude=COMMON)
        values = FEATURES[block.name](analyses[block.n_fft], **parameters)
        features[:, column : column + block.width] = values
        column += block.width
    return features  # (frames, features)
