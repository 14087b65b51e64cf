"""Connections: how many are held, and how long one may take to say what it wants.

uvicorn waits for a request as long as it takes. A thousand connections that send half of one would
keep everybody else out, at no cost to whoever opened them. Here a request's head has seconds to
arrive, and its body has to keep coming; where as many connections are open as may be, the one that
has waited longest without a request makes room, and `/health` is answered whatever the others do.
"""

import asyncio
import logging
import math
from collections import Counter
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import h11
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..look import text
from .gradio_requests import site_headers
from .guard import AGAIN
from .health import HEALTH

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

# The times of Apache's mod_reqtimeout, but for a shorter one for heads.
HEAD = 10.0  # [s] for a request's head to arrive
BODY = 20.0  # [s] for its body to arrive, and one more for each `RATE` bytes that did
RATE = 500.0  # [bytes/s]
MOST_HEAD = 16_384  # [bytes] of a request's head
UNREAD = 60.0  # [s] for what waits of an answer to be read, and one more for each `RATE` bytes
CLOSING = 2.0  # [s] for the last words to a connection that is closed
LOG_PERIOD = 10.0  # [s] between two lines of the log about connections
AT_ONCE = 32  # connections that are taken up before the loop turns to those that it has
# Of this process: model, decoders, files, the log; and connections between taken up and closed.
OWN_DESCRIPTORS = 128 + 3 * AT_ONCE

logger = logging.getLogger(__name__)


