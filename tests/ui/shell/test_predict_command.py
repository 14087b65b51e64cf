"""`ser predict`: a line a file, whatever the files are and whoever reads the lines."""

import csv
import io
import json
import os
from pathlib import Path

import pytest

from ser_core import EmotionRecognizer
from ser_core.batch import rows
from tests.support.shell import ROOT, run_ser

CLIP = Path("tests/fixtures/speech_female.wav")


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands run in: a recording with a plain name, and a text."""
    (tmp_path / "calls").mkdir()
    (tmp_path / "calls" / "a.wav").write_bytes((ROOT / CLIP).read_bytes())
    (tmp_path / "calls" / "notes.txt").write_text("no recording")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_line_a_file_says_what_predict_says(recognizer: EmotionRecognizer) -> None:
    other = CLIP.with_name("speech_male.wav")
    done = run_ser("predict", CLIP, other)
    expected = [f"{path}: {recognizer.predict(path)}" for path in (CLIP, other)]
    assert done == (0, "".join(f"{line}\n" for line in expected), "")


def test_top_says_how_many_emotions_are_named(recognizer: EmotionRecognizer) -> None:
    prediction = recognizer.predict(CLIP)
    assert run_ser("predict", "--top", 1, CLIP).out == f"{CLIP}: {prediction.describe(1)}\n"
    assert prediction.describe(1).count("0.") < prediction.describe(8).count("0.")
    (line,) = run_ser("predict", "--json", "--top", 2, CLIP).out.splitlines()
    assert list(json.loads(line)["probabilities"].items()) == prediction.top(2)


@pytest.mark.parametrize("top", ["0", "-1", "1.5", "many"])
def test_a_top_of_nothing_is_wrong_usage(top: str) -> None:
    done = run_ser("predict", "--top", top, CLIP)
    assert (done.status, done.out) == (2, "")
    assert "Invalid value for '--top'" in done.err


def test_json_is_an_object_a_file(recognizer: EmotionRecognizer) -> None:
    done = run_ser("predict", "--json", CLIP, "missing.wav")
    first, second = map(json.loads, done.out.splitlines())
    assert first == {"path": str(CLIP), **recognizer.predict(CLIP).to_dict()}
    assert (second["path"], second["status"]) == ("missing.wav", "error")
    assert second["error"].startswith("missing.wav does not exist")
    assert (done.status, done.err) == (1, "")


def test_csv_has_the_rows_of_an_archive(recognizer: EmotionRecognizer) -> None:
    done = run_ser("predict", "--csv", CLIP, "missing.wav")
    first, second = csv.DictReader(io.StringIO(done.out))
    row = rows.prediction_row(recognizer.predict(CLIP))
    assert {name: first[name] for name in row} == {
        name: "" if value is None else str(value) for name, value in row.items()
    }
    assert second["error"].startswith("missing.wav does not exist")
    assert done.status == 1


def test_two_forms_at_once_are_wrong_usage() -> None:
    assert run_ser("predict", "--csv", "--json", CLIP).status == 2
    done = run_ser("predict", "--csv", "--top", 2, CLIP)
    assert (done.status, done.out) == (2, "")
    assert "--top is for lines" in done.err


def test_one_bad_file_stops_no_other(folder: Path) -> None:
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("no audio at all")
    done = run_ser("predict", "empty.wav", "calls", "text.wav", "gone.wav", "calls/a.wav")
    assert done.status == 1
    assert [line.partition(":")[0] for line in done.out.splitlines()] == ["calls/a.wav"] * 2
    assert [line.split()[0] for line in done.err.splitlines()] == [
        *("empty.wav", "text.wav", "gone.wav")
    ]


def test_a_fault_says_which_of_two_files_of_one_name(folder: Path) -> None:
    (folder / "calls" / "b.wav").touch()
    done = run_ser("predict", "calls/b.wav")
    assert done.err.startswith("calls/b.wav: b.wav is empty")


def test_folders_and_patterns_are_searched_and_a_file_counts_as_often_as_it_is_named(
    folder: Path,
) -> None:
    for name in ("calls", "calls/*.wav", "**/a.wav", "calls/../calls/a.wav"):
        done = run_ser("predict", name)
        shown = name if name.endswith("/a.wav") and "*" not in name else "calls/a.wav"
        assert (done.status, done.out.partition(":")[0]) == (0, shown)
    done = run_ser("predict", folder / "calls")
    assert done.out.startswith(f"{folder}/calls/a.wav: ")
    assert len(run_ser("predict", *(["calls/a.wav"] * 3)).out.splitlines()) == 3


def test_a_folder_or_a_pattern_without_recordings_is_a_sentence(folder: Path) -> None:
    (folder / "none").mkdir()
    done = run_ser("predict", "none", "*.flac", "calls")
    assert (done.status, len(done.out.splitlines())) == (1, 1)
    assert [line.split()[0] for line in done.err.splitlines()] == ["none", "*.flac"]
    assert done.err.count("matches no recording") == 2


ODD = {
    "new\nline.wav": r"new\nline.wav",
    "escape\x1b[31m\x07.wav": r"escape\x1b[31m\x07.wav",
    "right\u202eto-left.wav": r"right\u202eto-left.wav",
    os.fsdecode(b"bytes\xff.wav"): r"bytes\xff.wav",
    "żółć.wav": "żółć.wav",
    "[red]x.wav": "[red]x.wav",
}


@pytest.mark.parametrize("name", ODD)
def test_no_name_does_anything_to_the_output(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / "calls" / "a.wav").read_bytes())
    done = run_ser("predict", name, f"missing {name}")
    assert done.out.startswith(f"{ODD[name]}: ")
    assert done.err.startswith(f"missing {ODD[name]} ")
    assert len(done.out.splitlines()) == len(done.err.splitlines()) == 1
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    assert json.loads(run_ser("predict", "--json", name).out)["path"] == text
    (row,) = csv.DictReader(io.StringIO(run_ser("predict", "--csv", name).out, newline=""))
    assert row["path"] == text


@pytest.mark.parametrize("name", ["=1+1.wav", "+1.wav", "@x.wav", "-x.wav"])
def test_no_name_is_a_formula_in_a_spreadsheet(folder: Path, name: str) -> None:
    (folder / name).touch()
    done = run_ser("predict", "--csv", "--", name, f"{name}.gone")
    for row in csv.DictReader(io.StringIO(done.out)):
        assert row["path"].startswith(f"./{name}")
        assert row["error"].startswith(f"./{name}")
    assert Path(f"./{name}").exists()


def test_standard_input_is_a_recording(recognizer: EmotionRecognizer) -> None:
    done = run_ser("predict", "-", "-", stdin=CLIP.read_bytes())
    assert done == (0, f"-: {recognizer.predict(CLIP)}\n" * 2, "")


@pytest.mark.parametrize(("stdin", "words"), [(b"", "is empty"), (None, "input is closed")])
def test_standard_input_without_a_recording_is_a_sentence(stdin: bytes | None, words: str) -> None:
    done = run_ser("predict", "-", CLIP, stdin=stdin)
    assert (done.status, len(done.out.splitlines())) == (1, 1)
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def test_a_pipe_that_a_shell_names_is_read(recognizer: EmotionRecognizer) -> None:
    read, write = os.pipe()
    if os.fork() == 0:
        os.close(read)
        with open(write, "wb") as pipe:
            pipe.write(CLIP.read_bytes())
        os._exit(0)
    os.close(write)
    done = run_ser("predict", f"/dev/fd/{read}")
    os.close(read)
    assert done.out == f"/dev/fd/{read}: {recognizer.predict(CLIP)}\n"


def test_a_bug_is_a_sentence_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, recognizer: EmotionRecognizer
) -> None:
    def fail(_: object, audio: str, __: object) -> None:
        raise KeyError(audio)

    monkeypatch.setattr(rows, "predict_any_length", fail)
    done = run_ser("predict", CLIP, CLIP)
    assert (done.status, done.out) == (1, "")
    assert done.err.count("(unexpected KeyError); please report it") == 2
    assert "Traceback" not in done.err
    monkeypatch.setenv("SER_DEBUG", "1")
    done = run_ser("predict", CLIP)
    assert "Traceback" in done.err
    assert done.err.splitlines()[-1].startswith("Unexpected KeyError")
    assert done.status == 1


@pytest.mark.parametrize(
    ("model", "words"),
    [("tests", "is no model repository of ours"), ("no/such model", "no such model")],
)
def test_a_model_that_is_none_is_one_sentence(model: str, words: str) -> None:
    done = run_ser("predict", CLIP, "--model", model)
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
