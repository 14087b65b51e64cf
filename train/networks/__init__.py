"""Networks by name: each module's `build` gives an uncompiled, backend-neutral Keras model.

Built-in layers alone, so that a saved network loads anywhere without this package.
"""

from collections.abc import Callable

import keras

from . import (
    autoencoder_bilstm,
    cnn_lstm,
    conformer,
    kbest_dense,
    mfcc_lstm,
    residual_cnn,
    speech_encoder,
    two_heads,
)

NETWORKS: dict[str, Callable[..., keras.Model]] = {
    "autoencoder_bilstm": autoencoder_bilstm.build,
    "cnn_lstm": cnn_lstm.build,
    "conformer": conformer.build,
    "kbest_dense": kbest_dense.build,
    "mfcc_lstm": mfcc_lstm.build,
    "residual_cnn": residual_cnn.build,
    "speech_encoder": speech_encoder.build,
    "two_heads": two_heads.build,
}
