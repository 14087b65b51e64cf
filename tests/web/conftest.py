"""The browser edition, and a browser whose microphone hears a clip: one visitor for a file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import soundfile

from ser_core.audio.load import load_audio
from ser_core.ui.tabs.examples import FOLDER as CLIPS
from tests.support.browser import PATIENCE, launch_browser
from tests.support.browser_edition import open_edition, require_build, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of the build; its own, as its address is what nothing may leave."""
    require_build()
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Browser"]:
    """A browser whose microphone hears somebody speak plainly."""
    from playwright.sync_api import sync_playwright

    sound = tmp_path_factory.mktemp("microphone") / "plain.wav"
    soundfile.write(sound, load_audio(CLIPS / "plain.mp3", sample_rate=48_000), 48_000)
    with sync_playwright() as playwright:
        browser = launch_browser(playwright.chromium, sound)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(browser: "Browser") -> Iterator["BrowserContext"]:
    """A visitor, who keeps what the first visit brought."""
    context = browser.new_context(locale="en-GB", permissions=["microphone"])
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture(scope="module")
def asked(context: "BrowserContext") -> list["Request"]:
    """Everything that the page and its workers ask, from the first request on."""
    asked: list[Request] = []
    context.on("request", lambda request: asked.append(request))
    return asked


@pytest.fixture(scope="module")
def page(context: "BrowserContext", asked: list["Request"], address: str) -> "Page":
    """The page, with its model loaded."""
    page = context.new_page()
    open_edition(page, address)
    return page
