"""The browser edition for tests and benchmarks: a build that is served here, asked in a browser."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import PATIENCE, require_browser
from web.serve import make_server

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).parents[2]
BUILD, BUNDLE = ROOT / "web" / "dist", ROOT / "web" / "bundle"
READY = "#state[data-state=ready]"
PREDICT, TIMELINE, LIVE = range(3)
"""Tabs, in order."""
ANSWERS = ("emotion", "uncertain", "no_speech", "done", "failed")
CONTROLLED = """() => new Promise((done) => {
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener('controllerchange', () => done());
  if (serviceWorker.controller) done();
})"""
"""A wait until the page's requests go through its service worker: one that is ready may not yet."""
ANSWERED = ", ".join(f"[data-status={one}]" for one in ANSWERS)


def require_build() -> None:
    """Skip without a build; where it is decided whether a change is good, nobody may."""
    if (BUILD / "index.html").is_file():
        require_browser()
        return
    if os.environ.get("CI") == "true":
        pytest.fail("The browser edition cannot be tested: there is no build in web/dist.")
    pytest.skip("there is no build of the browser edition in web/dist: make web")


@contextmanager
def served(folder: Path = BUILD) -> Iterator[str]:
    """Serve a build as `make web-serve` does, and give its address."""
    with make_server(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def open_edition(page: "Page", address: str) -> None:
    """Open the page, and wait until its model is there."""
    page.goto(address)
    page.wait_for_selector(READY, state="attached")


def show(page: "Page", tab: int) -> "Locator":
    """Open a tab, and give what it holds."""
    page.locator("[role=tab]").nth(tab).click()
    return page.locator("[role=tabpanel]").nth(tab)


def ask(page: "Page", file: Path, tab: int = PREDICT, patience: float = PATIENCE) -> "Locator":
    """Give the page a file, wait [ms] until something is said of it, and give the tab."""
    shown = show(page, tab)
    forget(page)
    shown.locator("input[type=file]").set_input_files(file)
    shown.locator(ANSWERED).first.wait_for(timeout=patience)
    return shown


def forget(page: "Page") -> None:
    """Take what was answered before away, so that the next answer is told from it."""
    page.evaluate("document.querySelectorAll('[data-status]').forEach(one => one.remove())")


def shares(shown: "Locator") -> dict[str, float]:
    """Read the probabilities of all labels, by their English names."""
    names = shown.locator(".ser-all .ser-label").all_text_contents()
    values = shown.locator(".ser-all .ser-share").all_text_contents()
    return {name: float(value.rstrip("%")) / 100 for name, value in zip(names, values, strict=True)}


def renderers(page: "Page") -> list[dict[str, Any]]:
    """List the processes of the pages of a page's browser: `id`, and `cpuTime` [s]."""
    browser = page.context.browser
    assert browser is not None, "it was launched here"
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return [one for one in found if one["type"] == "renderer"]


def cpu_time(page: "Page") -> float:
    """Return the CPU time of the browser's pages and their workers [s]."""
    return sum(float(one["cpuTime"]) for one in renderers(page))


def resident(page: "Page") -> int:
    """Return the memory of the browser's pages and workers [bytes], WebAssembly's included.

    The garbage of the page given is collected before, as it may lie about for as long as it likes.
    """
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.detach()
    status = [Path(f"/proc/{one['id']}/status").read_text() for one in renderers(page)]
    lines = [line for text in status for line in text.splitlines() if line.startswith("VmRSS:")]
    return sum(int(line.split()[1]) * 1024 for line in lines)
