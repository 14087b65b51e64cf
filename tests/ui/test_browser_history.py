"""A visitor's history in a real browser: off at first, kept over a restart, gone with one click."""

import base64
import hashlib
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import gradio as gr
import pytest

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.ui.build import build_app
from ser_core.ui.look import text
from ser_core.ui.settings import Settings
from ser_core.ui.tabs.history import ADD, MOST, STORAGE_KEY, STORAGE_SECRET, TURN
from tests.support.app import SPEECH
from tests.support.browser import (
    ANSWERED,
    EXPLAINED,
    PATIENCE,
    SIZES,
    assert_fits,
    choose,
    clear,
    expect,
    hold_answers,
    release_answers,
    require_browser,
    shoot,
    start_browser,
)
from tests.support.ports import free_port
from tests.support.recordings import FIXTURES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.slow

UNREADABLE = "Error reading from localStorage"  # Gradio's own words in the console
FOREIGN = (
    "not even encrypted",
    {"on": True, "entries": [{"label": "<img src=x onerror=document.title='harmed'>"}, 3, None]},
    ["<script>document.title='harmed'</script>"],
    7,
)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    require_browser()
    yield from start_browser(SPEECH)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], gr.Blocks]]:
    """Start a server, always at the same address; returned are its Blocks."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    port, started = free_port(), []

    def launch() -> gr.Blocks:
        demo, options = build_app(EmotionRecognizer(DEFAULT_MODEL), Settings(port=port))
        demo.launch(**options, prevent_thread_lock=True, quiet=True)
        started.append(demo)
        return demo

    yield launch
    for demo in started[-1:]:
        demo.close()


@pytest.fixture
def page(
    request: pytest.FixtureRequest, browser: "Browser", start: Callable[[], gr.Blocks]
) -> Iterator["Page"]:
    """A page that is closed before the server of `start` is, which it may still be calling."""
    width = getattr(request, "param", 1280)
    context = browser.new_context(viewport={"width": width, "height": SIZES[width]})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    faults = []
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    found = list(faults)  # a page that is closed while a call is under way says so, too
    context.close()
    assert [fault for fault in found if UNREADABLE not in fault] == []


def open_history(page: "Page", demo: gr.Blocks) -> None:
    page.goto(demo.local_url)
    page.wait_for_selector("[data-status=waiting]")
    page.get_by_text(text.HISTORY, exact=True).click()
    page.wait_for_selector("#history-view:visible")


def store_something(page: "Page") -> None:
    page.route("http://127.0.0.1/", lambda route: route.fulfill(body=""))
    page.goto("http://127.0.0.1/")
    page.evaluate(f"localStorage.setItem({STORAGE_KEY!r}, 'anything')")


def begin_history(page: "Page", demo: gr.Blocks) -> "Locator":
    """Open a history and turn it on; returns its switch."""
    open_history(page, demo)
    switch = page.get_by_label(text.HISTORY_SWITCH)
    switch.check()
    page.get_by_text(text.HISTORY_EMPTY).wait_for()
    return switch


def answer(page: "Page", file: Path) -> None:
    if page.locator(ANSWERED).is_visible():
        clear(page)
    choose(page, file)
    page.wait_for_selector(ANSWERED)


def stored(page: "Page") -> str | None:
    return page.evaluate(f"localStorage.getItem({STORAGE_KEY!r})")


def locked(value: object) -> str:
    """Encrypt as Gradio's page does: AES, with a key and salt as OpenSSL derives them."""
    if isinstance(value, str):
        return value
    key = hashlib.sha256(STORAGE_SECRET.encode()).hexdigest()
    command = ["openssl", "enc", "-aes-256-cbc", "-md", "md5", "-base64", "-A", "-pass"]
    ran = subprocess.run(
        [*command, f"pass:{key}"], input=json.dumps(value).encode(), capture_output=True, check=True
    )
    return f"{base64.b64encode(bytes(16)).decode()}:{ran.stdout.decode()}"


@pytest.mark.parametrize("page", [1280, 390], indirect=True, ids=lambda w: f"{w}px")
def test_a_history_begins_when_asked_outlives_a_restart_and_goes_with_one_click(
    page: "Page", start: Callable[[], gr.Blocks]
) -> None:
    demo = start()
    open_history(page, demo)
    answer(page, SPEECH)
    page.wait_for_timeout(1_000)
    assert stored(page) is None
    expect(page.get_by_label(text.HISTORY_SWITCH)).not_to_be_checked()
    page.get_by_label(text.HISTORY_SWITCH).focus()
    page.keyboard.press("Space")
    page.get_by_text(text.HISTORY_EMPTY).wait_for()
    for count, name in enumerate(("speech_female.wav", "speech_male.wav"), start=1):
        answer(page, FIXTURES / name)
        page.wait_for_function(
            f"document.querySelectorAll('#history-view tbody tr').length === {count}"
        )
    assert_fits(page)
    shoot(page, "history")
    assert "speech" not in page.locator("#history-view").inner_text()
    with page.expect_download() as download:
        page.locator("#history-view a[download='emotions.json']").click()
    saved = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert len(saved) == 2
    assert set(saved[0]) == {"time", "status", "label", "probabilities"}

    page.wait_for_selector(EXPLAINED)  # a page that is left before complains in the console
    page.goto("about:blank")  # the visitor leaves, so that no call of the page finds no server
    demo.close()
    demo = start()
    open_history(page, demo)
    page.wait_for_function("document.querySelectorAll('#history-view tbody tr').length === 2")
    expect(page.get_by_label(text.HISTORY_SWITCH)).to_be_checked()
    page.get_by_role("button", name=text.HISTORY_ERASE).focus()
    page.keyboard.press("Enter")
    page.get_by_text(text.HISTORY_OFF).wait_for()
    expect(page.get_by_label(text.HISTORY_SWITCH)).not_to_be_checked()
    assert stored(page) is None
    answer(page, SPEECH)
    page.wait_for_timeout(1_000)
    assert stored(page) is None


