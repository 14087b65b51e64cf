"""Archives answered in other labels than the model's."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ser_core import EmotionRecognizer
from ser_core.batch import run
from ser_core.batch.output_table import read_table, write_table
from ser_core.batch.recordings import find_recordings
from ser_core.errors import ArgumentError, BatchError
from ser_core.timeline.exports.delimited import csv_text
from tests.support.commands import ROOT
from tests.support.frame_models import write_frame_model

ASKED = {"labels": ["calm", "sad", "angry"], "group": {"negative": ["sad", "angry"]}}


@pytest.fixture
def archive(tmp_path: Path, fixtures: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    shutil.copy(fixtures / "speech.flac", folder)
    (folder / "broken.wav").write_bytes(b"RIFF, or so it says")
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_frame_model(tmp_path / "model")


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_table_has_a_column_for_each_label_that_was_asked_for(
    archive: Path, model: Path, tmp_path: Path
) -> None:
    options = {"model": model, "workers": 1, "progress": False}
    out = tmp_path / "files.jsonl"
    run([archive], out, **options, **ASKED)
    broken, row = rows_of(out)
    said = EmotionRecognizer.from_pretrained(model).predict(row["path"], **ASKED)
    assert [name for name in row if name.startswith("prob_")] == ["prob_calm", "prob_negative"]
    assert (row["label"], row["status"]) == (said.label, said.status)
    assert row["prob_negative"] == pytest.approx(said.probabilities["negative"], abs=1e-6)
    assert broken["status"] == "error"
    assert row["revision"].endswith(" (calm, negative = sad + angry)")
    assert run([archive], out, **options, **ASKED).kept == 2
    with pytest.raises(BatchError, match="other columns"):
        run([archive], out, **options)
    # Two groups of the same names that are made of other labels are another table, too.
    groups = [{"a": ["neutral", "calm"], "b": ["sad"]}, {"a": ["neutral"], "b": ["calm", "sad"]}]
    names = ["neutral", "calm", "sad"]
    run([archive], tmp_path / "a.jsonl", **options, labels=names, group=groups[0])
    with pytest.raises(BatchError, match="of a run with other options"):
        run([archive], tmp_path / "a.jsonl", **options, labels=names, group=groups[1])


def test_a_tilde_is_the_home_folder(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("~/archive", "~/archive/*.flac", Path("~/archive/speech.flac")):
        assert str(archive / "speech.flac") in [one.path for one in find_recordings([path])]


def test_segments_are_in_these_labels(archive: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "segments.jsonl"
    run([archive], out, model=model, workers=1, progress=False, rows="segments", **ASKED)
    assert {row["label"] for row in rows_of(out)} <= {"calm", "negative", None}


def test_wrong_labels_are_said_before_any_work(archive: Path, model: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="no label of this model"):
        run([archive], tmp_path / "out.csv", model=model, labels=["mad", "sad"])
    assert not list(tmp_path.glob("out.csv*"))


def test_the_command_takes_them_too(archive: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "ser_core.batch", archive, "--out", out, "--model", model]
    command += ["--quiet", "--workers", "1", "--labels", "calm,sad, angry", "--group"]
    done = subprocess.run(
        [*command, "negative=sad,angry"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert [name for name in rows_of(out)[1] if name.startswith("prob_")] == [
        "prob_calm",
        "prob_negative",
    ]
    failed = subprocess.run([*command, "negative"], cwd=ROOT, capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr == "A group is NAME=LABEL,LABEL, such as bad=angry,sad; got 'negative'.\n"


def test_a_label_is_no_formula(tmp_path: Path) -> None:
    columns = {"path": str, "label": str, "likely": str, "notes": str}
    row = {"path": "-a.wav", "label": "=1+1", "likely": "@sum;calm", "notes": "=b.wav has"}
    write_table(tmp_path / "out.csv", columns, [row, dict.fromkeys(columns, "-1")])
    first, second = read_table(tmp_path / "out.csv", columns)
    assert list(first.values()) == ["./-a.wav", "'=1+1", "'@sum;calm", "./=b.wav has"]
    assert set(second.values()) == {"-1"}
    assert csv_text(["label"], [{"label": "=1+1"}], for_spreadsheets=True) == "label\n'=1+1\n"
