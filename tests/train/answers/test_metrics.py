"""Metrics and calibration: against scikit-learn's, against what is known, and without leaks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss

from ser_core.config.emotions import LABELS
from ser_core.errors import ConfigError
from train.answers import out_of_fold
from train.answers.calibration import (
    apply_temperature,
    calibrate,
    choose_threshold,
    fit_temperature,
)
from train.answers.metrics import (
    calibrated_band,
    expected_calibration_error,
    measure_answers,
    measure_intensity,
    scores,
)

RESULTS = Path(__file__).parents[3] / "train" / "results" / "tiny" / "speaker"


def made_up_answers(clips: int = 600, sharpen: float = 1.0, seed: int = 0) -> out_of_fold.Answers:
    """Answers whose truth is drawn from their own probabilities, then sharpened."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(8, 0.4), size=clips)
    truth = np.array([rng.choice(8, p=row) for row in probabilities])
    return out_of_fold.Answers(
        files=tuple(f"{i}.wav" for i in range(clips)),
        speakers=tuple(f"{i % 10:02d}" for i in range(clips)),
        folds=np.arange(clips) % 10 // 2 + 1,
        truth=truth,
        probabilities=apply_temperature(probabilities, 1 / sharpen),
        labels=LABELS,
    )


def test_scores_equal_scikit_learns():
    answers = made_up_answers()
    guess = answers.probabilities.argmax(axis=1)
    measured = scores(answers.probabilities, answers.truth)
    assert measured["accuracy"] == pytest.approx((guess == answers.truth).mean(), abs=1e-4)
    assert measured["uar"] == pytest.approx(balanced_accuracy_score(answers.truth, guess), abs=1e-4)
    macro = f1_score(answers.truth, guess, average="macro")
    assert measured["macro_f1"] == pytest.approx(macro, abs=1e-4)
    loss = log_loss(answers.truth, answers.probabilities, labels=range(8))
    assert measured["nll"] == pytest.approx(loss, abs=1e-3)


def test_calibration_error_of_known_answers():
    # Ten answers at 0.75, of which five are right: the gap is 0.25.
    probabilities = np.tile([0.75, 0.25], (10, 1))
    truth = np.array([0] * 5 + [1] * 5)
    assert expected_calibration_error(probabilities, truth) == pytest.approx(0.25)


def test_calibrated_answers_lie_within_the_band_and_sharpened_ones_do_not():
    calibrated, sharpened = made_up_answers(1_440), made_up_answers(1_440, sharpen=2.0)
    _, high = calibrated_band(calibrated.probabilities)
    assert expected_calibration_error(calibrated.probabilities, calibrated.truth) < 1.3 * high
    _, high = calibrated_band(sharpened.probabilities)
    assert expected_calibration_error(sharpened.probabilities, sharpened.truth) > 2 * high


def test_the_temperature_that_was_applied_is_found_again():
    answers = made_up_answers(5_000, sharpen=1.6)
    temperature = fit_temperature(answers.probabilities, answers.truth)
    assert temperature == pytest.approx(1.6, rel=0.06)


def test_temperature_keeps_every_decision():
    answers = made_up_answers()
    flat = apply_temperature(answers.probabilities, 3.0)
    assert (flat.argmax(axis=1) == answers.probabilities.argmax(axis=1)).all()
    np.testing.assert_allclose(flat.sum(axis=1), 1.0)


def test_a_fold_does_not_touch_its_own_temperature():
    answers = made_up_answers(sharpen=1.5)
    swapped = answers.truth.copy()
    own = answers.folds == 2
    swapped[own] = (swapped[own] + 3) % 8  # everything about fold 2 changes but its temperature
    other = replace(answers, truth=swapped)
    _, first = calibrate(answers, 0.5)
    _, second = calibrate(other, 0.5)
    assert first.fold_temperatures[2] == second.fold_temperatures[2]
    assert first.fold_temperatures[1] != second.fold_temperatures[1]
    assert first.temperature != second.temperature


