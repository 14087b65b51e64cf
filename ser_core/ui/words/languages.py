"""Which languages the page speaks, and which of them whoever is answered wants.

A request says it in its address (`?lang=de`) or, where a page that was opened makes it, in that
page's, in the cookie that the page's switch sets, or by its browser's Accept-Language, in this
order. Whatever is said while one is answered is said in it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from babel import Locale, negotiate_locale

ENGLISH = "en"
FOLDER = Path(__file__).parent
LANGUAGES: tuple[str, ...] = (
    ENGLISH,
    *sorted({file.stem for file in FOLDER.glob("*.toml")} - {ENGLISH}),
)
"""Codes of the languages that have a catalogue, English first."""

PARAMETER = "lang"
COOKIE = "speech-emotion-language"
LONGEST_QUERY = 4_096  # [characters] that is looked at

_current: ContextVar[str] = ContextVar("language", default=ENGLISH)


def current_language() -> str:
    """Code of the language that is spoken at the moment; English where nobody chose."""
    return _current.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language within a block.

    Args:
        language: str, one of LANGUAGES.

    >>> with speaking("en"):
    ...     current_language()
    'en'
    """
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


@lru_cache
def locale_of(code: str) -> Locale:
    """What CLDR knows of a language.

    Args:
        code: str, as BCP 47 writes it.

    >>> str(locale_of("pt-BR")), str(locale_of("de"))
    ('pt_BR', 'de')
    """
    return Locale.parse(code, sep="-")


def choose_language(
    query: Mapping[str, str], cookies: Mapping[str, str], headers: Mapping[str, str], page: str = ""
) -> str:
    """Choose the language of a request's answer.

    Args:
        query: the parameters of its address, of which `lang` counts.
        cookies: those that it brings.
        headers: its headers by their names in small letters.
        page: str, the address of the page of ours that makes the request, which counts like its
            own: in a frame of another site, browsers keep no cookie.

    Returns:
        One of LANGUAGES; English where it names none of them.

    >>> choose_language({}, {}, {"accept-language": "fr, en-GB;q=0.9"})
    'en'
    >>> choose_language({"lang": "en"}, {COOKIE: "es"}, {"accept-language": "de"})
    'en'
    >>> choose_language({}, {COOKIE: "es"}, {}, page="https://example.org/?tab=live&lang=de")
    'de'
    >>> choose_language({}, {}, {"accept-language": "DE-at"})
    'de'
    >>> choose_language({}, {}, {})
    'en'
    """
    asked = read_query(_query_of(page))
    for named in (query.get(PARAMETER), asked.get(PARAMETER), cookies.get(COOKIE)):
        if named in LANGUAGES:
            return str(named)
    wanted = _by_preference(headers.get("accept-language", ""))
    # A language that is offered for one of its regions alone is offered to all of them.
    offered = {one.partition("-")[0].lower(): one for one in reversed(LANGUAGES)}
    offered |= {one.lower(): one for one in LANGUAGES}
    # Babel gives it back as the browser spells it.
    found = negotiate_locale(wanted, list(offered), sep="-") or ENGLISH
    return offered[found.lower()]


def read_query(query: str) -> dict[str, str]:
    """Read the parameters of an address, of one that is too long those that it begins with.

    >>> read_query("lang=de&tab=live")
    {'lang': 'de', 'tab': 'live'}
    """
    return dict(parse_qsl(query[:LONGEST_QUERY]))


def _query_of(address: str) -> str:
    try:
        return urlsplit(address).query
    except ValueError:
        return ""


def _by_preference(accepted: str) -> list[str]:
    """The languages of a header Accept-Language, the best liked first; at most ten."""
    liked = []
    for one in accepted.split(",")[:10]:
        name, _, quality = one.strip().partition(";q=")
        try:
            liked.append((-float(quality or 1), name.strip()))
        except ValueError:
            continue
    liked.sort(key=lambda one: one[0])
    return [name for quality, name in liked if name and quality < 0]


def name_language(code: str, language: str | None = None) -> str:
    """Name a language.

    Args:
        code: str, such as "de"; any other word is returned as it is.
        language: the one to name it in; None for the one that is spoken.

    >>> name_language("de"), name_language("de", "de"), name_language("quenya")
    ('German', 'Deutsch', 'quenya')
    """
    names = locale_of(language or current_language()).languages
    return str(names.get(code, code))
