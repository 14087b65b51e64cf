"""`two_heads`: a frozen Whisper encoder, and two heads that learnt emotion, chosen by distance.

Summaries of the encoder's frames go to a linear head, which holds for strangers, and to one with a
hidden layer, which is better on voices like those it was trained on. How far a recording is from
the training clips decides how much each counts, and how far their answer is to be believed. All of
it is in the network, so that bare Keras and a phone give the same calibrated answer.

Source: the encoder of Radford et al. (2022), arXiv:2212.04356; layer normalisation without an
affine map, Ba et al. (2016), arXiv:1607.06450; the distance to the nearest training clips as a
score of novelty, Sun et al. (2022), arXiv:2204.06507.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from .speech_encoder import SUMMARY, begin, encoder_layer, normalise_frames

FRAMES = "frames"
"""The output with what the encoder makes of each of its frames."""


def build(
    frames: int,
    features: int,
    classes: int,
    *,
    width: int = 512,
    heads: int = 8,
    depth: int = 4,
    kept: tuple[int, ...] = (2, 3, 4),
    statistics: Sequence[str] = ("mean", "max"),
    units: int = 256,
    components: int = 128,
    centres: int = 512,
    intensity: bool = True,
) -> keras.Model:
    """Build the network: 14.9 million parameters for 240 frames of 80 bands and 8 classes.

    Args:
        frames: int, length of the input window [frames], even.
        features: int, log-mel bands, as many as the encoder was trained on.
        classes: int, number of emotion classes.
        width: int, features inside the encoder.
        heads: int, attention heads.
        depth: int, layers of the encoder that are kept, from the first.
        kept: which of these layers are summarised, from 1.
        statistics: what a summary of them is made of, in order (see
            ser_core.features.frame_sums).
        units: int, width of the hidden layer.
        components: int, width of the space in which distances are measured.
        centres: int, how many points stand for the training clips there.
        intensity: whether there is an output `intensity`.

    Returns:
        keras.Model from float32 (batch, frames, features) to `emotion`, float32 (batch, classes),
        probabilities; with `intensity`, float32 (batch, 1) in [0, 1]; `distance`, float32
        (batch, 1), mean squared distance per component to the nearest centre; and `frames`,
        float32 (batch, frames // 2, len(kept) * width). The layer `summary` gives their statistics
        over time, (batch, len(statistics) * len(kept) * width).
    """
    inputs = keras.Input((frames, features), name="features")
    x = begin(inputs, width)
    seen = []
    for index in range(1, depth + 1):
        x = encoder_layer(x, width, heads, None, f"layer{index}")
        if index in kept:
            seen.append(normalise_frames(x, f"summary{index}"))
    encoded = layers.Concatenate(name=FRAMES)(seen)
    parts = [POOLING[name](encoded) for name in statistics]
    summary = layers.Concatenate(name=SUMMARY)(parts)
    standard = layers.Normalization(axis=-1, name="standard")(summary)
    linear = layers.Dense(classes, name="linear")(standard)
    hidden = layers.Dense(units, activation="silu", name="hidden")(standard)
    hidden = layers.Dense(classes, name="hidden_logits")(hidden)
    distance = measure_distance(standard, components, centres)
    away = layers.Dense(1, activation="sigmoid", name="away")(distance)
    of_linear = layers.Dense(1, name="linear_weight")(away)
    of_hidden = layers.Dense(1, name="hidden_weight")(away)
    mixed = layers.Add(name="logits")(
        [
            layers.Multiply(name="linear_part")([linear, of_linear]),
            layers.Multiply(name="hidden_part")([hidden, of_hidden]),
        ]
    )
    outputs = [layers.Dense(classes, activation="softmax", name="emotion")(mixed)]
    if intensity:
        outputs.append(layers.Dense(1, activation="sigmoid", name="intensity")(standard))
    network = keras.Model(inputs, [*outputs, distance, encoded], name="two_heads")
    if "slope" in statistics:
        set_moment(network)
    return network


def slope(encoded: keras.KerasTensor) -> keras.KerasTensor:
    """The mean of frames, each times where it stands between -1 at first and 1 at last."""
    count, width = encoded.shape[1:]
    x = layers.Permute((2, 1), name="summary_courses")(encoded)
    x = layers.Dense(1, use_bias=False, trainable=False, name="summary_moment")(x)
    x = layers.Reshape((width,), name="summary_column")(x)
    return layers.Rescaling(1.0 / count**2, name="summary_slope")(x)


def set_moment(network: keras.Model) -> None:
    """Set what `slope` multiplies frames with: whole numbers, which 16 bits hold exactly."""
    layer = network.get_layer("summary_moment")
    count = layer.kernel.shape[0]
    layer.set_weights([(2.0 * np.arange(count) + 1.0 - count)[:, None]])


def mean(encoded: keras.KerasTensor) -> keras.KerasTensor:
    """The mean of frames."""
    return layers.GlobalAveragePooling1D(name="summary_mean")(encoded)


def peak(encoded: keras.KerasTensor) -> keras.KerasTensor:
    """The maximum of frames."""
    return layers.GlobalMaxPooling1D(name="summary_max")(encoded)


POOLING = {"mean": mean, "slope": slope, "max": peak}


def measure_distance(
    standard: keras.KerasTensor, components: int, centres: int
) -> keras.KerasTensor:
    """Squared distance to the nearest centre, per component: |u|^2 + min(|c|^2 - 2 u.c)."""
    u = layers.Dense(components, use_bias=False, name="components")(standard)
    square = layers.Dot(axes=1, name="components_square")([u, u])
    # Negated, as the layer at hand finds a maximum: 2 u.c - |c|^2.
    near = layers.Dense(centres, name="centres")(u)
    near = layers.Reshape((centres, 1), name="centres_column")(near)
    near = layers.GlobalMaxPooling1D(name="nearest")(near)
    gap = layers.Subtract(name="gap")([square, near])
    scale = layers.Rescaling(1.0 / components, name="scaled_gap")(gap)
    return layers.ReLU(name="distance")(scale)  # rounding may pass zero


def set_heads(
    network: keras.Model,
    *,
    mean: np.ndarray,
    std: np.ndarray,
    linear: tuple[np.ndarray, np.ndarray],
    hidden: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    basis: np.ndarray,
    centres: np.ndarray,
    border: float,
    slope: float,
    home_temperature: float,
    away_temperature: float,
    intensity: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """Put fitted heads into a network, in place.

    Args:
        network: keras.Model of `build`.
        mean, std: float arrays of shape (width of the summary,), what summaries are standardised
            with.
        linear: kernel (width, classes) and bias (classes,) of the linear head.
        hidden: kernels and biases of the head with a hidden layer, of both layers in turn.
        basis: float array of shape (width, components).
        centres: float array of shape (centres, components).
        border: float, distance at which a recording counts as half away.
        slope: float > 0, logits a unit of distance there.
        home_temperature: float > 0, divides the mean of both heads' logits at home.
        away_temperature: float > 0, divides the linear head's away.
        intensity: kernel (width, 1) and bias (1,) of that output.
    """
    # A distance is a small difference of large products: of centres that 16 bits hold exactly,
    # it is the same where weights are halved.
    centres = np.asarray(centres, np.float16).astype(np.float32)
    one, classes = np.ones((1, 1), np.float32), len(linear[1])
    home, away = 0.5 / home_temperature, 1.0 / away_temperature
    weights: dict[str, list[np.ndarray]] = {
        "linear": list(linear),
        "components": [basis],
        "centres": [2.0 * centres.T, -np.square(centres).sum(axis=1)],
        "away": [slope * one, np.array([-slope * border])],
        "linear_weight": [(away - home) * one, np.array([home])],
        "hidden_weight": [-home * one, np.array([home])],
        "emotion": [np.eye(classes), np.zeros(classes)],
    }
    weights["hidden"], weights["hidden_logits"] = list(hidden[:2]), list(hidden[2:])
    if intensity is not None:
        weights["intensity"] = list(intensity)
    for name, arrays in weights.items():
        network.get_layer(name).set_weights([np.asarray(a, np.float32) for a in arrays])
    standard = network.get_layer("standard")
    standard.set_weights([mean, np.square(std), np.zeros(())])
    standard.finalize_state()
