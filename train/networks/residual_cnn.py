"""`residual_cnn`: the network of the recipe tiny, a small residual 2-D CNN over log-mel frames.

Source: residual blocks after He et al. (2016), arXiv:1512.03385; squeeze-and-excitation after Hu et
al. (2018), arXiv:1709.01507; attentive pooling over time after Mirsamadi et al. (2017), ICASSP.
"""

import keras
from keras import layers


def convolution(
    x: keras.KerasTensor, filters: int, kernel: int, stride: int, name: str
) -> keras.KerasTensor:
    """Convolve and normalise, without an activation."""
    x = layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(momentum=0.97, name=f"{name}_norm")(x)


def squeeze_excitation(x: keras.KerasTensor, ratio: int, name: str) -> keras.KerasTensor:
    """Weigh the channels by what the whole window says about each."""
    channels = x.shape[-1]
    weights = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    weights = layers.Dense(channels // ratio, activation="silu", name=f"{name}_reduce")(weights)
    weights = layers.Dense(channels, activation="sigmoid", name=f"{name}_excite")(weights)
    return layers.Multiply(name=f"{name}_scale")([x, weights])


def residual_block(
    x: keras.KerasTensor, filters: int, stride: int, ratio: int, name: str
) -> keras.KerasTensor:
    """Two 3x3 convolutions with squeeze-and-excitation beside a shortcut."""
    shortcut = x
    if stride != 1 or x.shape[-1] != filters:
        shortcut = convolution(x, filters, 1, stride, f"{name}_shortcut")
    y = convolution(x, filters, 3, stride, f"{name}_a")
    y = layers.Activation("silu", name=f"{name}_a_silu")(y)
    y = convolution(y, filters, 3, 1, f"{name}_b")
    y = squeeze_excitation(y, ratio, f"{name}_se")
    y = layers.Add(name=f"{name}_add")([y, shortcut])
    return layers.Activation("silu", name=f"{name}_silu")(y)


def pool_over_frequency(x: keras.KerasTensor) -> keras.KerasTensor:
    """Mean and maximum over the frequency axis, side by side."""
    frames, bands, channels = x.shape[1:]
    mean = layers.AveragePooling2D((1, bands), name="frequency_mean")(x)
    peak = layers.MaxPooling2D((1, bands), name="frequency_max")(x)
    joined = layers.Concatenate(name="frequency_pool")([mean, peak])
    return layers.Reshape((frames, 2 * channels), name="frames")(joined)  # (time, 2 * channels)


def pool_over_time(x: keras.KerasTensor, attention_units: int) -> keras.KerasTensor:
    """Attention-weighted mean and maximum over the time axis, side by side."""
    scores = layers.Dense(attention_units, activation="tanh", name="attention_hidden")(x)
    scores = layers.Dense(1, name="attention_score")(scores)
    weights = layers.Softmax(axis=1, name="attention")(scores)  # (time, 1)
    mean = layers.Dot(axes=1, name="attention_mean")([weights, x])  # (1, channels)
    mean = layers.Flatten(name="attention_flat")(mean)
    peak = layers.GlobalMaxPooling1D(name="time_max")(x)
    return layers.Concatenate(name="time_pool")([mean, peak])


def answers(x: keras.KerasTensor, classes: int, intensity: bool) -> list[keras.KerasTensor]:
    """Give the outputs: probabilities of the emotions and, if wanted, the emotion's intensity."""
    outputs = [layers.Dense(classes, activation="softmax", dtype="float32", name="emotion")(x)]
    if intensity:
        outputs.append(layers.Dense(1, activation="sigmoid", dtype="float32", name="intensity")(x))
    return outputs


def build(
    frames: int,
    features: int,
    classes: int,
    *,
    images: int = 1,
    stem: int = 24,
    channels: tuple[int, ...] = (24, 48, 96, 144),
    squeeze_ratio: int = 8,
    attention_units: int = 64,
    dropout: float = 0.4,
    intensity: bool = False,
) -> keras.Model:
    """Build the network.

    Args:
        frames: int, length of the input window [frames].
        features: int, features per frame (log-mel bands).
        classes: int, number of emotion classes.
        images: int, blocks of equally many bands that the features are; they are seen as one
            image of so many channels.
        stem: int, channels of the first convolution (5x5, stride 2).
        channels: channels of the residual blocks; every block after the first has stride 2.
        squeeze_ratio: int, by how much squeeze-and-excitation narrows.
        attention_units: int, width of the attention over time.
        dropout: float in [0, 1), before the last layer.
        intensity: whether there is a second output, `intensity`.

    Returns:
        keras.Model from float32 (batch, frames, features) to `emotion`, float32 (batch, classes),
        probabilities; with `intensity`, to that and float32 (batch, 1) in [0, 1].
    """
    inputs = keras.Input((frames, features), name="features")
    if images == 1:
        x = layers.Reshape((frames, features, 1), name="image")(inputs)
    else:
        x = layers.Reshape((frames, images, features // images), name="blocks")(inputs)
        x = layers.Permute((1, 3, 2), name="image")(x)  # (frames, bands, images)
    x = convolution(x, stem, 5, 2, "stem")
    x = layers.Activation("silu", name="stem_silu")(x)
    for index, filters in enumerate(channels):
        stride = 1 if index == 0 else 2
        x = residual_block(x, filters, stride, squeeze_ratio, f"block{index + 1}")
    x = pool_over_frequency(x)
    x = pool_over_time(x, attention_units)
    x = layers.Dropout(dropout, name="dropout")(x)
    outputs = answers(x, classes, intensity)
    return keras.Model(inputs, outputs if intensity else outputs[0], name="residual_cnn")
