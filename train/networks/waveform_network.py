"""A network that takes samples: features, speech gate, encoder and heads in one graph.

It answers one window as `ser_core.timeline.predict` answers a recording of that length: where
speech is found, the window is cut to it, and the rest of the network's input is silence. Built-in
layers and `keras.ops` alone, so that bare Keras, LiteRT and ONNX Runtime run it.
"""

import math
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ModelError
from ser_core.features import TINY, mel_blocks
from ser_core.model.keras_runtime import cut_head
from ser_core.speech.gate import BANDS, HOP
from ser_core.speech.gate_stream import GATE_MEL, GATE_SAMPLE_RATE, shares_gate
from ser_core.timeline.windows import MARGIN

from .waveform_frames import mel_power, speech_frames

SAMPLES = "samples"
"""The network's input, float32 (batch, n)."""
SPEECH = "speech"
"""The output with the share of the window that is speech, (batch, 1)."""
EMBEDDING = "embedding"
FAR = 1e30  # that frames which do not count are lowered by, where a maximum is taken


def require_waveform(config: FeatureConfig) -> None:
    """Raise ModelError unless a graph of samples can be made for a network of this config."""
    fault = None
    if config.front_end != "log_mel":
        fault = f"its features are those of {config.blocks[0].name}, which librosa computes"
    elif config.sequence > 1:
        fault = f"it takes sequences of {config.sequence} windows"
    elif config.sample_rate != GATE_SAMPLE_RATE or config.hop_length != GATE_MEL.hop_length:
        fault = (
            f"it takes {config.sample_rate} Hz in steps of {config.hop_length} samples, and the "
            f"speech gate {GATE_SAMPLE_RATE} Hz in steps of {GATE_MEL.hop_length}"
        )
    if fault is not None:
        raise ModelError(
            f"The model of recipe {config.recipe!r} cannot take a waveform: {fault}; use its files "
            "for features."
        )


def count_samples(config: FeatureConfig) -> int:
    """Return how many samples a window has: as many as `config.window_frames` frames stand in.

    The first frame is centred on the first sample, and the last one behind the last.
    """
    return (config.window_frames - 1) * config.hop_length


def build(network: keras.Model, config: FeatureConfig) -> keras.Model:
    """Put everything that is done to a window around a network.

    Args:
        network: keras.Model from features, its temperature folded in; its weights are shared.
        config: FeatureConfig.

    Returns:
        keras.Model from `samples`, float32 (batch, count_samples(config)), mono, 16 kHz, full scale
        1, to a dict: `emotion`, float32 (batch, classes), probabilities; `speech`, (batch, 1),
        share of the window that is speech; and, where the network has them, `intensity`, (batch,
        1), `distance`, (batch, 1), and `embedding`, (batch, size). Where there is less speech than
        `config.speech.min_seconds`, the other outputs mean nothing.

    Raises:
        ModelError: the config is of other features than log_mel at 16 kHz.
    """
    require_waveform(config)
    samples = keras.Input((count_samples(config),), name=SAMPLES)
    frames = mel_frames(samples, config)
    spoken = mark_speech(samples, frames, config)
    start, length = _speech_range(frames, spoken, config)
    features = cut_inputs(frames, start, length, config)
    if config.outputs.frames is None:
        given = _by_name(network, features)
        answers = {name: given[name] for name in config.outputs.answers}
        embedding = answers.get(config.outputs.embedding or "")
    else:
        encoder = keras.Model(
            network.inputs, _outputs(network)[config.outputs.frames], name="encoder"
        )
        parts = _summarise(encoder(features), length, config)
        summary = ops.concatenate([parts[name] for name in config.outputs.summary], axis=-1)
        answers = cut_head(network, config)(summary)
        embedding = parts["mean"] if "mean" in config.outputs.summary else None
    speech = ops.mean(spoken[:, :-1], axis=-1, keepdims=True)
    outputs = {"emotion": answers[config.outputs.emotion], SPEECH: speech, EMBEDDING: embedding}
    for name in ("intensity", "distance"):
        outputs[name] = answers.get(getattr(config.outputs, name) or "")
    return named_model(samples, outputs, "waveform")


def mel_frames(samples: keras.KerasTensor, config: FeatureConfig) -> keras.KerasTensor:
    """Compute the mel power of all blocks side by side, (batch, frames, bands)."""
    powers = [
        mel_power(samples, block, config.sample_rate, f"mel{number}")
        for number, block in enumerate(mel_blocks(config), start=1)
    ]
    return powers[0] if len(powers) == 1 else ops.concatenate(powers, axis=-1)


def mark_speech(
    samples: keras.KerasTensor, frames: keras.KerasTensor, config: FeatureConfig
) -> keras.KerasTensor:
    """Mark the frames with speech, (batch, frames); `frames` are those of `mel_frames`."""
    gate = frames[:, :, :BANDS]
    if not shares_gate(config):
        gate = mel_power(samples, GATE_MEL, GATE_SAMPLE_RATE, "gate")
    return speech_frames(gate, config.speech.threshold)


