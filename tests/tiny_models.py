"""Tiny model repositories for tests: real networks, real files, nothing learnt."""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


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
    from test_config import make_config

    from ser_core.blocks import LogMelBlock
    from ser_core.config import Normalisation

    keras.utils.set_random_seed(3)
    defaults = {
        "window": 1.0,
        "hop": 0.5,
        "frames": 100,
        "blocks": (LogMelBlock(),),
        "normalisation": Normalisation(mean=(-30.0,) * 64, std=(15.0,) * 64),
        "uncertain_below": 0.0,
    }
    config = make_config(**(defaults | changes))
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