def test_one_fold_is_left_as_it_is_since_there_are_no_others_to_fit_on():
    answers = made_up_answers(sharpen=1.5)
    one = replace(answers, folds=np.full(len(answers.folds), 3))
    calibrated, fitted = calibrate(one, 0.9)
    assert calibrated is one
    assert not fitted.is_fitted
    assert (fitted.temperature, fitted.fold_temperatures) == (1.0, {3: 1.0})
    assert (fitted.uncertain_below, fitted.answered) == (0.0, 1.0)
    assert fitted.answered_accuracy == scores(one.probabilities, one.truth)["accuracy"]
    assert calibrate(answers, 0.9)[1].is_fitted
    with pytest.raises(ConfigError, match="there are none"):
        fit_temperature(answers.probabilities[:0], answers.truth[:0])


def test_less_than_the_least_confidence_is_no_answer_though_the_target_is_met():
    answers = made_up_answers(sharpen=1.5)
    assert calibrate(answers, 0.0)[1].answered > 0.99
    calibrated, fitted = calibrate(answers, 0.0, at_least=0.5)
    confident = calibrated.probabilities.max(axis=1) >= 0.5
    assert 0.0 < confident.mean() < 1.0
    assert fitted.uncertain_below == 0.5
    assert fitted.answered == pytest.approx(confident.mean(), abs=1e-4)
    right = calibrated.probabilities.argmax(axis=1) == calibrated.truth
    assert fitted.answered_accuracy == pytest.approx(right[confident].mean(), abs=1e-4)
    _, strict = calibrate(answers, 0.95, at_least=0.01)  # which asks for more
    assert strict == calibrate(answers, 0.95)[1]
    one = replace(answers, folds=np.ones(len(answers.folds), dtype=int))
    sure = one.probabilities.max(axis=1) >= 0.5
    assert calibrate(one, 0.0, at_least=0.5)[1].answered == pytest.approx(sure.mean(), abs=1e-4)


def test_one_clip_has_no_figure_that_is_not_a_number(tmp_path):
    measured = measure_answers(made_up_answers(1))
    assert measured["selective_accuracy"]["0.5"] is None
    text = json.dumps(measured, allow_nan=False)
    assert json.loads(text)["clips"] == 1


def test_ten_folds_stand_in_the_order_of_their_numbers(tmp_path):
    from train.corpora import Clip

    for number in (1, 2, 10, 11):
        name = f"{number}.wav"
        clip = Clip(tmp_path / name, name, "ravdess", "happy", "01", "male", intensity="strong")
        given = (np.full((1, 8), 1 / 8), np.ones(1))
        out_of_fold.write_fold(
            tmp_path, number, [clip], LABELS, *given, {"fold": number, "run": "0"}
        )
    assert out_of_fold.read_folds(tmp_path).folds.tolist() == [1, 2, 10, 11]
    assert list(out_of_fold.read_intensities(tmp_path)["fold"]) == ["1", "2", "10", "11"]
    files = out_of_fold.fold_files(tmp_path, "json")
    assert [file.name for file in files] == [f"fold_{n}.json" for n in (1, 2, 10, 11)]


def test_the_threshold_reaches_its_target_where_it_can():
    confidence = np.linspace(0, 1, 1_001)
    correct = np.random.default_rng(0).random(1_001) < confidence
    threshold = choose_threshold(confidence, correct, 0.8)
    assert correct[confidence >= threshold].mean() == pytest.approx(0.8, abs=0.01)
    assert choose_threshold(confidence, np.zeros(1_001, dtype=bool), 0.8) == 1.0
    assert choose_threshold(confidence, np.ones(1_001, dtype=bool), 0.8) == 0.0


