"""The catalogues: each sentence of the page under a name, once a language.

A catalogue's sentence has its values in braces, and writes them as its language does:

    WINDOW = "What the last {seconds:.1f} seconds sound like."
    CLIPS = { one = "{count} clip", other = "{count} clips" }

A sentence that depends on a count has the forms that its language needs, under CLDR's names.
"""

import string
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from .languages import ENGLISH, FOLDER, current_language
from .numbers import plural_form, write_number

PLURALS = {"zero", "one", "two", "few", "many", "other"}


class _Formatter(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return write_number(value, format_spec)
        return format(value, format_spec)


_FORMATTER = _Formatter()


class Sentence(str):
    """A sentence of a catalogue: its numbers are written by the language that is spoken."""

    __slots__ = ()

    def format(self, *values: object, **named: object) -> "Sentence":
        """Fill in its values."""
        return Sentence(_FORMATTER.vformat(self, values, named))


class Plural:
    """A sentence in the forms that a count can ask for."""

    def __init__(self, forms: Mapping[str, str], language: str) -> None:
        self.forms = {form: Sentence(words) for form, words in forms.items()}
        self._language = language

    def format(self, *, count: int, **named: object) -> Sentence:
        """Fill in its values, in the form for the count."""
        form = plural_form(count, self._language)
        words = self.forms.get(form, self.forms["other"])
        return words.format(count=count, **named)


@lru_cache
def load_catalogue(language: str) -> Mapping[str, Any]:
    """Read a language's catalogue.

    Args:
        language: str, one of LANGUAGES.

    Returns:
        Read-only mapping from name to Sentence, Plural, or tuples and mappings of them.
    """
    with open(FOLDER / f"{language}.toml", "rb") as file:
        words = tomllib.load(file)
    return MappingProxyType({name: _frozen(value, language) for name, value in words.items()})


def _frozen(value: Any, language: str) -> Any:
    if isinstance(value, dict):
        if "other" in value and value.keys() <= PLURALS:
            return Plural(value, language)
        return MappingProxyType({name: _frozen(one, language) for name, one in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(one, language) for one in value)
    return Sentence(value)


def look_up(name: str) -> Any:
    """Give what a name stands for in the language that is spoken, else in English.

    Raises:
        KeyError: no catalogue has it.
    """
    spoken = load_catalogue(current_language())
    return spoken[name] if name in spoken else load_catalogue(ENGLISH)[name]
