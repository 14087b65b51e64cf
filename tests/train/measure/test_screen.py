"""A screen of a linear head over a tiny encoder, from clips to a table."""

import re

import numpy as np
import pytest

from ser_core.emotions import LABELS
from tests.support.commands import run_train
from tests.support.tiny_encoder import TINY, write_tiny_encoder
from tests.support.tiny_training import make_corpus
from train.corpora import Clip, Corpus, ravdess, ravdess_song
from train.measure import screen as screening
from train.measure.screen import (
    HeadSettings,
    Row,
    Summaries,
    markdown_row,
    merge_answers,
    restricted_uar,
)


def heard(tmp_path, module, actors, labels):
    """A corpus whose summaries say the emotion and the speaker."""
    rng = np.random.default_rng(1)
    clips, rows = [], []
    for actor in actors:
        offset = rng.normal(0, 1, 12)
        for label in labels:
            for take in range(2):
                name = f"{module.INFO.name}-{actor}-{label}-{take}.wav"
                gender = "male" if actor % 2 else "female"
                clip = Clip(tmp_path / name, name, module.INFO.name, label, f"{actor:02d}", gender)
                clips.append(clip)
                rows.append(4 * np.eye(8, 12)[LABELS.index(label)] + offset)
    rows = np.array(rows, dtype=np.float32) + rng.normal(0, 0.3, (len(rows), 12))
    return Summaries(Corpus(module.INFO, tuple(clips)), rows.astype(np.float32))


def test_nobody_under_test_or_validation_is_trained_on_in_speech_or_song(tmp_path, monkeypatch):
    trained = []

    def spy(training, settings, fit=screening._fit):
        trained.append([{one.clips[i].speaker for i in chosen} for one, chosen in training])
        return fit(training, settings)

    monkeypatch.setattr(screening, "_fit", spy)
    judged = heard(tmp_path, ravdess, range(1, 25), LABELS)
    song = heard(tmp_path, ravdess_song, range(1, 25), ravdess_song.INFO.labels)
    rows = screening.screen(judged, [song], None, HeadSettings(strength=0.01), seeds=(1, 2))
    assert [(row.fold, row.seed) for row in rows] == [(f, s) for f in range(1, 6) for s in (1, 2)]
    for speech, sung in trained:
        assert len(speech) in (14, 15)
        assert sung == speech
    assert np.mean([row.accuracy for row in rows]) > 0.8
    assert all(row.uar is None for row in rows)


def test_answers_are_restricted_and_calm_counts_as_neutral():
    answers = np.zeros((2, 8))
    answers[0, [0, 1, 2]] = 0.3, 0.3, 0.4
    answers[1, [4, 5]] = 0.4, 0.6
    truth = np.array([0, 4])
    assert restricted_uar(answers, truth, screening.FOUR) == pytest.approx(0.5)
    merged = merge_answers(answers)
    assert merged[0, 0] == pytest.approx(0.6)
    assert restricted_uar(merged, truth, screening.FOUR) == pytest.approx(1.0)


def test_a_row_says_mean_and_deviation():
    rows = [Row(1, 1, 0.7, 0.9, 0.5, 0.6, 0.1), Row(2, 1, 0.8, 0.7, 0.5, 0.6, 0.1)]
    assert (
        markdown_row(rows, "C")
        == "| C | 75.0 ± 5.0 | 0.800 ± 0.100 | 50.0 ± 0.0 | 60.0 ± 0.0 | 0.100 ± 0.000 |"
    )
    assert markdown_row([Row(1, 1, 0.7, 0.9)], "C") == "| C | 70.0 ± 0.0 | 0.900 ± 0.000 |  |  |  |"


def test_the_command_prints_a_table(tmp_path):
    encoder = write_tiny_encoder(tmp_path / "tiny.onnx")
    make_corpus(tmp_path / "corpus", actors=(1, 2, 3, 4, 5, 6, 7, 8))
    words = ["screen", "--recipe", "large", "--corpus", f"ravdess={tmp_path / 'corpus'}"]
    words += ["--encoder", str(encoder), "--cache", str(tmp_path / "cache")]
    words += ["--strength", "0.01", "--invariance", "0", "--invariance", "1"]
    for value in TINY:
        words += ["--set", value]
    told = run_train(*words)
    assert told.returncode == 0, told.stderr
    first, second = told.stdout.splitlines()[-2:]
    assert re.match(r"\| 0\.01, 0 \| \d+\.\d ± \d+\.\d \| ", first)
    assert re.match(r"\| 0\.01, 1 \| \d+\.\d ± \d+\.\d \| ", second)
