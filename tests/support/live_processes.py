"""Processes that tests start, stop and count."""

import os
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 900.0  # [s] for what takes seconds on a machine with nothing else to do


def is_alive(process: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def of_session(session: int) -> list[int]:
    """List the living processes of a session, which is called like its first process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        process = int(folder.name)
        try:
            if os.getsid(process) == session and is_alive(process):
                found.append(process)
        except ProcessLookupError:
            continue
    return found


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait for something that takes as long as the machine is busy."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
