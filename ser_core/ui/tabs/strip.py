"""Emotions along time: lanes in which coloured pieces say when each emotion sounded.

Each emotion has a lane and, where speakers are known, each of them has one below.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..look import text
from ..look.glyphs import glyph
from ..look.markup import Markup, escape, fill, join, name_label, percent, say_label, tint

MOST_TICKS = 6
ZOOMED = 30.0  # [s] from which on a recording can be zoomed
TICKS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400)  # [s]


@dataclass(frozen=True)
class Piece:
    """A stretch of time that sounds like one emotion.

    Attributes:
        start, end: float [s].
        label: str.
        unsure: bool, whether the model was not sure, which is drawn fainter.
    """

    start: float
    end: float
    label: str
    unsure: bool = False


@dataclass(frozen=True)
class Lane:
    """One row along time.

    Attributes:
        name: str, what stands before it.
        pieces: in order of time.
        share: float in [0, 1], of the time of speech, which stands behind.
        label: str, the emotion that all its pieces sound like; None if each has its own.
    """

    name: str
    pieces: Sequence[Piece]
    share: float
    label: str | None = None


def draw_lanes(
    pieces: Iterable[Piece],
    shares: Mapping[str, float],
    *,
    start: float,
    end: float,
    ticks: Sequence[tuple[float, str]],
    summary: str,
    playable: bool = False,
    below: Iterable[Lane] = (),
    above: Markup = Markup(""),  # noqa: B008, a string
) -> Markup:
    """Draw pieces in a lane for each emotion, with the emotion's name before and its share behind.

    Args:
        pieces: in order of time; what lies outside `start` and `end` is cut off.
        shares: share of the time of speech in [0, 1] by label; drawn from top to bottom in this
            order.
        start, end: float [s], what the width stands for.
        ticks: (time [s], what stands there).
        summary: what a screen reader says instead of the picture.
        playable: whether the pieces carry their times, for a player, and a line for its position.
        below: further lanes, set off from those of the emotions.
        above: a picture of the same width of time.

    Returns:
        Markup. Its height depends on the number of lanes alone.
    """
    by_label: dict[str, list[Piece]] = {label: [] for label in shares}
    for piece in pieces:
        if piece.label in by_label:
            by_label[piece.label].append(piece)
    rows = join(
        _lane(Lane(say_label(label), by_label[label], share, label), start, end, playable)
        for label, share in shares.items()
    )
    further = join(_lane(lane, start, end, playable) for lane in below)
    if further:
        rows = join([rows, fill('<div class="ser-lanes-below">{lanes}</div>', lanes=further)])
    marks = join(
        fill(
            '<span style="left:{left}%">{words}</span>',
            left=f"{_position(time, start, end):.2f}",
            words=words,
        )
        for time, words in ticks
    )
    if above:
        name, share = '<span class="ser-lane-name"></span>', '<span class="ser-share"></span>'
        line = Markup(f'<div class="ser-lane ser-high">{name}{above}{share}</div>')
        rows = join([line, rows])
    moving = '<i class="ser-cursor" hidden></i><i class="ser-chosen" hidden></i>'
    cursor = Markup(moving) if playable else Markup("")
    tools = zoom_tools(start, end) if playable and end - start >= ZOOMED else Markup("")
    return fill(
        '{tools}<div class="ser-strip" role="img" aria-label="{summary}" data-seconds="{seconds}">'
        '{rows}<div class="ser-ticks">{marks}{cursor}</div></div>',
        tools=tools,
        summary=summary,
        seconds=end - start,
        rows=rows,
        marks=marks,
        cursor=cursor,
    )


def zoom_tools(start: float, end: float) -> Markup:
    """Draw the buttons that zoom, for fingers and keyboards; `timeline_player` has what they do.

    Args:
        start, end: float [s], what is in sight at first.
    """
    buttons = (
        ("earlier", text.TIMELINE_EARLIER, "M15 5l-7 7 7 7"),
        ("later", text.TIMELINE_LATER, "M9 5l7 7-7 7"),
        ("out", text.TIMELINE_ZOOM_OUT, "M5 12h14"),
        ("in", text.TIMELINE_ZOOM_IN, "M5 12h14M12 5v14"),
    )
    return fill(
        '<div class="ser-zoom" role="group" aria-label="{zoom}"><output>{start} - {end}</output>'
        '{buttons}<button type="button" data-zoom="whole" aria-disabled="true">{whole}</button>'
        "</div>",
        zoom=text.TIMELINE_ZOOM,
        start=clock(start),
        end=clock(end),
        buttons=join(
            fill(
                '<button type="button" data-zoom="{name}" aria-label="{words}" title="{words}" '
                'aria-disabled="{idle}"><svg viewBox="0 0 24 24" aria-hidden="true">'
                '<path d="{sign}"></path></svg></button>',
                name=name,
                words=words,
                idle="false" if name == "in" else "true",
                sign=sign,
            )
            for name, words, sign in buttons
        ),
        whole=text.TIMELINE_WHOLE,
    )


def _position(time: float, start: float, end: float) -> float:
    return 100 * min(max((time - start) / (end - start), 0.0), 1.0)


def _lane(lane: Lane, start: float, end: float, playable: bool) -> Markup:
    pieces = [piece for piece in lane.pieces if piece.end > start and piece.start < end]
    name = escape(lane.name)
    if lane.label is not None:
        name = fill("{glyph}{name}", glyph=glyph(lane.label), name=name)
    return fill(
        '<div class="ser-lane" style="{tint}"><span class="ser-lane-name">{name}'
        '</span><span class="ser-lane-track"><span class="ser-time">{pieces}</span></span>'
        '<span class="ser-share">{share}</span></div>',
        tint=tint(lane.label),
        name=name,
        pieces=join(_piece(piece, start, end, playable, lane.label is None) for piece in pieces),
        share=percent(lane.share),
    )


def _piece(piece: Piece, start: float, end: float, playable: bool, coloured: bool) -> Markup:
    left, right = (_position(time, start, end) for time in (piece.start, piece.end))
    times = ""
    if playable:
        title = text.STRIP_PIECE.format(
            label=say_label(piece.label), start=clock(piece.start), end=clock(piece.end)
        )
        times = fill(
            ' data-start="{start}" data-end="{end}" title="{title}"',
            start=piece.start,
            end=piece.end,
            title=title,
        )
    return fill(
        '<i class="{kind}" style="left:{left}%;width:{width}%{tint}"{times}></i>',
        kind="ser-piece ser-faint" if piece.unsure else "ser-piece",
        left=f"{left:.4f}",
        width=f"{right - left:.4f}",
        tint=f";{tint(piece.label)}" if coloured else "",
        times=times,
    )


def clock(seconds: float) -> str:
    """Say a time as players do.

    >>> clock(75.4), clock(3723.5)
    ('1:15', '1:02:03')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def clock_ticks(duration: float) -> list[tuple[float, str]]:
    """Choose round times to write under a recording.

    >>> [words for _, words in clock_ticks(47.0)]
    ['0:00', '0:10', '0:20', '0:30', '0:40']
    """
    step = next((step for step in TICKS if duration / step < MOST_TICKS - 1), TICKS[-1])
    return [(k * step, clock(k * step)) for k in range(int(duration / step) + 1)]


def in_words(seconds: Mapping[str, float], silence: float | None = None) -> str:
    """Say how long each emotion or speaker lasted, for those who do not see the picture."""
    parts = [
        text.STRIP_PART.format(label=name_label(label), seconds=value)
        for label, value in seconds.items()
        if value > 0
    ]
    if silence is not None:
        parts.append(text.STRIP_SILENCE.format(seconds=silence))
    return ", ".join(parts)