def named_model(
    inputs: keras.KerasTensor, outputs: dict[str, keras.KerasTensor | None], name: str
) -> keras.Model:
    """Make a model whose outputs have names; None stands for one that there is not."""
    named = {
        key: layers.Identity(name=key)(tensor)
        for key, tensor in outputs.items()
        if tensor is not None
    }
    return keras.Model(inputs, named, name=name)


def _speech_range(
    frames: keras.KerasTensor, spoken: keras.KerasTensor, config: FeatureConfig
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Find where a window is cut: see `ser_core.timeline.windows.speech_range`.

    Returns:
        Its first frame and how many they are, float32 (batch, 1) each; all where nobody speaks.
    """
    margin = round(MARGIN / HOP)
    first, last = _ends(spoken)
    place = np.arange(config.window_frames, dtype=np.float32)[None]
    near = ops.logical_and(first - margin <= place, last + margin >= place)
    energy = ops.sum(frames, axis=-1)  # (batch, frames)
    energy = ops.where(near, energy, -1.0)
    loudest = ops.max(energy, axis=-1, keepdims=True)
    loud = energy >= loudest * 10.0 ** (-config.trim / 10.0)
    first, last = _ends(ops.cast(loud, "float32"))
    return first, last - first + 1.0


def _ends(marks: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """The first and the last mark of each row, (batch, 1); 0 and the last place without any."""
    count = marks.shape[1]
    place = np.arange(count, dtype=np.float32)[None]
    marks = ops.maximum(marks, 1.0 - ops.max(marks, axis=-1, keepdims=True))
    last = ops.max(marks * place, axis=-1, keepdims=True)
    first = ops.max(marks * (count - 1.0 - place), axis=-1, keepdims=True)
    return count - 1.0 - first, last


def cut_inputs(
    frames: keras.KerasTensor,
    start: keras.KerasTensor,
    length: keras.KerasTensor,
    config: FeatureConfig,
) -> keras.KerasTensor:
    """Put the frames of a range into the network's input: see `FrontEnd.levels`, `standardise`.

    Args:
        frames: (batch, n, bands), mel power, n of any size.
        start, length: (batch, 1) each, the range's first frame, and how many it has.
        config: FeatureConfig.

    Returns:
        (batch, config.window_frames, config.features).
    """
    count = config.window_frames
    before = ops.zeros_like(start)
    if config.outputs.frames is None:
        before = ops.floor((count - length) / 2.0)
    row = np.arange(count, dtype=np.float32)[None, :, None]
    taken = ops.subtract(row, ops.expand_dims(before, -1))  # of the range, (batch, frames, 1)
    length = ops.expand_dims(length, -1)  # (batch, 1, 1)
    there = ops.logical_and(taken >= 0.0, taken < length)
    column = np.arange(frames.shape[1], dtype=np.float32)[None, None]
    # A product with rows that hold one 1: gathering differs between runtimes, and costs no less.
    chosen = ops.logical_and(there, ops.equal(taken + ops.expand_dims(start, -1), column))
    moved = ops.matmul(ops.cast(chosen, "float32"), frames)  # zeros where nothing is
    levels = []
    for block, columns in zip(mel_blocks(config), config.columns, strict=True):
        power = moved[:, :, columns]
        mean = ops.sum(power, axis=(1, 2), keepdims=True) / (length * float(block.n_mels))
        power = ops.maximum(power / ops.maximum(mean, TINY), 10.0 ** (block.floor / 10.0))
        levels.append(ops.log(power) * (10.0 / math.log(10.0)))
    x = levels[0] if len(levels) == 1 else ops.concatenate(levels, axis=-1)
    mean, std = (
        np.asarray(values, dtype=np.float32)
        for values in (config.normalisation.mean, config.normalisation.std)
    )
    x = (x - mean) / std
    return x if config.selected is None else ops.take(x, list(config.selected), axis=-1)


def _summarise(
    encoded: keras.KerasTensor, length: keras.KerasTensor, config: FeatureConfig
) -> dict[str, keras.KerasTensor]:
    """Summarise the encoder's frames that count: see `ser_core.features.frame_sums`."""
    count = encoded.shape[1]
    place = np.arange(count, dtype=np.float32)[None, :, None]
    size = ops.expand_dims(ops.ceil(length / (config.window_frames // count)), -1)  # (batch, 1, 1)
    there = ops.cast(size > place, "float32")
    size = size[:, :, 0]
    total = ops.sum(encoded * there, axis=1)
    moment = ops.sum(encoded * (there * place), axis=1)
    return {
        "mean": total / size,
        "slope": (2.0 * moment - (size - 1.0) * total) / (size * size),
        # No sum, of which Keras makes a BiasAdd that neither converter takes.
        "max": ops.max(encoded - (1.0 - there) * FAR, axis=1),
    }


def _outputs(network: keras.Model) -> dict[str, Any]:
    return dict(zip(network.output_names, network.outputs, strict=True))


def _by_name(network: keras.Model, inputs: keras.KerasTensor) -> dict[str, Any]:
    given = keras.tree.flatten(network(inputs))
    return dict(zip(network.output_names, given, strict=True))
