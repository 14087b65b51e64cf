"""How loud each channel is over time, and whether that is one speaker a channel.

On a call that was recorded with a side on each channel, now the one and now the other channel is
much the louder. Two microphones in a room, a stereo mix, and the same sound on both channels, be it
delayed, softer or of opposite phase, have levels that go up and down together.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from ser_core.audio.audio_input import AudioInput
from ser_core.audio.load import check_reading, decoded_blocks
from ser_core.errors import TruncatedAudioError

SECTION = 0.05  # [s] at a time has one level
FAINTEST = 1e-10  # power that stands for silence: -100 dBFS
SPAN = 40.0  # [dB] below a channel's loud level, beneath which levels are all the same
ACTIVE = 25.0  # [dB] below it, down to which a channel counts as sounding
QUIET = 10  # [%] of the time a channel is no louder than its quiet level
ABOVE_FLOOR = 6.0  # [dB] above its quiet level, from which on it does: a steady noise never sounds
LOUDER = 12.0  # [dB] above all others: a channel of which the others hold nothing of their own
NEAR = 2  # sections to either side whose levels of the others count as well
# That each channel is alone at least: [s], and the share of all time with sound.
LEAST_SECONDS, LEAST_SHARE = 1.0, 0.02
TOGETHER = 0.7  # correlation of the channels' levels, from which on they hold the same sound
LONGEST_DELAY = 1.0  # [s] between the channels, up to which the same sound is found


@dataclass(frozen=True)
class ChannelLevels:
    """The level of each channel over time.

    Attributes:
        seconds: float [s], length of a section.
        levels: float32 array of shape (sections, channels) [dB re full scale], without the
            constant part; -100 for silence.
    """

    seconds: float
    levels: np.ndarray

    @cached_property
    def loud(self) -> np.ndarray:  # (channels,) [dB]
        """What each channel exceeds in a hundredth of the time; within `SPAN` of the loudest."""
        loud = np.percentile(self.levels, 99, axis=0)
        within: np.ndarray = np.maximum(loud, loud.max() - SPAN)
        return within

    @cached_property
    def active(self) -> np.ndarray:
        """Bool array of shape (sections, channels): where a channel sounds, steady noise aside."""
        quiet = np.percentile(self.levels, QUIET, axis=0)
        active: np.ndarray = self.levels >= np.maximum(self.loud - ACTIVE, quiet + ABOVE_FLOOR)
        return active

    @cached_property
    def seconds_alone(self) -> np.ndarray:  # (channels,) [s]
        """For how long each channel sounds and is `LOUDER` than all others."""
        around = widen(self.levels, NEAR, NEAR)
        seconds = np.zeros(self.levels.shape[1])
        for channel in range(len(seconds)):
            others = np.delete(around, channel, axis=1).max(axis=1)
            alone = self.active[:, channel] & (self.levels[:, channel] >= others + LOUDER)
            seconds[channel] = alone.sum() * self.seconds
        return seconds

    @property
    def holds_a_speaker_each(self) -> bool:
        """Whether there are two channels, with different sound on each and time alone for each."""
        if self.levels.shape[1] != 2 or not len(self.levels):
            return False
        least = max(LEAST_SECONDS, LEAST_SHARE * self.active.any(axis=1).sum() * self.seconds)
        return bool((self.seconds_alone >= least).all()) and self._correlation() < TOGETHER

    def _correlation(self) -> float:
        """The two channels' correlation, under the delay between them at which it is largest."""
        levels = np.maximum(self.levels, self.loud - SPAN).astype(np.float64)
        one, other = (levels - levels.mean(axis=0)).T
        scale = float(np.sqrt(np.square(one).sum() * np.square(other).sum()))
        longest = min(round(LONGEST_DELAY / self.seconds), len(one) - 1)
        products = [
            np.dot(
                one[max(0, delay) : len(one) + min(0, delay)],
                other[max(0, -delay) : len(one) + min(0, -delay)],
            )
            for delay in range(-longest, longest + 1)
        ]
        return float(max(products)) / scale if scale else 0.0


def widen(levels: np.ndarray, before: int, after: int) -> np.ndarray:
    """Give the largest of each section's level and those of some sections before and after it.

    Args:
        levels: float array of shape (sections, channels) [dB].
        before, after: int >= 0 [sections].

    >>> widen(np.array([[0.0], [1.0], [0.0], [0.0]]), 1, 0).ravel().tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    padded = np.pad(levels, ((before, after), (0, 0)), mode="edge")
    widened: np.ndarray = sliding_window_view(padded, before + after + 1, axis=0).max(axis=-1)
    return widened


def measure_levels(
    audio: AudioInput,
    *,
    max_seconds: float | None = None,
    on_read: Callable[[float], None] | None = None,
    on_block: Callable[[], None] | None = None,
) -> ChannelLevels | None:
    """Measure the levels of a recording's channels, in one pass; it is not held in memory.

    Args:
        audio: as for `load_audio`, but a file object has to be seekable to be read again.
        max_seconds, on_read: as for `read_blocks`.
        on_block: called now and then, to raise an error of its own where this is to end.

    Returns:
        ChannelLevels, of what can be read; None for one channel, and where their number changes.

    Raises:
        As `read_blocks`, but for a recording that is cut off and for samples that are no sound.
    """
    check_reading(max_seconds)
    levels: list[np.ndarray] = []
    held = np.empty((0, 0), np.float32)
    section, rate = 1, 1
    with (
        contextlib.suppress(TruncatedAudioError),
        contextlib.closing(decoded_blocks(audio, max_seconds, on_read)) as blocks,
    ):
        for _, rate, block in blocks:
            section = max(1, round(SECTION * rate))
            if not levels and not held.size:
                held = block[:0]
            if block.shape[1] != held.shape[1] or block.shape[1] == 1:
                return None
            joined = np.concatenate([held, block])
            whole = len(joined) // section * section
            levels.append(section_levels(joined[:whole], section))
            held = joined[whole:]
            if on_block is not None:
                on_block()
    if not levels:
        return None
    return ChannelLevels(section / rate, np.concatenate(levels))


def section_levels(samples: np.ndarray, section: int) -> np.ndarray:
    """Measure the level of each section of some samples, about their mean.

    Args:
        samples: float32 array of shape (frames, channels), a whole number of sections.
        section: int > 0 [samples].

    Returns:
        float32 array of shape (sections, channels) [dB re full scale].

    >>> samples = np.array([[1.0], [-1.0], [0.5], [0.5]], np.float32)
    >>> section_levels(samples, 2).ravel().round().tolist()
    [0.0, -100.0]
    """
    rows = samples.reshape(-1, section, samples.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):
        power = np.einsum("snc,snc->sc", rows, rows) / np.float32(section)
        power -= np.square(rows.mean(axis=1))
    return to_level(np.nan_to_num(power, nan=0.0, posinf=1.0)).astype(np.float32)


def to_level(power: ArrayLike) -> np.ndarray:
    """Turn power into levels [dB re full scale], no less than that of silence."""
    level: np.ndarray = 10.0 * np.log10(np.maximum(power, FAINTEST))
    return level
