"""The tab that teaches a visitor's labels: clips, what was learned of them, trying it, a zip."""

import zipfile
from html import unescape
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import soundfile

from ser_core import EmotionRecognizer
from ser_core.model.repository import Repository
from ser_core.results import FrozenMapping, TeachingReport
from ser_core.ui.build import build_app
from ser_core.ui.look import text
from ser_core.ui.look.cards import waiting_card
from ser_core.ui.page import Page
from ser_core.ui.settings import Settings
from ser_core.ui.tabs import lesson as lessons
from ser_core.ui.tabs import teach_tab
from ser_core.ui.tabs.lesson import Lesson, LessonError, say_advice, say_verdict, show_report
from ser_core.ui.words.languages import speaking
from tests.support.app import HTTP, event_of, file_data, left_in, serving, upload
from tests.support.browser import (
    assert_fits,
    expect,
    open_page,
    open_tab,
    require_browser,
    shoot,
    start_browser,
)
from tests.support.frame_models import write_frame_model
from tests.support.recordings import VOICES, voice

RATE = 16_000  # [Hz]
LABELS = {"bored": VOICES[0], "fully engaged": VOICES[1]}


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> EmotionRecognizer:
    return EmotionRecognizer.from_pretrained(write_frame_model(tmp_path_factory.mktemp("frames")))


@pytest.fixture(scope="module")
def page(recognizer: EmotionRecognizer) -> Page:
    return Page(recognizer, Settings(), Repository.load(recognizer.directory))


