"""What went wrong, from an exception: for the log, which is to say where, in one line."""

import traceback
from pathlib import Path


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
