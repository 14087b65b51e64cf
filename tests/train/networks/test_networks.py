"""Every network learns, loads with Keras alone, and runs in LiteRT with the same answers."""

import importlib.util
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from ser_core.errors import ConfigError
from ser_core.model.files import KERAS_FILES
from tests.support.small_networks import (
    CASES,
    CLASSES,
    SMALL_ENCODER,
    STEPS,
    answers,
    fit,
    windows_and_targets,
)
from train.fitting.steps import make_variables
from train.networks import NETWORKS, autoencoder_bilstm
from train.networks.export import LARGEST_DIFFERENCE

ROOT = Path(__file__).parents[3]
QUICK = ("kbest_dense", "residual_cnn")
OWN_TEST = {"two_heads"}  # never trained as a whole, and with more outputs: see test_two_heads.py


@dataclass(frozen=True)
class Trained:
    """A small network after a few steps, so that its normalisations are no longer trivial."""

    name: str
    network: keras.Model
    losses: list[float]
    folder: Path  # Keras' unzipped save
    windows: np.ndarray


def of_each_network() -> list:
    """The names of all networks, as parameters of which two are quick."""
    rest = sorted(CASES.keys() - QUICK)
    return [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in rest)]


@pytest.fixture(scope="module", params=of_each_network())
def trained(request, tmp_path_factory) -> Trained:
    """Each network in turn, built small, trained a little and saved."""
    keras.utils.set_random_seed(1)
    case = CASES[request.param]
    network = NETWORKS[request.param](*case.small, CLASSES, **case.settings)
    windows, targets = windows_and_targets(request.param)
    losses = fit(network, windows, targets)
    folder = tmp_path_factory.mktemp("networks") / request.param
    network.save(folder, zipped=False)
    return Trained(request.param, network, losses, folder, windows)


def test_every_network_has_a_case():
    assert CASES.keys() | OWN_TEST == NETWORKS.keys()


@pytest.mark.parametrize("name", of_each_network())
def test_published_sizes_are_what_the_docstring_says(name):
    case, build = CASES[name], NETWORKS[name]
    network = build(*case.published, CLASSES)
    assert network.count_params() == case.parameters
    assert network.input_shape == (None, *case.published)
    if name not in ("residual_cnn", "conformer"):  # not reference systems: no size in docstrings
        assert f"{case.parameters:,}" in inspect.getdoc(build)


def test_blocks_of_bands_become_channels_of_one_image():
    case = CASES["residual_cnn"]
    frames, bands = case.small
    network = NETWORKS["residual_cnn"](frames, 2 * bands, CLASSES, images=2, **case.settings)
    windows = np.random.default_rng(0).normal(size=(3, frames, 2 * bands)).astype(np.float32)
    image = keras.Model(network.input, network.get_layer("image").output)
    seen = keras.ops.convert_to_numpy(image(windows))
    assert np.array_equal(seen, np.stack([windows[..., :bands], windows[..., bands:]], axis=-1))
    first = network.get_layer("stem_conv").get_weights()[0]
    assert first.shape == (5, 5, 2, case.settings["stem"])


def test_the_last_layer_is_a_float32_softmax_named_emotion(trained):
    last = trained.network.layers[-1]
    assert isinstance(last, keras.layers.Dense)
    assert (last.name, last.activation.__name__, last.dtype) == ("emotion", "softmax", "float32")
    assert [tuple(weight.shape)[-1] for weight in last.get_weights()] == [CLASSES, CLASSES]
    assert trained.network.output_names == ["emotion"]
    assert answers(trained.network, trained.windows).sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_few_steps_lower_the_loss(trained):
    assert np.isfinite(trained.losses).all()
    assert np.mean(trained.losses[-3:]) < np.mean(trained.losses[:3])


def test_a_saved_network_loads_with_keras_alone_and_answers_the_same(trained):
    assert {*KERAS_FILES} <= {path.name for path in trained.folder.iterdir()}
    loaded = keras.saving.load_model(trained.folder, compile=False, safe_mode=True)
    difference = answers(loaded, trained.windows) - answers(trained.network, trained.windows)
    assert np.abs(difference).max() <= 1e-6


def objects(config: object) -> Iterator[dict]:
    """Every object that a saved network's config names, however deep."""
    if isinstance(config, dict):
        if "module" in config:
            yield config
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from objects(part)


