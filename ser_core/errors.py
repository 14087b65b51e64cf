"""The error family: one base to catch them all, each member also a built-in kind.

Every message is one sentence a user can act on: what was expected, what came, what to do. All of
them pickle and copy: one with attributes of its own takes them by name, with a default.
"""

import math
import re
from numbers import Integral, Real
from os import PathLike

_LFS_POINTER = re.compile(
    rb"(?:\xef\xbb\xbf)?version https://(?:git-lfs|hawser)\.github\.com/spec/"
)
_LFS_START = 64  # [bytes] in which that stands


class SpeechEmotionError(Exception):
    """Base of every error this package raises on purpose."""


class ArgumentError(SpeechEmotionError, ValueError):
    """An argument of a call is of a wrong type, out of range, or contradicts another."""


class AudioError(SpeechEmotionError, ValueError):
    """The audio cannot be used: the base of everything that can be wrong with an input.

    Attributes:
        notes: sentences on what else is to be said of the recording.
    """

    def __init__(self, *message: object, notes: tuple[str, ...] = ()) -> None:
        super().__init__(*message)
        self.notes = notes


class AudioFileError(AudioError, OSError):
    """The file cannot be opened: missing, a directory, or not readable."""


class AudioFormatError(AudioError):
    """The bytes are empty, are no audio, or are in a form no decoder here reads."""


class TruncatedAudioError(AudioError):
    """The recording is cut off before its end.

    Attributes:
        readable: float, seconds of audio that could be decoded.
    """

    def __init__(self, message: str, *, readable: float = 0.0, notes: tuple[str, ...] = ()) -> None:
        super().__init__(message, notes=notes)
        self.readable = readable


class AudioContentError(AudioError):
    """The samples are not finite numbers, or the array is not audio at all."""


class AudioLengthError(AudioError):
    """The recording is shorter or longer than what is accepted."""


class ConfigError(SpeechEmotionError, ValueError):
    """A configuration (feature config, recipe, environment variable) is not valid."""


class ModelError(SpeechEmotionError, ValueError):
    """A model repository is incomplete, contradicts itself, or cannot be run."""


class ModelNotFoundError(ModelError, OSError):
    """A model repository, a revision, or a file in it is not there or cannot be reached."""


class EmbeddingError(SpeechEmotionError, ValueError):
    """A recording has no embedding, as nobody speaks in it."""


class TeachingError(SpeechEmotionError, ValueError):
    """A recognizer cannot be taught labels from these clips."""


class AdaptationError(SpeechEmotionError, ValueError):
    """A recognizer cannot be adapted to a voice, or one that is adapted may not be given away."""


class AnalysisCancelledError(SpeechEmotionError, RuntimeError):
    """The analysis of a recording was stopped at its caller's request."""


class BatchError(SpeechEmotionError, ValueError):
    """A run over an archive cannot start, go on or be written."""


class ExportError(SpeechEmotionError, ValueError):
    """A timeline cannot be written in the form that was asked for."""


def check_number(
    name: str,
    value: object,
    *,
    least: float = -math.inf,
    most: float = math.inf,
    above: float = -math.inf,
    unit: str = "",
    whole: bool = False,
) -> None:
    """Check an argument that is a finite number.

    Args:
        name: of the argument.
        value: what was given.
        least: the smallest value it may have.
        most: the largest value it may have.
        above: what it must be larger than.
        unit: of the range, such as "s".
        whole: whether it must be a whole number.

    Raises:
        ArgumentError: it is something else; the message names the argument, the range and the
            value.

    >>> check_number("hop", 0.5, least=0.05, most=60, unit="s")
    """
    kind = Integral if whole else Real
    fits = isinstance(value, kind) and not isinstance(value, bool) and math.isfinite(value)
    if fits and least <= value <= most and value > above:  # type: ignore[operator]  # a number
        return
    noun = "whole number" if whole else "number"
    ending = f" {unit}" if unit else ""
    if least > -math.inf and most < math.inf:
        wanted = f"a {noun} from {least:g} to {most:g}{ending}"
    elif least > -math.inf:
        wanted = f"at least {least:g}{ending}"
    elif above == 0:
        wanted = f"a positive {noun}"
    else:
        wanted = f"a finite {noun}"
    raise ArgumentError(f"{name} must be {wanted}, got {value!r:.60}.")


def refuse_lfs_pointer(content: bytes, name: str, kind: type[SpeechEmotionError]) -> None:
    """Raise where a file's content is that of a Git LFS pointer.

    Who clones a repository without Git LFS, or downloads it as a ZIP from some hosts, has three
    lines of text under the names of recordings and weights.

    Args:
        content: the file's first 64 bytes at least; of a shorter one, all.
        name: what to call the file in the error.
        kind: class of the error.

    Raises:
        SpeechEmotionError: of that kind, with what to do about it.

    Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md

    >>> refuse_lfs_pointer(b"RIFF", "clip.wav", SpeechEmotionError)
    """
    if _LFS_POINTER.match(content):
        raise kind(
            f"{name} is a Git LFS pointer, not the file itself: run `git lfs pull` in its "
            "repository, or download the file by itself."
        )


def refuse_lfs_pointer_file(
    path: str | PathLike[str], name: str, kind: type[SpeechEmotionError]
) -> None:
    """Raise where a file is a Git LFS pointer; as `refuse_lfs_pointer` does for its content.

    Args:
        path: of the file; one that is not there or cannot be read is left to who reads it.
        name: what to call the file in the error.
        kind: class of the error.

    Raises:
        SpeechEmotionError: of that kind.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(_LFS_START)
    except OSError:
        return
    refuse_lfs_pointer(start, name, kind)
