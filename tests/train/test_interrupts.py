"""Ctrl-C in any command: one line and status 130, whatever libraries make of it."""

import os
import signal
import subprocess
import sys

import pytest

from ser_core.batch.interrupts import STOPPED
from tests.support.commands import ROOT
from tests.support.live_processes import PATIENCE

COMMAND = """
import os, signal, sys, threading, time
from ser_core.batch.interrupts import run_until_interrupted

def be_interrupted():
    print("begun", flush=True)
    time.sleep(1_000)

def turn_it_into_another():
    try:
        be_interrupted()
    except KeyboardInterrupt as error:
        raise RuntimeError("a library failed") from error

def leave_with_another_status():
    try:
        be_interrupted()
    except KeyboardInterrupt:
        sys.exit(1)

def complain_while_ending():
    class Loud:
        def __del__(self):
            raise ValueError("in a finaliser")
    loud = Loud()
    threading.Thread(target=lambda: time.sleep(0.2) or 1 / 0).start()
    be_interrupted()

def hang_while_ending():
    try:
        be_interrupted()
    finally:
        os.kill(os.getpid(), signal.SIGINT)  # a second one
        time.sleep(1_000)

run_until_interrupted(globals()[sys.argv[1]])
"""
NAMES = [line[4:].partition("(")[0] for line in COMMAND.splitlines() if line.startswith("def ")]


def interrupt(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Interrupt a process once it has begun; returns its status and what it printed to stderr."""
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors


def start(*words: str, **options) -> subprocess.Popen[str]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, *words], text=True, cwd=ROOT, **pipes, **options)


@pytest.mark.parametrize("name", NAMES)
def test_whatever_it_is_doing_it_ends_with_one_line_and_130(name):
    status, errors = interrupt(start("-c", COMMAND, name))
    assert status == 130
    if name != "hang_while_ending":  # which is not waited for
        assert errors.strip().splitlines() == [STOPPED]


def test_a_command_that_is_to_ignore_it_does():
    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    process = start("-c", COMMAND, "be_interrupted", preexec_fn=ignore)
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.kill()
    process.communicate()


def test_it_counts_from_the_first_import_on(tmp_path):
    module = tmp_path / "typer.py"  # what is imported first
    module.write_text('import time; print("begun", flush=True); time.sleep(1_000)')
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    process = start("-P", "-c", RUN, env=environment)
    status, errors = interrupt(process)
    assert status == 130
    assert errors.startswith("Stopped; ")
    assert len(errors.splitlines()) == 1


RUN = f"""
import runpy, sys
sys.path.append({str(ROOT)!r})
sys.argv = ["train", "corpus", "info", "ravdess=nowhere"]
runpy.run_module("train", run_name="__main__", alter_sys=True)
"""
