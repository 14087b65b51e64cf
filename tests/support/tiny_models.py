"""Tiny model repositories for tests: real networks, real files, nothing learnt."""

import os
from pathlib import Path

from ser_core.config.feature_config import FeatureConfig, Normalisation, SpeechSettings
from ser_core.config.frame_blocks import LogMelBlock
from tests.support.shared import written_once

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def make_config(**changes) -> FeatureConfig:
    """A small valid config: 20 frames of 8 bands."""
    values = {
        "recipe": "tiny",
        "window": 0.2,
        "hop": 0.1,
        "frames": 20,
        "trim": 35.0,
        "blocks": (LogMelBlock(n_mels=8),),
        "normalisation": Normalisation(mean=(0.0,) * 8, std=(1.0,) * 8),
        "speech": SpeechSettings(threshold=0.5, min_seconds=0.3),
        "uncertain_below": 0.4,
    }
    return FeatureConfig(**(values | changes))


def tiny_config(**changes) -> FeatureConfig:
    """The feature config of a tiny model: windows of a second, and these fields changed."""
    defaults = {
        "window": 1.0,
        "hop": 0.5,
        "frames": 100,
        "blocks": (LogMelBlock(),),
        "normalisation": Normalisation(mean=(-30.0,) * 64, std=(15.0,) * 64),
        "uncertain_below": 0.0,
    }
    return make_config(**(defaults | changes))


@written_once
def write_tiny_model(
    directory: Path,
    *,
    litert: bool = True,
    output: str = "emotion",
    classes: int = 8,
    features: int = 64,
    **changes,
) -> Path:
    """Write a repository whose network is one dense layer over the mean frame.

    Args:
        directory: where to; made if it is not there.
        litert: whether to write model.tflite.
        output: name of the network's output.
        classes: number of its probabilities.
        features: features per frame that it takes.
        **changes: fields of the feature config.

    Returns:
        The directory.
    """
    import keras

    keras.utils.set_random_seed(3)
    config = tiny_config(**changes)
    inputs = keras.Input((config.frames, features))
    x = keras.layers.GlobalAveragePooling1D()(inputs)
    outputs = keras.layers.Dense(classes, activation="softmax", name=output)(x)
    network = keras.Model(inputs, outputs)
    directory.mkdir(parents=True, exist_ok=True)
    network.save(directory, zipped=False)
    (directory / "assets").rmdir()  # Keras' place for vocabularies, which no model of ours has
    if litert:
        named = keras.Model(inputs, {output: outputs})
        signature = [keras.InputSpec(shape=(1, config.frames, features), dtype="float32")]
        file = str(directory / "model.tflite")
        named.export(file, format="litert", input_signature=signature, verbose=False)
    config.save(directory)
    return directory


@written_once
def write_intense_model(
    directory: Path, *, likeliest: str = "angry", swapped: bool = False, **changes
) -> Path:
    """Write a repository, as training does, whose network says an intensity, too.

    Args:
        directory: where to; made if it is not there.
        likeliest: the label that everything sounds like.
        swapped: whether the network gives the intensity first.
        **changes: fields of the feature config.

    Returns:
        The directory.
    """
    import keras
    import numpy as np

    from ser_core.config.outputs import Outputs
    from train.networks.export import export

    keras.utils.set_random_seed(5)
    config = tiny_config(**{"outputs": Outputs(intensity="intensity")} | changes)
    inputs = keras.Input((config.frames, config.features))
    x = keras.layers.GlobalAveragePooling1D()(inputs)
    outputs = [
        keras.layers.Dense(len(config.labels), activation="softmax", name="emotion")(x),
        keras.layers.Dense(1, activation="sigmoid", name="intensity")(x),
    ]
    network = keras.Model(inputs, outputs[::-1] if swapped else outputs)
    emotion = network.get_layer("emotion")
    kernel, bias = emotion.get_weights()
    bias[config.labels.index(likeliest)] = 3.0
    emotion.set_weights([0.01 * kernel, bias])
    noise = np.random.default_rng(5).standard_normal((4, config.frames, config.features))
    export(network, config, directory, noise.astype(np.float32))
    if (directory / "assets").is_dir():
        (directory / "assets").rmdir()
    return directory
