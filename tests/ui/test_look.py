"""Colours that can be told apart and read, as eyes do; see tests/support/colour_vision.py."""

import re
from itertools import combinations

import pytest

from ser_core.config.emotions import EMOTIONS
from ser_core.ui.look import plots
from ser_core.ui.look.theme import COLOURS, CSS, THEME
from tests.support.colour_vision import CVD, contrast, difference, seen

SMALLEST = 11.0  # CIEDE2000; people call 2 to 10 "seen at a glance"
READABLE = 4.5  # WCAG 2.2 AA, text
DRAWN = 3.0  # WCAG 2.2 AA, pictures
SIDES = ("light", "dark")
BACKGROUNDS = {
    "light": (THEME.body_background_fill, THEME.block_background_fill),
    "dark": (THEME.body_background_fill_dark, THEME.block_background_fill_dark),
}


def value(setting: str, side: str = "light") -> str:
    """Look a theme's setting up, such as "*neutral_50", down to "#rrggbb"."""
    while setting.startswith("*"):
        name = setting[1:]
        dark = getattr(THEME, f"{name}_dark", None) if side == "dark" else None
        setting = dark or getattr(THEME, name)
    return "#ffffff" if setting == "white" else setting


def of(emotion, side: str) -> str:
    return emotion.colour if side == "light" else emotion.colour_dark


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("blindness", CVD)
def test_any_two_emotions_can_be_told_apart(side: str, blindness: str) -> None:
    for one, other in combinations(EMOTIONS, 2):
        apart = difference(seen(of(one, side), blindness), seen(of(other, side), blindness))
        assert apart >= SMALLEST, f"{one.name} and {other.name}: {apart:.1f}"


@pytest.mark.parametrize("side", SIDES)
def test_emotions_can_be_read_on_the_page_and_on_cards(side: str) -> None:
    for background in BACKGROUNDS[side]:
        for name, pair in COLOURS.items():
            ratio = contrast(pair[side == "dark"], value(background, side))
            assert ratio >= READABLE or name == "plain", f"{name}: {ratio:.2f}"


@pytest.mark.parametrize("side", SIDES)
def test_text_can_be_read(side: str) -> None:
    for setting in ("body_text_color", "body_text_color_subdued"):
        for background in BACKGROUNDS[side]:
            assert contrast(value(f"*{setting}", side), value(background, side)) >= READABLE
    fill = value("*button_primary_background_fill", side)
    assert contrast(value(THEME.button_primary_text_color), fill) >= READABLE


def test_numbers_can_be_read_in_every_cell_of_the_confusion_matrix() -> None:
    for _, colour in plots.SCALE:
        assert contrast(plots.CELL_TEXT_COLOUR, colour) >= READABLE


def test_pictures_stand_out_from_a_light_and_from_a_dark_page() -> None:
    drawn = [plots.ACCENT, *plots.GENDER_COLOURS.values()]
    for side in SIDES:
        for background in BACKGROUNDS[side]:
            for colour in drawn:
                assert contrast(colour, value(background, side)) >= DRAWN, colour


@pytest.mark.parametrize("blindness", CVD)
def test_genders_can_be_told_apart_in_a_picture(blindness: str) -> None:
    female, male = (seen(colour, blindness) for colour in plots.GENDER_COLOURS.values())
    assert difference(female, male) >= SMALLEST


def test_the_sheet_fetches_nothing_and_names_every_colour() -> None:
    assert "url(" not in CSS
    assert "@import" not in CSS
    used = set(re.findall(r"var\(--ser-([a-z]+)\)", CSS))
    assert used <= set(COLOURS)
