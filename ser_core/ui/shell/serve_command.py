"""`ser serve`: the page and its API, as `python app.py` serves them."""

import os
from typing import Annotated

import typer

from ...errors import ArgumentError
from .shared_options import ModelOption, RevisionOption

VARIABLES = ("SER_MODEL_ID", "SER_MODEL_REVISION", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT")
"""What the options stand for."""


def serve(
    model: ModelOption = None,
    revision: RevisionOption = None,
    host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Where to listen.", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, metavar="PORT", show_default="7860")
    ] = None,
) -> None:
    """Serve the page and its API until Ctrl-C; needs the extra app.

    Whatever else can be set is an environment variable: see docs/app.md. An option here goes
    before its variable.

    \b
    Examples:
      ser serve
      ser serve --host 0.0.0.0 --port 8000 --model user/name
      SER_MAX_SECONDS=30 ser serve
    """
    values = (model, revision, host, None if port is None else str(port))
    os.environ |= {k: v for k, v in zip(VARIABLES, values, strict=True) if v is not None}
    from ..opening import open_app

    try:
        _, demo, options = open_app()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("gradio", "plotly", "starlette"):
            raise
        raise ArgumentError(
            f"The page needs {error.name}, which is not installed: pip install 'ser-core[app]'."
        ) from error
    from ..server.serving import serve as serve_app

    serve_app(demo, options)
