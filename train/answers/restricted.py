"""Recall of answers that are restricted to the classes that a corpus has.

Corpora have different classes. One without `calm` calls both neutral and calm neutral, so there the
probabilities of both count for neutral; answers that the corpus has no name for are barred.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ser_core.config.emotions import LABELS

from .metrics import expected_calibration_error
from .out_of_fold import Answers

MERGED = {"calm": "neutral"}
"""A class that corpora without it call by another's name."""

FOUR = ("neutral", "happy", "sad", "angry")
"""Classes that nearly all corpora share; calm counts as neutral."""


def merge_answers(answers: np.ndarray) -> np.ndarray:  # (clips, classes)
    """Add the probability of calm to neutral's, for corpora that do not tell them apart."""
    merged = answers.copy()
    for label, other in MERGED.items():
        merged[:, LABELS.index(other)] += merged[:, LABELS.index(label)]
        merged[:, LABELS.index(label)] = 0.0
    return merged


def merge_label(label: str) -> str:
    """Name a label as corpora without some classes do."""
    return MERGED.get(label, label)


def restricted_uar(answers: np.ndarray, truth: np.ndarray, labels: Sequence[str]) -> float:
    """Unweighted average recall among some classes: other clips left out, other answers barred.

    >>> round(restricted_uar(np.eye(8)[[0, 2, 5]], np.array([0, 2, 3]), ["neutral", "happy"]), 6)
    1.0
    """
    columns = sorted({LABELS.index(label) for label in labels})
    chosen = np.isin(truth, columns)
    given = np.array(columns)[answers[chosen][:, columns].argmax(axis=1)]
    return float(np.mean([(given[truth[chosen] == c] == c).mean() for c in set(truth[chosen])]))


def measure_restricted(answers: Answers) -> dict[str, Any]:
    """Measure recall over a corpus' own classes, and over the four that most corpora share.

    Returns:
        `classes` (those of the corpus, calm counted as neutral), `uar`, `ece` (of answers that are
        merged and not restricted), and `uar_four`, None where a class of the four is missing.
    """
    truth = np.array([LABELS.index(merge_label(answers.labels[index])) for index in answers.truth])
    merged = merge_answers(answers.probabilities)
    present = [label for index, label in enumerate(LABELS) if index in truth]
    uar_four = restricted_uar(merged, truth, FOUR) if set(FOUR) <= set(present) else None
    return {
        "classes": present,
        "uar": round(restricted_uar(merged, truth, present), 4),
        "uar_four": None if uar_four is None else round(uar_four, 4),
        "ece": round(expected_calibration_error(merged, truth), 4),
    }
