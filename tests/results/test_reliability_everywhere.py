"""Whether a sound is familiar, and what is not ruled out: on the page, in the API, in rows."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gradio_client import handle_file

from ser_core import EmotionPrediction, EmotionRecognizer, LiveSession
from ser_core.audio.load import load_audio
from ser_core.batch.output_table import read_table, table_columns, write_table
from ser_core.batch.recordings import Recording
from ser_core.batch.rows import answer_recording
from ser_core.config.emotions import LABELS
from ser_core.config.reliability import Conformal, Domain
from ser_core.errors import BatchError
from ser_core.model.repository import Repository
from ser_core.ui.look import text
from ser_core.ui.page import Page
from ser_core.ui.settings import Settings
from ser_core.ui.tabs import answer, compare_tab, live_answer, predict_tab, timeline_answer
from ser_core.ui.tabs.listener import Listener
from tests.support.app import connect, serving
from tests.support.frame_models import write_frame_model
from tests.support.recordings import FIXTURES

SPEECH = FIXTURES / "speech_female.wav"
RATE = 16_000  # [Hz]
SILENCE = (RATE, np.zeros(3 * RATE, np.float32))
SHARES = dict(zip(LABELS, (0.05, 0.3, 0.05, 0.4, 0.05, 0.05, 0.05, 0.05), strict=True))
SAD = EmotionPrediction(
    "emotion", "sad", 0.4, SHARES, None, 1.5, 2.0, 1.0, True, ("sad", "calm", "happy")
)


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> EmotionRecognizer:
    """A recognizer to which nothing sounds familiar, and which rules nothing out."""
    folder = write_frame_model(
        tmp_path_factory.mktemp("strange") / "model",
        domain=Domain(familiar_below=0.0),
        conformal=Conformal(coverage=0.9, threshold=0.0),
    )
    return EmotionRecognizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def said(recognizer: EmotionRecognizer) -> EmotionPrediction:
    return recognizer.predict(SPEECH)


def test_prediction_says_both(recognizer: EmotionRecognizer, said: EmotionPrediction) -> None:
    assert said.distance is not None
    assert said.distance > 0.0
    assert said.familiar is False
    assert said.likely == tuple(label for label, _ in said.top(len(LABELS)))
    silence = recognizer.predict(SILENCE)
    assert (silence.distance, silence.familiar, silence.likely) == (None, None, None)


def test_rows_of_an_archive_hold_both(
    recognizer: EmotionRecognizer, said: EmotionPrediction
) -> None:
    recording = Recording(str(SPEECH), str(SPEECH), None, None)
    (row,) = answer_recording(recognizer, recording, "files")
    assert said.likely is not None
    assert (row["distance"], row["familiar"]) == (said.distance, False)
    assert row["likely"] == ";".join(said.likely)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_tables_give_back_what_was_written(tmp_path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    columns = table_columns(LABELS, "files")
    rows = [{"familiar": True, "likely": "sad;calm"}, {"familiar": False}, {"familiar": None}]
    write_table(tmp_path / f"out{suffix}", columns, rows)
    read = list(read_table(tmp_path / f"out{suffix}", columns))
    assert [row["familiar"] for row in read] == [True, False, None]
    assert [row["likely"] for row in read] == ["sad;calm", None, None]


def test_table_with_something_else_for_yes_and_no_is_refused(tmp_path: Path) -> None:
    columns = table_columns(LABELS, "files")
    write_table(tmp_path / "out.csv", columns | {"familiar": str}, [{"familiar": "maybe"}])
    with pytest.raises(BatchError, match="cannot be read"):
        list(read_table(tmp_path / "out.csv", columns))


def test_api_answers_both(
    recognizer: EmotionRecognizer,
    said: EmotionPrediction,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with serving(recognizer) as demo:
        client = connect(demo.local_url)
        whole = client.predict(handle_file(SPEECH), api_name="/predict_all")
        assert whole == json.loads(json.dumps(said.to_dict()))
        assert whole["familiar"] is False
        followed = client.predict(handle_file(SPEECH), api_name="/analyze")
        assert followed["overall"]["likely"]
        assert followed["overall"]["familiar"] is False
        about = client.predict(api_name="/model_info")
        assert (about["familiar_below"], about["coverage"]) == (0.0, 0.9)


def test_page_says_each_in_a_sentence(recognizer: EmotionRecognizer) -> None:
    page = Page(recognizer, Settings(), Repository.load(recognizer.directory))
    *_, (shown, _) = predict_tab.answers(page, str(SPEECH))
    assert text.UNFAMILIAR in shown
    assert "It cannot rule out: " in shown
    listener = Listener(LiveSession(recognizer))
    listener.push((RATE, load_audio(SPEECH)))
    assert "do not sound like what the model was trained on" in live_answer.live_card(listener)
    assert text.UNFAMILIAR in timeline_answer.timeline_card(recognizer.analyze(SPEECH))
    assert text.UNFAMILIAR in compare_tab.side_by_side(["clip.wav"], [recognizer.predict(SPEECH)])


def test_set_is_named_where_it_holds_several_labels_and_its_coverage_is_known() -> None:
    assert "With 90% confidence: sad, calm or happy." in answer.answer_card(SAD, coverage=0.9)
    two = replace(SAD, likely=("sad", "calm"))
    assert "With 95% confidence: sad or calm." in answer.answer_card(two, coverage=0.95)
    assert "confidence: " not in answer.answer_card(replace(SAD, likely=("sad",)), coverage=0.9)
    strange = answer.answer_card(replace(SAD, familiar=False), coverage=0.9)
    assert "It cannot rule out: sad, calm or happy." in strange
    assert "confidence: " not in strange
    assert "confidence: " not in answer.answer_card(SAD)
    assert "confidence: " not in answer.answer_card(replace(SAD, likely=None), coverage=0.9)


def test_familiar_sound_is_not_remarked_on() -> None:
    assert text.UNFAMILIAR not in answer.answer_card(SAD)
    assert text.UNFAMILIAR not in answer.answer_card(replace(SAD, familiar=None))
    assert text.UNFAMILIAR in answer.answer_card(replace(SAD, familiar=False))
