"""One thread for numerical libraries, which read how many they may have as they are imported."""

import os
import sys

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def one_thread(module: str) -> None:
    """Start a module again with numerical libraries kept to one thread, unless they are.

    Args:
        module: its whole name, as after `python -m`.
    """
    if any(os.environ.get(name) != "1" for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])
