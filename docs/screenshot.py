"""Take docs/screenshot.png again, after the page or the model has changed.

    python -m docs.screenshot

Needs the playwright package and Chromium at /usr/bin/chromium, or where the environment variable
CHROMIUM says.
"""

import os
from pathlib import Path

from playwright.sync_api import sync_playwright

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.settings import Settings
from ser_core.ui import build_app

DOCS = Path(__file__).parent
RECORDING = DOCS.parent / "tests" / "fixtures" / "speech_female.wav"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SIZE = {"width": 1280, "height": 900}  # [px]
PATIENCE = 120_000  # [ms]


def main() -> None:
    """Serve the page, upload the recording, and photograph the answer."""
    demo, launch_options = build_app(EmotionRecognizer(DEFAULT_MODEL), Settings(port=7899))
    _, url, _ = demo.launch(**launch_options, prevent_thread_lock=True, quiet=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.set_default_timeout(PATIENCE)
        page.goto(url)
        page.get_by_role("button", name="Upload file").click()
        page.set_input_files("#recording input[type=file]", RECORDING)
        page.wait_for_selector("[data-status=emotion], [data-status=uncertain]")
        page.wait_for_timeout(2_000)  # the player draws the waveform
        page.mouse.move(0, 0)
        page.screenshot(path=DOCS / "screenshot.png")
        browser.close()
    demo.close()


if __name__ == "__main__":
    main()
