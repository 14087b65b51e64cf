"""What a visitor may not do, whatever Gradio would allow: here, in one place, for every event.

No path but an upload's is taken and no address is fetched unless the owner allows it, of Gradio's
routes those that this page does not need are closed, a request has a size, and other sites' pages
do not act with a visitor's login.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...config.disk_faults import is_full
from ..look import text
from ..settings import MOST_COMPARED, Settings
from .faults import describe_place
from .fetch import fetch
from .frames import security_headers
from .gradio_requests import with_ranges
from .inside import API, UNUSED_ROUTES
from .uploads import may_be_upload
from .validation import MOST_BYTES, MOST_TOOL_BYTES, asks_tool, asks_upload

AGAIN = {"Retry-After": "5"}  # [s]; of every answer that says that there are too many

logger = logging.getLogger(__name__)


async def check_file(
    file: dict[str, Any],
    *,
    settings: Settings,
    swept: set[str],
    copy_known: Callable[[str], str | None] = lambda path: None,
) -> dict[str, Any]:
    """Look at a file among an event's inputs; one that is given by its address is fetched.

    Args:
        file: Gradio's file data, whose "path" may be anything.
        settings: Settings.
        swept: paths that the sweep by age visits; what is fetched or copied is added.
        copy_known: copies a recording that the server itself has, by the name that calls have for
            it; gives the copy's path, or None where there is none of that name.

    Returns:
        The file data to use.

    Raises:
        gr.Error: it is not an upload, or cannot be fetched.
    """
    path = file["path"]
    if isinstance(path, str) and path.startswith(("http://", "https://")):
        if not settings.fetch:
            raise gr.Error(text.NOT_FETCHED, print_exception=False)
        fetched = await fetch(path, settings)
        swept.add(fetched)
        return file | {"path": fetched, "url": None}
    copied = copy_known(path) if isinstance(path, str) else None
    if copied is not None:
        swept.add(copied)
        return file | {"path": copied, "url": None}
    # Gradio refuses it as well, but in no words, and names it in the log.
    if not (isinstance(path, str) and may_be_upload(path)):
        raise gr.Error(text.NOT_AN_UPLOAD, print_exception=False)
    return file


def describe_fault(error: Exception) -> gr.Error:
    """Say what is wrong with an input that a component tripped over, and where in the log."""
    if is_full(error):
        return gr.Error(text.DISK_FULL, print_exception=False)
    logger.warning("An input could not be read: %s.", describe_place(error))
    return gr.Error(text.WRONG_INPUT, print_exception=False)


class Guard:
    """ASGI middleware: what is closed, how large requests are, whose cookies count, and headers."""

    def __init__(self, app: ASGIApp, largest: int, headers: Mapping[str, str]) -> None:
        self._headers = headers
        self._usual = RequestBodyLimitMiddleware(app, MOST_BYTES)
        self._tool = RequestBodyLimitMiddleware(app, MOST_TOOL_BYTES)
        self._upload = RequestBodyLimitMiddleware(app, largest)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; one that is too large is answered 413, at the latest on its way."""

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        path = scope.get("path", "")
        if path.partition(API)[2].startswith(UNUSED_ROUTES):
            await PlainTextResponse(text.CLOSED, 404)(scope, receive, framed)
            return
        limited = self._usual
        if scope["type"] == "http":
            scope = with_ranges(_with_own_cookies(scope))
            if asks_upload(scope) or asks_tool(scope):
                limited = self._upload if asks_upload(scope) else self._tool
        await limited(scope, receive, framed)


def guard(settings: Settings) -> Middleware:
    """Make the middleware; a request may bring as many recordings as can be compared."""
    largest = MOST_COMPARED * settings.max_bytes + MOST_BYTES
    return Middleware(Guard, largest=largest, headers=security_headers(settings))


def _with_own_cookies(scope: Scope) -> Scope:
    """Take the cookies from a request that another site's page makes in a visitor's name.

    Gradio's cookie goes with those too, and its answers may be read by any site. Browsers say
    where a request comes from, in a header that no page can set.
    """
    headers = Headers(scope=scope)
    is_foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if not is_foreign or headers.get("sec-fetch-mode") == "navigate":
        return scope
    kept = [one for one in scope["headers"] if one[0] != b"cookie"]
    return {**scope, "headers": kept}
