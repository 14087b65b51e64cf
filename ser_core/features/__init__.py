"""Named feature blocks: one way from audio to arrays, for training, app, API and batch alike.

The steps, each a function, each on plain arrays:

1. `spectra`: audio to mel power, one row a frame;
2. `trim`: silence before and after is cut;
3. `split`: windows of one length; a shorter recording is one window with silence around it;
4. `network_input`: decibels relative to the window's own level, floor, standardisation.

Level is taken per window, so that a recording's gain changes nothing, and so that a window of a
long recording gives the same answer wherever the recording was cut.
"""

import numpy as np

from ..config import FeatureConfig
from .log_mel import mel_spectrogram

TINY = 1e-20  # power; keeps the logarithm of digital silence finite


def spectra(samples: np.ndarray, config: FeatureConfig) -> np.ndarray:  # (frames, bands)
    """Compute mel power for each frame.

    Args:
        samples: float32 array of shape (n,), mono at `config.sample_rate`, full scale 1.
        config: FeatureConfig.

    Returns:
        float32 array of shape (1 + n // hop_length, block features), power.
    """
    blocks = [
        mel_spectrogram(
            samples,
            sample_rate=config.sample_rate,
            **block.model_dump(exclude={"name", "floor"}),
        )
        for block in config.blocks
    ]
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)


def trim_range(power: np.ndarray, top: float) -> slice:
    """Find the frames from the first to the last that is not far below the loudest.

    Args:
        power: float32 array of shape (frames, bands).
        top: float > 0 [dB], how far below the loudest frame a frame still counts.

    Returns:
        slice of at least one frame.
    """
    energy = power.sum(axis=1)
    loud = np.flatnonzero(energy >= energy.max() * 10.0 ** (-top / 10.0))
    return slice(int(loud[0]), int(loud[-1]) + 1)


def trim(power: np.ndarray, top: float) -> np.ndarray:  # (frames, bands)
    """Cut leading and trailing frames that are far below the loudest, as `trim_range` says."""
    return power[trim_range(power, top)]


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
    last = frames - config.frames
    return [*range(0, last, config.hop_frames), last] if last > 0 else [0]


def split(power: np.ndarray, config: FeatureConfig) -> list[np.ndarray]:
    """Split a recording into windows of at most `config.frames` frames, as `window_starts` says.

    Args:
        power: float32 array of shape (frames, bands).
        config: FeatureConfig.

    Returns:
        Views of shape (at most config.frames, bands), at least one.
    """
    return [power[start : start + config.frames] for start in window_starts(len(power), config)]


def network_input(window: np.ndarray, config: FeatureConfig) -> np.ndarray:  # (frames, features)
    """Turn one window of mel power into what the network sees.

    A window shorter than `config.frames` is put in the middle, with the floor around it.

    Args:
        window: float32 array of shape (1 to config.frames, bands), power.
        config: FeatureConfig.

    Returns:
        float32 array of shape (config.frames, config.features), standardised.
    """
    return standardise(place(window, (config.frames - len(window)) // 2, config), config)


def place(window: np.ndarray, start: int, config: FeatureConfig) -> np.ndarray:
    """Express mel power in dB relative to its own level, and put it into a window of the floor.

    Args:
        window: float32 array of shape (1 to config.frames, bands), power.
        start: int >= 0, the frame where it begins.
        config: FeatureConfig.

    Returns:
        float32 array of shape (config.frames, bands) [dB], not yet standardised.
    """
    levels = np.empty((config.frames, config.block_features), dtype=np.float32)
    column = 0
    for block in config.blocks:
        columns = slice(column, column + block.n_mels)
        levels[:, columns] = block.floor
        rows = slice(start, start + len(window))
        levels[rows, columns] = relative_level(window[:, columns], block.floor)
        column += block.n_mels
    return levels  # (frames, bands)


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


def network_inputs(samples: np.ndarray, config: FeatureConfig) -> np.ndarray:
    """All four steps: from audio that is speech to the network's windows.

    Args:
        samples: float32 array of shape (n,), mono at `config.sample_rate`, full scale 1.
        config: FeatureConfig.

    Returns:
        float32 array of shape (windows, config.frames, config.features).
    """
    power = trim(spectra(samples, config), config.trim)
    return np.stack([network_input(window, config) for window in split(power, config)])
