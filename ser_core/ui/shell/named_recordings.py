"""What is named on a command line: files, folders, patterns, addresses, standard input."""

import glob
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO

from ...audio.forks import reset_after_fork
from ...batch.addresses import is_address
from ...batch.recordings import MAX_REMOTE_BYTES, Recording, list_recordings, open_recording
from ...errors import AudioFileError, AudioLengthError, BatchError, SpeechEmotionError

INPUT = "-"
"""How standard input is named."""

_COPY_BYTES = 1_000_000  # [bytes] at a time


@dataclass(frozen=True, slots=True)
class Named:
    """One recording that is to be answered.

    Attributes:
        name: str, what it is called in answers: as it was typed, or below the folder that was.
        source: a path; None for standard input; a Recording behind an address; or the error that
            was all there is to be found under that name.
    """

    name: str
    source: str | Recording | SpeechEmotionError | None


def list_named(names: Iterable[str]) -> list[Named]:
    """List what was named, in that order, each as often as it was.

    A file may be called anything. Folders are searched to the bottom for what is called as
    recordings are, and so are patterns in quotes and fsspec's addresses; see
    `ser_core.batch.recordings.list_recordings`.

    Args:
        names: as typed; "-" is standard input.
    """
    return [one for name in names for one in _list_one(name)]


def _list_one(name: str) -> Iterator[Named]:
    if name == INPUT:
        yield Named(name, None)
        return
    is_pattern = glob.has_magic(name) and not os.path.lexists(name)
    if not (os.path.isdir(name) or is_pattern or is_address(name)):
        yield Named(name, name)
        return
    try:
        found = list_recordings(name).recordings
    except BatchError as error:
        yield Named(name, error)
        return
    here = os.getcwd()
    for recording in found:
        if is_address(recording.address):
            yield Named(recording.path, recording)
        elif os.path.isabs(name):
            yield Named(recording.address, recording.address)
        else:
            yield Named(os.path.relpath(recording.address, here), recording.address)


@contextmanager
def open_named(named: Named) -> Iterator[str | bytes | BinaryIO]:
    """Give what the recognizer takes: a path, bytes, or a file that can be read twice.

    Raises:
        SpeechEmotionError: it cannot be had; the sentence says why.
    """
    if isinstance(named.source, SpeechEmotionError):
        raise named.source
    if isinstance(named.source, Recording):
        with open_recording(named.source) as audio:
            yield audio
    elif named.source is None:
        yield _standard_input()
    elif _is_pipe(named.source):  # such as a shell's <(command)
        with open(named.source, "rb") as pipe, tempfile.TemporaryFile() as copy:
            yield _copied(pipe, copy, named.name)
    else:
        yield named.source


_input: list[BinaryIO] = []  # what was read of standard input, for who names it twice


@reset_after_fork
def _leave_input_to_the_parent() -> None:
    """Forget the copy: a fork would move the place where its parent reads."""
    _input.clear()


def _standard_input() -> BinaryIO:
    if not _input:
        if sys.stdin is None:
            raise AudioFileError(
                "Standard input is closed: expected a recording; pipe one in, or name a file."
            )
        if sys.stdin.isatty():
            raise AudioFileError(
                "Standard input is a terminal: expected a recording; pipe one in "
                "(cat clip.wav | ser predict -), or name a file."
            )
        copy = tempfile.TemporaryFile()  # noqa: SIM115
        _input.append(_copied(sys.stdin.buffer, copy, "Standard input"))
    _input[0].seek(0)
    return _input[0]


def _copied(stream: IO[bytes], copy: IO[bytes], name: str) -> BinaryIO:
    """Copy what comes through a pipe into a temporary file, which can be read twice."""
    try:
        while piece := stream.read(_COPY_BYTES):
            copy.write(piece)
            if copy.tell() > MAX_REMOTE_BYTES:
                raise AudioLengthError(
                    f"{name} is too large: expected at most {MAX_REMOTE_BYTES / 1e9:g} GB through "
                    "a pipe, got more; name a file."
                )
    except OSError as error:
        if isinstance(error, SpeechEmotionError):
            raise
        raise AudioFileError(
            f"{name} cannot be read ({error.strerror}): name a file instead."
        ) from error
    copy.seek(0)
    return copy  # type: ignore[return-value]  # which has all that a BinaryIO has


def _is_pipe(path: str) -> bool:
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
