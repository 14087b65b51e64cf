"""Stretches of time: joined where they overlap, and shared out between labels."""

from collections.abc import Iterable, Mapping, Sequence

from ..results import EmotionSegment


def unite(stretches: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Join stretches of time that overlap or touch, in order.

    >>> unite([(2.0, 3.0), (0.0, 1.0), (2.5, 4.0)])
    [(0.0, 1.0), (2.0, 4.0)]
    """
    joined: list[tuple[float, float]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def time_shares(segments: Sequence[EmotionSegment], labels: Sequence[str]) -> Mapping[str, float]:
    """Give each label its share of the segments' time, sum 1; all 0 where there is no segment."""
    seconds = dict.fromkeys(labels, 0.0)
    for segment in segments:
        seconds[segment.label] += segment.end - segment.start
    total = sum(seconds.values())
    return {label: own / total if total else 0.0 for label, own in seconds.items()}
