"""One process at a time works in a results folder, and a dead one keeps nobody out."""

import os
import signal
import subprocess
import sys

import pytest

from ser_core.errors import ConfigError
from train.data.folder_lock import LOCK, lock_folder

HOLD = """
import sys, time
from pathlib import Path
from train.data.folder_lock import lock_folder
with lock_folder(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(1_000)
"""


def test_the_second_one_is_told_who_is_the_first_until_that_is_killed(tmp_path):
    folder = tmp_path / "speaker"
    command = [sys.executable, "-c", HOLD, folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "locked\n"
        with (
            pytest.raises(ConfigError, match=f"worked in by process {first.pid}: wait"),
            lock_folder(folder),
        ):
            pass
        first.send_signal(signal.SIGKILL)
    assert (folder / LOCK).is_file()
    with lock_folder(folder):
        assert (folder / LOCK).read_text() == f"{os.getpid()}\n"
    assert list(folder.iterdir()) == []


def test_a_folder_in_which_nothing_was_done_is_not_left(tmp_path):
    with lock_folder(tmp_path / "speaker"):
        pass
    assert list(tmp_path.iterdir()) == []
