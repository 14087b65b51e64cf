"""The README, the pages and the cards: their figures are the measured ones."""

import json
import re
import tomllib
from pathlib import Path

from ser_core import DEFAULT_MODEL, FeatureConfig
from train.publish.model_card import ModelCard

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
EVALUATION = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")


def test_headline_figures_are_those_of_the_metrics():
    metrics = json.loads((Path(DEFAULT_MODEL) / "metrics.json").read_text(encoding="utf-8"))
    rows = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", README, flags=re.MULTILINE))
    mean, spread = metrics["mean"]["accuracy"], metrics["std"]["accuracy"]
    assert rows["accuracy, mean over folds"] == f"**{100 * mean:.1f} %** ± {100 * spread:.1f} %"
    assert rows["unweighted average recall"] == f"{100 * metrics['uar']:.1f} %"
    assert rows["truth among the top three"] == f"{100 * metrics['top3_accuracy']:.1f} %"
    assert rows["expected calibration error (15 bins)"] == f"{metrics['ece']:.3f}"
    (intensity,) = (figure for name, figure in rows.items() if name.startswith("intensity"))
    assert intensity == f"{metrics['intensity']['auc']:.3f}"


def test_comparison_is_the_measured_one():
    from train.measure.compare import comparison_table, rows_of, summary_table

    results = ROOT / "train" / "results"
    rows = json.loads((results / "comparison.json").read_text(encoding="utf-8"))
    between = re.search(
        r"<!-- comparison -->\n(.+?)<!-- /comparison -->", EVALUATION, flags=re.DOTALL
    )
    assert between[1] == summary_table(rows)
    assert (results / "comparison.md").read_text(encoding="utf-8") == comparison_table(rows)
    measured = [row for file in results.glob("*/*/recipe.toml") for row in rows_of(file.parent)]
    assert len(measured) == len(rows)
    assert all(any(row.items() >= one.items() for row in rows) for one in measured)


def test_adaptation_is_the_measured_one():
    from train.answers import adaptation_gain

    folder = ROOT / "train" / "results" / "default" / "speaker"
    stored = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["adaptation"]
    between = re.search(r"<!-- adaptation -->\n(.+?)<!-- /adaptation -->", PYTHON, flags=re.DOTALL)
    assert between[1] == adaptation_gain.adaptation_table(stored)
    measured = adaptation_gain.measure_results(folder)
    assert json.loads(json.dumps(measured)) == stored
    assert FeatureConfig.load(DEFAULT_MODEL).adaptation == adaptation_gain.settings_of(stored)


def test_what_few_clips_teach_is_the_measured_table():
    from train.measure.few_shot import teaching_table

    content = (ROOT / "train/results/default/teaching/few_shot.json").read_bytes()
    between = re.search(r"<!-- teaching -->\n(.+?)<!-- /teaching -->", PYTHON, flags=re.DOTALL)
    assert between[1] == teaching_table(json.loads(content))
    assert (Path(DEFAULT_MODEL) / "few_shot.json").read_bytes() == content


def test_embedded_metrics_are_the_measured_ones():
    measured = (ROOT / "train" / "results" / "default" / "speaker" / "metrics.json").read_bytes()
    assert (Path(DEFAULT_MODEL) / "metrics.json").read_bytes() == measured
    compared = (ROOT / "train" / "results" / "comparison.json").read_bytes()
    assert (Path(DEFAULT_MODEL) / "comparison.json").read_bytes() == compared


def test_cards_are_rendered_from_the_metrics():
    rendered = ModelCard.of(Path(DEFAULT_MODEL), source="ser_core/pretrained").render()
    assert (ROOT / "model_card.md").read_text(encoding="utf-8") == rendered
    assert (Path(DEFAULT_MODEL) / "README.md").read_text(encoding="utf-8") == rendered
    for words in ("article 5(1)(f)", "article 50(3)", "non-commercial", "two sentences"):
        assert words in rendered


def test_unseen_corpora_are_the_measured_ones():
    from train.answers.unseen_corpora import read_evaluations, unseen_table

    measured = read_evaluations(ROOT / "train" / "results" / "default" / "unseen")
    between = re.search(r"<!-- unseen -->\n(.+?)<!-- /unseen -->", EVALUATION, flags=re.DOTALL)
    assert between[1] == unseen_table(measured)
    assert [one["corpus"] for one in measured] == ["emovo"]
    assert not any(one["trained_on_it"] for one in measured)


def test_corpora_that_are_held_out_are_the_measured_ones():
    from train.answers.restricted import held_out_table

    stored = ROOT / "train" / "results" / "default" / "corpus" / "metrics.json"
    measured = json.loads(stored.read_text(encoding="utf-8"))
    between = re.search(r"<!-- held-out -->\n(.+?)<!-- /held-out -->", EVALUATION, flags=re.DOTALL)
    assert between[1] == held_out_table(measured["held_out"])
    pairs = re.search(r"calls (\d+) of ([\d,]+) similar pairs copies", EVALUATION)
    assert pairs[1] == str(measured["audit"]["leaks"])
    checked = pairs[2].replace(",", "")
    assert measured["audit"]["checked"]["changed copies"].startswith(f"{checked} similar pairs")


def test_calls_are_the_measured_ones():
    from train.speech.calls import calls_table

    stored = ROOT / "train" / "results" / "speakers" / "calls.json"
    report = json.loads(stored.read_text(encoding="utf-8"))
    between = re.search(r"<!-- calls -->\n.+?:\|\n(.+?)<!-- /calls -->", EVALUATION, re.DOTALL)
    assert between[1] == calls_table(report)
    for kind in report["ravdess"].values():
        for way in ("separate", "separate_with_leak"):
            assert kind[way]["auto_takes_it"] == kind["calls"]
            assert kind[way]["wrong"] < 0.1 * kind["mix"]["wrong"]


def test_diarisation_is_the_measured_one():
    stored = (ROOT / "train" / "results" / "speakers" / "metrics.json").read_text(encoding="utf-8")
    kinds = json.loads(stored)["test"]["ravdess"]["kinds"]
    rows = re.findall(
        r"^\| ([^|]+?) \| ([\d.]+) % \| ([\d.]+) % \|$", EVALUATION, flags=re.MULTILINE
    )
    measured = {
        "a woman and a man": kinds["two speakers, different gender"]["given"],
        "two of one gender": kinds["two speakers, same gender"]["given"],
        "three people": kinds["three speakers"]["given"],
    }
    assert {name: (float(collar), float(without)) for name, collar, without in rows} == {
        name: (
            round(100 * kind["collar_0.25_s"]["der"], 1),
            round(100 * kind["no_collar"]["der"], 1),
        )
        for name, kind in measured.items()
    }


def test_requirements_agree_with_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]

    def lines(name: str) -> set[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        found = (re.sub(r"\s*#.*", "", line).strip() for line in text.splitlines())
        return {line.replace('"', "'") for line in found if line and not line.startswith("-r")}

    assert lines("requirements.txt") == {*project["dependencies"], *extras["app"]}
    needed = {*extras["keras"], *extras["reference"], *extras["train"]}
    needed -= {"ser-core[keras,reference]"}
    assert needed <= lines("requirements-test.txt") | lines("requirements.txt")
