"""Praat's TextGrid: a tier for each kind of thing that is said, its gaps as empty intervals.

Source: https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .intervals import Interval, decimal_seconds, make_tiers, total_milliseconds

if TYPE_CHECKING:
    from ..timeline import EmotionTimeline

HEADER = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n'


def textgrid_text(timeline: "EmotionTimeline", *, short: bool = False) -> str:
    """Write a timeline as a TextGrid.

    Args:
        timeline: EmotionTimeline.
        short: whether the values alone are written, without their names; Praat reads both.
    """
    end = total_milliseconds(timeline)
    tiers = [(tier.name, cover(tier.intervals, end)) for tier in make_tiers(timeline)]
    lines = _short_lines(tiers, end) if short else _long_lines(tiers, end)
    return HEADER + "".join(f"{line}\n" for line in lines)


def cover(intervals: Sequence[Interval], end: int) -> list[Interval]:
    """Fill the gaps with empty intervals, so that all time until `end` [ms] is covered.

    >>> [(one.start, one.end, one.text) for one in cover([Interval(5, 9, "sad")], 10)]
    [(0, 5, ''), (5, 9, 'sad'), (9, 10, '')]
    """
    covered = []
    last = 0
    for interval in intervals:
        if interval.start > last:
            covered.append(Interval(last, interval.start, ""))
        covered.append(interval)
        last = interval.end
    if end > last:
        covered.append(Interval(last, end, ""))
    return covered


def _long_lines(tiers: Sequence[tuple[str, list[Interval]]], end: int) -> Iterator[str]:
    yield from ("xmin = 0", f"xmax = {decimal_seconds(end)}", "tiers? <exists>")
    yield from (f"size = {len(tiers)}", "item []:")
    for number, (name, intervals) in enumerate(tiers, start=1):
        yield f"    item [{number}]:"
        yield '        class = "IntervalTier"'
        yield f"        name = {_quote(name)}"
        yield "        xmin = 0"
        yield f"        xmax = {decimal_seconds(end)}"
        yield f"        intervals: size = {len(intervals)}"
        for index, interval in enumerate(intervals, start=1):
            yield f"        intervals [{index}]:"
            yield f"            xmin = {decimal_seconds(interval.start)}"
            yield f"            xmax = {decimal_seconds(interval.end)}"
            yield f"            text = {_quote(interval.text)}"


def _short_lines(tiers: Sequence[tuple[str, list[Interval]]], end: int) -> Iterator[str]:
    yield from ("0", decimal_seconds(end), "<exists>", str(len(tiers)))
    for name, intervals in tiers:
        yield from ('"IntervalTier"', _quote(name), "0", decimal_seconds(end), str(len(intervals)))
        for interval in intervals:
            yield from (decimal_seconds(interval.start), decimal_seconds(interval.end))
            yield _quote(interval.text)


def _quote(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
