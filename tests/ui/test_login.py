"""A page for a group: nothing but its health without a login, everything with one."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from starlette.responses import PlainTextResponse

from ser_core import EmotionRecognizer
from ser_core.errors import ModelNotFoundError
from ser_core.ui.build import build_unavailable
from ser_core.ui.look import text
from ser_core.ui.server import login
from ser_core.ui.server.validation import RequestError
from ser_core.ui.settings import Settings
from ser_core.ui.words.languages import speaking
from tests.support.app import PATIENCE, SPEECH, left_in, serving
from tests.support.browser import (
    SIZES,
    assert_answered,
    assert_fits,
    choose,
    require_browser,
    shoot,
    start_browser,
)
from tests.support.recordings import FIXTURES

USERS = (("ann", "hush-hush"), ("bob", "se:cret ü"))


@pytest.fixture(scope="module")
def url(uploads: Path, recognizer: EmotionRecognizer) -> Iterator[str]:
    with serving(recognizer, auth=USERS) as demo:
        yield demo.local_url


def test_without_a_login_only_the_health_answers(url: str, uploads: Path) -> None:
    file = {"files": ("clip.wav", SPEECH.read_bytes())}
    call = {"data": [], "fn_index": 0, "session_hash": "nobody"}
    with httpx.Client(base_url=url, timeout=PATIENCE) as visitor:
        assert visitor.get("health").json()["status"] == "ok"
        answers = [
            visitor.get("config"),
            visitor.get("gradio_api/info"),
            visitor.post("gradio_api/upload", files=file),
            visitor.post("gradio_api/queue/join", json=call),
            visitor.post("gradio_api/run/predict", json=call),
            visitor.post("gradio_api/call/model_info", json={"data": []}),
            visitor.get(f"gradio_api/file={SPEECH}"),
            visitor.get("openapi.json"),
            visitor.get("gradio_api/openapi.json"),
            visitor.get("gradio_api/heartbeat/nobody"),
            visitor.get("gradio_api/app_id"),
            visitor.post("gradio_api/cancel", json={}),
            visitor.get("monitoring"),
            visitor.get("nowhere"),
        ]
        assert {answer.status_code for answer in answers} == {httpx.codes.UNAUTHORIZED}
        page = visitor.get("").text
    assert text.LOGIN in page
    assert text.RUN not in page
    assert not any(password in page for _, password in USERS)
    assert left_in(uploads) == []


def test_the_page_that_asks_for_a_login_speaks_its_visitor_s_language(url: str) -> None:
    with httpx.Client(base_url=url, timeout=PATIENCE) as visitor:
        for asked in ({"params": {"lang": "de"}}, {"headers": {"accept-language": "de"}}):
            page = visitor.get("", **asked).text
            assert text.LOGIN not in page
            with speaking("de"):
                assert text.LOGIN in page
        assert text.LOGIN in visitor.get("").text


@pytest.mark.parametrize("user", USERS, ids=lambda user: user[0])
def test_a_client_with_a_login_is_answered(url: str, user: tuple[str, str]) -> None:
    client = Client(
        url, auth=user, verbose=False, analytics_enabled=False, httpx_kwargs={"timeout": PATIENCE}
    )
    answer = client.predict(handle_file(FIXTURES / "speech_male.wav"), api_name="/predict")
    assert answer["status"] in ("emotion", "uncertain")


def test_a_wrong_password_is_refused_and_the_page_holds_none(url: str) -> None:
    with pytest.raises(ValueError, match="Could not login"):
        Client(url, auth=("ann", "wrong"), verbose=False, analytics_enabled=False)
    with httpx.Client(base_url=url, timeout=PATIENCE) as visitor:
        name, password = USERS[0]
        visitor.post("login", data={"username": name, "password": password}).raise_for_status()
        config = visitor.get("config").text
    assert "This server asks for a login" in config
    assert not any(word in config for _, word in USERS)


def log_in(visitor: httpx.Client, password: str, **headers: str) -> httpx.Response:
    data = {"username": USERS[0][0], "password": password}
    return visitor.post("login", data=data, headers=headers)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cookies_have_an_end_and_are_kept_to_https(url: str, scheme: str) -> None:
    with httpx.Client(base_url=url, timeout=PATIENCE) as visitor:
        answer = log_in(visitor, USERS[0][1], **{"X-Forwarded-Proto": scheme})
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert f"Max-Age={login.AGE}" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie  # no other site's page frames this one
        assert ("Secure" in cookie) or (scheme == "http" and "unsecure" in cookie)


def test_a_login_ends_on_the_server_too(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with httpx.Client(base_url=url, timeout=PATIENCE) as visitor:
        log_in(visitor, USERS[0][1])
        assert visitor.get("config").status_code == httpx.codes.OK
        assert visitor.get("openapi.json").status_code == httpx.codes.OK
        with monkeypatch.context() as patch:
            patch.setattr(login, "AGE", -1)
            assert visitor.get("config").status_code == httpx.codes.UNAUTHORIZED
        assert visitor.get("config").status_code == httpx.codes.UNAUTHORIZED


def test_guessing_is_slowed_down_and_logged_without_names(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await asyncio.sleep(0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("no", 200 if scope["is_right"] else 400)(scope, receive, send)

    async def nothing(*_: Any) -> Any:
        return {"type": "http.disconnect"}

    gate = login.LoginGate(app, demo=None, is_secure=False, sleep=sleep)  # type: ignore[arg-type]

    async def guess(address: str, *, is_right: bool = False) -> None:
        scope = {"type": "http", "method": "POST", "path": "/login", "headers": []}
        scope |= {"client": (address, 1), "scheme": "http", "is_right": is_right}
        await gate(scope, nothing, nothing)

    async def attack() -> None:
        for _ in range(4):
            await guess("192.0.2.1")
        await guess("192.0.2.1", is_right=True)
        await guess("192.0.2.2")
        await guess("2001:db8::1")
        await guess("2001:db8::2")  # of the same network
        crowd = [guess("192.0.2.1") for _ in range(2 * login.MOST_WAITING)]
        done = await asyncio.gather(*crowd, return_exceptions=True)
        refused = [one for one in done if isinstance(one, RequestError)]
        assert [one.status for one in refused] == [429] * login.MOST_WAITING

    asyncio.run(attack())
    assert waited[:5] == [0.25, 0.5, 1.0, 2.0, 0.25]
    assert max(waited) == login.LONGEST_DELAY
    assert "A login from 192.0.2.1 failed, number 4 of late." in caplog.text
    assert not any(name in caplog.text for name, _ in USERS)


def test_logins_that_nobody_comes_back_to_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    class Demo:
        class app:  # noqa: N801
            cookie_id: str = "x"
            tokens: dict[str, str] = {}  # noqa: RUF012

    tokens = Demo.app.tokens

    async def app(scope: Any, receive: Any, send: Any) -> None:
        token = f"token{len(tokens)}"
        tokens[token] = "ann"
        answer = PlainTextResponse("yes")
        answer.set_cookie("access-token-x", token)
        await answer(scope, receive, send)

    async def nothing(*_: Any) -> Any:
        return {"type": "http.disconnect"}

    gate = login.LoginGate(app, demo=Demo, is_secure=False)  # type: ignore[arg-type]
    scope = {"type": "http", "method": "POST", "path": "/login", "headers": [], "scheme": "http"}
    asyncio.run(gate(scope, nothing, nothing))
    assert set(tokens) == {"token0"}
    asyncio.run(gate(scope, nothing, nothing))
    assert set(tokens) == {"token0", "token1"}
    monkeypatch.setattr(login, "AGE", -1)
    asyncio.run(gate(scope, nothing, nothing))
    assert set(tokens) == {"token2"}


@pytest.mark.parametrize(
    ("is_framed", "site"), [(False, b"SameSite=Lax"), (True, b"SameSite=none")]
)
def test_the_frame_that_the_hub_shows_a_space_in_keeps_its_cookies(
    is_framed: bool, site: bytes
) -> None:
    class Demo:
        class app:  # noqa: N801
            cookie_id: str = "x"
            tokens: dict[str, str] = {}  # noqa: RUF012

    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        answer = PlainTextResponse("yes")
        answer.set_cookie("access-token-x", "token", samesite="none", secure=True)
        await answer(scope, receive, send)

    async def send(message: Any) -> None:
        sent.append(message)

    gate = login.LoginGate(app, Demo, is_secure=True, is_framed=is_framed)  # type: ignore[arg-type]
    scope = {"type": "http", "method": "POST", "path": "/login", "headers": [], "scheme": "https"}
    asyncio.run(gate(scope, None, send))  # type: ignore[arg-type]
    (cookie,) = [value for name, value in sent[0]["headers"] if name == b"set-cookie"]
    assert site in cookie


@pytest.mark.slow
def test_a_visitor_logs_in_and_is_answered(url: str) -> None:
    require_browser()
    for browser in start_browser(SPEECH):
        page = browser.new_page(viewport={"width": 390, "height": SIZES[390]})
        page.set_default_timeout(1_000 * PATIENCE)
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(url)
        page.get_by_text(text.LOGIN).wait_for()
        assert_fits(page)
        shoot(page, "login")
        name, password = USERS[0]
        page.get_by_label("username").fill(name)
        page.get_by_label("password").fill(password)
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-status=waiting]")
        choose(page, SPEECH)
        assert_answered(page)
        assert [one for one in asked if not one.startswith((url, "data:", "blob:"))] == []


def test_a_page_without_its_model_asks_too() -> None:
    _, options = build_unavailable(ModelNotFoundError("There is none."), Settings(auth=USERS))
    assert options["auth"] == list(USERS)
    _, options = build_unavailable(ModelNotFoundError("There is none."), Settings())
    assert options["auth"] is None
