"""Archives of recordings: one table from thousands of hours (`python -m ser_core.batch`).

Worker processes here, or actors on a Ray cluster, answer recordings; a checkpoint holds what is
answered until the table is written. Imports the recognizer and what lies below it; nobody but the
command line and benchmarks imports it, and `train` what ends commands (`interrupts`).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ser_core.errors import BatchError

if TYPE_CHECKING:
    from .archive import Summary, run

__all__ = ["BatchError", "Summary", "run"]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import what is asked for, so that the command heeds Ctrl-C before that has taken time."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(".archive", __name__), name)
