"""A page for a group: nothing but its health without a login, everything with one."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from ser_core import EmotionRecognizer
from ser_core.errors import ModelNotFoundError
from ser_core.ui.build import build_unavailable
from ser_core.ui.look import text
from ser_core.ui.settings import Settings
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
        ]
        assert {answer.status_code for answer in answers} == {httpx.codes.UNAUTHORIZED}
        page = visitor.get("").text
    assert text.LOGIN in page
    assert text.RUN not in page
    assert not any(password in page for _, password in USERS)
    assert left_in(uploads) == []


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
