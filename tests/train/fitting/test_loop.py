"""The training loop: the steps it takes, and what it says of them."""

import keras
import numpy as np
import pytest

from train.data.feature_cache import feature_config
from train.fitting.loop import VALIDATION_EVERY, Progress
from train.fitting.steps import copy_to_learn, take_steps
from train.networks import NETWORKS
from train.recipe import load

CLASSES, WIDTH, STEPS = 3, 5, 12


class Batches(keras.utils.PyDataset):
    """Batches of other noise at every step."""

    def __init__(self) -> None:
        super().__init__(workers=1)

    def __len__(self) -> int:
        return STEPS

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(step)
        classes = rng.integers(CLASSES, size=8)
        return rng.normal(size=(8, WIDTH)).astype(np.float32), np.eye(CLASSES)[classes]


def network() -> keras.Model:
    keras.utils.set_random_seed(7)
    inputs = keras.Input((WIDTH,))
    x = keras.layers.BatchNormalization()(keras.layers.Dense(8, activation="relu")(inputs))
    outputs = keras.layers.Dense(CLASSES, activation="softmax")(keras.layers.Dropout(0.3)(x))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.AdamW(0.01), "categorical_crossentropy")
    return model


def test_it_takes_the_steps_that_keras_would_take():
    ours = network()
    before = [weight.copy() for weight in ours.get_weights()]
    take_steps(ours, Batches())
    theirs = network()  # only now, as making it sets the seed
    theirs.fit(Batches(), shuffle=False, verbose=0)
    assert not all(np.allclose(a, b) for a, b in zip(before, ours.get_weights(), strict=True))
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_the_copy_that_learns_learns_the_same() -> None:
    size = {"stem": 16, "channels": (16, 16), "squeeze_ratio": 2, "dropout": 0.0}
    rng = np.random.default_rng(1)
    inputs = rng.normal(2.0, 3.0, size=(8, 24, 16)).astype(np.float32)
    targets = np.eye(CLASSES, dtype=np.float32)[rng.integers(CLASSES, size=8)]
    keras.utils.set_random_seed(7)
    plain = NETWORKS["residual_cnn"](24, 16, CLASSES, **size)
    plain.get_layer("block2_a_norm").trainable = False
    learner = copy_to_learn(plain, ["emotion"])
    for one, other in zip(plain.get_weights(), learner.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    plain.get_layer("emotion").activation = keras.activations.linear
    losses = []
    for network in (plain, learner):
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        network.compile(keras.optimizers.SGD(0.01), loss, jit_compile=False)
        losses.append([network.train_on_batch(inputs, targets) for _ in range(3)])
    assert losses[0][-1] < losses[0][0]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    for one, other in zip(plain.weights, learner.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-4, err_msg=one.path)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow alone traces")
def test_a_step_is_traced_once() -> None:
    import tensorflow as tf

    inputs = keras.Input((WIDTH,))
    outputs = [keras.layers.Dense(CLASSES, name=name)(inputs) for name in ("one", "other")]
    model = keras.Model(inputs, outputs)
    traced = []

    def loss(truth, answer):
        traced.append(not tf.executing_eagerly())
        return keras.losses.mean_squared_error(truth, answer)

    class TwoTargets(Batches):
        def __getitem__(self, step: int):
            inputs, targets = super().__getitem__(step)
            return inputs, (targets, targets)

    model.compile(keras.optimizers.AdamW(0.01), [loss, "mean_squared_error"])
    take_steps(model, TwoTargets())
    assert traced.count(True) == 1


def test_it_tells_of_every_step_once_and_in_order():
    told = []

    class Listener(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            told.append("begin")

        def on_train_batch_end(self, batch, logs=None):
            assert logs["loss"] > 0
            told.append(batch)

        def on_train_end(self, logs=None):
            told.append("end")

    take_steps(network(), Batches(), [Listener()])
    assert told == ["begin", *range(STEPS), "end"]


def test_a_row_of_the_history_has_the_mean_loss_since_the_last_row():
    progress = Progress("test", VALIDATION_EVERY + 2, feature_config(load("tiny", [])), None)
    for step in range(VALIDATION_EVERY):
        progress.on_train_batch_end(step, {"loss": float(step % 2)})
    for step in range(VALIDATION_EVERY, VALIDATION_EVERY + 2):
        progress.on_train_batch_end(step, {"loss": 3.0})
    progress.on_train_end()
    assert progress.history == [
        {"step": VALIDATION_EVERY, "loss": pytest.approx(0.5)},
        {"step": VALIDATION_EVERY + 2, "loss": pytest.approx(3.0)},
    ]
