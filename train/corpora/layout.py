"""What says who speaks in one's own recordings and how: columns, folders, patterns, a label map."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ser_core.config.path_patterns import compile_pattern
from ser_core.errors import ArgumentError

from .clip import CorpusError
from .label_map import LabelMap, read_label_map


@dataclass(frozen=True)
class Layout:
    """Where recordings of one's own say what they are.

    Attributes:
        label_columns: columns of a table that may hold the label; the first that is there counts.
        speaker_columns: the same of the speaker.
        label_pattern: searched for in a recording's path from the corpus' folder, with "/" between
            folders; its group `label`, else its first, is the label.
        speaker_pattern: the same of the speaker, with a group `speaker`.
        label_map: what becomes of labels; None where each is a class of its own.
        drop_unknown: whether clips of labels that the map does not know, or that are empty, are
            dropped and counted instead of refused.
    """

    label_columns: tuple[str, ...] = ()
    speaker_columns: tuple[str, ...] = ()
    label_pattern: re.Pattern[str] | None = None
    speaker_pattern: re.Pattern[str] | None = None
    label_map: LabelMap | None = None
    drop_unknown: bool = False

    @classmethod
    def of(
        cls,
        *,
        label_columns: Sequence[str] = (),
        speaker_columns: Sequence[str] = (),
        label_from: str | None = None,
        speaker_from: str | None = None,
        label_map: Path | None = None,
        drop_unknown: bool = False,
    ) -> "Layout":
        """Make a layout of what stands on a command line.

        Raises:
            CorpusError: a pattern is none, or has no group; two options contradict each other; or
                the label map cannot be read.
        """
        for columns, pattern, what in (
            (label_columns, label_from, "label"),
            (speaker_columns, speaker_from, "speaker"),
        ):
            if columns and pattern is not None:
                raise CorpusError(
                    f"--{what}-column and --{what}-from both say what the {what} is: give one."
                )
        return cls(
            tuple(label_columns),
            tuple(speaker_columns),
            _compile(label_from, "label"),
            _compile(speaker_from, "speaker"),
            None if label_map is None else read_label_map(label_map),
            drop_unknown,
        )

    @property
    def is_given(self) -> bool:
        """Whether anything was said at all."""
        return self != Layout()


def _compile(pattern: str | None, group: str) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        return compile_pattern(pattern, f"--{group}-from", group)
    except ArgumentError as error:
        raise CorpusError(str(error)) from error
