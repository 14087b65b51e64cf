"""The front end of the reference systems: a frame is its samples, a window's features come of them.

The blocks and statistics stand in `reference`, which needs librosa and is imported only when
features are computed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config.feature_config import FeatureConfig
from ..config.frame_blocks import WaveformBlock
from .frame_stream import FrameStream
from .tiling import split


class WaveformFrontEnd:
    """The samples themselves, a step of hop_length a frame; see FrontEnd."""

    def __init__(self, config: FeatureConfig) -> None:
        self.config = config
        self.blocks = tuple(block for block in config.blocks if isinstance(block, WaveformBlock))

    def frames(self, samples: np.ndarray) -> np.ndarray:  # (ceil(n / hop_length), hop_length)
        """Cut the samples into frames, the last one zero-padded."""
        count = -(-len(samples) // self.config.hop_length)
        padding = count * self.config.hop_length - len(samples)
        rows = np.pad(np.asarray(samples, dtype=np.float32), (0, padding))
        return rows.reshape(count, self.config.hop_length)

    def stream(self) -> FrameStream:
        """Begin the frames of a recording that comes in pieces."""
        return WaveformStream(self.config.hop_length)

    def energy(self, frames: np.ndarray) -> np.ndarray:  # (frames,)
        """Sum the squared samples."""
        energy: np.ndarray = np.einsum("ij,ij->i", frames, frames)
        return energy

    def levels(self, window: np.ndarray) -> np.ndarray:  # (level_frames, block_features)
        """Compute the blocks, and statistics over their frames where the config takes those."""
        from .reference.waveform import (  # only now: librosa takes a second to import
            summarise,
            waveform_features,
        )

        statistics = self.config.statistics
        if statistics is None:
            missing = self.config.window_frames - len(window)
            window = np.pad(window, ((missing // 2, missing - missing // 2), (0, 0)))
        rows = waveform_features(
            window.reshape(-1), self.blocks, sample_rate=self.config.sample_rate
        )
        return rows if statistics is None else summarise(rows, statistics)

    def cover(self, levels: np.ndarray, window: np.ndarray, begin: int, end: int) -> np.ndarray:
        """Compute the levels again, with zeros for the samples of the frames."""
        silent = window.copy()
        silent[begin:end] = 0.0
        return self.levels(silent)

    def pack(self, frames: np.ndarray) -> np.ndarray:  # (windows, level_frames, block_features)
        """Compute the levels of each window: they cost too much to compute in every step."""
        return np.stack([self.levels(window) for window in split(frames, self.config)])

    def unpack(self, packed: np.ndarray) -> Sequence[np.ndarray]:
        """Return the levels of each window."""
        return list(packed)

    def observe(self, packed: np.ndarray) -> np.ndarray:  # (rows, block_features)
        """Return the rows of all windows."""
        return packed.reshape(-1, self.config.block_features)

    @property
    def pack_parameters(self) -> dict[str, Any]:
        """How windows are cut and summarised."""
        config = self.config
        return {"window": config.window, "hop": config.hop, "statistics": config.statistics}


class WaveformStream(FrameStream):
    """The samples of a recording that comes in pieces, a step of hop_length a frame."""

    def __init__(self, hop_length: int) -> None:
        """Begin a recording of frames of `hop_length` samples."""
        super().__init__(hop_length, reach=0, columns=hop_length)

    def _count_complete(self) -> int:
        return self.total // self.hop_length

    def _count_all(self) -> int:
        return -(-self.total // self.hop_length)

    def _compute(self, begin: int, end: int) -> np.ndarray:
        return self.samples[begin:end].reshape(-1, self.hop_length)
