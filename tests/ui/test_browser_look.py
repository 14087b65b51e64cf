"""What the page looks like to everyone: axe-core on every tab, light and dark, wide and narrow.

axe-core comes from npm, into a temporary folder; a machine without npm or without a network skips,
but for the one that decides whether a change is good.
"""

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from ser_core.ui.build import TABS
from ser_core.ui.look import text
from tests.support.app import SPEECH
from tests.support.browser import (
    ANSWERED,
    EXPLAINED,
    SIZES,
    assert_fits,
    both_sizes,
    choose,
    clear,
    open_page,
    open_tab,
    settle,
    shoot,
    unfold,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

AXE = "axe-core@4"
PATIENCE = 300  # [s] for npm
GRAVE = ("serious", "critical")
# What Gradio's own markup does, and nothing of ours can mend: a rule, the element's class, and how
# many of it a tab has at most.
GRADIO = {
    # The button says "1x", and is called "Adjust playback speed to 1.5x".
    ("label-content-name-mismatch", "playback"): 1,
    # It says "Drop File Here or Click to Upload", and is called "Click to upload or drop files".
    ("label-content-name-mismatch", "upload-container"): 1,
}


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core as one script."""
    folder = tmp_path_factory.mktemp("npm")
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, AXE]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"The page cannot be tested: npm cannot install {AXE}: {error}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def assert_nothing_is_cut_off(page: "Page") -> None:
    """A table must not scroll inside itself, and no words may reach over their card's edge."""
    assert_fits(page)
    wide = page.locator(".ser-scroll:visible, .ser-card:visible").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText)"
    )
    assert wide == []


def faults(page: "Page") -> list[str]:
    """Run axe; serious and critical findings but for Gradio's own, a line for each element."""
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    left = dict(GRADIO)
    grave = []
    for finding in found:
        for node in finding["nodes"] if finding["impact"] in GRAVE else []:
            own = [key for key in left if key[0] == finding["id"] and key[1] in node["html"]]
            if own and left[own[0]] > 0:
                left[own[0]] -= 1
                continue
            grave.append(f"{finding['id']}: {node['html'][:200]}")
    return grave


# The themes differ in their colours alone, which the smallest and the largest page show all of.
@pytest.mark.parametrize(
    ("page", "theme"),
    [*((width, "light") for width in SIZES), (1280, "dark"), (390, "dark")],
    indirect=["page"],
)
def test_axe_finds_nothing_grave_on_any_tab(page: "Page", url: str, axe: str, theme: str) -> None:
    page.goto(f"{url}?__theme={theme}")
    page.wait_for_selector("[data-status=waiting]")
    page.evaluate(axe)
    choose(page, SPEECH)
    page.wait_for_selector(ANSWERED)
    page.wait_for_selector(EXPLAINED)
    found = {}
    for title, _ in TABS:
        open_tab(page, title)
        unfold(page, title)
        settle(page, pictures=title in (text.DATASET_TAB, text.MODEL_TAB))
        assert_nothing_is_cut_off(page)
        shoot(page, f"{title.split()[0].lower()}_{theme}")
        found[title] = faults(page)
    assert found == {title: [] for title, _ in TABS}


@both_sizes
def test_an_answers_waveform_explains_it_plays_and_goes_with_it(page: "Page") -> None:
    choose(page, SPEECH)
    page.wait_for_selector(ANSWERED)
    player = page.wait_for_selector(EXPLAINED)
    assert "spoke most for" in player.query_selector(".ser-hidden").text_content()
    assert page.locator("#moments .ser-for").count() > 10
    assert_fits(page)
    page.get_by_role("button", name=text.PLAY).click()
    page.wait_for_selector("#moments [data-playing=true]")
    page.wait_for_function("parseFloat(document.querySelector('.ser-now').style.left) > 0")
    page.locator("#moments [role=slider]").focus()
    page.keyboard.press("End")
    page.wait_for_function("parseFloat(document.querySelector('.ser-now').style.left) > 90")
    clear(page)
    page.wait_for_selector("#moments svg", state="detached")


def test_the_answer_is_on_a_phones_screen_at_once(url: str, browser: "Browser") -> None:
    for page in open_page(browser, url, 390):
        choose(page, SPEECH)
        page.wait_for_selector(ANSWERED)
        for place in (page.get_by_test_id("answer"), page.locator(".ser-top")):
            box = place.bounding_box()
            assert box is not None
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= SIZES[390], box
        page.wait_for_selector(EXPLAINED)
        moved = page.get_by_test_id("answer").bounding_box()
        assert moved is not None
        assert moved["y"] + moved["height"] <= SIZES[390]


def test_changes_are_announced(page: "Page") -> None:
    for place in ("answer", "moments"):
        page.wait_for_selector(f"#{place}[aria-live=polite]", state="attached")
    open_tab(page, text.TIMELINE_TAB)
    page.wait_for_selector("#timeline-summary[aria-live=polite]")
