"""Samples as numbers: any integer or float array to float32, checked on the way."""

from collections.abc import Generator
from typing import Any

import numpy as np

from ser_core.errors import AudioContentError, AudioFormatError

MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 8_000, 192_000  # Hz, of what is read
# Frames x channels decoded at a time. Larger blocks are slower (3 s of 48 kHz mono: 1.5 ms at
# 2**15, 2.6 ms at 2**18), because each one is fresh memory that has to be mapped in.
BLOCK_SAMPLES = 2**15

# An axis this short cannot be time: at 8 kHz it would last 8 ms, less than any recording may.
_MAX_LEADING_CHANNELS = 64


def as_float32(samples: np.ndarray) -> np.ndarray:
    """Scale integer samples by their type's range, as libsndfile does; floats stay as they are.

    Args:
        samples: int8, int16, int32, uint8 or floating, any shape.

    Returns:
        float32, the same shape; may share memory with `samples`.

    Raises:
        TypeError: any other dtype.

    >>> as_float32(np.array([-32768, 16384], dtype=np.int16)).tolist()
    [-1.0, 0.5]
    """
    if samples.dtype == np.float32:
        return samples
    kind, size = samples.dtype.kind, samples.dtype.itemsize
    if kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return samples.astype(np.float32)
    if kind == "i" and size in (1, 2, 4):
        return samples.astype(np.float32) * np.float32(2.0 ** (1 - 8 * size))
    if kind == "u" and size == 1:
        return (samples.astype(np.float32) - np.float32(128)) * np.float32(2.0**-7)
    raise TypeError(f"no audio scale for samples of type {samples.dtype}")


def array_blocks(pair: tuple[int, np.ndarray]) -> Generator[tuple[int, np.ndarray]]:
    """Cut an array as the decoders cut a file.

    Args:
        pair: (sample rate [Hz], array of shape (n,), (n, channels) or (channels, n)).

    Yields:
        (sample rate [Hz], float32 array [shape=(frames, channels)]).

    Raises:
        AudioContentError: it is not such a pair.
    """
    rate, array = _require_pair(pair)
    if array.ndim == 1:
        array = array[:, np.newaxis]  # (n, 1)
    elif array.shape[0] <= _MAX_LEADING_CHANNELS and array.shape[0] < array.shape[1]:
        array = array.T  # (channels, n) -> (n, channels)
    length = max(1, BLOCK_SAMPLES // array.shape[1])
    for start in range(0, len(array), length):
        yield rate, as_float32(array[start : start + length])


def require_rate(rate: int, label: str) -> int:
    """Return a recording's sample rate [Hz]; raises AudioFormatError where it is out of range."""
    if not MIN_SAMPLE_RATE <= rate <= MAX_SAMPLE_RATE:
        raise AudioFormatError(
            f"{label} has a sample rate of {rate} Hz: expected {MIN_SAMPLE_RATE} to "
            f"{MAX_SAMPLE_RATE} Hz; record or convert it at a rate in between."
        )
    return rate


def _require_pair(pair: tuple[Any, ...]) -> tuple[int, np.ndarray]:
    """Return rate and array; raises AudioContentError unless they are what is expected."""
    expected = "expected (sample_rate, array) with an array of shape (n,) or (n, channels)"
    if len(pair) != 2 or not isinstance(pair[1], np.ndarray):
        kinds = ", ".join(type(part).__name__ for part in pair)
        swapped = len(pair) == 2 and getattr(pair[0], "ndim", 0) > 0
        advice = "; swap the two, as soundfile and librosa give them" if swapped else ""
        raise AudioContentError(f"The audio is no array: {expected}, got ({kinds}){advice}.")
    rate, array = pair
    if isinstance(rate, (bool, np.bool_)) or not isinstance(rate, (int, np.integer)):
        raise AudioContentError(
            f"The sample rate is no whole number: {expected}, got {rate!r}; give it in Hz."
        )
    if array.ndim not in (1, 2) or array.size == 0:
        raise AudioContentError(
            f"The array is not audio: {expected}, got shape {array.shape}; pass one recording."
        )
    try:
        as_float32(array[:0])
    except TypeError as error:
        raise AudioContentError(
            "The array is of a wrong type: expected int8, int16, int32, uint8 or floating, "
            f"got {array.dtype}; convert it to float between -1 and 1."
        ) from error
    return int(rate), array


def find_runs(marks: np.ndarray) -> np.ndarray:
    """Find runs of marks.

    Args:
        marks: bool [shape=(n,)].

    Returns:
        int [shape=(runs, 2)], where each begins and ends: [first, end).

    >>> find_runs(np.array([True, False, True, True])).tolist()
    [[0, 1], [2, 4]]
    """
    return np.flatnonzero(np.diff(marks, prepend=False, append=False)).reshape(-1, 2)
