"""What went wrong, from an exception: for the log, which is to say where, in one line."""

import errno
import traceback
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # a disk that is full, or what one may have of it


def is_full(error: BaseException | None) -> bool:
    """Whether an error says that the disk has no room; what caused it counts as well."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def describe_place(error: BaseException) -> str:
    """Say of what kind an error is and where it was raised, without what it says.

    >>> try:
    ...     [][0]
    ... except IndexError as error:
    ...     describe_place(error).partition(",")[0]
    'IndexError in <doctest ser_core.ui.server.faults.describe_place[0]>'
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "nowhere"
    return f"{type(error).__name__} in {place}"
