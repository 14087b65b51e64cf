"""One pass over the sound: stretches that are encoded once, and summaries of their frames.

A network that gives its encoder's frames (`config.outputs.frames`) hears a recording in stretches
of `config.window` seconds that do not overlap, and answers any span of time from a summary of the
frames in it (see ser_core.features.frame_sums). So windows may overlap as much as anybody likes,
and the sound is encoded once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..config.feature_config import FeatureConfig
from .front_end import choose_front_end
from .inputs import assemble


@dataclass(frozen=True)
class Stretch:
    """A piece of a recording that is encoded at once.

    Attributes:
        start: int, the recording's frame where it begins.
        first: int >= start, the frame from which on it counts; what is before was counted in the
            stretch before, and is heard once more so that what follows has a past.
        stop: int > first, the frame where it ends.
    """

    start: int
    first: int
    stop: int


def cover(count: int, config: FeatureConfig) -> list[Stretch]:
    """Cover frames with stretches: one after the other, the last one reaching back.

    Args:
        count: int > 0, how many frames.
        config: FeatureConfig.

    Returns:
        Stretches of at most `config.window_frames` frames, whose counted parts make up the whole.
    """
    length = config.window_frames
    stretches = []
    for first in range(0, count, length):
        stop = min(first + length, count)
        missing = length - (stop - first)
        start = max(0, first - missing // 2 * 2)  # an encoder's frame is two of ours
        stretches.append(Stretch(start, first, stop))
    return stretches


def stretch_inputs(
    frames: np.ndarray, stretches: Sequence[Stretch], config: FeatureConfig
) -> np.ndarray:
    """Make the network's inputs of stretches.

    Args:
        frames: float32 array of shape (n, columns), as `FrontEnd.frames` gives.
        stretches: within these frames.
        config: FeatureConfig.

    Returns:
        float32 array of shape (stretches, config.frames, config.features).
    """
    front = choose_front_end(config)
    return assemble([front.levels(frames[one.start : one.stop]) for one in stretches], config)


def counted_frames(encoded: np.ndarray, stretch: Stretch, config: FeatureConfig) -> np.ndarray:
    """Return those of a stretch's encoded frames that count.

    Args:
        encoded: float32 array of shape (encoder's frames, width), of one stretch.
        stretch: Stretch.
        config: FeatureConfig.

    Returns:
        View of shape (n, width), n > 0.
    """
    ratio = config.frames // len(encoded)  # frames of ours to one of the encoder's
    first = (stretch.first - stretch.start) // ratio
    last = -(-(stretch.stop - stretch.start) // ratio)
    return encoded[first:last]
