"""What an operating system refuses of files, in one sentence; a full disk above all.

A write that fails says why and not where, and a copy names the file that it reads.
"""

import errno

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # a disk that is full, or what one may have of it


def is_full(error: BaseException | None) -> bool:
    """Whether an error says that the disk has no room; what caused it counts as well."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def explain_refusal(error: OSError) -> str:
    """Say what was refused, and what to do where the disk is full.

    >>> explain_refusal(FileNotFoundError(errno.ENOENT, "No such file or directory", "a.csv"))
    'a.csv: No such file or directory.'
    """
    if is_full(error):
        return "The disk is full, or holds all that you may keep there: make room, and try again."
    named = f"{error.filename}: " if error.filename else ""
    return f"{named}{error.strerror or error}."
