"""Numbers as each language writes them."""

import math

import pytest

from ser_core.ui.words.languages import locale_of, name_language, speaking
from ser_core.ui.words.numbers import NO_NUMBER, number_signs, write_number, write_share


def test_a_count_is_no_measurement_whichever_was_written_first() -> None:
    assert [write_number(value) for value in (41.0, 41, 41.0)] == ["41.0", "41", "41.0"]


@pytest.mark.parametrize(
    ("value", "spec", "wanted"),
    [
        (1_234_567.0, "g", "1,234,567"),
        (1_234_567, "g", "1,234,567"),
        (12_345_678_901.0, "g", "12,345,678,901"),
        (-1_000_001.0, "g", "-1,000,001"),
        (0.5, "g", "0.5"),
        (1234.5678, ".3g", "1,230"),
        (0.00001234, "g", "0.00001234"),
        (0.0, "g", "0"),
    ],
)
def test_whole_numbers_keep_their_digits(value: float, spec: str, wanted: str) -> None:
    assert write_number(value, spec) == wanted


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("spec", ["", "g", "d", ".1f", "+.1f", ".1%"])
def test_what_is_not_finite_is_a_dash(value: float, spec: str) -> None:
    assert write_number(value, spec) == NO_NUMBER


def test_a_language_of_a_region_is_written_by_its_own_signs() -> None:
    assert str(locale_of("pt-BR")) == "pt_BR"
    with speaking("pt-BR"):
        assert (write_number(1234.5, ".1f"), write_share(0.692)) == ("1.234,5", "69,2%")
        assert number_signs() == ",."
        assert name_language("de") == "alem\N{LATIN SMALL LETTER A WITH TILDE}o"
