"""`conformer`: convolution and self-attention in turn, over log-mel frames of 40 ms.

Source: Gulati et al. (2020), arXiv:2005.08100, smaller and without relative positions; attentive
pooling over time as in `residual_cnn`.
"""

from collections.abc import Sequence

import keras
from keras import layers

from .residual_cnn import answers, convolution, pool_over_time


def position_wise(x: keras.KerasTensor, units: int, dropout: float, name: str) -> keras.KerasTensor:
    """Half a step of a position-wise network, normalised before and added after."""
    width = x.shape[-1]
    y = layers.LayerNormalization(name=f"{name}_norm")(x)
    y = layers.Dense(units, activation="silu", name=f"{name}_in")(y)
    y = layers.Dropout(dropout, name=f"{name}_dropout")(y)
    y = layers.Dense(width, name=f"{name}_out")(y)
    y = layers.Rescaling(0.5, name=f"{name}_half")(y)
    return layers.Add(name=f"{name}_add")([x, y])


def self_attention(
    x: keras.KerasTensor, heads: int, dropout: float, name: str
) -> keras.KerasTensor:
    """Let every frame look at all others, normalised before and added after."""
    y = layers.LayerNormalization(name=f"{name}_norm")(x)
    width = x.shape[-1]
    y = layers.MultiHeadAttention(heads, width // heads, dropout=dropout, name=name)(y, y)
    return layers.Add(name=f"{name}_add")([x, y])


def gated_convolution(x: keras.KerasTensor, kernel: int, name: str) -> keras.KerasTensor:
    """Convolve each channel over time, behind a gated linear unit; added to what came in."""
    width = x.shape[-1]
    y = layers.LayerNormalization(name=f"{name}_norm_in")(x)
    gate = layers.Dense(width, activation="sigmoid", name=f"{name}_gate")(y)
    y = layers.Dense(width, name=f"{name}_in")(y)
    y = layers.Multiply(name=f"{name}_gated")([y, gate])
    y = layers.DepthwiseConv1D(kernel, padding="same", name=f"{name}_depthwise")(y)
    y = layers.BatchNormalization(momentum=0.97, name=f"{name}_norm")(y)
    y = layers.Activation("silu", name=f"{name}_silu")(y)
    y = layers.Dense(width, name=f"{name}_out")(y)
    return layers.Add(name=f"{name}_add")([x, y])


def build(
    frames: int,
    features: int,
    classes: int,
    *,
    subsampling: Sequence[int] = (16, 32),
    width: int = 112,
    blocks: int = 2,
    heads: int = 4,
    kernel: int = 15,
    block_dropout: float = 0.1,
    attention_units: int = 64,
    dropout: float = 0.4,
    intensity: bool = False,
) -> keras.Model:
    """Build the network.

    Args:
        frames: int, length of the input window [frames].
        features: int, features per frame (log-mel bands).
        classes: int, number of emotion classes.
        subsampling: channels of the convolutions before the blocks (3x3, stride 2 each).
        width: int, features inside the blocks; `heads` divides it.
        blocks: int, conformer blocks.
        heads: int, attention heads of each.
        kernel: int, length of each one's convolution over time [steps of 40 ms for two
            convolutions before and frames of 10 ms].
        block_dropout: float in [0, 1), inside the blocks.
        attention_units: int, width of the attention over time.
        dropout: float in [0, 1), before the last layer.
        intensity: whether there is a second output, `intensity`.

    Returns:
        keras.Model from float32 (batch, frames, features) to `emotion`, float32 (batch, classes),
        probabilities; with `intensity`, to that and float32 (batch, 1) in [0, 1].
    """
    inputs = keras.Input((frames, features), name="features")
    x = layers.Reshape((frames, features, 1), name="image")(inputs)
    for index, channels in enumerate(subsampling):
        x = convolution(x, channels, 3, 2, f"stem{index + 1}")
        x = layers.Activation("silu", name=f"stem{index + 1}_silu")(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="frames")(x)
    x = layers.Dense(width, name="frames_projection")(x)
    for name in (f"block{index + 1}" for index in range(blocks)):
        x = position_wise(x, 4 * width, block_dropout, f"{name}_dense1")
        x = self_attention(x, heads, block_dropout, f"{name}_attention")
        x = gated_convolution(x, kernel, f"{name}_convolution")
        x = position_wise(x, 4 * width, block_dropout, f"{name}_dense2")
    x = layers.LayerNormalization(name="last_norm")(x)
    x = pool_over_time(x, attention_units)
    x = layers.Dropout(dropout, name="dropout")(x)
    outputs = answers(x, classes, intensity)
    return keras.Model(inputs, outputs if intensity else outputs[0], name="conformer")
