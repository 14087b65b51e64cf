"""What adapting gains, measured on made-up voices of which the leaning is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from ser_core import DEFAULT_MODEL
from ser_core.config.emotions import LABELS
from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError
from ser_core.model.adaptation import centre_logs
from tests.support.commands import run_train
from tests.support.tiny_models import make_config
from train.answers import adaptation_gain, out_of_fold
from train.answers.enrolments import draw_alike, draw_clips, enrolments

ROOT = Path(__file__).parents[3]
CLASSES = len(LABELS)


def made_up_voices(leaning: float, *, speakers: int = 20, seed: int = 0) -> out_of_fold.Answers:
    """Forty clips a speaker, answered with a leaning of the speaker's own [nats], in five folds."""
    rng = np.random.default_rng(seed)
    truth = np.tile(np.repeat(np.arange(CLASSES), 5), speakers)
    owner = np.repeat(np.arange(speakers), 5 * CLASSES)
    logits = 1.5 * np.eye(CLASSES)[truth] + rng.normal(size=(len(truth), CLASSES))
    logits += leaning * rng.normal(size=(speakers, CLASSES))[owner]
    probabilities = np.exp(logits)
    return out_of_fold.Answers(
        files=tuple(f"{i}.wav" for i in range(len(truth))),
        speakers=tuple(f"{i:02d}" for i in owner),
        folds=owner % 5 + 1,
        truth=truth,
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        labels=LABELS,
    )


def rows_of(measured: dict) -> dict:
    return {(row["kind"], row["clips"]): row for row in measured["enrolments"]}


@pytest.fixture(scope="module")
def leaning() -> dict:
    return adaptation_gain.measure_adaptation(made_up_voices(1.0))


def test_a_leaning_of_voices_is_taken_off_the_more_the_more_clips_there_are(leaning):
    gains = [rows_of(leaning)["mixed", clips]["gain"] for clips in (1, 3, 10, 30, None)]
    assert gains == sorted(gains)
    assert gains[-1] > 0.1
    without = adaptation_gain.measure_adaptation(made_up_voices(0.0))["without"]
    everything = rows_of(leaning)["mixed", None]
    assert everything["accuracy"] == pytest.approx(without["accuracy"], abs=0.03)
    assert everything["nll"] < leaning["without"]["nll"] - 0.1
    assert leaning["settings"]["least_clips"] == 1


def test_the_settings_are_the_means_of_all_voices(leaning):
    answers = made_up_voices(1.0)
    found = adaptation_gain.settings_of(leaning)
    np.testing.assert_allclose(
        found.mean, centre_logs(answers.probabilities).mean(axis=0), atol=1e-4
    )
    assert found.prior_clips in adaptation_gain.PRIOR_CLIPS
    assert adaptation_gain.settings_of(None) is None


def test_voices_without_a_leaning_gain_nothing_and_get_no_settings():
    measured = adaptation_gain.measure_adaptation(made_up_voices(0.0))
    for row in measured["enrolments"]:
        assert row["gain"] == pytest.approx(0.0, abs=0.01)
    assert measured["settings"] is None
    assert set(measured["fold_prior_clips"].values()) == {max(adaptation_gain.PRIOR_CLIPS)}


def test_answers_that_know_nothing_gain_nothing():
    # Leaving the clip out would make its emotion rarer among the others, and so tell it.
    answers = made_up_voices(1.0)
    shuffled = answers.probabilities.copy()
    rng = np.random.default_rng(1)
    for name in set(answers.speakers):
        own = np.flatnonzero(np.array(answers.speakers) == name)
        shuffled[own] = shuffled[rng.permutation(own)]
    measured = adaptation_gain.measure_adaptation(answers.with_probabilities(shuffled))
    for row in measured["enrolments"]:
        assert row["accuracy"] == pytest.approx(1 / CLASSES, abs=0.03)


def test_a_clip_is_never_adapted_to_itself():
    rng = np.random.default_rng(0)
    logs, truth = rng.normal(size=(40, CLASSES)), np.repeat(np.arange(CLASSES), 5)
    tested = 7
    other = logs.copy()
    other[tested] += 100.0
    for count in (1, 3, 10, 40):
        counts, means = draw_clips(logs, truth, count, np.random.default_rng(2))
        _, again = draw_clips(other, truth, count, np.random.default_rng(2))
        np.testing.assert_allclose(means[:, tested], again[:, tested], atol=1e-9)
        assert not np.allclose(means, again)
        assert (counts == count).all()
    allowed = np.tile(truth == truth[tested], (20, 1))
    _, means = draw_alike(logs, allowed, 4, np.random.default_rng(2))
    _, again = draw_alike(other, allowed, 4, np.random.default_rng(2))
    np.testing.assert_allclose(means[:, tested], again[:, tested], atol=1e-9)


