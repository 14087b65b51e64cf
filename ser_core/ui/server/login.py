"""The login: nothing is answered without one, none lasts for ever, and guessing takes its time.

Gradio leaves some of its routes open, gives its cookies no end, and answers a wrong password as
fast as a right one. Where logins fail, each further one from the same address waits for its turn
and a little longer; the log says from where, and no name.
"""

import asyncio
import ipaddress
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

import gradio as gr
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..look import text
from .gradio_requests import end_login, login_of
from .health import HEALTH
from .inside import API
from .manifest import FAVICON, MANIFEST
from .manifest import FOLDER as ICON_FOLDER
from .validation import RequestError, page_path

AGE = 86_400  # [s] that a login lasts
FIRST_DELAY, LONGEST_DELAY = 0.25, 4.0  # [s] before a login, after one failure and after many
MEMORY = 900.0  # [s] after which an address's failures are forgotten
MOST_WAITING = 10  # logins of one address that may wait for their turn
MOST_ADDRESSES = 10_000  # remembered; beyond it, the one that failed longest ago is forgotten

ROUTE = "/login"
OPEN = {
    *("/", ROUTE, "/logout", HEALTH, "/theme.css", "/robots.txt", MANIFEST, FAVICON),
    *(f"{API}{name}" for name in ("user", "login_check", "startup-events", "theme.css")),
}
"""What is answered without a login: the page that asks for one, and what it is made of."""
OPEN_FOLDERS = ("/static/", "/assets/", "/svelte/", ICON_FOLDER)

logger = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]


@dataclass
class _Attempts:
    """The logins from one address that failed.

    Attributes:
        failures: int.
        last: float [s], when the last one did.
        waiting: int, logins that wait for their turn or take it.
        turn: asyncio.Lock.
    """

    failures: int = 0
    last: float = 0.0
    waiting: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class LoginGate:
    """ASGI middleware that asks for a login, for all but the page to log in on."""

    def __init__(
        self,
        app: ASGIApp,
        demo: gr.Blocks,
        is_secure: bool,
        is_framed: bool = False,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Stand before an app.

        Args:
            app: the application.
            demo: gr.Blocks, launched with names and passwords.
            is_secure: bool, whether visitors reach it by HTTPS whatever a request says.
            is_framed: bool, whether another site shows it in a frame, as the Hub does a Space.
            sleep: what waits.
        """
        self._app, self._demo, self._is_secure, self._sleep = app, demo, is_secure, sleep
        self._is_framed = is_framed
        self._attempts: OrderedDict[str, _Attempts] = OrderedDict()
        self._since: dict[str, float] = {}  # token -> when it was given

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on that brings a login, or needs none.

        Raises:
            RequestError: many logins of this address wait already.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = page_path(scope)
        if path == ROUTE and scope["method"] == "POST":
            await self._log_in(scope, receive, send)
        elif self._is_known(scope) or path in OPEN or path.startswith(OPEN_FOLDERS):
            await self._app(scope, receive, send)
        else:
            # As Gradio says it, which its clients read.
            said = {"error": "Not authenticated", "auth_message": text.LOGIN}
            await JSONResponse({"detail": said}, 401)(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        """Whether a request brings a login that has not expired."""
        token = login_of(self._demo, HTTPConnection(scope).cookies)
        if token is not None and time.monotonic() - self._since.get(token, 0.0) > AGE:
            self._end(token)
            return False
        return token is not None

    def _end(self, token: str) -> None:
        self._since.pop(token, None)
        end_login(self._demo, token)

    def _end_expired(self) -> None:
        """Forget logins that nobody came back to end."""
        now = time.monotonic()
        for token in [token for token, given in self._since.items() if now - given > AGE]:
            self._end(token)

    async def _log_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = _network((scope.get("client") or ("unknown",))[0])
        attempts = self._attempts.setdefault(address, _Attempts())
        self._attempts.move_to_end(address)
        if len(self._attempts) > MOST_ADDRESSES:
            self._attempts.popitem(last=False)
        if attempts.waiting >= MOST_WAITING:
            raise RequestError(429, text.LOGIN_BUSY)
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": self._with_ends(scope, message["headers"])}
            await send(message)

        attempts.waiting += 1
        try:
            async with attempts.turn:
                if time.monotonic() - attempts.last > MEMORY:
                    attempts.failures = 0
                if attempts.failures:
                    longer = FIRST_DELAY * 2 ** min(attempts.failures - 1, 10)
                    await self._sleep(min(longer, LONGEST_DELAY))
                await self._app(scope, receive, watched)
                if status >= 400:
                    attempts.failures, attempts.last = attempts.failures + 1, time.monotonic()
                    logger.warning(
                        "A login from %s failed, number %d of late.", address, attempts.failures
                    )
        finally:
            attempts.waiting -= 1

    def _with_ends(
        self, scope: Scope, headers: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        """Give cookies an end and, where the page is reached by HTTPS, keep them to that."""
        forwarded = Headers(scope=scope).get("x-forwarded-proto", "").split(",")[0].strip()
        is_secure = self._is_secure or "https" in (scope["scheme"], forwarded)
        self._end_expired()
        ended = []
        for name, value in headers:
            if name.lower() == b"set-cookie":
                cookie = _parse(value)
                for morsel in cookie.values():
                    self._since[morsel.value] = time.monotonic()
                    morsel["max-age"] = morsel["max-age"] or str(AGE)
                    morsel["secure"] = morsel["secure"] or is_secure
                    if not self._is_framed:
                        # Gradio's go along in frames, where this page is not shown.
                        morsel["samesite"] = "Lax"
                value = cookie.output(header="", sep=",").strip().encode("latin-1") or value
            ended.append((name, value))
        return ended


def _parse(value: bytes) -> SimpleCookie:
    cookie: SimpleCookie = SimpleCookie()
    try:
        cookie.load(value.decode("latin-1"))
    except CookieError:
        return SimpleCookie()
    return cookie


def _network(address: str) -> str:
    """The network that an address is one of: who has one of IPv6 has 2^64 of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
