"""Segments as text that other programs read: CSV, and subtitles that a player shows."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..results import EmotionSegment


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Write rows as CSV below a line of the columns' names.

    >>> csv_text(["start", "label"], [{"start": 0.5, "label": "sad"}])
    'start,label\\n0.5,sad\\n'
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def webvtt_text(segments: Iterable[EmotionSegment]) -> str:
    """Write segments as WebVTT subtitles; where it is known who speaks, in that voice ("<v A>").

    Source: WebVTT, https://www.w3.org/TR/webvtt1/.
    """
    return "\n\n".join(["WEBVTT", *_cues(segments, ".", "<v {}>")]) + "\n"


def srt_text(segments: Iterable[EmotionSegment]) -> str:
    """Write segments as SubRip subtitles."""
    numbered = enumerate(_cues(segments, ",", "{}: "), start=1)
    return "\n\n".join(f"{number}\n{cue}" for number, cue in numbered) + "\n"


def _cues(segments: Iterable[EmotionSegment], point: str, voice: str) -> list[str]:
    cues = []
    for segment in segments:
        doubt = "perhaps " if segment.status == "uncertain" else ""
        speaker = voice.format(segment.speaker) if segment.speaker else ""
        times = f"{clock(segment.start, point)} --> {clock(segment.end, point)}"
        cues.append(f"{times}\n{speaker}{doubt}{segment.label} {100 * segment.confidence:.0f} %")
    return cues


def clock(seconds: float, point: str = ".") -> str:
    """Write a time as subtitles do.

    >>> clock(3723.5)
    '01:02:03.500'
    """
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"
