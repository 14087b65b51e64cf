"""Colours that can be told apart and read, as eyes do; see tests/support/colour_vision.py."""

import re
from itertools import combinations

import pytest

from ser_core.config.emotions import EMOTIONS
from ser_core.ui.look import glyphs, plots
from ser_core.ui.look.theme import COLOURS, CSS, EDGES
from tests.support.colour_vision import CVD, contrast, difference, seen
from tests.support.theme_colours import BACKGROUNDS, DRAWN, SIDES, value

# CIEDE2000; people call 2 to 10 "seen at a glance".
SMALLEST = dict.fromkeys(CVD, 8.0) | {"none": 15.0}
READABLE = 4.5  # WCAG 2.2 AA, text


def of(emotion, side: str) -> str:
    return emotion.colour if side == "light" else emotion.colour_dark


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("blindness", CVD)
def test_any_two_emotions_can_be_told_apart(side: str, blindness: str) -> None:
    for one, other in combinations(EMOTIONS, 2):
        apart = difference(seen(of(one, side), blindness), seen(of(other, side), blindness))
        assert apart >= SMALLEST[blindness], f"{one.name} and {other.name}: {apart:.1f}"


@pytest.mark.parametrize("side", SIDES)
def test_what_is_drawn_in_an_emotions_colour_stands_out_from_the_page_and_from_cards(
    side: str,
) -> None:
    for background in BACKGROUNDS[side]:
        for name, pair in EDGES.items():
            ratio = contrast(pair[side == "dark"], value(background, side))
            assert ratio >= DRAWN or name == "plain", f"{name}: {ratio:.2f}"


@pytest.mark.parametrize("side", SIDES)
def test_a_sign_stands_out_from_the_colour_that_it_is_drawn_on(side: str) -> None:
    rules = dict(re.findall(r"--ser-([a-z]+)-on: (#\w+);", CSS.split(".dark {")[side == "dark"]))
    for name, pair in COLOURS.items():
        assert name == "plain" or contrast(rules[name], pair[side == "dark"]) >= DRAWN, name


def test_every_emotion_has_a_sign_of_its_own() -> None:
    assert set(glyphs.STROKES) == {emotion.name for emotion in EMOTIONS}
    assert len({*glyphs.STROKES.values(), glyphs.OTHER}) == len(EMOTIONS) + 1


@pytest.mark.parametrize("side", SIDES)
def test_text_can_be_read(side: str) -> None:
    for setting in ("body_text_color", "body_text_color_subdued"):
        for background in BACKGROUNDS[side]:
            assert contrast(value(f"*{setting}", side), value(background, side)) >= READABLE
    for kind in ("primary", "secondary"):
        fill = value(f"*button_{kind}_background_fill", side)
        words = value(f"*button_{kind}_text_color", side)
        assert contrast(words, fill) >= READABLE, kind


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
    assert difference(female, male) >= 11.0


def test_the_sheet_fetches_nothing_and_names_every_colour() -> None:
    assert all(address.startswith("data:") for address in re.findall(r"url\(['\"]?([^)]*)", CSS))
    assert "@import" not in CSS
    used = set(re.findall(r"var\(--ser-([a-z]+)(?:-edge|-on)?\)", CSS))
    assert used <= set(COLOURS)
