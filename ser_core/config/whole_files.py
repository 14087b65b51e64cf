"""Files and folders that are whole or not there, however the process that writes them ends.

What is unfinished stands beside its place, under a name that says who writes it, and takes its
place in one step. What processes that were killed left behind is deleted when the next one begins
to write into the same folder.
"""

import errno
import os
import re
import secrets
import shutil
import socket
import stat
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

_NAME = re.compile(r"(?s)\.unfinished-([0-9a-f]{8})-(\d{1,9})-([0-9a-f]{8})[0-9a-f]{8}-.+")
_TOKEN = secrets.token_hex(4)  # tells this process from a former one of the same number
_LONGEST_ENDING = 40  # characters of a file's name, so that all fit where 255 bytes do
_ABANDONED = 86_400.0  # [s] after which another machine's process is taken to be dead


@contextmanager
def write_whole(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Give a name to write under, which becomes `path` when all went well.

    Several processes may write one file at the same time: each gets a name of its own, and the last
    one to end wins. A link is followed, and permissions are what the umask says.

    Args:
        path: the file; its folder is made if need be.
        durable: whether it must outlast a power cut as well, which takes milliseconds.

    Yields:
        Path in the same folder, with the same suffixes, which nobody else has.

    Raises:
        OSError: it cannot be written, or is there and no regular file; what was there stays.
    """
    path = Path(os.path.realpath(path))
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        raise FileExistsError(errno.EEXIST, "It is there already, and no regular file", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with _place_in(path.parent, path.name) as unfinished:
        try:
            yield unfinished
            if durable:
                settle(unfinished)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        if durable:
            settle(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8 with lines as they are, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    with write_whole(path) as unfinished:
        unfinished.write_bytes(content)


@contextmanager
def write_whole_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill, which becomes `path` when all went well.

    Args:
        path: no more than an empty folder is there; the folder that holds it is made if need be.

    Yields:
        Path of an empty folder beside it, which nobody else has.

    Raises:
        OSError: it cannot be written, or is there and not empty.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with _place_in(path.parent, path.name) as unfinished:
        unfinished.mkdir()
        try:
            yield unfinished
            os.rename(unfinished, path)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def temporary_folder(inside: Path | None = None) -> Iterator[Path]:
    """Give an empty folder that only this user may enter, and delete it in the end.

    As `tempfile.TemporaryDirectory`; but what a process that was killed left of it goes with the
    next one.

    Args:
        inside: the folder that holds it; None for the system's own for temporary files.
    """
    parent = Path(tempfile.gettempdir()) if inside is None else inside
    with _place_in(parent, "folder") as unfinished:
        unfinished.mkdir(mode=0o700)
        try:
            yield unfinished
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _place_in(folder: Path, name: str) -> Iterator[Path]:
    """Give an unused path in a folder, after what killed processes left there is deleted."""
    process = os.getpid()
    _sweep(process, folder)
    writer = f"{_host()}-{process}-{_TOKEN}{secrets.token_hex(4)}"
    yield folder / f".unfinished-{writer}-{name[-_LONGEST_ENDING:]}"


@cache
def _sweep(process: int, folder: Path) -> None:
    """Delete what processes that are no more left in a folder, once in each that writes there."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in list(entries):  # some file systems pass over others where one is deleted
            match = _NAME.fullmatch(entry.name)
            if match is None or not _is_abandoned(entry, match[1], int(match[2]), match[3]):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with suppress(OSError):
                    os.unlink(entry.path)


def _is_abandoned(entry: "os.DirEntry[str]", host: str, process: int, token: str) -> bool:
    if host != _host() or os.name != "posix":  # elsewhere, a signal of 0 is none that only asks
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED
    if process == os.getpid():  # a container that started anew gives the same numbers again
        return token != _TOKEN
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:  # another user's
        return False
    return False


def _host() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def settle(path: Path) -> None:
    """Wait until a file's content, or a folder's list of files, outlasts a power cut."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise
    finally:
        os.close(descriptor)
