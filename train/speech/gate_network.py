"""The speech gate's network in Keras: how it is built, fitted, and written for numpy."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_core.config.whole_files import write_whole
from ser_core.speech import gate as speech

from .gate_mixtures import Examples

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

NETWORK_SEED = 1  # of the initial weights and the order of the examples


def build_network(channels: int) -> "keras.Model":
    """Build the gate's network in Keras; `ser_core.speech` runs the same in numpy.

    Args:
        channels: int, filters of every convolution.

    Returns:
        keras.Model: (batch, steps, 64) -> (batch, steps, 1) logits.
    """
    import keras

    keras.utils.set_random_seed(NETWORK_SEED)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
    x = keras.Input((None, speech.BANDS))
    h = keras.layers.Conv1D(channels, 3, padding="same", activation="relu", name="conv_0")(x)
    for layer, dilation in enumerate(speech.DILATIONS, start=1):
        step = keras.layers.Conv1D(
            channels, 3, padding="same", dilation_rate=dilation, activation="relu",
            name=f"conv_{layer}",
        )(h)  # fmt: skip
        h = keras.layers.Add()([h, step])
    return keras.Model(x, keras.layers.Dense(1, name="out")(h))


def fit(model: "keras.Model", examples: Sequence[Examples], epochs: int, batch: int = 64) -> None:
    """Fit the network to the examples with a learning rate that falls to zero.

    Args:
        model: as `build_network` gives it.
        examples: of one length each; a batch has one length, so nothing is padded.
        epochs: int > 0.
        batch: int > 0.
    """
    import keras

    batches = shuffled_batches(examples, batch, epochs)
    steps = sum(-(-len(group.labels) // batch) for group in examples)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, epochs * steps)
    model.compile(
        optimizer=keras.optimizers.Adam(rate, clipnorm=1.0),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    for epoch in range(epochs):
        losses = [model.train_on_batch(*next(batches)) for _ in range(steps)]
        log.info("epoch %d of %d: loss %.4f", epoch + 1, epochs, float(np.mean(losses)))


def shuffled_batches(
    examples: Sequence[Examples], batch: int, epochs: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Go through all examples `epochs` times, in another order each time.

    Yields:
        (inputs, labels, weights) of up to `batch` examples of one length.
    """
    rng = np.random.default_rng(NETWORK_SEED)
    for _ in range(epochs):
        batches = [
            (group, rows)
            for group in examples
            for rows in np.array_split(
                rng.permutation(len(group.labels)), -(-len(group.labels) // batch)
            )
        ]
        for index in rng.permutation(len(batches)):
            group, rows = batches[index]
            yield group.inputs[rows], group.labels[rows][..., None], group.weights[rows]


def restore(model: "keras.Model", file: Path) -> None:
    """Give the network the weights that `export` wrote."""
    with np.load(file, allow_pickle=False) as stored:
        for layer in range(len(speech.DILATIONS) + 1):
            kernel = stored[f"kernel_{layer}"].astype(np.float32)  # (3 * inputs, filters)
            kernel = kernel.reshape(3, -1, kernel.shape[-1])
            model.get_layer(f"conv_{layer}").set_weights([kernel, stored[f"bias_{layer}"]])
        kernel, bias = stored["kernel_out"][:, None], stored["bias_out"][None]
        model.get_layer("out").set_weights([kernel, bias])


def export(model: "keras.Model", file: Path) -> None:
    """Write the weights as float16 for `ser_core.speech`."""
    arrays = {}
    for layer in range(len(speech.DILATIONS) + 1):
        kernel, bias = model.get_layer(f"conv_{layer}").get_weights()
        arrays[f"kernel_{layer}"] = kernel.reshape(-1, kernel.shape[-1])  # (3 * inputs, filters)
        arrays[f"bias_{layer}"] = bias
    kernel, bias = model.get_layer("out").get_weights()
    arrays |= {"kernel_out": kernel[:, 0], "bias_out": bias[0]}
    with write_whole(file) as unfinished:
        np.savez_compressed(unfinished, **{n: a.astype(np.float16) for n, a in arrays.items()})
    speech.load_weights.cache_clear()
