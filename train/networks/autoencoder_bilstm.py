"""`autoencoder_bilstm`: a multi-scale convolutional autoencoder, and a BiLSTM on its bottleneck.

First `build_autoencoder` learns to give back its input; then `carry_encoder` moves its encoder into
the classifier that `build` makes. Phase 1 trains the classifier around the frozen encoder, phase 2
fine-tunes the encoder's last blocks as well.

Source: `autoencoder_bilstm` of the reference systems (FYP-SER). Squeeze-and-excitation after Hu et
al. (2018), arXiv:1709.01507; residual blocks after He et al. (2016), arXiv:1512.03385;
bidirectional recurrence after Schuster and Paliwal (1997), IEEE Transactions on Signal Processing
45(11); multi-head attention after Vaswani et al. (2017), arXiv:1706.03762.
"""

import inspect
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

ENCODER = "encoder_"  # how the names of the encoder's layers begin, in both networks
FROZEN = (ENCODER,)  # beginnings of the layer names that phase 1 leaves as the autoencoder had them
FINE_TUNED = ("encoder_deep", "encoder_squeeze")  # those of them that phase 2 trains as well
POOLINGS = 3  # each halves the frames: after the branches, between the blocks, at the bottleneck


def convolution(
    x: keras.KerasTensor,
    filters: int,
    kernel: int,
    name: str,
    penalty: keras.regularizers.Regularizer | None = None,
) -> keras.KerasTensor:
    """Convolve along time, normalise, and keep what is positive."""
    x = layers.Conv1D(
        filters, kernel, padding="same", kernel_regularizer=penalty, name=f"{name}_conv"
    )(x)
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x)


