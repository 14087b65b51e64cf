"""How strongly an emotion is expressed: from the network's second output to every result."""

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from gradio_client import handle_file

from ser_core import DEFAULT_MODEL, EmotionPrediction, EmotionRecognizer, LiveSession
from ser_core.audio.load import load_audio
from ser_core.batch.recordings import Recording
from ser_core.batch.rows import answer_recording
from ser_core.config.feature_config import FeatureConfig
from ser_core.features import network_inputs
from ser_core.model.keras_runtime import KerasRuntime
from ser_core.model.litert_runtime import LiteRTRuntime
from ser_core.model.pooling import Answers, Pooled, pool_answers
from ser_core.timeline.builder import TimelineBuilder
from ser_core.timeline.windows import Window
from ser_core.ui.look.markup import percent
from ser_core.ui.tabs import answer, live_answer, timeline_answer
from ser_core.ui.tabs.listener import Listener
from tests.support.app import connect, serving
from tests.support.recordings import FIXTURES, conversation
from tests.support.tiny_models import write_intense_model
from train.networks.export import differences
from train.publish.models import verify

SPEECH = FIXTURES / "speech_48k_stereo.wav"
RATE = 16_000  # [Hz]
SILENCE = (RATE, np.zeros(3 * RATE, np.float32))


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return write_intense_model(tmp_path_factory.mktemp("intense") / "model")


@pytest.fixture(scope="module")
def recognizer(model) -> EmotionRecognizer:
    return EmotionRecognizer.from_pretrained(model)


@pytest.fixture(scope="module")
def neutral(tmp_path_factory) -> EmotionRecognizer:
    """A recognizer to which everybody sounds neutral."""
    folder = tmp_path_factory.mktemp("neutral") / "model"
    return EmotionRecognizer.from_pretrained(write_intense_model(folder, likeliest="neutral"))


@pytest.fixture(scope="module")
def talk(recognizer):
    return recognizer.analyze((RATE, conversation()))


@pytest.mark.parametrize("swapped", [False, True])
def test_both_runtimes_find_both_outputs_by_their_names(swapped, tmp_path):
    import keras

    directory = write_intense_model(tmp_path / "model", swapped=swapped)
    config = FeatureConfig.load(directory)
    inputs = network_inputs(load_audio(SPEECH), config)
    bare = keras.saving.load_model(directory, compile=False).predict(inputs, verbose=0)
    emotion, intensity = bare[1::-1] if swapped else bare[:2]
    assert len(bare) == 3, "and the embedding"
    for runtime in (LiteRTRuntime, KerasRuntime):
        answers = runtime(directory, config).run(inputs)
        assert answers.intensity.shape == (len(inputs),)
        np.testing.assert_allclose(answers.probabilities, emotion, atol=1e-4)
        np.testing.assert_allclose(answers.intensity, intensity[:, 0], atol=1e-4)


def test_a_recordings_intensity_is_the_mean_of_its_windows(recognizer):
    inputs = network_inputs(load_audio(SPEECH), recognizer.config)
    answers = LiteRTRuntime(recognizer.directory, recognizer.config).run(inputs)
    assert np.ptp(answers.intensity) > 0.001
    mean = answers.intensity.mean()
    assert pool_answers(answers, recognizer.config).intensity == pytest.approx(mean)
    silent = Answers(answers.probabilities, None)
    assert pool_answers(silent, recognizer.config).intensity is None


def test_predict_says_it_with_four_decimals_by_either_door(recognizer, model, tmp_path):
    said = recognizer.predict(SPEECH)
    assert said.label == "angry"
    assert 0.0 < said.intensity < 1.0
    assert said.intensity == round(said.intensity, 4)
    assert f"intensity {said.intensity:.2f}" in str(said)
    assert EmotionPrediction(**json.loads(json.dumps(said.to_dict()))) == said
    shutil.copytree(model, tmp_path / "keras")
    for form in (tmp_path / "keras").glob("*.tflite"):
        form.unlink()
    slow = EmotionRecognizer.from_pretrained(tmp_path / "keras")
    assert slow.predict(SPEECH).intensity == pytest.approx(said.intensity, abs=2e-4)


def test_neutral_has_no_intensity(neutral):
    assert neutral.predict(SPEECH).label == "neutral"
    assert neutral.predict(SPEECH).intensity is None
    followed = neutral.analyze((RATE, conversation()))
    assert not np.isnan(np.nanmean(followed.intensities))
    assert followed.segments
    assert {segment.intensity for segment in followed.segments} == {None}
    assert {window.intensity for window in followed.windows} == {None}
    assert followed.overall.intensity is None


def test_silence_has_no_intensity(recognizer):
    assert recognizer.predict(SILENCE).intensity is None
    followed = recognizer.analyze(SILENCE)
    assert followed.overall.intensity is None
    assert {window.intensity for window in followed.windows} == {None}
    assert np.isnan(followed.intensities).all()


def test_a_timelines_windows_say_theirs_and_overall_is_their_mean(talk):
    heard = [window for window in talk.windows if window.probabilities]
    assert [window.intensity is None for window in talk.windows] == [
        not window.probabilities for window in talk.windows
    ]
    mean = np.mean([window.intensity for window in heard])
    assert talk.overall.intensity == pytest.approx(mean, abs=1e-4)


