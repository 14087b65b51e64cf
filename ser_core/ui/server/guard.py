"""What a visitor may not do, whatever Gradio would allow: here, in one place, for every event.

No path but an upload's is taken and no address is fetched unless the owner allows it, of Gradio's
routes those that this page does not need are closed, a request has a size, other sites' pages do
not act with a visitor's login, and only Spaces may frame the page.
"""

from typing import Any

import gradio as gr
from gradio.components.api_component import Api
from gradio_client.utils import async_traverse, is_file_obj_with_meta, is_http_url_like
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import PlainTextResponse

from ..look import text
from ..page import MOST_COMPARED
from ..settings import Settings
from .fetch import fetch
from .uploads import API, UPLOAD_ROUTE, is_among_uploads

MOST_BYTES = 1_000_000  # of a request that brings no recording: a history of 200 answers has 40,000
BASE64 = 4 / 3  # a recording that comes in the text of a tool's call is longer by this

HEADERS = {
    # A Space is shown in a frame of huggingface.co. Another site's frame could be made to look
    # like that site, and have visitors speak into it.
    "Content-Security-Policy": (
        "frame-ancestors 'self' https://huggingface.co https://*.huggingface.co https://*.hf.space"
    ),
    "X-Content-Type-Options": "nosniff",
}

CLOSED = (
    # These two fetch any public address, and stream it to whoever asks.
    "file=http",
    "file/http",
    # Runs FFmpeg on whatever it is sent.
    "process_recording",
    # Writes what a session shows to the disk, to stay there.
    "deep_link",
    # For components that this page does not have; what is asked for would stand in the log.
    "component_server",
    "custom_component",
)
"""How routes of Gradio's under `API` begin that nothing here uses."""


class GuardedBlocks(gr.Blocks):
    """Blocks whose every event, of the page, the API and MCP, takes uploads and nothing else."""

    settings: Settings

    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False
    ) -> list[Any]:
        """Look at the files among an event's inputs before Gradio does.

        Raises:
            gr.Error: one is not an upload.
        """

        async def checked(file: dict[str, Any]) -> dict[str, Any]:
            path = file["path"]
            if is_http_url_like(path):
                if not self.settings.fetch:
                    raise gr.Error(text.NOT_FETCHED, print_exception=False)
                fetched = await fetch(path, self.settings)
                self.upload_file_set.add(fetched)  # Gradio's sweep visits these
                return file | {"path": fetched, "url": None}
            # Gradio refuses it as well, but in no words, and names it in the log.
            if not (isinstance(path, str) and is_among_uploads(path)):
                raise gr.Error(text.NOT_AN_UPLOAD, print_exception=False)
            return file

        guarded = await async_traverse(inputs, checked, is_file_obj_with_meta)
        # A plain request may leave out last values that have a default, as the clients may.
        for left_out in block_fn.inputs[len(guarded) :]:
            if not isinstance(left_out, Api) or left_out.value is None:
                break
            guarded.append(left_out.value)
        return await super().preprocess_data(block_fn, guarded, state, explicit_call)


class Guard:
    """ASGI middleware: what is closed, how large requests are, whose cookies count, and headers."""

    def __init__(self, app: Any, largest: int) -> None:
        self._small = RequestBodyLimitMiddleware(app, MOST_BYTES)
        self._large = RequestBodyLimitMiddleware(app, largest)

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        """Pass a request on; one that is too large is answered 413, at the latest on its way."""

        async def framed(message: dict) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        path = scope.get("path", "")
        if path.partition(API)[2].startswith(CLOSED):
            await PlainTextResponse(text.CLOSED, 404)(scope, receive, framed)
            return
        brings_sound = path.endswith(UPLOAD_ROUTE) or f"{API}mcp" in path
        limited = self._large if brings_sound else self._small
        await limited(_with_own_cookies(scope), receive, framed)


def guard(settings: Settings) -> Middleware:
    """Make the middleware; a request may bring as many recordings as can be compared."""
    return Middleware(Guard, largest=int(MOST_COMPARED * settings.max_bytes * BASE64) + MOST_BYTES)


def _with_own_cookies(scope: dict) -> dict:
    """Take the cookies from a request that another site's page makes in a visitor's name.

    Gradio's cookie goes with those too, and its answers may be read by any site. Browsers say
    where a request comes from, in a header that no page can set.
    """
    if scope["type"] != "http":
        return scope
    headers = Headers(scope=scope)
    is_foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if not is_foreign or headers.get("sec-fetch-mode") == "navigate":
        return scope
    return scope | {"headers": [one for one in scope["headers"] if one[0] != b"cookie"]}
