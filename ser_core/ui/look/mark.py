"""The mark: five bars of sound in five emotions' colours, for the page's header and for its icons.

    python -m docs.icons

draws the files in ser_core/ui/icons from it, after the mark or a colour has changed.
"""

from collections.abc import Callable

from ...config.emotions import BY_NAME

SIZE = 30  # of the box that it is drawn in
WIDTH = 3.4  # of a bar
BARS = (
    (2.0, 8, "calm"),
    (7.6, 18, "sad"),
    (13.2, 26, "angry"),
    (18.8, 16, "happy"),
    (24.4, 8, "fearful"),
)
"""From left to right: where a bar begins, how high it is, and whose colour it has."""


def bars(colour: Callable[[str], str]) -> str:
    """Draw the bars, as elements of an SVG whose box is `SIZE` wide and high.

    Args:
        colour: gives the fill of a bar by its emotion.
    """
    return "".join(
        f'<rect x="{x:g}" y="{(SIZE - height) / 2:g}" width="{WIDTH}" height="{height}" '
        f'rx="{WIDTH / 2:g}" fill="{colour(name)}"></rect>'
        for x, height, name in BARS
    )


def icon(background: str | None = None, *, margin: float = 0.0, dark: bool = False) -> str:
    """Draw the mark as an image of its own.

    Args:
        background: str, "#rrggbb" of the square behind it; None for none.
        margin: float, share of the image's width that stays free on each side.
        dark: bool, whether it stands on a dark ground.

    Returns:
        A whole SVG.
    """
    side = SIZE / (1 - 2 * margin)
    start = -(side - SIZE) / 2
    box = f"{start:g} {start:g} {side:g} {side:g}"
    behind = (
        f'<rect x="{start:g}" y="{start:g}" width="{side:g}" height="{side:g}" '
        f'fill="{background}"></rect>'
    )
    drawn = bars(lambda name: BY_NAME[name].colour_dark if dark else BY_NAME[name].colour)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">'
        f"{behind if background else ''}{drawn}</svg>\n"
    )
