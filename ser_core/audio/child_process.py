"""A child process that answers messages, for work that may crash, hang or take all memory.

A message is a JSON value and a body of bytes, behind their lengths, over the child's standard input
and output. JSON and not pickle: a child that a stranger's file has taken over can send nothing
that runs here. The decoders of `isolate` and the workers of `ser_core.batch` speak it.
"""

import json
import os
import select
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import IO, Any
from weakref import WeakSet

from ser_core.audio.forks import reset_after_fork

_LENGTHS = struct.Struct("<IQ")  # [bytes] of the JSON text and of the body
_PIECE = 2**20  # [bytes] read or written at a time

STOP = {"stop": True}
"""The message that the rest of what a child is at is not wanted, and the answer to it."""

_started: WeakSet["ChildProcess"] = WeakSet()


class ChildProcess:
    """A child process, seen from its parent. One thread at a time may use it.

    A fork of the parent holds the same pipes; it closes its copies at once and leaves the child
    alone, so that only the process that started a child can talk to it or end it.

    Attributes:
        pid: int, the child's process id.
    """

    def __init__(
        self,
        module: str,
        *,
        environment: Mapping[str, str] | None = None,
        complaints: IO[bytes] | None = None,
    ) -> None:
        """Start `python -m module`.

        Args:
            module: importable from here, with a main function that talks through `Parent`.
            environment: variables set beside this process's own.
            complaints: file for what the child writes to its standard error; None for nowhere.
        """
        search_path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        self._owner = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            env={**os.environ, **(environment or {}), "PYTHONPATH": search_path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if complaints is None else complaints,
            bufsize=0,
            process_group=0,  # Ctrl-C is for the parent alone, which then ends its children
        )
        to_child, from_child = self._process.stdin, self._process.stdout
        assert to_child is not None  # both are pipes, as asked for
        assert from_child is not None
        self._to_child, self._from_child = to_child, from_child
        self.pid = self._process.pid
        _started.add(self)

    @property
    def is_ours(self) -> bool:
        """Whether this very process started the child, and not the one that it was forked from."""
        return self._owner == os.getpid()

    def fileno(self) -> int:
        """Return what `multiprocessing.connection.wait` waits on; POSIX only."""
        return self._from_child.fileno()

    def send(self, content: Any, body: bytes = b"") -> None:
        """Send a message; that the child is gone is noticed when it should answer.

        Args:
            content: anything that JSON holds.
            body: bytes, of any length.
        """
        with suppress(OSError):
            _write_message(self._to_child, content, body)

    def receive(self, patience: float | None = None) -> tuple[Any, bytes]:
        """Wait for the next message.

        Args:
            patience: float > 0 [s], after which the child is killed; None to wait for ever.

        Returns:
            What the child sent: the JSON value and the body.

        Raises:
            EOFError: the child is gone.
            TimeoutError: no message was complete in time.
        """
        if patience is None:
            return _read_message(self._from_child)
        is_late = threading.Event()

        def give_up() -> None:
            is_late.set()
            self._process.kill()

        timer = threading.Timer(patience, give_up)
        timer.start()
        try:
            return _read_message(self._from_child)
        except EOFError as error:
            if is_late.is_set():
                raise TimeoutError(f"no answer within {patience:g} s") from error
            raise
        finally:
            timer.cancel()

    def end(self) -> int:
        """End the child, whatever it is doing; returns its exit status, 0 for another's child."""
        status = 0
        if self.is_ours:
            self._process.kill()
            status = self._process.wait()
        self._close()
        return status

    def _close(self) -> None:
        for pipe in (self._to_child, self._from_child):
            with suppress(OSError):
                pipe.close()


class Parent:
    """The process that started this one, seen from its child.

    Iterate over it for the messages, until the parent is gone.
    """

    def __init__(self) -> None:
        """Take standard input and output; whatever else is printed here goes nowhere."""
        self._from_parent = os.fdopen(os.dup(0), "rb", buffering=0)
        self._to_parent = os.fdopen(os.dup(1), "wb", buffering=0)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1):
            os.dup2(nowhere, descriptor)
        os.close(nowhere)

    def __iter__(self) -> Iterator[tuple[Any, bytes]]:
        with suppress(EOFError):
            while True:
                yield _read_message(self._from_parent)

    def has_message(self) -> bool:
        """Whether one has begun to arrive; never so on Windows, whose pipes do not say."""
        try:
            return bool(select.select([self._from_parent], [], [], 0)[0])
        except OSError:
            return False

    def send(self, content: Any, body: bytes = b"") -> None:
        """Send a message; ends this process where nobody is there to read it."""
        try:
            _write_message(self._to_parent, content, body)
        except BrokenPipeError:
            sys.exit()


def _write_message(pipe: IO[bytes], content: Any, body: bytes) -> None:
    text = json.dumps(content).encode()
    unwritten = memoryview(_LENGTHS.pack(len(text), len(body)) + text + body)
    while unwritten:
        unwritten = unwritten[pipe.write(unwritten[:_PIECE]) :]


def _read_message(pipe: IO[bytes]) -> tuple[Any, bytes]:
    length, body_length = _LENGTHS.unpack(_read_exactly(pipe, _LENGTHS.size))
    return json.loads(_read_exactly(pipe, length)), _read_exactly(pipe, body_length)


def _read_exactly(pipe: IO[bytes], size: int) -> bytes:
    """Read `size` bytes; raises EOFError where the other side is gone before."""
    pieces = []
    while size:
        try:
            piece = pipe.read(min(size, _PIECE))
        except (OSError, ValueError):  # closed, here or there
            piece = b""
        if not piece:
            raise EOFError
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


@reset_after_fork
def _leave_children_to_the_parent() -> None:
    """Close, in a process just forked, its copies of the pipes to its parent's children."""
    for child in list(_started):
        child._close()
    _started.clear()