def squeeze_excitation(x: keras.KerasTensor, ratio: int, name: str) -> keras.KerasTensor:
    """Weigh the channels by what the whole window says about each."""
    channels = x.shape[-1]
    weights = layers.GlobalAveragePooling1D(keepdims=True, name=f"{name}_mean")(x)
    weights = layers.Dense(channels // ratio, activation="relu", name=f"{name}_reduce")(weights)
    weights = layers.Dense(channels, activation="sigmoid", name=f"{name}_excite")(weights)
    return layers.Multiply(name=f"{name}_scale")([x, weights])


def padding(frames: int) -> tuple[int, int]:
    """Frames to add before and after, so that all poolings divide evenly.

    >>> padding(130)
    (3, 3)
    """
    missing = -frames % 2**POOLINGS
    return missing // 2, missing - missing // 2


def encoder(
    x: keras.KerasTensor,
    *,
    initial: int,
    kernels: Sequence[int],
    branch: int,
    channels: Sequence[int],
    squeeze_ratio: int,
) -> keras.KerasTensor:
    """Read a window at several scales and narrow it to the bottleneck."""
    x = layers.ZeroPadding1D(padding(x.shape[1]), name=f"{ENCODER}pad")(x)
    x = convolution(x, initial, 7, f"{ENCODER}initial")
    scales = []
    for kernel in kernels:
        name = f"{ENCODER}scale{kernel}"
        y = convolution(x, branch, kernel, f"{name}_a")
        y = convolution(y, branch, kernel, f"{name}_b")
        scales.append(layers.MaxPooling1D(2, name=f"{name}_pool")(y))
    x = layers.Concatenate(name=f"{ENCODER}scales")(scales)  # (frames / 2, scales * branch)
    middle, deep = channels
    x = convolution(x, middle, 3, f"{ENCODER}middle")
    x = layers.MaxPooling1D(2, name=f"{ENCODER}middle_pool")(x)
    x = convolution(x, deep, 3, f"{ENCODER}deep_a")
    x = convolution(x, deep, 3, f"{ENCODER}deep_b")
    x = squeeze_excitation(x, squeeze_ratio, f"{ENCODER}squeeze")
    return layers.MaxPooling1D(2, name=f"{ENCODER}bottleneck")(x)  # (frames / 8, deep)


def decoder(
    x: keras.KerasTensor,
    frames: int,
    features: int,
    *,
    kernels: Sequence[int],
    branch: int,
    channels: Sequence[int],
) -> keras.KerasTensor:
    """Widen the bottleneck to a window again, the encoder's blocks in reverse."""
    middle, deep = channels
    x = layers.UpSampling1D(2, name="decoder_deep_up")(x)
    x = convolution(x, deep, 3, "decoder_deep")
    x = layers.UpSampling1D(2, name="decoder_middle_up")(x)
    x = convolution(x, middle, 3, "decoder_middle")
    x = layers.UpSampling1D(2, name="decoder_scales_up")(x)
    scales = [convolution(x, branch, kernel, f"decoder_scale{kernel}") for kernel in kernels]
    x = layers.Average(name="decoder_scales")(scales) if len(scales) > 1 else scales[0]
    x = layers.Conv1D(features, 3, padding="same", dtype="float32", name="decoder_frames")(x)
    return layers.Cropping1D(padding(frames), name="reconstruction")(x)  # (frames, features)


def residual_block(
    x: keras.KerasTensor, filters: int, name: str, penalty: keras.regularizers.Regularizer | None
) -> keras.KerasTensor:
    """Two convolutions along time beside a shortcut."""
    shortcut = x
    if x.shape[-1] != filters:
        shortcut = layers.Conv1D(filters, 1, padding="same", name=f"{name}_shortcut")(x)
    y = convolution(x, filters, 3, f"{name}_a", penalty)
    y = layers.Conv1D(
        filters, 3, padding="same", kernel_regularizer=penalty, name=f"{name}_b_conv"
    )(y)
    y = layers.BatchNormalization(name=f"{name}_b_norm")(y)
    y = layers.Add(name=f"{name}_add")([y, shortcut])
    return layers.Activation("relu", name=f"{name}_relu")(y)


def temporal_attention(x: keras.KerasTensor, heads: int) -> keras.KerasTensor:
    """Let every frame look at all others, and sum the window up by mean and maximum over time."""
    channels = x.shape[-1]
    y = layers.MultiHeadAttention(heads, channels // heads, name="attention")(x, x)
    x = layers.Add(name="attention_add")([x, y])
    x = layers.LayerNormalization(name="attention_norm")(x)
    mean = layers.GlobalAveragePooling1D(name="time_mean")(x)
    peak = layers.GlobalMaxPooling1D(name="time_max")(x)
    return layers.Concatenate(name="time_pool")([mean, peak])  # (2 * channels,)


def build_autoencoder(
    frames: int,
    features: int,
    *,
    initial: int = 64,
    kernels: Sequence[int] = (3, 5, 7),
    branch: int = 64,
    channels: Sequence[int] = (128, 256),
    squeeze_ratio: int = 16,
    **classifier: object,
) -> keras.Model:
    """Build the autoencoder: 1,056,219 parameters with the defaults at 203 features.

    The published one has about 1.06 million. What its description leaves open is ours: kernels of 3
    wherever none is named, one convolution per scale in the decoder where the encoder has two, and
    zeros around the window (130 frames become 136) that the decoder cuts off again.

    Args:
        frames: int, length of the input window [frames].
        features: int, features per frame.
        initial: int, channels of the first convolution (kernel 7).
        kernels: [frames], kernels of the branches, one scale each.
        branch: int, channels of a branch, in the encoder and in the decoder.
        channels: channels of the block after the branches and of the two before the bottleneck.
        squeeze_ratio: int, by how much squeeze-and-excitation narrows.
        **classifier: further parameters of `build`, without a meaning here, so that the parameters
            of one recipe make both networks.

    Returns:
        keras.Model from float32 (batch, frames, features), standardised, to `reconstruction`,
        float32 of the same shape.

    Raises:
        TypeError: a parameter that `build` does not have either.
    """
    unknown = set(classifier) - set(inspect.signature(build).parameters)
    if unknown:
        raise TypeError(f"autoencoder_bilstm has no parameter {min(unknown)!r}.")
    sizes: dict[str, Any] = {"kernels": kernels, "branch": branch, "channels": channels}
    inputs = keras.Input((frames, features), name="features")
    x = encoder(inputs, initial=initial, squeeze_ratio=squeeze_ratio, **sizes)
    outputs = decoder(x, frames, features, **sizes)
    return keras.Model(inputs, outputs, name="autoencoder")


def build(
    frames: int,
    features: int,
    classes: int,
    *,
    initial: int = 64,
    kernels: Sequence[int] = (3, 5, 7),
    branch: int = 64,
    channels: Sequence[int] = (128, 256),
    squeeze_ratio: int = 16,
    residual: Sequence[int] = (256, 192),
    lstm: Sequence[int] = (192, 128),
    heads: int = 8,
    dense: Sequence[int] = (128, 96, 64),
    dropout: float = 0.3,
    l2: float = 1e-4,
) -> keras.Model:
    """Build the classifier: 2,767,736 parameters with the defaults at 203 features, 8 classes.

    The published one has about 2.77 million. What its description leaves open is ours: kernels of 3
    in the residual blocks, 8 heads of 32, mean and maximum over time after the attention, and the
    amounts of dropout and L2.

    Args:
        frames: int, length of the input window [frames].
        features: int, features per frame.
        classes: int, number of emotion classes.
        initial, kernels, branch, channels, squeeze_ratio: the encoder's, as in
            `build_autoencoder`.
        residual: channels of the residual blocks on the bottleneck.
        lstm: units per direction of the bidirectional LSTM layers.
        heads: int, heads of the attention over time; divides twice the last of `lstm`.
        dense: widths of the dense layers.
        dropout: float in [0, 1), after each LSTM and dense layer.
        l2: float >= 0, factor of the squared weights of the residual blocks and dense layers.

    Returns:
        keras.Model from float32 (batch, frames, features) to `emotion`, float32 (batch, classes),
        probabilities.
    """
    inputs = keras.Input((frames, features), name="features")
    x = encoder(
        inputs,
        initial=initial,
        kernels=kernels,
        branch=branch,
        channels=channels,
        squeeze_ratio=squeeze_ratio,
    )
    penalty = keras.regularizers.L2(l2)
    for index, filters in enumerate(residual):
        x = residual_block(x, filters, f"residual{index + 1}", penalty)
    for index, units in enumerate(lstm):
        name = f"lstm{index + 1}"
        x = layers.Bidirectional(layers.LSTM(units, return_sequences=True), name=name)(x)
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)  # (frames / 8, 2 * units)
    x = temporal_attention(x, heads)
    for index, width in enumerate(dense):
        name = f"dense{index + 1}"
        x = layers.Dense(width, activation="relu", kernel_regularizer=penalty, name=name)(x)
        x = layers.BatchNormalization(name=f"{name}_norm")(x)
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="emotion")(x)
    return keras.Model(inputs, outputs, name="autoencoder_bilstm")


def carry_encoder(autoencoder: keras.Model, classifier: keras.Model) -> None:
    """Give the classifier the autoencoder's encoder, in place.

    Args:
        autoencoder: what `build_autoencoder` made, trained.
        classifier: what `build` made with the same parameters.

    Raises:
        ValueError: the classifier has no such layer, or one of another shape.
    """
    for layer in autoencoder.layers:
        if layer.name.startswith(ENCODER):
            classifier.get_layer(layer.name).set_weights(layer.get_weights())
