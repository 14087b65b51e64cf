"""Who speaks when: a simple diarisation of what each half second of speech sounds like.

Embeddings of the voices are clustered from the bottom up, and a Viterbi pass gives each half second
a speaker. Of two who speak at once it finds one. How well it does on conversations of
actors is measured by `python -m train diarisation`, see train/results/speakers/metrics.json:
well where the number of people is given, but "auto" takes most pairs of one gender for one person.

Source: Anguera et al. (2012), IEEE TASLP 20(2) (how such systems are put together); Viterbi (1967),
IEEE Transactions on Information Theory 13(2).
"""

from typing import Literal

import numpy as np

from ..errors import ArgumentError, check_number
from ..results import SpeakerTurn
from .clusters import DEFAULTS, Clustering, cluster
from .gate import HOP
from .voices import PAUSE, embed, pool_neighbours

MOST_CLUSTERED = 1_000  # embeddings; the others of a long recording go to the nearest centre
NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Speakers = int | Literal["auto"] | None


def check_speakers(speakers: Speakers) -> None:
    """Raise ArgumentError unless it is None, "auto" or a number of people from 1 to 26."""
    if speakers is None or speakers == "auto":
        return
    if isinstance(speakers, str):
        raise ArgumentError(f'speakers must be None, "auto" or a number, got {speakers!r:.60}.')
    check_number("speakers", speakers, least=1, most=len(NAMES), whole=True)


def viterbi_path(scores: np.ndarray, changes: np.ndarray) -> np.ndarray:  # (pieces,)
    """Find the likeliest speaker of each piece where changing speakers has a price.

    Args:
        scores: float array of shape (pieces, speakers), how well each fits.
        changes: float array of shape (pieces - 1,), what a change costs between two pieces.

    Source: Viterbi (1967), IEEE Transactions on Information Theory 13(2).

    >>> viterbi_path(np.array([[1.0, 0.0], [0.0, 0.3], [1.0, 0.0]]), np.array([0.5, 0.5])).tolist()
    [0, 0, 0]
    """
    best = scores[0].copy()
    came = np.tile(np.arange(scores.shape[1]), (len(scores), 1))
    for index in range(1, len(scores)):
        leader = int(best.argmax())
        changed = best < best[leader] - changes[index - 1]
        came[index, changed] = leader
        best = np.where(changed, best[leader] - changes[index - 1], best) + scores[index]
    path = np.empty(len(scores), dtype=np.int64)
    path[-1] = best.argmax()
    for index in range(len(scores) - 1, 0, -1):
        path[index - 1] = came[index, path[index]]
    return path


def sample_embeddings(vectors: np.ndarray) -> np.ndarray:
    """Take the embeddings of pieces with enough speech, evenly `MOST_CLUSTERED` at most."""
    usable = np.flatnonzero(vectors.any(axis=1))
    places = np.linspace(0, len(usable) - 1, min(len(usable), MOST_CLUSTERED))
    sampled: np.ndarray = vectors[usable[places.round().astype(int)]]
    return sampled


def diarise(
    bounds: np.ndarray,
    sums: np.ndarray,
    speakers: int | Literal["auto"],
    settings: Clustering = DEFAULTS,
) -> np.ndarray:  # (pieces,)
    """Say who speaks in each piece of speech.

    Args:
        bounds: int array of shape (pieces, 2), [first frame, end frame) of each, in order.
        sums: float array of shape (pieces, 1 + 2 * CEPSTRA), as `VoiceStream` gives them.
        speakers: int > 0, how many people; "auto" to find out.
        settings: Clustering.

    Returns:
        int64 array of shape (pieces,): 0 for who speaks first, 1 for the next one, and so on.
    """
    if not len(bounds):
        return np.empty(0, dtype=np.int64)
    vectors = embed(pool_neighbours(bounds, sums))
    sampled = sample_embeddings(vectors)
    if not len(sampled):
        return np.zeros(len(bounds), dtype=np.int64)
    centres = cluster(sampled, speakers, settings).centres
    pauses = bounds[1:, 0] - bounds[:-1, 1] > PAUSE
    path = viterbi_path(
        vectors @ centres.T, np.where(pauses, settings.stay_over_pause, settings.stay)
    )
    _, first, path = np.unique(path, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[path]


def find_turns(
    bounds: np.ndarray, sums: np.ndarray, speakers: int | Literal["auto"], duration: float
) -> list[SpeakerTurn]:
    """Say who speaks when.

    Args:
        bounds: int array of shape (pieces, 2), [first frame, end frame) of each, in order.
        sums: float array of shape (pieces, 1 + 2 * CEPSTRA), as `VoiceStream` gives them.
        speakers: int > 0, how many people; "auto" to find out.
        duration: float [s], of the recording.

    Returns:
        SpeakerTurns, in order; together they are the stretches of speech.
    """
    joined: list[list[int]] = []  # first frame, end frame, speaker
    for (first, end), speaker in zip(
        bounds.tolist(), diarise(bounds, sums, speakers).tolist(), strict=True
    ):
        if joined and joined[-1][1:] == [first, speaker]:
            joined[-1][1] = end
        else:
            joined.append([first, end, speaker])
    return [
        SpeakerTurn(round(first * HOP, 3), round(min(end * HOP, duration), 3), NAMES[speaker])
        for first, end, speaker in joined
        if first * HOP < duration
    ]
