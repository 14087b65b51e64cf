"""The endpoints as tools for language models (MCP), where the settings ask for it.

Gradio serves them at /gradio_api/mcp/. A tool takes a file as a `data:` address with the recording
itself or, where the settings allow it too, as a web address. What it cannot use is answered with a
sentence, which never repeats what came.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from ...config.disk_faults import is_full
from ..look import text
from .faults import describe_place
from .gradio_requests import (
    ConvertFiles,
    argument_fault,
    event_sentence,
    replace_tool_files,
    say_tool_faults,
)
from .inside import swept_files

Positions = list[list[str | int]]
FORMS = ("data:", "http://", "https://")  # what a recording's text begins with

logger = logging.getLogger(__name__)


@asynccontextmanager
async def keep_no_files(demo: gr.Blocks, app: Any) -> AsyncIterator[None]:
    """Run the app so that recordings that came to a tool are deleted as those of the page are.

    Gradio writes a `data:` address into a file that it then forgets, and takes none in a list.

    Args:
        demo: the Blocks, launched.
        app: the ASGI application, which every lifespan is given.
    """

    def extend(convert: ConvertFiles) -> ConvertFiles:
        def store(name: str, value: Any) -> Any:
            if not (isinstance(value, str) and value.startswith(FORMS)):
                raise gr.Error(text.TOOL_FILE, print_exception=False)
            try:
                return convert({name: value}, [[name]])[name]
            # Gradio looks for a comma, and for base64 behind it.
            except (ValueError, LookupError) as error:
                raise gr.Error(text.TOOL_FILE, print_exception=False) from error

        def convert_all(arguments: dict[str, Any], positions: Positions) -> dict[str, Any]:
            files = dict(arguments)
            for name, value in arguments.items():
                if [name] in positions:
                    files[name] = store(name, value)
                elif [name, "items"] in positions and isinstance(value, list):
                    files[name] = [store(name, one) for one in value]
            # One that came by address is fetched by the server, which adds it itself.
            swept_files(demo).update(
                file["path"] for file in _files(files) if not str(file.get("url", ""))
            )
            return files

        return convert_all

    replace_tool_files(demo, extend)
    say_tool_faults(demo, say_fault)
    # The package logs by loggers of its own, and by the root's.
    root, package, one_line = logging.getLogger(), logging.getLogger("mcp"), _OneLine()
    root.addFilter(_shorten)
    package.addHandler(one_line)
    package.propagate = False
    try:
        yield
    finally:
        root.removeFilter(_shorten)
        package.removeHandler(one_line)
        package.propagate = not any(isinstance(one, _OneLine) for one in package.handlers)


def say_fault(error: BaseException | None) -> str:
    """Say why a tool has no answer, in a sentence of ours.

    Args:
        error: what was raised; None where the answer itself was wrong.

    Returns:
        The sentence; what was sent is not in it.
    """
    wrong = None if error is None else argument_fault(error)
    if wrong is not None:
        if wrong.needed:
            return text.TOOL_NEEDS.format(names=", ".join(wrong.needed))
        return text.TOOL_KIND.format(name=wrong.name, kind=wrong.kind)
    if error is None or is_full(error):
        return text.UNFORESEEN if error is None else text.DISK_FULL
    sentence = event_sentence(error)
    if sentence is not None:
        return sentence
    logger.warning("A tool could not be called: %s.", describe_place(error))
    is_misread = isinstance(error, (ValueError, TypeError, LookupError))
    return text.TOOL_UNKNOWN if is_misread else text.UNFORESEEN


class _OneLine(logging.Handler):
    """Makes one line of what the package mcp warns of, which would repeat what was sent."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Say that there was something, and where it was raised."""
        error = record.exc_info[1] if record.exc_info else None
        where = "" if error is None else f" ({describe_place(error)})"
        logger.warning("%s%s", text.LOG_NO_CALL, where)


def _shorten(record: logging.LogRecord) -> bool:
    """Make one line of what the package mcp logs of a request, all of which it would repeat."""
    if "mcp" in Path(record.pathname).parts:
        record.msg, record.args, record.exc_info = text.LOG_NO_CALL, (), None
    return True


def _files(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Find the files among a tool's arguments."""
    values = [
        one
        for value in arguments.values()
        for one in (value if isinstance(value, list) else [value])
    ]
    return [one for one in values if isinstance(one, dict) and "path" in one]
