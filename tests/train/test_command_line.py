"""The command line: every command there is, and nothing heavy imported to say so."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ser_core import DEFAULT_MODEL
from ser_core.model.files import CARD
from train.__main__ import app

COMMANDS = {
    "fit", "compare", "evaluate", "robustness", "forms", "metrics", "adaptation", "together",
    "waveform", "figures", "audit", "card", "check", "publish", "publish-space", "publish-dataset",
    "speech-gate", "diarisation", "calls", "corpus",
}  # fmt: skip
HEAVY = ("keras", "tensorflow", "sklearn", "scipy", "pandas", "datasets", "plotly", "gradio")


def test_help_names_every_command():
    shown = CliRunner().invoke(app, ["--help"], terminal_width=80)
    assert shown.exit_code == 0
    names = {words[1] for line in shown.output.splitlines() if len(words := line.split()) > 2}
    assert names >= COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_says_what_it_does(command):
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_the_command_line_imports_nothing_heavy():
    code = f"import sys, train.__main__; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_corpus_given_wrongly_ends_diarisation_with_a_sentence():
    command = [sys.executable, "-m", "train", "diarisation", "--corpus", "ravdess"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "given as NAME=PATH" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def records(tmp_path) -> Path:
    """All of the embedded model that is no weights, which a card is made of."""
    weights = shutil.ignore_patterns("*.h5", "*.tflite")
    return Path(shutil.copytree(DEFAULT_MODEL, tmp_path / "records", ignore=weights))


@pytest.mark.parametrize("command", ["card", "publish-space"])
def test_a_full_disk_ends_a_command_with_a_sentence(records, tmp_path, command):
    """One that writes, whose error names nothing, and one that copies, whose names the source."""
    words = {
        "card": [records, "--out", tmp_path / "card.md"],
        "publish-space": ["--repo", "user/space", "--dry-run", "--out", tmp_path / "space"],
    }[command]
    code = (
        "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000)); "
        "runpy.run_module('train', run_name='__main__', alter_sys=True)"
    )
    before = (records / CARD).read_bytes()
    called = [sys.executable, "-c", code, command, *map(str, words)]
    done = subprocess.run(called, capture_output=True, text=True)
    assert done.returncode == 1
    (sentence,) = (line for line in done.stderr.splitlines() if line.startswith("error"))
    assert sentence.startswith("error: The disk is full")
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"records"}
    assert (records / CARD).read_bytes() == before
