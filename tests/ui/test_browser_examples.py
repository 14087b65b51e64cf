"""Examples as a visitor meets them: one key or click, at every width."""

from typing import TYPE_CHECKING

import pytest

from ser_core.ui.look import text
from tests.support.browser import assert_answered, assert_fits, both_sizes, open_tab, shoot

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

PATIENCE = 180_000  # [ms] a busy machine may need


def press(page: "Page", name: str) -> None:
    """Press an example's button by keyboard."""
    page.get_by_role("button", name=text.EXAMPLE_NAMES[name], exact=True).focus()
    page.keyboard.press("Enter")


@both_sizes
def test_an_example_is_answered_by_itself_and_can_be_played(page: "Page") -> None:
    page.get_by_text(text.EXAMPLES_NOTE).wait_for()
    press(page, "sad")
    assert_answered(page)
    page.wait_for_selector("#recording audio", state="attached")
    assert_fits(page)
    shoot(page, "example")
    press(page, "room")
    page.wait_for_selector("[data-status=no_speech]")


@both_sizes
def test_the_long_example_gets_a_timeline_by_itself(page: "Page") -> None:
    page.set_default_timeout(PATIENCE)
    open_tab(page, text.TIMELINE_TAB)
    press(page, "conversation")
    page.wait_for_selector("[data-timeline=done]")
    page.wait_for_selector("#timeline-strip .ser-piece")
    assert_fits(page)
    shoot(page, "timeline_example")
