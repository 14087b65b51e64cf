"""Regular expressions that find in a recording's path what it is of, and who speaks in it."""

import re

from ..errors import ArgumentError


def compile_pattern(pattern: str, option: str, what: str) -> re.Pattern[str]:
    """Compile a pattern that somebody gave.

    Args:
        pattern: a regular expression with a group.
        option: str, what it was given as, such as "--speaker-from".
        what: str, what its group of that name, or else its first, finds: "speaker" or "label".

    Raises:
        ArgumentError: it is none, or has no group.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ArgumentError(
            f"{option} {pattern!r:.200} is no regular expression: {error}."
        ) from error
    if compiled.groups == 0:
        raise ArgumentError(
            f"{option} {pattern!r:.200} has no group: put parentheses around what names the "
            f"{what}, as in '^([^/]+)/' for the first folder."
        )
    return compiled


def find_in_path(pattern: re.Pattern[str], group: str, name: str) -> str | None:
    """Find what a pattern's group of that name, else its first, matches in a path.

    Returns:
        The text without blanks around it; None where there is no match, or nothing in it.

    >>> find_in_path(re.compile("^(?P<speaker>[^/]+)/"), "speaker", "ada/1.wav")
    'ada'
    """
    found = pattern.search(name)
    if found is None:
        return None
    matched = found[group] if group in pattern.groupindex else found[1]
    return (matched or "").strip() or None
