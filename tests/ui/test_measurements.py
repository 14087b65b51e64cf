"""Further tables of what was measured: there where the repository has the numbers, only there."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.main import get_command

from ser_core import DEFAULT_MODEL, EmotionRecognizer, TeachingReport
from ser_core.model.records import Metrics
from ser_core.model.repository import Repository
from ser_core.timeline.occlusion import Explanation, MomentSaliency
from ser_core.ui.build import build_app
from ser_core.ui.look import text
from ser_core.ui.settings import Settings
from ser_core.ui.tabs import measurements, model_tab, moments
from tests.support.answers import GENDERS, answers
from tests.support.app import contents
from tests.support.frame_models import write_frame_model
from tests.support.recordings import VOICES, voice
from train.__main__ import app as commands
from train.answers import fairness
from train.answers.metrics import measure_intensity

METRICS = json.loads((Path(DEFAULT_MODEL) / "metrics.json").read_text())
FAIRNESS = fairness.measure_fairness(answers({"01": 20, "02": 36, "03": 22, "04": 34}), GENDERS)
INTENSITY = measure_intensity(
    pd.DataFrame(
        [
            {"acted": acted, "emotion": emotion, "heard": heard, "speaker": speaker}
            for speaker in ("01", "02")
            for emotion in ("angry", "sad")
            for acted, heard in (("normal", "0.2"), ("strong", "0.9"))
        ]
    )
)
SCORES = {"accuracy": 0.6, "uar": 0.59, "ece": 0.05, "nll": 1.1}
ROBUSTNESS = {
    "clips": 1440,
    "talkers": 8,
    "rows": [
        {"condition": "clean", **SCORES, "change": 0.0, "confidence": 0.61, "answered": 0.998},
        {
            "condition": "white noise, 0 dB SNR",
            **SCORES,
            "accuracy": 0.312,
            "change": -28.8,
            "confidence": 0.5,
            "answered": 0.7,
        },
    ],
}
WHOLE = {"form": "float32", **SCORES, "agreement": 1.0, "largest_difference": 0.0}
SMALL = {"form": "int8", **SCORES, "agreement": 0.985, "largest_difference": 0.041}
FORMS = {
    "corpus": "ravdess",
    "clips": 1440,
    "trained_on_it": True,
    "forms": [
        {**WHOLE, "file": "model.tflite", "bytes": 2_000_000, "milliseconds": 2.1},
        {**SMALL, "file": "model.int8.tflite", "bytes": 560_000, "milliseconds": 1.4},
    ],
    "unseen": None,
}
TITLES = {
    "fairness": text.FAIRNESS,
    "intensity": text.INTENSITY_TITLE,
    "adaptation": text.ADAPTATION,
    "robustness": text.ROBUSTNESS,
    "forms": text.FORMS,
}


def write(directory: Path, **parts: dict) -> Path:
    """A model repository with these further measurements and no others."""
    shutil.copytree(DEFAULT_MODEL, directory)
    metrics = {k: v for k, v in METRICS.items() if k not in TITLES}
    metrics |= {name: part for name, part in parts.items() if name not in ("robustness", "forms")}
    (directory / "metrics.json").write_text(json.dumps(metrics))
    for name in ("robustness", "forms"):
        file = directory / f"{name}.json"
        file.unlink(missing_ok=True)
        if name in parts:
            file.write_text(json.dumps(parts[name]))
    return directory


ALL = {
    "fairness": FAIRNESS,
    "intensity": INTENSITY,
    "adaptation": METRICS["adaptation"],
    "robustness": ROBUSTNESS,
    "forms": FORMS,
}


@pytest.mark.parametrize("given", [{}, ALL], ids=["nothing", "everything"])
def test_a_table_is_there_where_it_was_measured(tmp_path: Path, given: dict) -> None:
    directory = write(tmp_path / "model", **given)
    demo, _ = build_app(EmotionRecognizer(directory), Settings())
    shown = contents(demo)
    for name, title in TITLES.items():
        assert (f"<h2>{title}</h2>" in shown) == (name in given), name


def test_a_file_that_is_not_in_the_expected_form_does_not_close_the_page(tmp_path: Path) -> None:
    directory = write(tmp_path / "model", robustness={"clips": "many"}, forms=FORMS)
    repository = Repository.load(directory)
    assert repository.robustness is None
    assert "robustness.json" in repository.faults["robustness.json"]
    assert repository.forms is not None


def test_the_tables_hold_the_measured_numbers() -> None:
    metrics = Metrics.model_validate(METRICS | {"fairness": FAIRNESS, "intensity": INTENSITY})
    by_voice = measurements.fairness(metrics.fairness)
    assert "Best speaker, 02 (female)" in by_voice
    assert "Worst speaker, 01 (male)" in by_voice
    assert "differs from that for female speakers by -35.0 points" in by_voice
    told = measurements.intensity(metrics.intensity)
    assert ">1.00</dd>" in told
    assert "Angry" in told
    gains = measurements.adaptation(metrics.adaptation)
    for row in METRICS["adaptation"]["enrolments"]:
        assert f"{100 * row['gain']:+.1f} ({100 * row['gain_interval'][0]:+.1f} to" in gains
    assert "All other recordings" in gains


def test_robustness_and_forms_say_what_they_were_measured_on(tmp_path: Path) -> None:
    repository = Repository.load(write(tmp_path / "model", **ALL))
    worse = measurements.robustness(repository.robustness)
    assert "White noise, 0 dB SNR" in worse
    assert "-28.8" in worse
    assert "same 1,440 clips of unseen speakers" in worse
    smaller = measurements.forms(repository.forms)
    assert "0.56 MB" in smaller
    assert "which the network was trained on" in smaller
    unseen = {**FORMS, "unseen": {"clips": 900, "forms": [WHOLE, SMALL | {"accuracy": 0.587}]}}
    repository = Repository.load(write(tmp_path / "other", forms=unseen))
    smaller = measurements.forms(repository.forms)
    assert "900 clips of unseen speakers" in smaller
    assert "58.7%" in smaller


def test_folds_and_the_audit_are_told() -> None:
    words = model_tab.over_folds(Metrics.model_validate(METRICS))
    mean, spread = METRICS["mean"]["accuracy"], METRICS["std"]["accuracy"]
    parts = (f"{100 * mean:.1f}%", "±", f"{100 * spread:.1f}%")
    assert "\N{NO-BREAK SPACE}".join(parts) in words
    assert text.AUDIT_CLEAN in words
    leaky = METRICS | {"audit": {"leaks": 2, "kinds": ["identical"]}}
    assert "found 2: identical" in model_tab.over_folds(Metrics.model_validate(leaky))
    plain = {key: value for key, value in METRICS.items() if key not in ("mean", "std", "audit")}
    assert model_tab.over_folds(Metrics.model_validate(plain)) == ""


def found(*drops: float) -> Explanation:
    steps = [MomentSaliency(0.5 * k, 0.5 * (k + 1), drop) for k, drop in enumerate(drops)]
    return Explanation("sad", tuple(steps), ((0.2, 1.8),), 0.5 * len(drops))


def test_the_waveform_is_darkest_where_it_spoke_most_for_the_answer() -> None:
    samples = np.sin(np.arange(32_000, dtype=np.float32))
    shown = moments.draw_player(samples, 16_000, "a<b>.wav", found(0.1, 0.9, 1.0, -0.2))
    assert "0.5 to 1.5 s spoke most for sad." in shown
    assert "--emotion:var(--ser-sad)" in shown
    assert "a&lt;b&gt;.wav" in shown
    weights = moments.weigh_bars(found(0.1, 0.9, 1.0, -0.2), 20)
    assert (weights[:2] == 0).all()  # nobody speaks before 0.2 s
    assert weights[12] == 1.0
    assert moments.PALEST < weights[3] < weights[7] < weights[12]
    assert weights[16] == moments.PALEST  # what spoke against it


def test_where_no_moment_spoke_for_the_answer_the_picture_says_so() -> None:
    shown = moments.draw_player(np.zeros(16_000, np.float32), 16_000, "a.wav", found(-0.1, 0.0))
    assert "no single moment decided for sad" in shown
    assert "nan" not in shown


def test_the_waveform_stands_there_before_it_is_explained_and_without_speech() -> None:
    samples = np.sin(np.arange(32_000, dtype=np.float32))
    nobody = Explanation(None, (), (), 2.0)
    for shown in (
        moments.draw_player(samples, 16_000, "a.wav"),
        moments.draw_player(samples[:30], 16_000, "a.wav", nobody),
    ):
        assert text.WAVEFORM in shown
        assert "ser-for" not in shown


def test_what_few_clips_teach_is_tabulated_and_says_what_was_seen() -> None:
    few_shot = Repository.load(Path(DEFAULT_MODEL)).few_shot
    shown = str(measurements.few_shot(few_shot))
    assert text.FEW_SHOT in shown
    assert shown.count("<tr") == 1 + sum(len(corpus.rows) for corpus in few_shot.corpora)
    seen = [corpus.title for corpus in few_shot.corpora if corpus.trained_on_it]
    assert [title for title in seen if f"learnt from {title}" in shown] == seen != []


def test_a_taught_models_report_stands_in_the_place_of_results() -> None:
    report = TeachingReport(
        ("<b>", "y"), {"<b>": 3, "y": 3}, "leave-one-out", None, ((3, 0), (1, 2))
    )
    shown = str(measurements.taught(report))
    assert "<b>" not in shown
    assert "5 of 6 clips were answered rightly" in shown


def test_the_page_of_a_taught_model_is_of_what_it_was_taught(tmp_path: Path) -> None:
    base = EmotionRecognizer.from_pretrained(write_frame_model(tmp_path / "base", forms=("int8",)))
    clips = {
        label: [(16_000, voice(name, rate=16_000 + 2_500 * n)[1_000 * n :]) for n in range(3)]
        for label, name in (("calm", VOICES[0]), ("tired out", VOICES[1]))
    }
    base.teach(clips).save_pretrained(tmp_path / "taught")
    demo, _ = build_app(EmotionRecognizer.from_pretrained(tmp_path / "taught"), Settings())
    shown = contents(demo)
    assert text.TAUGHT in shown
    assert "clips were answered rightly by models that had not" in shown
    assert "tired out" in shown


def test_each_table_names_the_command_that_wrote_it(recognizer: EmotionRecognizer) -> None:
    demo, _ = build_app(recognizer, Settings())
    named = set(re.findall(r"<code>python -m train ([\w-]+)</code>", contents(demo)))
    assert named == {"adaptation", "compare", "fit", "forms", "metrics", "robustness", "teaching"}
    assert named <= set(get_command(commands).commands)
