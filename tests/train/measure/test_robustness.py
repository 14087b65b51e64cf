"""Robustness: how folds are pooled, and what the card says of it; the command is in test_fit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_core import DEFAULT_MODEL
from ser_core.model.further_records import Robustness
from ser_core.ui.tabs import measurements
from train.measure.conditions import CONDITIONS
from train.measure.robustness import Measured, robustness_table, summarise
from train.publish.model_card import ModelCard


def fold(right: float, speaker: str, *, tells: bool = True) -> Measured:
    """Ten clips, always answered with 0.7; under noise only so many rightly.

    The first is neutral; of the others every second is strong, and told so but under noise.
    """
    truth = np.arange(10) % 8
    given = np.full((len(CONDITIONS), 10, 8), 0.3 / 7)
    for index in range(len(CONDITIONS)):
        said = np.where(np.arange(10) < (10 if index == 0 else 10 * right), truth, (truth + 1) % 8)
        given[index, np.arange(10), said] = 0.7
    strong = np.array([-1.0] + [1.0, 0.0] * 4 + [1.0])
    return Measured(
        files=np.array([f"{i}.wav" for i in range(10)]),
        speakers=np.array([speaker] * 10),
        truth=truth,
        probabilities=given,
        answered=np.arange(10) < np.array([10] + [5] * (len(CONDITIONS) - 1))[:, None],
        strong=strong,
        intensity=np.stack([strong] + [1.0 - strong] * (len(CONDITIONS) - 1))
        if tells
        else np.full((len(CONDITIONS), 10), np.nan),
    )


@pytest.fixture
def measured() -> dict:
    return summarise([fold(0.2, "01"), fold(0.6, "02")])


def test_folds_are_pooled_and_compared_with_clean(measured):
    clean, noisy, *_ = measured["rows"]
    assert (clean["condition"], clean["accuracy"], clean["change"]) == ("clean", 1.0, 0.0)
    assert noisy["condition"] == "white noise, 20 dB SNR"
    assert (noisy["accuracy"], noisy["change"], noisy["answered"]) == (0.4, -60.0, 0.5)
    assert noisy["confidence"] == pytest.approx(0.7)
    assert noisy["ece"] == pytest.approx(0.3)  # as sure as before, and right in 40 %
    assert measured["clips"] == 20


def test_the_intensity_is_judged_under_every_condition(measured):
    clean, noisy, *_ = measured["rows"]
    assert (clean["intensity_auc"], noisy["intensity_auc"]) == (1.0, 0.0)
    without = summarise([fold(0.2, "01", tells=False), fold(0.6, "02", tells=False)])
    assert all(row["intensity_auc"] is None for row in without["rows"])
    assert robustness_table(without).splitlines()[2].endswith("|  |")
    shown = str(measurements.robustness(Robustness.model_validate(measured)))
    assert "Intensity, AUC" in shown
    assert "1.00" in shown
    assert "Intensity" not in str(measurements.robustness(Robustness.model_validate(without)))


def test_table_and_card_have_a_row_for_every_condition(measured):
    lines = robustness_table(measured).splitlines()
    assert len(lines) == len(CONDITIONS) + 2
    assert len({line.count("|") for line in lines}) == 1
    card = ModelCard.of(Path(DEFAULT_MODEL), source="user/name")
    text = replace(card, robustness=measured).render()
    section = text.split("### Outside a studio\n")[1].split("\n##")[0]
    assert "| white noise, 20 dB SNR | 40.0 % | -60.0 |" in section
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert len(rows) == len(CONDITIONS) + 2
    assert {row.count("|") for row in rows} == {10}
    assert rows[0].endswith("| intensity, AUC |")
    untold = summarise([fold(0.2, "01", tells=False), fold(0.6, "02", tells=False)])
    text = replace(card, robustness=untold).render()
    section = text.split("### Outside a studio\n")[1].split("\n##")[0]
    assert {row.count("|") for row in section.splitlines() if row.startswith("|")} == {9}
