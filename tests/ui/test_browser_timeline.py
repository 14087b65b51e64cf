"""The Timeline tab as a visitor meets it: a real browser, a real player, files that arrive."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from ser_core.config.emotions import LABELS
from ser_core.timeline.exports import find_format
from ser_core.ui.look import text
from ser_core.ui.tabs import timeline_answer
from tests.support.browser import assert_fits, choose, clear, expect, shoot, start_browser
from tests.support.recordings import conversation
from tests.support.timelines import make_long_timeline

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

RATE = 16_000  # [Hz]
RECORDING = "#timeline-recording"
PATIENCE = 180_000  # [ms] a busy machine may need


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute and a half, which is more than one answer is given for."""
    path = tmp_path_factory.mktemp("sound") / "a talk.wav"
    samples = np.tile(conversation((1.0, 2.0, 3.0, 0.5)), 5)
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return path


@pytest.fixture(scope="module")
def browser(url: str, recording: Path) -> Iterator["Browser"]:
    yield from start_browser(recording)


@pytest.fixture
def page(page: "Page") -> "Page":
    page.set_default_timeout(PATIENCE)
    page.get_by_role("tab", name=text.TIMELINE_TAB, exact=True).click()
    page.wait_for_selector("[data-timeline=waiting]")
    return page


@pytest.mark.parametrize("page", [1280, 390], indirect=True, ids=lambda w: f"{w}px")
def test_a_recording_gets_a_timeline_that_can_be_heard_and_saved(
    page: "Page", recording: Path
) -> None:
    choose(page, recording, RECORDING)
    page.wait_for_selector("[data-timeline=done]")
    assert page.locator("#timeline-summary [data-label]").get_attribute("data-label") in LABELS
    pieces = page.locator("#timeline-strip .ser-piece")
    assert pieces.count() > 5
    assert_fits(page)
    shoot(page, "timeline")
    expect(page.get_by_test_id("timeline").locator(".ser-river path")).to_have_count(len(LABELS))
    river = page.locator(".ser-river")
    begin, end = json.loads(river.get_attribute("data-speech"))[0]
    box = river.locator("svg").bounding_box()
    place = box["width"] * (begin + end) / 2 / soundfile.info(recording).duration
    page.evaluate("document.documentElement.lang = ''")  # as on the page of another site
    river.locator("svg").hover(position={"x": place, "y": box["height"] / 2})
    said = page.locator(".ser-here").inner_text()
    assert all(label.capitalize() in said for label in LABELS)

    piece = pieces.last
    begin = float(piece.get_attribute("data-start"))
    end = float(piece.get_attribute("data-end"))
    piece.click()
    player = "document.querySelector('#timeline-recording audio').currentTime"
    page.wait_for_function(f"{player} >= {begin}")
    page.wait_for_function("document.querySelector('#timeline-recording audio').paused")
    assert begin <= page.evaluate(player) < end + 2.0
    cursor = page.locator("#timeline-strip .ser-cursor")
    shown = float(cursor.evaluate("line => parseFloat(line.style.left)"))
    assert shown == pytest.approx(100 * begin / soundfile.info(recording).duration, abs=15)

    for name in ("csv", "json", "textgrid"):
        with page.expect_download() as download:
            page.locator(f"#timeline-save-{name}").click()
        assert download.value.suggested_filename == f"a talk{find_format(name).ending}"
        content = Path(download.value.path()).read_text(encoding="utf-8-sig")
        if name == "json":
            assert len(json.loads(content)["segments"]) == pieces.count()
        else:
            assert content.startswith(("start,end,status,label", 'File type = "ooTextFile"'))
    expect(page.locator("#timeline-save-rttm")).to_be_disabled()

    clear(page, "timeline", RECORDING)
    expect(page.locator("#timeline-save-csv")).to_be_hidden()
    assert pieces.count() == 0


@pytest.mark.parametrize("page", [1280, 390], indirect=True, ids=lambda w: f"{w}px")
def test_people_are_told_apart_as_soon_as_it_is_asked(page: "Page", tmp_path: Path) -> None:
    page.get_by_text(text.TIMELINE_WHO_SPEAKS).click()
    people = page.locator("#timeline-people")
    people.get_by_label("2", exact=True).check()  # before there is a recording: nothing happens
    people.get_by_label("3", exact=True).check()
    page.wait_for_selector("[data-timeline=waiting]")
    talk = tmp_path / "talk.wav"
    soundfile.write(talk, conversation((0.5, 0.6, 0.7, 0.8, 0.9, 1.0)), RATE, subtype="PCM_16")
    choose(page, talk, RECORDING)
    page.wait_for_selector("[data-timeline=done]")
    rows = page.locator("#timeline-strip .ser-lanes-below .ser-lane")
    assert [name.split("\n")[0] for name in rows.all_inner_texts()] == [
        text.TIMELINE_SPEAKER.format(name=name) for name in "ABC"
    ]
    assert_fits(page)
    shoot(page, "timeline_speakers")

    rows.nth(1).locator(".ser-piece").first.click()
    page.wait_for_function("document.querySelector('#timeline-recording audio').currentTime > 0")
    people.get_by_label(text.TIMELINE_PEOPLE_OFF, exact=True).check()
    page.wait_for_selector("#timeline-strip .ser-lanes-below", state="detached")
    page.wait_for_selector("[data-timeline=done]")
    assert page.locator("#timeline-strip .ser-piece").count() > 2


