"""`speech_encoder`: the first layers of a Whisper encoder, and an emotion layer over all of them.

What is near the sound serves emotion better than what is near the words, so the upper layers of the
encoder are left away. Its weights come from where `train/networks/pretrained_encoders.py` says.

Source: the encoder of Radford et al. (2022), arXiv:2212.04356; answers from several layers after
Pepino et al. (2021), arXiv:2104.03502.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from .residual_cnn import answers

SUMMARY = "summary"
"""The layer between the encoder and the layers that learn emotion."""


def attend(
    x: keras.KerasTensor, width: int, heads: int, ranks: Sequence[int] | None, name: str
) -> keras.KerasTensor:
    """Self-attention; with ranks, between a thin layer before it and a wide one after it."""
    if ranks is None:
        return layers.MultiHeadAttention(heads, width // heads, name=name)(x, x)
    before, after = ranks
    x = layers.Dense(before, use_bias=False, name=f"{name}_in")(x)
    attention = layers.MultiHeadAttention(heads, width // heads, output_shape=after, name=name)
    return layers.Dense(width, name=f"{name}_out")(attention(x, x))


def encoder_layer(
    x: keras.KerasTensor, width: int, heads: int, ranks: Sequence[int] | None, name: str
) -> keras.KerasTensor:
    """Self-attention and a position-wise network, each normalised before and added after."""
    of_attention, middle = (None, 4 * width) if ranks is None else (ranks[:2], ranks[2])
    y = layers.LayerNormalization(epsilon=1e-5, name=f"{name}_attention_norm")(x)
    y = attend(y, width, heads, of_attention, f"{name}_attention")
    x = layers.Add(name=f"{name}_attention_add")([x, y])
    y = layers.LayerNormalization(epsilon=1e-5, name=f"{name}_dense_norm")(x)
    y = layers.Dense(middle, name=f"{name}_dense_in")(y)
    y = layers.Activation("gelu", name=f"{name}_gelu")(y)
    y = layers.Dense(width, name=f"{name}_dense_out")(y)
    return layers.Add(name=f"{name}_add")([x, y])


def convolve(
    x: keras.KerasTensor, width: int, rank: int | None, name: str, **settings: Any
) -> keras.KerasTensor:
    """Convolve over three frames; with a rank, into so many channels, and a dense layer after."""
    if rank is None:
        x = layers.Conv1D(width, 3, name=name, **settings)(x)
    else:
        x = layers.Conv1D(rank, 3, use_bias=False, name=f"{name}_in", **settings)(x)
        x = layers.Dense(width, name=name)(x)
    return layers.Activation("gelu", name=f"{name}_gelu")(x)


def begin(
    inputs: keras.KerasTensor, width: int, ranks: Sequence[int] | None = None, every: int = 1
) -> keras.KerasTensor:
    """Two convolutions over the frames, and where each of the encoder's frames stands."""
    first, second = ranks or (None, None)
    x = convolve(inputs, width, first, "convolution1", padding="same")
    x = layers.ZeroPadding1D((1, 0), name="convolution2_pad")(x)
    x = convolve(x, width, second, "convolution2", strides=2 * every)
    return layers.Normalization(axis=(1, 2), name="positions")(x)  # adds where each frame stands


def normalise_frames(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Normalise each frame by its own mean and deviation."""
    norm = layers.LayerNormalization(epsilon=1e-5, center=False, scale=False, name=f"{name}_norm")
    return norm(x)


def summarise(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Normalise each frame, then mean and maximum over time, side by side."""
    x = normalise_frames(x, name)
    mean = layers.GlobalAveragePooling1D(name=f"{name}_mean")(x)
    peak = layers.GlobalMaxPooling1D(name=f"{name}_max")(x)
    return layers.Concatenate(name=f"{name}_pool")([mean, peak])


def build(
    frames: int,
    features: int,
    classes: int,
    *,
    width: int = 384,
    heads: int = 6,
    depth: int = 3,
    every: int = 1,
    convolution_ranks: Sequence[int] | None = None,
    ranks: Sequence[Sequence[int]] | None = None,
    units: int = 256,
    dropout: float = 0.5,
    intensity: bool = False,
) -> keras.Model:
    """Build the network: 6,552,201 parameters for 240 frames of 80 bands and 8 classes.

    Args:
        frames: int, length of the input window [frames], even.
        features: int, log-mel bands, as many as the encoder was trained on.
        classes: int, number of emotion classes.
        width: int, features inside the encoder.
        heads: int, attention heads.
        depth: int, layers of the encoder that are kept, from the first.
        every: int, how many of the encoder's frames of 20 ms one is kept of.
        convolution_ranks: of the two convolutions, where they are condensed (see
            train/fitting/condense.py).
        ranks: of each layer's attention, before and after, and how many units of its position-wise
            network are kept, where they are condensed.
        units: int, width of the hidden layer over the summary.
        dropout: float in [0, 1), before and after that layer.
        intensity: whether there is a second output, `intensity`.

    Returns:
        keras.Model from float32 (batch, frames, features) to `emotion`, float32 (batch, classes),
        probabilities; with `intensity`, to that and float32 (batch, 1) in [0, 1]. The layer
        `summary` gives what the encoder heard, (batch, depth * 2 * width).
    """
    inputs = keras.Input((frames, features), name="features")
    x = begin(inputs, width, convolution_ranks, every)
    seen = []
    for index in range(depth):
        of_layer = ranks[index] if ranks is not None else None
        x = encoder_layer(x, width, heads, of_layer, f"layer{index + 1}")
        seen.append(summarise(x, f"summary{index + 1}"))
    x = layers.Concatenate(name=SUMMARY)(seen)
    x = layers.BatchNormalization(momentum=0.97, name="head_norm")(x)
    x = layers.Dropout(dropout, name="head_dropout_in")(x)
    x = layers.Dense(units, activation="silu", name="head")(x)
    x = layers.Dropout(dropout, name="head_dropout_out")(x)
    outputs = answers(x, classes, intensity)
    return keras.Model(inputs, outputs if intensity else outputs[0], name="speech_encoder")
