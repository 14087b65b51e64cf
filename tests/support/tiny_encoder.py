"""A tiny encoder of Whisper's build, written as Smart Turn's file is: eight-bit weights in ONNX."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH, HEADS, DEPTH, BANDS, POSITIONS = 16, 2, 2, 24, 60
TINY = [
    f"features.blocks=[{{name='log_mel', n_fft=400, hop_length=160, n_mels={BANDS}, fmin=0.0}}]",
    "features.window=1.0",
    "features.hop=0.5",
    f"network.parameters={{width={WIDTH}, heads={HEADS}, depth={DEPTH}, units=16, intensity=true}}",
    "augmentation.speeds=[1.0, 1.04]",
    "training.steps=4",
    "training.warmup=1",
    "training.batch_size=8",
]


def write_tiny_encoder(path: Path) -> Path:
    """Write weights drawn at random, under the names and in the forms of the real file."""
    rng = np.random.default_rng(5)
    initializers, nodes = [], []

    def keep(name: str, array: np.ndarray) -> str:
        initializers.append(numpy_helper.from_array(array, name))
        return name

    def quantised(name: str, shape: tuple[int, ...], axis: int) -> str:
        drawn = rng.integers(-127, 128, size=shape).astype(np.int8)
        keep(f"{name}_quantized", drawn)
        keep(f"{name}_scale", rng.uniform(0.001, 0.004, shape[axis]).astype(np.float32))
        keep(f"{name}_zero_point", np.zeros(shape[axis], np.int8))
        inputs = [f"{name}_{part}" for part in ("quantized", "scale", "zero_point")]
        output = f"{name}_DequantizeLinear_Output"
        nodes.append(helper.make_node("DequantizeLinear", inputs, [output], axis=axis))
        return output

    def bias(name: str, width: int) -> str:
        return keep(name, rng.normal(0, 0.1, width).astype(np.float32))

    root = "inner.encoder"
    for number, channels in ((1, BANDS), (2, WIDTH)):
        quantised(f"{root}.conv{number}.weight", (WIDTH, channels, 3), 0)
        bias(f"{root}.conv{number}.bias", WIDTH)
    where = rng.normal(0, 0.1, (POSITIONS, WIDTH)).astype(np.float32)
    keep(f"{root}.embed_positions.weight", where)
    product = 0
    for index in range(DEPTH):
        layer = f"{root}.layers.{index}"

        def norm(name: str, layer: str = layer) -> None:
            keep(f"{layer}.{name}.weight", rng.uniform(0.8, 1.2, WIDTH).astype(np.float32))
            bias(f"{layer}.{name}.bias", WIDTH)
            inputs = [f"before {layer}.{name}", f"{layer}.{name}.weight", f"{layer}.{name}.bias"]
            nodes.append(helper.make_node("LayerNormalization", inputs, [f"after {layer}.{name}"]))

        norm("self_attn_layer_norm")
        parts = [("self_attn.k_proj", WIDTH, WIDTH), ("self_attn.q_proj", WIDTH, WIDTH)]
        parts += [("self_attn.v_proj", WIDTH, WIDTH), ("self_attn.out_proj", WIDTH, WIDTH)]
        parts += [("fc1", WIDTH, 4 * WIDTH), ("fc2", 4 * WIDTH, WIDTH)]
        for name, inputs, outputs in parts:
            if name == "fc1":
                norm("final_layer_norm")
            product += 1
            matrix = quantised(f"val_{product}", (inputs, outputs), 1)
            made = f"product {product}"
            nodes.append(helper.make_node("MatMul", ["x", matrix], [made]))
            if name == "self_attn.out_proj":  # its result is rounded before the bias is added
                nodes.append(helper.make_node("QuantizeLinear", [made, "s"], [f"{made} rounded"]))
                rounded = [f"{made} rounded", "s"]
                nodes.append(helper.make_node("DequantizeLinear", rounded, [f"{made} back"]))
                made = f"{made} back"
            if name != "self_attn.k_proj":
                terms = [made, bias(f"{layer}.{name}.bias", outputs)]
                nodes.append(helper.make_node("Add", terms, [f"sum {product}"]))
    output = helper.make_tensor_value_info("x", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "tiny", [], [output], initializers)
    onnx.save(helper.make_model(graph), path)
    return path


def reference_layers(weights: dict, x: np.ndarray) -> list[np.ndarray]:
    """Whisper's encoder in plain numpy, for one recording: the output of every layer.

    Args:
        weights: of `read_weights`.
        x: float32 array of shape (frames, bands).
    """
    from scipy.special import erf, softmax

    def gelu(a):
        return 0.5 * a * (1.0 + erf(a / np.sqrt(2.0)))

    def convolve(a, kernel, bias, stride):
        padded = np.pad(a, ((1, 1), (0, 0)))
        places = range(0, len(a), stride)
        return np.stack([np.einsum("wi,wio->o", padded[t : t + 3], kernel) for t in places]) + bias

    def normalise(a, name):
        centred = a - a.mean(axis=-1, keepdims=True)
        a = centred / np.sqrt(a.var(axis=-1, keepdims=True) + 1e-5)
        return a * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(a, name):
        return a @ weights[f"{name}.weight"] + weights.get(f"{name}.bias", 0.0)

    x = gelu(convolve(x, weights["conv1.weight"], weights["conv1.bias"], 1))
    x = gelu(convolve(x, weights["conv2.weight"], weights["conv2.bias"], 2))
    x = x + weights["embed_positions.weight"][-len(x) :]
    outputs = []
    for index in range(DEPTH):
        layer = f"layers.{index}"
        y = normalise(x, f"{layer}.self_attn_layer_norm")
        q, k, v = (
            linear(y, f"{layer}.self_attn.{part}_proj").reshape(len(x), HEADS, -1) for part in "qkv"
        )
        scores = softmax(np.einsum("qhd,khd->hqk", q, k) / np.sqrt(q.shape[-1]), axis=-1)
        y = np.einsum("hqk,khd->qhd", scores, v).reshape(len(x), -1)
        x = x + linear(y, f"{layer}.self_attn.out_proj")
        y = normalise(x, f"{layer}.final_layer_norm")
        x = x + linear(gelu(linear(y, f"{layer}.fc1")), f"{layer}.fc2")
        outputs.append(x)
    return outputs


def tiny_network():
    """Our network, as large as the tiny encoder."""
    from train.networks import speech_encoder

    shape = {"width": WIDTH, "heads": HEADS, "depth": DEPTH, "units": 16}
    return speech_encoder.build(100, BANDS, 8, **shape)
