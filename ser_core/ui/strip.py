"""Emotions along time: a lane for each emotion, in which coloured pieces say when it was heard."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from . import text
from .markup import Markup, colour, fill, join, percent

MOST_TICKS = 6
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


def lanes(
    pieces: Iterable[Piece],
    shares: Mapping[str, float],
    *,
    start: float,
    end: float,
    ticks: Sequence[tuple[float, str]],
    summary: str,
    playable: bool = False,
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

    Returns:
        Markup. Its height depends on the number of labels alone.
    """
    by_label: dict[str, list[Piece]] = {label: [] for label in shares}
    for piece in pieces:
        if piece.end > start and piece.start < end and piece.label in by_label:
            by_label[piece.label].append(piece)
    rows = join(
        fill(
            '<div class="ser-lane" style="--emotion:{colour}"><span class="ser-lane-name">'
            '<i class="ser-swatch"></i>{name}</span><span class="ser-lane-track">{pieces}</span>'
            '<span class="ser-share">{share}</span></div>',
            colour=colour(label),
            name=label.capitalize(),
            pieces=join(_piece(piece, start, end, playable) for piece in by_label[label]),
            share=percent(share),
        )
        for label, share in shares.items()
    )
    marks = join(
        fill(
            '<span style="left:{left}%">{words}</span>',
            left=f"{_position(time, start, end):.2f}",
            words=words,
        )
        for time, words in ticks
    )
    cursor = Markup('<i class="ser-cursor" hidden></i>') if playable else Markup("")
    return fill(
        '<div class="ser-strip" role="img" aria-label="{summary}" data-seconds="{seconds}">'
        '{rows}<div class="ser-ticks">{marks}{cursor}</div></div>',
        summary=summary,
        seconds=end - start,
        rows=rows,
        marks=marks,
        cursor=cursor,
    )


def _position(time: float, start: float, end: float) -> float:
    return 100 * min(max((time - start) / (end - start), 0.0), 1.0)


def _piece(piece: Piece, start: float, end: float, playable: bool) -> Markup:
    left, right = (_position(time, start, end) for time in (piece.start, piece.end))
    times = ""
    if playable:
        title = f"{piece.label.capitalize()}, {clock(piece.start)} to {clock(piece.end)}"
        times = fill(
            ' data-start="{start}" data-end="{end}" title="{title}"',
            start=piece.start,
            end=piece.end,
            title=title,
        )
    return fill(
        '<i class="{kind}" style="left:{left}%;width:{width}%"{times}></i>',
        kind="ser-piece ser-faint" if piece.unsure else "ser-piece",
        left=f"{left:.2f}",
        width=f"{right - left:.2f}",
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


def in_words(seconds: Mapping[str, float], silence: float) -> str:
    """Say how long each emotion was heard, for those who do not see the picture."""
    heard = [
        text.STRIP_PART.format(label=label, seconds=value)
        for label, value in seconds.items()
        if value > 0
    ]
    return ", ".join([*heard, text.STRIP_SILENCE.format(seconds=silence)])
