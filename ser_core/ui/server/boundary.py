"""The outermost middleware: whatever a request is, it ends in an answer or a sentence.

Gradio answers much of what is malformed with status 500 and a traceback in the log, or begins a
stream that breaks. Here such requests are looked at before it, and whatever it says of the others
without a sentence gets one. The log has a line for each, which names nothing that was sent.
"""

import json
import logging
from asyncio import CancelledError
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import gradio as gr
import httpx
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...config.disk_faults import is_full
from ..look import text
from .faults import describe_place
from .gradio_requests import list_routes, site_headers, without_server
from .guard import AGAIN
from .inside import API, DIRECT_ROUTES, TOOL_ROUTE
from .validation import (
    MOST_BYTES,
    MOST_TOOL_BYTES,
    RequestError,
    asks_tool,
    asks_upload,
    check_call,
    check_head,
    page_path,
    query_values,
    read_json,
)

LONGEST_FAULT = 65_536  # [bytes] of an answer that is looked at, as it says what is wrong
SENTENCES = {
    400: text.BAD_REQUEST,
    403: text.NOT_SERVED,
    404: text.NOT_HERE,
    405: text.WRONG_METHOD,
    406: text.NOT_ACCEPTABLE,
    415: text.WRONG_TYPE,
    416: text.WRONG_RANGE,
    422: text.BAD_REQUEST,
    503: text.LOG_UNAVAILABLE,
}
"""What is said where Gradio says no sentence, and the page has none of its own for it."""

MISREAD = (
    *(ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError),
    httpx.InvalidURL,
)
"""What Gradio's routes raise where they trusted what they were sent."""

logger = logging.getLogger(__name__)


class Boundary:
    """ASGI middleware around the whole app, Gradio's own middleware included."""

    def __init__(self, app: ASGIApp, demo: gr.Blocks, headers: Mapping[str, str]) -> None:
        self._app = app
        self._demo = demo
        self._headers = headers
        known = {path.partition("{")[0].rstrip("/") for path, _ in list_routes(demo)} | {TOOL_ROUTE}
        self._known = sorted((one for one in known if one), key=len, reverse=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if it is one, and see that it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send, self._label(scope["path"]), self._headers)
        try:
            check_head(scope, self._demo)
            await self._app(without_server(scope), receive, answer.send)
        except RequestError as refusal:
            await answer.refuse(refusal.status, refusal.sentence)
        except ClientDisconnect:
            pass  # nobody waits for an answer any more
        except CancelledError:
            # The server is told to end, and waits no longer.
            await answer.refuse(503, text.ENDING)
        except Exception as error:
            await answer.fail(error)
        else:
            await answer.complete()

    def _label(self, path: str) -> str:
        """What the log calls an address, which may hold a visitor's words."""
        return next((one for one in self._known if path.startswith(one)), text.LOG_ELSEWHERE)


class CallCheck:
    """ASGI middleware that looks at what a request wants of Gradio, once it was let in."""

    def __init__(self, app: ASGIApp, demo: gr.Blocks) -> None:
        self._app = app
        self._demo = demo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on that Gradio can read.

        Raises:
            RequestError: it cannot.
        """
        if scope["type"] == "http" and API in scope["path"] and not asks_upload(scope):
            look = _checked_tool if asks_tool(scope) else self._checked
            receive = await look(scope, receive)
        await self._app(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        """Look at a request; returns how its body is received from then on."""
        query = query_values(scope)  # of a head that `Boundary` has looked at
        if scope["method"] != "POST":
            check_call(self._demo, scope, None, query)
            return receive
        body = await _read_whole(receive, MOST_BYTES)
        kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
        value = None
        if kind == "application/json" or kind.endswith("+json"):
            value = read_json(body) if body else None
        elif body:
            raise RequestError(415, text.WRONG_TYPE)
        check_call(self._demo, scope, value, query)
        return _replay(body, receive)


async def _checked_tool(scope: Scope, receive: Receive) -> Receive:
    """Look at the JSON of a tool's call; returns how it is received from then on."""
    if scope["method"] != "POST":
        return receive
    body = await _read_whole(receive, MOST_TOOL_BYTES)
    read_json(body)
    return _replay(body, receive)


