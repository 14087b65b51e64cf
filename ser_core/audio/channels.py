"""A recording's channels, each on its own: mono samples of every one, block by block."""

import contextlib
from collections.abc import Callable, Generator
from typing import Literal, get_args

import numpy as np

from ser_core.audio.audio_input import AudioInput
from ser_core.audio.downmix import require_sound
from ser_core.audio.load import (
    SAMPLE_RATE,
    OnNote,
    check_reading,
    cut_blocks,
    decoded_blocks,
)
from ser_core.audio.resample import Resampler
from ser_core.errors import ArgumentError, AudioFormatError, TruncatedAudioError

Channels = Literal["mix", "separate", "auto"]
CHANNELS: tuple[Channels, ...] = get_args(Channels)
MOST_CHANNELS = 8  # that are read on their own


def check_channels(channels: str) -> None:
    """Raise ArgumentError unless it is "mix", "separate" or "auto"."""
    if channels not in CHANNELS:
        raise ArgumentError(f"channels must be one of {', '.join(CHANNELS)}, got {channels!r:.60}.")


def read_channels(
    audio: AudioInput,
    *,
    sample_rate: int = SAMPLE_RATE,
    block_seconds: float = 30.0,
    max_seconds: float | None = None,
    on_read: Callable[[float], None] | None = None,
    on_note: OnNote | None = None,
) -> Generator[np.ndarray]:
    """Read the channels of a recording of any length, in memory that does not grow with it.

    Each channel's samples are bit for bit what `read_blocks` gives for a recording of it alone.

    Args:
        audio, sample_rate, block_seconds, max_seconds, on_read, on_note: as for `read_blocks`.

    Yields:
        float32 [shape=(round(block_seconds * sample_rate), channels)]; the last one may be shorter.

    Raises:
        As `read_blocks`, and AudioFormatError where there are more than `MOST_CHANNELS` channels or
        their number changes on the way.
    """
    check_reading(max_seconds, sample_rate, block_seconds)
    pieces = _resample_channels(audio, sample_rate, max_seconds, on_read, on_note)
    return cut_blocks(pieces, round(block_seconds * sample_rate))


def _resample_channels(
    audio: AudioInput,
    sample_rate: int,
    max_seconds: float | None,
    on_read: Callable[[float], None] | None,
    on_note: OnNote | None,
) -> Generator[np.ndarray]:
    """Yield (n, channels) pieces at `sample_rate`; a truncation is raised after the last one."""
    resampler, channels, truncation = None, 0, None
    with contextlib.closing(decoded_blocks(audio, max_seconds, on_read, on_note)) as blocks:
        try:
            for label, rate, block in blocks:
                count = block.shape[1]
                if resampler is None:
                    channels = _require_few(count, label)
                    resampler = Resampler(rate, sample_rate, channels=channels)
                if count != channels:
                    raise AudioFormatError(
                        f"{label} changes its number of channels on the way: expected "
                        f"{channels} throughout, got {count}; mix them, or convert it."
                    )
                require_sound(block, label)
                yield resampler.push(block)
        except TruncatedAudioError as error:
            truncation = error
    if resampler is not None:
        yield resampler.finish()
    if truncation is not None:
        raise truncation


def _require_few(count: int, label: str) -> int:
    """Return a number of channels that may each be taken on its own."""
    if count > MOST_CHANNELS:
        raise AudioFormatError(
            f"{label} has {count} channels: expected at most {MOST_CHANNELS} where each is taken "
            "on its own; mix them, or cut out those with a speaker."
        )
    return count
