"""The endpoints as tools for language models (MCP), where the settings ask for it.

Gradio serves them at /gradio_api/mcp/. A tool takes a file as a `data:` address with the recording
itself or, where the settings allow it too, as a web address.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import gradio as gr

from .inside import ConvertFiles, replace_tool_files, swept_files

Positions = list[list[str | int]]


@asynccontextmanager
async def keep_no_files(demo: gr.Blocks, app: Any) -> AsyncIterator[None]:
    """Run the app so that recordings that came to a tool are deleted as those of the page are.

    Gradio writes a `data:` address into a file that it then forgets, and takes none in a list.

    Args:
        demo: the Blocks, launched.
        app: the ASGI application, which every lifespan is given.
    """

    def extend(convert: ConvertFiles) -> ConvertFiles:
        def convert_all(arguments: dict[str, Any], positions: Positions) -> dict[str, Any]:
            files = dict(arguments)
            for name, value in arguments.items():
                if [name] in positions:
                    files |= convert({name: value}, [[name]])
                elif [name, "items"] in positions and isinstance(value, list):
                    files[name] = [convert({name: one}, [[name]])[name] for one in value]
            # One that came by address is fetched by the server, which adds it itself.
            swept_files(demo).update(
                file["path"] for file in _files(files) if not str(file.get("url", ""))
            )
            return files

        return convert_all

    replace_tool_files(demo, extend)
    yield


def _files(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Find the files among a tool's arguments."""
    values = [
        one
        for value in arguments.values()
        for one in (value if isinstance(value, list) else [value])
    ]
    return [one for one in values if isinstance(one, dict) and "path" in one]
