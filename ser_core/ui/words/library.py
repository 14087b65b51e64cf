"""What the library says of a recording, in the language that is spoken.

Its sentences are English wherever they are read: in a program, a log, a table. `LIBRARY` in the
catalogues has those that a visitor of the page can meet; the English one holds each as the library
writes it, with its values in braces, by which a sentence is known again:

    too_long = "{name} is too long: expected at most {seconds:g} s, got more; cut it shorter."

A value that says how it is written, such as `{seconds:g}`, is a number, and is written as the
language writes numbers. Any other is words; those that are in `LIBRARY` too, such as "channel 2",
are translated as well, but for `{name}`, which is what the visitor called the recording.
"""

import re
import string
from functools import lru_cache

from .catalogue import Sentence, load_catalogue, look_up
from .languages import ENGLISH

TABLE = "LIBRARY"
_NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
_LONGEST = 2_000  # [characters] that are looked at: a name is spelled in a thousand at most


def translate(words: str) -> Sentence | None:
    """Say what the library said in the language that is spoken.

    Args:
        words: str, a sentence of the library's.

    Returns:
        Sentence; None where the catalogue does not have it.

    >>> from .languages import speaking
    >>> with speaking("de"):
    ...     translate("Its channels do not hold a speaker each, so they were mixed.")
    'Die Kanäle haben nicht je eine Person für sich, darum wurden sie gemischt.'
    >>> translate("Nobody says this.")
    """
    if len(words) > _LONGEST:
        return None
    for key, (pattern, specs) in _patterns().items():
        found = pattern.fullmatch(words)
        if found is not None:
            values = {name: _value(name, found[name], spec) for name, spec in specs.items()}
            return Sentence(look_up(TABLE)[key].format(**values))
    return None


def _value(name: str, words: str, spec: str) -> object:
    """What stands for a value: a number, or words, translated where that is known."""
    if spec:
        number = float(words.replace(",", ""))
        return int(number) if spec == "d" else number
    if name == "name":
        return words
    whole = translate(words)
    return whole or ", ".join(translate(part) or part for part in words.split(", "))


@lru_cache
def _patterns() -> dict[str, tuple[re.Pattern[str], dict[str, str]]]:
    """By which each sentence is known, and how each of its values is written."""
    patterns = {}
    for key, words in load_catalogue(ENGLISH)[TABLE].items():
        pattern, specs = "", {}
        for literal, name, spec, _ in string.Formatter().parse(words):
            pattern += re.escape(literal)
            if name is not None:
                specs[name] = spec or ""
                pattern += f"(?P<{name}>{_NUMBER if spec else '.*'})"
        patterns[key] = re.compile(pattern, re.DOTALL), specs
    return patterns
