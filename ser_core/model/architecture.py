"""A network's stages, shapes and sizes, read from Keras' `config.json` without Keras.

Layers are grouped into stages by the first part of their name: `block1_a_conv` and `block1_add` are
both of stage `block1`. What the JSON does not say stays None and is shown as unknown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from math import prod
from typing import Any, Self

from ..config.documents import parse_json_object
from ..errors import ConfigError
from .files import NETWORK

Shape = tuple[int | None, ...]

LARGEST = 10**12  # of a size that is believed

# Layers without weights, as far as networks of this kind use them.
_WEIGHTLESS = {
    "InputLayer", "Reshape", "Activation", "ReLU", "Softmax", "Dropout", "SpatialDropout1D",
    "SpatialDropout2D", "GaussianNoise", "Add", "Multiply", "Concatenate", "Dot", "Average",
    "Maximum", "Subtract", "Flatten", "Permute", "RepeatVector", "ZeroPadding1D", "ZeroPadding2D",
    "AveragePooling1D", "AveragePooling2D", "MaxPooling1D", "MaxPooling2D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D",
    "GlobalMaxPooling2D", "Masking", "Identity", "Rescaling",
}  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        name: str, as in the network.
        kind: str, its Keras class.
        output: shape after it without the batch axis, or None if the JSON does not say.
        parameters: int, numbers in it, or None if the JSON does not say.
    """

    name: str
    kind: str
    output: Shape | None
    parameters: int | None


@dataclass(frozen=True)
class Stage:
    """Consecutive layers that belong together.

    Attributes:
        name: str, the first part of their names.
        layers: the layers, in order; at least one.
    """

    name: str
    layers: tuple[Layer, ...]

    @property
    def kinds(self) -> dict[str, int]:
        """How often each kind of layer occurs, in order of first occurrence."""
        kinds: dict[str, int] = {}
        for layer in self.layers:
            kinds[layer.kind] = kinds.get(layer.kind, 0) + 1
        return kinds

    @property
    def output(self) -> Shape | None:
        """Shape after the last layer."""
        return self.layers[-1].output

    @property
    def parameters(self) -> int | None:
        """Numbers in all layers together; None when one of them is unknown."""
        return _total([layer.parameters for layer in self.layers])


@dataclass(frozen=True)
class Architecture:
    """A network as a list of stages.

    Attributes:
        name: str, the network's name.
        stages: the stages, from input to output; at least one.
    """

    name: str
    stages: tuple[Stage, ...]

    @property
    def parameters(self) -> int | None:
        """Numbers in the whole network; None when a stage is unknown."""
        return _total([stage.parameters for stage in self.stages])

    @classmethod
    def from_json(cls, content: str | bytes) -> Self:
        """Read Keras' `config.json`.

        Args:
            content: JSON of a Functional or Sequential network.

        Returns:
            Architecture.

        Raises:
            ConfigError: not the JSON of such a network.
        """
        described = parse_json_object(content, NETWORK)
        try:
            network = described["config"]
            name, layers = str(network["name"]), list(_layers(network["layers"]))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise ConfigError("it does not describe a Keras network of layers.") from error
        if not layers:
            raise ConfigError("it describes a network without layers.")
        stages = groupby(layers, key=lambda layer: layer.name.split("_")[0])
        return cls(name, tuple(Stage(stage, tuple(members)) for stage, members in stages))


def _total(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _layers(network: list[dict[str, Any]]) -> Iterator[Layer]:
    """Read every layer; Keras writes down a layer's shape where another one takes it up."""
    taken: dict[str, Shape] = {}
    for raw in network:
        for tensor in _tensors(raw.get("inbound_nodes", [])):
            taken.setdefault(str(tensor["keras_history"][0]), _shape(tensor["shape"]))
    for raw in network:
        config, kind = raw["config"], str(raw["class_name"])
        name = str(config.get("name", raw.get("name", kind)))
        inputs = [_shape(tensor["shape"]) for tensor in _tensors(raw.get("inbound_nodes", []))]
        built = (raw.get("build_config") or {}).get("input_shape")
        source = inputs[0] if inputs else _shape(built) if built else None
        yield Layer(
            name=name,
            kind=kind,
            output=_output(kind, config, source, taken.get(name)),
            parameters=_parameters(kind, config, source),
        )


def _tensors(node: Any) -> Iterator[dict[str, Any]]:
    """Find every symbolic tensor in a layer's inbound nodes: its shape, and where it came from."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            yield node["config"]
        else:
            for value in node.values():
                yield from _tensors(value)
    elif isinstance(node, list):
        for value in node:
            yield from _tensors(value)


def _size(value: Any) -> int:
    """Return a size that is one; ValueError for everything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise ValueError(f"{value!r:.60} is no size")
    return value


def _shape(value: Any) -> Shape:
    """Return a shape with its batch axis; ValueError for what is none."""
    if not isinstance(value, list):
        raise ValueError(f"{value!r:.60} is no shape")
    return tuple(None if size is None else _size(size) for size in value)


def _output(
    kind: str, config: Mapping[str, Any], source: Shape | None, taken: Shape | None
) -> Shape | None:
    """The shape after a layer, without the batch axis."""
    if kind == "InputLayer":
        return _shape(config["batch_shape"])[1:]
    if taken is not None:
        return taken[1:]
    if kind == "Dense" and source:
        return (*source[1:-1], _size(config["units"]))
    return None


def _parameters(kind: str, config: Mapping[str, Any], source: Shape | None) -> int | None:
    """Count a layer's numbers from its settings and the shape that enters it."""
    if kind in _WEIGHTLESS:
        return 0
    if not source or source[-1] is None:
        return None
    channels = source[-1]
    if kind == "Dense":
        return _size(config["units"]) * (channels + bool(config["use_bias"]))
    if kind in ("Conv1D", "Conv2D"):
        kernel = prod(map(_size, config["kernel_size"]))
        inputs = kernel * channels // max(_size(config.get("groups", 1)), 1)
        return _size(config["filters"]) * (inputs + bool(config["use_bias"]))
    if kind in ("BatchNormalization", "LayerNormalization"):
        moving = 2 if kind == "BatchNormalization" else 0
        return channels * (moving + bool(config.get("center")) + bool(config.get("scale")))
    if kind in ("LSTM", "GRU"):
        gates, units = {"LSTM": 4, "GRU": 3}[kind], _size(config["units"])
        # A GRU whose reset comes after the product has a second bias.
        biases = bool(config["use_bias"]) * (1 + bool(config.get("reset_after")))
        return gates * units * (channels + units + biases)
    if kind == "Normalization":
        axes = config["axis"] if isinstance(config["axis"], list) else [config["axis"]]
        sizes = [source[axis] for axis in axes]
        return None if None in sizes else 2 * prod(map(_size, sizes)) + 1  # and a count
    if kind == "MultiHeadAttention":
        return _attention_parameters(config, channels)
    return None


def _attention_parameters(config: Mapping[str, Any], channels: int) -> int | None:
    """Count the numbers of self-attention, whose query, key and value have these channels."""
    if config.get("output_shape") not in (None, [channels]):
        return None
    heads, bias = _size(config["num_heads"]), bool(config["use_bias"])
    keys = heads * _size(config["key_dim"])
    values = heads * _size(config.get("value_dim") or config["key_dim"])
    return (2 * keys + values) * (channels + bias) + channels * (values + bias)
