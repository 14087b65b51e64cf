"""The layers of an encoder that learn further: which they are, adapters on them, their weights.

Source: Hu et al. (2021), LoRA, arXiv:2106.09685, as Keras' own layers have it.
"""

from collections.abc import Iterable, Mapping

import keras
import numpy as np

Weights = Mapping[str, np.ndarray]
"""float32 arrays by layer and part, as `read_layers` names them."""


def dense_layers(network: keras.Model, numbers: Iterable[int]) -> dict[str, keras.Layer]:
    """Find the matrices of some layers of an encoder: of attention, and position by position.

    Args:
        network: keras.Model over layers of train/networks/speech_encoder.py.
        numbers: which layers, from 1.

    Returns:
        Keras' Dense and EinsumDense layers, by name.

    Raises:
        ValueError: the encoder has no such layer.
    """
    found: dict[str, keras.Layer] = {}
    for number in numbers:
        attention = network.get_layer(f"layer{number}_attention")
        for part in ("query", "key", "value", "output"):
            found[f"{attention.name}_{part}"] = getattr(attention, f"{part}_dense")
        for part in ("dense_in", "dense_out"):
            found[f"layer{number}_{part}"] = network.get_layer(f"layer{number}_{part}")
    return found


def let_learn(network: keras.Model, numbers: Iterable[int], rank: int) -> None:
    """Freeze a network but for some layers of its encoder, in place.

    Args:
        network: keras.Model over layers of train/networks/speech_encoder.py.
        numbers: which layers learn, from 1.
        rank: int >= 0, of the low-rank adapters that learn for each matrix; 0 where matrices do.
    """
    chosen = dense_layers(network, numbers)
    attentions = {f"layer{number}_attention" for number in numbers}
    for layer in network.layers:
        layer.trainable = layer.name in attentions or layer.name in chosen
    for layer in chosen.values():
        layer.trainable = True
        if rank:
            layer.enable_lora(rank)
            layer.bias.trainable = False


def read_layers(network: keras.Model, numbers: Iterable[int]) -> dict[str, np.ndarray]:
    """Read kernels, adapters within them, and biases of some layers of an encoder."""
    found = {}
    for name, layer in dense_layers(network, numbers).items():
        for part in ("kernel", "bias"):
            array = keras.ops.convert_to_numpy(getattr(layer, part))
            found[f"{name}_{part}"] = np.asarray(array, dtype=np.float32)
    return found


def write_layers(network: keras.Model, weights: Weights) -> None:
    """Put kernels and biases that `read_layers` gave into a network without adapters, in place."""
    numbers = sorted({int(name.removeprefix("layer").partition("_")[0]) for name in weights})
    for name, layer in dense_layers(network, numbers).items():
        for part in ("kernel", "bias"):
            getattr(layer, part).assign(weights[f"{name}_{part}"])


def cut(network: keras.Model, start: str | None, output: str, name: str) -> keras.Model:
    """Cut out what lies between two layers of a network; the weights are shared.

    Args:
        network: keras.Model.
        start: name of the layer whose output it takes; None for the network's inputs.
        output: name of the layer whose output it gives.
        name: what that output is called.
    """
    given = network.inputs if start is None else network.get_layer(start).output
    return keras.Model(given, {name: network.get_layer(output).output})
