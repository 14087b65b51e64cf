"""The command line `ser` as a person runs it, in this process or in a fork of it."""

import io
import os
import select
import signal
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from unittest import mock

from ser_core.ui.shell import named_recordings
from ser_core.ui.shell.program import run_program
from tests.support.live_processes import PATIENCE
from tests.support.recordings import FIXTURES

ROOT = FIXTURES.parents[1]


class Ended(NamedTuple):
    """What became of a command: its exit status, and what it printed."""

    status: int
    out: str
    err: str


def run_ser(*words: object, stdin: bytes | None = None) -> Ended:
    """Run `ser WORDS` in this process, with streams of its own.

    Args:
        *words: the command and its arguments.
        stdin: what is piped into it; None for no standard input.
    """
    piped = None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin))
    named_recordings._input.clear()
    kept, streams = [os.dup(number) for number in (1, 2)], (sys.stdout, sys.stderr)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        for number, file in ((1, out), (2, err)):
            os.dup2(file.fileno(), number)
        sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8")
        try:
            with (
                mock.patch.object(sys, "argv", ["ser", *map(str, words)]),
                mock.patch.object(sys, "stdin", piped),
            ):
                status = _status()
        finally:
            sys.stderr.flush()
            for number, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, number)
                os.close(copy)
            sys.stdout, sys.stderr = streams
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return Ended(status, *texts)


def _status() -> int:
    try:
        run_program()
    except SystemExit as error:
        return _as_status(error.code)
    return 0


def _as_status(code: str | int | None) -> int:
    """Do what Python does at the end of a process: a sentence is printed, and is status 1."""
    if isinstance(code, str):
        print(code, file=sys.stderr)
        return 1
    return code or 0


class ForkedSer:
    """`ser WORDS` in a fork of this process, in which the model is loaded already.

    Attributes:
        process: int, its number.
    """

    def __init__(
        self,
        *words: object,
        streams: Mapping[int, int | None] = MappingProxyType({}),
        folder: Path = ROOT,
        encoding: str = "utf-8",
        **variables: str,
    ) -> None:
        """Start it.

        Args:
            *words: the command and its arguments.
            streams: what its streams are, by their numbers: a descriptor, or None for a closed one;
                standard input is empty, and the other two are pipes, unless they are here.
            folder: where it runs.
            encoding: of its locale.
            **variables: environment variables.
        """
        pipes = {number: os.pipe() for number in (1, 2) if number not in streams}
        nothing = os.open(os.devnull, os.O_RDONLY)
        given = {0: nothing} | {number: write for number, (_, write) in pipes.items()} | streams
        self._read = {number: read for number, (read, _) in pipes.items()}
        self.process = os.fork()
        if not self.process:
            status = 255
            try:
                _become(given, encoding)
                os.environ.update(variables)
                os.chdir(folder)
                sys.argv = ["ser", *map(str, words)]
                status = _run_main()
            finally:
                os._exit(status)
        for descriptor in (nothing, *(write for _, write in pipes.values())):
            os.close(descriptor)

    def read_line(self) -> str:
        """Read the first line of standard output."""
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self._read[1], 1) or b"\n"
        return line.decode()

    def end(self) -> Ended:
        """Wait for it to end."""
        pieces: dict[int, list[bytes]] = {1: [], 2: []}
        open_ones = {read: number for number, read in self._read.items()}
        while open_ones:
            ready, _, _ = select.select([*open_ones], [], [], PATIENCE)
            assert ready, "the command hangs"
            for read in ready:
                piece = os.read(read, 65_536)
                pieces[open_ones[read]].append(piece)
                if not piece:
                    os.close(read)
                    del open_ones[read]
        _, status = os.waitpid(self.process, 0)
        texts = [b"".join(pieces[number]).decode() for number in (1, 2)]
        return Ended(os.waitstatus_to_exitcode(status), *texts)


def _become(streams: Mapping[int, int | None], encoding: str) -> None:
    """Take descriptors for the standard streams, as a process does that starts with them."""
    copies = {k: None if given is None else os.dup(given) for k, given in streams.items()}
    for number, copy in copies.items():
        if copy is None:
            os.close(number)
        else:
            os.dup2(copy, number)
            os.close(copy)
    modes = {0: "r", 1: "w", 2: "w"}
    made = [
        None if copies[k] is None else os.fdopen(k, mode, encoding=encoding, closefd=False)
        for k, mode in modes.items()
    ]
    sys.stdin, sys.stdout, sys.stderr = made
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _run_main() -> int:
    from ser_core.__main__ import main

    status = 0
    try:
        main()
    except SystemExit as error:
        status = _as_status(error.code)
    except BaseException:
        traceback.print_exc()
        status = 254
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    return status
