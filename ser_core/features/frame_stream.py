"""Frames of a recording that comes in pieces: bit for bit those of the whole.

Both are computed in blocks that begin at fixed places, wherever the pieces were cut.
"""

from abc import ABC, abstractmethod

import numpy as np


class FrameStream(ABC):
    """`FrontEnd.frames` for a recording that comes in pieces.

    Attributes:
        count: int, frames given so far.
        total: int [samples], taken so far.
    """

    def __init__(self, hop_length: int, reach: int, columns: int) -> None:
        """Begin a recording.

        Args:
            hop_length: int > 0 [samples], step between frames.
            reach: int >= 0 [samples], that a frame sees before and after its centre.
            columns: int > 0, values of a frame.
        """
        self.hop_length, self.reach, self.columns = hop_length, reach, columns
        self.samples = np.zeros(reach, dtype=np.float32)  # silence before the beginning
        self.origin = -reach  # the recording's sample that comes first in `samples`
        self.total = 0
        self.count = 0

    def push(self, samples: np.ndarray) -> np.ndarray:  # (frames, columns)
        """Take the next samples, and give the frames that are complete with them."""
        self.samples = np.concatenate([self.samples, samples])
        self.total += len(samples)
        return self._frames_until(self._count_complete())

    def finish(self) -> np.ndarray:  # (frames, columns)
        """Give the frames that are left, with silence after the end."""
        last = self._count_all()
        silence = max(0, last * self.hop_length + 2 * self.reach - self.total)
        self.samples = np.concatenate([self.samples, np.zeros(silence, dtype=np.float32)])
        return self._frames_until(last)

    def _frames_until(self, last: int) -> np.ndarray:
        """Give the frames from `count` to `last`, and forget the samples nobody needs any more."""
        first, self.count = self.count, max(last, self.count)
        if last <= first:
            return np.empty((0, self.columns), dtype=np.float32)
        begin = first * self.hop_length - self.origin
        end = last * self.hop_length - self.origin
        frames = self._compute(begin, end)
        keep = end - self.reach
        self.samples = self.samples[keep:].copy()
        self.origin += keep
        return frames

    @abstractmethod
    def _count_complete(self) -> int:
        """Return how many frames no further sample can change."""

    @abstractmethod
    def _count_all(self) -> int:
        """Return how many frames there are if the recording ends here."""

    @abstractmethod
    def _compute(self, begin: int, end: int) -> np.ndarray:  # (frames, columns)
        """Compute the frames that begin, or are centred, at `begin` and before `end`.

        Args:
            begin, end: int, places in `samples`, whole steps of hop_length apart.
        """
