"""A visitor with a browser at a site whose certificate is of its own making.

python -m tests.support.site_visitor ADDRESS SOUND    # prints JSON
"""

import json
import sys
from pathlib import Path

from playwright.sync_api import Page, TimeoutError, sync_playwright

from tests.support.browser import PATIENCE, launch_browser

# Gradio loads its recorder after the page; who presses Record before that gets none, and presses it
# again.
SPANS = (15_000, 30_000, 60_000, PATIENCE)  # [ms] after which it is pressed again
SETTLED = """() => performance.now() - 3000 >
  Math.max(...performance.getEntriesByType("resource").map((loaded) => loaded.responseEnd))"""
STATES = ", ".join(f"[data-live={state}]" for state in ("emotion", "uncertain", "no_speech"))


def speak(address: str, sound: Path) -> dict:
    """Speak on the tab Live until something is said of it.

    Args:
        address: of the page.
        sound: WAV file that the microphone hears.

    Returns:
        JSON-ready dict: `state` that was shown, and `faults`: errors of the page, and answers of
        the server with a status that is one.
    """
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = launch_browser(playwright.chromium, sound)
        page = browser.new_page(ignore_https_errors=True, permissions=["microphone"])
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("response", lambda r: faults.append(f"{r.status} {r.url}") if r.status > 399 else 0)
        page.goto(f"{address}?tab=live")
        page.wait_for_selector("[data-live=waiting]")
        page.wait_for_function(SETTLED)
        state = record(page)
        browser.close()
    return {"state": state, "faults": faults}


def record(page: Page) -> str | None:
    """Press Record until something is said of what is heard; returns the state then, or None."""
    recorder = page.locator("#microphone")
    start, stop = (
        recorder.get_by_role("button", name=name, exact=True) for name in ("Record", "Stop")
    )
    for span in SPANS:
        start.click()
        try:
            return page.wait_for_selector(STATES, timeout=span).get_attribute("data-live")
        except TimeoutError:
            if stop.is_visible():
                stop.click()
    return None


if __name__ == "__main__":
    print(json.dumps(speak(sys.argv[1], Path(sys.argv[2]))))
