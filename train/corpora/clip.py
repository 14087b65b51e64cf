"""What every corpus gives: one row per clip, and facts about the corpus as a whole."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ser_core.config.emotions import LABELS
from ser_core.errors import SpeechEmotionError


class CorpusError(SpeechEmotionError, ValueError):
    """A corpus folder is missing, empty, or holds a name that does not follow its pattern."""


UNKNOWN = "unknown"
"""Gender of a speaker of whom the corpus does not state one, and name of speakers in a corpus that
names others."""

NO_SPEAKER = ""
"""Speaker of every clip of a corpus that names none, so that a voice may be on both sides."""


def order_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Put labels into the order of a model's outputs: RAVDESS' emotions as there, then by name.

    >>> order_labels(["engaged", "sad", "bored", "calm", "sad"])
    ('calm', 'sad', 'bored', 'engaged')
    """
    found = set(labels)
    return (*(label for label in LABELS if label in found), *sorted(found - set(LABELS)))


@dataclass(frozen=True)
class Clip:
    """One recording of one emotion.

    Attributes:
        path: where it is.
        file: its name within the corpus, without a folder, or of one's own recordings its path
            from the corpus' folder; no two clips of a corpus share it.
        corpus: the corpus' name.
        emotion: its label, one of CorpusInfo.labels.
        speaker: the speaker's name within the corpus; NO_SPEAKER in one that names none.
        gender: "female", "male", or UNKNOWN where the corpus does not say.
        statement: which sentence, as the corpus' own code, word or text; None where it says none.
        intensity: how strongly it was acted: "normal" or "strong" (RAVDESS), "low", "medium" or
            "high" (CREMA-D); None where the corpus says nothing, as for RAVDESS' neutral.
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
class Archive:
    """A zip file in which the publisher offers a corpus to everybody.

    Attributes:
        file: its name; it is unpacked into a folder of this name without ".zip".
        url: where it is.
        md5: hexadecimal MD5 digest of its bytes, as the publisher states it.
        size: int > 0, its length [bytes].
    """

    file: str
    url: str
    md5: str
    size: int


@dataclass(frozen=True)
class CorpusInfo:
    """Facts about a corpus.

    Attributes:
        name: short name, as on the command line.
        title: full name.
        language: ISO 639-1 code; "und" where nobody stated it.
        licence: SPDX identifier; LicenseRef-... where the corpus has terms of its own. It decides
            whether audio may be published, see train/corpora/licences.py: terms of its own never
            allow that.
        citation: how to cite it.
        pattern: what its files are called, for error messages.
        labels: which classes it has, in the order that `order_labels` gives.
        homepage: where its publisher describes it.
        access: how to get it, as the end of a sentence.
        hub: id of the data set on the Hub, where its publishers keep one.
        archive: what `corpus download` fetches; None where one has to clone, register or apply.
        same_speakers_as: names of other corpora with the same people under the same names; never
            train on one of them and test on the other without holding these people out.
    """

    name: str
    title: str
    language: str
    licence: str
    citation: str
    pattern: str
    labels: tuple[str, ...]
    homepage: str
    access: str
    hub: str | None = None
    archive: Archive | None = None
    same_speakers_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What a corpus module found in a folder.

    Attributes:
        clips: the rows, in any order.
        dropped: clips left out because their label is none of its classes, by that label.
        second_copies: int, files left out because one of the same name or content was there before.
        notes: sentences on what is not known of them, or was not as it should be.
    """

    clips: Sequence[Clip]
    dropped: Mapping[str, int] = field(default_factory=dict)
    second_copies: int = 0
    notes: Sequence[str] = ()
