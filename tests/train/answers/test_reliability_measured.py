"""The conformal threshold, the domain, and what both are measured to do for unseen speakers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_core.config.emotions import LABELS
from ser_core.config.reliability import Conformal, Domain
from ser_core.errors import ConfigError
from ser_core.results import conformal_sets
from train.answers import conformal, domain, out_of_fold
from train.answers.conformal import fit_conformal_threshold, measure_conformal, measure_sets
from train.answers.domain import fit_familiar_below, measure_domain, measure_familiar
from train.answers.out_of_fold import Answers
from train.corpora import Clip

RESULTS = Path(__file__).parents[3] / "train" / "results"


def calibrated(seed: int, speakers: int = 20, clips: int = 50, labels: int = 4) -> Answers:
    """Answers whose truth is drawn from their own probabilities, and distances below 1."""
    rng = np.random.default_rng(seed)
    count = speakers * clips
    probabilities = rng.dirichlet(np.full(labels, 0.5), count)
    truth = (rng.random(count)[:, None] > probabilities.cumsum(axis=1)).sum(axis=1)
    owner = np.repeat(np.arange(speakers), clips)
    return Answers(
        files=tuple(f"{index}.wav" for index in range(count)),
        speakers=tuple(f"{index:02d}" for index in owner),
        folds=owner % 5 + 1,
        truth=np.minimum(truth, labels - 1),
        probabilities=probabilities,
        labels=("calm", "sad", "happy", "angry")[:labels],
        distances=rng.random(count),
    )


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_hold_the_truth_of_unseen_speakers_as_often_as_promised(coverage: float) -> None:
    measured = measure_conformal(calibrated(1, speakers=40, clips=100), coverage)
    assert measured["coverage"] == pytest.approx(coverage, abs=0.02)
    low, high = measured["coverage_interval"]
    assert low <= measured["coverage"] <= high
    assert measured["least_coverage"] <= measured["coverage"]
    assert measured["target"] == coverage


def test_higher_coverage_takes_larger_sets() -> None:
    answers = calibrated(2)
    few, many = (measure_conformal(answers, coverage) for coverage in (0.8, 0.95))
    assert few["threshold"] > many["threshold"]
    assert few["labels"] < many["labels"]
    assert few["single"] > many["single"]


def test_threshold_counts_one_clip_more_as_missed() -> None:
    answers = Answers(
        files=tuple("abcdefghi"),
        speakers=("01",) * 9,
        folds=np.ones(9, dtype=int),
        truth=np.ones(9, dtype=int),
        # The truth is the second of three, never the likeliest.
        probabilities=np.array([[0.98 - p, p, 0.02] for p in np.arange(1, 10) / 100]),
        labels=("calm", "sad", "happy"),
    )
    # Nine of ten clips, the tenth of which is lost: so all nine are to be named.
    assert fit_conformal_threshold(answers, 0.9) == 0.01
    assert fit_conformal_threshold(answers, 0.8) == 0.02
    assert fit_conformal_threshold(answers, 0.95) == 0.0
    assert measure_sets(answers, 0.02)["coverage"] == round(8 / 9, 4)
    assert measure_sets(answers, 0.0) == {
        "coverage": 1.0,
        "coverage_interval": [1.0, 1.0],
        "least_coverage": 1.0,
        "labels": 3.0,
        "single": 0.0,
    }


def test_rounding_loses_no_label() -> None:
    answers = calibrated(3)
    threshold = fit_conformal_threshold(answers)
    truth = answers.probabilities[np.arange(len(answers.truth)), answers.truth]
    sets = conformal_sets(answers.probabilities, threshold)
    assert threshold == round(threshold, conformal.DECIMALS)
    assert sets[np.arange(len(sets)), answers.truth].mean() >= conformal.COVERAGE
    assert (truth >= threshold).mean() > (truth >= threshold + 0.01).mean()


def test_each_speaker_counts_alike() -> None:
    rare, common = calibrated(4, speakers=1, clips=10), calibrated(5, speakers=1, clips=1_000)
    sure = np.array([[0.97, 0.01, 0.01, 0.01]])
    common = replace(
        common, probabilities=np.repeat(sure, 1_000, axis=0), truth=np.zeros(1_000, dtype=int)
    )
    both = Answers(
        files=rare.files + common.files,
        speakers=("rare",) * 10 + ("common",) * 1_000,
        folds=np.concatenate([rare.folds, common.folds]),
        truth=np.concatenate([rare.truth, common.truth]),
        probabilities=np.concatenate([rare.probabilities, common.probabilities]),
        labels=rare.labels,
    )
    # Were clips counted, the ten would change nothing: 99 % of the clips are right anyway.
    assert fit_conformal_threshold(common) == 1.0
    assert fit_conformal_threshold(both) < 0.5
    distances = np.concatenate([np.full(10, 5.0), np.full(1_000, 1.0)])
    assert fit_familiar_below(distances, both.speakers) == 5.0
    assert fit_familiar_below(distances, both.speakers, 0.5) == 1.0


def test_folds_are_measured_by_the_others_alone() -> None:
    answers = calibrated(6)
    own = answers.folds == 3
    spoilt = answers.probabilities.copy()
    spoilt[own] = np.roll(np.eye(4), 1, axis=1)[answers.truth[own]]  # sure, and always wrong
    measured = measure_conformal(answers.with_probabilities(spoilt))
    elsewhere = fit_conformal_threshold(answers.take(~own))
    assert measure_sets(answers.take(own).with_probabilities(spoilt[own]), elsewhere)[
        "coverage"
    ] == (0.0)
    assert measured["coverage"] < 0.85
    assert measured["least_coverage"] == 0.0
    far = replace(answers, distances=np.where(own, 9.0, answers.distances))
    assert measure_domain(far)["familiar"] < 0.85


def test_domain_holds_unseen_speakers_and_not_what_is_far() -> None:
    answers = calibrated(7, speakers=40)
    measured = measure_domain(answers)
    assert measured["familiar"] == pytest.approx(domain.SHARE, abs=0.02)
    assert measured["familiar_below"] == pytest.approx(domain.SHARE, abs=0.02)
    far = replace(answers, distances=answers.distances + 1.0)
    assert measure_familiar(far, measured["familiar_below"])["familiar"] == 0.0
    assert (answers.distances <= measured["familiar_below"]).mean() >= domain.SHARE


def test_feature_config_gets_what_was_measured() -> None:
    answers = calibrated(8)
    sets, familiar = measure_conformal(answers), measure_domain(answers)
    assert conformal.settings_of(sets) == Conformal(coverage=0.9, threshold=sets["threshold"])
    assert domain.settings_of(familiar) == Domain(familiar_below=familiar["familiar_below"])
    assert conformal.settings_of(None) is None
    assert domain.settings_of(None) is None


def test_domain_of_answers_without_distances_is_refused() -> None:
    with pytest.raises(ConfigError, match="these answers have none"):
        measure_domain(replace(calibrated(9), distances=None))


def test_distances_are_written_beside_the_answers_and_read_again(tmp_path: Path) -> None:
    answers = calibrated(10, speakers=3, clips=2)
    out_of_fold.write_answers(tmp_path / "with.csv", answers)
    head, *_ = (tmp_path / "with.csv").read_text(encoding="utf-8").splitlines()
    assert head == "file,speaker,fold,truth,distance,calm,sad,happy,angry"
    read = out_of_fold.read_answers(tmp_path / "with.csv")
    np.testing.assert_allclose(read.distances, answers.distances, atol=1e-6)
    assert read.labels == answers.labels
    out_of_fold.write_answers(tmp_path / "without.csv", replace(answers, distances=None))
    assert out_of_fold.read_answers(tmp_path / "without.csv").distances is None
    spoilt = (
        (tmp_path / "with.csv").read_text(encoding="utf-8").replace("0.wav,00,1,", "0.wav,00,x,")
    )
    (tmp_path / "with.csv").write_text(spoilt, encoding="utf-8")
    with pytest.raises(ConfigError, match="no number"):
        out_of_fold.read_answers(tmp_path / "with.csv")


def test_folds_join_their_distances_or_none(tmp_path: Path) -> None:
    answers = calibrated(11, speakers=5, clips=2)
    for fold in (1, 2):
        part = answers.take(answers.folds == fold)
        out_of_fold.write_answers(tmp_path / "folds" / f"fold_{fold}.csv", part)
    joined = out_of_fold.read_folds(tmp_path)
    assert joined.distances is not None
    assert len(joined.distances) == 4
    third = replace(answers.take(answers.folds == 3), distances=None)
    out_of_fold.write_answers(tmp_path / "folds" / "fold_3.csv", third)
    with pytest.raises(ConfigError, match="folds with distances and folds without"):
        out_of_fold.read_folds(tmp_path)


def test_finished_fold_keeps_its_distances(tmp_path: Path) -> None:
    clips = [
        Clip(tmp_path / f"{name}.wav", f"{name}.wav", "ravdess", "sad", "01", "male")
        for name in "ab"
    ]
    even = np.full((2, len(LABELS)), 1 / len(LABELS))
    record = {"fold": 1, "run": "0"}
    out_of_fold.write_fold(tmp_path, 1, clips, LABELS, even, None, record, np.array([0.25, 1.5]))
    joined = out_of_fold.read_folds(tmp_path)
    assert joined.distances is not None
    assert joined.distances.tolist() == [0.25, 1.5]


@pytest.mark.parametrize("recipe", ["tiny", "large", "compact"])
def test_committed_answers_hold_the_truth_of_unseen_speakers_nine_times_in_ten(
    recipe: str,
) -> None:
    answers = out_of_fold.read_answers(RESULTS / recipe / "speaker" / out_of_fold.OUT_OF_FOLD)
    measured = measure_conformal(answers)
    low, high = measured["coverage_interval"]
    assert low <= 0.9 <= high
    assert 1.5 < measured["labels"] < 2.5
