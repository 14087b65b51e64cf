"""The forms in which people have recordings, and what of each is read.

A path, bytes, a file object and `(sample_rate, array)` are read as they are. The dicts of
`transformers` pipelines and of `datasets` become one of these, and so do their decoders.
"""

import os
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np

from ser_core.audio.source import UntrustedPath
from ser_core.errors import ArgumentError, AudioContentError

PlainAudio: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | tuple[int, np.ndarray]
AudioInput: TypeAlias = PlainAudio | Mapping[str, Any]

_ARRAYS = ("array", "raw")  # keys of samples
_RATES = ("sampling_rate", "sample_rate")
_NO_NUMBERS = "OUST"  # NumPy's kinds of elements that are objects or text, such as paths
_DICT = '{"array": ..., "sampling_rate": ...}, {"bytes": ...} or {"path": ...}'


def plain_audio(audio: AudioInput) -> PlainAudio:
    """Bring a recording to one of the forms that are read.

    Args:
        audio: as for `ser_core.audio.load_audio`; one that it does not know stays as it is, for its
            reader to say so.

    Returns:
        A path, in which "~" is the home folder unless a file is called so; bytes; a file object;
        or (sample rate [Hz], array), with a whole number where the rate was one.

    Raises:
        AudioContentError: an array without its sample rate, or a dict without a recording.

    >>> plain_audio({"array": np.zeros(3), "sampling_rate": 16_000.0})
    (16000, array([0., 0., 0.]))
    """
    if isinstance(audio, Mapping):
        audio = _from_mapping(audio)
    elif hasattr(audio, "get_all_samples"):  # torchcodec's decoder, which `datasets` gives
        samples = cast(Any, audio).get_all_samples()
        audio = (samples.sample_rate, samples.data)
    if isinstance(audio, tuple):
        return _plain_pair(audio) if len(audio) == 2 else audio
    if isinstance(audio, str | os.PathLike) and not isinstance(audio, UntrustedPath):
        return expand_home(audio)
    if _has_samples(audio):
        raise AudioContentError(
            "The audio is an array alone, which does not say its sample rate: expected "
            f"(sample_rate, array), got {type(audio).__name__}; give both."
        )
    return cast(PlainAudio, audio)


def expand_home(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """Put the home folder in the place of a "~" at a path's start, as a shell does.

    A path that is there under its own name stays as it is, and so does one whose home nobody knows.
    """
    text = os.fspath(path)
    if not isinstance(text, str) or not text.startswith("~") or os.path.lexists(text):
        return path
    return os.path.expanduser(text)


def is_one_recording(value: object) -> bool:
    """Whether a value is one recording in any of its forms, rather than several of them.

    A table's column of paths is several.

    >>> is_one_recording("clip.wav"), is_one_recording(("a.wav", "b.wav"))
    (True, False)
    """
    if isinstance(value, tuple):
        return len(value) == 2 and any(map(_is_array, value))
    return (
        isinstance(value, str | bytes | bytearray | memoryview | os.PathLike | Mapping)
        or _has_samples(value)
        or any(hasattr(value, name) for name in ("read", "get_all_samples"))
    )


def require_several(inputs: Iterable[Any], taker: str, what: str) -> Iterable[Any]:
    """Return several inputs; one alone would be gone through letter by letter, or line by line.

    Args:
        inputs: what was given.
        taker: who takes them, such as "adapt takes".
        what: they are.

    Raises:
        ArgumentError: one was given.
    """
    if is_one_recording(inputs) or not isinstance(inputs, Iterable):
        pair = isinstance(inputs, tuple)
        kind = "(sample_rate, array)" if pair else type(inputs).__name__
        raise ArgumentError(f"{taker} a list of {what}, and got one {kind}: give [it].")
    return inputs


def _from_mapping(audio: Mapping[str, Any]) -> PlainAudio:
    """Take a recording out of a dict; raises AudioContentError where there is none."""
    given = [key for key in (*_ARRAYS, "bytes", "path") if audio.get(key) is not None]
    if not given:
        keys = ", ".join(map(repr, audio)) or "nothing"
        raise AudioContentError(f"The dict holds no recording: expected {_DICT}, got {keys:.80}.")
    value = audio[given[0]]
    if given[0] not in _ARRAYS:
        return cast(PlainAudio, value)
    rates = [audio[key] for key in _RATES if audio.get(key) is not None]
    if not rates:
        raise AudioContentError(
            "The dict has an array and no sampling_rate: expected "
            '{"array": ..., "sampling_rate": ...}; add the rate in Hz.'
        )
    return rates[0], value


def _plain_pair(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    """Bring (rate, array) to a whole number and a NumPy array, where they are that at all."""
    rate, array = pair
    if isinstance(rate, np.ndarray) and rate.ndim == 0:
        rate = rate.item()
    if isinstance(rate, Real) and not isinstance(rate, int) and float(rate).is_integer():
        rate = int(float(rate))
    if _is_array(array) and type(array) is not np.ndarray:  # its subclasses calculate otherwise
        try:
            array = np.asarray(array)
        except (TypeError, ValueError, RuntimeError) as error:  # of a tensor on another device
            raise AudioContentError(
                f"The array cannot be read here: expected a NumPy array, got "
                f"{type(array).__name__}; convert it, as with .detach().cpu().numpy()."
            ) from error
    return rate, array


def _is_array(value: object) -> bool:
    """Whether it is an array of any library, of one dimension at least."""
    return hasattr(value, "__array__") and getattr(value, "ndim", 0) > 0


def _has_samples(value: object) -> bool:
    """Whether it is such an array, and not a column of paths or of other recordings."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    return _is_array(value) and not (isinstance(kind, str) and kind in _NO_NUMBERS)
