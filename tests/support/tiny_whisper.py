"""A tiny Whisper with weights of 16 bits drawn at random, as transformers write theirs."""

import json
import struct

import numpy as np

from tests.support.tiny_encoder import BANDS, DEPTH, POSITIONS, WIDTH


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
