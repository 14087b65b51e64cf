"""Measure what a visitor waits for: the app's start, the page's load, and the answer to an upload.

    python -m benchmarks.page

The app is `python app.py` in a process of its own. Start: from the command to the first answer of
/predict by a client. Load: from the address, in a browser without any cache, until the upload's
input takes a file and another tab, clicked, shows what is on it. Answer: inside the browser, from
the moment a 3-s recording is chosen to the card with its emotion, upload included; and from a click
on the button to the card that replaces the former one. Needs playwright and Chromium
(/usr/bin/chromium, or what the environment variable CHROMIUM names). Exit status 1 where a bound is
not kept.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile
from gradio_client import handle_file

from benchmarks.load import FIXTURES, machine, running_app
from ser_core.ui.look import text

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SOURCE = FIXTURES / "speech_48k_stereo.wav"  # 3 s
START, INTERACTIVE, ANSWER = 8.0, 3.0, 0.3  # [s] bounds
PATIENCE = 60_000  # [ms] a busy machine may need
INPUT = "#recording input[type=file]"
ANSWERED = "#answer [data-status=emotion], #answer [data-status=uncertain]"
# Notes when the page was first asked for something, and when the answer to that stood there: after
# what stood there before had gone.
CLOCK = """() => {
  const answered = "%s";
  window.clock = {begun: null, done: null};
  const begin = () => {
    window.clock = {begun: performance.now(), done: null};
    document.querySelector("#answer").querySelectorAll("[data-status]")
      .forEach(card => card.setAttribute("data-former", ""));
  };
  document.addEventListener("change", event => {
    if (event.target.matches("input[type=file]")) begin();
  }, true);
  document.addEventListener("click", event => {
    if (event.target.closest("#run")) begin();
  }, true);
  new MutationObserver(() => {
    const card = document.querySelector(answered);
    if (window.clock.begun !== null && window.clock.done === null && card
        && !card.hasAttribute("data-former")) window.clock.done = performance.now();
  }).observe(document.querySelector("#answer"), {childList: true, subtree: true, attributes: true});
}"""


def told(name: str, seconds: list[float], bound: float) -> bool:
    """Print the median of some times [s] and their range; return whether it keeps the bound."""
    median = statistics.median(seconds)
    print(
        f"{name:<34}median {1e3 * median:7.0f} ms ({1e3 * min(seconds):.0f} to "
        f"{1e3 * max(seconds):.0f}), {len(seconds)} times   (bound {1e3 * bound:.0f} ms)"
    )
    return median <= bound


def first_answers(runs: int) -> list[float]:
    """Start the app anew, again and again: from the command to the first answer [s]."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        with running_app() as app:
            app.connect().predict(handle_file(SOURCE), api_name="/predict")
            seconds.append(time.perf_counter() - started)
            app.end()
    return seconds


def load(browser: "Browser", url: str) -> tuple["Page", float]:
    """Open the page with no cache; returns it, and how long until it was interactive [s]."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE)
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.get_by_role("button", name="Upload file").first.click()
    page.wait_for_selector(f"{INPUT}:enabled", state="attached")
    page.get_by_role("tab", name=text.ABOUT_TAB, exact=True).click()
    page.get_by_text(text.ABOUT_LIMITS_TITLE).wait_for()
    return page, time.perf_counter() - started


def answer(page: "Page") -> float:
    """Wait for the answer; returns how long it took in the browser [s]."""
    page.wait_for_function("() => window.clock.done !== null")
    clock = page.evaluate("window.clock")
    return 1e-3 * (clock["done"] - clock["begun"])


def answers(page: "Page", path: Path, runs: int) -> tuple[list[float], list[float]]:
    """Choose the recording and press the button, again and again; returns both's times [s]."""
    page.get_by_role("tab", name=text.PREDICT_TAB, exact=True).click()
    page.evaluate(CLOCK % ANSWERED)
    chosen, pressed = [], []
    for _ in range(runs + 1):
        page.set_input_files(INPUT, path)
        chosen.append(answer(page))
        page.get_by_role("button", name=text.RUN).click()
        pressed.append(answer(page))
        page.locator("#recording").get_by_role("button", name="Clear").click()
        page.wait_for_selector("[data-status=waiting]")
    return chosen[1:], pressed[1:]  # the first wakes everything up


def main() -> None:
    """Measure, print, and exit with 1 where a bound is not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--starts", type=int, default=5, help="of the app")
    parser.add_argument("--loads", type=int, default=10, help="of the page")
    parser.add_argument("--answers", type=int, default=20, help="to an upload, and to the button")
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    print(machine())
    kept = told("start to first answer", first_answers(arguments.starts), START)
    with tempfile.TemporaryDirectory() as folder, running_app() as app, sync_playwright() as tools:
        path = Path(folder) / "speech.wav"
        samples, rate = soundfile.read(SOURCE, dtype="int16")
        soundfile.write(path, samples[: 3 * rate], rate, subtype="PCM_16")
        browser = tools.chromium.launch(
            executable_path=CHROMIUM,
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        loads = []
        for _ in range(arguments.loads):
            page, seconds = load(browser, app.url)
            loads.append(seconds)
            page.context.close()
        kept &= told("cold load to interactive", loads, INTERACTIVE)
        page, _ = load(browser, app.url)
        chosen, pressed = answers(page, path, arguments.answers)
        kept &= told("choosing a 3-s file to answer", chosen, ANSWER)
        kept &= told("pressing the button to answer", pressed, ANSWER)
        browser.close()
        app.end()
    if not kept:
        raise SystemExit("A bound is not kept.")


if __name__ == "__main__":
    main()