@pytest.fixture
def clips(tmp_path: Path) -> dict[str, list[str]]:
    """Four clips of each label: other parts of what a voice says, at other paces."""
    files: dict[str, list[str]] = {}
    for label, name in LABELS.items():
        for number, rate in enumerate((16_000, 19_000, 13_500, 23_000)):
            samples = voice(name, rate)
            path = tmp_path / f"{label}-{number}.wav"
            soundfile.write(path, samples[len(samples) // 8 * number :], RATE)
            files.setdefault(label, []).append(str(path))
    return files


def take(page: Page, lesson: Lesson, label: object, *paths: object) -> tuple[str, Lesson]:
    """What is said in the end, and the lesson then."""
    first, last = teach_tab.take_clips(page, lesson, label, [str(path) for path in paths])
    assert text.TEACH_LISTENING in first[0]
    assert first[1] == lesson
    return unescape(last[0]), last[1]


def taught_lesson(page: Page, clips: dict[str, list[str]]) -> Lesson:
    lesson = Lesson()
    for label, paths in clips.items():
        _, lesson = take(page, lesson, label, *paths)
    return lesson


def test_clips_are_counted_under_their_labels(page: Page, clips: dict[str, list[str]]) -> None:
    words, lesson = take(page, Lesson(), "  bored ", *clips["bored"][:2])
    assert text.TEACH_ADDED.format(label="bored", count=2) in words
    assert "failed" not in words
    assert text.TEACH_LACKING.format(count=1) in lessons.show_lesson(lesson)
    assert text.TEACH_ONE_LABEL in lessons.show_lesson(lesson)
    _, lesson = take(page, lesson, "BORED", clips["bored"][2])
    assert {label: len(own) for label, own in lesson.clips.items()} == {"bored": 3}
    assert not lesson.is_enough
    _, lesson = take(page, lesson, "fully engaged", *clips["fully engaged"])
    assert lesson.is_enough
    shown = lessons.show_lesson(lesson)
    assert "Fully engaged" in shown
    assert ".ser-taught {" in shown  # colours that the page's own sheet has not
    words, lesson = teach_tab.forget_label(lesson, "Bored")
    assert list(lesson.clips) == ["fully engaged"]
    assert "bored is removed" in words


def test_what_cannot_be_learned_from_is_a_sentence_and_the_others_are_kept(
    page: Page, clips: dict[str, list[str]], tmp_path: Path
) -> None:
    silence, garbage = tmp_path / "silence.wav", tmp_path / "<b>garbage.wav"
    soundfile.write(silence, np.zeros(32_000), RATE)
    garbage.write_bytes(b"not audio at all" * 50)
    good = clips["bored"][0]
    words, lesson = take(page, Lesson(), "bored", good, silence, garbage, tmp_path / "gone.wav")
    assert lesson.count == 1
    assert f"silence.wav: {text.TEACH_NO_SPEECH}" in words
    assert "<b>garbage.wav cannot be read as audio" in words
    *_, (markup, _) = teach_tab.take_clips(page, lesson, "bored", [str(garbage)])
    assert "<b>" not in markup
    assert str(tmp_path) not in words
    for label in ("bored", "engaged"):
        words, same = take(page, lesson, label, good)
        assert text.TEACH_TWICE.format(label="bored") in words
        assert same == lesson
    for label in (None, "", "   ", 7, ["x"]):
        with pytest.raises(LessonError, match=text.TEACH_NO_LABEL):
            take(page, lesson, label, good)
    for label in ("x" * 81, "a\x00b"):
        with pytest.raises(LessonError, match="letters, all of which can be seen"):
            take(page, lesson, label, good)


def test_clips_wait_for_their_label_and_what_was_taught_for_other_clips(
    page: Page, clips: dict[str, list[str]], tmp_path: Path
) -> None:
    lesson, unchanged = taught_lesson(page, clips), gr.skip()
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(32_000), RATE)
    with pytest.raises(gr.Error, match=f"{text.TEACH_NO_LABEL} {text.TEACH_WAIT}"):
        next(teach_tab.add(page, lesson, " ", [str(silence)]))
    _, failed = teach_tab.add(page, lesson, "bored", [str(silence)])
    assert text.TEACH_NO_SPEECH in failed[0]
    assert failed[1:] == [*[unchanged] * 8, None, None]
    (nothing,) = teach_tab.add(page, lesson, "bored", [])
    assert nothing == [*[unchanged] * 9, None, None]
    (gone,) = teach_tab.add(page, lesson, "bored", [str(tmp_path / "gone.wav")])
    assert "have been added already" in gone[0]
    _, grown = teach_tab.add(page, Lesson(), "bored", ["gone.wav", clips["bored"][0]])
    assert grown[2].count == 1
    # The former model's answer would stand under the new one.
    assert grown[4] is None
    for shown in (grown, teach_tab.learn(page, lesson)):
        assert shown[7:9] == [None, waiting_card("taught")]


def test_an_addition_begins_with_what_the_one_before_left(
    recognizer: EmotionRecognizer, clips: dict[str, list[str]]
) -> None:
    with serving(recognizer) as demo:
        url, labels = demo.local_url, list(clips)
        event = event_of(url, "teach-recordings", "upload")
        for label in labels:
            (path,) = upload(url, "clip.wav", Path(clips[label][0]).read_bytes()).json()
            data = [label, [file_data(path)], None, None]
            body = {"data": data, "fn_index": event, "session_hash": "visitor"}
            HTTP.post(f"{url}gradio_api/queue/join", json=body).raise_for_status()
        stream = HTTP.get(f"{url}gradio_api/queue/data?session_hash=visitor").text
        assert stream.count("process_completed") == len(labels)
        states = demo.state_holder.session_data["visitor"].state_data.values()
        (lesson,) = (state for state in states if isinstance(state, Lesson))
    assert sorted(lesson.clips) == sorted(labels)


def test_no_more_clips_are_embedded_than_can_be_kept(
    page: Page, clips: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, embedded = page.embed(clips["bored"][0]), []
    nearly = Lesson(FrozenMapping({"bored": (one,) * (lessons.MOST_CLIPS - 7)}))
    monkeypatch.setattr(Page, "embed", lambda _, path: embedded.append(path) or one)
    words, same = take(page, nearly, "calm", *clips["bored"] * 100)
    assert same == nearly
    assert len(embedded) == 7
    assert text.TEACH_MANY_CLIPS.format(most=lessons.MOST_CLIPS) in words
    assert words.count(text.TEACH_TWICE.format(label="bored")) == 4
    assert text.TEACH_MORE_FAULTS.format(count=3) in words


def test_labels_and_clips_have_limits(page: Page, clips: dict[str, list[str]]) -> None:
    one = page.embed(clips["bored"][0])
    full = Lesson()
    for number in range(lessons.MOST_LABELS):
        full = (
            full.add(full.name(f"label {number}"), one)
            if not number
            else Lesson(type(full.clips)({**full.clips, f"label {number}": (one,)}))
        )
    with pytest.raises(LessonError, match="more cannot be taught here"):
        full.name("one more")
    assert full.name("LABEL 3") == "label 3"
    many = Lesson(type(full.clips)({"bored": (one,) * lessons.MOST_CLIPS}))
    with pytest.raises(LessonError, match="clips already"):
        many.add("engaged", page.embed(clips["bored"][1]))


def test_too_little_is_refused_by_the_teacher(page: Page, clips: dict[str, list[str]]) -> None:
    for lesson, sentence in (
        (Lesson(), "at least two labels"),
        (take(page, Lesson(), "bored", *clips["bored"])[1], "at least two labels"),
        (
            take(
                page,
                taught_lesson(page, {"bored": clips["bored"]}),
                "engaged",
                clips["fully engaged"][0],
            )[1],
            "'engaged' has one clip",
        ),
    ):
        status, _, same, report, taught, *_ = teach_tab.learn(page, lesson)
        assert sentence in unescape(status)
        assert (same, report, taught) == (lesson, "", None)


def test_a_taught_model_is_tested_tried_and_given_away(
    page: Page, clips: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teach_tab, "new_folder", lambda prefix: tmp_path)
    status, _, _, shown, taught, *_ = teach_tab.learn(page, taught_lesson(page, clips))
    assert text.TEACH_DONE in status
    report = taught.report
    for sentence in (say_verdict(report), say_advice(report)):
        assert sentence in unescape(shown)
    assert f"{report.right} of {report.total} clips were answered rightly" in shown
    assert "guessing" in shown
    *_, card = teach_tab.answers(page, clips["bored"][0], taught)
    said = taught.predict(clips["bored"][0])
    assert f'data-taught="{said.status}"' in card
    assert "Fully engaged" in card
    assert "data-status" not in card
    *_, card = teach_tab.answers(page, clips["bored"][0], None)
    assert text.TEACH_NOT_YET in card
    *_, card = teach_tab.answers(page, None, taught)
    assert text.NO_RECORDING in card
    with zipfile.ZipFile(teach_tab.pack_model(taught)) as archive:
        archive.extractall(tmp_path / "again")
    again = EmotionRecognizer.from_pretrained(tmp_path / "again")
    assert again.labels == tuple(LABELS)
    assert again.predict(clips["bored"][0]) == said
    assert teach_tab.pack_model(None) is None


def test_where_nothing_can_be_taught_the_tab_says_why(
    recognizer: EmotionRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert teach_tab.cannot_teach(recognizer) == ""
    monkeypatch.setattr(teach_tab, "find_spec", lambda name: None)
    assert "pip install 'ser-core[teach]'" in teach_tab.cannot_teach(recognizer)
    demo, _ = build_app(recognizer, Settings())
    shown = [block.value for block in demo.blocks.values() if isinstance(block, gr.HTML)]
    assert any(text.TEACH_MISSING in unescape(str(value)) for value in shown)
    assert not any(block.elem_id == "teach-run" for block in demo.blocks.values())


@pytest.mark.slow
def test_a_visitor_teaches_tries_and_downloads_on_a_phone(
    recognizer: EmotionRecognizer,
    clips: dict[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    require_browser()
    uploads = tmp_path / "uploads"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads))
    with serving(recognizer) as demo:
        for browser in start_browser(Path(clips["bored"][0])):
            for page in open_page(browser, demo.local_url, 390):
                open_tab(page, text.TEACH_TAB)
                for label, files in clips.items():
                    page.locator("#teach-label textarea, #teach-label input").fill(label)
                    page.set_input_files("#teach-recordings input[type=file]", files)
                    words = text.TEACH_ADDED.format(label=label, count=4)
                    page.locator("#teach-status", has_text=words).wait_for()
                assert left_in(uploads) == []
                page.locator("#teach-run").click()
                page.wait_for_selector("#teach-report [data-report]")
                assert_fits(page)
                recording = page.locator("#teach-recording")
                recording.get_by_role("button", name="Upload file").click()
                page.set_input_files("#teach-recording input[type=file]", clips["bored"][0])
                page.wait_for_selector("[data-taught=emotion], [data-taught=uncertain]")
                assert_fits(page)
                shoot(page, "teach")
                page.locator("#teach-pack").click()
                save = page.locator("#teach-save")
                save.wait_for()
                with page.expect_download() as download:
                    save.click()
                assert download.value.suggested_filename == teach_tab.FILE
                assert zipfile.is_zipfile(download.value.path())
                page.locator("#teach-over").click()
                page.locator("#teach-clips", has_text=text.TEACH_EMPTY).wait_for()
                expect(page.locator("#teach-report [data-report]")).to_be_hidden()


def test_a_report_is_said_as_the_library_says_it() -> None:
    """In the page's own words, which have a language, but of the same outcome."""
    outcomes = {
        "better than guessing": (None, ((5, 0), (0, 5))),
        "may as well be guessing": (None, ((2, 1), (1, 2))),
        "worse than guessing": (None, ((1, 9), (9, 1))),
        "at least 5 are needed": (2, ((9, 0), (0, 9))),
    }
    for words, (speakers, rows) in outcomes.items():
        count = sum(rows[0])
        report = TeachingReport(("a", "b"), {"a": count, "b": count}, "t", speakers, rows)
        said = say_verdict(report)
        assert words in said
        assert (text.TEACH_VOICES in said) == (speakers is None)
        # Of the clips of a speaker, all are left out at a time.
        assert (text.TEACH_REPORT_NOTE in show_report(report)) == (speakers is None)
        assert all(
            f"{wanted} of {label}" in say_advice(report)
            for label, wanted in report.wanted.items()
            if wanted
        )
        assert ("speakers" in say_advice(report)) == (speakers is not None)
    enough = TeachingReport(("a", "b"), {"a": 99, "b": 99}, "t", None, ((95, 4), (4, 95)))
    assert say_advice(enough) == text.TEACH_ENOUGH
    with speaking("de"):
        assert "95-%-Intervall" in say_verdict(enough)
