"""What the library says of a recording: English for programs, each page's language for visitors."""

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ser_core import EmotionRecognizer
from ser_core.audio.load import load_with_notes
from ser_core.errors import AudioError
from ser_core.model.repository import Repository
from ser_core.ui.look.markup import say_error, say_sentence
from ser_core.ui.page import Page
from ser_core.ui.settings import Settings
from ser_core.ui.tabs.predict_tab import answers
from ser_core.ui.tabs.timeline_answer import details
from ser_core.ui.words.languages import ENGLISH, LANGUAGES, speaking
from ser_core.ui.words.library import translate
from tests.support.app import ROOT
from tests.support.recordings import FIXTURES

OTHERS = [language for language in LANGUAGES if language != ENGLISH]
PLACES = (
    *sorted((ROOT / "ser_core" / "audio").glob("*.py")),
    *(
        ROOT / "ser_core" / name
        for name in (
            "errors.py",
            "model/adaptation.py",
            "timeline/analyze.py",
            "timeline/labelled_clips.py",
        )
    ),
)
"""Where the library says something of a recording, or of several."""

CALLER = "a program's call, of arrays or with arguments"
PATH = "a path on the caller's own machine; a page has uploads"
SPEAKERS = "a page does not ask who speaks in a clip"
CHECKED = "the page checks it first, in its own words"
UNMET = {
    "The audio is": CALLER,
    "The dict ": CALLER,
    "The array ": CALLER,
    "The sample rate is": CALLER,
    "The embedding of 1 is": CALLER,
    "1 a list of": CALLER,
    "1 must be 1": CALLER,
    "channels must be": CALLER,
    "smoothing must": CALLER,
    "speakers must": CALLER,
    "speakers is": CALLER,
    "speakers has": SPEAKERS,
    "speakers of": SPEAKERS,
    "speakers 1": SPEAKERS,
    "All clips of 1 are of speaker": SPEAKERS,
    "A label is": CHECKED,
    "Label 1... has": CHECKED,
    "Label 1 has characters": CHECKED,
    "Labels 1 and 1 are the same": CHECKED,
    "Teaching takes at most": CHECKED,
    "No speech was found in 11: leave": CHECKED,
    "There is no recording to adapt to": CHECKED,
    "teach takes": CALLER,
    "1 is a pipe": PATH,
    "1 is a folder": PATH,
    "1 cannot be read (1)": PATH,
    "1 may not be read": PATH,
    "1; download it": PATH,
    "1; give its path": PATH,
    "1 was opened before this process was forked": "no server's process is forked",
    "The analysis was cancelled": "who cancels it is shown something else",
    "This model does not adapt": "the page of such a model does not offer it",
}
"""Beginnings of what no visitor meets, with 1 for each value, and why not."""

SAME = "Clip 1 of 'x' and clip 2 of 'x'"
SPELLED = {
    "1 1: expected 1, got a file": [
        f"a.mkv {what}: expected WAV, FLAC, OGG, MP3, M4A, WebM or MP4, got a file that is damaged "
        "or made to be hard to read; record it again, or convert it to WAV."
        for what in ("takes too long to decode", "cannot be decoded")
    ],
    "1 and 1 1: leave": [
        f"{SAME} are so alike that they are taken for one recording: leave one out, as a copy "
        "teaches nothing and would pass the test."
    ],
    "1 and 1 1 under": [
        f"{SAME} are so alike that they are taken for one recording under two labels: decide for "
        "one of them."
    ],
}
"""Sentences that are put together of parts, each as a whole."""

EXAMPLES = {
    "clip.wav is too short: expected at least 0.4 s, got 0.125 s; record a little longer.": (
        "0,125"
    ),
    "Of 3 audio tracks the answer is for number 2; tracks 1 (silent), 3 were left out.": "(stumm)",
    "Of 2 audio tracks the answer is for number 1; track 2 (silent in its first 30 s) was left "
    "out.": "(in den ersten 30 s stumm)",
    "Of 2 audio tracks the answer is for number 1; track 2 was left out.": "ausgelassen: 2.",
    "The channels cancel each other, being of opposite phase, for 1.5 s: of those only channel 1 "
    "was used.": "nur Kanal 1",
    "12 kB behind the first 1,000 recordings in it were not read.": "1.000 Aufnahmen",
    "No speech was found in 3 recordings to adapt to: give some in which the person speaks "
    "clearly.": "3 Aufnahmen",
    "Label 'bored' has one clip, and a label takes at least 3: add 2 more.": "einen Clip",
    "channel 2": "Kanal 2",
}


