"""Colours for any set of labels: the eight emotions have their own, others get some by position.

Each further label takes, of all colours that can be read on a light and on a dark page, the pair
that is farthest from those before it, so a model's labels always have the same ones. The names
stand beside them, as a hundred colours cannot be told apart.
"""

from collections.abc import Sequence
from functools import cache
from zlib import crc32

import numpy as np

from ...config.emotions import BY_NAME

Pair = tuple[str, str]  # "#rrggbb" on a light page, and on a dark one

# Relative luminances that give 3:1 against the theme's pages and cards; a test holds them to it.
DARKEST_ON_DARK = 0.16
LIGHTEST_ON_LIGHT = 0.25
_HUES = np.deg2rad(np.arange(0, 360, 15))
_CHROMAS = (0.08, 0.13, 0.19)
_LIGHTNESSES = ((0.4, 0.85), (0.5, 0.75), (0.6, 0.65))  # on a light page, and on a dark one
_FIRST = np.array([0.5, -0.03, -0.15])  # in OKLab, near a first label's: a blue

# From OKLab to linear sRGB: Ottosson (2020), A perceptual color space for image processing,
# https://bottosson.github.io/posts/oklab/.
_TO_CONES = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
# What is left of linear sRGB in full colour vision, protanopia and deuteranopia, the commonest
# kinds: Machado, Oliveira and Fernandes (2009), A Physiologically-based Model for Simulation of
# Color Vision Deficiency, IEEE Transactions on Visualization and Computer Graphics 15(6).
_VISIONS = np.array(
    [
        np.eye(3),
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ],
    ]
)
_WEIGHTS = np.array([1.0, 1.5, 1.5])  # of a difference to each: fewer are left of them
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear sRGB


def label_colours(labels: Sequence[str]) -> dict[str, Pair]:
    """Give each label its colours.

    Args:
        labels: all that stand side by side, in a model's order.

    Returns:
        ("#rrggbb" on a light page, "#rrggbb" on a dark one) by label. 3:1 and more against these.

    >>> label_colours(["sad"])["sad"] == (BY_NAME["sad"].colour, BY_NAME["sad"].colour_dark)
    True
    """
    colours = {
        label: (BY_NAME[label].colour, BY_NAME[label].colour_dark)
        for label in labels
        if label in BY_NAME
    }
    places, pairs = _candidates()
    taken = [_see(np.stack([_to_linear(one) for one in pair])) for pair in colours.values()]
    for label in labels:
        if label in colours:
            continue
        if taken:
            apart = np.linalg.norm(places[:, None] - np.stack(taken), axis=-1)
            worst = (apart * _WEIGHTS).min(axis=(1, 2, 3))  # of (pairs, taken, 2, visions)
            chosen = int(worst.argmax())
        else:
            chosen = int(np.linalg.norm(places[:, 0, 0] - _FIRST, axis=-1).argmin())
        taken.append(places[chosen])
        colours[label] = pairs[chosen]
    return {label: colours[label] for label in labels}


def variable(label: str) -> str:
    """Name a label in the CSS variables, of which `label_css` defines those of further labels.

    >>> variable("sad"), variable("bored")
    ('sad', 'label-43b5b2f8')
    """
    return label if label in BY_NAME else f"label-{crc32(label.encode()):08x}"


def label_css(labels: Sequence[str], scope: str = "") -> str:
    """Define the colours of those labels that are none of the eight, as a style sheet.

    Args:
        labels: as for `label_colours`.
        scope: selector of what they are for; empty for the whole page.

    Returns:
        CSS; empty where all are of the eight.
    """
    colours = {k: pair for k, pair in label_colours(labels).items() if k not in BY_NAME}
    if not colours:
        return ""
    sides = [
        " ".join(
            f"--ser-{name}: {pair[side]}; --ser-{name}-edge: {pair[side]}; "
            f"--ser-{name}-on: {('#ffffff', '#11141b')[side]};"
            for label, pair in colours.items()
            for name in [variable(label)]
        )
        for side in (0, 1)
    ]
    light, dark = scope or ":root", f".dark {scope}".strip()
    return f"{light} {{ {sides[0]} }}\n{dark} {{ {sides[1]} }}\n"


@cache
def _candidates() -> tuple[np.ndarray, tuple[Pair, ...]]:
    """Give what may be chosen: places, (pairs, 2, visions, 3), see `_see`; and colours."""
    places, pairs = [], []
    for hue in _HUES:
        for chroma in _CHROMAS:
            for lightnesses in _LIGHTNESSES:
                a, b = chroma * np.cos(hue), chroma * np.sin(hue)
                place = np.array([[lightness, a, b] for lightness in lightnesses])  # (2, 3)
                linear = (place @ _TO_CONES.T) ** 3 @ _TO_LINEAR.T  # (2, 3)
                light, dark = linear @ _LUMINANCE
                fits = linear.min() >= -1e-3 and linear.max() <= 1.001
                if fits and light <= LIGHTEST_ON_LIGHT and dark >= DARKEST_ON_DARK:
                    places.append(_see(linear))
                    pairs.append((_to_hex(linear[0]), _to_hex(linear[1])))
    return np.stack(places), tuple(pairs)


def _to_hex(linear: np.ndarray) -> str:
    """Write linear sRGB as "#rrggbb"."""
    clipped = linear.clip(0.0, 1.0)
    encoded = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in encoded)


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", 0 to 1 (WCAG 2.2)."""
    return float(_to_linear(colour) @ _LUMINANCE)


def _to_linear(colour: str) -> np.ndarray:
    """Read "#rrggbb" as linear sRGB, (3,)."""
    encoded = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _see(linear: np.ndarray) -> np.ndarray:
    """Find the places in OKLab, (n, visions, 3), of what eyes see of linear sRGB, (n, 3)."""
    seen = np.einsum("vij,nj->nvi", _VISIONS, linear).clip(0.0, 1.0)
    cones = np.cbrt(seen @ np.linalg.inv(_TO_LINEAR).T)
    places: np.ndarray = cones @ np.linalg.inv(_TO_CONES).T
    return places
