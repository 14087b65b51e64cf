"""Archives: every recording one row, whatever happens to the workers or to the command."""

import csv
import errno
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_core import DEFAULT_MODEL, LABELS
from ser_core.batch import BatchError, interrupts, run
from ser_core.batch import recordings as recordings_module
from ser_core.batch.addresses import public_address
from ser_core.batch.pool import WorkerPool
from ser_core.batch.recordings import (
    Recording,
    find_recordings,
    list_recordings,
    open_recording,
)
from ser_core.errors import ArgumentError, AudioFileError, AudioLengthError
from ser_core.recognizer import MAX_SECONDS
from ser_core.timeline.in_order import usable_cores
from tests.support.recordings import FIXTURES, call, make_many

ROOT = Path(__file__).parents[2]
MANY = 75
VOICES = ("speech_female.wav", "speech_male.wav", "speech_polish.wav")

# File systems for fsspec that do to a worker what a broken decoder may: end it, or hold it up, for
# ever or until a file is there.
DANGEROUS = """
import os, signal, time
import fsspec
from fsspec.spec import AbstractFileSystem

class Deadly(AbstractFileSystem):
    protocol = "deadly"
    def info(self, path, **options):
        return {"name": path, "type": "file", "size": 10}
    def cat_file(self, path, **options):
        os.kill(os.getpid(), signal.SIGKILL)

class Endless(Deadly):
    protocol = "endless"
    def cat_file(self, path, **options):
        time.sleep(600)

class Waiting(Deadly):
    protocol = "waiting"
    def cat_file(self, path, **options):
        while not os.path.exists(os.environ["SER_TEST_GATE"]):
            time.sleep(0.05)
        return b"no audio"

fsspec.register_implementation("deadly", Deadly, clobber=True)
fsspec.register_implementation("waiting", Waiting, clobber=True)
fsspec.register_implementation("endless", Endless, clobber=True)
"""


@pytest.fixture
def archive(tmp_path, fixtures) -> Path:
    """Five recordings in a folder with a subfolder, one of them no audio at all."""
    folder = tmp_path / "archive"
    (folder / "sub").mkdir(parents=True)
    for name in VOICES:
        shutil.copy(fixtures / name, folder / name)
    shutil.copy(fixtures / "speech.mp3", folder / "sub" / "talk.MP3")
    (folder / "broken.wav").write_bytes(b"RIFF, or so it says")
    (folder / "notes.txt").write_text("no recording", encoding="utf-8")
    (folder / "._speech.wav").write_bytes(b"what macOS leaves behind")
    return folder


@pytest.fixture
def many(tmp_path) -> Path:
    """A folder of recordings that keep two workers busy for seconds."""
    return make_many(tmp_path / "many", MANY, seconds=15)


@pytest.fixture
def dangerous(tmp_path, monkeypatch) -> None:
    """Let this process and every worker know DANGEROUS."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(DANGEROUS, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    exec(DANGEROUS, {})


def table(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def quiet(paths, out, **options):
    return run(paths, out, **({"workers": 1, "progress": False} | options))


def command(*arguments, limit: int | None = None, **options) -> subprocess.Popen:
    def prepare() -> None:
        heed_interrupts()
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "ser_core.batch", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
        **options,
    )


def heed_interrupts() -> None:
    """A shell that runs the tests in the background has them, and what they start, ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"it ended, or took too long: {process.communicate()}")
        time.sleep(0.005)


def test_every_recording_gets_the_answer_of_predict(archive, tmp_path, recognizer):
    summary = quiet([archive], tmp_path / "out.jsonl")
    rows = table(tmp_path / "out.jsonl")
    names = ["broken.wav", *VOICES, "sub/talk.MP3"]
    assert [row["path"] for row in rows] == [str(archive / name) for name in names]
    for row in rows[1:]:
        expected = recognizer.predict(row["path"])
        assert (row["status"], row["label"]) == (expected.status, expected.label)
        assert row["confidence"] == pytest.approx(expected.confidence, abs=1e-6)
        given = {label: row[f"prob_{label}"] for label in LABELS}
        assert given == pytest.approx(dict(expected.probabilities), abs=1e-6)
        assert (row["speech_seconds"], row["duration"]) == (
            expected.speech_seconds,
            expected.duration,
        )
        assert row["error"] is None
        assert row["size"] == os.path.getsize(row["path"])
    assert rows[0]["status"] == "error"
    assert rows[0]["error"].startswith("broken.wav ")
    assert rows[0]["label"] is None
    assert rows[0]["prob_sad"] is None
    assert {row["revision"] for row in rows} == {rows[0]["revision"]}
    assert summary.statuses["error"] == 1
    assert summary.statuses.total() == 5


