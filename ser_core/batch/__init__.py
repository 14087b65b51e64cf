"""Archives of recordings: one table from thousands of hours (`python -m ser_core.batch`)."""

from ser_core.errors import BatchError

from .run import Summary, run

__all__ = ["BatchError", "Summary", "run"]
