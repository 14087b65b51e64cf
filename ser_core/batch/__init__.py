"""Archives of recordings: one table from thousands of hours (`python -m ser_core.batch`).

Worker processes here, or actors on a Ray cluster, answer recordings; a checkpoint holds what is
answered until the table is written. Imports the recognizer and what lies below it; nobody but the
command line and benchmarks imports it.
"""

from ser_core.errors import BatchError

from .run import Summary, run

__all__ = ["BatchError", "Summary", "run"]
