"""The page for tests: a real browser, whose microphone hears a recording.

Needs Chromium and the playwright package; screenshots are left in artifacts/. The browser is
/usr/bin/chromium, or what the environment variable CHROMIUM names.
"""

import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ser_core.config.emotions import LABELS
from ser_core.ui.look import text

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        BrowserType,
        Frame,
        Locator,
        LocatorAssertions,
        Page,
        Route,
    )

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ANSWERED = "[data-status=emotion], [data-status=uncertain]"
EXPLAINED = "#moments [data-explained=yes]"
SIZES = {1280: 900, 768: 1024, 390: 844}  # [px] width and height
FIRST_SCREEN = 1_600  # [px] that Dataset and Model take at most before they are unfolded
PATIENCE = 60_000  # [ms] a busy machine may need
NO_FAULT = "Method not implemented."  # a warning of Gradio's, which our page keeps to itself
# Adds up from now on what moves although nobody has just pressed anything, as browsers do.
OBSERVE_SHIFT = """() => {
  window.shift = 0;
  new PerformanceObserver(list => list.getEntries()
    .forEach(entry => { if (!entry.hadRecentInput) window.shift += entry.value; }))
    .observe({type: "layout-shift"});
}"""
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


def start_browser(sound: Path) -> Iterator["Browser"]:
    """Start a browser whose microphone hears a WAV file, again and again."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch_browser(playwright.chromium, sound)
        yield browser
        browser.close()


def launch_browser(kind: "BrowserType", sound: Path | None = None) -> "Browser":
    """Launch a browser, beside others of the same kind.

    Args:
        kind: BrowserType, as playwright's `chromium` or another browser's `browser_type`.
        sound: what its microphone hears; None for no microphone.
    """
    microphone = [
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound}",
    ]
    return kind.launch(
        executable_path=CHROMIUM,
        args=[
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            *(microphone if sound else []),
        ],
    )


def open_page(
    browser: "Browser",
    url: str,
    width: int = 1280,
    permissions: Sequence[str] = ("microphone",),
    scripts: Sequence[str] = (),
    late: str = "",
) -> Iterator["Page"]:
    """Open the page; at the end, nothing may have gone wrong in it or left this machine.

    Args:
        browser: Browser.
        url: str.
        width: int [px], one of SIZES.
        permissions: that it has.
        scripts: JavaScript functions that are called before anything of the page is.
        late: str, how the one of Gradio's files is called that comes after all others are drawn.
    """
    context = browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        permissions=list(permissions),
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    for script in scripts:
        page.add_init_script(f"({script})()")
    held: list[str] = []

    def hold(route: "Route") -> None:
        held.append(route.request.url)
        page.wait_for_selector("#history button", state="attached")
        page.wait_for_timeout(300)  # until it is on the screen, where it is
        route.continue_()

    if late:
        page.route(f"**/assets/{late}-*.js", hold)
    own = url.partition("?")[0]
    faults: list[str] = []
    page.on(
        "console",
        lambda m: faults.append(m.text) if m.type == "error" or m.text == NO_FAULT else None,
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda r: None if r.url.startswith((own, "data:", "blob:")) else faults.append(r.url),
    )
    page.goto(url)
    page.wait_for_selector("[data-status=waiting]")
    assert bool(held) == bool(late), f"Gradio has no file {late} any more"
    yield page
    found = list(faults)  # a page that is closed while a call is under way says so, too
    context.close()
    found = [fault for fault in found if fault != UNPLAYABLE]
    assert not found, found


def expect(place: "Locator", otherwise: str | None = None) -> "LocatorAssertions":
    """Assert what a place shows in the end, on a busy machine too: `expect(place).to_be_hidden()`.

    What looks once finds what was there before now and then.
    """
    from playwright.sync_api import expect as wait_until

    wait_until.set_options(timeout=PATIENCE)
    return wait_until(place, otherwise)


both_sizes = pytest.mark.parametrize("page", SIZES, indirect=True, ids=lambda w: f"{w}px")


def shoot(page: "Page", name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    width = page.viewport_size["width"]
    page.screenshot(path=ARTIFACTS / f"{name}_{width}.png", full_page=True)


def choose(page: "Page | Frame", file: Path, into: str = "#recording") -> None:
    """Upload a recording, and wait until the page has it; what it had before is taken away."""
    page.locator(into).get_by_role("button", name="Upload file").click()
    page.set_input_files(f"{into} input[type=file]", file)
    # Where files can be chosen there is none before the page has one.
    page.locator(into).get_by_role("button", name="Clear").wait_for()


def clear(page: "Page", state: str = "status", at: str = "#recording") -> None:
    """Take the recording away, and wait until the page says so where its answer stood."""
    page.locator(at).get_by_role("button", name="Clear").click()
    page.wait_for_selector(f"[data-{state}=waiting]")


def hold_answers(page: "Page", route: str) -> None:
    """Have what the server answers under a part of its addresses wait for `release_answers`."""
    page.evaluate(
        """route => {
          const fetch = window.fetch;
          let release;
          const released = new Promise(resolve => release = resolve);
          window.releaseAnswers = () => { window.fetch = fetch; release(); };
          window.fetch = async (address, ...options) => {
            const answer = await fetch(address, ...options);
            if (String(address.url ?? address).includes(route)) await released;
            return answer;
          };
        }""",
        route,
    )


def release_answers(page: "Page") -> None:
    """Let them come, and give the page time to show them."""
    page.evaluate("releaseAnswers()")
    page.wait_for_timeout(500)


def settle(page: "Page", *, pictures: bool = False) -> None:
    """Wait until nothing on the page changes its size any more.

    Args:
        page: Page.
        pictures: bool, whether there are some, which come later than all else.
    """
    if pictures:
        page.wait_for_selector(".js-plotly-plot .main-svg:visible")
    page.evaluate(
        """async () => {
          const shown = () => JSON.stringify(
            [...document.querySelectorAll(".gradio-container, .block, .main-svg")].map(
              one => one.getBoundingClientRect()));
          let before = null, rests = 0;
          for (let looks = 0; rests < 5 && looks < 600; looks++) {
            await new Promise(resolve => setTimeout(resolve, 100));
            const now = shown();
            rests = now === before ? rests + 1 : 0;
            before = now;
          }
        }"""
    )


def assert_answered(page: "Page") -> None:
    page.wait_for_selector(ANSWERED)
    assert page.locator(".ser-card .ser-all li").count() == len(LABELS)
    shares = [float(share.rstrip("%")) for share in page.locator(".ser-top b").all_inner_texts()]
    assert len(shares) == 3
    assert shares == sorted(shares, reverse=True)


def assert_fits(page: "Page") -> None:
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], "the page scrolls sideways"


def open_tab(page: "Page", title: str) -> None:
    """Open a tab as a visitor does, out of the menu where a narrow screen puts it there."""
    tab = page.get_by_role("tab", name=title, exact=True)
    if not tab.is_visible():
        page.locator(".overflow-menu > button").click()
        tab = page.locator(".overflow-dropdown button", has_text=title)
    tab.click()


def folds() -> dict[str, tuple[str, ...]]:
    """What is folded under a tab's first screen, by its title, in the language that is spoken."""
    return {
        text.DATASET_TAB: (text.DATASET_MORE,),
        text.MODEL_TAB: (text.FOR_USERS, text.FOR_ENGINEERS),
    }


def unfold(page: "Page", title: str) -> None:
    """Look at a tab's first screen, which is short, and unfold what it has for those who ask on."""
    buttons = [page.get_by_role("button", name=fold) for fold in folds().get(title, ())]
    for button in buttons:
        box = button.bounding_box()
        assert box is not None
        assert page.viewport_size["width"] < 1280 or box["y"] + box["height"] <= FIRST_SCREEN
    for button in buttons:
        button.click()
