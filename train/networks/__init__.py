"""Networks by name: each module's `build` gives an uncompiled, backend-neutral Keras model.

Built-in layers alone, so that a saved network loads anywhere without this package.
"""

from collections.abc import Callable

import keras

from . import residual_cnn

NETWORKS: dict[str, Callable[..., keras.Model]] = {"residual_cnn": residual_cnn.build}
