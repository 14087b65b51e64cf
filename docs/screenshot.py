"""Take the pictures of the README and the pages again, after the page or the model has changed.

    python -m docs.screenshot

`screenshot.png` is an answer, `screenshot_timeline.png` a conversation along time on the dark page,
and `screenshot_phone.png` the answer on a phone. Needs the playwright package and Chromium at
/usr/bin/chromium, or where the environment variable CHROMIUM says.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.ui.build import build_app
from ser_core.ui.look import text
from ser_core.ui.settings import Settings
from tests.support.browser import launch_browser

DOCS = Path(__file__).parent
RECORDING = DOCS.parent / "tests" / "fixtures" / "speech_male.wav"
DESK = {"width": 1280, "height": 900}  # [px]
PHONE = {"width": 390, "height": 844}  # [px]
PATIENCE = 120_000  # [ms]


@contextmanager
def open_page(browser: Browser, url: str, **look: object) -> Iterator[Page]:
    """Open the page; `look` is how the browser shows it."""
    page = browser.new_page(**look)
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    yield page
    page.close()


def choose_recording(page: Page) -> None:
    """Upload the recording on Predict, and wait for its answer."""
    page.get_by_role("button", name="Upload file").first.click()
    page.set_input_files("#recording input[type=file]", RECORDING)
    page.wait_for_selector("#answer [data-status=emotion], #answer [data-status=uncertain]")
    page.wait_for_selector("#moments [data-explained=yes]")


def photograph(page: Page, name: str) -> None:
    """Take a picture of what is in sight."""
    page.wait_for_timeout(2_000)  # pictures settle
    page.mouse.move(0, 0)
    page.screenshot(path=DOCS / f"{name}.png")


def main() -> None:
    """Serve the page, and photograph it."""
    demo, launch_options = build_app(EmotionRecognizer(DEFAULT_MODEL), Settings(port=7899))
    _, url, _ = demo.launch(**launch_options, prevent_thread_lock=True, quiet=True)
    with sync_playwright() as playwright:
        browser = launch_browser(playwright.chromium)
        with open_page(browser, url, viewport=DESK, color_scheme="light") as page:
            choose_recording(page)
            photograph(page, "screenshot")
        with open_page(browser, f"{url}?__theme=dark", viewport=DESK) as page:
            page.get_by_role("tab", name=text.TIMELINE_TAB, exact=True).click()
            page.locator("#example-conversation").click()
            page.wait_for_selector("[data-timeline=done]")
            page.locator("#timeline-strip").scroll_into_view_if_needed()
            photograph(page, "screenshot_timeline")
        with open_page(browser, url, viewport=PHONE, device_scale_factor=2, is_mobile=True) as page:
            choose_recording(page)
            photograph(page, "screenshot_phone")
        browser.close()
    demo.close()


if __name__ == "__main__":
    main()