def test_what_is_drawn_says_nothing_about_the_emotion_of_the_clip_under_test():
    truth = np.repeat(np.arange(CLASSES), 5)
    which = np.eye(CLASSES)[truth]  # a clip's mean of these is the share of each emotion drawn
    for count in (1, 3, 10, 40):
        _, shares = draw_clips(which, truth, count, np.random.default_rng(0))
        np.testing.assert_allclose(shares, np.repeat(shares[:, :1], 40, axis=1), atol=1e-9)


def test_a_lone_clip_of_its_emotion_is_left_out_and_counted_so():
    logs = np.array([[1.0, -1.0], [2.0, -2.0], [4.0, -4.0]])
    counts, means = draw_clips(logs, np.array([0, 1, 1]), 3, np.random.default_rng(0), draws=1)
    assert counts[0, :, 0].tolist() == [2, 3, 3]
    np.testing.assert_allclose(means[0, 0], [3.0, -3.0])


def test_a_fold_does_not_touch_what_it_is_adapted_with():
    answers = made_up_voices(1.0)
    own = answers.folds == 2
    spoilt = answers.probabilities.copy()
    spoilt[own] = np.roll(spoilt[own], 3, axis=1)
    other = answers.with_probabilities(spoilt)
    speakers = np.array(answers.speakers)
    for known, same in ((~own, True), (np.ones_like(own), False)):
        losses, means = [], []
        for table in (answers, other):
            losses.append(adaptation_gain.prior_losses(table, enrolments(table), known))
            logs = centre_logs(table.probabilities)
            means.append(adaptation_gain.mean_of_voices(logs[known], speakers[known]))
        assert np.array_equal(*losses) == same
        assert np.array_equal(*means) == same


def test_folds_that_share_speakers_are_refused_in_a_sentence():
    answers = made_up_voices(0.0)
    mixed = out_of_fold.Answers(
        answers.files,
        answers.speakers,
        np.arange(len(answers.truth)) % 5,
        answers.truth,
        answers.probabilities,
        answers.labels,
    )
    assert not adaptation_gain.applies(mixed)
    with pytest.raises(ConfigError, match="three folds of whole speakers"):
        adaptation_gain.measure_adaptation(mixed)


def test_a_table_of_few_clips_is_measured_as_far_as_it_goes():
    answers = made_up_voices(1.0, speakers=3)
    few = np.flatnonzero(np.arange(120) % 5 == 0)  # one clip of each emotion
    measured = adaptation_gain.measure_adaptation(
        out_of_fold.Answers(
            tuple(answers.files[i] for i in few),
            tuple(answers.speakers[i] for i in few),
            answers.folds[few],
            answers.truth[few],
            answers.probabilities[few],
            answers.labels,
        )
    )
    assert list(rows_of(measured)) == [("mixed", 1), ("mixed", 3), ("mixed", None)]


def test_the_command_prints_a_table_and_writes_metrics_and_config(tmp_path):
    before = (Path(DEFAULT_MODEL) / "metrics.json").read_text()
    answers = made_up_voices(1.0)
    results, model = tmp_path / "results", tmp_path / "model"
    out_of_fold.write_answers(results / out_of_fold.OUT_OF_FOLD, answers)
    for folder in (results, model):
        folder.mkdir(exist_ok=True)
        (folder / "metrics.json").write_text(before)
    make_config().save(model)
    done = run_train("adaptation", results)
    assert done.returncode == 0, done.stderr
    assert "| 10 clips |" in done.stdout
    assert (results / "metrics.json").read_text() == before
    written = run_train("adaptation", results, "--write", "--model", model)
    assert written.returncode == 0, written.stderr
    stored = json.loads((results / "metrics.json").read_text())
    assert stored["accuracy"] == json.loads(before)["accuracy"]
    assert adaptation_gain.adaptation_table(stored["adaptation"]) == done.stdout
    assert json.loads((model / "metrics.json").read_text()) == stored
    assert FeatureConfig.load(model).adaptation == adaptation_gain.settings_of(stored["adaptation"])


def test_a_folder_without_metrics_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(ConfigError, match=r"has no metrics\.json"):
        adaptation_gain.write_adaptation({}, tmp_path)
