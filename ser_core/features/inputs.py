"""Named feature blocks: one way from audio to arrays, for training, app, API and batch alike.

The steps, each a function, each on plain arrays:

1. `to_frames`: audio to one row a frame: mel power, or the samples themselves;
2. `trim`: silence before and after is cut;
3. `split`: windows of one length, the last one ending where the recording ends;
4. `levels`: one window to features in their own units; a shorter one gets silence around it;
5. `assemble`: standardisation, selection, and sequences of windows where a network takes those.

The default's `log_mel` takes its level per window, so that a recording's gain changes nothing, and
so that a window of a long recording gives the same answer wherever the recording was cut. The
reference recipes' blocks are computed from each window's samples, as their systems do.
"""

from collections.abc import Sequence

import numpy as np

from ..config.feature_config import FeatureConfig
from .log_mel import mel_spectrogram

TINY = 1e-20  # power; keeps the logarithm of digital silence finite


def to_frames(samples: np.ndarray, config: FeatureConfig) -> np.ndarray:  # (frames, columns)
    """Turn audio into one row a frame, from which windows are cut.

    Args:
        samples: float32 array of shape (n,), mono at `config.sample_rate`, full scale 1.
        config: FeatureConfig.

    Returns:
        float32 array: mel power of shape (1 + n // hop_length, bands) where the block is `log_mel`,
        else the samples themselves as (ceil(n / hop_length), hop_length), the last row zero-padded.
    """
    if config.from_waveform:
        count = -(-len(samples) // config.hop_length)
        padding = count * config.hop_length - len(samples)
        rows = np.pad(np.asarray(samples, dtype=np.float32), (0, padding))
        return rows.reshape(count, config.hop_length)
    blocks = [
        mel_spectrogram(
            samples,
            sample_rate=config.sample_rate,
            **block.model_dump(exclude={"name", "floor"}),
        )
        for block in config.blocks
    ]
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)


def trim_range(frames: np.ndarray, config: FeatureConfig) -> slice:
    """Find the frames from the first to the last that is not far below the loudest.

    Args:
        frames: float32 array of shape (frames, columns), as `to_frames` gives.
        config: FeatureConfig, whose `trim` [dB] says how far below a frame still counts.

    Returns:
        slice of at least one frame.
    """
    energy = np.einsum("ij,ij->i", frames, frames) if config.from_waveform else frames.sum(axis=1)
    loud = np.flatnonzero(energy >= energy.max() * 10.0 ** (-config.trim / 10.0))
    return slice(int(loud[0]), int(loud[-1]) + 1)


def trim(frames: np.ndarray, config: FeatureConfig) -> np.ndarray:  # (frames, columns)
    """Cut leading and trailing frames that are far below the loudest, as `trim_range` says."""
    return frames[trim_range(frames, config)]


def window_starts(frames: int, config: FeatureConfig) -> list[int]:
    """Say where the windows of a recording begin.

    Windows start every `config.hop` seconds, and a last one ends where the recording ends, so that
    every frame is in at least one of them.

    Args:
        frames: int > 0, length of the recording [frames].
        config: FeatureConfig.

    Returns:
        First frame of each window; [0] for a recording no longer than one window.
    """
    last = frames - config.window_frames
    return [*range(0, last, config.hop_frames), last] if last > 0 else [0]


def split(frames: np.ndarray, config: FeatureConfig) -> list[np.ndarray]:
    """Split a recording into its windows, as `window_starts` says.

    Args:
        frames: float32 array of shape (frames, columns), trimmed.
        config: FeatureConfig.

    Returns:
        Views of shape (at most config.window_frames, columns), at least one.
    """
    length = config.window_frames
    return [frames[start : start + length] for start in window_starts(len(frames), config)]


