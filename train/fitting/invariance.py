"""What must not matter to a head: who speaks, in which corpus; measured, and made small.

Strangers differ from those who were trained on by far more than emotions differ from one another.
Directions in which speakers and corpora lie apart, at the same emotion, are shrunk before a head
learns, so that it finds others; the map is linear and goes into the head's own weights.

Source: Hatch et al. (2006), Within-class covariance normalization for SVM-based speaker
recognition, Interspeech.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

SHRINKAGE = 8.0  # clips; the offset of a speaker with few is trusted little


def speaker_covariance(
    summaries: np.ndarray, groups: Sequence[tuple[str, str]], speakers: Sequence[str]
) -> np.ndarray:  # (width, width)
    """Covariance of the speakers' offsets from the mean of their corpus' clips of one class.

    Args:
        summaries: float32 array of shape (clips, width).
        groups: corpus and label of each clip.
        speakers: name of each clip's speaker, within its corpus; "unknown" is left out.
    """
    residuals = summaries.astype(np.float64)
    names = np.array(["/".join(group) for group in groups])
    for name in np.unique(names):
        residuals[names == name] -= residuals[names == name].mean(axis=0)
    people = np.array([f"{g[0]}/{s}" for g, s in zip(groups, speakers, strict=True)])
    offsets = [
        residuals[people == person].mean(axis=0)
        * np.sqrt((people == person).sum() / ((people == person).sum() + SHRINKAGE))
        for person in np.unique(people)
        if not person.endswith("/unknown")
    ]
    stacked = np.stack(offsets)  # (speakers, width)
    return np.asarray(stacked.T @ stacked / len(stacked))


def corpus_covariance(
    summaries: np.ndarray, groups: Sequence[tuple[str, str]]
) -> np.ndarray:  # (width, width)
    """Covariance of the offsets between corpora, over the classes that two have in common.

    Args:
        summaries: float32 array of shape (clips, width).
        groups: corpus and label of each clip.
    """
    keys = np.array(["/".join(group) for group in groups])
    means = {g: summaries[keys == "/".join(g)].mean(axis=0) for g in sorted(set(groups))}
    width = summaries.shape[1]
    offsets = []
    for one, other in combinations(sorted({corpus for corpus, _ in means}), 2):
        shared = [label for corpus, label in means if corpus == one and (other, label) in means]
        if shared:
            gaps = [means[one, label] - means[other, label] for label in shared]
            offsets.append(np.mean(gaps, axis=0, dtype=np.float64))
    if not offsets:
        return np.zeros((width, width))
    stacked = np.stack(offsets)  # (pairs, width)
    return np.asarray(stacked.T @ stacked / len(stacked))


def change_covariance(changes: np.ndarray) -> np.ndarray:  # (width, width)
    """Second moment of what degrading a recording changes in its summary.

    Args:
        changes: float32 array of shape (copies, width).
    """
    return np.asarray(changes.T @ changes, dtype=np.float64) / len(changes)


def shrink(covariance: np.ndarray) -> np.ndarray:  # (width, width)
    """Map that shrinks each direction by the root of one plus its variance in `covariance`.

    >>> shrink(np.diag([0.0, 3.0])).tolist()
    [[1.0, 0.0], [0.0, 0.5]]
    """
    values, vectors = np.linalg.eigh(covariance)
    scales = 1.0 / np.sqrt(1.0 + np.maximum(values, 0.0))
    shrinking: np.ndarray = ((vectors * scales) @ vectors.T).astype(np.float32)
    return shrinking
