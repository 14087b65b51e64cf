"""Write a trained network as a model repository, and prove that all its forms answer the same."""

import json
from pathlib import Path

import keras
import numpy as np

from ser_core.config import FeatureConfig
from ser_core.errors import ConfigError, ModelError
from ser_core.runtime import LITERT_FILE, KerasRuntime, LiteRTRuntime

LARGEST_DIFFERENCE = 1e-4  # between the probabilities of two forms of one network


def fold_temperature(network: keras.Model, config: FeatureConfig) -> None:
    """Divide the last layer's weights by the temperature, in place.

    So bare Keras and a phone get calibrated probabilities without knowing of a temperature.
    """
    last = network.get_layer(config.outputs.emotion)
    last.set_weights([weight / config.temperature for weight in last.get_weights()])


def export(network: keras.Model, config: FeatureConfig, out: Path, windows: np.ndarray) -> None:
    """Write the network's files and its feature config.

    Args:
        network: keras.Model with the temperature already folded in.
        config: FeatureConfig.
        out: folder, made if it is not there.
        windows: float32 array of shape (windows, frames, features), real inputs to compare on.

    Raises:
        ModelError: LiteRT and Keras answer differently, or a file cannot be run.
    """
    out.mkdir(parents=True, exist_ok=True)
    network.save(out, zipped=False)
    write_litert(network, config, out)
    config.save(out)
    keras_answers = KerasRuntime(out, config).run(windows)
    litert_answers = LiteRTRuntime(out, config).run(windows)
    difference = float(np.abs(keras_answers - litert_answers).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise ModelError(
            f"{LITERT_FILE} and Keras differ by {difference:.2g} in probability, at most "
            f"{LARGEST_DIFFERENCE:g} is allowed: the export is wrong."
        )


def write_litert(network: keras.Model, config: FeatureConfig, out: Path) -> None:
    """Write the network for LiteRT, for one input at a time, with its output named.

    One input at a time because recurrent layers of any other form need operations that LiteRT does
    not have.

    Raises:
        ConfigError: Keras runs on JAX or PyTorch, which cannot write such files.
    """
    if keras.backend.backend() != "tensorflow":
        raise ConfigError(
            f"LiteRT files are written by TensorFlow, and Keras runs on {keras.backend.backend()}: "
            "give the same command once more with KERAS_BACKEND=tensorflow; nothing is trained "
            "again."
        )
    signature = [keras.InputSpec(shape=(1, config.frames, config.features), dtype="float32")]
    named = keras.Model(network.inputs, {config.outputs.emotion: network.output})
    named.export(str(out / LITERT_FILE), format="litert", input_signature=signature, verbose=False)


def write_json(path: Path, content: dict | list) -> None:
    """Write JSON as people can read it."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