def levels(window: np.ndarray, config: FeatureConfig) -> np.ndarray:  # (rows, block features)
    """Compute the features of one window in their own units.

    A window shorter than `config.window_frames` is put in the middle, with silence around it;
    statistics are taken over what is there alone.

    Args:
        window: float32 array of shape (1 to config.window_frames, columns), of `to_frames`' rows.
        config: FeatureConfig.

    Returns:
        float32 array of shape (config.level_frames, config.block_features).

    Raises:
        ModelError: a block needs a package that is not installed.
    """
    missing = config.window_frames - len(window)
    if not config.from_waveform:
        return place(window, missing // 2, config)
    from .reference.waveform import (  # only now: librosa takes a second to import
        summarise,
        waveform_features,
    )

    if config.statistics is None:
        window = np.pad(window, ((missing // 2, missing - missing // 2), (0, 0)))
    samples = window.reshape(-1)
    rows = waveform_features(samples, config.blocks, sample_rate=config.sample_rate)
    return rows if config.statistics is None else summarise(rows, config.statistics)


def place(window: np.ndarray, start: int, config: FeatureConfig) -> np.ndarray:
    """Express mel power in dB relative to its own level, and put it into a window of the floor.

    Args:
        window: float32 array of shape (1 to config.window_frames, bands), power.
        start: int >= 0, the frame where it begins.
        config: FeatureConfig.

    Returns:
        float32 array of shape (config.window_frames, bands) [dB], not yet standardised.
    """
    decibels = np.empty((config.window_frames, config.block_features), dtype=np.float32)
    rows = slice(start, start + len(window))
    for block, columns in zip(config.blocks, config.columns, strict=True):
        decibels[:, columns] = block.floor
        decibels[rows, columns] = relative_level(window[:, columns], block.floor)
    return decibels  # (frames, bands)


def relative_level(power: np.ndarray, floor: float) -> np.ndarray:
    """Express power in dB relative to its own mean, with a floor.

    Args:
        power: float32 array of shape (..., frames, bands).
        floor: float < 0 [dB].

    Returns:
        float32 array of the same shape [dB], at least `floor`.

    >>> relative_level(np.ones((2, 3), dtype=np.float32), -60.0).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    mean = power.mean(axis=(-2, -1), keepdims=True)
    relative = power / np.maximum(mean, TINY)
    return 10.0 * np.log10(np.maximum(relative, np.float32(10.0 ** (floor / 10.0))))


def standardise(levels: np.ndarray, config: FeatureConfig) -> np.ndarray:
    """Subtract the training mean, divide by the deviation, and keep the selected features.

    Args:
        levels: float32 array of shape (..., frames, block features).
        config: FeatureConfig.

    Returns:
        float32 array of shape (..., frames, config.features).
    """
    mean = np.asarray(config.normalisation.mean, dtype=np.float32)
    std = np.asarray(config.normalisation.std, dtype=np.float32)
    standard = (levels - mean) / std
    return standard if config.selected is None else standard[..., list(config.selected)]


def sequences(windows: np.ndarray, config: FeatureConfig) -> np.ndarray:
    """Join consecutive windows into sequences of `config.sequence`, end to end.

    Sequences follow one another without overlap, but for the last, which ends with the last window;
    a recording of fewer windows than one sequence goes through them again from its first.

    Args:
        windows: float32 array of shape (windows, rows, features), at least one.
        config: FeatureConfig.

    Returns:
        float32 array of shape (inputs, config.sequence * rows, features).
    """
    length, count = config.sequence, len(windows)
    if length == 1:
        return windows
    last = max(count - length, 0)
    starts = np.array([*range(0, last, length), last])
    members = (starts[:, None] + np.arange(length)) % count  # (inputs, sequence)
    return windows[members].reshape(len(starts), length * windows.shape[1], windows.shape[2])


def assemble(windows: Sequence[np.ndarray], config: FeatureConfig) -> np.ndarray:
    """Make the network's inputs of the features of consecutive windows.

    Args:
        windows: float32 arrays of shape (config.level_frames, config.block_features), from
            `levels`.
        config: FeatureConfig.

    Returns:
        float32 array of shape (inputs, config.frames, config.features), standardised.
    """
    return sequences(standardise(np.stack(windows), config), config)


def network_inputs(samples: np.ndarray, config: FeatureConfig) -> np.ndarray:
    """All steps: from audio that is speech to the network's inputs.

    Args:
        samples: float32 array of shape (n,), mono at `config.sample_rate`, full scale 1.
        config: FeatureConfig.

    Returns:
        float32 array of shape (inputs, config.frames, config.features).
    """
    frames = trim(to_frames(samples, config), config)
    return assemble([levels(window, config) for window in split(frames, config)], config)
