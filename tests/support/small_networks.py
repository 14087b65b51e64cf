"""Every network as published and as small as a test wants it, and a few steps of training."""

import os
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from train.fitting.losses import masked_crossentropy
from train.fitting.steps import make_variables

CLASSES = 8
STEPS = 12
JIT = keras.backend.backend() == "jax"  # where steps that are not compiled take seconds
# TensorFlow 2.21's oneDNN crashes when it trains convolutions of eight channels or fewer.
SMALL_ENCODER = {
    "initial": 16,
    "kernels": [3, 5],
    "branch": 16,
    "channels": [16, 32],
    "squeeze_ratio": 4,
}
SMALL_CLASSIFIER = {"residual": [16], "lstm": [12, 8], "heads": 2, "dense": [16]}


@dataclass(frozen=True)
class Case:
    """A network as published and as small as a test wants it."""

    published: tuple[int, int]  # frames, features
    parameters: int  # of the published one
    small: tuple[int, int]
    settings: dict


CASES = {
    "autoencoder_bilstm": Case(
        (130, 203), 2_767_736, (26, 20), SMALL_ENCODER | SMALL_CLASSIFIER
    ),  # 26 does not divide by 8 either
    "cnn_lstm": Case(
        (640, 128), 331_032, (48, 16), {"sequence": 3, "channels": [16, 16], "lstm": 8, "dense": 8}
    ),
    "conformer": Case(
        (240, 64),
        658_825,
        (24, 16),
        {"subsampling": [16, 16], "width": 16, "blocks": 1, "heads": 2},
    ),
    "kbest_dense": Case((1, 300), 318_200, (1, 30), {"units": [32, 16, 16]}),
    "mfcc_lstm": Case((130, 40), 140_616, (20, 12), {"first": 16, "second": 8, "dense": 8}),
    "residual_cnn": Case(
        (240, 64), 532_592, (24, 16), {"stem": 16, "channels": [16, 16], "squeeze_ratio": 2}
    ),
    "speech_encoder": Case(
        (240, 80), 6_552_201, (24, 16), {"width": 16, "heads": 2, "depth": 2, "units": 16}
    ),
}


def windows_and_targets(name: str, count: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Noise whose mean says the class, so that there is something to learn."""
    rng = np.random.default_rng(0)
    classes = np.arange(count) % CLASSES
    windows = rng.standard_normal((count, *CASES[name].small))  # (windows, frames, features)
    windows += (classes[:, None, None] - 3.5) / 2
    return windows.astype(np.float32), np.eye(CLASSES, dtype=np.float32)[classes]


def fit(network: keras.Model, inputs, targets, steps: int = STEPS) -> list[float]:
    """Train as train/fitting/steps.py does, on logits, and return the loss of every step."""
    last = network.get_layer("emotion")
    activation, last.activation = last.activation, keras.activations.linear
    network.compile(keras.optimizers.AdamW(3e-3), masked_crossentropy, jit_compile=JIT)
    make_variables(network)
    losses = [float(network.train_on_batch(inputs, targets)) for _ in range(steps)]
    last.activation = activation
    network.compile()
    return losses


def answers(network: keras.Model, windows: np.ndarray) -> np.ndarray:
    """Probabilities of shape (windows, classes)."""
    return keras.ops.convert_to_numpy(network(windows, training=False))
