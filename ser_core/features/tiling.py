"""How windows of one length cover a recording."""

import numpy as np

from ..config.feature_config import FeatureConfig


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
