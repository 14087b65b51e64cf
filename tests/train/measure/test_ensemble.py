"""Recipes that answer together: the geometric mean, clip by clip, of the same folds alone."""

from pathlib import Path

import numpy as np
import pytest

from ser_core.config.emotions import LABELS
from ser_core.errors import ConfigError
from train.answers.out_of_fold import Answers, write_answers
from train.measure.ensemble import ensemble_table, join_answers


def write_folds(folder: Path, seed: int, *, order: int = 1, clips: int = 16) -> np.ndarray:
    """Two folds of answers drawn at random; returns them by clip."""
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(8), size=2 * clips).round(6)
    for fold in (1, 2):
        places = np.arange(clips)[::order] + (fold - 1) * clips
        answers = Answers(
            files=tuple(f"{i}.wav" for i in places),
            speakers=tuple(str(i % 2 + 2 * fold) for i in places),
            folds=np.full(clips, fold),
            truth=places % 8,
            probabilities=probabilities[places],
            labels=LABELS,
        )
        write_answers(folder / "folds" / f"fold_{fold}.csv", answers)
    return probabilities


def test_answers_are_joined_clip_by_clip_in_whichever_order_they_stand(tmp_path):
    one = write_folds(tmp_path / "one", 1)
    other = write_folds(tmp_path / "other", 2, order=-1)
    joint = join_answers([tmp_path / "one", tmp_path / "other"])
    assert joint.files == tuple(f"{i}.wav" for i in range(32))
    expected = np.sqrt(one * other)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(joint.probabilities, expected, rtol=1e-3, atol=1e-5)
    alone = join_answers([tmp_path / "one"])
    np.testing.assert_allclose(alone.probabilities, one, atol=1e-5)


def test_recipes_that_were_judged_on_other_clips_cannot(tmp_path):
    write_folds(tmp_path / "one", 1)
    write_folds(tmp_path / "other", 2, clips=8)
    with pytest.raises(ConfigError, match="other clips or other folds"):
        join_answers([tmp_path / "one", tmp_path / "other"])
    with pytest.raises(ConfigError, match="no finished fold"):
        join_answers([tmp_path / "one", tmp_path / "missing"])


def test_table_has_a_row_for_each_and_one_for_all(tmp_path):
    write_folds(tmp_path / "one", 1)
    write_folds(tmp_path / "other", 2)
    rows = ensemble_table({"one": tmp_path / "one", "other": tmp_path / "other"}, 0.75).splitlines()
    assert [row.split("|")[1].strip() for row in rows[2:]] == ["one", "other", "one + other"]
    joint = join_answers([tmp_path / "one", tmp_path / "other"])
    right = joint.probabilities.argmax(axis=1) == joint.truth
    folds = ", ".join(f"{100 * right[joint.folds == fold].mean():.1f}" for fold in (1, 2))
    assert rows[-1].split("|")[2].strip() == folds
    assert len(LABELS) == joint.probabilities.shape[1]
