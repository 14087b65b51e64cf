"""A network's stages, shapes and sizes, read from Keras' `config.json` without Keras.

Layers are grouped into stages by the first part of their name: `block1_a_conv` and `block1_add` are
both of stage `block1`. What the JSON does not tell stays None and is shown as unknown.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Self

from ...errors import ConfigError

Shape = tuple[int | None, ...]

# Layers without weights, as far as networks of this kind use them.
_WEIGHTLESS = {
    "InputLayer", "Reshape", "Activation", "ReLU", "Softmax", "Dropout", "SpatialDropout1D",
    "SpatialDropout2D", "GaussianNoise", "Add", "Multiply", "Concatenate", "Dot", "Average",
    "Maximum", "Subtract", "Flatten", "Permute", "RepeatVector", "ZeroPadding1D", "ZeroPadding2D",
    "AveragePooling1D", "AveragePooling2D", "MaxPooling1D", "MaxPooling2D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D",
    "GlobalMaxPooling2D", "Masking", "Identity",
}  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        name: str, as in the network.
        kind: str, its Keras class.
        output: shape after it without the batch axis, or None where the JSON does not tell.
        parameters: int, numbers in it, or None where the JSON does not tell.
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
        layers: the layers, in order.
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
        counts = [layer.parameters for layer in self.layers]
        return None if None in counts else sum(counts)


@dataclass(frozen=True)
class Architecture:
    """A network as a list of stages.

    Attributes:
        name: str, the network's name.
        stages: the stages, from input to output.
    """

    name: str
    stages: tuple[Stage, ...]

    @property
    def parameters(self) -> int | None:
        """Numbers in the whole network; None when a stage is unknown."""
        counts = [stage.parameters for stage in self.stages]
        return None if None in counts else sum(counts)

    @classmethod
    def from_json(cls, content: str) -> Self:
        """Read Keras' `config.json`.

        Args:
            content: JSON of a Functional or Sequential network.

        Returns:
            Architecture.

        Raises:
            ConfigError: not the JSON of such a network.
        """
        try:
            network = json.loads(content)["config"]
            layers = [_layer(raw, network["layers"]) for raw in network["layers"]]
            name = str(network["name"])
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise ConfigError("it does not describe a Keras network of layers.") from error
        stages: list[Stage] = []
        for layer in layers:
            stage = layer.name.split("_")[0]
            if stages and stages[-1].name == stage:
                stages[-1] = Stage(stage, (*stages[-1].layers, layer))
            else:
                stages.append(Stage(stage, (layer,)))
        return cls(name, tuple(stages))


def _layer(raw: dict[str, Any], network: list[dict[str, Any]]) -> Layer:
    config, kind = raw["config"], raw["class_name"]
    name = str(config.get("name", raw.get("name", kind)))
    inputs = [tensor["shape"] for tensor in _tensors(raw.get("inbound_nodes", []))]
    built = (raw.get("build_config") or {}).get("input_shape")
    source = inputs[0] if inputs else built
    return Layer(
        name=name,
        kind=str(kind),
        output=_output(name, kind, config, source, network),
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


def _output(
    name: str, kind: str, config: dict, source: list | None, network: list[dict]
) -> Shape | None:
    """The shape after a layer: Keras writes it down where another layer takes it up."""
    if kind == "InputLayer":
        return tuple(config["batch_shape"][1:])
    for other in network:
        for tensor in _tensors(other.get("inbound_nodes", [])):
            if tensor["keras_history"][0] == name:
                return tuple(tensor["shape"][1:])
    if kind == "Dense" and source:
        return (*source[1:-1], config["units"])
    return None


def _parameters(kind: str, config: dict, source: list | None) -> int | None:
    """Count a layer's numbers from its settings and the shape that enters it."""
    if kind in _WEIGHTLESS:
        return 0
    if not source or source[-1] is None:
        return None
    channels = source[-1]
    if kind == "Dense":
        return config["units"] * (channels + bool(config["use_bias"]))
    if kind in ("Conv1D", "Conv2D"):
        inputs = prod(config["kernel_size"]) * channels // config.get("groups", 1)
        return config["filters"] * (inputs + bool(config["use_bias"]))
    if kind in ("BatchNormalization", "LayerNormalization"):
        moving = 2 if kind == "BatchNormalization" else 0
        return channels * (moving + bool(config.get("center")) + bool(config.get("scale")))
    if kind in ("LSTM", "GRU"):
        gates, units = {"LSTM": 4, "GRU": 3}[kind], config["units"]
        # A GRU whose reset comes after the product has a second bias.
        biases = bool(config["use_bias"]) * (1 + bool(config.get("reset_after")))
        return gates * units * (channels + units + biases)
    return None
