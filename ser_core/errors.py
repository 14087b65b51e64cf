"""The error family: one base to catch them all, each member also a built-in kind.

Every message is one sentence a user can act on: what was expected, what came, what to do.
"""


class SpeechEmotionError(Exception):
    """Base of every error this package raises on purpose."""


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

    def __init__(self, message: str, *, readable: float) -> None:
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
    """A recognizer cannot be adapted to a voice, or an adapted one not be given away."""


class AnalysisCancelledError(SpeechEmotionError, RuntimeError):
    """The analysis of a recording was stopped because its caller asked for that."""
