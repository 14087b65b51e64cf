"""What commands print on: terminals, pipes that may close, and names that may hold anything."""

import errno
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from ...errors import SpeechEmotionError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress

CLOSED_PIPE = 141  # status of a command whose reader has gone, as shells report SIGPIPE

_INPUT, _OUTPUT, _ERRORS = range(3)
_BYTES = 0xDC00  # where Python places bytes of a file's name that are no text


class OutputError(SpeechEmotionError, OSError):
    """Standard output takes no more."""


class Output(io.TextIOWrapper):
    """Standard output that ends the command in silence once nobody reads it any more.

    Whatever cannot be encoded is written as its code.
    """

    def write(self, text: str, /) -> int:
        """Write text."""
        try:
            return super().write(text)
        except OSError as error:
            self._end(error)

    def flush(self) -> None:
        """Write what is held back."""
        try:
            super().flush()
        except OSError as error:
            self._end(error)

    def _end(self, error: OSError) -> NoReturn:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _OUTPUT)  # for what is still held back
        os.close(nowhere)
        if error.errno == errno.EPIPE:
            raise SystemExit(CLOSED_PIPE)
        raise OutputError(
            f"Standard output cannot be written to ({error.strerror}): nothing more is answered."
        ) from error


def prepare_streams() -> None:
    """Make the three standard streams usable, also where whoever started the command closed one.

    A file that is opened later would get the number of a stream that is closed, and be written to.
    """
    for number, mode in ((_INPUT, os.O_WRONLY), (_OUTPUT, os.O_RDONLY), (_ERRORS, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # what reads or writes the first two fails
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout = Output(
        open(_OUTPUT, "wb", closefd=False),  # noqa: SIM115
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=os.isatty(_OUTPUT),
    )
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal on which lines may move."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def printable(name: str) -> str:
    r"""Spell a name in one line: codes for control characters and bytes that are no text.

    >>> printable("a\nb\x1b[2J.wav")
    'a\\nb\\x1b[2J.wav'
    """
    return "".join(c if c.isprintable() else _code(c) for c in name)


def _code(character: str) -> str:
    """Give a character's code; of what stands for a byte that is no text, the byte's."""
    byte = ord(character) - _BYTES
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else repr(character)[1:-1]


def print_data(text: str) -> None:
    """Print what programs read: as UTF-8, whatever the locale, and with line ends as they are."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    sys.stdout.write(text)


def print_json_line(value: Any) -> None:
    """Print a line of JSON Lines at once, as who reads them may wait for each."""
    print_data(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def complain(sentence: str) -> None:
    """Print a sentence about what went wrong to standard error, in one line whatever it names."""
    print(printable(sentence), file=sys.stderr)


def console(stream: TextIO | None = None) -> "Console":
    """Return rich's console of a stream, of standard output unless another is given."""
    from rich.console import Console

    return Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False)


class Board:
    """Where lines of answers go: above a progress bar on a terminal, or plainly into a pipe.

    Attributes:
        is_terminal: bool, whether answers are printed for somebody who looks on.
    """

    def __init__(self, progress: "Progress | None", *, is_terminal: bool) -> None:
        """Print above `progress`, if there is one."""
        self.is_terminal = is_terminal
        self._progress = progress
        self._task = None if progress is None else progress.add_task("")

    def print_answer(self, line: "RenderableType") -> None:
        """Print to standard output."""
        if isinstance(line, str) and not self.is_terminal:
            print(line, flush=True)
            return
        from rich.text import Text

        screen = console() if self._progress is None else self._progress.console
        screen.print(line, soft_wrap=isinstance(line, str | Text))

    def print_fault(self, line: str) -> None:
        """Print to standard error."""
        if self._progress is not None and sys.stderr.isatty():
            self._progress.console.print(printable(line), style="red", soft_wrap=True)
        else:
            complain(line)

    def advance(self, *, done: float, total: float, words: str = "") -> None:
        """Say how much is done."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=total, description=words)


@contextmanager
def board(*, moving: bool) -> Iterator[Board]:
    """Give a Board.

    Args:
        moving: whether there is enough to do for a progress bar, which stands on standard error,
            or, where that is the same terminal, below the answers.
    """
    looks_on = is_terminal(sys.stdout)
    if not (moving and is_terminal(sys.stderr)):
        yield Board(None, is_terminal=looks_on)
        return
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns: list[Any] = [BarColumn(), TextColumn("{task.percentage:3.0f} %"), Remaining()]
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        *columns,
        console=console(sys.stdout if looks_on else sys.stderr),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with bar:
        yield Board(bar, is_terminal=looks_on)
