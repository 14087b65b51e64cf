"""Any recording to mono float samples at the model's rate: whole, or block by block.

    samples = load_audio("clip.m4a")                 # (n,) float32 at 16 kHz
    for block in read_blocks("two_hours.wav"): ...   # the same samples, 30 s at a time

A path, its bytes, a file object and `(sample_rate, array)` of the same audio give the same
samples, bit for bit, and so do the two functions: both are one stream of decoded blocks through one
streaming resampler, whose output does not depend on how the input is divided.
"""

import contextlib
import os
from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias

import numpy as np

from ser_core.audio.audio_input import AudioInput, plain_audio
from ser_core.audio.clipping import Clipping
from ser_core.audio.decode import decode
from ser_core.audio.downmix import Downmix
from ser_core.audio.resample import Resampler
from ser_core.audio.samples import array_blocks, require_rate
from ser_core.audio.source import AudioSource
from ser_core.errors import (
    AudioContentError,
    AudioError,
    AudioLengthError,
    TruncatedAudioError,
    check_number,
)

OnNote: TypeAlias = Callable[[str], None]

SAMPLE_RATE = 16_000  # Hz
MIN_SECONDS = 0.1


def load_audio(
    audio: AudioInput,
    *,
    sample_rate: int = SAMPLE_RATE,
    max_seconds: float | None = None,
    on_note: OnNote | None = None,
) -> np.ndarray:
    """Read a whole recording as mono samples.

    Args:
        audio: one of
            - a path to WAV (8- to 32-bit, float, A-law, mu-law), FLAC, OGG Vorbis or Opus, MP3,
              M4A/AAC, WebM, MP4 (of several audio tracks the default one if it has sound, or else
              the loudest), 8 to 192 kHz;
            - the bytes of such a file, or a binary file object, read from its start and left open;
            - `(sample_rate [Hz], array)`, the array int8, int16, int32 or uint8, scaled by its
              type's range, or floating, taken as it is; its shape is (n,) or (n, channels), or
              (channels, n) when the first axis is the shorter and has at most 64 entries;
            - a dict with any of these, as `transformers` and `datasets` have them: `array` (or
              `raw`) with `sampling_rate`, `bytes`, or `path`.
        sample_rate: int > 0 [Hz], of the result.
        max_seconds: float > 0 [s], or None for no limit. Decoding stops as soon as it is passed.
        on_note: called with each sentence that is to be said of the recording beside its samples,
            such as that it is clipped, or that another track of it was left out.

    Returns:
        float32 [shape=(n,)], full scale 1, channels averaged; where they cancel each other, the
        louder one. Peaks of lossy or resampled audio may exceed 1 a little; nothing is clipped.

    Raises:
        AudioFileError: missing, a folder, or not readable.
        AudioFormatError: empty, no audio, no audio track, or a sample rate out of range.
        TruncatedAudioError: cut off before its end; `readable` says how many seconds are there.
        AudioContentError: samples that are not finite, or an array that is not audio.
        AudioLengthError: shorter than 0.1 s or longer than `max_seconds`.
        ArgumentError: `sample_rate` or `max_seconds` is not positive.

    >>> tone = np.sin(np.arange(48_000) * (2 * np.pi * 440 / 48_000))
    >>> load_audio((48_000, tone)).shape
    (16000,)
    """
    check_reading(max_seconds, sample_rate)
    with contextlib.closing(_resample(audio, sample_rate, max_seconds, on_note=on_note)) as pieces:
        return np.concatenate(list(pieces))


