"""`kbest_dense`: three dense layers over one selected row of statistics per clip.

The row is MFCC, chroma, spectral contrast and tonnetz summed up over time, less all but the 300
values with the highest F-score; both are the recipe's work, so this module sees one row vector.

Source: `kbest_dense` of the reference systems; widths, dropout and the place of the normalisation
are its own, the L2 factor is not published and 1e-3 is ours. Batch normalisation after Ioffe and
Szegedy (2015), arXiv:1502.03167; dropout after Srivastava et al. (2014), JMLR 15.
"""

from collections.abc import Sequence

import keras
from keras import layers

NORMALISED = 2  # layers, from the first, that batch normalisation follows


def build(
    frames: int,
    features: int,
    classes: int,
    *,
    units: Sequence[int] = (512, 256, 112),
    dropout: Sequence[float] = (0.4, 0.3, 0.2),
    l2: float = 1e-3,
    projection: int | None = None,
) -> keras.Model:
    """Build the network: 318,200 parameters with the defaults at 300 features, 8 classes.

    Args:
        frames: int, rows per clip; one, unless several are to be read as one longer row.
        features: int, selected statistics per row.
        classes: int, number of emotion classes.
        units: widths of the dense layers.
        dropout: in [0, 1) each, after each dense layer; as many as `units`.
        l2: float >= 0, factor of the squared weights of the dense layers in the loss.
        projection: int or None, principal components that the row is reduced to first, by a layer
            `projection` that is not trained (train.data.selection.project sets it).

    Returns:
        keras.Model from float32 (batch, frames, features) to `emotion`, float32 (batch, classes),
        probabilities.
    """
    inputs = keras.Input((frames, features), name="features")
    x = layers.Flatten(name="row")(inputs)  # (frames * features,)
    if projection is not None:
        x = layers.Dense(projection, trainable=False, name="projection")(x)
    for index, (width, rate) in enumerate(zip(units, dropout, strict=True)):
        name = f"dense{index + 1}"
        penalty = keras.regularizers.L2(l2)
        x = layers.Dense(width, activation="relu", kernel_regularizer=penalty, name=name)(x)
        if index < NORMALISED:
            x = layers.BatchNormalization(name=f"{name}_norm")(x)
        x = layers.Dropout(rate, name=f"{name}_dropout")(x)
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="emotion")(x)
    return keras.Model(inputs, outputs, name="kbest_dense")
