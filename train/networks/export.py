"""Write a trained network as a model repository, and prove that all its forms answer the same."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError, ModelError
from ser_core.model.files import LITERT_FILE, LITERT_FORMS
from ser_core.model.pooling import Answers
from ser_core.model.runtime import KerasRuntime, LiteRTRuntime

LARGEST_DIFFERENCE = 1e-4  # between the outputs of two forms of one network, all in [0, 1]


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
    for form in LITERT_FORMS:
        write_litert(network, config, out, form)
    config.save(out)
    found = differences(
        KerasRuntime(out, config).run(windows), LiteRTRuntime(out, config).run(windows)
    )
    for what, difference in found.items():
        if not difference <= LARGEST_DIFFERENCE:
            raise ModelError(
                f"{LITERT_FILE} and Keras differ by {difference:.2g} in {what}, at most "
                f"{LARGEST_DIFFERENCE:g} is allowed: the export is wrong."
            )


def differences(one: Answers, other: Answers) -> dict[str, float]:
    """The largest difference between two forms' answers, by what differs."""
    found = {"probability": float(np.abs(one.probabilities - other.probabilities).max())}
    if one.intensity is not None:
        found["intensity"] = float(np.abs(one.intensity - other.intensity).max())
    return found


def write_litert(
    network: keras.Model, config: FeatureConfig, out: Path, form: str = "float32"
) -> None:
    """Write the network for LiteRT, for one input at a time, with the config's outputs named.

    One input at a time because recurrent layers of any other form need operations that LiteRT does
    not have. The form int8 has weights of eight bits and layers that round their inputs to eight
    bits as they come (TensorFlow's dynamic range): with ranges measured beforehand on 230 clips,
    the recipe tiny was no faster, and answered 2 % of the clips otherwise instead of none.

    Args:
        network: keras.Model.
        config: FeatureConfig.
        out: the folder.
        form: a name in LITERT_FORMS.

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
    outputs = dict(zip(network.output_names, network.outputs, strict=True))
    named = keras.Model(network.inputs, {name: outputs[name] for name in config.outputs.names})
    named.export(
        str(out / LITERT_FORMS[form]),
        format="litert",
        input_signature=signature,
        verbose=False,
        **converter_settings(form),
    )


def converter_settings(form: str) -> dict[str, Any]:
    """Return the options of TensorFlow's converter for a form."""
    import tensorflow as tf  # only now: this module may run beside other backends

    smaller: dict[str, Any] = {"optimizations": [tf.lite.Optimize.DEFAULT]}
    settings = {
        "float32": {},
        "float16": smaller | {"target_spec": {"supported_types": [tf.float16]}},
        "int8": smaller,
    }
    return settings[form]