def test_answers_survive_being_written_and_read(tmp_path):
    answers = made_up_answers(50)
    out_of_fold.write_answers(tmp_path / "answers.csv", answers)
    again = out_of_fold.read_answers(tmp_path / "answers.csv")
    assert (again.files, again.speakers, again.labels) == (
        answers.files,
        answers.speakers,
        LABELS,
    )
    np.testing.assert_array_equal(again.truth, answers.truth)
    np.testing.assert_allclose(again.probabilities, answers.probabilities, atol=1e-5)


def test_a_table_of_another_form_is_refused(tmp_path):
    (tmp_path / "answers.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match="must have the columns file, speaker, fold, truth"):
        out_of_fold.read_answers(tmp_path / "answers.csv")
    with pytest.raises(ConfigError, match="could not be read"):
        out_of_fold.read_answers(tmp_path / "none.csv")


def test_intensity_is_judged_where_it_was_acted(tmp_path):
    from train.corpora import Clip

    rng = np.random.default_rng(2)
    clips, heard = [], []
    for actor in ("01", "02", "03"):
        for emotion in ("neutral", "happy", "sad"):
            for acted in ("normal", "strong", None):
                file = f"{actor}-{emotion}-{acted}.wav"
                clip = Clip(tmp_path / file, file, "ravdess", emotion, actor, "male")
                clips.append(replace(clip, intensity=acted))
                strong = acted == "strong" and emotion != "neutral"
                heard.append(0.6 + 0.4 * rng.random() if strong else 0.5 * rng.random())
    (tmp_path / "folds").mkdir()
    file = tmp_path / "folds" / f"fold_1.{out_of_fold.INTENSITY}"
    out_of_fold.write_intensities(file, clips, 1, np.array(heard))
    measured = measure_intensity(out_of_fold.read_intensities(tmp_path))
    assert measured["clips"] == 3 * 2 * 2  # neither neutral nor what nobody noted
    assert measured["auc"] == 1.0
    assert measured["auc_by_emotion"] == {"happy": 1.0, "sad": 1.0}
    out_of_fold.write_intensities(file, clips, 1, 1.0 - np.array(heard))
    assert measure_intensity(out_of_fold.read_intensities(tmp_path))["auc"] == 0.0
    weak = [clip for clip in clips if clip.intensity != "strong"]
    out_of_fold.write_intensities(file, weak, 1, np.zeros(len(weak)))
    assert measure_intensity(out_of_fold.read_intensities(tmp_path)) is None
    assert measure_intensity(out_of_fold.read_intensities(tmp_path / "none")) is None


def test_committed_intensity_follows_from_the_committed_folds():
    folder = RESULTS.parents[1] / "large" / "speaker"
    stored = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert stored["intensity"] == measure_intensity(out_of_fold.read_intensities(folder))


def test_committed_metrics_follow_from_the_committed_answers():
    stored = json.loads((RESULTS / "metrics.json").read_text(encoding="utf-8"))
    answers = out_of_fold.read_answers(RESULTS / out_of_fold.OUT_OF_FOLD)
    measured = measure_answers(answers)
    assert {key: stored[key] for key in measured} == measured
    assert len(answers.files) == len(set(answers.files)) == 1_440


def test_committed_folds_never_share_a_speaker():
    answers = out_of_fold.read_answers(RESULTS / out_of_fold.OUT_OF_FOLD)
    folds_of = {}
    for speaker, fold in zip(answers.speakers, answers.folds, strict=True):
        folds_of.setdefault(speaker, set()).add(int(fold))
    assert all(len(folds) == 1 for folds in folds_of.values())
    assert len(folds_of) == 24


def test_committed_truth_is_in_the_file_names():
    answers = out_of_fold.read_answers(RESULTS / out_of_fold.OUT_OF_FOLD)
    for file, truth, speaker in zip(answers.files, answers.truth, answers.speakers, strict=True):
        codes = file.split(".")[0].split("-")
        assert int(codes[2]) - 1 == truth
        assert codes[6] == speaker
