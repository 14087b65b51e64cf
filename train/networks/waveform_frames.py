"""From samples to mel power and to where speech is, in layers of Keras: for networks of waveforms.

The same numbers as `ser_core.features.log_mel` and `ser_core.speech.gate`, which this module reads
its constants from. What a frame loses to `trends` and the Fourier transform are one convolution.
"""

import keras
import numpy as np
from keras import layers, ops

from ser_core.config.frame_blocks import LogMelBlock
from ser_core.features.log_mel import hann, mel_filters, trends
from ser_core.speech.gate import (
    DILATIONS,
    FAINTEST,
    FLOOR,
    FRAMES_PER_STEP,
    HOP,
    LEVEL_BANDS,
    LEVEL_STEPS,
    LOUDEST,
    MAX_GAP,
    load_weights,
)

FRONT = "front"
"""What the names of layers begin with whose weights are never rounded: powers span ten decades."""


def fixed(
    layer: keras.layers.Layer, x: keras.KerasTensor, *weights: np.ndarray
) -> keras.KerasTensor:
    """Apply a layer whose weights are given, and never trained."""
    layer.trainable = False
    y = layer(x)
    layer.set_weights([np.asarray(one, np.float32) for one in weights])
    return y


def fourier_kernel(block: LogMelBlock) -> np.ndarray:  # (n_fft, 2 * bins)
    """Make what a frame is multiplied with: window, detrending and Fourier transform in one.

    Args:
        block: LogMelBlock.

    Returns:
        float64 array of shape (n_fft, 2 * (n_fft // 2 + 1)), the cosines before the sines.
    """
    n_fft = block.n_fft
    slow = trends(block.win_length, n_fft, block.detrend).astype(np.float64)
    phase = 2.0 * np.pi * np.outer(np.arange(n_fft), np.arange(n_fft // 2 + 1)) / n_fft
    waves = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
    kernel: np.ndarray = hann(block.win_length, n_fft)[:, None] * (waves - slow @ (slow.T @ waves))
    return kernel


def mel_power(
    samples: keras.KerasTensor, block: LogMelBlock, sample_rate: int, name: str
) -> keras.KerasTensor:
    """Compute mel power: equal to `ser_core.features.log_mel.mel_spectrogram` but for rounding.

    Args:
        samples: (batch, n), full scale 1.
        block: LogMelBlock.
        sample_rate: int > 0 [Hz].
        name: what the layers' names begin with, after FRONT.

    Returns:
        (batch, 1 + n // hop_length, n_mels).
    """
    name = f"{FRONT}_{name}"
    kernel = fourier_kernel(block)
    filters = mel_filters(sample_rate, block.n_fft, block.n_mels, block.fmin, block.fmax)
    x = layers.Reshape((samples.shape[1], 1), name=f"{name}_samples")(samples)
    x = layers.ZeroPadding1D(block.n_fft // 2, name=f"{name}_pad")(x)
    spectrum = layers.Conv1D(
        kernel.shape[1],
        block.n_fft,
        strides=block.hop_length,
        use_bias=False,
        name=f"{name}_spectrum",
    )
    x = fixed(spectrum, x, kernel[:, None])
    power = layers.Multiply(name=f"{name}_power")([x, x])
    bands = layers.Dense(block.n_mels, use_bias=False, name=f"{name}_bands")
    return fixed(bands, power, np.concatenate([filters, filters]))


def speech_frames(mel: keras.KerasTensor, threshold: float) -> keras.KerasTensor:
    """Mark the frames with speech, as `ser_core.timeline.windows.speech_frames` does.

    Args:
        mel: (batch, frames, 80), what the speech gate reads.
        threshold: float, probability from which a frame is speech.

    Returns:
        (batch, frames), 1 where somebody speaks and 0 elsewhere. The last frame is centred where
        the recording ends: nobody speaks there any more.
    """
    frames = mel.shape[1]
    probability = _answer(_levels(mel))  # (batch, steps, 1)
    marks = ops.cast(ops.greater_equal(probability, threshold), "float32")
    marks = layers.UpSampling1D(FRAMES_PER_STEP, name=f"{FRONT}_gate_frames")(marks)[:, :frames]
    marks = _close(marks, round(MAX_GAP / HOP))[:, :, 0]
    return marks * np.append(np.ones(frames - 1), 0.0).astype(np.float32)


def _levels(mel: keras.KerasTensor) -> keras.KerasTensor:
    """See `ser_core.speech.gate.gate_input`."""
    if mel.shape[1] % FRAMES_PER_STEP:
        mel = ops.concatenate([mel, mel[:, -1:]], axis=1)
    power = layers.AveragePooling1D(FRAMES_PER_STEP, name=f"{FRONT}_gate_steps")(mel)
    loudness = ops.mean(power[:, :, LEVEL_BANDS], axis=-1, keepdims=True)
    around = layers.AveragePooling1D(
        2 * LEVEL_STEPS + 1, strides=1, padding="same", name=f"{FRONT}_gate_level"
    )(loudness)
    return ops.clip(ops.log(power + FLOOR) - ops.log(around + FLOOR), FAINTEST, LOUDEST)


def _answer(levels: keras.KerasTensor) -> keras.KerasTensor:
    """See `ser_core.speech.gate.speech_probability`."""
    weights = load_weights()

    def convolve(x: keras.KerasTensor, number: int, dilation: int) -> keras.KerasTensor:
        # Not a dilated Conv1D, which TensorFlow's converter refuses beside those of an encoder.
        kernel, bias = weights[f"kernel_{number}"], weights[f"bias_{number}"]
        steps, name = x.shape[1], f"{FRONT}_gate_{number}"
        x = layers.ZeroPadding1D(dilation, name=f"{name}_pad")(x)
        taps = [x[:, tap * dilation : tap * dilation + steps] for tap in range(3)]
        dense = layers.Dense(len(bias), activation="relu", name=name)
        return fixed(dense, ops.concatenate(taps, axis=-1), kernel, bias)

    x = convolve(levels, 0, 1)
    for number, dilation in enumerate(DILATIONS, start=1):
        x = x + convolve(x, number, dilation)
    last = layers.Dense(1, activation="sigmoid", name=f"{FRONT}_gate_out")
    return fixed(last, x, weights["kernel_out"][:, None], weights["bias_out"][None])


def _close(marks: keras.KerasTensor, gap: int) -> keras.KerasTensor:
    """Fill gaps of at most so many frames between marks: a dilation, and an erosion after it."""
    pool = {"pool_size": gap + 1, "strides": 1, "padding": "valid"}
    x = layers.ZeroPadding1D(gap, name=f"{FRONT}_gate_around")(marks)
    x = layers.MaxPooling1D(**pool, name=f"{FRONT}_gate_grow")(x)
    return 1.0 - layers.MaxPooling1D(**pool, name=f"{FRONT}_gate_shrink")(1.0 - x)
