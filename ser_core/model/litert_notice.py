"""LiteRT's line about its own start, which no setting turns off, kept out of a command's output."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

NOTICE = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
"""What LiteRT writes to standard error when a process first prepares a network."""

_ERRORS = 2  # the descriptor of standard error


@contextmanager
def without_notice() -> Iterator[None]:
    """Hold back what is written to standard error, and pass all of it on at the end but the notice.

    For commands, in which nothing else happens meanwhile: the descriptor is the whole process's.
    Where it cannot be held back, nothing is.
    """
    try:
        kept = os.dup(_ERRORS)
    except OSError:  # there is none
        yield
        return
    try:
        held = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
    except OSError:  # no room for it
        os.close(kept)
        yield
        return
    with held:
        _flush()
        os.dup2(held.fileno(), _ERRORS)
        try:
            yield
        finally:
            _flush()
            os.dup2(kept, _ERRORS)
            held.seek(0)
            if rest := held.read().replace(NOTICE, b""):
                with os.fdopen(kept, "wb") as errors:
                    errors.write(rest)
            else:
                os.close(kept)


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
