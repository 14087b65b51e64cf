"""Answers restricted to the classes that a corpus has."""

from dataclasses import replace

import numpy as np
import pytest

from ser_core.config.emotions import LABELS
from train.answers.out_of_fold import Answers
from train.answers.restricted import held_out_table, measure_held_out, measure_restricted


def answers(truth: list[str], given: list[dict[str, float]]) -> Answers:
    rows = np.array([[one.get(label, 0.0) for label in LABELS] for one in given])
    count = len(truth)
    names = tuple(map(str, range(count)))
    positions = np.array([LABELS.index(label) for label in truth])
    return Answers(names, names, np.ones(count, dtype=int), positions, rows, LABELS)


def test_calm_counts_as_neutral_and_other_answers_are_barred():
    found = measure_restricted(
        answers(
            ["neutral", "happy", "sad", "angry"],
            [
                {"calm": 0.4, "neutral": 0.2, "happy": 0.4},
                {"disgust": 0.6, "happy": 0.3, "sad": 0.1},
                {"sad": 0.9, "calm": 0.1},
                {"sad": 0.9, "angry": 0.1},
            ],
        )
    )
    assert found["classes"] == ["neutral", "happy", "sad", "angry"]
    assert found["uar"] == found["uar_four"] == pytest.approx(0.75)


def test_the_four_need_all_four():
    found = measure_restricted(answers(["happy", "sad"], [{"happy": 1.0}, {"happy": 1.0}]))
    assert found["uar_four"] is None
    assert found["uar"] == pytest.approx(0.5)


def test_each_corpus_that_was_held_out_counts_for_itself():
    truth = ["happy", "sad", "neutral", "happy", "sad", "angry"]
    given = [{label: 1.0} for label in ("happy", "happy", "calm", "happy", "sad", "sad")]
    both = replace(answers(truth, given), folds=np.array([2, 2, 1, 1, 1, 1]))
    first, second = measure_held_out(both, ["polish", "hindi"])
    assert (first["corpus"], first["clips"], first["uar_four"]) == ("polish", 4, 0.75)
    assert (second["corpus"], second["clips"], second["uar"]) == ("hindi", 2, 0.5)
    assert held_out_table([first, second]).splitlines()[2:] == [
        "| polish | hindi | 4 | 4 | 75.0 % | 75.0 % | 0.250 |",
        "| hindi | polish | 2 | 2 | 50.0 % | - | 0.500 |",
    ]
