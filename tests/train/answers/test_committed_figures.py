"""Every figure of every results folder, computed again from its tables of answers, to the digit."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from train import recipe as recipes
from train.answers import (
    adaptation_gain,
    conformal,
    domain,
    fairness,
    out_of_fold,
    restricted,
)
from train.answers.calibration import calibrate
from train.answers.metrics import measure_answers, measure_intensity, scores

RESULTS = Path(__file__).parents[3] / "train" / "results"
FOLDERS = sorted(file.parent for file in RESULTS.glob("*/*/out_of_fold.csv"))


def named(folder: Path) -> str:
    return folder.relative_to(RESULTS).as_posix()


# To compute them takes seconds, so that most folders are left to `make test-rest`.
QUICK_AND_SLOW = [
    pytest.param(folder, marks=() if named(folder) == "default/speaker" else pytest.mark.slow)
    for folder in FOLDERS
]


@pytest.mark.parametrize("folder", QUICK_AND_SLOW, ids=named)
def test_metrics_follow_from_the_answers(folder):
    stored = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    answers = out_of_fold.read_answers(folder / out_of_fold.OUT_OF_FOLD)
    measured = measure_answers(answers)
    if "fairness" in stored:
        genders = {name: row["gender"] for name, row in stored["fairness"]["speakers"].items()}
        measured["fairness"] = fairness.measure_fairness(answers, genders)
    if "adaptation" in stored:
        # Keys are text in JSON.
        measured["adaptation"] = json.loads(json.dumps(adaptation_gain.measure_adaptation(answers)))
    if "conformal" in stored:
        measured["conformal"] = conformal.measure_conformal(answers)
    if "held_out" in stored:
        corpora = stored["corpus"].split(", ")
        measured["held_out"] = restricted.measure_held_out(answers, corpora)
    if "domain" in stored:
        measured["domain"] = domain.measure_domain(answers)
    if "intensity" in stored:
        measured["intensity"] = measure_intensity(out_of_fold.read_intensities(folder))
    assert {key: stored[key] for key in measured} == measured


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_calibration_follows_from_the_folds(folder, tmp_path):
    stored = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["calibration"]
    recipe = recipes.load(str(folder / "recipe.toml"))
    raw = out_of_fold.read_folds(folder)
    rule = recipe.abstention
    calibrated, fitted = calibrate(raw, rule.target_accuracy, rule.at_least)
    measured = asdict(fitted) | {"uncalibrated": scores(raw.probabilities, raw.truth)}
    assert json.loads(json.dumps(measured)) == stored
    out_of_fold.write_answers(tmp_path / "again.csv", calibrated)
    written = (folder / out_of_fold.OUT_OF_FOLD).read_bytes()
    assert (tmp_path / "again.csv").read_bytes() == written
