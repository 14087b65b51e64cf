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

COLOUR = 0.5  # [nat] 2 dB
COLOUR_KNOTS = 5  # from the lowest band to the highest
NETWORK_SEED = 1  # of the initial weights and the order of the examples


def build_network(channels: int) -> "keras.Model":
    """Build the gate's network in Keras; `ser_core.speech` runs the same in numpy.

    Args:
        channels: int, filters of every convolution.

    Returns:
        keras.Model: (batch, steps, 80) -> (batch, steps, 1) logits.
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
    """Fit the network to the examples with a learning rate that rises, then falls to zero.

    Args:
        model: as `build_network` gives it.
        examples: of one length each; a batch has one length, so nothing is padded.
        epochs: int > 0.
        batch: int > 0.
    """
    import keras

    batches = shuffled_batches(examples, batch, epochs)
    steps = sum(-(-len(group.labels) // batch) for group in examples)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, epochs * steps - steps // 2, warmup_target=3e-3, warmup_steps=steps // 2
    )
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
        (inputs, labels, weights) of up to `batch` examples of one length, coloured.
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
            inputs = colour_inputs(group.inputs[rows], rng)
            yield inputs, group.labels[rows][..., None], group.weights[rows]


def colour_inputs(inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change what each example's microphone makes of low and high bands, anew in each epoch.

    Args:
        inputs: float16 array of shape (items, steps, 80), as `ser_core.speech.gate.gate_input`
            makes them.
        rng: of the curves, which are smooth and about COLOUR strong.

    Returns:
        float32 array of the same shape; what was too faint to be looked at still is.
    """
    places = np.linspace(0, COLOUR_KNOTS - 1, speech.BANDS)
    knots = COLOUR * rng.standard_normal((len(inputs), COLOUR_KNOTS))
    curves = np.array([np.interp(places, np.arange(COLOUR_KNOTS), row) for row in knots])
    coloured = inputs.astype(np.float32) + curves[:, None].astype(np.float32)
    faint = inputs <= speech.FAINTEST
    changed: np.ndarray = np.where(
        faint, np.float32(speech.FAINTEST), np.clip(coloured, speech.FAINTEST, speech.LOUDEST)
    )
    return changed


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
