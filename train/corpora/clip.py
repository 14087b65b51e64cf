"""What every corpus gives: one row per clip, and facts about the corpus as a whole."""

from dataclasses import dataclass
from pathlib import Path

from ser_core.errors import SpeechEmotionError


class CorpusError(SpeechEmotionError, ValueError):
    """A corpus folder is missing, empty, or holds a name that does not follow its pattern."""


@dataclass(frozen=True)
class Clip:
    """One recording of one acted emotion.

    Attributes:
        path: where it is.
        file: its name within the corpus, without a folder.
        corpus: the corpus' name.
        emotion: one of ser_core.emotions.LABELS.
        speaker: the speaker's name within the corpus.
        gender: "female" or "male".
        statement: which sentence, where the corpus says it.
        intensity: "normal" or "strong", where the corpus says it.
    """

    path: Path
    file: str
    corpus: str
    emotion: str
    speaker: str
    gender: str
    statement: str | None = None
    intensity: str | None = None


@dataclass(frozen=True)
class CorpusInfo:
    """Facts about a corpus.

    Attributes:
        name: short name, as on the command line.
        title: full name.
        language: ISO 639-1 code.
        licence: SPDX-like identifier.
        citation: how to cite it.
        pattern: what its files are called, for error messages.
        labels: which of the eight classes it has.
    """

    name: str
    title: str
    language: str
    licence: str
    citation: str
    pattern: str
    labels: tuple[str, ...]
