"""What of one channel's speaker reaches another one as a soft copy: silenced there.

Lines that run side by side, and a telephone whose loudspeaker reaches its own microphone, put a
copy of each side of a call on the other one, some 15 to 50 dB softer and up to a third of a second
later. To a speech gate that is speech as any other, even in noise. A copy is known by its level:
while the one sounds, the other one is by some level above its noise, far below its own speech.
"""

import contextlib
from collections.abc import Generator
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike

from ser_core.audio.channel_levels import ABOVE_FLOOR, QUIET, ChannelLevels, to_level, widen
from ser_core.audio.samples import find_runs

SOFTER = 12.0  # [dB] below the other channel's level, at least, is a copy
LONGEST_DELAY = 6  # [sections] of a copy
# (correlation with the other's level, share of the time that the other sounds) of what is that soft
# and may be a copy: from either pair on it is one. Chosen on calls and on talk at once of actors.
COPIES = ((0.5, 0.6), (0.7, 0.4))
MARGIN = 6.0  # [dB] above what is expected of copy and noise, up to which there is nothing else
FADE = 0.005  # [s] at the ends of what is silenced
FEWEST = 20  # sections that something is measured on


def find_crosstalk(levels: ChannelLevels) -> np.ndarray:
    """Find where a channel holds a soft copy of another one, and nothing of its own.

    Args:
        levels: ChannelLevels.

    Returns:
        bool array of shape (sections, channels).
    """
    sections, channels = levels.levels.shape
    copied = np.zeros((sections, channels), dtype=bool)
    if sections:
        for channel, other in permutations(range(channels), 2):
            copied[:, channel] |= _find_copies(levels, channel, other)
    return copied


def _find_copies(levels: ChannelLevels, channel: int, other: int) -> np.ndarray:  # (sections,)
    """Find where a channel holds a copy of one other channel."""
    own, theirs = levels.levels[:, channel], widen(levels.levels[:, [other]], 1, 1)[:, 0]
    nobody = ~levels.active.any(axis=1)
    floor = np.median(own[nobody]) if nobody.sum() >= FEWEST else np.percentile(own, QUIET)
    noise = to_power(floor)
    without_noise = to_level(np.maximum(to_power(own) - noise, noise / 20))
    best, near, gain = 0.0, theirs, 0.0
    for delay in range(LONGEST_DELAY + 1):
        delayed = delay_by(theirs, delay)
        active = delay_by(levels.active[:, other], delay)
        soft = active & (own <= delayed - SOFTER)
        if soft.sum() < FEWEST:
            continue
        likeness, share = correlate(without_noise[soft], delayed[soft]), soft.sum() / active.sum()
        if likeness > best and any(likeness >= one and share >= two for one, two in COPIES):
            best, near = likeness, delayed
            gain = float(np.median((without_noise - delayed)[soft]))
    if not best:
        return np.zeros(len(own), dtype=bool)
    expected = to_level(to_power(near + gain) + noise) + MARGIN
    sounding = near >= np.percentile(theirs, QUIET) + ABOVE_FLOOR
    copied: np.ndarray = sounding & (own <= np.minimum(expected, near - SOFTER))
    return copied


def delay_by(values: np.ndarray, sections: int) -> np.ndarray:  # (sections,)
    """Move values to later sections; the first one fills the beginning."""
    delayed: np.ndarray = values[np.maximum(np.arange(len(values)) - sections, 0)]
    return delayed


def correlate(one: np.ndarray, other: np.ndarray) -> float:
    """Give the correlation of two series; 0 where one of them never changes."""
    pair = np.stack([one, other])
    return float(np.corrcoef(pair)[0, 1]) if pair.std(axis=1).all() else 0.0


def to_power(level: ArrayLike) -> np.ndarray:
    """Turn levels [dB re full scale] into power, of any shape."""
    power: np.ndarray = 10.0 ** (np.asarray(level, dtype=np.float64) / 10.0)
    return power


def silence_crosstalk(
    blocks: Generator[np.ndarray], copied: np.ndarray, seconds: float, sample_rate: int
) -> Generator[np.ndarray]:
    """Silence what is a copy of another channel, in blocks that are joined a recording.

    Args:
        blocks: float32 arrays of shape (n, channels); closed at the end.
        copied: as `find_crosstalk` gives.
        seconds: float > 0 [s], length of a section.
        sample_rate: int > 0 [Hz], of the blocks.

    Yields:
        The blocks; where nothing is a copy, as they came.
    """
    fade = round(FADE * sample_rate)
    scale = seconds * sample_rate
    runs = [np.round(find_runs(of) * scale).astype(np.int64) for of in copied.T]
    at = 0
    with contextlib.closing(blocks):
        for block in blocks:
            quiet = block
            for channel, bounds in enumerate(runs):
                first = np.searchsorted(bounds[:, 1], at, side="right")
                last = np.searchsorted(bounds[:, 0], at + len(block), side="left")
                for start, stop in bounds[first:last].tolist():
                    quiet = block.copy() if quiet is block else quiet
                    part = slice(max(start - at, 0), min(stop - at, len(block)))
                    places = np.arange(part.start, part.stop) + at
                    inside = np.minimum(places - start, stop - 1 - places)
                    share = np.clip(1.0 - inside / fade, 0.0, 1.0).astype(np.float32)
                    quiet[part, channel] *= share
            at += len(block)
            yield quiet
