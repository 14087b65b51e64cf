"""What a process that was forked must not share with the one that it came from.

Threads do not come along in a fork, a lock that one of them held stays locked for ever, and pipes
to children belong to the process that started these. So all that ser_core keeps for a whole process
is reset in each process that is forked from it, by a function marked with `reset_after_fork`; what
an object keeps, such as a recording's tasks on other threads, is known by `process_id`.
"""

import os
from collections.abc import Callable

Reset = Callable[[], None]


def reset_after_fork(reset: Reset) -> Reset:
    """Have a function called first in every process that is forked from this one.

    Args:
        reset: forgets what is the parent's; it may wait for nobody.

    Returns:
        The function.
    """
    if hasattr(os, "register_at_fork"):  # there is no fork on Windows
        os.register_at_fork(after_in_child=reset)
    return reset


process_id = os.getpid
"""Of this process [int]; one that was forked has another."""
