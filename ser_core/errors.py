"""The error family: one base to catch them all, each member also a built-in kind.

Every message is one sentence a user can act on: what was expected, what came, what to do. All of
them pickle and copy: one with attributes of its own takes them by name, with a default.
"""

import math
from numbers import Integral, Real


class SpeechEmotionError(Exception):
    """Base of every error this package raises on purpose."""


class ArgumentError(SpeechEmotionError, ValueError):
    """An argument of a call is of a wrong type, out of range, or contradicts another."""


class AudioError(SpeechEmotionError, ValueError):
    """The audio cannot be used: the base of everything that can be wrong with an input."""


class AudioFileError(AudioError, OSError):
    """The file cannot be opened: missing, a directory, or not readable."""


class AudioFormatError(AudioError):
    """The bytes are empty, are no audio, or are in a form no decoder here reads."""


class TruncatedAudioError(AudioError):
    """The recording is cut off before its end.

    Attributes:
        readable: float, seconds of audio that could be decoded.
    """

    def __init__(self, message: str, *, readable: float = 0.0) -> None:
        super().__init__(message)
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
