"""A picture of the moments an answer rests on: the waveform, and under it a bar for each moment.

Drawn as SVG without text, so that it may be stretched to any width; what it shows is said in words
above it and in its label.
"""

from collections.abc import Sequence

import numpy as np

from ...timeline.occlusion import Explanation, MomentSaliency
from ..look import text
from ..look.markup import OTHER, Markup, colour, fill, join
from ..page import Samples

WIDTH, HEIGHT = 600, 130  # of the drawing, in its own units
WAVE, REACH = 36, 34  # the waveform's middle, and how far it goes to either side
BASE, TALLEST = 112, 34  # the line that bars stand on, and the height of the tallest
COLUMNS = 150  # of the waveform
STEPS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)  # [s] between the times under it
MOST_TIMES = 7
NEARLY = 0.8  # of the strongest drop: neighbours with that much are one stretch with it


def draw_moments(found: Explanation, samples: Samples) -> Markup:
    """Draw how much each moment counts for the answer.

    Args:
        found: Explanation, with a label.
        samples: float32 array of shape (n,), the recording.

    Returns:
        Markup.
    """
    ticks = join(
        fill(
            '<span style="left:{left}%">{words}</span>',
            left=f"{100 * time / found.duration:.2f}",
            words=words,
        )
        for time, words in ticks_of(found.duration)
    )
    return fill(
        '<section class="ser-section ser-moments" style="--emotion:{colour}"><h2>{title}</h2>'
        '<p class="ser-text">{sentence}</p><div class="ser-picture">'
        '<svg role="img" aria-label="{summary}" viewBox="0 0 {width} {height}" '
        'preserveAspectRatio="none">{speech}{wave}{bars}</svg>'
        '<div class="ser-times" aria-hidden="true">{ticks}</div></div>'
        '<p class="ser-small">{note}</p></section>',
        colour=colour(found.label or OTHER),
        title=text.MOMENTS,
        sentence=in_words(found),
        summary=summary(found),
        width=WIDTH,
        height=HEIGHT,
        speech=_speech(found),
        wave=_wave(samples),
        bars=_bars(found),
        ticks=ticks,
        note=text.MOMENTS_NOTE,
    )


def ticks_of(duration: float) -> list[tuple[float, str]]:
    """Choose round times to write under a recording.

    >>> [words for _, words in ticks_of(2.2)]
    ['0 s', '0.5 s', '1 s', '1.5 s', '2 s']
    """
    step = next((step for step in STEPS if duration / step < MOST_TIMES - 1), STEPS[-1])
    times = [k * step for k in range(int(duration / step) + 1)]
    return [(time, text.SECONDS.format(seconds=time)) for time in times]


def in_words(found: Explanation) -> str:
    """Say which stretch counts most for the answer."""
    stretch = strongest_stretch(found)
    if stretch is None:
        return text.MOMENTS_NONE.format(label=found.label)
    return text.MOMENTS_STRONGEST.format(label=found.label, time=_span(*stretch))


def summary(found: Explanation) -> str:
    """Say what the picture shows, for those who do not see it."""
    stretch = strongest_stretch(found)
    time = text.MOMENTS_NO_MOMENT if stretch is None else _span(*stretch)
    return text.MOMENTS_SUMMARY.format(time=time)


def strongest_stretch(found: Explanation) -> tuple[float, float] | None:
    """The strongest moment with its neighbours that count nearly as much [s], if there is one."""
    best = found.strongest
    if best is None:
        return None
    first = last = found.moments.index(best)
    high = [moment.drop >= NEARLY * best.drop for moment in found.moments]
    while first > 0 and high[first - 1]:
        first -= 1
    while last + 1 < len(high) and high[last + 1]:
        last += 1
    return found.moments[first].start, found.moments[last].end


def _span(start: float, end: float) -> str:
    return text.MOMENTS_SPAN.format(start=start, end=end)


def _place(seconds: float, found: Explanation) -> float:
    return WIDTH * min(max(seconds / found.duration, 0.0), 1.0)


def _speech(found: Explanation) -> Markup:
    return join(
        _box("ser-spoken", _place(start, found), _place(end, found), 0, BASE - TALLEST - 4)
        for start, end in found.speech
    )


def _wave(samples: Samples) -> Markup:
    pieces = np.array_split(np.abs(samples), min(COLUMNS, len(samples)))
    peaks = np.array([piece.max() for piece in pieces])
    heights = np.maximum(REACH * peaks / max(float(peaks.max()), 1e-9), 0.5)
    step = WIDTH / len(heights)
    lines = " ".join(
        f"M{(column + 0.5) * step:.1f} {WAVE - height:.1f}V{WAVE + height:.1f}"
        for column, height in enumerate(heights)
    )
    return fill('<path class="ser-wave" d="{lines}"></path>', lines=lines)


def _bars(found: Explanation) -> Markup:
    largest = max((abs(moment.drop) for moment in found.moments), default=0.0) or 1.0
    boxes: Sequence[Markup] = [_bar(moment, found, largest) for moment in found.moments]
    return join([*boxes, _box("ser-base", 0, WIDTH, BASE, BASE + 1)])


def _bar(moment: MomentSaliency, found: Explanation, largest: float) -> Markup:
    height = TALLEST * abs(moment.drop) / largest
    left, right = _place(moment.start, found) + 0.5, _place(moment.end, found) - 0.5
    if moment.drop >= 0:
        return _box("ser-for", left, right, BASE - height, BASE)
    # There is less room below: what speaks against an answer is cut off at half its height.
    return _box("ser-against", left, right, BASE + 1, BASE + 1 + min(height, HEIGHT - BASE - 1))


def _box(kind: str, left: float, right: float, top: float, bottom: float) -> Markup:
    return fill(
        '<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"></rect>',
        kind=kind,
        x=f"{left:.1f}",
        y=f"{top:.1f}",
        width=f"{max(right - left, 0.5):.1f}",
        height=f"{bottom - top:.1f}",
    )
