"""The page as a visitor meets it: a real browser, a real microphone stream, the real app.

Needs Chromium and the playwright package; screenshots are left in artifacts/. The browser is
/usr/bin/chromium, or what the environment variable CHROMIUM names.
"""

import importlib.util
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.emotions import LABELS
from ser_core.ui import TABS, build_app
from ser_core.ui.look import text
from ser_core.ui.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[1] / "fixtures"
ARTIFACTS = Path(__file__).parents[2] / "artifacts"
SPEECH = FIXTURES / "speech_female.wav"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ANSWERED = "[data-status=emotion], [data-status=uncertain]"
SIZES = {1280: 900, 768: 1024, 390: 844}  # [px] width and height
PATIENCE = 60_000  # [ms] a busy machine may need
# Gradio's player says this of a file that it cannot play, and we upload one such on purpose.
UNPLAYABLE = "Waveform load error: MediaError"


def require_browser() -> None:
    """A machine without a browser skips; the one that decides whether a change is good may not."""
    lacking = None
    if importlib.util.find_spec("playwright") is None:
        lacking = "the playwright package is not installed"
    elif not Path(CHROMIUM).exists():
        lacking = f"there is no browser at {CHROMIUM}"
    if lacking and os.environ.get("CI") == "true":
        pytest.fail(f"The page cannot be tested: {lacking}.")
    if lacking:
        pytest.skip(f"The page cannot be tested: {lacking}.")


def serve(uploads: Path) -> Iterator[str]:
    """Serve the app from this process; its recordings lie in `uploads`."""
    require_browser()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(uploads))
        demo, launch_options = build_app(EmotionRecognizer(DEFAULT_MODEL), Settings(port=port))
        _, address, _ = demo.launch(**launch_options, prevent_thread_lock=True, quiet=True)
        yield address
        demo.close()


def start_browser(sound: Path) -> Iterator["Browser"]:
    """Start a browser whose microphone hears a WAV file, again and again."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-audio-capture={sound}",
            ],
        )
        yield browser
        browser.close()


def open_page(browser: "Browser", url: str, width: int = 1280) -> Iterator["Page"]:
    """Open the page; at the end, nothing may have gone wrong in it or left this machine."""
    context = browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        permissions=["microphone"],
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda r: None if r.url.startswith((url, "data:", "blob:")) else faults.append(r.url),
    )
    page.goto(url)
    page.wait_for_selector("[data-status=waiting]")
    yield page
    context.close()
    assert [fault for fault in faults if fault != UNPLAYABLE] == []


both_sizes = pytest.mark.parametrize("page", SIZES, indirect=True, ids=lambda w: f"{w}px")


def shoot(page: "Page", name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    width = page.viewport_size["width"]
    page.screenshot(path=ARTIFACTS / f"{name}_{width}.png", full_page=True)


def choose(page: "Page", file: Path) -> None:
    page.get_by_role("button", name="Upload file").click()
    page.set_input_files("#recording input[type=file]", file)


def assert_answered(page: "Page") -> None:
    page.wait_for_selector(ANSWERED)
    assert page.locator(".ser-all li").count() == len(LABELS)
    shares = [float(share.rstrip("%")) for share in page.locator(".ser-top b").all_inner_texts()]
    assert len(shares) == 3
    assert shares == sorted(shares, reverse=True)


def assert_fits(page: "Page") -> None:
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], "the page scrolls sideways"


@both_sizes
def test_an_uploaded_recording_is_answered_by_itself(page: "Page") -> None:
    choose(page, SPEECH)
    assert_answered(page)
    assert_fits(page)
    shoot(page, "predict")
    page.get_by_role("button", name="Clear").click()
    page.wait_for_selector("[data-status=waiting]")


def test_a_recording_from_the_microphone_is_answered(page: "Page") -> None:
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(3_500)
    page.locator("#recording .stop-button:visible").click()
    assert_answered(page)
    shoot(page, "recorded")


def test_the_button_answers_again(page: "Page") -> None:
    choose(page, SPEECH)
    assert_answered(page)
    before = page.locator("#answer").inner_text()
    page.get_by_role("button", name=text.RUN).click()
    page.wait_for_timeout(1_000)
    assert_answered(page)
    assert page.locator("#answer").inner_text() == before


def test_garbage_is_our_sentence_and_no_emotion(page: "Page", tmp_path: Path) -> None:
    choose(page, SPEECH)
    assert_answered(page)
    garbage = tmp_path / "garbage.wav"
    garbage.write_bytes(b"this is not audio" * 100)
    page.get_by_role("button", name="Clear").click()
    page.set_input_files("#recording input[type=file]", garbage)
    page.wait_for_selector("[data-status=failed]")
    toast = page.locator("[data-testid=toast-body]").inner_text()
    assert "garbage.wav" in toast
    assert "Traceback" not in toast
    shown = page.locator("#answer").inner_text().lower()
    assert "garbage.wav" in shown
    assert not any(label in shown for label in LABELS)
    shoot(page, "failed")


def test_the_button_without_a_recording_says_so(page: "Page") -> None:
    page.get_by_role("button", name=text.RUN).click()
    page.wait_for_selector("[data-status=failed]")
    assert text.NO_RECORDING in page.locator("#answer").inner_text()


def open_tab(page: "Page", title: str) -> None:
    """Open a tab as a visitor does, out of the menu where a narrow screen puts it there."""
    tab = page.get_by_role("tab", name=title, exact=True)
    if not tab.is_visible():
        page.locator(".overflow-menu > button").click()
        tab = page.locator(".overflow-dropdown button", has_text=title)
    tab.click()


@both_sizes
def test_every_tab_opens_and_fits(page: "Page") -> None:
    for title, _ in TABS[1:]:
        open_tab(page, title)
        if title in (text.COMPARE_TAB, text.ABOUT_TAB):
            page.wait_for_selector("[data-compare=said]:visible, .ser-snippet:visible")
            assert_fits(page)
            shoot(page, title.split()[0].lower())
            continue
        if title in (text.LIVE_TAB, text.TIMELINE_TAB):
            page.wait_for_selector(f"[data-{title.lower()}=waiting]:visible")
            assert_fits(page)
            continue
        page.wait_for_selector(".ser-section h2:visible")
        page.wait_for_selector(".js-plotly-plot:visible")
        page.wait_for_timeout(2_000)  # pictures settle to their width
        assert_fits(page)
        widths = page.locator(".js-plotly-plot:visible .main-svg").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().right)"
        )
        assert max(widths) <= page.viewport_size["width"]
        shoot(page, title.lower())
