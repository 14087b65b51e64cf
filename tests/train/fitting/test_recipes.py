"""Every recipe, whole: trained on a tiny made-up corpus, executed, loaded by every door."""

import json
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest

from ser_core import EmotionRecognizer
from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError
from ser_core.features import network_inputs
from ser_core.model.keras_runtime import KerasRuntime
from ser_core.model.litert_runtime import LiteRTRuntime
from tests.support.commands import run_train
from tests.support.tiny_training import make_corpus
from train import recipe as recipes

ROOT = Path(__file__).parents[3]
TWO_PASSES = ["training.steps=4", "training.warmup=1", "training.batch_size=8"]
SMALL = {
    "autoencoder_bilstm": [
        "autoencoder.steps=4",
        "autoencoder.warmup=1",
        "autoencoder.batch_size=8",
        "fine_tuning.steps=2",
        "fine_tuning.warmup=1",
        "fine_tuning.batch_size=8",
        "network.parameters.initial=16",
        "network.parameters.kernels=[3]",
        "network.parameters.branch=16",
        "network.parameters.channels=[16, 32]",
        "network.parameters.residual=[32]",
        "network.parameters.lstm=[16]",
        "network.parameters.heads=4",
        "network.parameters.dense=[16]",
    ],
    "kbest_dense": ["features.select=40"],
    "cnn_lstm": [
        "network.parameters.channels=[16, 16]",
        "network.parameters.lstm=16",
        "network.parameters.dense=16",
    ],
    "mfcc_lstm": [
        "network.parameters.first=16",
        "network.parameters.second=16",
        "network.parameters.dense=16",
    ],
}


def train_recipe(folder: Path, name: str, *more: str) -> subprocess.CompletedProcess:
    """Fit a recipe as a person does, on two folds and all clips."""
    words = ["fit", "--recipe", name, "--jobs", "2"]
    words += ["--corpus", f"ravdess={folder / 'corpus'}", "--out", str(folder / "model")]
    for part in ("results", "work", "cache"):
        words += [f"--{part}", str(folder / part)]
    for value in [*TWO_PASSES, *SMALL[name], *more]:
        words += ["--set", value]
    return run_train(*words)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_recipe_trains_exports_and_answers_the_same_by_every_door(name, tmp_path):
    make_corpus(tmp_path / "corpus", actors=(1, 2))
    done = train_recipe(tmp_path, name)
    assert done.returncode == 0, done.stderr[-3000:]
    model = tmp_path / "model"

    config = FeatureConfig.load(model)
    noise = np.random.default_rng(1).standard_normal(40_000).astype(np.float32) * 0.1
    inputs = network_inputs(noise, config)
    assert inputs.shape[1:] == (config.frames, config.features)
    by_litert = LiteRTRuntime(model, config).run(inputs).probabilities
    by_keras = KerasRuntime(model, config).run(inputs).probabilities
    np.testing.assert_allclose(by_litert, by_keras, atol=1e-4)
    np.testing.assert_allclose(by_litert.sum(axis=1), 1.0, atol=1e-5)

    import keras

    bare = keras.saving.load_model(model, compile=False, safe_mode=True)
    emotion, embedding = bare.predict(inputs, verbose=0)
    np.testing.assert_allclose(emotion, by_litert, atol=1e-4)
    assert (config.outputs.embedding, embedding.ndim) == ("embedding", 2)
    layers = json.loads((model / "config.json").read_text())["config"]["layers"]
    assert all(layer["module"].startswith("keras.") for layer in layers)

    recognizer = EmotionRecognizer.from_pretrained(model)
    assert recognizer.runtime == "LiteRT"
    answer = recognizer.predict(ROOT / "tests" / "fixtures" / "speech.flac")
    assert answer.status in ("emotion", "uncertain")
    assert sum(answer.probabilities.values()) == pytest.approx(1.0)

    stored = tomllib.loads((model / "recipe.toml").read_text())
    assert stored["training"]["steps"] == 4
    record = json.loads(
        (tmp_path / "results" / name / "speaker" / "folds" / "fold_1.json").read_text()
    )
    assert record["versions"]["keras"]
    assert record["passes"] == 4.0


@pytest.mark.slow
def test_principal_components_are_an_option(tmp_path):
    make_corpus(tmp_path / "corpus", actors=(1, 2))
    done = train_recipe(tmp_path, "kbest_dense", "network.parameters.projection=5")
    assert done.returncode == 0, done.stderr[-3000:]
    assert EmotionRecognizer.from_pretrained(tmp_path / "model").config.features == 40


@pytest.mark.parametrize("name", SMALL)
def test_a_reference_recipe_says_what_its_authors_claim(name):
    recipe = recipes.load(name)
    assert recipe.claim
    assert recipe.network.name == name


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"x = " + 9_000 * b"[" + 9_000 * b"]", "is nested more than 50 levels deep"),
        (b'name = "\xff"', "is not valid TOML"),
        (None, "cannot be read"),
    ],
)
def test_a_recipe_that_is_none_is_one_sentence(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "mine.toml"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=sentence):
        recipes.load(str(file))


def test_a_deep_override_is_one_sentence() -> None:
    with pytest.raises(ConfigError, match="seed"):
        recipes.load("tiny", ["seed=" + 9_000 * "[" + 9_000 * "]"])
