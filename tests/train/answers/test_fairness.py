"""Accuracy by speaker and gender: numbers that are known, intervals that hold what they should."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_core import DEFAULT_MODEL
from tests.support.answers import GENDERS, answers
from train.answers.fairness import measure_fairness, wilson
from train.publish.model_card import ModelCard


def test_the_best_and_the_worst_speaker_are_named_with_intervals():
    measured = measure_fairness(answers({"01": 30, "02": 36, "03": 20, "04": 34}), GENDERS)
    assert (measured["best"], measured["worst"]) == ("02", "03")
    worst = measured["speakers"]["03"]
    assert (worst["gender"], worst["clips"], worst["accuracy"]) == ("male", 40, 0.5)
    low, high = worst["interval"]
    assert low < 0.5 < high
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 40), abs=0.02)


def test_genders_are_compared_over_speakers():
    measured = measure_fairness(answers({"01": 20, "02": 36, "03": 22, "04": 34}), GENDERS)
    female, male = measured["genders"]["female"], measured["genders"]["male"]
    assert (female["speakers"], female["clips"], female["accuracy"]) == (2, 80, 0.875)
    assert male["accuracy"] == 0.525
    difference = measured["difference"]
    assert (difference["of"], difference["against"]) == ("male", "female")
    assert difference["points"] == -35.0
    low, high = difference["interval"]
    assert low < -35.0 < high < 0.0


def test_genders_that_are_heard_alike_are_not_told_apart():
    measured = measure_fairness(answers({"01": 20, "02": 20, "03": 30, "04": 30}), GENDERS)
    low, high = measured["difference"]["interval"]
    assert low < 0.0 < high


def test_one_gender_has_nobody_to_be_compared_with():
    assert "difference" not in measure_fairness(answers({"01": 20, "03": 30}), GENDERS)


def test_an_interval_stays_between_none_and_all():
    assert wilson(0, 10)[0] == pytest.approx(0.0, abs=1e-4)
    assert wilson(10, 10)[1] == pytest.approx(1.0, abs=1e-4)


def test_the_card_says_who_is_heard_worst():
    card = ModelCard.of(Path(DEFAULT_MODEL), source="user/name")
    fairness = measure_fairness(answers({"01": 20, "02": 36, "03": 22, "04": 34}), GENDERS)
    text = replace(card, metrics=card.metrics | {"fairness": fairness}).render()
    assert "| worst speaker, 01 (male) | 1 | 40 | 50.0 % |" in text
    assert "The accuracy for male speakers is -35.0 points against that for female ones" in text
