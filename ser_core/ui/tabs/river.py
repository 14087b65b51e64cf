"""The probabilities of all emotions along a recording, as areas one above the other.

What is drawn are the smoothed probabilities that the segments come from: each window's pooled with
those of all windows that reach over its middle. In the gaps nobody speaks.
"""

import json
from collections.abc import Sequence

import numpy as np

from ...timeline.smoothing import smooth
from ...timeline.timeline import EmotionTimeline
from ..look import text
from ..look.markup import Markup, fill, join, say_label, tint

WIDTH, HEIGHT = 10_000, 100  # of the drawing, in its own units
MOST_POINTS = 1_500  # along time: one for each window of an hour, which may be zoomed


def draw_river(timeline: EmotionTimeline) -> Markup:
    """Draw a timeline's probabilities; nothing where each channel has a timeline of its own.

    Args:
        timeline: EmotionTimeline.

    Returns:
        Markup; its data-river holds the times [s] and the probabilities in percent, for a pointer.
    """
    if timeline.channel_names or not timeline.segments:
        return Markup("")
    times, shares = sample_shares(timeline)
    tops = np.concatenate([np.zeros((len(times), 1)), np.cumsum(shares, axis=1)], axis=1)
    areas = join(
        fill(
            '<path style="{tint}" d="{outline}"></path>',
            tint=tint(label),
            outline=" ".join(
                _outline(stretch, times, tops[:, row], tops[:, row + 1], timeline.duration)
                for stretch in timeline.speech
            ),
        )
        for row, label in enumerate(timeline.labels)
    )
    percents = np.round(100 * shares).astype(int).tolist()
    points = [[round(float(time), 2), row] for time, row in zip(times, percents, strict=True)]
    return fill(
        '<div class="ser-river" data-river="{points}" data-labels="{labels}" '
        'data-speech="{speech}" data-silence="{silence}">'
        '<div class="ser-window"><svg class="ser-time" viewBox="0 0 {width} {height}" '
        'preserveAspectRatio="none" aria-hidden="true">{areas}</svg></div>'
        '<p class="ser-small ser-here" aria-hidden="true">&nbsp;</p></div>',
        points=json.dumps(points, separators=(",", ":")),
        labels=json.dumps([say_label(label) for label in timeline.labels]),
        speech=json.dumps(timeline.speech),
        silence=text.LIVE_NO_SPEECH_TITLE,
        width=WIDTH,
        height=HEIGHT,
        areas=areas,
    )


def sample_shares(timeline: EmotionTimeline) -> tuple[np.ndarray, np.ndarray]:
    """Give the smoothed probabilities at the windows' middles.

    Args:
        timeline: EmotionTimeline with segments, of one mix of channels.

    Returns:
        float64 arrays of shape (n,), times [s], and (n, classes), whose rows sum to 1.
    """
    answered = ~np.isnan(timeline.answers[:, 0])
    shares = (
        smooth(timeline.answers, timeline.bounds)
        if timeline.smoothing == "overlap"
        else (timeline.answers)
    )
    times, shares = timeline.bounds[answered, :2].mean(axis=1), shares[answered]
    step = -(-len(times) // MOST_POINTS)
    chosen = shares[::step]
    return times[::step], chosen / chosen.sum(axis=1, keepdims=True)


def _outline(
    stretch: Sequence[float],
    times: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    duration: float,
) -> str:
    start, end = stretch
    inside = times[(times > start) & (times < end)]
    moments = np.concatenate([[start], inside, [end]])
    x = WIDTH * moments / duration
    floor, top = (HEIGHT * (1.0 - np.interp(moments, times, edge)) for edge in (low, high))
    there = [f"{a:.1f} {b:.1f}" for a, b in zip(x, top, strict=True)]
    back = [f"{a:.1f} {b:.1f}" for a, b in zip(x[::-1], floor[::-1], strict=True)]
    return f"M{'L'.join([*there, *back])}Z"
