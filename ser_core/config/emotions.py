"""The eight emotion classes of RAVDESS: order and colour; the one place that knows them.

Source: Livingstone and Russo (2018), The Ryerson Audio-Visual Database of Emotional Speech and
Song, PLoS ONE 13(5): e0196391.
"""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Emotion:
    """One emotion class.

    Attributes:
        name: the label, as it stands in every config, file and API answer.
        colour: "#rrggbb" of areas on a light page.
        edge: "#rrggbb" of lines there, which may be darker.
        colour_dark, edge_dark: the same on a dark page.
    """

    name: str
    colour: str
    edge: str
    colour_dark: str
    edge_dark: str


EMOTIONS: tuple[Emotion, ...] = (
    Emotion(
        "neutral",
        "#738095",
        "#738095",
        "#737c8b",
        "#737c8b",
    ),
    Emotion(
        "calm",
        "#04cbac",
        "#039a82",
        "#03ccad",
        "#03ccad",
    ),
    Emotion(
        "happy",
        "#f3bd10",
        "#a7820b",
        "#ffcb25",
        "#ffcb25",
    ),
    Emotion(
        "sad",
        "#0968d6",
        "#0968d6",
        "#006ddc",
        "#006ddc",
    ),
    Emotion(
        "angry",
        "#f33e4f",
        "#f33e4f",
        "#e9324a",
        "#e9324a",
    ),
    Emotion(
        "fearful",
        "#a374fd",
        "#9c6ff2",
        "#aa74fd",
        "#aa74fd",
    ),
    Emotion(
        "disgust",
        "#618300",
        "#618300",
        "#5b8201",
        "#5b8201",
    ),
    Emotion(
        "surprised",
        "#fd8036",
        "#d46b2d",
        "#fc8930",
        "#fc8930",
    ),
)
"""The eight classes. Any two of their colours differ by 15 and more (CIEDE2000) in full colour
vision and by 8 in protanopia, deuteranopia and tritanopia, on a light page and on a dark one; every
edge stands out from the page by 3:1. They were searched for that: see tests/ui/test_look.py."""

LABELS: tuple[str, ...] = tuple(emotion.name for emotion in EMOTIONS)
"""The eight labels in RAVDESS order, which is the order of every probability vector."""

NEUTRAL = "neutral"
"""The label of no emotion, which is expressed with no intensity: RAVDESS has no strong neutral."""

BY_NAME: dict[str, Emotion] = {emotion.name: emotion for emotion in EMOTIONS}


def are_the_eight(labels: Collection[str]) -> bool:
    """Whether labels are these eight, in any order, and no others.

    >>> are_the_eight(LABELS), are_the_eight(["bored", "engaged"])
    (True, False)
    """
    return len(labels) == len(LABELS) and set(labels) == set(LABELS)
