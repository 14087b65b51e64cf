"""`ser batch`: archives of recordings into one table, as `python -m ser_core.batch` does it."""

from typing import Annotated

import typer

SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Of a command whose arguments another parser knows."""


def batch(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="PATH... --out FILE", show_default=False)
    ] = None,
) -> None:
    """Predict the emotions in an archive, and write one table; however stopped, it goes on.

    \b
    Examples:
      ser batch recordings/ --out results.parquet
      ser batch --help
    """
    from ...batch.__main__ import main

    main([*(words or ()), *context.args], "ser batch")
