"""A linear head over summaries of clips, learnt from corpora that have different classes.

Multinomial logistic regression whose loss knows two sets for each clip: the classes that its corpus
can tell apart, over which the softmax runs, and those that its label may mean. A corpus without
`calm` calls both neutral and calm neutral, so it teaches their sum; that calm does not exist is
nothing that it can teach.

Source: Cour et al. (2011), Learning from Partial Labels, JMLR 12.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from ..answers.restricted import MERGED

NEVER = -1e9  # logit of a class that does not count


@dataclass(frozen=True, eq=False)
class LabelSets:
    """What the label of each clip says.

    Attributes:
        possible: bool array of shape (clips, classes), classes that the corpus tells apart.
        accepted: bool array of shape (clips, classes), classes that the label may mean.
    """

    possible: np.ndarray
    accepted: np.ndarray


def label_sets(emotions: Sequence[str], present: Sequence[str], labels: Sequence[str]) -> LabelSets:
    """Say what the labels of a corpus' clips mean among the classes that are learnt.

    Args:
        emotions: label of each clip.
        present: labels that the corpus has.
        labels: the classes in output order.

    >>> from ser_core.config.emotions import LABELS
    >>> sets = label_sets(["neutral"], ["neutral", "happy"], LABELS)
    >>> [label for label, accepted in zip(LABELS, sets.accepted[0]) if accepted]
    ['neutral', 'calm']
    """
    meanings = {label: {label} for label in present}
    for label, other in MERGED.items():
        if label in labels and label not in present and other in present:
            meanings[other].add(label)
    known = set().union(*meanings.values())
    possible = np.array([[label in known for label in labels]] * len(emotions))
    accepted = np.array([[label in meanings[emotion] for label in labels] for emotion in emotions])
    return LabelSets(possible, accepted)


def balanced_weights(
    corpora: Sequence[str], emotions: Sequence[str], shares: Mapping[str, float]
) -> np.ndarray:  # (clips,)
    """Weigh clips so that a corpus has its share of the loss, and its classes have equal parts.

    Args:
        corpora: corpus of each clip.
        emotions: label of each clip.
        shares: float > 0 by corpus, in any unit; 1 where none is given.

    Returns:
        float array of shape (clips,), mean 1.

    >>> balanced_weights(["a", "a", "a", "b"], ["sad", "sad", "happy", "sad"], {"a": 3}).tolist()
    [0.75, 0.75, 1.5, 1.0]
    """
    names, labels = np.asarray(corpora), np.asarray(emotions)
    weights = np.zeros(len(names))
    for name in np.unique(names):
        classes = np.unique(labels[names == name])
        for label in classes:
            chosen = (names == name) & (labels == label)
            weights[chosen] = shares.get(name, 1.0) / len(classes) / chosen.sum()
    return np.asarray(weights / weights.mean())


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Logits from a summary.

    Attributes:
        kernel: float32 array of shape (width, classes).
        bias: float32 array of shape (classes,).
    """

    kernel: np.ndarray
    bias: np.ndarray

    def probabilities(self, summaries: np.ndarray) -> np.ndarray:  # (clips, classes)
        """Answer clips from float32 summaries of shape (clips, width)."""
        return np.asarray(softmax(summaries @ self.kernel + self.bias, axis=1))


def fit_linear_head(
    summaries: np.ndarray,
    sets: LabelSets,
    weights: np.ndarray,
    *,
    strength: float = 0.001,
    iterations: int = 60,
) -> LinearHead:
    """Fit a head by L-BFGS.

    Args:
        summaries: float32 array of shape (clips, width), centred and scaled.
        sets: what each clip's label says.
        weights: float array of shape (clips,), mean 1.
        strength: float > 0, how much a clip's loss weighs against the squared weights:
            scikit-learn's `C`.
        iterations: int > 0, at most.
    """
    count, width = summaries.shape
    classes = sets.possible.shape[1]
    share = (weights / weights.sum()).astype(np.float32)[:, None]

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        kernel = parameters[: width * classes].reshape(width, classes)
        logits = summaries @ kernel.astype(np.float32) + parameters[width * classes :]
        among = np.where(sets.possible, logits, NEVER)
        right = np.where(sets.accepted, logits, NEVER)
        losses = logsumexp(among, axis=1) - logsumexp(right, axis=1)
        slope = share * (softmax(among, axis=1) - softmax(right, axis=1))
        penalty = 1.0 / (strength * count)
        value = float(share[:, 0] @ losses) + 0.5 * penalty * float((kernel**2).sum())
        of_kernel = summaries.T @ slope.astype(np.float32) + penalty * kernel
        return value, np.concatenate([of_kernel.ravel(), slope.sum(axis=0)])

    start = np.zeros(width * classes + classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations}).x
    kernel = found[: width * classes].reshape(width, classes)
    return LinearHead(kernel.astype(np.float32), found[width * classes :].astype(np.float32))
