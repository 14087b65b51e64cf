"""Pool the answers of neighbouring windows, and join the pieces of speech that they stand for."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from ..model.pooling import pool_windows

SHORTEST = 0.2  # [s] a piece of speech shorter than this goes with its neighbour


class Piece(NamedTuple):
    """A piece of speech that one window's answer stands for.

    Attributes:
        start, end: float [s].
        cell: int, the window's number.
    """

    start: float
    end: float
    cell: int


def average(answers: np.ndarray) -> np.ndarray:
    """The plain mean of answers, (n, values), which is how intensities are pooled."""
    mean: np.ndarray = answers.mean(axis=0)
    return mean


def smooth(
    answers: np.ndarray,
    bounds: np.ndarray,
    pooling: Callable[[np.ndarray], np.ndarray] = pool_windows,
) -> np.ndarray:
    """Pool each window's answer with those of all windows that reach over its middle.

    Args:
        answers: float64 array of shape (windows, values), NaN where a window has no answer.
        bounds: float64 array of shape (windows, 3), of which the first two are start and end [s].
        pooling: makes answers (n, values) one answer (values,).

    Returns:
        float64 array like `answers`; a window without an answer still has none.
    """
    middles = bounds[:, :2].mean(axis=1)
    first = np.searchsorted(bounds[:, 1], middles, side="right")
    last = np.searchsorted(bounds[:, 0], middles, side="left")
    smoothed = answers.copy()
    for index in np.flatnonzero(~np.isnan(answers[:, 0])):
        around = answers[min(first[index], index) : max(last[index], index + 1)]
        smoothed[index] = pooling(around[~np.isnan(around[:, 0])])
    return smoothed


def join_pieces(pieces: Iterable[Piece], classes: np.ndarray) -> list[list[Piece]]:
    """Join neighbouring pieces of one class, and very short ones with their longer neighbour.

    Args:
        pieces: in order.
        classes: int array, class of each cell.

    Returns:
        Lists of pieces that make a segment each.

    >>> pieces = [Piece(0.0, 1.0, 0), Piece(1.0, 2.0, 1), Piece(2.0, 2.1, 2)]
    >>> [[piece[:2] for piece in run] for run in join_pieces(pieces, np.array([3, 3, 5]))]
    [[(0.0, 1.0), (1.0, 2.1)]]
    """
    kept = list(pieces)
    while len(kept) > 1:
        lengths = [piece.end - piece.start for piece in kept]
        short = lengths.index(min(lengths))
        if lengths[short] >= SHORTEST:
            break
        neighbours = [i for i in (short - 1, short + 1) if 0 <= i < len(kept)]
        into = max(neighbours, key=lambda i: lengths[i])
        start = min(kept[into].start, kept[short].start)
        end = max(kept[into].end, kept[short].end)
        kept[into] = Piece(start, end, kept[into].cell)
        del kept[short]
    joined: list[list[Piece]] = []
    for piece in kept:
        if joined and classes[joined[-1][-1].cell] == classes[piece.cell]:
            joined[-1].append(piece)
        else:
            joined.append([piece])
    return joined
