"""A timeline's segments and turns in whole milliseconds: the one place where times are rounded.

So borders are the same in every format. Intervals of one speaker neither overlap nor are empty.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from ...results import EmotionSegment, SpeakerTurn

if TYPE_CHECKING:
    from ..timeline import EmotionTimeline

Stretch = TypeVar("Stretch", EmotionSegment, SpeakerTurn)
TierKind = Literal["emotion", "confidence", "intensity", "status", "notes"]


@dataclass(frozen=True)
class PlacedSegment:
    """A segment and its times.

    Attributes:
        start, end: int [ms], end > start.
        segment: EmotionSegment.
    """

    start: int
    end: int
    segment: EmotionSegment


@dataclass(frozen=True)
class Interval:
    """A stretch of a tier, with what is written there.

    Attributes:
        start, end: int [ms], end > start.
        text: str of one line.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Tier:
    """What is said of one speaker, or of the recording where nobody is named.

    Attributes:
        kind: what its texts are: "emotion", "confidence" (0 to 1), "intensity" (0 to 1), "status"
            ("uncertain"), or "notes", of the recording.
        speaker: str, or None.
        intervals: in order of time.
    """

    kind: TierKind
    speaker: str | None
    intervals: tuple[Interval, ...]

    @property
    def name(self) -> str:
        """What annotators see: its kind, and whose it is."""
        return f"{self.kind} {one_line(self.speaker)}" if self.speaker else self.kind


def milliseconds(seconds: float) -> int:
    """Round a time [s] to whole milliseconds.

    >>> milliseconds(1.2345678)
    1235
    """
    return round(1000 * seconds)


def decimal_seconds(time: int, places: int = 3) -> str:
    """Write a time [ms] in seconds, with a decimal point.

    >>> decimal_seconds(61_005), decimal_seconds(61_005, 6)
    ('61.005', '61.005000')
    """
    return f"{time // 1000}.{time % 1000:03d}".ljust(len(f"{time // 1000}.") + places, "0")


def one_line(text: str) -> str:
    r"""Put a text on one line, without what is not printable.

    >>> one_line(" so\tso,\n or  \x00 so ")
    'so so, or so'
    """
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def place_segments(timeline: "EmotionTimeline") -> list[PlacedSegment]:
    """Give all segments with their times, in order of these."""
    return [PlacedSegment(*placed) for placed in _place(timeline.segments)]


def place_turns(timeline: "EmotionTimeline") -> list[Interval]:
    """Give who speaks when, in order of time; empty where nobody asked."""
    return [Interval(start, end, turn.speaker) for start, end, turn in _place(timeline.turns or ())]


def _place(stretches: Iterable[Stretch]) -> list[tuple[int, int, Stretch]]:
    """Give stretches with start and end [ms], in order; those of one speaker do not overlap."""
    placed = []
    ends: dict[str | None, int] = {}  # by speaker, of the stretch before
    for one in sorted(stretches, key=lambda one: (one.start, one.end)):
        start, end = max(milliseconds(one.start), ends.get(one.speaker, 0)), milliseconds(one.end)
        if end > start:
            ends[one.speaker] = end
            placed.append((start, end, one))
    return sorted(placed, key=lambda one: one[:2])


def total_milliseconds(timeline: "EmotionTimeline") -> int:
    """How long a recording is [ms]: as long as its timeline says, and until its last segment ends.

    Returns:
        int > 0.
    """
    ends = [segment.end for segment in timeline.segments]
    return max(1, *map(milliseconds, [timeline.duration, *ends]))


def name_speakers(timeline: "EmotionTimeline") -> list[str]:
    """Name the speakers, in order; empty where nobody asked."""
    named = timeline.channel_names or sorted({turn.speaker for turn in timeline.turns or ()})
    others = {segment.speaker for segment in timeline.segments if segment.speaker} - {*named}
    return [*named, *sorted(others)]


def find_channel(timeline: "EmotionTimeline", speaker: str | None) -> int:
    """Count from 0 the channel that a speaker is on; 0 where the channels were mixed."""
    names: Sequence[str | None] = timeline.channel_names
    return names.index(speaker) if speaker in names else 0


def make_tiers(timeline: "EmotionTimeline") -> list[Tier]:
    """Lay a timeline out in tiers: for each speaker emotions, confidences and what else is known.

    Intensities have a tier where the model says any, the status where any is "uncertain", and notes
    where there are any. The emotion alone has an interval for every segment.
    """
    placed = place_segments(timeline)
    speakers: Sequence[str | None] = name_speakers(timeline) or [None]
    if any(one.segment.speaker is None for one in placed) and None not in speakers:
        speakers = [*speakers, None]
    tiers = []
    for speaker in speakers:
        own = [one for one in placed if one.segment.speaker == speaker]
        tiers += [Tier(kind, speaker, tuple(_fill(kind, own))) for kind in _kinds(timeline)]
    notes = one_line(" ".join(timeline.notes))
    if notes:
        whole = Interval(0, total_milliseconds(timeline), notes)
        tiers.append(Tier("notes", None, (whole,)))
    return tiers


def _kinds(timeline: "EmotionTimeline") -> list[TierKind]:
    kinds: list[TierKind] = ["emotion", "confidence"]
    if any(segment.intensity is not None for segment in timeline.segments):
        kinds.append("intensity")
    if any(segment.status == "uncertain" for segment in timeline.segments):
        kinds.append("status")
    return kinds


def _fill(kind: TierKind, placed: Iterable[PlacedSegment]) -> Iterable[Interval]:
    for one in placed:
        text = _say(kind, one.segment)
        if text:
            yield Interval(one.start, one.end, text)


def _say(kind: TierKind, segment: EmotionSegment) -> str:
    if kind == "emotion":
        return one_line(segment.label)
    if kind == "confidence":
        return f"{segment.confidence:.2f}"
    if kind == "intensity":
        return "" if segment.intensity is None else f"{segment.intensity:.2f}"
    return "uncertain" if segment.status == "uncertain" else ""
