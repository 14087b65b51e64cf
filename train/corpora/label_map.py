"""Labels as people write them, and a map from them to a model's classes: a TOML file.

    drop = ["other", "music"]

    [labels]
    joy = "happy"
    rage = "angry"
    unsure = ""        # dropped, too

Labels are compared without case and without blanks around them, and written in small letters. A
label that a map neither names nor gives is unknown to it.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from ser_core.config.documents import parse_toml
from ser_core.config.schema import Strict, validated
from ser_core.errors import ConfigError

from .clip import CorpusError

LONGEST = 80  # characters of a label
COLUMNS_OF_ANSWERS = ("file", "speaker", "fold", "truth", "distance")  # beside one per label
MARKUP = "|<>`"  # would break the tables that labels stand in


def normalise_label(text: str) -> str:
    """Write a label in small letters, with single blanks inside and none around.

    >>> normalise_label("  Very  HAPPY ")
    'very happy'
    """
    return unicodedata.normalize("NFC", " ".join(text.split())).lower()


def require_label(label: str, where: str) -> None:
    """Raise CorpusError unless a label can be a class' name.

    Args:
        label: normalised.
        where: what has it, for the message.
    """
    fault = None
    if len(label) > LONGEST:
        fault = f"is longer than {LONGEST} characters"
    elif not label.isprintable() or set(label) & set(MARKUP):
        fault = f"has a character that cannot be printed, or one of {' '.join(MARKUP)}"
    elif label in COLUMNS_OF_ANSWERS:
        fault = "is what a column of results is called"
    if fault is not None:
        raise CorpusError(
            f"{where} has the label {label!r:.90}, which {fault}: call it something else with "
            "--label-map."
        )


class _File(Strict):
    """What a label map's file says."""

    drop: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class LabelMap:
    """What becomes of labels.

    Attributes:
        classes: by label, normalised, the class that it becomes; "" where its clips are dropped.
        source: the file, for messages.
    """

    classes: Mapping[str, str]
    source: str

    @property
    def targets(self) -> frozenset[str]:
        """The classes that labels become."""
        return frozenset(self.classes.values()) - {""}

    def find(self, label: str) -> str | None:
        """Give the class of a label: "" where it is dropped, None where the map does not know it.

        >>> LabelMap({"joy": "happy"}, "map.toml").find("joy")
        'happy'
        """
        if label in self.classes:
            return self.classes[label]
        return label if label in self.targets else None


def read_label_map(path: Path) -> LabelMap:
    """Read a label map.

    Raises:
        CorpusError: it is not there, not TOML, or maps one label to two classes.
    """
    try:
        content = parse_toml(path.read_bytes(), f"The label map {path}")
    except OSError as error:
        raise CorpusError(
            f"The label map {path} cannot be read ({error.strerror}): give a TOML file with a "
            'section [labels] and lines such as joy = "happy".'
        ) from error
    except ConfigError as error:
        raise CorpusError(str(error)) from error
    try:
        told = validated(_File, content, path.name)
    except ConfigError as error:
        raise CorpusError(
            f"{str(error).rstrip('.')}; a label map has drop = [...] at its top, and a section "
            '[labels] with lines such as joy = "happy".'
        ) from error
    classes: dict[str, str] = {}
    for label, given in [*told.labels.items(), *((label, "") for label in told.drop)]:
        key, target = normalise_label(label), normalise_label(given)
        if classes.setdefault(key, target) != target:
            raise CorpusError(
                f"{path} makes {classes[key] or 'nothing'!r} and {target or 'nothing'!r} of the "
                f"label {key!r}: leave one."
            )
        if target:
            require_label(target, str(path))
    if not classes:
        raise CorpusError(f'{path} maps no label: write a section [labels], as joy = "happy".')
    return LabelMap(classes, str(path))
