"""Subtitles that a player shows: the emotion under the recording, nothing where nobody speaks."""

import html
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from ...results import EmotionSegment
from .intervals import PlacedSegment, milliseconds, one_line, place_segments

if TYPE_CHECKING:
    from ..timeline import EmotionTimeline


def webvtt_text(timeline: "EmotionTimeline") -> str:
    """Write segments as WebVTT; where it is known who speaks, in that voice ("<v A>").

    The recording's notes are comments before the first of them.

    Source: WebVTT, https://www.w3.org/TR/webvtt1/.
    """
    notes = [f"NOTE {one_line(note).replace('-->', '->')}" for note in timeline.notes]
    escape = partial(html.escape, quote=False)
    cues = _cues(timeline, ".", lambda speaker: f"<v {escape(speaker)}>", escape)
    return "\n\n".join(["WEBVTT", *notes, *cues]) + "\n"


def srt_text(timeline: "EmotionTimeline") -> str:
    r"""Write segments as SubRip.

    It has no way to write what would be markup ("<b>", "{\an8}"), so other brackets stand for it.
    """
    cues = _cues(timeline, ",", lambda speaker: f"{_bracket(speaker)}: ", _bracket)
    return "\n\n".join(f"{number}\n{cue}" for number, cue in enumerate(cues, start=1)) + "\n"


def list_subtitles(timeline: "EmotionTimeline") -> list[dict[str, Any]]:
    """Give each segment's text and timestamp, (start, end) [s], as Gradio's players take them."""
    return [
        {
            "text": f"{one_line(one.segment.speaker)}: {say_segment(one.segment)}"
            if one.segment.speaker
            else say_segment(one.segment),
            "timestamp": [one.start / 1000, one.end / 1000],
        }
        for one in place_segments(timeline)
    ]


def say_segment(segment: EmotionSegment) -> str:
    """Say what a segment sounds like, in one line.

    >>> say_segment(EmotionSegment(0.0, 1.0, "uncertain", "sad", 0.41, {"sad": 0.41}, 0.7))
    'perhaps sad 41 %, intensity 70 %'
    """
    doubt = "perhaps " if segment.status == "uncertain" else ""
    said = f"{doubt}{one_line(segment.label)} {100 * segment.confidence:.0f} %"
    if segment.intensity is None:
        return said
    return f"{said}, intensity {100 * segment.intensity:.0f} %"


def clock(seconds: float, point: str = ".") -> str:
    """Write a time as subtitles do.

    >>> clock(3723.5)
    '01:02:03.500'
    """
    return _clock(milliseconds(seconds), point)


def _cues(
    timeline: "EmotionTimeline",
    point: str,
    voice: Callable[[str], str],
    escape: Callable[[str], str],
) -> Iterable[str]:
    for placed in place_segments(timeline):
        segment = placed.segment
        speaker = voice(one_line(segment.speaker)) if segment.speaker else ""
        yield f"{_times(placed, point)}\n{speaker}{escape(say_segment(segment))}"


def _times(placed: PlacedSegment, point: str) -> str:
    return f"{_clock(placed.start, point)} --> {_clock(placed.end, point)}"


def _clock(time: int, point: str) -> str:
    minutes, rest = divmod(time, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"


def _bracket(text: str) -> str:
    return text.translate(str.maketrans("<>{}", "\u2039\u203a()"))