def test_a_saved_network_names_built_in_layers_alone(trained):
    config = json.loads((trained.folder / "config.json").read_text())
    layers = config["config"]["layers"]
    assert {layer["module"] for layer in layers} == {"keras.layers"}
    assert not any(layer["registered_name"] for layer in layers)
    for part in objects(layers):
        assert part["module"].split(".")[0] == "keras", part
        assert not part["module"].startswith("keras.src."), part  # private, may move
        assert part["class_name"] not in ("Lambda", "TFSMLayer"), part


def test_the_exported_file_runs_in_litert_with_the_same_answers(trained, tmp_path):
    named = keras.Model(trained.network.inputs, {"emotion": trained.network.output})
    shape = (1, *CASES[trained.name].small)
    signature = [keras.InputSpec(shape=shape, dtype="float32")]
    file = str(tmp_path / "model.tflite")
    named.export(file, format="litert", input_signature=signature, verbose=False)
    runner = Interpreter(file, num_threads=1).get_signature_runner()
    argument = next(iter(runner.get_input_details()))
    litert = [runner(**{argument: window[None]})["emotion"][0] for window in trained.windows]
    difference = np.stack(litert) - answers(trained.network, trained.windows)
    assert np.abs(difference).max() <= LARGEST_DIFFERENCE


def test_an_answer_does_not_depend_on_the_rest_of_the_batch(trained):
    together = answers(trained.network, trained.windows[:3])
    alone = [answers(trained.network, window[None])[0] for window in trained.windows[:3]]
    assert np.abs(together - np.stack(alone)).max() <= 1e-5


TWO_STEPS = """
import json, sys
import keras, numpy as np
sys.path.insert(0, sys.argv[1])
folders = json.loads(sys.argv[2])
differences = {}
for name, folder in folders.items():
    data = np.load(folder + "/../" + name + ".npz")
    loaded = keras.saving.load_model(folder, compile=False, safe_mode=True)
    found = loaded.predict_on_batch(data["windows"])  # layer by layer, each would be compiled
    differences[name] = float(np.abs(found - data["answers"]).max())
from tests.support.small_networks import CASES, CLASSES, fit, windows_and_targets
from train.networks import NETWORKS
losses = {}
for name, case in CASES.items():
    network = NETWORKS[name](*case.small, CLASSES, **case.settings)
    losses[name] = fit(network, *windows_and_targets(name), steps=2)
print(json.dumps([keras.backend.backend(), differences, losses]))
"""


@pytest.fixture(scope="module")
def saved_networks(tmp_path_factory) -> dict[str, str]:
    """Folders of all networks, saved here, each beside windows and the answers to them."""
    keras.utils.set_random_seed(3)
    root = tmp_path_factory.mktemp("other_backends")
    for name, case in CASES.items():
        network = NETWORKS[name](*case.small, CLASSES, **case.settings)
        windows, _ = windows_and_targets(name)
        network.save(root / name, zipped=False)
        np.savez(root / f"{name}.npz", windows=windows, answers=answers(network, windows))
    return {name: str(root / name) for name in CASES}


