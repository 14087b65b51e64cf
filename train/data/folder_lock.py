"""One process at a time works in a results folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ser_core.errors import ConfigError

LOCK = ".lock"  # holds the process's number while it works, and goes with its end


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Keep a folder to this process until the block ends; of a dead process no lock is left.

    Args:
        folder: made if need be.

    Raises:
        ConfigError: another process works in it.
    """
    is_new = not folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / LOCK
    lock = FileLock(file, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ConfigError(
            f"{folder} is being worked in by {_holder(file)}: wait for its end, or give another "
            "folder."
        ) from None
    try:
        file.write_text(f"{os.getpid()}\n", encoding="ascii")
        yield
    finally:
        file.unlink(missing_ok=True)
        lock.release()
        if is_new:
            with suppress(OSError):  # there is something in it now
                folder.rmdir()


def _holder(file: Path) -> str:
    try:
        return f"process {int(file.read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        return "another process"
