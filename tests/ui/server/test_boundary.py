"""Refusals: what an answer says beside its sentence."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse

from ser_core.ui.look import text
from ser_core.ui.server import boundary
from ser_core.ui.server.validation import RequestError


@pytest.fixture(autouse=True)
def _no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundary, "list_routes", lambda _: [])
    monkeypatch.setattr(boundary, "check_head", lambda *_: None)


def answer(app: Any) -> dict[str, Any]:
    """Ask an app behind the boundary; returns how its answer starts."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/login", "headers": []}
    asyncio.run(boundary.Boundary(app, None, {})(scope, None, send))  # type: ignore[arg-type]
    return sent[0]


@pytest.mark.parametrize(("status", "is_told"), [(429, True), (503, True), (404, False)])
@pytest.mark.parametrize("said", [{"error": text.CLOSED}, {}])
def test_who_is_one_too_many_is_told_when_to_come_again(
    status: int, is_told: bool, said: dict[str, str]
) -> None:
    async def refuses(*_: Any) -> None:
        raise RequestError(status, text.LOGIN_BUSY)

    async def answers(scope: Any, receive: Any, send: Any) -> None:
        await JSONResponse(said, status)(scope, receive, send)

    for app in (refuses, answers):
        start = answer(app)
        assert start["status"] == status
        assert (b"retry-after" in dict(start["headers"])) == is_told


def test_a_time_that_is_said_already_is_kept() -> None:
    async def answers(scope: Any, receive: Any, send: Any) -> None:
        await JSONResponse({}, 429, {"Retry-After": "77"})(scope, receive, send)

    assert dict(answer(answers)["headers"])[b"retry-after"] == b"77"


def test_what_gradio_trips_over_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def trips(*_: Any) -> None:
        raise httpx.InvalidURL("http://moonlit")

    caplog.set_level(logging.INFO, "ser_core")
    assert answer(trips)["status"] == 400
    (line,) = caplog.messages
    assert "(InvalidURL in test_boundary.py, line " in line
    assert line.endswith(f"): 400. {text.BAD_REQUEST}")
    assert "moonlit" not in line
