"""Conformal sets: the probability from which a label is named, and how often the truth is named.

Each speaker counts alike, however many clips it has. The sets promise their coverage for further
clips of such speakers; for speakers that nobody knows yet it is measured, each fold with what was
fitted on the others. (The temperature behind an answer was fitted on all folds but its own, see
calibration.py: one number, so little of a fold as goes into the others' threshold that way.)

Source: Sadinle, Lei and Wasserman (2019), Least ambiguous set-valued classifiers with bounded error
levels, Journal of the American Statistical Association 114(525); the correction for a finite
sample is that of Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ser_core.config.reliability import Conformal
from ser_core.results import conformal_sets

from .metrics import accuracy_interval
from .out_of_fold import Answers

COVERAGE = 0.9
DECIMALS = 4  # of the threshold, which is rounded down so that no set loses a label


def speaker_weights(speakers: Sequence[str]) -> np.ndarray:
    """Weigh clips so that each speaker counts alike.

    Args:
        speakers: of each clip.

    Returns:
        float64 array of shape (clips,), sum 1.

    >>> speaker_weights(["01", "01", "02"]).tolist()
    [0.25, 0.25, 0.5]
    """
    names, owner = np.unique(np.asarray(speakers), return_inverse=True)
    weights: np.ndarray = 1.0 / (np.bincount(owner)[owner] * len(names))
    return weights


def fit_conformal_threshold(answers: Answers, coverage: float = COVERAGE) -> float:
    """Find the highest threshold whose sets hold the truth often enough.

    One clip more than there are counts as one whose truth is never named.

    Args:
        answers: calibrated, of clips that the networks were not trained on.
        coverage: float in (0, 1), how often at least.

    Returns:
        float in [0, 1], a probability; 0, so that every label is named, where there are too few
        clips to promise as much by less.
    """
    truth = answers.probabilities[np.arange(len(answers.truth)), answers.truth]
    # The likeliest label is named in any case.
    score = np.where(answers.probabilities.argmax(axis=1) == answers.truth, 1.0, truth)
    order = np.argsort(-score, kind="stable")
    count = len(answers.truth)
    named = np.cumsum(speaker_weights(answers.voices)[order]) * count / (count + 1)
    enough = np.flatnonzero(named >= coverage - 1e-12)
    if not len(enough):
        return 0.0
    scale = 10.0**DECIMALS
    return math.floor(float(score[order][enough[0]]) * scale) / scale


def measure_sets(answers: Answers, threshold: float) -> dict[str, Any]:
    """Measure the sets that one threshold gives, on clips it was not fitted on.

    Args:
        answers: calibrated.
        threshold: float in [0, 1].

    Returns:
        As `summarise_sets`.
    """
    return summarise_sets(answers, conformal_sets(answers.probabilities, threshold))


def summarise_sets(answers: Answers, sets: np.ndarray) -> dict[str, Any]:
    """Say how often sets hold the truth, and how many labels they name.

    Args:
        answers: what the sets are of.
        sets: bool array of shape (clips, classes).

    Returns:
        coverage, share of the clips whose truth is named, with a 95 % interval over speakers;
        least_coverage, that of the speaker with the lowest; labels, how many are named on average;
        single, share of the clips for which it is one.
    """
    covered = sets[np.arange(len(sets)), answers.truth]
    owner = np.unique(np.asarray(answers.voices), return_inverse=True)[1]
    by_speaker = np.bincount(owner, weights=covered) / np.bincount(owner)
    return {
        "coverage": round(float(covered.mean()), 4),
        "coverage_interval": list(accuracy_interval(covered, answers.voices)),
        "least_coverage": round(float(by_speaker.min()), 4),
        "labels": round(float(sets.sum(axis=1).mean()), 3),
        "single": round(float((sets.sum(axis=1) == 1).mean()), 4),
    }


def applies(answers: Answers) -> bool:
    """Say whether there are several folds, so that each can be judged by what the others say."""
    return len(np.unique(answers.folds)) > 1


def measure_conformal(answers: Answers, coverage: float = COVERAGE) -> dict[str, Any]:
    """Fit the threshold that ships on all folds, and measure each fold with that of the others.

    Args:
        answers: calibrated, of two folds at least.
        coverage: float in (0, 1).

    Returns:
        target, the coverage asked for; threshold, for the network that ships; and what
        `summarise_sets` says of unseen speakers.
    """
    sets = np.zeros(answers.probabilities.shape, dtype=bool)
    for fold in np.unique(answers.folds):
        own = answers.folds == fold
        threshold = fit_conformal_threshold(answers.take(~own), coverage)
        sets[own] = conformal_sets(answers.probabilities[own], threshold)
    return {
        "target": coverage,
        "threshold": fit_conformal_threshold(answers, coverage),
        **summarise_sets(answers, sets),
    }


def settings_of(measured: Mapping[str, Any] | None) -> Conformal | None:
    """Turn what `measure_conformal` gave into the feature config's section; None of nothing."""
    if measured is None:
        return None
    return Conformal(coverage=measured["target"], threshold=measured["threshold"])
