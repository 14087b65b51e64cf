"""The labels that an answer cannot rule out, as a set that holds the truth often enough."""

import numpy as np

from ..config.feature_config import FeatureConfig


def conformal_sets(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """Find the labels that are likely enough, and the likeliest one in any case.

    Args:
        probabilities: float array of shape (n, classes), calibrated.
        threshold: float in [0, 1], the probability from which a label belongs to the set.

    Returns:
        bool array of shape (n, classes), at least one a row.

    Source: Sadinle, Lei and Wasserman (2019), Least ambiguous set-valued classifiers with bounded
    error levels, Journal of the American Statistical Association 114(525).

    >>> conformal_sets(np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]), 0.25).astype(int).tolist()
    [[1, 1, 0], [0, 0, 1]]
    """
    members: np.ndarray = probabilities >= threshold
    members[np.arange(len(members)), probabilities.argmax(axis=1)] = True
    return members


def likely_labels(probabilities: np.ndarray, config: FeatureConfig) -> tuple[str, ...] | None:
    """Name the labels of an answer's set, likeliest first; None where the config has no sets.

    Args:
        probabilities: float array of shape (classes,), sum 1.
        config: FeatureConfig.
    """
    if config.conformal is None:
        return None
    (members,) = conformal_sets(probabilities[None], config.conformal.threshold)
    ranked = np.argsort(-probabilities, kind="stable")
    return tuple(config.labels[index] for index in ranked if members[index])
