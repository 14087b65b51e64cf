"""What the page looks like to everyone: axe-core on every tab, light and dark, wide and narrow.

axe-core comes from npm, into a temporary folder; a machine without npm or without a network skips,
but for the one that decides whether a change is good.
"""

import os
import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from ser_core.ui.build import list_tabs
from ser_core.ui.look import text
from ser_core.ui.words.languages import ENGLISH, LANGUAGES, speaking
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
    unfold,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

AXE = "axe-core@4"
PATIENCE = 300  # [s] for npm
GRAVE = ("serious", "critical")
CONTRAST = ("color-contrast",)
AT_ONCE = "* { transition: none !important; }"  # so that no colour is half-way
PICTURED = ("dataset", "model")  # tabs
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


def faults(page: "Page", tab: str, rules: Sequence[str] | None = None) -> list[str]:
    """Run axe; serious and critical findings but for Gradio's own, a line for each element.

    Args:
        page: Page, in which axe is.
        tab: id of the one that is open; the others are not looked at.
        rules: those to run; None for all.
    """
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules is not None:
        options["runOnly"] = list(rules)
    others = [f"#tab-{name}" for name, _, _ in list_tabs() if name != tab]
    found = page.evaluate(
        """([others, options]) => axe.run(
            {exclude: others.filter(one => document.querySelector(one))}, options)""",
        [others, options],
    )["violations"]
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


def looks(tab: str, language: str) -> list[tuple[int, str]]:
    """Widths and themes that axe looks at a tab in.

    Those with pictures and long tables take it seconds each: in other languages, and in the dark,
    it looks at them at one width, as only words and colours differ.
    """
    every = [(width, theme) for width in sorted(SIZES) for theme in ("light", "dark")]
    if tab not in PICTURED:
        return every
    themes = ("light",) if language == ENGLISH else ()
    return [look for look in every if look[0] == min(SIZES) or look[1] in themes]


def show(page: "Page", width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": SIZES[width]})
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_grave_on_any_tab(
    url: str, browser: "Browser", axe: str, language: str
) -> None:
    """In one visit, with an answer and a timeline, at each width in either theme."""
    found = {}
    for page in open_page(browser, f"{url}?lang={language}", 1280):
        assert page.evaluate("document.documentElement.lang") == language
        page.evaluate(axe)
        page.add_style_tag(content=AT_ONCE)
        with speaking(language):
            page.locator("#example-sad").click()
            page.wait_for_selector(ANSWERED)
            page.wait_for_selector(EXPLAINED)
            names = page.locator("#recording button[aria-label]").evaluate_all(
                "all => all.map(one => one.ariaLabel)"
            )
            assert text.WIDGETS["Upload file"] in names
            if language != ENGLISH:
                assert not set(names) & {"Upload file", "Record audio"}
            for name, title, _ in list_tabs():
                open_tab(page, title)  # at 1,280 pixels, where each is in sight
                unfold(page, title)
                if name == "timeline":
                    page.locator("#example-conversation").click()
                    page.wait_for_selector("[data-timeline=done]")
                if name in PICTURED:
                    page.wait_for_selector(".js-plotly-plot .main-svg:visible")
                for width in sorted(SIZES):
                    show(page, width, "light")
                    if name in PICTURED:  # they are drawn anew after a change of width
                        settle(page)
                    assert_nothing_is_cut_off(page)
                for width, theme in looks(name, language):
                    show(page, width, theme)
                    # Themes differ in their colours alone.
                    found[name, width, theme] = faults(
                        page, name, None if theme == "light" else CONTRAST
                    )
                show(page, max(SIZES), "light")
            page.locator(".ser-languages summary").click()
            learned = page.locator(".ser-languages div").inner_text()
    assert {one: grave for one, grave in found.items() if grave} == {}
    assert {name for name, _, _ in found} == {name for name, _, _ in list_tabs()}
    assert {"en": "Polish", "es": "polaco", "de": "Polnisch"}[language] in learned


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


def test_the_menu_changes_the_language_and_keeps_the_rest_of_the_address(
    url: str, browser: "Browser"
) -> None:
    for page in open_page(browser, url, 390):
        page.goto(f"{url}?__theme=dark&tab=timeline")
        for language in ("de", "en"):
            page.locator(".ser-languages summary").click()
            page.locator(f".ser-languages [lang={language}]").click()
            page.wait_for_selector(f"html[lang={language}]")
            page.wait_for_selector("[data-timeline=waiting]")
            assert "__theme=dark" in page.url
            assert "tab=timeline" in page.url
        assert page.context.cookies()[0]["value"] == "en"