def sentences(path: Path) -> Iterator[str]:
    """The sentences that a module's code holds, with 1 for each value; no docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    passed: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            passed.add(node.value)
        if isinstance(node, ast.JoinedStr):
            passed.update(node.values)
    for node in ast.walk(tree):
        words = ""
        if node in passed:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value
        if isinstance(node, ast.JoinedStr):
            words = "".join(
                str(getattr(part, "value", 1)) if isinstance(part, ast.Constant) else "1"
                for part in node.values
            )
        if words.endswith(".") and " " in words.strip():
            yield words


@pytest.mark.parametrize("language", OTHERS)
def test_what_a_visitor_can_meet_is_in_the_catalogues(language: str) -> None:
    """A new sentence of the library fails here until it is in LIBRARY, or has a reason not to."""
    found = [words for path in PLACES for words in sentences(path)]
    assert len(found) > 60
    excused = (*UNMET, *SPELLED)
    with speaking(language):
        unknown = [words for words in found if translate(words) is None]
        assert [words for words in unknown if not words.startswith(excused)] == []
        for beginning in excused:
            assert any(words.startswith(beginning) for words in unknown), beginning
        for words in (whole for examples in SPELLED.values() for whole in examples):
            said = translate(words)
            assert said is not None
            assert "expected" not in said
            assert "alike" not in said


def test_values_are_written_as_the_language_writes_them() -> None:
    for words, part in EXAMPLES.items():
        assert translate(words) == words
        with speaking("de"):
            said = translate(words)
            assert said is not None
            assert part in said.replace("\N{NO-BREAK SPACE}", " ")
            assert "silent" not in said


def test_a_name_is_left_as_it_is() -> None:
    with speaking("es"):
        said = translate("channel 2 is empty: expected a recording, got 0 bytes; record it again.")
        assert said is not None
        assert said.startswith("channel 2 está vacío")
        assert translate("x" * 5_000) is None


def test_an_error_and_a_note_are_said_on_the_page_and_english_everywhere_else() -> None:
    cut = (FIXTURES / "speech_female.wav").read_bytes()[:40_000]
    loud = (16_000, np.sign(np.sin(np.arange(16_000) / 9)).astype(np.float32))
    with speaking("de"):
        for content in (b"", b"this is not audio" * 100, cut):
            with pytest.raises(AudioError, match="expected") as caught:
                load_with_notes(content, 16_000, None)
            assert "expected" not in say_error(caught.value)
            assert "<span" not in say_error(caught.value)
        _, (note,) = load_with_notes(loud, 16_000, None)
        assert note.startswith("The recording is clipped")
        assert say_sentence(note).startswith("Die Aufnahme ist übersteuert")
        assert say_sentence("Nobody translated this.") == (
            '<span lang="en">Nobody translated this.</span>'
        )
    assert say_sentence(note) == note


def test_the_page_says_it_in_its_language(recognizer: EmotionRecognizer, tmp_path: Path) -> None:
    page = Page(recognizer, Settings(), Repository.load(recognizer.directory))
    garbage = tmp_path / "garbage.wav"
    garbage.write_bytes(b"this is not audio" * 100)
    with speaking("es"):
        shown = answers(page, str(garbage))
        next(shown)
        card, _ = next(shown)
        assert "garbage.wav no se puede leer como audio" in card
        assert 'lang="en"' not in card
        one = page.recognizer.analyze(FIXTURES / "speech_48k_stereo.wav", channels="separate")
        assert "El canal 1" in details(one)
        assert one.channel_names[0] == "channel 1"
