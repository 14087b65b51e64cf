"""The domain: up to which distance a recording is of a familiar sound, measured on unseen speakers.

Each speaker counts alike. What is reported for a fold is fitted on the other folds alone.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ser_core.config.reliability import Domain
from ser_core.errors import ConfigError

from .conformal import speaker_weights
from .metrics import accuracy_interval
from .out_of_fold import Answers

SHARE = 0.95
DECIMALS = 4  # of a distance, as in an answer; what is familiar is rounded up


def fit_familiar_below(
    distances: np.ndarray, speakers: Sequence[str], share: float = SHARE
) -> float:
    """Find the distance up to which a share of the clips lie, each speaker counting alike.

    Args:
        distances: float array of shape (clips,), clips > 0, of clips that the networks were not
            trained on.
        speakers: of each clip.
        share: float in (0, 1).

    Returns:
        float, one of the distances, rounded up to four decimals.

    >>> fit_familiar_below(np.array([1.0, 2.0, 3.0, 4.0]), ["01", "01", "02", "02"], 0.75)
    3.0
    """
    order = np.argsort(distances, kind="stable")
    below = np.cumsum(speaker_weights(speakers)[order])
    index = int(np.flatnonzero(below >= share - 1e-12)[0])
    scale = 10.0**DECIMALS
    return math.ceil(round(float(distances[order][index]) * scale, 6)) / scale


def measure_familiar(answers: Answers, familiar_below: float) -> dict[str, Any]:
    """Measure how many clips are of a familiar sound.

    Args:
        answers: with distances.
        familiar_below: float >= 0.

    Returns:
        familiar, their share, with a 95 % interval over speakers.
    """
    return _summarise(answers, _distances(answers) <= familiar_below)


def measure_domain(answers: Answers, share: float = SHARE) -> dict[str, Any]:
    """Fit the distance that ships on all folds, and measure each fold with that of the others.

    Args:
        answers: with distances, of two folds at least.
        share: float in (0, 1), how many clips of unseen speakers are to be familiar.

    Returns:
        target, the share asked for; familiar_below, for the network that ships; and what
        `measure_familiar` says of unseen speakers.
    """
    distances, speakers = _distances(answers), np.asarray(answers.voices)
    familiar = np.zeros(len(distances), dtype=bool)
    for fold in np.unique(answers.folds):
        own = answers.folds == fold
        familiar[own] = distances[own] <= fit_familiar_below(
            distances[~own], speakers[~own].tolist(), share
        )
    return {
        "target": share,
        "familiar_below": fit_familiar_below(distances, answers.voices, share),
        **_summarise(answers, familiar),
    }


def settings_of(measured: Mapping[str, Any] | None) -> Domain | None:
    """Turn what `measure_domain` gave into the feature config's section; None of nothing."""
    return None if measured is None else Domain(familiar_below=measured["familiar_below"])


def _summarise(answers: Answers, familiar: np.ndarray) -> dict[str, Any]:
    return {
        "familiar": round(float(familiar.mean()), 4),
        "familiar_interval": list(accuracy_interval(familiar, answers.voices)),
    }


def _distances(answers: Answers) -> np.ndarray:
    if answers.distances is None:
        raise ConfigError("The domain is measured by distances, and these answers have none.")
    return answers.distances
