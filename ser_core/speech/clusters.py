"""Voices into people: embeddings clustered from the bottom up, and how many clusters are people.

Source: Ward (1963), Journal of the American Statistical Association 58(301) (clustering); Dhillon
and Modha (2001), Machine Learning 42 (k-means of directions); Ashman, Bird and Zepf (1994), The
Astronomical Journal 108 (how many deviations apart, so that two are not one).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from .voices import to_unit_length

MOST_SPEAKERS = 6  # that "auto" finds
ROUNDS = 3  # of k-means after clustering


@dataclass(frozen=True)
class Clustering:
    """How embeddings become speakers.

    The defaults were chosen on validation speakers by train/speech/diarisation.py; see "selection"
    in its results.

    Attributes:
        alike: float, cosine of two clusters' centres from which they are one speaker to "auto".
        apart: float, deviations between two clusters up to which they are one speaker to "auto".
        smallest: float, share of the speech below which a cluster is no speaker to "auto".
        stay: float >= 0, what changing speakers costs within a stretch of speech, in cosine.
        stay_over_pause: float >= 0, what it costs over a pause.
    """

    alike: float = 0.35
    apart: float = 0.0
    smallest: float = 0.04
    stay: float = 0.1
    stay_over_pause: float = 0.05


DEFAULTS = Clustering()


def ward_merges(vectors: np.ndarray) -> list[tuple[int, int]]:
    """Cluster vectors from the bottom up, each time where the spread grows least.

    Args:
        vectors: float array of shape (n, outputs).

    Returns:
        n - 1 pairs: the cluster of the second number joins that of the first. Each cluster goes by
        the number of its first vector.

    Source: Ward (1963); Lance and Williams (1967), The Computer Journal 9(4), for the update.

    >>> ward_merges(np.array([[0.0], [5.0], [0.1]]))
    [(0, 2), (0, 1)]
    """
    sizes = np.ones(len(vectors))
    squares = np.square(vectors).sum(axis=1)
    cost = squares[:, None] + squares - 2.0 * (vectors @ vectors.T)
    np.fill_diagonal(cost, np.inf)
    pairs = []
    nearest = cost.argmin(axis=1)
    lowest = cost[np.arange(len(cost)), nearest]
    for _ in range(len(vectors) - 1):
        row = int(lowest.argmin())
        one, two = sorted((row, int(nearest[row])))
        pairs.append((one, two))
        others = np.isfinite(cost[one])
        others[[one, two]] = False
        total = sizes[one] + sizes[two] + sizes[others]
        joined = (sizes[one] + sizes[others]) * cost[one, others]
        joined += (sizes[two] + sizes[others]) * cost[two, others]
        joined = (joined - sizes[others] * cost[one, two]) / total
        sizes[one] += sizes[two]
        cost[two], cost[:, two] = np.inf, np.inf
        cost[one, others] = cost[others, one] = joined
        cost[one, two] = lowest[two] = np.inf
        stale = np.flatnonzero(others & ((nearest == one) | (nearest == two)))
        for index in [*stale.tolist(), one]:
            nearest[index] = cost[index].argmin()
            lowest[index] = cost[index, nearest[index]]
        closer = others & (cost[one] < lowest)
        nearest[closer], lowest[closer] = one, cost[one][closer]
    return pairs


def cut_tree(pairs: Sequence[tuple[int, int]], count: int) -> np.ndarray:  # (n,)
    """Give each vector the number of its cluster, 0 to count - 1, when `count` are left."""
    owner = np.arange(len(pairs) + 1)
    for one, two in pairs[: len(owner) - count]:
        owner[owner == two] = one
    return np.unique(owner, return_inverse=True)[1]


@dataclass(frozen=True)
class Clusters:
    """Embeddings as a number of clusters.

    Attributes:
        centres: float array of shape (clusters, outputs) of unit length.
        smallest: float, the share of the embeddings that the smallest cluster has.
        alike: float, the highest cosine of two centres; -1 where there is one.
        apart: float, how far the nearest two clusters are from each other along the line through
            their centres, in deviations; infinite where there is one.
    """

    centres: np.ndarray
    smallest: float
    alike: float
    apart: float

    def distinct(self, settings: Clustering) -> bool:
        """Whether each of them may well be a person."""
        return (
            self.smallest >= settings.smallest
            and self.alike < settings.alike
            and self.apart > settings.apart
        )


def make_clusters(vectors: np.ndarray, pairs: Sequence[tuple[int, int]], count: int) -> Clusters:
    """Make clusters from the bottom up, and move each embedding to the nearest centre.

    Args:
        vectors: float32 array of shape (n, outputs) of unit length.
        pairs: their `ward_merges`.
        count: int, 1 to n.
    """

    def directions(owner: np.ndarray) -> np.ndarray:
        return to_unit_length(
            np.stack([vectors[owner == number].sum(axis=0) for number in range(count)])
        )

    centres = directions(cut_tree(pairs, count))
    for _ in range(ROUNDS):
        owner = (vectors @ centres.T).argmax(axis=1)
        centres = directions(owner)
    sizes = np.bincount(owner, minlength=count)
    alike, apart = -1.0, np.inf
    for one, two in combinations(range(count), 2):
        alike = max(alike, float(centres[one] @ centres[two]))
        if not (sizes[one] and sizes[two]):
            apart = 0.0
            continue
        line = centres[one] - centres[two]
        here, there = vectors[owner == one] @ line, vectors[owner == two] @ line
        deviation = float(np.sqrt((here.var() + there.var()) / 2)) + 1e-6
        apart = min(apart, float(here.mean() - there.mean()) / deviation)
    return Clusters(centres, sizes.min() / len(vectors), alike, apart)


def cluster(
    vectors: np.ndarray, speakers: int | Literal["auto"], settings: Clustering = DEFAULTS
) -> Clusters:
    """Cluster embeddings by speaker.

    Args:
        vectors: float32 array of shape (n, outputs) of unit length, n > 0, one per half second.
        speakers: int > 0; "auto" takes the most clusters, `MOST_SPEAKERS` at most, that are all
            distinct.
        settings: Clustering.

    Returns:
        Clusters; fewer than `speakers` where n is less.
    """
    pairs = ward_merges(vectors)
    if speakers != "auto":
        return make_clusters(vectors, pairs, min(speakers, len(vectors)))
    for count in range(min(MOST_SPEAKERS, len(vectors)), 1, -1):
        found = make_clusters(vectors, pairs, count)
        if found.distinct(settings):
            return found
    return make_clusters(vectors, pairs, 1)
