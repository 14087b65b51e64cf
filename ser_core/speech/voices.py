"""What voices sound like: one small vector for each half second of speech, and embeddings of them.

The mel power that the speech gate reads becomes cepstra. Each half second of speech leaves their
sums and those of their squares; up to two and a half seconds around it become an embedding: means
and deviations, mapped by a linear discriminant analysis for which all emotions of a speaker are one
person, of unit length. The map is learnt by `python -m train diarisation`.

Source: Davis and Mermelstein (1980), IEEE TASSP 28(4) (cepstra of mel bands); Fisher (1936), Annals
of Eugenics 7(2) (the discriminant map); Garcia-Romero and Espy-Wilson (2011), Interspeech (unit
length).
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from .gate import BANDS, FLOOR

MAP_FILE = Path(__file__).with_name("speakers.npz")
CELL = 50  # [frames] of 10 ms: each leaves one vector
REACH = 2  # cells to either side that an embedding is made of as well
PAUSE = 30  # [frames] an embedding does not reach beyond a pause longer than this
CEPSTRA = 21  # coefficients, from the level (0) on
FAINTEST = 11.5  # [nat] 50 dB below a frame's loudest band: what is fainter is not looked at
FEWEST_FRAMES = 20  # of speech, for an embedding


class VoiceStream:
    """The voices of a recording whose mel power comes in pieces, one vector per half second.

    Cells begin at fixed places, so the pieces do not matter.

    Attributes:
        bounds: [first frame, end frame) of each piece of speech, of one cell at most.
        sums: float32 array of shape (1 + 2 * CEPSTRA,) each: the frames, the sums of their cepstra
            and the sums of the squares.
    """

    def __init__(self) -> None:
        self.bounds: list[tuple[int, int]] = []
        self.sums: list[np.ndarray] = []
        self.mel = np.empty((0, BANDS), dtype=np.float32)
        self.origin = 0  # the recording's frame that comes first in `mel`

    def push(self, mel: np.ndarray, segments: Sequence[Sequence[int]], settled: int) -> None:
        """Take the next frames.

        Args:
            mel: float32 array of shape (frames, 80), as the speech gate reads it.
            segments: [first frame, end frame) of each stretch of speech so far.
            settled: int [frames], before which they will not change.
        """
        self.mel = np.concatenate([self.mel, mel])
        origin = self.origin
        total = origin + len(self.mel)
        last = settled if settled >= total else settled // CELL * CELL  # the end of the recording
        if last <= origin:
            return
        recent = []
        for stretch in reversed(segments):
            if stretch[1] <= origin:
                break
            recent.append(stretch)
        for first, end in reversed(recent):
            begin, finish = max(first, origin), min(end, last)
            while begin < finish:
                stop = min(begin // CELL * CELL + CELL, finish)
                self.bounds.append((begin, stop))
                self.sums.append(sum_cepstra(self.mel[begin - origin : stop - origin]))
                begin = stop
        self.mel = self.mel[last - origin :].copy()
        self.origin = last

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Give `bounds` and `sums` as arrays, also where there are none."""
        bounds = np.array(self.bounds, dtype=np.int64).reshape(-1, 2)
        return bounds, np.array(self.sums, dtype=np.float32).reshape(-1, 1 + 2 * CEPSTRA)


@lru_cache(maxsize=1)
def dct_matrix() -> np.ndarray:  # (80, CEPSTRA)
    """Make the orthonormal discrete cosine transform, type 2, of the mel bands."""
    order = np.arange(CEPSTRA)
    table = np.cos(np.pi / BANDS * (np.arange(BANDS)[:, None] + 0.5) * order)
    table *= np.where(order == 0, 1.0, np.sqrt(2.0)) / np.sqrt(BANDS)
    matrix: np.ndarray = table.astype(np.float32)
    return matrix


def sum_cepstra(mel: np.ndarray) -> np.ndarray:  # (1 + 2 * CEPSTRA,)
    """Sum the cepstra of frames of speech; see `VoiceStream`."""
    logs = np.log(mel + np.float32(FLOOR))
    logs = np.maximum(logs, logs.max(axis=1, keepdims=True) - np.float32(FAINTEST))
    cepstra = logs @ dct_matrix()  # (frames, CEPSTRA)
    frames = np.array([len(mel)], dtype=np.float32)
    return np.concatenate([frames, cepstra.sum(axis=0), np.square(cepstra).sum(axis=0)])


@lru_cache(maxsize=1)
def load_map() -> tuple[np.ndarray, np.ndarray]:
    """Read the learnt map once: float32 of shape (statistics, outputs), and the mean it takes off.

    They are never written to, so threads may share them.
    """
    with np.load(MAP_FILE, allow_pickle=False) as stored:
        projection, mean = (stored[name].astype(np.float32) for name in ("projection", "mean"))
    for array in (projection, mean):
        array.setflags(write=False)
    return projection, mean


def pool_neighbours(bounds: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Add to each piece's sums those of its neighbours, as far as no long pause is between them.

    Args:
        bounds: int array of shape (pieces, 2), [first frame, end frame) of each, in order.
        sums: float array of shape (pieces, 1 + 2 * CEPSTRA), as `VoiceStream` gives them.

    Returns:
        float64 array like `sums`.
    """
    cells = bounds[:, 0] // CELL
    pauses = bounds[1:, 0] - bounds[:-1, 1] > PAUSE
    stretch = np.concatenate([[0], np.cumsum(pauses)])
    pooled = sums.astype(np.float64)
    for shift in range(1, min(2 * REACH + 2, len(bounds))):  # a cell may hold several pieces
        near = (cells[shift:] - cells[:-shift] <= REACH) & (stretch[shift:] == stretch[:-shift])
        pooled[shift:][near] += sums[:-shift][near]
        pooled[:-shift][near] += sums[shift:][near]
    return pooled


def cepstral_statistics(pooled: np.ndarray) -> np.ndarray:  # (pieces, 2 * CEPSTRA - 1)
    """Turn sums into means, without the level's, and log deviations of the cepstra."""
    frames = np.maximum(pooled[:, :1], 1.0)
    mean = pooled[:, 1 : CEPSTRA + 1] / frames
    variance = np.maximum(pooled[:, CEPSTRA + 1 :] / frames - mean**2, 1e-3)
    return np.concatenate([mean[:, 1:], 0.5 * np.log(variance)], axis=1)


def embed(pooled: np.ndarray) -> np.ndarray:
    """Make embeddings of pooled sums.

    Args:
        pooled: float64 array of shape (pieces, 1 + 2 * CEPSTRA), as `pool_neighbours` gives them.

    Returns:
        float32 array of shape (pieces, outputs) of unit length; all 0 where there is too little
        speech for one.
    """
    projection, mean = load_map()
    vectors = (cepstral_statistics(pooled).astype(np.float32) - mean) @ projection
    vectors[pooled[:, 0] < FEWEST_FRAMES] = 0.0
    return to_unit_length(vectors)


def to_unit_length(vectors: np.ndarray) -> np.ndarray:
    """Scale vectors to unit length, and leave those that are 0."""
    scaled: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return scaled
