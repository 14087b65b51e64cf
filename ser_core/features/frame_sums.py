"""Summaries of encoded frames that are not all in memory at once: their sums and maxima add up."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class FrameSums(NamedTuple):
    """What is kept of some encoded frames, so that a summary can be made of several of these.

    Attributes:
        size: int > 0, how many frames.
        total: float64 array of shape (width,), their sum: so what a summary is joined of does not
            show in it.
        peak: float32 array of shape (width,), their maximum.
    """

    size: int
    total: np.ndarray
    peak: np.ndarray

    @classmethod
    def of(cls, encoded: np.ndarray) -> "FrameSums":
        """Make it of frames: float32 array of shape (n, width), n > 0."""
        return cls(len(encoded), encoded.sum(axis=0, dtype=np.float64), encoded.max(axis=0))

    def join(self, other: "FrameSums") -> "FrameSums":
        """Make it of these frames and those that come after them."""
        peak: np.ndarray = np.maximum(self.peak, other.peak)
        return FrameSums(self.size + other.size, self.total + other.total, peak)


def summarise_sums(parts: Iterable[FrameSums]) -> np.ndarray:
    """Summarise frames as `summarise` does, but for rounding.

    Args:
        parts: at least one.

    Returns:
        float32 array of shape (2 * width,).

    >>> parts = [FrameSums.of(np.float32([[1, 4]])), FrameSums.of(np.float32([[3, 2]]))]
    >>> summarise_sums(parts).tolist()
    [2.0, 3.0, 3.0, 4.0]
    """
    sizes, totals, peaks = zip(*parts, strict=True)
    mean = np.sum(totals, axis=0) / sum(sizes)
    return np.concatenate([mean, np.max(peaks, axis=0)]).astype(np.float32)
