"""Steps of training that cost less than those of Keras' own fit()."""

from collections.abc import Sequence
from typing import Any, Protocol

import keras
from keras import ops


class Steps(Protocol):
    """Inputs and targets, one item per step."""

    def __len__(self) -> int: ...

    def __getitem__(self, step: int, /) -> tuple[Any, Any]: ...


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]  # untyped
    """Batch normalisation of images as one operation of TensorFlow's while it learns.

    Keras makes it of a dozen, each a pass over all values: benchmarks/training.py measures what
    that takes. Not for saving: a network that is to be kept has Keras' own layer.
    """

    def call(
        self,
        inputs: keras.KerasTensor,
        training: bool | None = None,
        mask: keras.KerasTensor = None,
    ) -> keras.KerasTensor:
        """Normalise; in training, by the batch's own mean and variance, which are then tracked."""
        if not (training and self.trainable and len(inputs.shape) == 4):
            return super().call(inputs, training=training, mask=mask)
        from tensorflow import raw_ops

        nothing = ops.zeros((0,))
        normalised, mean, variance, *_ = raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=ops.convert_to_tensor(self.gamma),
            offset=ops.convert_to_tensor(self.beta),
            mean=nothing,
            variance=nothing,
            epsilon=self.epsilon,
        )
        # TensorFlow gives the unbiased variance, Keras tracks the batch's.
        count = ops.cast(ops.size(inputs) // inputs.shape[-1], variance.dtype)
        variance = variance * (count - 1.0) / count
        for tracked, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            tracked.assign(tracked * self.momentum + value * (1.0 - self.momentum))
        return normalised


def copy_to_learn(network: keras.Model, outputs: Sequence[str]) -> keras.Model:
    """Copy a network into the form in which it learns fastest.

    Args:
        network: keras.Model.
        outputs: names of the layers that give logits instead of probabilities, as losses want them.

    Returns:
        keras.Model with the same weights in the same order.
    """
    fused = keras.backend.backend() == "tensorflow"

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        config, kind = layer.get_config(), type(layer)
        if layer.name in outputs:
            config["activation"] = "linear"
        if fused and kind is keras.layers.BatchNormalization:
            kind = FusedBatchNormalization
        return kind.from_config(config)

    learner = keras.models.clone_model(network, clone_function=copy)
    learner.set_weights(network.get_weights())
    return learner


def take_steps(
    network: keras.Model,
    batches: Steps,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> None:
    """Take a step of training with each batch, in place.

    Keras' fit() does the same, but its steps take longer on a CPU: benchmarks/training.py measures
    how much.

    Args:
        network: keras.Model, compiled.
        batches: inputs and targets, one item per step.
        callbacks: told of the beginning, of every step with its loss, and of the end.
    """
    make_variables(network)
    told = keras.callbacks.CallbackList(list(callbacks), model=network)
    told.on_train_begin()
    for step in range(len(batches)):
        told.on_train_batch_begin(step)
        told.on_train_batch_end(step, network.train_on_batch(*batches[step], return_dict=True))
    told.on_train_end()


def make_variables(network: keras.Model) -> None:
    """Make what a compiled network keeps while it learns: its optimizer's state, its losses' means.

    The first step would make them, and TensorFlow traces it a second time where it made any.
    """
    network.optimizer.build(network.trainable_variables)
    nothing = keras.tree.map_structure(lambda one: ops.zeros((1, *one.shape[1:])), network.output)
    network.compute_loss(y=nothing, y_pred=nothing)
