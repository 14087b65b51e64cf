"""What is to be said of a recording beside its answer: in results, the API, rows, on the page."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import soundfile
from gradio_client import handle_file

from ser_core import EmotionPrediction, EmotionRecognizer
from ser_core.audio import load_audio, read_blocks
from ser_core.audio.clipping import Clipping
from ser_core.batch.recordings import Recording
from ser_core.batch.rows import answer_recording
from ser_core.model.repository import Repository
from ser_core.ui.page import Page
from ser_core.ui.settings import Settings
from ser_core.ui.tabs import compare_tab, predict_tab, timeline_answer
from tests.support.app import connect, serving
from tests.support.recordings import FIXTURES, voice

SPEECH = FIXTURES / "speech_female.wav"
CLIPPED = "The recording is clipped: "
OPPOSITE = "The channels cancel each other, being of opposite phase, for "


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speech recorded far too loud, on two channels of opposite phase."""
    path = tmp_path_factory.mktemp("loud") / "loud.wav"
    samples = np.clip(20 * voice("speech_female.wav"), -1, 1)
    soundfile.write(path, np.stack([samples, -samples], axis=1), 16_000)
    return path


@pytest.fixture(scope="module")
def said(recognizer: EmotionRecognizer, loud: Path) -> EmotionPrediction:
    return recognizer.predict(loud)


def test_prediction_says_both(recognizer: EmotionRecognizer, said: EmotionPrediction) -> None:
    clipped, opposite = said.notes
    assert clipped.startswith(CLIPPED)
    assert opposite.startswith(OPPOSITE)
    assert clipped in str(said)
    assert pickle.loads(pickle.dumps(said)) == said
    assert said.to_dict()["notes"] == [clipped, opposite]
    assert recognizer.predict(SPEECH).notes == ()


def test_blocks_and_arrays_say_the_same(said: EmotionPrediction, loud: Path) -> None:
    samples, rate = soundfile.read(loud)
    for audio in (loud, loud.read_bytes(), (rate, samples)):
        for read in (load_audio, lambda *given, **named: list(read_blocks(*given, **named))):
            notes: list[str] = []
            read(audio, on_note=notes.append)
            assert tuple(notes) == said.notes


def test_timeline_says_both(
    recognizer: EmotionRecognizer, said: EmotionPrediction, loud: Path
) -> None:
    timeline = recognizer.analyze(loud)
    assert timeline.notes == said.notes
    assert timeline.truncated is None
    assert timeline.to_dict()["notes"] == list(said.notes)
    assert said.notes[0] in str(timeline)


def test_timeline_of_a_cut_recording_says_so_first(
    recognizer: EmotionRecognizer, loud: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.wav"
    cut.write_bytes(loud.read_bytes()[:100_000])
    timeline = recognizer.analyze(cut)
    assert timeline.truncated is not None
    assert timeline.notes[0] == timeline.truncated
    assert timeline.notes[1].startswith(CLIPPED)


@pytest.mark.parametrize("kind", ["files", "segments"])
def test_rows_of_an_archive_hold_both(
    recognizer: EmotionRecognizer, said: EmotionPrediction, loud: Path, kind: str
) -> None:
    row, *_ = answer_recording(recognizer, Recording(str(loud), str(loud), None, None), kind)
    assert row["notes"] == " ".join(said.notes)


def test_api_and_page_say_both(
    recognizer: EmotionRecognizer,
    said: EmotionPrediction,
    loud: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with serving(recognizer) as demo:
        client = connect(demo.local_url)
        for name in ("predict", "predict_all", "analyze"):
            answer = client.predict(handle_file(loud), api_name=f"/{name}")
            assert answer["notes"] == json.loads(json.dumps(said.notes))
    page = Page(recognizer, Settings(), Repository.load(recognizer.directory))
    *_, (shown, _) = predict_tab.answers(page, str(loud))
    for card in (
        shown,
        timeline_answer.timeline_card(recognizer.analyze(loud)),
        compare_tab.side_by_side(["loud.wav"], [said]),
    ):
        assert CLIPPED in card
        assert OPPOSITE in card


def test_peaks_that_just_fit_are_not_clipped() -> None:
    tone = np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000, dtype=np.float32)
    clipping = Clipping()
    clipping.push(tone[:, np.newaxis])
    assert clipping.note is None
    clipping.push(np.clip(1.2 * tone, -1, 1)[:, np.newaxis])
    assert clipping.note is not None
