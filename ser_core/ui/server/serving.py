"""Who is let in, and the app's end: nobody new while it is full or ending, and nobody broken off.

Docker, Spaces and systemd end an app with SIGTERM, a keyboard with SIGINT. Gradio knows the second
only, and breaks off whatever runs.
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ..look import text
from .guard import AGAIN
from .health import HEALTH
from .inside import (
    QUEUE_ROUTES,
    START_ROUTES,
    count_waiting,
    end_server,
    is_busy,
    is_expected,
)

GRACE = 7.0  # [s] for what runs and waits; Docker kills after ten
DELIVERY = 1.0  # [s] for answers to reach those who are slow to fetch them
LAST = 30.0  # [s] for what follows: files are deleted, and feedback is sent
LOOK = 0.05  # [s] between two looks

logger = logging.getLogger(__name__)

Refusal = Callable[[str], str | None]
"""Takes what a request starts with; returns the sentence that refuses it, or None to let it in."""


class Door:
    """ASGI middleware that answers 503 and a sentence to whom is not let in."""

    def __init__(self, app: ASGIApp, refusal: Refusal) -> None:
        self._app = app
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or say why not."""
        sentence = self._refusal(scope["path"]) if _starts_something(scope) else None
        if sentence is None:
            await self._app(scope, receive, send)
            return
        # Gradio's clients read the second or the third, and monitors the code alone.
        body = {"status": "unavailable", "error": sentence, "detail": sentence}
        await JSONResponse(body, 503, headers=AGAIN)(scope, receive, send)


def while_full(demo: gr.Blocks, most: int) -> Middleware:
    """Refuse calls, in a sentence of ours, while as many wait as may.

    Args:
        demo: gr.Blocks.
        most: how many may wait.
    """

    def refusal(path: str) -> str | None:
        is_full = any(route in path for route in QUEUE_ROUTES) and count_waiting(demo) >= most
        return text.FULL.format(most=most) if is_full else None

    return Middleware(Door, refusal=refusal)


def serve(demo: gr.Blocks, launch_options: dict[str, Any]) -> None:
    """Run the app until a signal ends it.

    From then on nobody new is let in. What runs and what waits is answered, for `GRACE` seconds at
    most; then uploads are deleted and feedback is sent. A second signal ends it at once.

    Args:
        demo, launch_options: as `build_app` returns them.
    """
    ending = Event()
    app_kwargs = launch_options["app_kwargs"]
    door = Middleware(Door, refusal=lambda _: text.ENDING if ending.is_set() else None)
    watches = [door, *app_kwargs["middleware"]]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    demo.launch(
        **launch_options | {"app_kwargs": app_kwargs | {"middleware": watches}},
        prevent_thread_lock=True,
    )
    ending.wait()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    logger.info("Told to end: answering what has begun, and nobody else.")
    is_done = _wait(partial(is_busy, demo), GRACE)
    _wait(partial(is_expected, demo), DELIVERY)
    end_server(demo, LAST)
    logger.info("Ended.")
    if not is_done:
        # A recording of an hour, say: its thread would be waited for.
        os._exit(0)


def _starts_something(scope: Scope) -> bool:
    if scope["type"] != "http":
        return False
    path = scope["path"]
    begins = scope["method"] == "POST" and any(route in path for route in START_ROUTES)
    return path.endswith(HEALTH) or begins


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait while a condition holds, and no longer than that; returns whether it ceased to hold."""
    deadline = time.monotonic() + seconds
    while condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK)
    return True
