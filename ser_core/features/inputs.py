"""One way from audio to a network's inputs, for training, app, API and batch alike.

The steps, each on plain arrays:

1. `FrontEnd.frames`: audio to one row per frame;
2. `trim`: silence before and after is cut;
3. `split`: windows of one length, the last one ending where the recording ends;
4. `FrontEnd.levels`: one window to features in their own units; a shorter one gets silence around;
5. `assemble`: standardisation, selection, and sequences of windows where a network takes those.
"""

from collections.abc import Sequence

import numpy as np

from ..config.feature_config import FeatureConfig
from .front_end import choose_front_end
from .tiling import split


def trim_range(frames: np.ndarray, config: FeatureConfig) -> slice:
    """Find the frames from the first to the last that is not far below the loudest.

    Args:
        frames: float32 array of shape (frames, columns), as `FrontEnd.frames` gives.
        config: FeatureConfig, whose `trim` [dB] says how far below a frame still counts.

    Returns:
        slice of at least one frame.
    """
    energy = choose_front_end(config).energy(frames)
    loud = np.flatnonzero(energy >= energy.max() * 10.0 ** (-config.trim / 10.0))
    return slice(int(loud[0]), int(loud[-1]) + 1)


def trim(frames: np.ndarray, config: FeatureConfig) -> np.ndarray:  # (frames, columns)
    """Cut leading and trailing frames that are far below the loudest, as `trim_range` says."""
    return frames[trim_range(frames, config)]


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
    standard: np.ndarray = (levels - mean) / std
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
            `FrontEnd.levels`.
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
    front = choose_front_end(config)
    frames = trim(front.frames(samples), config)
    return assemble([front.levels(window) for window in split(frames, config)], config)
