"""Cells: short pieces of a recording, of which the windows that overlap are made.

Every window begins and ends where a cell does. So what a window's summary needs is kept once a
cell, however many windows there are over it: memory and time do not grow with their overlap.
"""

from itertools import pairwise

import numpy as np

LONGEST_CELL = 0.2  # [s]


class CellGrid:
    """The cells of windows of one length and step.

    Cells are numbered from 0. Their borders are where windows begin and end, and as many between as
    make cells of at most `LONGEST_CELL`.

    >>> grid = CellGrid(length=50, step=20, longest=10)
    >>> grid.number(np.array([0, 9, 10, 20, 45])).tolist(), grid.between(20, 70), grid.begin(37)
    ([0, 0, 1, 2, 4], range(2, 7), 30)
    """

    def __init__(self, length: int, step: int, longest: int) -> None:
        """Make a grid.

        Args:
            length: int > 0 [frames], of a window.
            step: int > 0 [frames], between windows.
            longest: int > 0 [frames], of a cell.
        """
        self.length, self.step = length, step
        cuts = sorted({0, length % step, step})
        borders: set[int] = set()
        for first, stop in pairwise(cuts):
            pieces = -(-(stop - first) // longest)
            borders |= {first + (stop - first) * index // pieces for index in range(pieces)}
        self.borders = np.array(sorted(borders))  # (cells in a step,)

    def number(self, frames: np.ndarray) -> np.ndarray:
        """Number the cells that frames are in.

        Args:
            frames: int array of shape (n,), the recording's.

        Returns:
            int array of shape (n,).
        """
        steps, rest = np.divmod(frames, self.step)
        numbers: np.ndarray = steps * len(self.borders)
        return numbers + np.searchsorted(self.borders, rest, side="right") - 1

    def begin(self, frame: int) -> int:
        """Return the frame where the cell begins that a frame is in."""
        steps, rest = divmod(frame, self.step)
        return steps * self.step + int(self.borders[self.borders <= rest][-1])

    def between(self, first: int, stop: int) -> range:
        """Number the cells from the one that begins at a frame to the one before another frame."""
        start, last = self.number(np.array([first, max(first, stop - 1)])).tolist()
        return range(start, last + 1)