# Most of the time goes into compiling what then takes two steps.
COMPILED_SOON = "--xla_backend_optimization_level=1 --xla_llvm_disable_expensive_passes=true"


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_answer_the_same_and_train(backend, saved_networks):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"needs {backend}, which is not installed here")
    command = [sys.executable, "-c", TWO_STEPS, str(ROOT), json.dumps(saved_networks)]
    environment = os.environ | {"KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    environment |= {"XLA_FLAGS": COMPILED_SOON}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=1800)
    assert done.returncode == 0, done.stderr[-3000:]
    used, differences, losses = json.loads(done.stdout.splitlines()[-1])
    assert used == backend
    assert max(differences.values()) <= LARGEST_DIFFERENCE
    assert losses.keys() == CASES.keys()
    assert np.isfinite(list(losses.values())).all()


def build_pair() -> tuple[keras.Model, keras.Model]:
    """A small autoencoder and the classifier that goes with it."""
    keras.utils.set_random_seed(2)
    frames, features = CASES["autoencoder_bilstm"].small
    settings = CASES["autoencoder_bilstm"].settings
    autoencoder = autoencoder_bilstm.build_autoencoder(frames, features, **settings)
    return autoencoder, autoencoder_bilstm.build(frames, features, CLASSES, **settings)


def bottleneck(network: keras.Model, windows: np.ndarray) -> np.ndarray:
    """What the encoder inside a network makes of windows."""
    inner = keras.Model(network.input, network.get_layer("encoder_bottleneck").output)
    return answers(inner, windows)


def changed_layers(network: keras.Model, before: dict[str, list[np.ndarray]]) -> set[str]:
    """Names of the encoder's layers whose weights are no longer as they were."""
    after = {name: network.get_layer(name).get_weights() for name in before}
    return {name for name in before if not all(map(np.array_equal, before[name], after[name]))}


def test_the_autoencoder_gives_back_windows_of_any_length():
    published = autoencoder_bilstm.build_autoencoder(130, 203)
    assert published.output_shape == (None, 130, 203)
    assert published.count_params() == 1_056_219
    assert "1,056,219" in inspect.getdoc(autoencoder_bilstm.build_autoencoder)
    for frames in (16, 17, 23):
        network = autoencoder_bilstm.build_autoencoder(frames, 5, **SMALL_ENCODER)
        assert network.output_shape == (None, frames, 5)
        assert answers(network, np.zeros((2, frames, 5), np.float32)).shape == (2, frames, 5)


def test_a_parameter_that_neither_network_has_is_refused():
    with pytest.raises(TypeError, match="no parameter 'kernel'"):
        autoencoder_bilstm.build_autoencoder(16, 5, kernel=3)


@pytest.mark.slow
def test_the_encoder_learns_in_the_autoencoder_and_is_carried_over():
    autoencoder, classifier = build_pair()
    windows, _ = windows_and_targets("autoencoder_bilstm")
    autoencoder.compile(keras.optimizers.AdamW(3e-3), "mse", jit_compile=False)
    make_variables(autoencoder)
    losses = [float(autoencoder.train_on_batch(windows, windows)) for _ in range(STEPS)]
    assert losses[-1] < losses[0]
    assert np.abs(bottleneck(classifier, windows) - bottleneck(autoencoder, windows)).max() > 1e-3
    autoencoder_bilstm.carry_encoder(autoencoder, classifier)
    assert np.array_equal(bottleneck(classifier, windows), bottleneck(autoencoder, windows))


@pytest.mark.slow
def test_phase_one_freezes_the_encoder_and_phase_two_frees_its_last_blocks():
    _, classifier = build_pair()
    windows, targets = windows_and_targets("autoencoder_bilstm")
    encoder = [layer for layer in classifier.layers if layer.name.startswith("encoder_")]
    before = {layer.name: layer.get_weights() for layer in encoder}

    for layer in classifier.layers:
        layer.trainable = not layer.name.startswith(autoencoder_bilstm.FROZEN)
    fit(classifier, windows, targets, steps=2)
    assert changed_layers(classifier, before) == set()

    for layer in encoder:
        layer.trainable = layer.name.startswith(autoencoder_bilstm.FINE_TUNED)
    fit(classifier, windows, targets, steps=2)
    blocks = ("encoder_deep_a", "encoder_deep_b", "encoder_squeeze")
    with_weights = {name for name, weights in before.items() if weights}
    last_blocks = {name for name in with_weights if name.startswith(blocks)}
    assert 0 < len(last_blocks) < len(with_weights)
    assert changed_layers(classifier, before) == last_blocks


def test_cnn_lstm_reads_each_window_alone():
    frames, features = CASES["cnn_lstm"].small
    network = NETWORKS["cnn_lstm"](frames, features, CLASSES, **CASES["cnn_lstm"].settings)
    inner = keras.Model(network.input, network.get_layer("sequence").output)
    windows, _ = windows_and_targets("cnn_lstm", 1)
    louder = windows.copy()
    louder[:, 16:32] += 1.0  # the second window of three
    differs = (answers(inner, windows) != answers(inner, louder)).any(axis=(0, 2))
    assert differs.tolist() == [False, True, False]


def test_cnn_lstm_refuses_frames_that_make_no_equal_windows():
    with pytest.raises(ConfigError, match="641 frames do not divide by 5"):
        NETWORKS["cnn_lstm"](641, 128, CLASSES)
