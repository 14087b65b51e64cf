"""The endpoints as tools for language models (MCP), where the settings ask for it.

Gradio serves them at /gradio_api/mcp/. A tool takes a file as a `data:` address with the recording
itself or, where the settings allow it too, as a web address.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import gradio as gr

Positions = list[list[str | int]]


@asynccontextmanager
async def keep_no_files(demo: gr.Blocks, app: Any) -> AsyncIterator[None]:
    """Run the app so that recordings that came to a tool are deleted as those of the page are.

    Gradio writes a `data:` address into a file that it then forgets, and takes none in a list.

    Args:
        demo: the Blocks, launched.
        app: the ASGI application, which every lifespan is given.
    """
    server = demo.mcp_server_obj
    if server is not None:
        convert = server.convert_strings_to_filedata

        def converted(arguments: dict[str, Any], positions: Positions) -> dict[str, Any]:
            files = dict(arguments)
            for name, given in arguments.items():
                if [name] in positions:
                    files |= convert({name: given}, [[name]])
                elif [name, "items"] in positions and isinstance(given, list):
                    files[name] = [convert({name: one}, [[name]])[name] for one in given]
            # Gradio's sweep visits these. One that came by address is fetched by the server.
            demo.upload_file_set.update(
                file["path"] for file in _files(files) if not str(file.get("url", ""))
            )
            return files

        server.convert_strings_to_filedata = converted
    yield


def _files(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Find the files among a tool's arguments."""
    values = [
        one
        for given in arguments.values()
        for one in (given if isinstance(given, list) else [given])
    ]
    return [one for one in values if isinstance(one, dict) and "path" in one]
