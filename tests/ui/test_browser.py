"""The page as a visitor meets it: a real browser, a real microphone stream, the real app.

Needs Chromium and the playwright package; screenshots are left in artifacts/. The browser is
/usr/bin/chromium, or what the environment variable CHROMIUM names.
"""

import base64
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ser_core.config.emotions import LABELS
from ser_core.ui.build import TABS
from ser_core.ui.look import text
from tests.support.browser import (
    ANSWERED,
    FOLDS,
    assert_answered,
    assert_fits,
    both_sizes,
    choose,
    clear,
    hold_answers,
    open_tab,
    release_answers,
    settle,
    shoot,
    unfold,
)
from tests.support.recordings import FIXTURES

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

DROPPED = """content => {
    const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
    const all = new DataTransfer();
    all.items.add(new File([bytes], "dropped.webm", { type: "video/webm" }));
    return all;
}"""

SPEECH = FIXTURES / "speech_female.wav"


@both_sizes
def test_an_uploaded_recording_is_answered_by_itself(page: "Page") -> None:
    choose(page, SPEECH)
    assert_answered(page)
    assert_fits(page)
    shoot(page, "predict")
    clear(page)


def test_what_comes_late_does_not_replace_what_came_after(page: "Page") -> None:
    choose(page, SPEECH)
    page.wait_for_selector(ANSWERED)
    hold_answers(page, "/run/")
    clear(page)
    choose(page, SPEECH)
    assert_answered(page)
    release_answers(page)
    assert_answered(page)


def test_an_answer_does_not_outlive_its_recording(page: "Page") -> None:
    hold_answers(page, "/queue/data")
    choose(page, SPEECH)
    clear(page)
    with page.expect_request("**/run/predict"):  # what follows an answer
        release_answers(page)
    assert page.locator("#answer [data-status=waiting]").is_visible()


def test_a_recording_from_the_microphone_is_answered(page: "Page") -> None:
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(3_500)
    page.locator("#recording .stop-button:visible").click()
    assert_answered(page)
    shoot(page, "recorded")


def test_a_recording_is_taken_whatever_its_name_says_of_it(page: "Page", tmp_path: Path) -> None:
    """Browsers say of these that they are video, or nothing at all."""
    names = {
        "speech.webm": ("voice message.webm", "." + "long" * 60 + ".webm"),
        "speech_video.mp4": ("voice.3gp", "clip.mov"),
        "speech_female.wav": (".hidden", "no ending", "smile \N{GRINNING FACE}.caf"),
    }
    for source, called in names.items():
        for name in called:
            shutil.copy(FIXTURES / source, tmp_path / name)
            choose(page, tmp_path / name)
            assert_answered(page)
            clear(page)
    page.get_by_role("button", name="Upload file").click()
    content = base64.b64encode((FIXTURES / "speech.webm").read_bytes()).decode()
    dropped = page.evaluate_handle(DROPPED, content)
    page.dispatch_event("#recording .upload-container", "drop", {"dataTransfer": dropped})
    assert_answered(page)


def test_garbage_is_our_sentence_and_no_emotion(page: "Page", tmp_path: Path) -> None:
    choose(page, SPEECH)
    assert_answered(page)
    garbage = tmp_path / "garbage.wav"
    garbage.write_bytes(b"this is not audio" * 100)
    clear(page)
    choose(page, garbage)
    page.wait_for_selector("[data-status=failed]")
    toast = page.locator("[data-testid=toast-body]").inner_text()
    assert "garbage.wav" in toast
    assert "Traceback" not in toast
    shown = page.locator("#answer").inner_text().lower()
    assert "garbage.wav" in shown
    assert not any(label in shown for label in LABELS)
    shoot(page, "failed")
    with page.expect_request("**/queue/join*"):
        page.get_by_role("button", name=text.RUN).click()
    page.wait_for_selector("[data-status=failed]")


@pytest.mark.parametrize("page", [390], indirect=True)
def test_a_link_opens_a_tab_and_an_example(page: "Page", url: str) -> None:
    page.goto(f"{url}?tab={text.MODEL_TAB.lower()}")
    page.wait_for_selector(".ser-glance:visible")
    page.goto(f"{url}?example=sad")
    assert_answered(page)


@both_sizes
def test_every_tab_opens_and_fits(page: "Page") -> None:
    for title, _ in TABS[1:]:
        open_tab(page, title)
        if title in (text.COMPARE_TAB, text.ABOUT_TAB):
            page.wait_for_selector("[data-compare=waiting]:visible, .ser-snippet:visible")
            assert_fits(page)
            shoot(page, title.split()[0].lower())
            continue
        if title in (text.LIVE_TAB, text.TIMELINE_TAB):
            page.wait_for_selector(f"[data-{title.lower()}=waiting]:visible")
            assert_fits(page)
            continue
        if title not in FOLDS:
            settle(page)
            assert_fits(page)
            shoot(page, title.lower())
            continue
        page.wait_for_selector(".ser-section h2:visible")
        unfold(page, title)
        settle(page, pictures=True)
        assert_fits(page)
        widths = page.locator(".js-plotly-plot:visible .main-svg").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().right)"
        )
        assert max(widths) <= page.viewport_size["width"]
        shoot(page, title.lower())
