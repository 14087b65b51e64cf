"""`cnn_lstm`: a small CNN on each of a sequence of log-mel windows, and an LSTM over what it found.

The convolutions are three-dimensional with a kernel of one along the sequence: each window is read
alone, by layers that any Keras loads. Folding the sequence into the batch takes a `keras.ops` node,
which a saved network names by a private module, and `TimeDistributed` writes the CNN out once for
every window.

Source: `cnn_lstm` of the reference systems, which describes the windows and the sequence and gives
no sizes: those are ours, small enough for two CPU cores. Long short-term memory after Hochreiter
and Schmidhuber (1997), Neural Computation 9(8).
"""

from collections.abc import Sequence

import keras
from keras import layers

from ser_core.errors import ConfigError


def convolution(x: keras.KerasTensor, filters: int, kernel: int, name: str) -> keras.KerasTensor:
    """Convolve each window alone with stride 2, normalise, and keep what is positive."""
    x = layers.Conv3D(
        filters,
        (1, kernel, kernel),
        strides=(1, 2, 2),
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x)


def mean_over_window(x: keras.KerasTensor) -> keras.KerasTensor:
    """Mean over the frames and bands of each window."""
    windows, frames, bands, channels = x.shape[1:]
    # LiteRT has no three-dimensional pooling of its own, so frames and bands become one axis.
    x = layers.Reshape((windows, frames * bands, channels), name="places")(x)
    x = layers.AveragePooling2D((1, frames * bands), name="window_mean")(x)
    return layers.Reshape((windows, channels), name="sequence")(x)  # (windows, channels)


def build(
    frames: int,
    features: int,
    classes: int,
    *,
    sequence: int = 5,
    channels: Sequence[int] = (16, 32, 64, 96, 128),
    lstm: int = 128,
    dense: int = 64,
    dropout: float = 0.3,
) -> keras.Model:
    """Build the network: 331,032 parameters with the defaults at 8 classes.

    Its convolutions do 16.4 million multiply-adds per window of 128 frames and 128 bands.

    Args:
        frames: int, length of all windows of a sequence together [frames].
        features: int, features per frame (log-mel bands).
        classes: int, number of emotion classes.
        sequence: int, windows a sequence; divides `frames`.
        channels: channels of the convolutions, the first 5x5, the others 3x3, all of stride 2.
        lstm: int, units of the LSTM over the sequence.
        dense: int, units of the dense layer.
        dropout: float in [0, 1), before and after the dense layer.

    Returns:
        keras.Model from float32 (batch, frames, features) to `emotion`, float32 (batch, classes),
        probabilities.

    Raises:
        ConfigError: the frames do not make `sequence` windows of equal length.
    """
    if frames % sequence:
        raise ConfigError(
            f"cnn_lstm reads {sequence} windows of equal length, but {frames} frames do not divide "
            f"by {sequence}: change network.parameters.sequence or the recipe's window."
        )
    inputs = keras.Input((frames, features), name="features")
    x = layers.Reshape((sequence, frames // sequence, features, 1), name="windows")(inputs)
    for index, filters in enumerate(channels):
        x = convolution(x, filters, 3 if index else 5, f"block{index + 1}")
    x = mean_over_window(x)
    x = layers.LSTM(lstm, name="lstm")(x)  # (lstm,)
    x = layers.Dropout(dropout, name="lstm_dropout")(x)
    x = layers.Dense(dense, activation="relu", name="dense")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="emotion")(x)
    return keras.Model(inputs, outputs, name="cnn_lstm")
