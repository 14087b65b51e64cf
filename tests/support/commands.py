"""The training system's commands for tests, each in a process of its own.

Importing TensorFlow takes longer than most of what tests ask of a command. So a server imports it
once, and every command is a fork of that server: a process of its own with its own environment,
exit status and output, that runs `python -m train` as a person does, with TensorFlow at hand. The
processes that a command starts afresh are forks as well, of the command as it was at its beginning.
"""

import fcntl
import json
import multiprocessing
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from itertools import pairwise
from multiprocessing import util
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
    _set_fork_server_aside()
    sys.argv = ["train", *words]
    runpy.run_module("train", run_name="__main__", alter_sys=True)


def _set_fork_server_aside() -> None:
    """Fork this process, and let the fork be the fork server that this one may start.

    One that is started as usual would import TensorFlow once more. It has to be forked now, as
    nothing can be forked any more once TensorFlow has run.
    """
    ours, theirs = socket.socketpair()
    aside = os.fork()
    if not aside:
        _wait_to_serve(theirs, ours)
    theirs.close()
    start_afresh = util.spawnv_passfds

    def start(path: str, words: Sequence[str], passed: Sequence[int]) -> int:
        if "multiprocessing.forkserver" not in words[-1]:
            return start_afresh(path, words, passed)
        util.spawnv_passfds = start_afresh
        socket.send_fds(ours, [json.dumps([words[-1], passed]).encode()], passed)
        ours.close()
        return aside

    util.spawnv_passfds = start


def _wait_to_serve(orders: socket.socket, other_end: socket.socket) -> None:
    """Run what a new Python is told to, with the descriptors it is passed and no other."""
    try:
        other_end.close()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        told, descriptors, *_ = socket.recv_fds(orders, 2**16, 8)
        if told:
            code, numbers = json.loads(told)
            # As low as they can be, since many systems allow 1,024 and no more.
            first = 1 + max([2, *numbers, *descriptors])
            high = [fcntl.fcntl(one, fcntl.F_DUPFD, first) for one in descriptors]
            for below, above in pairwise([2, *high, os.sysconf("SC_OPEN_MAX")]):
                os.closerange(below + 1, above)
            for one, number in zip(high, numbers, strict=True):
                os.dup2(one, number)
                os.close(one)
            exec(code, {})
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    finally:
        os._exit(0)
