"""The catalogues: each language has every sentence of the English one, with the same values."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ser_core.config.emotions import LABELS
from ser_core.ui.look import text
from ser_core.ui.words.catalogue import Plural, load_catalogue
from ser_core.ui.words.languages import ENGLISH, LANGUAGES, speaking
from ser_core.ui.words.numbers import plural_form
from tests.support.app import ROOT

OTHERS = [language for language in LANGUAGES if language != ENGLISH]
UI = ROOT / "ser_core" / "ui"
NO_BREAK = "\N{NO-BREAK SPACE}"


def sentences(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every sentence and plural under its place in the catalogue."""
    if isinstance(value, str | Plural):
        yield name, value
    else:
        pairs = value.items() if hasattr(value, "items") else enumerate(value)
        for key, inner in pairs:
            yield from sentences(inner, f"{name}.{key}")


def wordings(value: Any) -> list[str]:
    return list(value.forms.values()) if isinstance(value, Plural) else [value]


def places(words: str) -> set[tuple[str, str]]:
    """The values that a sentence takes, each with how it is written."""
    parsed = string.Formatter().parse(words)
    return {(name, spec or "") for _, name, spec, _ in parsed if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_sentence_and_no_other(language: str) -> None:
    english, other = (dict(sentences(load_catalogue(one))) for one in (ENGLISH, language))
    assert [name for name in english if name not in other] == []
    assert [name for name in other if name not in english] == []
    kinds = [name for name in english if isinstance(english[name], Plural)]
    assert kinds == [name for name in other if isinstance(other[name], Plural)]


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_is_not_english_still(language: str) -> None:
    """Names, units and what consists of values alone are the same in any."""
    other = dict(sentences(load_catalogue(language)))
    alike = [
        name
        for name, value in sentences(load_catalogue(ENGLISH))
        if wordings(other[name]) == wordings(value)
    ]
    assert len(alike) <= 0.1 * len(other), alike


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_takes_the_same_values_in_each_language(language: str) -> None:
    other = dict(sentences(load_catalogue(language)))
    for name, words in sentences(load_catalogue(ENGLISH)):
        wanted = set.union(*map(places, wordings(words)))
        given = set.union(*map(places, wordings(other[name])))
        assert given == wanted, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plural_has_the_forms_that_its_language_counts_with(language: str) -> None:
    needed = {plural_form(count, language) for count in range(1_000)} | {"other"}
    for name, words in sentences(load_catalogue(language)):
        if isinstance(words, Plural):
            assert needed <= words.forms.keys(), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_written_as_its_language_sets_type(language: str) -> None:
    for name, value in sentences(load_catalogue(language)):
        for words in wordings(value):
            assert words == words.strip(), name
            assert "  " not in words, name
            assert words or name.endswith("HEADERS.1"), name
            if language != ENGLISH:  # where a line may end between, or nothing stands between
                filled = re.sub(r"\{[^}]*\}", "1", words)
                assert not re.search(r"\d(%| (%|MB|s|ms|Hz|dB|kbit/s)(?!\w))", filled), name
            if language == "de":
                assert words.count("„") == words.count("“"), name
            if language == "es":
                assert words.count("¿") == words.count("?") or "=" in words, name


@pytest.mark.parametrize("language", OTHERS)
def test_the_emotions_have_different_names(language: str) -> None:
    names = load_catalogue(language)["LABELS"]
    assert tuple(names) == LABELS
    assert len(set(names.values())) == len(LABELS)


def uses(tree: ast.AST) -> Iterator[tuple[str, ast.Attribute]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        if node.value.id == "text" and node.attr.isupper():
            yield node.attr, node


def modules() -> list[Path]:
    return sorted(UI.rglob("*.py"))


def test_every_name_is_in_the_catalogue_and_every_sentence_is_said() -> None:
    said = {name for path in modules() for name, _ in uses(ast.parse(path.read_text("utf-8")))}
    said |= {"TITLE", "SHARE_DESCRIPTION", "SHARE_ALT", "SHARE_LINE"}  # docs/icons.py, `spoken`
    said |= {"LIBRARY"}  # words/library.py
    known = set(load_catalogue(ENGLISH)) | set(vars(text))
    assert said - known == set()
    assert set(load_catalogue(ENGLISH)) - said == set()
    assert not set(load_catalogue(ENGLISH)) & set(vars(text))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_a_sentence_is_looked_up_where_it_is_said(path: Path) -> None:
    """Not where a module is loaded, when nobody is there whose language could be spoken."""
    tree = ast.parse(path.read_text("utf-8"))
    inside: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            body = node.body if isinstance(node.body, list) else [node.body]
            inside |= {inner for part in body for inner in ast.walk(part)}
    for name, node in uses(tree):
        assert node in inside or name in vars(text), f"line {node.lineno}: {name}"


def test_words_are_of_whoever_is_answered() -> None:
    assert text.WAITING_TITLE == "Say a sentence"
    with speaking("de"):
        assert text.WAITING_TITLE == "Sag einen Satz"
        assert text.VOICE_COUNT.format(count=1) == "1 Aufnahme"
        assert text.VOICE_COUNT.format(count=2_000) == "2.000 Aufnahmen"
        assert text.LIVE_WINDOW.format(seconds=2.5) == "So klingen die letzten 2,5 Sekunden."
        assert f"90{NO_BREAK}%" in text.LIKELY.format(coverage=0.9, labels="ruhig")
    with speaking("es"):
        assert text.VOICE_COUNT.format(count=1) == "1 grabación"
        assert "1.234,5" in text.SPEECH_SECONDS.format(speech=1234.5, duration=2000.0)
    with pytest.raises(AttributeError, match="no catalogue has NOT_A_WORD"):
        _ = text.NOT_A_WORD