class _Answer:
    """The answer to one request: passed on as it comes, unless it says that something is wrong."""

    def __init__(self, scope: Scope, send: Send, label: str, headers: Mapping[str, str]) -> None:
        self._scope, self._send, self._label, self._headers = scope, send, label, headers
        self._begun = False  # whether the client has been told anything
        self._ended = False
        self._held: Message | None = None  # the beginning of one that says what is wrong
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """Take a message of the app's."""
        if message["type"] == "http.response.start" and message["status"] >= 400:
            self._held = message
            return
        if self._held is None:
            self._begun = True
            self._ended = self._ended or _is_last(message)
            await self._send(message)
            return
        if message["type"] == "http.response.body":
            self._body += message.get("body", b"")[: LONGEST_FAULT - len(self._body)]
            # What follows is an exception, if it is one of the framework's own.
            if _is_last(message) and self._held["status"] < 500:
                await self.complete()

    async def complete(self) -> None:
        """Send what was held back, with a sentence where there was none."""
        if self._held is None:
            return
        held, body = self._held, bytes(self._body)
        status, said = held["status"], _words(body)
        of_the_page = {401: text.LOGIN, 413: text.LARGE_REQUEST, 507: text.DISK_FULL} | SENTENCES
        known = of_the_page.get(status, text.BAD_REQUEST if status < 500 else text.UNFORESEEN)
        if status == 500 and said and _is_direct(self._scope):
            # Gradio answers so what an event says of its inputs: a sentence of ours, or a name.
            self._log(400, text.LOG_EVENT)
            await self._pass_on({**held, "status": 400}, body)
        elif status in (401, 503) or said in OURS:
            self._log(status, said if said in OURS else known)
            await self._pass_on(held, body)
        else:
            kept = {name: value for name, value in _headers(held).items() if name in KEPT}
            await self.refuse(status, known, kept)

    async def refuse(
        self,
        status: int,
        sentence: str,
        headers: dict[str, str] | None = None,
        *,
        where: str = "",
    ) -> None:
        """Say why there is no answer; one that has begun is ended as it is.

        Args:
            status, sentence, headers: of what is answered.
            where: what was raised, and where, for the log.
        """
        self._held = None
        if self._begun:
            if not self._ended:
                # Shorter than was announced, perhaps, which the server says to nobody.
                with suppress(Exception):
                    await self._send({"type": "http.response.body", "body": b""})
            return
        self._log(status, sentence, where)
        body: dict[str, Any] = {"error": sentence, "detail": sentence}
        if asks_tool(self._scope):
            body = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": sentence}}
        content = json.dumps(body).encode()
        start: Message = {"type": "http.response.start", "status": status, "headers": []}
        told = MutableHeaders(scope=start)
        told.update({**self._headers, **site_headers(self._scope), **(headers or {})})
        if status in LATER:
            told.setdefault("retry-after", AGAIN["Retry-After"])
        told["content-type"] = "application/json"
        told["content-length"] = str(len(content))
        if status in (408, 413, 503, 507):
            told["connection"] = "close"  # what was not read of the request would be the next one
        self._begun = self._ended = True
        await self._send(start)
        await self._send({"type": "http.response.body", "body": content})

    async def fail(self, error: Exception) -> None:
        """Say that something went wrong, and in the log where."""
        if is_full(error):
            await self.refuse(507, text.DISK_FULL)
            return
        where = describe_place(error)
        if isinstance(error, MISREAD):
            await self.refuse(400, text.BAD_REQUEST, where=where)
        else:
            logger.error("A request to %s failed: %s.", self._label, where)
            await self.refuse(500, text.UNFORESEEN)

    async def _pass_on(self, start: Message, body: bytes) -> None:
        self._held, self._begun, self._ended = None, True, True
        if start["status"] in LATER:
            start = {**start, "headers": [*start.get("headers", [])]}
            MutableHeaders(scope=start).setdefault("retry-after", AGAIN["Retry-After"])
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})

    def _log(self, status: int, sentence: str, where: str = "") -> None:
        label = f"{self._label} ({where})" if where else self._label
        logger.info("Refused %s %s: %d. %s", _method(self._scope), label, status, sentence)


OURS = (text.CLOSED, text.WRONG_LOGIN)
"""What is said before Gradio or by it in a sentence, and kept as it is."""

LATER = (429, 503)  # statuses of what may be tried again

KEPT = {"allow", "retry-after", "www-authenticate"}
"""Headers that hold for an answer with another body, too."""


def _is_last(message: Message) -> bool:
    return message["type"] == "http.response.body" and not message.get("more_body", False)


def _is_direct(scope: Scope) -> bool:
    return page_path(scope).startswith(DIRECT_ROUTES)


def _method(scope: Scope) -> str:
    """A request's method, if it is one: any other word is the client's."""
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
    return scope["method"] if scope["method"] in known else "?"


def _headers(message: Message) -> dict[str, str]:
    return dict(Headers(raw=message.get("headers", [])).items())


def _words(body: bytes) -> str | None:
    """Find what an answer says is wrong; None where it says nothing."""
    words: Any = body.decode("utf-8", "replace")
    with suppress(ValueError):
        words = json.loads(words)
    if isinstance(words, dict):
        words = words.get("error") or words.get("detail")
    return words if isinstance(words, str) else None


async def _read_whole(receive: Receive, most: int) -> bytes:
    """Read a request's body, of which at most so many bytes are taken."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > most:
            raise RequestError(413, text.LARGE_REQUEST)
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Make a `receive` that hands over a body which has been read, and then what comes."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return left.pop() if left else await receive()

    return replayed
