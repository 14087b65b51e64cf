"""The browser edition's microphone: what is said of its faults, and when the page lets go of it."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from ser_core.ui.tabs.examples import FOLDER as CLIPS
from tests.support.browser import PATIENCE, expect
from tests.support.browser_edition import LIVE, PREDICT, TIMELINE, show

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Keeps what the page opens, so that a test can ask whether it was let go of; `fault` is thrown.
KEEP = """
window.streams = [];
window.fault = null;
const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
devices.getUserMedia = async (wanted) => {
  if (window.fault) throw new DOMException('', window.fault);
  const stream = await ask(wanted);
  window.streams.push(stream);
  return stream;
};
"""
STATES = "window.streams.flatMap((one) => one.getTracks()).map((one) => one.readyState)"
HAPPENS = "(name) => window.streams.at(-1).getTracks()[0].dispatchEvent(new Event(name))"
FAILS = "void (AudioWorklet.prototype.addModule = () => Promise.reject(new Error()))"
HOLD = """() => {
  const decoded = new Promise((_, fail) => { window.release = () => fail(new Error()); });
  BaseAudioContext.prototype.decodeAudioData = () => decoded;
}"""
DROPPED = """() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(['no sound'], 'notes.wav'));
  document.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
}"""


@pytest.fixture
def visit(browser: "Browser", address: str) -> Iterator[Callable[..., "Page"]]:
    """Open the page without its model, which nothing here asks; arguments replace its facts."""
    context = browser.new_context(
        locale="en-GB", permissions=["microphone"], service_workers="block"
    )
    context.set_default_timeout(PATIENCE)
    context.add_init_script(KEEP)
    context.route("**/*.bin", lambda route: route.abort())

    def open_page(**facts: object) -> "Page":
        def answer(route):
            known = route.fetch().json()
            known["facts"] |= facts
            route.fulfill(body=json.dumps(known), content_type="application/json")

        context.route("**/known.json", answer)
        page = context.new_page()
        page.goto(address)
        return page

    yield open_page
    context.close()


def record(page: "Page", tab: int = PREDICT):
    """Press Record on a tab, and give the tab once sound comes in."""
    shown = show(page, tab)
    shown.get_by_role("button", name="Record").click()
    shown.get_by_role("button", name="Stop").wait_for()
    return shown


def assert_let_go(page: "Page", shown) -> None:
    shown.locator(".web-record:enabled", has_text="Record").wait_for()
    states = page.evaluate(STATES)
    assert states
    assert set(states) == {"ended"}


def test_a_fault_after_the_microphone_is_open_lets_go_of_it(visit):
    page = visit()
    page.evaluate(FAILS)
    for tab in (PREDICT, LIVE):
        shown = show(page, tab)
        shown.get_by_role("button", name="Record").click()
        assert "did not start" in shown.locator("[data-status=failed]").inner_text()
        assert_let_go(page, shown)


def test_every_fault_of_a_microphone_says_what_to_do(visit):
    page = visit()
    for fault, words in (
        ("NotAllowedError", "may not use the microphone"),
        ("SecurityError", "may not use the microphone"),
        ("NotFoundError", "There is no microphone"),
        ("OverconstrainedError", "There is no microphone"),
        ("NotReadableError", "Another program"),
        ("AbortError", "Another program"),
        ("InvalidStateError", "did not start"),
    ):
        page.evaluate("(name) => void (window.fault = name)", fault)
        shown = show(page, PREDICT)
        shown.get_by_role("button", name="Record").click()
        shown.locator("[data-status=failed]", has_text=words).wait_for()


def test_an_answer_to_a_file_takes_the_place_of_nothing_that_the_microphone_says(visit):
    page = visit()
    page.evaluate(HOLD)
    shown = show(page, PREDICT)
    choose = shown.locator("input[type=file]").set_input_files
    choose(CLIPS / "plain.mp3")
    shown.locator("[data-status=working]").wait_for()
    page.evaluate("window.fault = 'NotAllowedError'")
    shown.get_by_role("button", name="Record").click()
    denied = shown.locator("[data-status=failed]", has_text="may not use the microphone")
    denied.wait_for()
    expect(shown.locator("progress")).to_have_count(0)
    page.evaluate("release()")
    page.wait_for_timeout(500)
    expect(denied).to_be_visible()

    page.evaluate("window.fault = null")
    choose(CLIPS / "plain.mp3")
    expect(denied).to_have_count(0)
    shown.locator("[data-status=failed]").wait_for()
    record(page)
    expect(shown.locator("[data-status=waiting]")).to_be_visible()


def test_a_microphone_that_falls_silent_or_is_gone_is_said_at_once(visit):
    page = visit()
    for tab in (PREDICT, LIVE):
        shown = record(page, tab)
        note = shown.locator("[role=alert]")
        page.evaluate(HAPPENS, "mute")
        note.filter(has_text="muted").wait_for()
        page.evaluate(HAPPENS, "unmute")
        note.wait_for(state="hidden")
        page.evaluate(HAPPENS, "ended")
        note.filter(has_text="disconnected").wait_for()
        assert_let_go(page, shown)


def test_another_tab_and_a_long_while_end_a_recording(visit):
    page = visit(longestRecording=30)
    for tab in (TIMELINE, LIVE):
        shown = record(page, tab)
        show(page, PREDICT)
        assert set(page.evaluate(STATES)) == {"ended"}
        show(page, tab)
        assert_let_go(page, shown)
    page = visit(longestRecording=0.3)
    shown = show(page, PREDICT)
    shown.get_by_role("button", name="Record").click()
    shown.get_by_role("alert").filter(has_text="Recording stopped after").wait_for()
    assert_let_go(page, shown)


def test_a_file_dropped_on_live_goes_to_the_first_tab(visit):
    page = visit()
    live = show(page, LIVE)
    page.evaluate(DROPPED)
    page.locator("[role=tabpanel]").nth(PREDICT).locator("[data-status=failed]").wait_for()
    expect(live).to_be_hidden()


def test_arrow_keys_open_tabs_which_name_their_panels(visit):
    page = visit()
    tabs = page.get_by_role("tab")
    tabs.first.focus()
    for key, opened in (("ArrowRight", 1), ("End", 2), ("ArrowRight", 0), ("ArrowLeft", 2)):
        page.keyboard.press(key)
        assert page.locator("[role=tab]:focus[aria-selected=true]").inner_text() == (
            tabs.nth(opened).inner_text()
        )
    expect(page.get_by_role("tabpanel", name=tabs.nth(2).inner_text())).to_be_visible()
