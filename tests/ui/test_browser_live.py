"""The Live tab as a visitor meets it: a real browser whose microphone hears our voices."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from ser_core.config.emotions import LABELS
from ser_core.ui.look import text
from ser_core.ui.server.inside import STREAM_ROUTE, UPLOAD_ROUTE
from tests.support.app import left_in
from tests.support.browser import assert_fits, expect, shoot, start_browser
from tests.support.recordings import conversation

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

RATE = 48_000  # [Hz]
SPAN = 3.0  # [s] in which updates are counted
PATIENCE = 180_000  # [ms] a busy machine may need
# Times at which what the strip shows changed.
COUNT = """() => {
  window.updates = [];
  new MutationObserver(() => window.updates.push(performance.now() / 1000))
    .observe(document.querySelector("#live-strip"),
             {subtree: true, childList: true, attributes: true, characterData: true});
}"""
# Gradio loads its recorder after the page; who presses Record before that gets none.
SETTLED = """() => performance.now() - 3000 >
  Math.max(...performance.getEntriesByType("resource").map((loaded) => loaded.responseEnd))"""


@pytest.fixture(scope="module")
def browser(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Browser"]:
    sound = tmp_path_factory.mktemp("sound") / "conversation.wav"
    samples = conversation((1.0, 4.0), RATE)
    soundfile.write(sound, np.stack([samples, samples], axis=1), RATE, subtype="PCM_16")
    yield from start_browser(sound)


@pytest.fixture
def page(page: "Page") -> "Page":
    page.set_default_timeout(PATIENCE)
    page.get_by_role("tab", name=text.LIVE_TAB, exact=True).click()
    page.wait_for_selector("[data-live=waiting]")
    page.wait_for_function(SETTLED)
    return page


def listen(page: "Page") -> None:
    page.evaluate(COUNT)
    page.locator("#microphone").get_by_role("button", name="Record", exact=True).click()


def stop(page: "Page") -> None:
    page.locator("#microphone").get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_selector("[data-live=stopped]")


def fastest(times: list[float]) -> int:
    """The most updates in any span of that length."""
    return max((sum(t <= u < t + SPAN for u in times) for t in times), default=0)


def test_emotions_appear_twice_a_second_until_it_is_stopped(page: "Page", uploads: Path) -> None:
    height = page.evaluate("document.documentElement.scrollHeight")
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if UPLOAD_ROUTE in r.url else None)
    used: list[str] = []
    page.on("request", lambda r: used.append(r.url) if STREAM_ROUTE in r.url else None)
    listen(page)
    page.wait_for_selector("[data-live=emotion], [data-live=uncertain]")
    page.wait_for_selector("[data-live=no_speech]")
    for _ in range(20):
        if fastest(page.evaluate("window.updates")) >= 2 * SPAN:
            break
        page.wait_for_timeout(1_000 * SPAN)
    assert fastest(page.evaluate("window.updates")) >= 2 * SPAN
    page.wait_for_selector("[data-live=emotion], [data-live=uncertain]")
    assert page.locator("#live-answer [data-label]").get_attribute("data-label") in LABELS
    assert page.evaluate("document.documentElement.scrollHeight") == height, "the page jumps"
    shoot(page, "live")
    stop(page)
    assert page.locator("#live-strip .ser-piece").count() > 0
    assert text.LIVE_STOPPED_TITLE in page.locator("#live-answer").inner_text()
    shown = page.locator("#live-strip").inner_html()
    page.wait_for_timeout(2_000)
    assert page.locator("#live-strip").inner_html() == shown, "it still listens"
    shoot(page, "live_stopped")
    # Chunks of before it listens and of after it was stopped are uploaded, and nobody's: the sweep
    # by age takes them.
    assert len(used) > 20
    assert len(left_in(uploads)) <= len(sent) - len(used) + 6
    page.get_by_role("button", name=text.LIVE_CLEAR, exact=True).click()
    page.wait_for_selector("[data-live=waiting]")
    assert page.locator("#live-strip .ser-piece").count() == 0


@pytest.mark.parametrize("page", [390], indirect=True)
def test_it_fits_a_phone_and_can_be_started_again(page: "Page") -> None:
    for _ in range(2):
        listen(page)
        page.wait_for_selector("[data-live=emotion], [data-live=uncertain]")
        assert_fits(page)
        shoot(page, "live")
        stop(page)


@pytest.mark.parametrize("page", [1280], indirect=True)
def test_a_screen_reader_is_told_only_what_is_new(page: "Page") -> None:
    region = page.locator("#live-answer [role=status]")
    expect(region).to_have_count(1)
    page.evaluate("""() => {
      window.told = [];
      const region = document.querySelector("#live-answer [role=status]");
      new MutationObserver(() => window.told.push(region.textContent))
        .observe(region, {subtree: true, childList: true, characterData: true});
    }""")
    listen(page)
    page.wait_for_selector("[data-live=emotion], [data-live=uncertain]")
    page.wait_for_timeout(5_000)
    stop(page)
    told = page.evaluate("window.told")
    assert told, "nothing was said"
    assert all(one != other for one, other in pairwise(told))
    assert len(told) < len(page.evaluate("window.updates"))