def test_silence_is_no_speech(page: "Page", tmp_path: Path) -> None:
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(5 * RATE), RATE)
    choose(page, silence, RECORDING)
    page.wait_for_selector("[data-timeline=no_speech]")
    shown = page.locator("#timeline-summary").inner_text().lower()
    assert not any(label in shown for label in LABELS)
    assert page.locator("#timeline-strip .ser-piece").count() == 0


# Puts a picture where the server would, beside a player that says what is wanted of it.
DRAW = """html => {
  document.querySelector("#timeline-strip .prose").innerHTML = html;
  const audio = document.createElement("audio");
  Object.defineProperty(audio, "currentTime", { value: 0, writable: true });
  Object.defineProperty(audio, "paused", { value: false });
  audio.play = async () => {};
  document.querySelector("#timeline-recording").append(audio);
  window.playTo = time => {
    audio.currentTime = time;
    audio.dispatchEvent(new Event("timeupdate"));
  };
  window.playedFrom = () => audio.currentTime;
}"""
IN_SIGHT = """() => {
  const strip = document.querySelector(".ser-strip");
  return [Number(strip.dataset.from), Number(strip.dataset.span)];
}"""
# Two fingers, a fifth of the picture apart, and then so many times that.
PINCH = """(place, times) => {
  const box = place.getBoundingClientRect(), y = box.top + 20;
  const send = (kind, id, part) => place.dispatchEvent(new PointerEvent(kind, {
    bubbles: true, pointerId: id, pointerType: "touch", clientX: box.left + part * box.width,
    clientY: y }));
  send("pointerdown", 7, 0.4);
  send("pointerdown", 8, 0.6);
  send("pointermove", 7, 0.5 - 0.1 * times);
  send("pointermove", 8, 0.5 + 0.1 * times);
  send("pointerup", 7, 0.5 - 0.1 * times);
  send("pointerup", 8, 0.5 + 0.1 * times);
}"""


@pytest.mark.parametrize("page", [1280, 390], indirect=True, ids=lambda w: f"{w}px")
def test_an_hour_can_be_zoomed_by_keys_mice_and_fingers(page: "Page") -> None:
    hour = make_long_timeline()
    page.evaluate(DRAW, str(timeline_answer.details(hour)))
    picture = page.locator(".ser-window")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    said, line = page.locator(".ser-here"), page.locator("#timeline-strip .ser-cursor")

    page.mouse.move(*middle)  # a minute begins here
    page.mouse.down()
    page.mouse.move(middle[0] + box["width"] / 10, middle[1], steps=3)
    page.mouse.up()
    assert page.evaluate(IN_SIGHT) == pytest.approx([1_800, 360], abs=5)
    assert page.evaluate("playedFrom()") == 0, "a drag is no click"
    page.mouse.move(box["x"] + 0.1 * box["width"], middle[1])
    assert said.inner_text().startswith("30:3")
    assert said.inner_text().index("Angry 90%") < said.inner_text().index("Sad 10%")
    page.mouse.click(box["x"] + 0.5 * box["width"], middle[1])
    assert page.evaluate("playedFrom()") == pytest.approx(1_980, abs=5)
    page.evaluate("playTo(1890)")
    assert float(line.evaluate("one => parseFloat(one.style.left)")) == pytest.approx(25, abs=2)
    page.evaluate("playTo(3000)")
    expect(line, "what is in sight follows the player").to_be_visible()
    ticks = page.locator(".ser-ticks span").all_inner_texts()
    assert 3 <= len(ticks) <= 6
    assert all(one.startswith(("49:", "50:", "51:", "52:", "53:", "54:", "55:")) for one in ticks)
    assert_fits(page)
    shoot(page, "timeline_zoomed")

    whole = page.get_by_role("button", name=text.TIMELINE_WHOLE)
    whole.focus()
    page.keyboard.press("0")
    assert page.evaluate(IN_SIGHT) == [0, 3_600]
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(IN_SIGHT) == [1_800, 1_800]
    for name, sight in (
        (text.TIMELINE_EARLIER, [900, 1_800]),
        (text.TIMELINE_ZOOM_IN, [1_350, 900]),
        (text.TIMELINE_LATER, [1_800, 900]),
        (text.TIMELINE_ZOOM_OUT, [1_350, 1_800]),
        (text.TIMELINE_WHOLE, [0, 3_600]),
    ):
        page.get_by_role("button", name=name).click()
        assert page.evaluate(IN_SIGHT) == sight

    picture.evaluate(PINCH, 4)
    assert page.evaluate(IN_SIGHT) == pytest.approx([1_350, 900], abs=20)
    page.mouse.move(*middle)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -139)  # twice as near
    page.keyboard.up("Control")
    page.wait_for_function("Number(document.querySelector('.ser-strip').dataset.span) < 600")
    assert page.evaluate(IN_SIGHT) == pytest.approx([1_575, 450], abs=25)
