"""The front end of `log_mel`: frames of mel power, and their level relative to the window's own.

The level is taken per window, so that a recording's gain changes nothing, and so that a window of a
long recording gives the same answer wherever the recording was cut.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config.feature_config import FeatureConfig
from ..config.frame_blocks import LogMelBlock
from .frame_stream import FrameStream
from .log_mel import BLOCK_FRAMES, mel_spectrogram
from .tiling import split

TINY = 1e-20  # power; keeps the logarithm of digital silence finite


class LogMelFrontEnd:
    """Mel power a frame, side by side where there are several blocks; see FrontEnd."""

    def __init__(self, config: FeatureConfig) -> None:
        self.config = config
        self.blocks = mel_blocks(config)

    def frames(self, samples: np.ndarray) -> np.ndarray:  # (1 + n // hop_length, bands)
        """Compute the mel power spectrogram."""
        rate = self.config.sample_rate
        return _side_by_side(
            [mel_spectrogram(samples, sample_rate=rate, **b.mel_parameters) for b in self.blocks]
        )

    def stream(self) -> FrameStream:
        """Begin the mel power of a recording that comes in pieces."""
        return LogMelStream(self.blocks, self.config.sample_rate)

    def energy(self, frames: np.ndarray) -> np.ndarray:  # (frames,)
        """Sum the bands' power."""
        energy: np.ndarray = frames.sum(axis=1)
        return energy

    def levels(self, window: np.ndarray) -> np.ndarray:  # (window_frames, bands)
        """Express a window in dB relative to its own level."""
        return place(window, self._before(window), self.config)

    def cover(self, levels: np.ndarray, window: np.ndarray, begin: int, end: int) -> np.ndarray:
        """Put the floor where the frames stand."""
        before = self._before(window)
        covered = levels.copy()
        for block, columns in zip(self.blocks, self.config.columns, strict=True):
            covered[before + begin : before + end, columns] = block.floor
        return covered

    def _before(self, window: np.ndarray) -> int:
        """How many frames of silence come before a window that is shorter than the network's."""
        if (
            self.config.outputs.frames is not None
        ):  # its encoder's frames are counted from the start
            return 0
        return (self.config.window_frames - len(window)) // 2

    def pack(self, frames: np.ndarray) -> np.ndarray:  # (frames, bands)
        """Return the frames themselves: augmentation changes them and cuts windows at random."""
        return frames

    def unpack(self, packed: np.ndarray) -> Sequence[np.ndarray]:
        """Cut the frames into windows, and return the levels of each."""
        return [self.levels(window) for window in split(packed, self.config)]

    def observe(self, packed: np.ndarray) -> np.ndarray:  # (rows, bands)
        """Return the levels of the frames of each window."""
        windows = split(packed, self.config)
        return np.concatenate([place(rows, 0, self.config)[: len(rows)] for rows in windows])

    @property
    def pack_parameters(self) -> dict[str, Any]:
        """Nothing: windows are cut from what is packed."""
        return {}


class LogMelStream(FrameStream):
    """Mel power of a recording that comes in pieces."""

    def __init__(self, blocks: Sequence[LogMelBlock], sample_rate: int) -> None:
        """Begin a recording.

        Args:
            blocks: of one hop_length, side by side.
            sample_rate: int > 0 [Hz].
        """
        super().__init__(
            hop_length=blocks[0].hop_length,
            reach=max(block.n_fft for block in blocks) // 2,
            columns=sum(block.n_mels for block in blocks),
        )
        self.blocks, self.sample_rate = blocks, sample_rate

    def _count_complete(self) -> int:
        if self.total < self.reach:
            return 0
        seen = max(0, (self.total - self.reach) // self.hop_length + 1)
        # Whole blocks only: sums are rounded alike then, however the recording was cut.
        return seen // BLOCK_FRAMES * BLOCK_FRAMES

    def _count_all(self) -> int:
        return 1 + self.total // self.hop_length

    def _compute(self, begin: int, end: int) -> np.ndarray:
        return _side_by_side([self._mel(block, begin, end) for block in self.blocks])

    def _mel(self, block: LogMelBlock, begin: int, end: int) -> np.ndarray:
        half = block.n_fft // 2
        return mel_spectrogram(
            self.samples[begin - half : end - self.hop_length + half],
            sample_rate=self.sample_rate,
            center=False,
            **block.mel_parameters,
        )


def mel_blocks(config: FeatureConfig) -> tuple[LogMelBlock, ...]:
    """Return the blocks of a config whose front end is `log_mel`."""
    return tuple(block for block in config.blocks if isinstance(block, LogMelBlock))


def place(window: np.ndarray, start: int, config: FeatureConfig) -> np.ndarray:
    """Express mel power in dB relative to its own level, and put it into a window of the floor.

    Args:
        window: float32 array of shape (1 to config.window_frames, bands), power.
        start: int >= 0, the frame where it begins.
        config: FeatureConfig, whose front end is `log_mel`.

    Returns:
        float32 array of shape (config.window_frames, bands) [dB], not yet standardised.
    """
    decibels = np.empty((config.window_frames, config.block_features), dtype=np.float32)
    rows = slice(start, start + len(window))
    for block, columns in zip(mel_blocks(config), config.columns, strict=True):
        decibels[:, columns] = block.floor
        decibels[rows, columns] = relative_level(window[:, columns], block.floor)
    return decibels  # (frames, bands)


def relative_level(power: np.ndarray, floor: float) -> np.ndarray:
    """Express power in dB relative to its own mean, with a floor.

    Args:
        power: float32 array of shape (..., frames, bands).
        floor: float < 0 [dB].

    Returns:
        float32 array of the same shape [dB], at least `floor`.

    >>> relative_level(np.ones((2, 3), dtype=np.float32), -60.0).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    mean = power.mean(axis=(-2, -1), keepdims=True)
    relative = power / np.maximum(mean, TINY)
    levels: np.ndarray = 10.0 * np.log10(np.maximum(relative, np.float32(10.0 ** (floor / 10.0))))
    return levels


def _side_by_side(columns: list[np.ndarray]) -> np.ndarray:
    return columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1)
