"""The page's part that adapts answers to one visitor's voice, without a server."""

import json
import shutil
from html import unescape
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import soundfile

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from ser_core.model.files import FEATURE_CONFIG
from ser_core.model.repository import Repository
from ser_core.ui.build import build_app
from ser_core.ui.latest import Latest
from ser_core.ui.look import text
from ser_core.ui.page import Page
from ser_core.ui.settings import Settings
from ser_core.ui.tabs import answer, predict_tab, voice
from ser_core.ui.tabs.lesson import Lesson

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPEECH = str(FIXTURES / "speech_female.wav")
CLIPS = [SPEECH, str(FIXTURES / "speech.flac")]


@pytest.fixture(scope="module")
def page() -> Page:
    recognizer = EmotionRecognizer(DEFAULT_MODEL)
    return Page(recognizer, Settings(), Repository.load(recognizer.directory))


def outcome(page: Page, paths: list[str] | None) -> tuple[str, EmotionRecognizer | None]:
    """What is said in the end, and what the visitor's session then holds."""
    *_, last = voice.adapt_to_voice(page, paths)
    return str(last[0]).replace("&#x27;", "'"), last[1]


@pytest.fixture
def silence(tmp_path: Path) -> str:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(32_000), 16_000)
    return str(path)


def test_answers_use_the_visitors_voice_and_say_so(page: Page) -> None:
    words, mine = outcome(page, CLIPS)
    assert text.VOICE_ADAPTED.format(used="2 recordings") in words
    *_, (shown, heard) = predict_tab.answers(page, SPEECH, mine)
    assert heard.adapted
    note = text.VOICE_ANSWER.format(used="2 recordings")
    said = mine.predict(SPEECH)
    assert shown == answer.answer_card(said, coverage=page.coverage, note=note)
    assert note in shown
    *_, (plain, heard) = predict_tab.answers(page, SPEECH)
    assert not heard.adapted
    said = page.recognizer.predict(SPEECH)
    assert plain == answer.answer_card(said, coverage=page.coverage)
    assert page.recognizer.adapted_to == 0


def test_a_former_voice_is_dropped_before_a_new_one_is_heard(page: Page) -> None:
    assert next(voice.adapt_to_voice(page, CLIPS)) == (voice.working_status(), None)
    assert outcome(page, None) == (str(voice.voice_status(text.VOICE_NONE)), None)


def test_recordings_without_speech_are_counted_out(page: Page, silence: str) -> None:
    words, mine = outcome(page, [*CLIPS, silence])
    assert "with 2 recordings of 3; nobody speaks in the others" in words
    assert mine.adapted_to == 2


def test_what_cannot_be_adapted_to_is_a_sentence(page: Page, silence: str, tmp_path: Path) -> None:
    garbage = tmp_path / "<b>garbage.wav"
    garbage.write_bytes(b"not audio at all" * 50)
    for paths, sentence in (
        ([silence], "No speech was found in 1 recording"),
        ([SPEECH, str(garbage)], "garbage.wav"),
        ([SPEECH] * (voice.MOST + 1), f"at most {voice.MOST}, got {voice.MOST + 1}"),
        ([str(tmp_path / "gone.wav")], "gone.wav"),
    ):
        words, mine = outcome(page, paths)
        assert sentence in words
        assert "ser-voice-failed" in words
        assert "<b>" not in words
        assert str(tmp_path) not in words
        assert mine is None


def test_an_unforeseen_failure_does_not_leave_the_page_waiting() -> None:
    assert list(voice.unfinished_status()) == [voice.working_status()]
    assert text.FAULT in unescape(voice.unfinished_status()[voice.working_status()])


def test_the_page_says_how_many_it_takes_and_what_is_kept(page: Page) -> None:
    demo, _ = build_app(page.recognizer, page.settings)
    shown = json.dumps(demo.get_config_file()["components"], default=str)
    assert text.VOICE in shown
    assert "1 recording at least" in shown
    assert "Only 8 numbers about the voice" in shown
    held = {block.value for block in demo.blocks.values() if isinstance(block, gr.State)}
    assert {value for value in held if not isinstance(value, Latest)} <= {None, Lesson()}
    private = [fn for fn in demo.fns.values() if fn.name in ("adapt", "answer_it", "answer_again")]
    assert {fn.api_visibility for fn in private} == {"private"}


def test_a_model_that_does_not_adapt_has_no_such_part(page: Page, tmp_path: Path) -> None:
    folder = shutil.copytree(DEFAULT_MODEL, tmp_path / "model")
    path = folder / FEATURE_CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | {"adaptation": None}))
    demo, _ = build_app(EmotionRecognizer(folder), page.settings)
    assert text.VOICE not in json.dumps(demo.get_config_file()["components"], default=str)
