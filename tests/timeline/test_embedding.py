"""Embeddings: the same from every form, in every process, adapted or not; or a sentence why not."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ser_core import DEFAULT_MODEL, Embedding, EmbeddingError, EmotionRecognizer, ModelError
from ser_core.config.feature_config import Adaptation, FeatureConfig
from ser_core.config.outputs import Outputs
from ser_core.errors import ArgumentError, ConfigError
from ser_core.features import summarise
from ser_core.model.files import LITERT_FORMS
from ser_core.timeline.predict import predict
from tests.support.frame_models import WIDTH, write_frame_model
from tests.support.recordings import VOICES, conversation, voice
from tests.support.tiny_models import write_intense_model, write_tiny_model

RATE = 16_000  # [Hz]
TOLERANCE = {"float32": 1e-3, "float16": 1e-2, "int8": 5e-2}
"""Of a vector's length, to Keras' own, as docs/python.md says."""


def sound(name: str = VOICES[0]) -> tuple[int, np.ndarray]:
    return RATE, voice(name)


@pytest.fixture(scope="module")
def frames_model(tmp_path_factory) -> Path:
    """A tiny model in all forms, with frames."""
    return write_frame_model(tmp_path_factory.mktemp("frames") / "model")


@pytest.fixture(scope="module")
def windows_model(tmp_path_factory) -> Path:
    """A tiny model in all forms that answers windows, saved as training saves it."""
    return write_intense_model(tmp_path_factory.mktemp("windows") / "model")


def vector_of(folder: Path, form: str | None) -> np.ndarray:
    return np.asarray(EmotionRecognizer.from_pretrained(folder, form=form).embed(sound()))


@pytest.mark.parametrize("kind", ["frames_model", "windows_model"])
def test_all_forms_embed_alike(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder = request.getfixturevalue(kind)
    keras = tmp_path / "keras"
    keras.mkdir()
    for file in folder.iterdir():
        if file.suffix != ".tflite":
            (keras / file.name).write_bytes(file.read_bytes())
    expected = vector_of(keras, None)
    assert EmotionRecognizer.from_pretrained(keras).runtime == "Keras"
    for form in LITERT_FORMS:
        found = vector_of(folder, form)
        assert (found.dtype, found.shape) == (np.float32, expected.shape)
        difference = np.linalg.norm(found - expected) / np.linalg.norm(expected)
        assert difference <= TOLERANCE[form], form


@pytest.mark.slow
def test_the_embedded_models_forms_embed_alike(
    recognizer: EmotionRecognizer, fixtures: Path, tmp_path: Path
) -> None:
    for file in Path(DEFAULT_MODEL).iterdir():
        if file.suffix != ".tflite":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    keras = EmotionRecognizer.from_pretrained(tmp_path)
    for name in VOICES[:2]:
        expected, found = (np.asarray(one.embed(fixtures / name)) for one in (keras, recognizer))
        difference = np.linalg.norm(found - expected) / np.linalg.norm(expected)
        assert difference <= TOLERANCE["int8"]


def test_an_embedding_is_the_mean_of_what_the_encoder_makes(frames_model: Path) -> None:
    recognizer = EmotionRecognizer.from_pretrained(frames_model)
    embedding = recognizer.embed(sound())
    assert recognizer.embedding_size == WIDTH == len(embedding.vector)
    summary = np.arange(3 * WIDTH, dtype=np.float32)[None]
    assert np.array_equal(recognizer.predictor.answer(summary).embedding, summary[:, :WIDTH])
    frames = recognizer.predictor.encode(np.zeros((1, 100, 80), np.float32))[0]
    assert np.allclose(summarise(frames, ["mean"]), frames.mean(axis=0), atol=1e-5)


def test_the_embedding_of_a_window_network_is_what_its_last_layer_takes(
    windows_model: Path,
) -> None:
    import keras

    recognizer = EmotionRecognizer.from_pretrained(windows_model)
    assert recognizer.config.outputs.embedding == "embedding"
    network = keras.saving.load_model(windows_model)
    kernel, bias = network.get_layer("emotion").get_weights()
    embedding = recognizer.embed(sound())
    assert recognizer.embedding_size == len(kernel) == len(embedding.vector)
    # The mean of logits is the logit of the geometric mean.
    logits = embedding.vector @ kernel + bias
    assert np.allclose(logits - logits.mean(), embedding.logits, atol=1e-4)


def test_an_embedding_is_the_same_alone_again_and_in_another_process(
    recognizer: EmotionRecognizer, fixtures: Path
) -> None:
    path = fixtures / VOICES[1]
    first = recognizer.embed(path)
    assert recognizer.embedding_size == len(first.vector) == 1536
    assert recognizer.embed(path) == first
    code = (
        "import sys; from ser_core import DEFAULT_MODEL, EmotionRecognizer as E; "
        "sys.stdout.write(E.from_pretrained(DEFAULT_MODEL).embed(sys.argv[1]).vector.tobytes().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == first.vector.tobytes().hex()


def test_an_embedding_survives_a_pickle_of_its_recognizer(frames_model: Path) -> None:
    recognizer = EmotionRecognizer.from_pretrained(frames_model)
    embedding = recognizer.embed(sound())
    assert pickle.loads(pickle.dumps(recognizer)).embed(sound()) == embedding
    assert pickle.loads(pickle.dumps(embedding)) == embedding


def test_what_adapts_answers_leaves_embeddings_alone(tmp_path: Path) -> None:
    settings = Adaptation(mean=(0.0,) * 8, prior_clips=1.0, least_clips=1)
    model = write_frame_model(tmp_path / "model")
    FeatureConfig.load(model).model_copy(update={"adaptation": settings}).save(model)
    recognizer = EmotionRecognizer.from_pretrained(model)
    adapted = recognizer.adapt([sound(name) for name in VOICES])
    assert adapted.predict(sound()) != recognizer.predict(sound())
    assert adapted.embed(sound()) == recognizer.embed(sound())


def test_windows_are_those_of_a_timeline(frames_model: Path) -> None:
    recognizer = EmotionRecognizer.from_pretrained(frames_model)
    recording = RATE, conversation()
    embedding = recognizer.embed(recording, windows=True)
    timeline = recognizer.analyze(recording)
    bounds = [(window.start, window.end) for window in embedding.windows]
    assert bounds == [(window.start, window.end) for window in timeline.windows]
    for window, answered in zip(embedding.windows, timeline.windows, strict=True):
        assert (window.vector is None) == (not answered.probabilities)
        assert window.vector is None or window.vector.shape == (WIDTH,)
    assert recognizer.embed(recording).windows == ()


def test_numpy_takes_an_embedding_for_its_vector(recognizer: EmotionRecognizer) -> None:
    embeddings = [recognizer.embed(sound(name)) for name in VOICES[:2]]
    stacked = np.stack(embeddings)
    assert (stacked.shape, stacked.dtype) == ((2, 1536), np.float32)
    assert np.asarray(embeddings[0], dtype=np.float64).dtype == np.float64
    assert not embeddings[0].vector.flags.writeable


def test_without_speech_there_is_no_vector(recognizer: EmotionRecognizer) -> None:
    silence = recognizer.embed((RATE, np.zeros(RATE, np.float32)), windows=True)
    assert isinstance(silence, Embedding)
    assert (silence.vector, silence.logits, silence.speech_seconds) == (None, None, 0.0)
    assert [window.vector for window in silence.windows] == [None]
    with pytest.raises(EmbeddingError, match=r"No speech was found in these 1\.0 s"):
        np.stack([silence])


def test_embeddings_carry_notes(recognizer: EmotionRecognizer) -> None:
    loud = (40.0 * voice(VOICES[0])).clip(-1.0, 1.0)
    assert recognizer.embed((RATE, loud)).notes == recognizer.predict((RATE, loud)).notes != ()


def test_a_model_without_embeddings_says_so_in_a_sentence(tmp_path: Path) -> None:
    old = EmotionRecognizer.from_pretrained(write_tiny_model(tmp_path / "model"))
    assert old.embedding_size is None
    for call in (lambda: old.embed(sound()), lambda: old.teach({"one": [], "two": []})):
        with pytest.raises(ModelError, match=r"gives no embeddings: expected outputs\.embedding"):
            call()
    _, answer = predict(old.predictor, voice(VOICES[0]))
    assert answer.embedding is None


def test_a_config_names_either_frames_or_an_embedding() -> None:
    with pytest.raises(ValueError, match="the embedding is their mean"):
        Outputs(frames="frames", embedding="embedding")
    config = FeatureConfig.load(DEFAULT_MODEL)
    text = config.to_json().replace('"embedding": null', '"embedding": "frames"')
    with pytest.raises(ConfigError, match="the embedding is their mean"):
        FeatureConfig.from_json(text)


def test_what_cannot_be_embedded_raises_as_predict_does(recognizer: EmotionRecognizer) -> None:
    with pytest.raises(ArgumentError, match="max_seconds"):
        recognizer.embed(sound(), max_seconds=0)
    for call in (recognizer.embed, recognizer.predict):
        with pytest.raises(ValueError, match="too long: expected at most 0"):
            call(sound(), max_seconds=0.5)
