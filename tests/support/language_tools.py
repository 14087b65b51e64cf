"""The endpoints as language models meet them: the real client of the Model Context Protocol."""

import asyncio
import base64
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ser_core.ui.api.snippets import ADDRESS, SNIPPETS
from tests.support.app import PATIENCE

HAS_MCP = find_spec("mcp") is not None
needs_mcp = pytest.mark.skipif(not HAS_MCP, reason="the package mcp is not installed")


def with_tools(url: str, use: Any) -> Any:
    """Connect as a client of language models does, at the address that the page's snippet names."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    settings = json.loads(SNIPPETS["mcp"].replace(ADDRESS, url.rstrip("/")))
    (server,) = settings["mcpServers"].values()

    async def session() -> Any:
        async with (
            streamablehttp_client(server["url"], timeout=PATIENCE) as (receive, send, _),
            ClientSession(receive, send) as connected,
        ):
            await connected.initialize()
            return await use(connected)

    return asyncio.run(session())


def data_address(file: Path) -> str:
    return "data:audio/wav;base64," + base64.b64encode(file.read_bytes()).decode()
