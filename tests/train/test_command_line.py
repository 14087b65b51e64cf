"""The command line: every command there is, and nothing heavy imported to say so."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

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
