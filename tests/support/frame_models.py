"""A tiny model that gives its encoder's frames: real files, nothing learnt."""

import os
from pathlib import Path

from ser_core.config.feature_config import FeatureConfig, Normalisation, SpeechSettings
from ser_core.config.outputs import Outputs
from ser_core.model.files import LITERT_FORMS
from ser_core.speech.gate import BANDS
from ser_core.speech.gate_stream import GATE_MEL
from tests.support.shared import written_once
from tests.support.tiny_models import tiny_config

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

WIDTH = 8  # values of an encoded frame
SUMMARY = ("mean", "slope", "max")
OUTPUTS = Outputs(intensity="intensity", distance="distance", frames="frames", summary=SUMMARY)


def frame_config(**changes) -> FeatureConfig:
    """The feature config of a tiny model with frames: stretches of a second."""
    speech = SpeechSettings(threshold=0.35, min_seconds=0.3)
    bands = {  # as the speech gate reads them, and Whisper
        "blocks": (GATE_MEL,),
        "normalisation": Normalisation(mean=(-30.0,) * BANDS, std=(15.0,) * BANDS),
    }
    return tiny_config(**{"outputs": OUTPUTS, "speech": speech} | bands | changes)


def frame_network(config: FeatureConfig, width: int = WIDTH):
    """An encoder of a convolution and attention, one frame of two, and a head over its summary."""
    import keras
    from keras import layers

    from train.networks.two_heads import POOLING, set_moment

    keras.utils.set_random_seed(7)
    inputs = keras.Input((config.frames, config.features), name="features")
    x = layers.Conv1D(width, 3, strides=2, padding="same", activation="gelu")(inputs)
    x = layers.Add()([x, layers.MultiHeadAttention(2, width // 2)(x, x)])
    frames = layers.LayerNormalization(name="frames")(x)
    summary = layers.Concatenate(name="summary")([POOLING[name](frames) for name in SUMMARY])
    x = layers.Dense(64, activation="silu")(summary)
    emotion = layers.Dense(len(config.labels), activation="softmax", name="emotion")(x)
    intensity = layers.Dense(1, activation="sigmoid", name="intensity")(x)
    distance = layers.Dense(1, activation="softplus", name="distance")(x)
    outputs = {"emotion": emotion, "intensity": intensity, "distance": distance, "frames": frames}
    network = keras.Model(inputs, outputs)
    set_moment(network)
    return network


@written_once
def write_frame_model(
    directory: Path,
    *,
    forms: tuple[str, ...] = tuple(LITERT_FORMS),
    half_weights: bool = False,
    **changes,
) -> Path:
    """Write a repository of such a network, as training does.

    Args:
        directory: where to; made if it is not there.
        forms: those that are written for LiteRT.
        half_weights: whether Keras' weights are written with 16 bits.
        **changes: fields of the feature config.

    Returns:
        The directory.
    """
    import numpy as np

    from train.networks.export import export

    config = frame_config(**changes)
    noise = np.random.default_rng(5).standard_normal((4, config.frames, config.features))
    windows = noise.astype(np.float32)
    network = frame_network(config)
    export(network, config, directory, windows, forms=forms, half_weights=half_weights)
    (directory / "assets").rmdir()
    return directory