def load_with_notes(
    audio: AudioInput, sample_rate: int, max_seconds: float | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a whole recording as `load_audio` does, and the notes on it."""
    notes: list[str] = []
    samples = load_audio(
        audio, sample_rate=sample_rate, max_seconds=max_seconds, on_note=notes.append
    )
    return samples, tuple(notes)


def read_blocks(
    audio: AudioInput,
    *,
    sample_rate: int = SAMPLE_RATE,
    block_seconds: float = 30.0,
    max_seconds: float | None = None,
    on_read: Callable[[float], None] | None = None,
    on_note: OnNote | None = None,
) -> Generator[np.ndarray]:
    """Read a recording of any length as mono blocks, in memory that does not grow with it.

    The blocks, concatenated, are bit for bit what `load_audio` returns. The file is opened when
    the first block is asked for, and closed after the last, on an error, and when the iterator
    is closed or dropped.

    Args:
        audio: as for `load_audio`.
        sample_rate: int > 0 [Hz], of the result.
        block_seconds: float >= 0.1 [s], length of each block but the last.
        max_seconds: float > 0 [s], or None for no limit. Decoding stops as soon as it is passed.
        on_read: called while decoding with the share of the bytes that have been read, 0 to 1: how
            far a recording is, whatever its header says of its length.
        on_note: as for `load_audio`; called when everything has been decoded.

    Yields:
        float32 [shape=(round(block_seconds * sample_rate),)]; the last one may be shorter.

    Raises:
        As `load_audio`, while iterating. Before a TruncatedAudioError, everything readable has
        been yielded. ArgumentError, at once, when an argument is out of range.

    >>> [len(block) for block in read_blocks((16_000, np.zeros(40_000)), block_seconds=1)]
    [16000, 16000, 8000]
    """
    check_reading(max_seconds, sample_rate, block_seconds)
    pieces = _resample(audio, sample_rate, max_seconds, on_read, on_note)
    return cut_blocks(pieces, round(block_seconds * sample_rate))


def check_reading(
    max_seconds: float | None,
    sample_rate: int = SAMPLE_RATE,
    block_seconds: float = MIN_SECONDS,
) -> None:
    """Raise ArgumentError where an argument of what reads a recording is out of range."""
    check_number("sample_rate", sample_rate, above=0)
    if max_seconds is not None:
        check_number("max_seconds", max_seconds, above=0)
    check_number("block_seconds", block_seconds, least=MIN_SECONDS, unit="s")


def to_channels(audio: tuple[int, np.ndarray]) -> tuple[int, np.ndarray]:
    """Turn `(sample_rate, array)` into float samples at its own rate, however short it is.

    Args:
        audio: as for `load_audio`, but an empty array is allowed.

    Returns:
        The sample rate [Hz], and float32 [shape=(n, channels)].

    Raises:
        AudioFormatError, AudioContentError: as `load_audio`.
    """
    if len(audio) == 2 and isinstance(audio[1], np.ndarray) and audio[1].size == 0:
        return require_rate(audio[0], "The audio"), np.empty((0, 1), np.float32)
    blocks = list(array_blocks(audio))
    rate = require_rate(blocks[0][0], "The audio")
    return rate, np.concatenate([block for _, block in blocks])


def cut_blocks(pieces: Generator[np.ndarray], length: int) -> Generator[np.ndarray]:
    """Join pieces of any lengths along their first axis, and cut them into blocks of `length`.

    A TruncatedAudioError comes after all that was before it, and the pieces are closed.
    """
    pending: list[np.ndarray] = []
    count = 0
    truncation = None
    with contextlib.closing(pieces):
        try:
            for piece in pieces:
                pending.append(piece)
                count += len(piece)
                if count >= length:
                    joined = np.concatenate(pending)
                    count %= length
                    whole = len(joined) - count
                    for start in range(0, whole, length):
                        yield joined[start : start + length]
                    pending = [joined[whole:]]
        except TruncatedAudioError as error:
            truncation = error
    if count:
        yield np.concatenate(pending)
    if truncation is not None:
        raise truncation


def _resample(
    audio: AudioInput,
    sample_rate: int,
    max_seconds: float | None,
    on_read: Callable[[float], None] | None = None,
    on_note: OnNote | None = None,
) -> Generator[np.ndarray]:
    """Yield mono float32 pieces at `sample_rate`; a truncation is raised after the last one."""
    resampler = None
    truncation = None
    with contextlib.closing(_mono_blocks(audio, max_seconds, on_read, on_note)) as blocks:
        try:
            for rate, block in blocks:
                resampler = resampler or Resampler(rate, sample_rate)
                yield resampler.push(block)
        except TruncatedAudioError as error:
            truncation = error
    if resampler is not None:
        yield resampler.finish()
    if truncation is not None:
        raise truncation


def _mono_blocks(
    audio: AudioInput,
    max_seconds: float | None,
    on_read: Callable[[float], None] | None,
    on_note: OnNote | None,
) -> Generator[tuple[int, np.ndarray]]:
    """Yield (sample rate, mono float32 block) as decoded, checked, at the recording's own rate."""
    first_rate, downmix, truncation = 0, None, None
    with contextlib.closing(decoded_blocks(audio, max_seconds, on_read, on_note)) as blocks:
        try:
            for label, first_rate, block in blocks:
                downmix = downmix or Downmix(first_rate, label)
                yield first_rate, downmix.push(block)
        except TruncatedAudioError as error:
            truncation = error
    if downmix is not None:
        yield first_rate, downmix.finish()
        if on_note is not None and downmix.note is not None:
            on_note(downmix.note)
    if truncation is not None:
        raise truncation


def decoded_blocks(
    audio: AudioInput,
    max_seconds: float | None,
    on_read: Callable[[float], None] | None = None,
    on_note: OnNote | None = None,
) -> Generator[tuple[str, int, np.ndarray]]:
    """Yield a recording as it is decoded, with all of its channels, at its own rate.

    Args:
        audio, max_seconds, on_read, on_note: as for `read_blocks`.

    Yields:
        Its name for messages, its sample rate [Hz], which never changes, and a float32 block
        [shape=(frames, channels)], whose number of channels may.

    Raises:
        As `load_audio`, but for samples that are no sound, which pass; a TruncatedAudioError comes
        after everything readable.
    """
    clipping = Clipping()
    with _open_audio(audio) as (label, blocks, share, notes):
        frames, first_rate, truncation = 0, 0, None
        try:
            for first_rate, block in _at_first_rate(blocks, label):
                frames += len(block)
                if on_read is not None:
                    on_read(min(1.0, share(frames)))
                if max_seconds is not None and frames > max_seconds * first_rate:
                    raise AudioLengthError(
                        f"{label} is too long: expected at most {max_seconds:g} s, got more; "
                        "cut it into shorter pieces."
                    )
                clipping.push(block)
                yield label, first_rate, block
        except TruncatedAudioError as error:
            truncation = error
        except AudioError as error:
            error.notes = tuple(notes)
            raise
        said = [*notes, *filter(None, [clipping.note])]
        if on_note is not None:
            for note in said:
                on_note(note)
        if truncation is not None:
            truncation.notes = tuple(said)
            raise truncation
        seconds = frames / first_rate if first_rate else 0.0
        if seconds < MIN_SECONDS:
            raise AudioLengthError(
                f"{label} is too short: expected at least {MIN_SECONDS} s, got {seconds:.3f} s; "
                "record a little longer."
            )


def _at_first_rate(
    blocks: Iterator[tuple[int, np.ndarray]], label: str
) -> Generator[tuple[int, np.ndarray]]:
    """Bring what has another sample rate than the recording began with to that one.

    Files that were joined may differ in it. A truncation is raised after everything readable.
    """
    first_rate, truncation = 0, None
    former = (0, 0)  # rate and channels of what is being resampled
    resampler = None
    try:
        for rate, block in blocks:
            form = (require_rate(rate, label), block.shape[1])
            first_rate = first_rate or rate
            if resampler is not None and form != former:
                yield first_rate, resampler.finish()
                resampler = None
            if rate == first_rate:
                yield rate, block
                continue
            if resampler is None:
                resampler = Resampler(rate, first_rate, channels=block.shape[1])
            former = form
            yield first_rate, resampler.push(block)
    except TruncatedAudioError as error:
        truncation = error
    if resampler is not None:
        yield first_rate, resampler.finish()
    if truncation is not None:
        raise truncation


@contextlib.contextmanager
def _open_audio(
    audio: AudioInput,
) -> Iterator[tuple[str, Generator[tuple[int, np.ndarray]], Callable[[int], float], list[str]]]:
    """Open a recording.

    Yields:
        Its name for messages; its (sample rate, block) pairs; what turns the frames so far into the
        share of the recording that has been read; and the notes on it, once all has been decoded.
    """
    audio = plain_audio(audio)
    if isinstance(audio, tuple):
        yield "The audio", array_blocks(audio), lambda frames: frames / max(audio[1].shape), []
    elif isinstance(audio, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(
        audio, "read"
    ):
        with AudioSource(audio) as source, contextlib.closing(decode(source)) as blocks:
            yield source.label, blocks, lambda _: source.tell() / source.size, source.notes
    else:
        raise AudioContentError(
            "The audio is of a wrong type: expected a path, bytes, a binary file object, "
            f"(sample_rate, array) or a dict, got {type(audio).__name__}; pass one of these, one "
            "recording at a time."
        )
