"""Recordings given as web addresses, where the settings allow it.

Gradio would fetch them too, but holds all of an answer in memory, however long it is.
"""

import asyncio
from pathlib import Path

import gradio as gr
import httpx
import safehttpx

from ..look import text
from ..settings import Settings
from .uploads import new_folder, too_large

LONGEST = 60.0  # [s] that a fetch may take
MOST_REDIRECTS = 5
NAME = "recording"


async def fetch(address: str, settings: Settings) -> str:
    """Fetch a recording to among the uploads.

    Args:
        address: str, http:// or https://; its host has to have a public address.
        settings: Settings, whose `max_bytes` are taken at most.

    Returns:
        Path of the file.

    Raises:
        gr.Error: it cannot be fetched, or is too large.
    """
    file = new_folder() / NAME
    try:
        async with asyncio.timeout(LONGEST):
            await _store(address, file, settings)
    except gr.Error:
        _forget(file)
        raise
    # What can go wrong on the way to a stranger's server has no common kind.
    except Exception as error:
        _forget(file)
        raise gr.Error(text.FETCH_FAILED, print_exception=False) from error
    return str(file)


async def _store(address: str, file: Path, settings: Settings) -> None:
    url = httpx.URL(address)
    for _ in range(MOST_REDIRECTS + 1):
        # The connection goes to the address that was looked at, whatever the name says later.
        checked = await safehttpx.async_validate_url(url.host)
        transport = safehttpx.AsyncSecureTransport(checked)
        async with (
            httpx.AsyncClient(transport=transport) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.has_redirect_location:
                url = url.join(answer.headers["location"])
                continue
            answer.raise_for_status()
            taken = 0
            with open(file, "wb") as target:
                async for block in answer.aiter_bytes(65_536):
                    taken += len(block)
                    if taken > settings.max_bytes:
                        raise too_large(settings)
                    target.write(block)
            return
    raise httpx.TooManyRedirects("too many redirects")


def _forget(file: Path) -> None:
    file.unlink(missing_ok=True)
    file.parent.rmdir()
