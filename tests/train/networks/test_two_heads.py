"""`two_heads`: what its layers compute is what is written by hand, and Keras alone loads it."""

import inspect
import json
import re

import keras
import numpy as np
import pytest
from scipy.special import expit, softmax

from ser_core.config.outputs import SUMMARY_STATISTICS
from ser_core.features import summarise
from tests.support.tiny_encoder import BANDS
from tests.support.tiny_heads import SHAPE, SUMMARY_WIDTH
from train.networks import two_heads
from train.networks.two_heads import build, set_heads

CLASSES, COMPONENTS, CENTRES, UNITS = 8, SHAPE["components"], SHAPE["centres"], SHAPE["units"]
HOME, AWAY = 0.5, 1.25  # temperatures


def draw_heads(slope: float = 3.0, border: float = 1.0) -> dict:
    """Heads drawn at random."""
    rng = np.random.default_rng(4)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.3, shape).astype(np.float32)

    basis, _ = np.linalg.qr(rng.normal(size=(SUMMARY_WIDTH, COMPONENTS)))
    return {
        "mean": draw(SUMMARY_WIDTH),
        "std": rng.uniform(0.5, 2.0, SUMMARY_WIDTH).astype(np.float32),
        "linear": (draw(SUMMARY_WIDTH, CLASSES), draw(CLASSES)),
        "hidden": (draw(SUMMARY_WIDTH, UNITS), draw(UNITS), draw(UNITS, CLASSES), draw(CLASSES)),
        "basis": basis.astype(np.float32),
        "centres": draw(CENTRES, COMPONENTS),
        "border": border,
        "slope": slope,
        "home_temperature": HOME,
        "away_temperature": AWAY,
        "intensity": (draw(SUMMARY_WIDTH, 1), draw(1)),
    }


@pytest.fixture(scope="module")
def network() -> keras.Model:
    keras.utils.set_random_seed(2)
    return build(100, BANDS, CLASSES, **SHAPE)


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(0, 1, (5, 100, BANDS)).astype(np.float32)


def outputs(network: keras.Model, windows: np.ndarray) -> dict[str, np.ndarray]:
    names = [*network.output_names, "summary"]
    inner = keras.Model(network.inputs, [network.get_layer(name).output for name in names])
    return dict(zip(names, map(np.asarray, inner([windows], training=False)), strict=True))


def nearest(heads: dict, summaries: np.ndarray) -> np.ndarray:
    """Mean squared distance per component to the nearest centre, the plain way."""
    u = (summaries - heads["mean"]) / heads["std"] @ heads["basis"]
    gaps = u[:, None] - heads["centres"]  # (clips, centres, components)
    return np.square(gaps).mean(axis=2).min(axis=1)


def test_the_distance_is_that_to_the_nearest_centre(network, windows):
    heads = draw_heads()
    set_heads(network, **heads)
    given = outputs(network, windows)
    expected = nearest(heads, given["summary"])
    assert expected.std() > 0
    np.testing.assert_allclose(given["distance"][:, 0], expected, rtol=1e-3)


@pytest.mark.parametrize("gate", [0.0, 1.0, None])
def test_both_heads_count_by_the_distance(network, windows, gate):
    border = {0.0: 1e3, 1.0: -1e3, None: 1.0}[gate]
    heads = draw_heads(border=border)
    set_heads(network, **heads)
    given = outputs(network, windows)
    x = (given["summary"] - heads["mean"]) / heads["std"]
    linear = x @ heads["linear"][0] + heads["linear"][1]
    hidden = x @ heads["hidden"][0] + heads["hidden"][1]
    hidden = (hidden * expit(hidden)) @ heads["hidden"][2] + heads["hidden"][3]
    away = expit(heads["slope"] * (nearest(heads, given["summary"]) - border))[:, None]
    if gate is not None:
        assert away == pytest.approx(np.full_like(away, gate))
    logits = (1.0 - away) * (linear + hidden) / 2.0 / HOME + away * linear / AWAY
    np.testing.assert_allclose(given["emotion"], softmax(logits, axis=1), atol=2e-3)
    strength = expit(x @ heads["intensity"][0] + heads["intensity"][1])
    np.testing.assert_allclose(given["intensity"], strength, atol=1e-4)


def test_centres_are_whole_in_16_bits(network):
    heads = draw_heads()
    heads["centres"] = 30.0 + heads["centres"] / 7.0
    set_heads(network, **heads)
    kernel, bias = network.get_layer("centres").get_weights()
    assert np.array_equal(kernel, kernel.astype(np.float16))
    np.testing.assert_allclose(kernel.T / 2.0, heads["centres"], rtol=1e-3)
    np.testing.assert_allclose(bias, -np.square(kernel.T / 2.0).sum(axis=1), rtol=1e-6)


def test_the_summary_is_that_of_the_frames_output(network, windows):
    given = outputs(network, windows)
    frames = given[two_heads.FRAMES]
    assert frames.shape == (5, 50, SUMMARY_WIDTH // 3)
    expected = np.stack([summarise(one, SUMMARY_STATISTICS) for one in frames])
    np.testing.assert_allclose(given["summary"], expected, rtol=1e-4, atol=1e-5)


def test_it_loads_with_keras_alone_and_answers_the_same(network, windows, tmp_path):
    set_heads(network, **draw_heads())
    before = outputs(network, windows)
    network.save(tmp_path / "saved", zipped=False)
    loaded = keras.saving.load_model(tmp_path / "saved", compile=False, safe_mode=True)
    after = outputs(loaded, windows)
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, rtol=1e-5, atol=1e-6, err_msg=name)
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    layers = config["config"]["layers"]
    assert {layer["module"] for layer in layers} == {"keras.layers"}
    assert not any(layer["registered_name"] for layer in layers)
    assert not {"Lambda", "TFSMLayer"} & {layer["class_name"] for layer in layers}


def test_outputs_have_the_names_that_a_feature_config_gives_them(network):
    assert network.output_names == ["emotion", "intensity", "distance", "frames"]
    without = build(100, BANDS, CLASSES, **SHAPE, intensity=False)
    assert without.output_names == ["emotion", "distance", "frames"]


def test_its_size_is_what_the_docstring_says():
    said = float(re.search(r"([\d.]+) million parameters", inspect.getdoc(build))[1])
    assert build(240, 80, CLASSES).count_params() / 1e6 == pytest.approx(said, abs=0.05)