@pytest.mark.parametrize(("smoothing", "mean"), [("none", 0.4), ("overlap", 0.4222)])
def test_a_segments_intensity_is_the_mean_of_its_moments(recognizer, smoothing, mean):
    builder = TimelineBuilder(recognizer.config, window=2.0, hop=0.5, smoothing=smoothing)
    angry = np.array([0.02, 0.02, 0.02, 0.02, 0.86, 0.02, 0.02, 0.02])
    for start, intensity in ((0.0, 0.2), (0.5, 0.4), (1.0, 0.9)):
        window = Window(start, start + 2.0, 2.0, None)
        builder.add(window, Pooled(angry, intensity))
    builder.add(Window(1.5, 3.5, 0.0, None), None)
    followed = builder.build(3.5, [(0.0, 3.0)])
    # From 0, 1.25 and 1.75 to 2.25 s: 0.2, 0.4, 0.9; or, where windows overlap, 0.3, 0.5, 0.65.
    (segment,) = followed.segments
    assert segment.intensity == mean
    assert followed.overall.intensity == 0.5


def test_who_speaks_does_not_move_intensities_to_another_field(recognizer):
    followed = recognizer.analyze((RATE, conversation()), speakers=2)
    assert {segment.speaker for segment in followed.segments} <= {"A", "B"}
    assert all(0.0 < segment.intensity < 1.0 for segment in followed.segments)


def test_files_and_tables_of_a_timeline_hold_it(talk):
    said = [segment.intensity for segment in talk.segments]
    assert None not in said
    rows = list(csv.DictReader(io.StringIO(talk.to_csv())))
    assert [float(row["intensity"]) for row in rows] == said
    assert list(talk.to_dataframe()["intensity"]) == said
    read = json.loads(talk.to_json())
    assert [segment["intensity"] for segment in read["segments"]] == said
    assert [window["intensity"] for window in read["windows"]] == [
        window.intensity for window in talk.windows
    ]
    assert read["overall"]["intensity"] == talk.overall.intensity


def test_live_moments_say_it(recognizer):
    blocks = ((RATE, block) for block in np.array_split(conversation((0.5,)), 20))
    moments = list(recognizer.stream(blocks))
    told = [moment.to_dict() for moment in moments]
    assert any(moment["intensity"] is not None for moment in told)
    assert all((moment["intensity"] is None) == (moment["label"] is None) for moment in told)


def test_rows_of_an_archive_hold_it(recognizer):
    recording = Recording(str(SPEECH), str(SPEECH), None, None)
    (row,) = answer_recording(recognizer, recording, "files")
    assert row["intensity"] == recognizer.predict(SPEECH).intensity
    rows = answer_recording(recognizer, recording, "segments")
    segments = recognizer.analyze(SPEECH).segments
    assert [row["intensity"] for row in rows] == [segment.intensity for segment in segments]


def test_the_api_answers_it(recognizer, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with serving(recognizer) as demo:
        client = connect(demo.local_url)
        whole = client.predict(handle_file(SPEECH), api_name="/predict_all")
        assert whole == recognizer.predict(SPEECH).to_dict()
        assert whole["intensity"] is not None
        followed = client.predict(handle_file(SPEECH), api_name="/analyze")
        assert followed == json.loads(recognizer.analyze(SPEECH).to_json())
        assert any(window["intensity"] for window in followed["windows"])


def test_the_page_shows_it_on_every_tab_and_no_column_where_there_is_none(
    recognizer, neutral, talk
):
    said = recognizer.predict(SPEECH)
    assert f"Intensity {percent(said.intensity)}" in answer.answer_card(said)
    listener = Listener(LiveSession(recognizer))
    listener.push((RATE, load_audio(SPEECH)))
    assert f"intensity {percent(listener.latest.intensity)}" in live_answer.live_card(listener)
    shown = timeline_answer.details(talk)
    assert ">Intensity</th>" in shown
    assert all(percent(segment.intensity) in shown for segment in talk.segments)
    assert "Intensity" not in timeline_answer.details(neutral.analyze((RATE, conversation())))


def test_an_export_is_compared_in_every_output():
    probabilities = np.array([[0.25, 0.75]])
    one, other = (Answers(probabilities, np.array([value])) for value in (0.5, 0.625))
    assert differences(one, other) == {"probability": 0.0, "intensity": 0.125}
    assert differences(Answers(probabilities, None), Answers(probabilities, None)) == {
        "probability": 0.0
    }


def test_a_model_with_two_outputs_may_be_published(model, tmp_path):
    shutil.copytree(model, tmp_path / "model")
    for name in ("dataset.json", "recipe.toml"):
        shutil.copy(Path(DEFAULT_MODEL) / name, tmp_path / "model" / name)
    metrics = json.loads((Path(DEFAULT_MODEL) / "metrics.json").read_text(encoding="utf-8"))
    metrics["audit"] = {"leaks": 0, "kinds": []}
    (tmp_path / "model" / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    assert verify(tmp_path / "model") < 1e-4
