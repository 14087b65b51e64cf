"""Ctrl-C: one line and exit status 130, whatever a command is doing.

For the batch command, the command line `ser`, and `train`. Imports nothing of the house, so that a
command can ask for it before it imports what takes time.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

STATUS = 128 + signal.SIGINT
STOPPED = "Stopped; the same command goes on where this one was."


def stop_while_importing(sentence: str = STOPPED) -> None:
    """Let Ctrl-C end this process at once, while there is nothing that could be left half done.

    Args:
        sentence: what is said then.
    """

    def stop(*_: object) -> NoReturn:
        os.write(2, f"{sentence}\n".encode())
        os._exit(STATUS)

    if _may_be_interrupted():
        signal.signal(signal.SIGINT, stop)


def run_until_interrupted(command: Callable[[], None], sentence: str = STOPPED) -> None:
    """Run a command; where Ctrl-C ends it, say so in one line and exit with STATUS.

    The first Ctrl-C is a KeyboardInterrupt, so that what is half written goes; a second one does
    not wait for that. Libraries turn that exception into others of theirs, or complain from where
    none can be raised: neither is shown.

    Args:
        command: what to run, in the main thread.
        sentence: what is said where it was interrupted.

    Raises:
        SystemExit: it was interrupted.
    """
    interrupted = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        interrupted.set()
        signal.signal(signal.SIGINT, lambda *_: os._exit(STATUS))
        sys.unraisablehook = lambda _: None
        threading.excepthook = lambda _: None
        raise KeyboardInterrupt

    if _may_be_interrupted():
        signal.signal(signal.SIGINT, interrupt)
    try:
        command()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):  # of another signal
            interrupted.set()
        is_success = isinstance(error, SystemExit) and not error.code
        if not interrupted.is_set() or is_success:
            raise
    if interrupted.is_set():
        print(f"\n{sentence}", file=sys.stderr)  # progress bars leave the cursor in their line
        raise SystemExit(STATUS)


def _may_be_interrupted() -> bool:
    """Whether Ctrl-C counts: whoever starts a process in the background may have it ignored."""
    return signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
