"""The tabs Compare and About & API as a visitor meets them."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ser_core.config.emotions import LABELS
from ser_core.ui.look import text
from tests.support.app import SPEECH
from tests.support.browser import (
    assert_fits,
    both_sizes,
    clear,
    expect,
    hold_answers,
    open_tab,
    release_answers,
    settle,
    shoot,
)
from tests.support.recordings import FIXTURES

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

PATIENCE = 180_000  # [ms] a busy machine may need


@pytest.fixture
def page(page: "Page") -> "Page":
    page.set_default_timeout(PATIENCE)
    return page


def answered(page: "Page", count: int) -> None:
    page.wait_for_function(
        "count => document.querySelectorAll('[data-compare=done] li').length == count", arg=count
    )


@both_sizes
def test_recordings_stand_side_by_side_and_a_bad_one_has_a_sentence(
    page: "Page", tmp_path: Path
) -> None:
    garbage = tmp_path / "garbage.wav"
    garbage.write_bytes(b"this is not audio" * 100)
    open_tab(page, text.COMPARE_TAB)
    files = [SPEECH, FIXTURES / "speech.mp3", garbage]
    page.set_input_files("#compare-recordings input[type=file]", files)
    answered(page, 3)
    cards = page.locator(".ser-compare > li").all_inner_texts()
    assert "probability" in cards[0]
    assert "garbage.wav cannot be read as audio" in cards[2]
    page.wait_for_selector("#compare-picture .js-plotly-plot:visible")
    page.get_by_text(text.COMPARE_TABLE).click()
    expect(page.locator("#compare-rows tbody tr")).to_have_count(len(LABELS))
    assert_fits(page)
    settle(page, pictures=True)
    shoot(page, "compared")


def test_what_is_recorded_joins_the_others(page: "Page") -> None:
    open_tab(page, text.COMPARE_TAB)
    microphone = page.locator("#compare-microphone")
    for count in (1, 2):
        microphone.get_by_role("button", name="Record", exact=True).click()
        page.wait_for_timeout(2_500)
        microphone.locator(".stop-button:visible").click()
        if count == 1:
            page.get_by_text(text.COMPARE_ONE_MORE).wait_for()
    answered(page, 2)

    microphone.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(1_000)
    hold_answers(page, "/run/")
    microphone.locator(".stop-button:visible").click()
    files = page.locator("#compare-recordings .file")
    expect(files, "it waits for no server, whose answer may come too late").to_have_count(3)
    clear(page, "compare", "#compare-recordings")
    release_answers(page)
    page.get_by_text(text.COMPARE_WAITING).wait_for()
    expect(files).to_have_count(0)


def test_snippets_name_this_address_and_are_copied(page: "Page", url: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_tab(page, text.ABOUT_TAB)
    page.get_by_role("button", name=f"{text.COPY} curl").click()
    page.get_by_text(text.COPIED).first.wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"url={url.rstrip('/')}/gradio_api\n")
