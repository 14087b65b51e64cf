"""Recall of answers that are restricted to the classes that a corpus has.

Corpora have different classes. One without `calm` calls both neutral and calm neutral, so there the
probabilities of both count for neutral; answers that the corpus has no name for are barred.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ser_core.config.emotions import LABELS

from .markdown import markdown_table
from .metrics import expected_calibration_error
from .out_of_fold import Answers

MERGED = {"calm": "neutral"}
"""A class that corpora without it call by another's name."""

FOUR = ("neutral", "happy", "sad", "angry")
"""Classes that nearly all corpora share; calm counts as neutral."""

HELD_OUT = ("held out", "learnt from", "clips", "its classes", "UAR", "UAR, four classes", "ECE")


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


def measure_held_out(answers: Answers, corpora: Sequence[str]) -> list[dict[str, Any]]:
    """Measure the folds of the protocol `corpus`, each a corpus held out, with one set of classes.

    Args:
        answers: of all folds.
        corpora: names, in the order of the folds' numbers.

    Returns:
        Of each corpus its name, `clips`, and what `measure_restricted` gives.
    """
    rows = []
    for number in sorted(set(answers.folds.tolist())):
        own = answers.take(answers.folds == number)
        rows.append(
            {"corpus": corpora[number - 1], "clips": len(own.truth), **measure_restricted(own)}
        )
    return rows


def held_out_table(measured: Sequence[dict[str, Any]]) -> str:
    """Tabulate what `measure_held_out` measured; "-" where a corpus lacks one of the four."""
    cells = []
    for row in measured:
        learnt = ", ".join(one["corpus"] for one in measured if one is not row)
        figures = [
            f"{100 * row['uar']:.1f} %",
            "-" if row["uar_four"] is None else f"{100 * row['uar_four']:.1f} %",
            f"{row['ece']:.3f}",
        ]
        counts = [f"{row['clips']:,}", str(len(row["classes"]))]
        cells.append([row["corpus"], learnt, *counts, *figures])
    return markdown_table(HELD_OUT, cells, text=2)
