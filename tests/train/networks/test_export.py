"""A network with frames is written so that every form encodes and answers as Keras does."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ModelError
from ser_core.features import summarise
from ser_core.model.files import LITERT_FORMS, WEIGHTS, files_in
from ser_core.model.keras_runtime import KerasRuntime
from ser_core.model.litert_runtime import LiteRTRuntime
from ser_core.model.pooling import Answers
from tests.support.frame_models import (
    SUMMARY,
    WIDTH,
    frame_config,
    frame_network,
    write_frame_model,
)
from tests.support.tiny_models import write_tiny_model
from train.networks import export as exporting
from train.networks.export import ALLOWED, HALF_DIFFERENCE, differences, export, halve_weights

FRAMES = 50  # an encoder's frames of a stretch


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return write_frame_model(tmp_path_factory.mktemp("frames") / "model")


def noise(config: FeatureConfig, count: int = 5) -> np.ndarray:
    drawn = np.random.default_rng(1).standard_normal((count, config.frames, config.features))
    return drawn.astype(np.float32)


@pytest.mark.parametrize("form", LITERT_FORMS)
def test_every_form_encodes_and_answers_as_keras_does(model, form):
    config = FeatureConfig.load(model)
    inputs = noise(config)
    keras, litert = KerasRuntime(model, config), LiteRTRuntime(model, config, form)
    encoded = litert.encode(inputs)
    assert encoded.shape == (5, FRAMES, WIDTH)
    assert encoded.dtype == np.float32
    np.testing.assert_allclose(encoded, keras.encode(inputs), atol=50 * ALLOWED[form])
    summaries = np.stack([summarise(frames[:7], SUMMARY) for frames in encoded])
    for one, other in (
        (keras.run(inputs), litert.run(inputs)),
        (keras.answer(summaries), litert.answer(summaries)),
    ):
        found = differences(one, other)
        assert found.keys() == {"probability", "intensity", "distance"}
        assert max(found.values()) <= ALLOWED[form]


def test_the_answers_to_an_input_are_those_to_the_summary_of_its_frames(model):
    config = FeatureConfig.load(model)
    for runtime in (KerasRuntime(model, config), LiteRTRuntime(model, config)):
        summaries = np.stack(
            [summarise(frames, SUMMARY) for frames in runtime.encode(noise(config))]
        )
        for whole, summarised in zip(
            runtime.run(noise(config)), runtime.answer(summaries), strict=True
        ):
            if whole is not None or summarised is not None:
                np.testing.assert_allclose(whole, summarised, atol=1e-5)


def test_weights_of_eight_bits_are_smaller(tmp_path):
    """Which they are not where the converter takes weights for variables."""
    config = frame_config()
    forms = ("float32", "int8")
    export(frame_network(config, width=128), config, tmp_path, noise(config), forms=forms)
    assert set(files_in(tmp_path)) & set(LITERT_FORMS.values()) == {LITERT_FORMS[f] for f in forms}
    whole, small = ((tmp_path / LITERT_FORMS[form]).stat().st_size for form in forms)
    assert small < 0.4 * whole


def test_a_form_that_answers_otherwise_is_refused(tmp_path, monkeypatch):
    config = frame_config()
    monkeypatch.setitem(ALLOWED, "int8", 0.0)
    with pytest.raises(ModelError, match=r"model\.int8\.tflite and Keras differ by .* in "):
        export(frame_network(config), config, tmp_path, noise(config), forms=("int8",))


def test_halved_weights_load_into_whole_ones_and_answer_the_same(model, tmp_path):
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    config = FeatureConfig.load(folder)
    whole = KerasRuntime(folder, config).run(noise(config))
    size = (folder / WEIGHTS).stat().st_size
    found = halve_weights(folder, config, noise(config))
    assert 0.0 < max(found.values()) <= HALF_DIFFERENCE
    assert (folder / WEIGHTS).stat().st_size < size
    with h5py.File(folder / WEIGHTS) as file:
        kept = []
        file.visititems(lambda _, item: kept.append(item) if hasattr(item, "dtype") else None)
        matrices = {item.dtype for item in kept if item.ndim > 1}
        vectors = {item.dtype for item in kept if item.ndim == 1}
    assert matrices == {np.dtype("float16")}
    assert np.dtype("float32") in vectors
    assert np.dtype("float16") not in vectors
    runtime = KerasRuntime(folder, config)
    assert {weight.dtype for weight in runtime._network.weights} <= {"float32", "uint32"}
    assert max(differences(whole, runtime.run(noise(config))).values()) <= HALF_DIFFERENCE


def test_weights_that_lose_too_much_stay_as_they_were(model, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    config = FeatureConfig.load(folder)
    before = (folder / WEIGHTS).read_bytes()
    monkeypatch.setattr(exporting, "HALF_DIFFERENCE", 0.0)
    with pytest.raises(ModelError, match=r"16 bits and Keras differ by .* at most 0 is allowed"):
        halve_weights(folder, config, noise(config))
    assert {path.name: path.stat().st_size for path in folder.glob("model.weights*")} == {
        WEIGHTS: len(before)
    }
    assert (folder / WEIGHTS).read_bytes() == before


def test_a_difference_of_a_distance_is_relative(model):
    one, other = (
        Answers(np.array([[1.0]]), None, np.array([distance])) for distance in (99.0, 101.0)
    )
    assert differences(one, other) == {"probability": 0.0, "distance": 0.02}


def test_a_network_without_frames_does_not_encode(tmp_path):
    folder = write_tiny_model(tmp_path / "plain")
    config = FeatureConfig.load(folder)
    for runtime in (LiteRTRuntime(folder, config), KerasRuntime(folder, config)):
        for call in (runtime.encode, runtime.answer):
            with pytest.raises(ModelError, match="gives no frames of an encoder"):
                call(noise(config))


def test_a_file_whose_head_is_another_networks_is_refused(model, tmp_path):
    """A config with other outputs than the file has is one sentence."""
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    config = FeatureConfig.load(folder)
    renamed = config.outputs.model_copy(update={"frames": "encoded"})
    with pytest.raises(ModelError, match=r"has outputs .*'frames'.* names 'encoded'"):
        LiteRTRuntime(folder, config.model_copy(update={"outputs": renamed}))
