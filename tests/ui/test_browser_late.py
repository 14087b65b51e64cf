"""Answers that come late, as a visitor meets them: none stands beside another recording."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.ui.build import build_app
from ser_core.ui.look import text
from ser_core.ui.page import Page as Tabs
from ser_core.ui.settings import Settings
from tests.support.app import SPEECH
from tests.support.browser import (
    ANSWERED,
    PATIENCE,
    assert_answered,
    choose,
    clear,
    expect,
    hold_answers,
    open_page,
    open_tab,
    release_answers,
    require_browser,
)
from tests.support.ports import free_port
from tests.support.recordings import FIXTURES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

TIMELINE = "#timeline-recording"
SLOW, MALE = "slow.wav", "speech_male.wav"
# Calls are refused from now on, as by a server for which too many wait.
REFUSE = """() => {
  const fetch = window.fetch;
  window.takeAgain = () => { window.fetch = fetch; };
  window.fetch = async (address, ...options) =>
    String(address.url ?? address).includes("/queue/join")
      ? new Response('{"detail": "full"}', { status: 503 }) : fetch(address, ...options);
}"""
# Calls wait for long, and how often the example is pressed meanwhile is counted.
BUSY = """() => {
  const fetch = window.fetch;
  window.fetch = (address, ...options) => String(address.url ?? address).includes("/queue/join")
    ? new Promise(() => {}) : fetch(address, ...options);
  window.pressed = 0;
  const count = event => { pressed += event.target.id === "example-sad"; };
  window.addEventListener("click", count, true);
}"""


class Box:
    """A box for feedback: with one the page asks for some."""

    repo = "user/name"

    def close(self) -> None:
        """Nothing is in it."""


class Slow:
    """Makes recordings of one name be answered no sooner than a test says."""

    def __init__(self) -> None:
        self.go, self.analyzed = Event(), list[str]()
        self.go.set()

    def wait(self, path: str) -> None:
        if Path(path).name == SLOW:
            assert self.go.wait(PATIENCE / 1_000)

    def hold(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        def held(tabs: Tabs, path: str, *arguments: Any, **options: Any) -> Any:
            self.wait(path)
            answered = answer(tabs, path, *arguments, **options)
            if answer.__name__ == "analyze":
                self.analyzed.append(Path(path).name)
            return answered

        return held


@pytest.fixture(scope="module")
def slow() -> Iterator[Slow]:
    slow = Slow()
    with pytest.MonkeyPatch.context() as patch:
        for answer in (Tabs.predict, Tabs.analyze):
            patch.setattr(Tabs, answer.__name__, slow.hold(answer))
        yield slow


@pytest.fixture(scope="module")
def url(uploads: Path, slow: Slow) -> Iterator[str]:
    require_browser()
    recognizer, settings = EmotionRecognizer(DEFAULT_MODEL), Settings(port=free_port())
    demo, options = build_app(recognizer, settings, feedback=Box())  # type: ignore[arg-type]
    demo.launch(**options, prevent_thread_lock=True, quiet=True)
    yield demo.local_url
    demo.close()


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """One that is answered no sooner than a test says."""
    return Path(shutil.copy(SPEECH, tmp_path / SLOW))


def test_one_that_cannot_be_used_is_forgotten_and_keeps_no_other_from_its_answer(
    page: "Page", tmp_path: Path
) -> None:
    garbage = tmp_path / "garbage.wav"
    garbage.write_bytes(b"this is not audio" * 100)
    hold_answers(page, "/queue/data")
    choose(page, garbage)
    clear(page)
    release_answers(page)
    expect(page.locator("#answer [data-status=waiting]")).to_be_visible()
    hold_answers(page, "/queue/data")
    choose(page, garbage)
    clear(page)
    choose(page, SPEECH)
    release_answers(page)
    assert_answered(page)


def test_an_example_is_not_answered_by_what_was_there_before(
    page: "Page", slow: Slow, recording: Path
) -> None:
    slow.go.clear()
    choose(page, recording)
    page.wait_for_selector("[data-status=working]")
    page.locator("#example-room").click()
    page.wait_for_selector("[data-status=no_speech]")
    with page.expect_request("**/run/predict"):  # what follows an answer
        slow.go.set()
    page.wait_for_timeout(500)
    expect(page.locator("#answer [data-status=no_speech]")).to_be_visible()
    expect(page.locator("#feedback")).to_be_hidden()


def test_nothing_of_what_was_there_before_stands_beside_an_example_that_is_not_taken(
    page: "Page",
) -> None:
    choose(page, SPEECH)
    page.wait_for_selector("#feedback:visible")
    page.evaluate(REFUSE)
    page.locator("#example-sad").click()
    page.wait_for_selector("[data-status=busy]")
    expect(page.locator("#feedback")).to_be_hidden()
    expect(page.locator("#moments .ser-player")).to_have_count(0)
    page.evaluate("takeAgain()")
    clear(page)

    hold_answers(page, "/queue/data")
    choose(page, SPEECH)
    page.wait_for_timeout(500)
    page.evaluate(REFUSE)
    page.locator("#example-sad").click()
    page.wait_for_selector("[data-status=busy]")
    page.evaluate("takeAgain()")
    with page.expect_request("**/run/predict"):
        release_answers(page)
    expect(page.locator(f"#answer :is({ANSWERED})")).to_have_count(0)


def test_the_example_of_a_link_replaces_nothing_of_the_visitor_s(
    browser: "Browser", url: str
) -> None:
    for page in open_page(browser, f"{url}?example=sad", scripts=[BUSY]):
        page.locator("#recording").get_by_role("button", name="Clear").click()
        choose(page, FIXTURES / MALE)
        pressed = page.evaluate("pressed")
        page.wait_for_timeout(4_000)  # in which it would be pressed again
        assert page.evaluate("pressed") == pressed


def test_only_the_latest_of_a_visitor_s_recordings_is_analyzed(
    browser: "Browser", url: str, page: "Page", slow: Slow, recording: Path
) -> None:
    slow.go.clear()
    slow.analyzed.clear()
    open_tab(page, text.TIMELINE_TAB)
    choose(page, recording, TIMELINE)
    page.wait_for_selector("[data-timeline=working]")
    for other in open_page(browser, url):
        open_tab(other, text.TIMELINE_TAB)
        choose(other, SPEECH, TIMELINE)  # which waits for the other visitor's
        clear(other, "timeline", TIMELINE)
        choose(other, FIXTURES / MALE, TIMELINE)
        page.locator("#example-conversation").click()
        page.locator("#timeline-recording audio[src*=conversation]").wait_for(state="attached")
        expect(page.locator("#timeline-summary [data-timeline=waiting]")).to_be_visible()
        slow.go.set()
        for one in (page, other):
            one.wait_for_selector("[data-timeline=done]")
    assert sorted(slow.analyzed) == ["conversation.mp3", MALE]


def test_an_answer_that_is_redone_for_a_voice_is_of_the_latest(
    page: "Page", slow: Slow, recording: Path
) -> None:
    slow.go.set()
    choose(page, recording)
    assert_answered(page)
    slow.go.clear()
    page.get_by_text(text.VOICE, exact=True).click()
    files = [FIXTURES / "speech.flac", FIXTURES / "speech.mp3"]
    page.set_input_files("#voice-recordings input[type=file]", files)
    page.wait_for_selector("#answer [data-status=working]")
    with page.expect_request("**/run/predict"):  # by which the session's voice is settled
        page.get_by_label("Remove this file").first.click()
    of_one = text.VOICE_ADAPTED.format(used=text.VOICE_COUNT.format(count=1))
    expect(page.locator("#voice-status")).to_contain_text(of_one)
    page.wait_for_timeout(500)
    slow.go.set()
    note = text.VOICE_ANSWER.format(used=text.VOICE_COUNT.format(count=1))
    expect(page.locator("#answer .ser-voice")).to_have_text(note)
