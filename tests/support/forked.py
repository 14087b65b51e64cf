"""Call things in a process that is forked from this one, and end it where it does not get on."""

import os
import pickle
import select
import signal
import sys
from collections.abc import Callable
from typing import Any

PATIENCE = 30.0  # [s] for what takes a tenth of a second: a machine may be busy, and this is a hang


def in_fork(call: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Call a function in a fork of this process.

    Args:
        call: what it gives or raises must pickle.
        patience: float > 0 [s], after which the fork is killed.

    Returns:
        What the function gave there.

    Raises:
        What the function raised there; TimeoutError where the fork had to be killed.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            content = _outcome(call)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(content)
        finally:
            os._exit(0)  # nothing of pytest's or of a parent's exit happens here
    os.close(writing)
    pieces = []
    try:
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            while True:
                if not select.select([pipe], [], [], patience)[0]:
                    raise TimeoutError(f"a forked process gave nothing within {patience:g} s")
                piece = pipe.read(2**16)
                if not piece:
                    break
                pieces.append(piece)
    finally:
        os.kill(child, signal.SIGKILL)  # it is not waited for yet, so this is no other's number
        os.waitpid(child, 0)
    if not pieces:
        raise EOFError("a forked process ended without an answer")
    is_error, value = pickle.loads(b"".join(pieces))
    if is_error:
        raise value
    return value


def _outcome(call: Callable[[], Any]) -> bytes:
    try:
        return pickle.dumps((False, call()))
    except BaseException as error:
        try:
            return pickle.dumps((True, error))
        except Exception:
            return pickle.dumps((True, RuntimeError(repr(error))))