def raise_descriptor_limit(connections: int) -> int:
    """Let this process have as many open files as its connections need, as far as it may.

    Args:
        connections: int, most that are to be held. Each may bring a file as well.

    Returns:
        How many can be held.
    """
    if resource is None:
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    needed = 2 * connections + OWN_DESCRIPTORS
    if soft != unlimited and soft < needed:
        soft = needed if hard == unlimited else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == unlimited or soft >= needed:
        return connections
    held = max(1, (soft - OWN_DESCRIPTORS) // 2)
    logger.warning(
        "This process may have %d open files, which is enough for %d connections, not the %d of "
        "SER_CONNECTIONS: raise the limit (ulimit -Hn), or lower SER_CONNECTIONS.",
        soft,
        held,
        connections,
    )
    return held


def bound(config: Config, most: int) -> None:
    """Have a server hold its connections so.

    Args:
        config: uvicorn.Config, of a server that has not begun.
        most: int, connections that are held, where the system allows as many.
    """
    connections = Connections(raise_descriptor_limit(most))
    config.http = partial(BoundedProtocol, connections=connections)  # type: ignore[assignment]
    config.ws = "none"  # the page has none
    config.h11_max_incomplete_event_size = MOST_HEAD
    # asyncio takes up as many in one go as it lets the system keep: `inside` lets it keep more.
    config.backlog = AT_ONCE
    config.callback_notify = connections.look
    config.timeout_notify = 0  # as often as it looks, once a second


class Connections:
    """The connections of a server that are open, and what becomes of those that only wait.

    Everything here happens in the server's event loop.

    Attributes:
        most: int, how many are held.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.open: set[BoundedProtocol] = set()
        self.waiting: dict[BoundedProtocol, None] = {}
        """Those without a request, the one that has waited longest first."""
        self._closed: Counter[str] = Counter()
        self._told = -math.inf

    def add(self, connection: "BoundedProtocol") -> None:
        """A connection was opened; where there are too many, another one makes room."""
        self.open.add(connection)
        if len(self.open) > self.most:
            if self.waiting:
                self.close(next(iter(self.waiting)), text.LOG_MADE_ROOM)
            elif len(self.open) > 2 * self.most:
                self.close(connection, text.LOG_TURNED_AWAY)
                return
            else:
                connection.answer_health_only()
        self.waiting[connection] = None

    def forget(self, connection: "BoundedProtocol") -> None:
        """A connection was closed."""
        self.open.discard(connection)
        self.waiting.pop(connection, None)

    def close(self, connection: "BoundedProtocol", reason: str) -> None:
        """Close a connection at once, for a reason that the log tells."""
        self.forget(connection)
        self.count(reason)
        connection.transport.abort()

    def count(self, reason: str) -> None:
        """Note why a connection is closed."""
        self._closed[reason] += 1

    async def look(self) -> None:
        """Look for connections whose time is up; uvicorn calls this once a second."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._note)
        now = loop.time()
        for connection in list(self.open):
            connection.look(now)
        if self._closed and now - self._told >= LOG_PERIOD:
            self._told = now
            counts = ", ".join(f"{count} {reason}" for reason, count in self._closed.items())
            logger.warning("Connections closed: %s; %d are open.", counts, len(self.open))
            self._closed.clear()

    def _note(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Count connections that cannot be taken up, each of which asyncio gives a traceback."""
        if "socket" in context and isinstance(context.get("exception"), OSError):
            self.count(text.LOG_NOT_TAKEN)
        else:
            loop.default_exception_handler(context)


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with an end to every wait for a client, and sentences for its faults."""

    def __init__(self, *, connections: Connections, **options: Any) -> None:
        super().__init__(**options)
        self._connections = connections
        self._began: float | None = None  # when the head, or else the body, began to arrive
        self._received = 0  # bytes of the body
        self._unread_since: float | None = None
        self._unread = 0  # bytes that waited then
        self._closing_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection up, or another one's place."""
        super().connection_made(transport)
        self._began = self.loop.time()
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        self._connections.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what comes after a refusal is passed over."""
        if self.transport.is_closing() or self._closing_since is not None:
            return
        if self._began is None:
            self._began = self.loop.time()
        self._received += len(data)
        super().data_received(data)

    def handle_events(self) -> None:
        """Read what has arrived, and see whether the head is whole."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._began, self._received = self.loop.time(), len(self.cycle.body)
            self._connections.waiting.pop(self, None)

    def on_response_complete(self) -> None:
        """The next request has its own time; uvicorn closes a connection that brings none."""
        self._began = None
        if self in self._connections.open:
            self._connections.waiting[self] = None
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client does not read as fast as it is answered."""
        self._unread_since = self.loop.time()
        self._unread = self.transport.get_write_buffer_size()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It has read."""
        self._unread_since = None
        super().resume_writing()

    def answer_health_only(self) -> None:
        """Answer 503 to anything but the question whether the app is healthy."""
        app: ASGIApp = self.app

        async def crowded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"].endswith(HEALTH):
                await app(scope, receive, send)
                return
            self._connections.count(text.LOG_TURNED_AWAY)
            body = {"status": "unavailable", "error": text.CROWDED, "detail": text.CROWDED}
            headers = site_headers(scope) | AGAIN | {"Connection": "close"}
            await JSONResponse(body, 503, headers)(scope, receive, send)

        self.app = crowded

    def look(self, now: float) -> None:
        """Close the connection if its time is up."""
        if self.transport.is_closing() or self._closing_since is not None:
            self._closing_since = self._closing_since or now
            if now - self._closing_since > CLOSING:
                self.transport.abort()
        elif self._unread_since is not None and now - self._unread_since > self._time_to_read():
            self._connections.close(self, text.LOG_UNREAD)
        elif self._began is not None and self.flow.read_paused:
            self._began = now  # it is the app that is slow
        elif self._began is not None and now - self._began > self._time():
            is_head = self.cycle is None or self.cycle.response_complete
            self._connections.count(text.LOG_HALF_HEAD if is_head else text.LOG_HALF_BODY)
            self._refuse(408, text.TOO_SLOW)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, whatever has been answered of it already."""
        is_long = len(self.conn.trailing_data[0]) > MOST_HEAD
        self._refuse(431 if is_long else 400, text.LONG_HEADERS if is_long else text.NO_HTTP)

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: who asks for a WebSocket is answered by HTTP, and not two lines of the log."""

    def _time(self) -> float:
        """How long what is arriving may take [s]; without an end where nothing is."""
        if self.cycle is None or self.cycle.response_complete:
            return HEAD
        return BODY + self._received / RATE if self.cycle.more_body else math.inf

    def _time_to_read(self) -> float:
        """How long the client may take to read what waits for it [s]."""
        return UNREAD + (self._unread - self.transport.get_write_buffer_size()) / RATE

    def _asked(self) -> Scope:
        """What is known of the request that is arriving: its headers, or those that are whole."""
        if self.cycle is not None and not self.cycle.response_complete:
            return cast(Scope, self.cycle.scope)
        lines = self.conn.trailing_data[0][:MOST_HEAD].split(b"\r\n")[1:-1]
        pairs = (line.partition(b":") for line in lines)
        headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
        return {"type": "http", "headers": headers}

    def _refuse(self, status: int, sentence: str) -> None:
        """Say why, if nothing has been said yet, and close."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = f"{sentence}\n".encode()
            headers = site_headers(self._asked()) | {
                "Content-Type": "text/plain; charset=utf-8",
                "Connection": "close",
            }
            lines = [*headers.items(), ("Content-Length", str(len(body)))]
            for event in (
                h11.Response(
                    status_code=status, headers=lines, reason=HTTPStatus(status).phrase.encode()
                ),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        # One that is closed with something unread loses what it was told, so that is read on for
        # a while, unless others need the room.
        self._closing_since = self.loop.time()
        self._connections.waiting[self] = None
        self.transport.write_eof()
