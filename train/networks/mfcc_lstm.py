"""`mfcc_lstm`: two LSTM layers over the MFCC of a clip.

Source: `mfcc_lstm` of the reference systems, which names the LSTM widths alone: the dense layer and
the dropout are ours. Long short-term memory after Hochreiter and Schmidhuber (1997), Neural
Computation 9(8).
"""

import keras
from keras import layers


def build(
    frames: int,
    features: int,
    classes: int,
    *,
    first: int = 128,
    second: int = 64,
    dense: int = 64,
    dropout: float = 0.3,
    unroll: bool = False,
) -> keras.Model:
    """Build the network: 140,616 parameters with the defaults at 40 features, 8 classes.

    Args:
        frames: int, length of the input window [frames].
        features: int, features per frame (MFCC).
        classes: int, number of emotion classes.
        first: int, units of the first LSTM layer, which answers for every frame.
        second: int, units of the second, which answers once, after the last frame.
        dense: int, units of the dense layer.
        dropout: float in [0, 1), before and after the dense layer.
        unroll: bool, whether to write the frames out one by one instead of looping over them.

    Returns:
        keras.Model from float32 (batch, frames, features) to `emotion`, float32 (batch, classes),
        probabilities.
    """
    inputs = keras.Input((frames, features), name="features")
    x = layers.LSTM(first, return_sequences=True, unroll=unroll, name="lstm1")(inputs)
    x = layers.LSTM(second, unroll=unroll, name="lstm2")(x)  # (second,)
    x = layers.Dropout(dropout, name="lstm_dropout")(x)
    x = layers.Dense(dense, activation="relu", name="dense")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="emotion")(x)
    return keras.Model(inputs, outputs, name="mfcc_lstm")
