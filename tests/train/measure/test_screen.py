"""A screen of a recipe with heads, from clips to a table: who is learnt from, and what is said."""

import functools
import re
from pathlib import Path

import numpy as np
import pytest

from ser_core.config.emotions import LABELS
from ser_core.errors import ConfigError
from tests.support.commands import run_train
from tests.support.shared import keep
from tests.support.tiny_heads import TUNING, command_words, heads_run, write_acted, write_corpora
from train.answers.metrics import area
from train.corpora import Corpus, load
from train.fitting import joint
from train.fitting.joint import gather
from train.measure import screen as screening
from train.measure.screen import Row, markdown_row, merge_answers, restricted_uar

ACTORS = tuple(range(1, 9))


def write_for_a_screen(folder: Path) -> None:
    write_corpora(folder, actors=ACTORS)
    # Strangers in the place of a corpus that is never trained on.
    write_acted(folder / "strangers", "01", ("neutral", "happy", "sad", "angry"), (21, 22))


@pytest.fixture(scope="module")
def folder() -> Path:
    return keep("corpora for a screen", write_for_a_screen)


def test_nobody_under_test_or_validation_and_no_stranger_is_learnt_from(folder, monkeypatch):
    seen, run = [], heads_run(folder)

    def spy(job, positions, work=gather):
        learnt = work(job, positions)
        seen.append((set(positions.tolist()), learnt))
        return learnt

    monkeypatch.setattr(joint, "gather", spy)
    strangers = load("ravdess", folder / "strangers")
    unseen = Corpus(strangers.info, strangers.clips)
    monkeypatch.setattr(screening, "VALIDATION_SPEAKERS", 2)
    rows = screening.screen(run, unseen, [1, 2])
    assert [row.fold for row in rows] == [1, 2]
    foreign = {clip.path for clip in unseen.clips}
    for fold, (positions, learnt) in zip(run.folds, seen, strict=False):
        assert not positions & set(fold.test.tolist())
        under_test = {run.clips[i].speaker for i in fold.test}
        speech, song, other = ({c.speaker for c in one.clips} for one in learnt)
        assert not speech & under_test
        assert len(speech) == len(ACTORS) - len(under_test) - 2
        assert song == speech
        assert other == {"AB0", "CD1"}
        assert not foreign & {clip.path for one in learnt for clip in one.clips}
    for row in rows:
        assert 0.0 <= row.accuracy <= 1.0
        assert row.nll > 0
        assert 0.0 <= row.auc_unseen <= 1.0
        assert row.uar == pytest.approx(row.uar_four)  # it has these four classes alone
    (alone,) = screening.screen(run, None, [2])
    assert alone.accuracy == rows[1].accuracy
    assert alone.uar is alone.auc_unseen is None


@pytest.mark.parametrize(
    ("overrides", "step"), [((), "summarise_clips"), ((TUNING,), "keep_lower_frames")]
)
def test_strangers_are_encoded_by_several_processes(folder, monkeypatch, overrides, step):
    calls = []
    for name in ("summarise_clips", "keep_lower_frames"):
        note = functools.partial(lambda name, *given, **how: calls.append((name, given, how)), name)
        monkeypatch.setattr(screening, name, note)
    monkeypatch.setattr(screening, "prepare_summaries", lambda run: None)

    def learn(*_):
        raise InterruptedError

    monkeypatch.setattr(screening, "learn_heads", learn)
    run, unseen = heads_run(folder, *overrides), load("ravdess", folder / "strangers")
    with pytest.raises(InterruptedError):
        screening.screen(run, unseen, [1])
    assert calls == [(step, (run, unseen.clips), {})]  # `quiet` would mean one process


def test_an_unknown_fold_is_named(folder):
    with pytest.raises(ConfigError, match="There is no fold 9"):
        screening.screen(heads_run(folder), None, [9])


def test_answers_are_restricted_and_calm_counts_as_neutral():
    answers = np.zeros((2, 8))
    answers[0, [0, 1, 2]] = 0.3, 0.3, 0.4
    answers[1, [4, 5]] = 0.4, 0.6
    truth = np.array([0, 4])
    assert restricted_uar(answers, truth, screening.FOUR) == pytest.approx(0.5)
    merged = merge_answers(answers)
    assert merged[0, 0] == pytest.approx(0.6)
    assert restricted_uar(merged, truth, screening.FOUR) == pytest.approx(1.0)
    assert merged[:, LABELS.index("calm")].tolist() == [0.0, 0.0]


def test_the_area_counts_pairs_and_half_of_equal_ones():
    lower, higher = np.array([0.0, 1.0, 5.0]), np.array([1.0, 6.0])
    pairs = [(a < b) + 0.5 * (a == b) for a in lower for b in higher]
    assert area(lower, higher) == pytest.approx(np.mean(pairs))


def test_a_row_says_mean_and_deviation():
    rows = [
        Row(1, 0.7, 0.9, 0.05, 0.5, 0.6, 0.1, 0.8),
        Row(2, 0.8, 0.7, 0.05, 0.5, 0.6, 0.1, 0.9),
    ]
    assert markdown_row(rows, "C") == (
        "| C | 75.0 ± 5.0 | 0.800 ± 0.100 | 0.050 ± 0.000 | 50.0 ± 0.0 | 60.0 ± 0.0 | "
        "0.100 ± 0.000 | 0.850 ± 0.050 |"
    )
    few = markdown_row([Row(1, 0.7, 0.9, 0.05)], "C")
    assert few == "| C | 70.0 ± 0.0 | 0.900 ± 0.000 | 0.050 ± 0.000 |  |  |  |  |"
    assert few.count("|") == 2 + len(screening.COLUMNS)


def test_the_command_prints_a_table_with_a_row_for_each_try(folder):
    words = ["screen", *command_words(folder), "--fold", "1"]
    words += ["--unseen", f"ravdess={folder / 'strangers'}"]
    words += ["--try", "heads.hidden.dropout=0.2;heads.linear.strength=0.01"]
    told = run_train(*words)
    assert told.returncode == 0, told.stderr[-2000:]
    head, line, first, second = told.stdout.splitlines()[-4:]
    assert head == "| default | " + " | ".join(screening.COLUMNS) + " |"
    assert line == "|---|" + "---:|" * len(screening.COLUMNS)
    figure = r"\d+\.\d+ ± 0\.0+"
    figures = rf"( {figure} \|){{{len(screening.COLUMNS)}}}"
    assert re.fullmatch(rf"\| as it is \|{figures}", first)
    changed = re.escape("heads.hidden.dropout=0.2; heads.linear.strength=0.01")
    assert re.fullmatch(rf"\| {changed} \|{figures}", second)


def test_a_recipe_without_heads_is_refused(folder):
    told = run_train("screen", "--corpus", f"ravdess={folder / 'ravdess'}", "--recipe", "tiny")
    assert told.returncode == 1
    assert "A screen is of a recipe with heads, and tiny has none" in told.stderr
