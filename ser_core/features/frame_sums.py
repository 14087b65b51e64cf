"""Summaries of encoded frames, which need not all be in memory at once: what is kept adds up."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np


class FrameSums(NamedTuple):
    """What is kept of some encoded frames, so that a summary can be made of several of these.

    Attributes:
        size: int > 0, how many frames.
        total: float64 array of shape (width,), their sum: so what a summary is joined of does not
            show in it.
        moment: float64 array of shape (width,), the sum of the frames, each times its number from
            0.
        peak: float32 array of shape (width,), their maximum.
    """

    size: int
    total: np.ndarray
    moment: np.ndarray
    peak: np.ndarray

    @classmethod
    def of(cls, encoded: np.ndarray) -> "FrameSums":
        """Make it of frames: float32 array of shape (n, width), n > 0."""
        exact = encoded.astype(np.float64)
        moment = np.arange(len(exact), dtype=np.float64) @ exact
        return cls(len(exact), exact.sum(axis=0), moment, encoded.max(axis=0))

    def join(self, other: "FrameSums") -> "FrameSums":
        """Make it of these frames and those that come after them."""
        return FrameSums(
            self.size + other.size,
            self.total + other.total,
            self.moment + other.moment + self.size * other.total,
            np.maximum(self.peak, other.peak),
        )

    def statistic(self, name: str) -> np.ndarray:  # (width,)
        """Compute one part of a summary; see `summarise_sums`."""
        if name == "max":
            return self.peak
        if name == "mean":
            mean: np.ndarray = self.total / self.size
            return mean
        slope: np.ndarray = (2.0 * self.moment - (self.size - 1) * self.total) / self.size**2
        return slope


def summarise_sums(parts: Iterable[FrameSums], statistics: Sequence[str]) -> np.ndarray:
    """Summarise frames by statistics over time, side by side.

    Args:
        parts: at least one, in order of time.
        statistics: "mean"; "slope", the mean of the frames, each times where it stands between -1
            at the beginning and 1 at the end; "max".

    Returns:
        float32 array of shape (len(statistics) * width,).

    >>> parts = [FrameSums.of(np.float32([[1, 4]])), FrameSums.of(np.float32([[3, 2]]))]
    >>> summarise_sums(parts, ["mean", "slope", "max"]).tolist()
    [2.0, 3.0, 0.5, -0.5, 3.0, 4.0]
    """
    first, *others = parts
    for other in others:
        first = first.join(other)
    return np.concatenate([first.statistic(name) for name in statistics]).astype(np.float32)


def summarise(encoded: np.ndarray, statistics: Sequence[str]) -> np.ndarray:
    """Summarise frames that are in memory: float32 array of shape (n, width), n > 0."""
    return summarise_sums([FrameSums.of(encoded)], statistics)
