"""Numbers, shares, lists and dates as the language that is spoken writes them (Unicode's CLDR)."""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from .languages import current_language, locale_of

_SPEC = re.compile(r"(?P<sign>\+?),?(?:\.(?P<decimals>\d+))?(?P<kind>[dfg%]?)")
_INTEGER = "#,##0"
NO_NUMBER = "\N{EN DASH}"


def write_number(value: float, spec: str = "") -> str:
    """Write a number.

    Args:
        value: int or float; one that is not finite is written as a dash.
        spec: Python's format specification: a sign, a precision, and one of the kinds d, f, g, %.
            Thousands are always grouped, and g alone rounds no whole number.

    >>> write_number(1234.5, ".1f"), write_number(0.692, ".1%"), write_number(2.0, "g")
    ('1,234.5', '69.2%', '2')
    >>> write_number(1), write_number(1.0), write_number(1234567, "g"), write_number(1234567.0, "g")
    ('1', '1.0', '1,234,567', '1,234,567')
    >>> from ser_core.ui.words.languages import speaking
    >>> with speaking("de"):
    ...     write_number(1234.5, ".1f"), write_number(0.692, ".1%")
    ('1.234,5', '69,2\\xa0%')
    """
    return _write(value, spec, current_language())


@lru_cache(maxsize=4_096, typed=True)
def _write(value: float, spec: str, language: str) -> str:
    parts = _SPEC.fullmatch(spec)
    if parts is None:
        raise ValueError(f"expected a format of a number such as .1f, got {spec!r}")
    if not math.isfinite(value):
        return NO_NUMBER
    kind = parts["kind"]
    decimals = int(parts["decimals"] or (6 if kind in ("f", "%") else 0))
    if kind == "%":
        rounded = Decimal(f"{100 * value:.{decimals}f}").scaleb(-2)
        pattern = locale_of(language).percent_formats[None].pattern
        words = format_percent(
            rounded,
            format=pattern.replace(_INTEGER, _with_decimals(decimals)),
            locale=locale_of(language),
        )
    else:
        if kind == "g" or (not kind and isinstance(value, float)):
            is_whole = spec == "g" and value == int(value)
            plain = f"{Decimal(int(value)) if is_whole else Decimal(f'{value:{spec}}'):f}"
            decimals = len(plain.partition(".")[2])
        else:
            plain = f"{value:.{decimals}f}"
        words = format_decimal(
            Decimal(plain), format=_with_decimals(decimals), locale=locale_of(language)
        )
    return f"+{words}" if parts["sign"] and value >= 0 else words


def _with_decimals(decimals: int) -> str:
    return f"{_INTEGER}.{'0' * decimals}" if decimals else _INTEGER


def write_share(share: float, decimals: int = 1) -> str:
    """Write a share in percent.

    >>> write_share(0.6325), write_share(0.5, 0)
    ('63.2%', '50%')
    """
    return write_number(share, f".{decimals}%")


def percent_sign() -> str:
    """The sign, with the space before it that the language wants.

    >>> percent_sign()
    '%'
    """
    return write_share(0.0, 0).removeprefix("0")


def number_signs() -> str:
    """The decimal sign and the one between thousands.

    >>> number_signs()
    '.,'
    """
    signs = locale_of(current_language()).number_symbols["latn"]
    return f"{signs['decimal']}{signs['group']}"


def write_list(items: Sequence[str]) -> str:
    """Write several words one after the other, as in a sentence; at least one.

    >>> write_list(["English", "Polish", "Hindi"])
    'English, Polish, and Hindi'
    """
    return str(format_list(items, locale=locale_of(current_language())))


def write_moment(moment: datetime, skeleton: str) -> str:
    """Write a time or a date.

    Args:
        moment: datetime, aware.
        skeleton: which parts of it, as CLDR names them: "Hm" for hours and minutes, "MMMd" for
            day and month.

    >>> from datetime import UTC
    >>> write_moment(datetime(2026, 11, 29, 14, 5, tzinfo=UTC), "MMMd")
    'Nov 29'
    """
    return format_skeleton(skeleton, moment, locale=locale_of(current_language()))


def write_time(moment: datetime) -> str:
    """Write a date and a time of day, to the minute.

    >>> from datetime import UTC
    >>> from ser_core.ui.words.languages import speaking
    >>> with speaking("de"):
    ...     write_time(datetime(2026, 11, 29, 14, 5, tzinfo=UTC))
    '29. Nov. 2026, 14:05'
    """
    return f"{write_moment(moment, 'yMMMd')}, {write_moment(moment, 'Hm')}"


def plural_form(count: float, language: str) -> str:
    """Name the form that a count takes in a language: "one", "few", "other", ...

    >>> plural_form(1, "en"), plural_form(2, "en"), plural_form(2, "pl")
    ('one', 'other', 'few')
    """
    return str(locale_of(language).plural_form(count))
