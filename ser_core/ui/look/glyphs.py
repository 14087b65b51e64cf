"""A sign for each emotion, drawn like a line of sound, so that colour never stands alone.

A sign is drawn in one stroke in a box of 24 by 24, in the colour of the text around it or in the
variable --edge, which theme.py defines.
"""

from .mark import SIZE, bars
from .markup import Markup, fill, say_label, tint

STROKES = {
    "neutral": "M4 12h16",
    "calm": "M3 13c3-4 6-4 9 0s6 4 9 0",
    "happy": "M4 9c2 8 14 8 16 0",
    "sad": "M4 16c2-8 14-8 16 0",
    "angry": "M3 17l4-9 3 7 3-11 3 12 2-6 3 4",
    "fearful": "M3 12l2-3 2 6 2-6 2 6 2-6 2 6 2-6 2 6 2-3",
    "disgust": "M3 8c4 0 3 6 7 6s3-5 6-5 3 5 5 8",
    "surprised": "M12 5a7 7 0 1 0 .01 0z",
}
LOGO = Markup(
    f'<svg class="ser-logo" viewBox="0 0 {SIZE} {SIZE}" aria-hidden="true">'
    + bars(lambda name: f"var(--ser-{name})")
    + "</svg>"
)
"""The page's mark, in its colours of the moment."""


OTHER = "M12 9a3 3 0 1 0 .01 0z"
"""Of a label that is not one of the eight."""


def glyph(label: str) -> Markup:
    """Draw an emotion's sign; the name beside it says the same.

    Args:
        label: str; one that is not among the eight is drawn as a small circle.
    """
    return fill(
        '<svg class="ser-glyph" viewBox="0 0 24 24" aria-hidden="true"><path d="{stroke}"></path>'
        "</svg>",
        stroke=STROKES.get(label, OTHER),
    )


def swatch(label: str) -> Markup:
    """Name an emotion beside its sign, in its colour."""
    return fill(
        '<span class="ser-label" style="{tint}">{glyph}{name}</span>',
        tint=tint(label),
        glyph=glyph(label),
        name=say_label(label),
    )