@pytest.mark.skipif(which("openssl") is None, reason="needs openssl, to write as the page does")
@pytest.mark.parametrize("content", FOREIGN, ids=lambda content: type(content).__name__)
def test_foreign_content_in_the_browser_harms_nothing(
    page: "Page", start: Callable[[], gr.Blocks], content: object
) -> None:
    demo = start()
    page.goto(demo.local_url)
    page.wait_for_selector("[data-status=waiting]")
    page.evaluate(
        "([key, value]) => localStorage.setItem(key, value)", [STORAGE_KEY, locked(content)]
    )
    open_history(page, demo)
    page.wait_for_timeout(2_000)
    if isinstance(content, dict):  # what we wrote was read
        expect(page.get_by_label(text.HISTORY_SWITCH)).to_be_checked()
    assert page.locator("#history-view img, #history-view script").count() == 0
    assert page.title() == text.TITLE
    answer(page, SPEECH)
    page.get_by_role("button", name=text.HISTORY_ERASE).click()
    page.get_by_text(text.HISTORY_OFF).wait_for()
    page.wait_for_timeout(1_000)  # for what would bring it back
    assert stored(page) is None


def test_an_answer_that_is_under_way_brings_nothing_back(
    page: "Page", start: Callable[[], gr.Blocks]
) -> None:
    switch = begin_history(page, start())
    answer(page, SPEECH)
    page.wait_for_selector("#history-view tbody tr")

    hold_answers(page, "/run/")
    answer(page, FIXTURES / "speech_female.wav")
    page.wait_for_timeout(500)  # until what remembers it has been sent
    page.get_by_role("button", name=text.HISTORY_ERASE).click()
    release_answers(page)
    page.get_by_text(text.HISTORY_OFF).wait_for()
    assert stored(page) is None
    expect(switch).not_to_be_checked()


def test_an_answer_that_is_under_way_is_kept_as_the_switch_stands_when_it_comes(
    page: "Page", start: Callable[[], gr.Blocks]
) -> None:
    switch = begin_history(page, start())

    hold_answers(page, "/run/")
    for name in ("speech_female.wav", "speech_male.wav"):
        answer(page, FIXTURES / name)
        page.wait_for_timeout(500)
    release_answers(page)
    page.wait_for_function("document.querySelectorAll('#history-view tbody tr').length === 2")

    hold_answers(page, "/run/")
    answer(page, SPEECH)
    page.wait_for_timeout(500)
    switch.uncheck()
    release_answers(page)
    expect(page.locator("#history-view tbody tr")).to_have_count(2)
    expect(switch).not_to_be_checked()


def test_what_another_tab_erased_or_turned_off_stays_so(
    page: "Page", start: Callable[[], gr.Blocks]
) -> None:
    demo = start()
    switch = begin_history(page, demo)
    rows = page.locator("#history-view tbody tr")
    answer(page, SPEECH)
    expect(rows).to_have_count(1)

    other = page.context.new_page()
    other.set_default_timeout(PATIENCE)
    open_history(other, demo)
    expect(other.locator("#history-view tbody tr")).to_have_count(1)
    switch.uncheck()
    expect(rows).to_have_count(1)
    kept = stored(page)
    answer(other, FIXTURES / "speech_male.wav")
    other.wait_for_timeout(1_000)  # for what would be kept of it
    assert stored(page) == kept

    page.get_by_role("button", name=text.HISTORY_ERASE).click()
    page.get_by_text(text.HISTORY_OFF).wait_for()
    assert page.evaluate("localStorage.length") == 0
    switch.check()  # which begins another one
    page.get_by_text(text.HISTORY_EMPTY).wait_for()
    kept = stored(page)
    answer(other, FIXTURES / "speech_polish.wav")
    other.wait_for_timeout(1_000)
    assert stored(page) == kept

    page.get_by_role("button", name=text.HISTORY_ERASE).click()
    page.get_by_text(text.HISTORY_OFF).wait_for()
    answer(other, SPEECH)
    other.get_by_text(text.HISTORY_OFF).wait_for()
    assert stored(page) is None


@pytest.mark.parametrize("content", [None, 7, "on", [], {"entries": {"0": 1}}, {"on": "yes"}])
def test_the_switch_and_an_answer_make_something_whole_of_whatever_is_stored(
    page: "Page", content: object
) -> None:
    store_something(page)
    turned = page.evaluate(f"content => ({TURN})(true, content)", content)
    assert turned == {"on": True, "begun": turned["begun"], "entries": []}
    assert page.evaluate(f"content => ({ADD})({{label: 'sad'}}, content)", content) == gr.skip()


def test_what_is_stored_is_bounded(page: "Page") -> None:
    store_something(page)
    content = {"on": True, "entries": list(range(MOST + 50))}
    entries = page.evaluate(f"content => ({ADD})('new', content).entries", content)
    assert entries == [*range(51, MOST + 50), "new"]
    turned = page.evaluate(f"content => ({TURN})(false, content)", content)
    assert turned == content | {"on": False, "begun": turned["begun"]}
