"""The corpus commands, on small made-up corpora: what they say, and what they write."""

import csv
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.own_corpus import write_folders
from tests.support.recordings import FIXTURES
from train import __main__ as command_line


def run(monkeypatch, *words) -> int:
    """Run the command line as `python -m train` does, and return its exit status."""
    monkeypatch.setattr(sys, "argv", ["train", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        command_line.main()
    return end.value.code or 0


def make_emodb(root):
    """Four recordings of 0.5 to 2 s, and two copies of the first."""
    (root / "wav").mkdir(parents=True)
    for number, name in enumerate(("03a01Fa", "08a01Fa", "10a02Wa", "16b10La"), start=1):
        soundfile.write(root / "wav" / f"{name}.wav", np.zeros(8000 * number), 16_000)
    for copy in ("copy", "other"):
        shutil.copytree(root / "wav", root / copy, ignore=lambda *_: {"16b10La.wav"})
    for name in ("08a01Fa", "10a02Wa"):
        (root / "other" / f"{name}.wav").unlink()
    return root


def test_corpus_info_counts_and_writes_a_table_and_a_page(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "kaleido", None)  # a Chrome takes seconds to start
    root = make_emodb(tmp_path / "emodb")
    out = tmp_path / "new" / "out"
    assert run(monkeypatch, "corpus", "info", f"emodb={root}", "--out", out) == 0
    told = capsys.readouterr().out
    assert "emodb: EmoDB, the Berlin Database of Emotional Speech" in told
    assert "licence CC-BY-4.0, https://zenodo.org/records/7447302" in told
    table = told.split("\n\n")[1].splitlines()
    assert [line.split() for line in table] == [
        ["female", "male", "total"],
        ["happy", "1", "1", "2"],
        ["angry", "0", "1", "1"],
        ["clips", "1", "2", "3"],
        ["speakers", "1", "2", "3"],
    ]
    assert "0.00 h in all; clips last 0.50 to 1.50 s, the median is 1.00 s." in told
    assert "Left out, because their label is none of the eight classes: 1 boredom." in told
    assert "4 further files are second copies of these and were left out." in told
    assert "There is no PNG of the picture, because kaleido 1 or newer is not installed." in told
    with (out / "emodb_metadata.csv").open(encoding="utf-8", newline="") as lines:
        listed = list(csv.DictReader(lines))
    assert len(listed) == 3
    # The folder that comes first by name is the one that is kept.
    assert listed[0] == {
        "file": "03a01Fa.wav",
        "path": "copy/03a01Fa.wav",
        "corpus": "emodb",
        "emotion": "happy",
        "speaker": "03",
        "gender": "male",
        "statement": "a01",
        "intensity": "",
        "seconds": "0.5",
    }
    page = (out / "emodb_distribution.html").read_text(encoding="utf-8")
    assert "<h1>EmoDB, the Berlin Database of Emotional Speech: 3 clips</h1>" in page
    assert page.count("Plotly.newPlot(") == 2
    assert "1.5 to 2 s" in page
    # The script is in the page, not at an address on the network.
    assert not re.search(r"<script[^>]*src=", page)
    assert not (out / "emodb_distribution.png").exists()


def test_corpus_info_counts_recordings_of_one_s_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "kaleido", None)
    root = write_folders(tmp_path / "talks", ("bored", "engaged", "noise"), ("ada", "ben"))
    shutil.copy(FIXTURES / "speech.m4a", root / "bored" / "cy_1.m4a")  # libsndfile reads none
    (tmp_path / "map.toml").write_text('drop = ["noise"]\n[labels]\nbored = "bored"\n')
    words = ("corpus", "info", f"talks={root}", "--out", tmp_path / "out")
    words += ("--label-map", tmp_path / "map.toml", "--speaker-from", "/([a-z]+)_")
    assert run(monkeypatch, *words) == 1
    assert "does not know the label 'engaged'" in capsys.readouterr().err
    assert run(monkeypatch, *words, "--drop-unknown") == 0
    said = capsys.readouterr()
    assert "talks: 5 recordings, 3 speakers, 1 label: bored 5." in said.err
    assert "Left out by their label: 4 engaged, 4 noise." in said.out
    assert [line.split() for line in said.out.split("\n\n")[1].splitlines()] == [
        ["unknown", "total"],
        ["bored", "5", "5"],
        ["clips", "5", "5"],
        ["speakers", "3", "3"],
    ]
    with (tmp_path / "out" / "talks_metadata.csv").open(encoding="utf-8", newline="") as lines:
        assert next(csv.DictReader(lines))["path"] == "bored/ada_0.wav"


def test_options_of_one_s_own_recordings_are_none_of_known_corpora(tmp_path, monkeypatch, capsys):
    root = make_emodb(tmp_path / "emodb")
    words = ("corpus", "info", f"emodb={root}", "--label-column", "emotion")
    assert run(monkeypatch, *words) == 1
    said = capsys.readouterr().err
    assert "are of recordings of one's own, and emodb has a layout that is known" in said


def test_corpus_info_tells_of_intensities_and_shared_speakers(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "kaleido", None)
    for emotion, intensity in (("01", "01"), ("05", "01"), ("05", "02")):
        name = f"03-01-{emotion}-{intensity}-01-01-01.wav"
        soundfile.write(tmp_path / name, np.zeros(4800), 48_000)
    assert run(monkeypatch, "corpus", "info", f"ravdess={tmp_path}", "--out", tmp_path) == 0
    told = capsys.readouterr().out
    assert "Intensity: 1 normal, 1 strong, 1 without." in told
    assert "the same people, under the same names, as in ravdess_song." in told
    assert "eft out" not in told


def test_corpus_info_names_recordings_that_are_none(tmp_path, monkeypatch, capsys):
    root = make_emodb(tmp_path / "emodb")
    broken = root / "copy" / "08a01Fa.wav"
    broken.write_bytes(b"")
    assert run(monkeypatch, "corpus", "info", f"emodb={root}", "--out", tmp_path / "out") == 1
    told = capsys.readouterr()
    assert told.err.startswith("error: 1 of 3 files cannot be read as audio, the first of them ")
    assert str(broken) in told.err
    assert told.out == ""
    assert not (tmp_path / "out").exists()


def test_corpus_info_says_where_it_cannot_write(tmp_path, monkeypatch, capsys):
    root = make_emodb(tmp_path / "emodb")
    (tmp_path / "file").touch()
    words = ("corpus", "info", f"emodb={root}", "--out", tmp_path / "file")
    assert run(monkeypatch, *words) == 1
    assert "file cannot take the table and the picture (File exists)" in capsys.readouterr().err


def test_without_a_chrome_there_is_no_png_and_the_reason_is_said(tmp_path, monkeypatch, capsys):
    if importlib.util.find_spec("kaleido") is None:
        pytest.skip("needs the package kaleido")
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    root = make_emodb(tmp_path / "emodb")
    assert run(monkeypatch, "corpus", "info", f"emodb={root}", "--out", tmp_path) == 0
    assert "because kaleido finds no Chrome or Chromium that runs" in capsys.readouterr().out
    assert (tmp_path / "emodb_distribution.html").is_file()


@pytest.mark.slow
def test_with_a_chrome_the_picture_is_a_png_too(tmp_path, monkeypatch, capsys):
    chrome = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if importlib.util.find_spec("kaleido") is None or not Path(chrome).exists():
        pytest.skip("needs the package kaleido and Chromium")
    monkeypatch.setenv("BROWSER_PATH", chrome)
    root = make_emodb(tmp_path / "emodb")
    assert run(monkeypatch, "corpus", "info", f"emodb={root}", "--out", tmp_path) == 0
    picture = tmp_path / "emodb_distribution.png"
    assert str(picture) in capsys.readouterr().out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 5000


def test_the_commands_import_nothing_heavy_until_they_run():
    code = (
        "import sys, train.commands.corpus; "
        "print({'plotly', 'pandas', 'kaleido', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
