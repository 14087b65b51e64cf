"""A segment or a turn a line: CSV for tables, Audacity's labels, and RTTM, which says who speaks.

Sources: label files, https://manual.audacityteam.org/man/importing_and_exporting_labels.html;
RTTM, appendix A of NIST's Rich Transcription 2009 evaluation plan.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from .intervals import decimal_seconds, find_channel, one_line, place_segments, place_turns

if TYPE_CHECKING:
    from ..timeline import EmotionTimeline

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what begins one, in one spreadsheet or another


def csv_text(
    columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, for_spreadsheets: bool = False
) -> str:
    """Write rows as CSV below a line of the columns' names.

    Args:
        columns: names.
        rows: each has a value for every name.
        for_spreadsheets: whether text that a spreadsheet would take for a formula begins with an
            apostrophe.

    >>> csv_text(["start", "label"], [{"start": 0.5, "label": "sad"}])
    'start,label\\n0.5,sad\\n'
    >>> csv_text(["label"], [{"label": "=1+1"}, {"label": "-1"}], for_spreadsheets=True)
    "label\\n'=1+1\\n-1\\n"
    """

    guard = no_formula if for_spreadsheets else _as_it_is
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(guard, columns))
    writer.writerows([guard(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def _as_it_is(cell: Any) -> Any:
    return cell


def is_formula(cell: object) -> bool:
    """Whether a spreadsheet would make something else of a cell, as of no number or sign alone.

    >>> is_formula("=1+1"), is_formula("-1")
    (True, False)
    """
    if not isinstance(cell, str) or len(cell) < 2 or not cell.startswith(_FORMULA):
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False


def no_formula(cell: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would compute."""
    return f"'{cell}" if is_formula(cell) else cell


def audacity_text(timeline: "EmotionTimeline") -> str:
    """Write segments as labels for Audacity: start and end [s], who speaks and the emotion."""
    lines = []
    for placed in place_segments(timeline):
        segment = placed.segment
        speaker = f"{one_line(segment.speaker)}: " if segment.speaker else ""
        doubt = "perhaps " if segment.status == "uncertain" else ""
        times = "\t".join(decimal_seconds(time, 6) for time in (placed.start, placed.end))
        lines.append(f"{times}\t{speaker}{doubt}{one_line(segment.label)}\n")
    return "".join(lines)


def rttm_text(timeline: "EmotionTimeline", recording: str | None) -> str:
    """Write turns as RTTM's SPEAKER lines: file, channel (from 1), start and length [s], speaker.

    Spaces divide columns, so names have underscores in their place.

    Args:
        timeline: EmotionTimeline with turns.
        recording: str, path of the recording, whose name without its ending is the file's; None
            for "recording".
    """
    name = _column(PurePosixPath(recording or "").stem) or "recording"
    return "".join(
        f"SPEAKER {name} {find_channel(timeline, turn.text) + 1} {decimal_seconds(turn.start)} "
        f"{decimal_seconds(turn.end - turn.start)} <NA> <NA> {_column(turn.text)} <NA> <NA>\n"
        for turn in place_turns(timeline)
    )


def _column(text: str) -> str:
    return one_line(text).replace(" ", "_")