def test_all_formats_hold_the_same_rows(archive, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    for name in ("out.jsonl", "out.csv", "out.parquet"):
        quiet([archive], tmp_path / name)
    rows = table(tmp_path / "out.jsonl")
    assert parquet.read_table(tmp_path / "out.parquet").to_pylist() == rows
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    as_text = [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]
    assert cells == as_text


@pytest.mark.parametrize("workers", [1, 3])
def test_any_number_of_workers_writes_the_same_bytes(archive, tmp_path, workers):
    quiet([archive], tmp_path / "two.csv", workers=2)
    quiet([archive], tmp_path / "other.csv", workers=workers)
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()


def test_segments_are_those_of_analyze(tmp_path, fixtures, recognizer):
    folder = tmp_path / "archive"
    folder.mkdir()
    voices = [soundfile.read(fixtures / name, dtype="float32")[0] for name in VOICES]
    pause = np.zeros(24_000, np.float32)
    talk = np.concatenate([piece for voice in voices * 2 for piece in (voice, pause)])
    soundfile.write(folder / "talk.wav", talk, 16_000)
    soundfile.write(folder / "silence.wav", np.zeros(32_000), 16_000)
    (folder / "broken.wav").write_bytes(b"RIFF, or so it says")
    whole = (folder / "talk.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[: len(whole) // 2])
    quiet([folder], tmp_path / "out.jsonl", rows="segments")
    rows = {name: [] for name in ("broken.wav", "cut.wav", "silence.wav", "talk.wav")}
    for row in table(tmp_path / "out.jsonl"):
        rows[Path(row["path"]).name].append(row)
    timeline = recognizer.analyze(folder / "talk.wav")
    assert len(timeline.segments) >= 6
    assert [(row["start"], row["end"], row["label"]) for row in rows["talk.wav"]] == [
        (segment.start, segment.end, segment.label) for segment in timeline.segments
    ]
    for row, segment in zip(rows["talk.wav"], timeline.segments, strict=True):
        given = {label: row[f"prob_{label}"] for label in LABELS}
        assert given == pytest.approx(dict(segment.probabilities), abs=1e-6)
        assert row["duration"] == pytest.approx(len(talk) / 16_000, abs=1e-3)
    assert [(row["status"], row["start"]) for row in rows["silence.wav"]] == [("no_speech", None)]
    assert [(row["status"], row["label"]) for row in rows["broken.wav"]] == [("error", None)]
    assert len(rows["cut.wav"]) > 1
    assert rows["cut.wav"][0]["status"] in ("emotion", "uncertain")
    assert rows["cut.wav"][-1]["status"] == "error"
    assert rows["cut.wav"][-1]["error"]


def test_longer_than_one_answer_is_pooled_over_its_windows(tmp_path, fixtures, recognizer):
    voice, rate = soundfile.read(fixtures / "speech_female.wav", dtype="int16")
    talk = np.tile(voice, int((MAX_SECONDS + 5) * rate / len(voice)) + 1)
    soundfile.write(tmp_path / "long.wav", talk, rate)
    quiet([tmp_path / "long.wav"], tmp_path / "out.jsonl", workers=1)
    (row,) = table(tmp_path / "out.jsonl")
    expected = recognizer.analyze(tmp_path / "long.wav").overall
    assert row["duration"] > MAX_SECONDS
    assert (row["status"], row["label"]) == (expected.status, expected.label)
    assert row["confidence"] == pytest.approx(expected.confidence, abs=1e-6)


def test_paths_are_files_folders_and_globs_each_recording_once(archive):
    names = ["broken.wav", *VOICES, "sub/talk.MP3"]
    everything = [str(archive / name) for name in names]
    listed = [archive, archive / "speech_male.wav", f"{archive}/**", f"{archive}/sub/../*.wav"]
    assert [r.path for r in find_recordings(listed)] == everything
    assert [r.path for r in find_recordings([f"{archive}/*.wav"])] == everything[:-1]
    assert [r.path for r in find_recordings([f"{archive}/s*b"])] == everything[-1:]
    assert [r.path for r in find_recordings([f"file://{archive}/sub"])] == everything[-1:]
    assert [r.path for r in find_recordings([archive / "notes.txt"])] == [
        str(archive / "notes.txt")
    ]
    bracket = archive / "take [1].wav"
    bracket.touch()
    assert [r.path for r in find_recordings([bracket])] == [str(bracket)]


@pytest.mark.parametrize("ending", ["w64", "sph", "mp2", "snd", "spx", "flv", "qta", "caf"])
def test_a_folder_is_searched_for_every_ending_that_is_read(archive, ending):
    (archive / f"memo.{ending}").touch()
    assert str(archive / f"memo.{ending}") in [r.path for r in find_recordings(archive)]


def test_a_pattern_that_somebody_typed_may_ask_for_any_name(archive):
    (archive / "sub" / "memo.dat").touch()
    memo, notes = str(archive / "sub" / "memo.dat"), str(archive / "notes.txt")
    assert [r.path for r in find_recordings(f"{archive}/**/*.dat")] == [memo]
    assert [r.path for r in find_recordings(f"{archive}/sub/[m]*")] == [memo]
    typed = [f"{archive}/n*", f"{archive}/s*/*.dat", memo]
    assert [r.path for r in find_recordings(typed)] == [notes, memo]


def test_what_is_passed_over_is_counted_with_why(archive, tmp_path):
    for name in ("a.json", "b.JSON", "README", "sub/notes.txt"):
        (archive / name).touch()
    (archive / ".cache").mkdir()
    os.symlink(tmp_path, archive / "elsewhere")  # with the archive in it: a way without end
    listing = list_recordings([archive, f"{archive}/**"])
    assert len(listing.recordings) == 5
    assert listing.passed_over == Counter(
        {".txt": 2, ".json": 2, "": 1, "hidden": 2, "linked folder": 1}
    )
    named = list_recordings([archive, archive / "a.json", f"{archive}/*.txt"])
    assert named.passed_over[".json"] == named.passed_over[".txt"] == 1
    summary = quiet([archive / "sub"], tmp_path / "out.jsonl")
    assert str(summary).endswith("; passed over by name: 1 .txt")
    with zipfile.ZipFile(tmp_path / "calls.zip", "w") as file:
        for path in archive.rglob("*.*"):
            file.write(path, path.relative_to(archive))
    zipped = list_recordings(f"zip://**::{tmp_path}/calls.zip")
    assert zipped.passed_over == Counter({".txt": 2, ".json": 2, "hidden": 1})
    typed = find_recordings(f"zip://*.txt::{tmp_path}/calls.zip")
    assert [r.path for r in typed] == [f"zip://notes.txt::{tmp_path}/calls.zip"]


def test_a_folder_without_recordings_says_what_is_in_it(tmp_path):
    (tmp_path / "take.xyz").touch()
    with pytest.raises(BatchError, match=r"matches no recording.*got none \(1 \.xyz passed over\)"):
        find_recordings(tmp_path)
    with pytest.raises(BatchError, match="An empty path matches no"):
        find_recordings("")


def test_one_path_may_stand_alone(archive):
    assert find_recordings(archive) == find_recordings(str(archive)) == find_recordings([archive])


def test_channels_apart_are_rows_that_say_whose_they_are(tmp_path, recognizer):
    (tmp_path / "calls").mkdir()
    soundfile.write(tmp_path / "calls" / "call.wav", call(rounds=1), 16_000)
    shutil.copy(FIXTURES / "speech_polish.wav", tmp_path / "calls" / "mono.wav")
    for engine_rows in ("out.csv", "out.jsonl"):
        out = tmp_path / engine_rows
        quiet([tmp_path / "calls"], out, rows="segments", channels="auto", workers=1)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert list(rows[0])[:4] == ["path", "start", "end", "speaker"]
    said = [row["speaker"] for row in rows if row["path"].endswith("call.wav")]
    timeline = recognizer.analyze(tmp_path / "calls" / "call.wav", channels="separate")
    assert said == [segment.speaker for segment in timeline.segments]
    assert set(said) == {"channel 1", "channel 2"}
    assert {row["speaker"] for row in rows if row["path"].endswith("mono.wav")} == {None}
    with pytest.raises(BatchError, match="other"):
        quiet([tmp_path / "calls"], out, rows="segments", channels="mix")


def test_channels_apart_need_rows_that_can_say_whose_they_are(archive, tmp_path):
    with pytest.raises(ArgumentError, match="is for rows segments"):
        run([archive], tmp_path / "out.csv", channels="auto")
    with pytest.raises(ArgumentError, match=r"^channels must be one of"):
        run([archive], tmp_path / "out.csv", rows="segments", channels="both")


@pytest.mark.parametrize(
    "argument", [{"workers": 0}, {"workers": 1.5}, {"timeout": 0}, {"rows": "all"}, {"engine": "x"}]
)
def test_an_argument_out_of_range_is_named_before_any_work(archive, tmp_path, argument):
    (name,) = argument
    with pytest.raises(ArgumentError, match=f"^{name} must be"):
        run([archive], tmp_path / "folder" / "out.csv", **argument)
    assert not (tmp_path / "folder").exists()


def test_relative_paths_become_absolute(archive, monkeypatch):
    monkeypatch.chdir(archive)
    assert [r.path for r in find_recordings(["sub"])] == [str(archive / "sub" / "talk.MP3")]


def test_a_name_that_is_no_text_is_a_row_all_the_same(archive, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    shutil.copy(archive / "speech_male.wav", os.fsencode(folder) + b"/caf\xe9.wav")
    quiet([folder], tmp_path / "out.csv")
    quiet([folder], tmp_path / "out.jsonl")
    (row,) = table(tmp_path / "out.jsonl")
    assert row["path"] == f"{folder}/caf\\xe9.wav"
    assert row["status"] == "emotion"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_odd_names_survive_a_table_that_is_gone_on_with(archive, tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="needs pyarrow")
    folder = tmp_path / "odd"
    folder.mkdir()
    names = [
        *(
            "a\rb.wav",
            "c\nd.wav",
            "e\r\nf.wav",
            'g"h,i.wav',
            "\r.wav",
            "j\u2028k.wav",
            "l\x85m.wav",
        ),
        *("n\tö.wav", " o .wav", "'p.wav", "q\\r.wav"),
    ]
    for name in names:
        (folder / name).write_bytes(b"no audio")
    (Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9\r.wav"))).write_bytes(b"no audio")
    out = tmp_path / f"out{suffix}"
    assert quiet([folder], out).statuses.total() == len(names) + 1
    before = out.read_bytes()
    again = quiet([folder], out)
    assert (again.kept, again.statuses.total()) == (len(names) + 1, 0)
    assert out.read_bytes() == before
    (folder / "z\r.wav").write_bytes(b"no audio")
    assert quiet([folder], out).kept == len(names) + 1


@pytest.mark.parametrize("path", ["nowhere.wav", "empty", "empty/*.wav"])
def test_a_path_that_matches_nothing_is_one_sentence_and_status_1(tmp_path, path):
    (tmp_path / "empty").mkdir()
    process = command(tmp_path / path, "--out", tmp_path / "out.csv")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == ""
    assert errors.count("\n") == 1
    assert f"{tmp_path / path} matches no recording" in errors
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("option", [("--workers", "0"), ("--timeout", "-1"), ("--timeout", "x")])
def test_options_out_of_range_say_what_they_expect(tmp_path, option):
    process = command(tmp_path, "--out", tmp_path / "out.csv", *option)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert re.search(f"{option[0]}: expected .*, got '{option[1]}'", errors)


def test_the_command_needs_no_docstrings():
    arguments = [sys.executable, "-OO", "-m", "ser_core.batch", "--help"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "an archive of recordings" in done.stdout


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("out.xlsx", "has no format"),
        ("s3://bucket/out.csv", "no local file"),
        ("folder.csv", "is a folder"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_any_work(archive, tmp_path, out, words):
    (tmp_path / "folder.csv").mkdir()
    place = out if "://" in out else tmp_path / out
    with pytest.raises(BatchError, match=words):
        quiet([archive], place)


@pytest.mark.parametrize("kind", ["pipe", "device", "loop"])
def test_an_output_that_is_no_file_is_refused_before_any_work(archive, tmp_path, kind):
    out = tmp_path / "out.csv"
    if kind == "pipe":
        os.mkfifo(out)
    else:
        os.symlink("/dev/null" if kind == "device" else out, out)
    words = "cannot be looked at" if kind == "loop" else "is a pipe or a device: expected a file"
    with pytest.raises(BatchError, match=f"^--out {out} {words}"):
        quiet([archive], out)
    assert sorted(os.listdir(tmp_path)) == ["archive", "out.csv"]


def test_an_output_that_is_a_link_is_written_where_it_leads(archive, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    table_file, out = tmp_path / "elsewhere" / "table", tmp_path / "out.jsonl"
    os.symlink("elsewhere/table", out)
    quiet([archive / "sub"], out)
    assert out.is_symlink()
    assert len(table(table_file)) == 1
    assert quiet([archive], out).kept == 1
    assert out.is_symlink()
    assert len(table(table_file)) == 5
    assert os.listdir(tmp_path / "elsewhere") == ["table"]
    assert sorted(os.listdir(tmp_path)) == ["archive", "elsewhere", "out.jsonl"]


def test_too_many_open_files_are_not_blamed_on_the_table(archive, tmp_path):
    process = command(archive, "--out", tmp_path / "out.csv", "--quiet", "--workers", 5, limit=16)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (1, "")
    (line,) = (line for line in errors.splitlines() if not line.startswith("INFO"))
    assert line == (
        "The run stopped (Too many open files): raise the limit with `ulimit -n 4096`, or use "
        "fewer --workers; the same command goes on where this one was."
    )


def test_a_table_that_cannot_be_written_is_named(archive, tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "out.csv"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(BatchError, match=r"out\.csv cannot be written \(No space left"):
            quiet([archive / "sub"], out)
    quiet([archive / "sub"], out)
    assert out.is_file()


@pytest.mark.slow
def test_killed_and_started_again_nothing_is_twice_and_nothing_lost(many, tmp_path):
    out, undisturbed = tmp_path / "out.csv", tmp_path / "undisturbed.csv"
    quiet([many], undisturbed, workers=2)
    arguments = (many, "--out", out, "--workers", 2, "--quiet")
    folder = tmp_path / "out.csv.parts"
    done: set[str] = set()
    for delay in (0.0, 0.2):
        before = set(folder.glob("part-*.jsonl"))
        process = command(*arguments)
        wait_for(lambda before=before: set(folder.glob("part-*.jsonl")) - before, process)
        time.sleep(delay)
        process.kill()
        process.communicate(timeout=60)
        assert not out.exists()
        parts = [part.read_text(encoding="utf-8") for part in folder.glob("part-*.jsonl")]
        lines = [json.loads(line)["path"] for part in parts for line in part.splitlines()]
        assert len(set(lines)) == len(lines) < MANY
        assert set(lines) > done
        done = set(lines)
    process = command(*arguments)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert f"{MANY - len(done)} recordings answered" in output
    assert f"{len(done)} kept from before" in output
    assert out.read_bytes() == undisturbed.read_bytes()
    assert not list(tmp_path.glob("out.csv.*"))


def test_killed_after_the_table_was_written_it_only_tidies_up(archive, tmp_path, monkeypatch):
    out = tmp_path / "out.csv"
    rename = os.rename

    def killed_at_the_parts(source, target) -> None:
        if str(source).endswith(".parts"):
            sys.exit("killed")
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", killed_at_the_parts)
        with pytest.raises(SystemExit):
            quiet([archive], out)
    before = out.read_bytes()
    assert list(tmp_path.glob("out.csv.parts/part-*.jsonl"))
    summary = quiet([archive], out)
    assert (summary.kept, summary.statuses.total()) == (5, 0)
    assert out.read_bytes() == before
    assert not list(tmp_path.glob("out.csv.*"))


@pytest.mark.slow
def test_interrupted_it_stops_its_workers_and_says_how_to_go_on(many, dangerous, tmp_path):
    # One recording keeps a worker waiting, so that the run cannot end before it is interrupted.
    arguments = (many, "waiting://gate.wav", "--out", tmp_path / "out.csv", "--workers", 2)
    gate = tmp_path / "gate"
    site = {"PYTHONPATH": str(tmp_path / "site"), "SER_TEST_GATE": str(gate)}
    process = command(*arguments, env=os.environ | site)
    wait_for(lambda: list(tmp_path.glob("out.csv.parts/part-*.jsonl")), process)
    workers = children(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.endswith("Stopped; the same command goes on where this one was.\n")
    assert "Traceback" not in errors
    assert len(workers) == 2
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    gate.touch()
    output, errors = command(*arguments, env=os.environ | site).communicate(timeout=300)
    assert " 0 kept" not in output
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        assert len({row["path"] for row in csv.DictReader(file)}) == MANY + 1


@pytest.mark.parametrize(
    ("module", "number"),
    [
        ("numpy", signal.SIGINT),
        ("ser_core.batch.pool", signal.SIGINT),
        ("ai_edge_litert.interpreter", signal.SIGINT),  # when the model is loaded
        ("ai_edge_litert.interpreter", signal.SIGTERM),
    ],
)
def test_interrupted_while_it_starts_it_ends_in_one_line(archive, tmp_path, module, number):
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import os, sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}:\n"
        f"            os.kill(os.getpid(), {number:d})\n"
        "sys.meta_path.insert(0, Interrupt())\n",
        encoding="utf-8",
    )
    process = command(archive, "--out", tmp_path / "o.csv", env=os.environ | {"PYTHONPATH": site})
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors.strip()) == (130, interrupts.STOPPED)


def test_workers_end_when_the_command_is_killed(many, tmp_path):
    process = command(many, "--out", tmp_path / "out.csv", "--workers", 2)
    wait_for(lambda: list(tmp_path.glob("out.csv.parts/part-*.jsonl")), process)
    workers = children(process.pid)
    process.kill()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while running := [pid for pid in workers if is_running(pid)]:
        assert time.monotonic() < deadline, running
        time.sleep(0.05)
    assert len(workers) == 2


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_parts_of_another_model_or_other_options_are_refused(archive, tmp_path):
    out = tmp_path / "out.csv"
    quiet([archive], out)
    with pytest.raises(BatchError, match="other columns"):
        quiet([archive], out, rows="segments")
    other = shutil.copytree(DEFAULT_MODEL, tmp_path / "pretrained")
    config = json.loads((other / "feature_config.json").read_text(encoding="utf-8"))
    config["uncertain_below"] = 0.99
    (other / "feature_config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(BatchError, match="another revision"):
        quiet([archive], out, model=other)
    before = out.read_bytes()
    folder = tmp_path / "out.csv.parts"
    folder.mkdir()
    manifest = {"format": 1, "model": "user/other", "revision": "abc", "rows": "files"}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BatchError, match="user/other"):
        quiet([archive], out)
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(BatchError, match=r"no parts of a run.*remove the folder"):
        quiet([archive], out)
    assert out.read_bytes() == before


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_finished_table_gets_what_is_new_and_what_changed(archive, tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="needs pyarrow")
    out, fresh = tmp_path / f"out{suffix}", tmp_path / f"fresh{suffix}"
    quiet([archive / "sub", archive / "broken.wav", archive / "speech_male.wav"], out)
    shutil.copy(archive / "speech_polish.wav", archive / "speech_male.wav")
    summary = quiet([archive], out)
    assert (summary.kept, summary.statuses.total()) == (2, 3)
    quiet([archive], fresh)
    assert out.read_bytes() == fresh.read_bytes()
    (archive / "speech_male.wav").unlink()
    summary = quiet([archive], out)
    assert (summary.kept, summary.statuses.total()) == (4, 0)
    assert out.read_bytes() == fresh.read_bytes()


def test_errors_are_answered_again_when_asked_for(archive, tmp_path):
    out = tmp_path / "out.jsonl"
    quiet([archive], out)
    assert quiet([archive], out).statuses.total() == 0
    summary = quiet([archive], out, retry_errors=True)
    assert dict(summary.statuses) == {"error": 1}
    assert len(table(out)) == 5


def test_a_foreign_file_is_never_overwritten(archive, tmp_path):
    (tmp_path / "mine.csv").write_text("name,age\nAda,36\n", encoding="utf-8")
    with pytest.raises(BatchError, match="not a table of this kind"):
        quiet([archive], tmp_path / "mine.csv")
    (tmp_path / "mine.jsonl").write_text("no JSON", encoding="utf-8")
    with pytest.raises(BatchError, match="not a table of this kind"):
        quiet([archive], tmp_path / "mine.jsonl")
    assert (tmp_path / "mine.csv").read_text(encoding="utf-8") == "name,age\nAda,36\n"


@pytest.mark.slow
def test_two_runs_at_once_are_one_too_many(many, tmp_path):
    process = command(many, "--out", tmp_path / "out.csv", "--workers", 1, "--quiet")
    wait_for((tmp_path / "out.csv.parts" / "part-000001.jsonl").exists, process)
    with pytest.raises(BatchError, match="Another run writes"):
        quiet([many], tmp_path / "out.csv")
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert f"{MANY} recordings answered" in output


@pytest.mark.slow
def test_a_killed_worker_costs_nothing(many):
    recordings = find_recordings([many])
    answered = []
    with WorkerPool(DEFAULT_MODEL, "files", count=2) as pool:
        for recording, rows in pool.answer(recordings):
            answered.append(recording)
            assert rows[0]["status"] != "error", rows
            if len(answered) in (10, 45):
                os.kill(pool.process_ids[0], signal.SIGKILL)
    assert sorted(r.path for r in answered) == [r.path for r in recordings]


def test_a_recording_that_kills_its_worker_becomes_a_row(archive, dangerous, tmp_path):
    out = tmp_path / "out.jsonl"
    summary = quiet([archive, "deadly://one.wav", "deadly://two.wav"], out)
    rows = {row["path"].rpartition("/")[2]: row for row in table(out)}
    assert len(rows) == 7
    for name in ("one.wav", "two.wav"):
        assert rows[name]["status"] == "error"
        assert "ended the process that read it, 2 times (status -9)" in rows[name]["error"]
    assert all(rows[name]["status"] != "error" for name in VOICES)
    assert summary.statuses["error"] == 3


def test_a_recording_that_takes_for_ever_becomes_a_row(archive, dangerous, tmp_path):
    quiet([archive, "endless://stuck.wav"], tmp_path / "out.jsonl", timeout=5)
    rows = {row["path"].rpartition("/")[2]: row for row in table(tmp_path / "out.jsonl")}
    assert "took longer than 5 s" in rows["stuck.wav"]["error"]
    assert all(rows[name]["status"] != "error" for name in VOICES)


def test_workers_that_cannot_start_end_the_run_with_a_sentence(archive, tmp_path):
    (tmp_path / "empty").mkdir()
    with (
        WorkerPool(tmp_path / "empty", "files", count=2) as pool,
        pytest.raises(BatchError, match="before they have loaded the model"),
    ):
        list(pool.answer(find_recordings([archive])))


def test_workers_have_one_thread_and_nothing_heavy(archive, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with WorkerPool(DEFAULT_MODEL, "files", count=2) as pool:
        assert len(list(pool.answer(find_recordings([archive])))) == 5
        for pid in pool.process_ids:
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            assert b"OMP_NUM_THREADS=1" in environment
            libraries = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
            assert "numpy" in libraries
            for heavy in ("pyarrow", "pandas", "tensorflow", "scipy"):
                assert f"/{heavy}/" not in libraries


def test_no_more_cores_than_this_process_may_use():
    assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))


def test_archives_inside_archives_are_read_through_fsspec(archive, tmp_path):
    with zipfile.ZipFile(tmp_path / "calls.zip", "w") as file:
        for path in archive.rglob("*.*"):
            file.write(path, path.relative_to(archive))
    quiet([f"zip://**::{tmp_path}/calls.zip"], tmp_path / "zip.jsonl")
    quiet([archive], tmp_path / "out.jsonl")
    zipped, plain = table(tmp_path / "zip.jsonl"), table(tmp_path / "out.jsonl")
    assert [row["path"] for row in zipped] == [
        f"zip://{Path(row['path']).relative_to(archive)}::{tmp_path}/calls.zip" for row in plain
    ]
    for one, other in zip(zipped, plain, strict=True):
        assert one["status"] == other["status"]
        assert one["prob_sad"] == other["prob_sad"]


def test_a_large_remote_file_goes_through_a_temporary_one(archive, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "calls.zip", "w") as file:
        file.write(archive / "speech_male.wav", "a.wav")
    (recording,) = find_recordings([f"zip://a.wav::{tmp_path}/calls.zip"])
    with open_recording(recording) as audio:
        content = audio
    monkeypatch.setattr(recordings_module, "MEMORY_BYTES", 1_000)
    with open_recording(recording) as audio:
        assert audio.tell() > 1_000
        audio.seek(0)
        assert audio.read() == content == (archive / "speech_male.wav").read_bytes()
    monkeypatch.setattr(recordings_module, "MAX_REMOTE_BYTES", 2_000)
    unknown = Recording(recording.path, recording.address, None, None)
    for one in (recording, unknown):
        with pytest.raises(AudioLengthError, match="too large"), open_recording(one):
            pytest.fail("it was fetched")
    gone = Recording("gone", f"zip://gone.wav::{tmp_path}/calls.zip", 5, None)
    with pytest.raises(AudioFileError, match="does not exist"), open_recording(gone):
        pytest.fail("it was fetched")


def test_a_data_set_on_the_hub_is_an_archive_and_its_token_stays_secret(
    hub, hub_process, archive, fixtures, tmp_path
):
    files = {f"calls/{name}": (fixtures / name).read_bytes() for name in VOICES}
    hub.repo("dataset", "user/voices", private=True).write(files | {"README.md": b"calls"})
    code = "import runpy; runpy.run_module('ser_core.batch', run_name='__main__')"
    arguments = ("hf://datasets/user/voices", "--out", tmp_path / "hub.jsonl", "--workers", "1")
    process = hub_process(code, *arguments)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    rows = table(tmp_path / "hub.jsonl")
    assert [row["path"] for row in rows] == [
        f"hf://datasets/user/voices/calls/{name}" for name in VOICES
    ]
    quiet([archive], tmp_path / "out.jsonl")
    plain = {Path(row["path"]).name: row for row in table(tmp_path / "out.jsonl")}
    for row in rows:
        assert row["prob_angry"] == plain[Path(row["path"]).name]["prob_angry"]
        assert row["version"]
    process = hub_process(code, *arguments)
    assert "3 kept from before" in process.communicate(timeout=300)[0]
    written = output + errors + (tmp_path / "hub.jsonl").read_text(encoding="utf-8")
    assert hub.token not in written


def test_secrets_in_an_address_are_not_shown():
    shown = public_address("https://user:pass@host/a.wav?id=5&X-Amz-Signature=abc&token=def#t")
    assert shown == "https://host/a.wav?id=5#t"
    assert public_address("s3://key:secret@bucket/a.wav") == "s3://bucket/a.wav"
    assert public_address("zip://a@b.wav::s3://bucket/x.zip") == "zip://a@b.wav::s3://bucket/x.zip"
    with pytest.raises(BatchError) as caught:
        find_recordings(["nosuch://user:pass@host/a.wav"])
    assert "pass" not in str(caught.value)


def test_a_missing_store_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(BatchError, match="s3fs for s3://"):
        find_recordings(["s3://bucket/calls/"])


def test_the_bar_shows_rate_and_time_left(archive, tmp_path):
    process = command(archive, "--out", tmp_path / "out.csv", "--workers", 1)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert re.search(r"5/5 \[\d\d:\d\d<\d\d:\d\d, +[\d.]+ files/s, [\d,]+ h of audio/h\]", errors)


def test_requirements_of_a_cluster_agree_with_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "requirements-cluster.txt").read_text(encoding="utf-8")
    lines = {line for line in text.splitlines() if not line.startswith("#")}
    extras = project["optional-dependencies"]
    needed = {*project["dependencies"], *extras["batch"], *extras["cluster"]}
    assert lines == needed - {"ser-core[batch]"}
