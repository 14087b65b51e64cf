"""The training system's commands for tests, each in a process of its own.

Importing TensorFlow takes longer than most of what tests ask of a command. So a server imports it
once, and every command is a fork of that server: a process of its own with its own environment,
exit status and output, that runs `python -m train` as a person does, with TensorFlow at hand.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.support.recordings import FIXTURES

ROOT = FIXTURES.parents[1]
TIMEOUT = 1_800  # [s] after which a command hangs, however busy the machine is
# What train/__main__.py sets before TensorFlow is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
_SERVER = multiprocessing.get_context("forkserver")
# Not huggingface_hub and what imports it, as that reads the environment when it is imported.
_SERVER.set_forkserver_preload(
    ["keras", "pyarrow.parquet", "pydantic", "scipy.signal", "sklearn.model_selection", "typer"]
)


def run_train(
    *words: object, environment: Mapping[str, str] = os.environ, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run `python -m train WORDS`.

    Args:
        *words: the command and its arguments.
        environment: all of its environment variables.
        folder: where it runs.

    Returns:
        Its exit status, and what it printed to stdout and stderr.
    """
    words = tuple(map(str, words))
    with tempfile.TemporaryDirectory() as aside:
        files = [Path(aside) / name for name in ("stdout", "stderr")]
        arguments = (words, dict(environment), folder, files)
        process = _SERVER.Process(target=_run, args=arguments)
        process.start()
        process.join(TIMEOUT)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, TIMEOUT)
        printed = [file.read_text(encoding="utf-8") for file in files]
    return subprocess.CompletedProcess(words, process.exitcode, *printed)


def start_train(*words: object) -> subprocess.CompletedProcess[str]:
    """Run `python -m train WORDS` as the shell does, with a Python of its own."""
    command = [sys.executable, "-m", "train", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=TIMEOUT)


def _run(
    words: tuple[str, ...], environment: dict[str, str], folder: Path, files: list[Path]
) -> None:
    """Become the command: what it prints goes into the files."""
    for descriptor, file in enumerate(files, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["train", *words]
    runpy.run_module("train", run_name="__main__", alter_sys=True)
