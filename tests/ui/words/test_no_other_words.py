"""No word of the page stands outside of the catalogues: in one of brackets, all words are in them.

The page is drawn with a catalogue whose sentences are in brackets. What is outside of them then is
a literal somewhere, but for what is marked as English, code, and names.
"""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from ser_core import EmotionRecognizer
from ser_core.timeline.exports import FORMATS
from ser_core.ui.api.snippets import SNIPPETS
from ser_core.ui.build import build_app
from ser_core.ui.server.gradio_pages import draw_again
from ser_core.ui.settings import Settings
from ser_core.ui.tabs.answer import answer_card
from ser_core.ui.tabs.timeline_answer import details, timeline_card
from ser_core.ui.words import catalogue
from ser_core.ui.words.catalogue import Plural, Sentence
from ser_core.ui.words.languages import LANGUAGES, name_language, speaking
from tests.support.app import SPEECH

SAID = ("aria-label", "title", "alt", "placeholder", "data-name")
UNSAID = ("code", "pre", "style", "script")
VOID = ("br", "i", "img", "input", "circle", "path", "rect", "hr")
NAMES = (
    {form.title for form in FORMATS if form.title.isalpha() or form.title == "Label Studio"}
    | {code.upper() for code in LANGUAGES}
    | {"CSV", "JSON", "curl"}
)


def bracketed(value: Any) -> Any:
    if isinstance(value, Plural):
        return Plural({form: f"⟦{words}⟧" for form, words in value.forms.items()}, "en")
    if isinstance(value, str):
        return Sentence(value if value in SNIPPETS else f"⟦{value}⟧")
    if hasattr(value, "items"):
        return {name: bracketed(one) for name, one in value.items()}
    return tuple(map(bracketed, value))


class Words(HTMLParser):
    """The words of some HTML that are said or shown, but for those that say their language."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._open: list[bool] = []  # whether each open element is passed over

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        passed = tag in UNSAID or "lang" in given or any(self._open[-1:])
        if not passed:
            self.words += [str(given[name]) for name in SAID if given.get(name)]
        if tag not in VOID or tag == "i":
            self._open.append(passed)

    def handle_endtag(self, tag: str) -> None:
        if self._open and (tag not in VOID or tag == "i"):
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._open[-1:]):
            self.words.append(data)


def outside(html: str) -> list[str]:
    """The words of some HTML that stand in no brackets."""
    parser = Words()
    parser.feed(html)
    found = []
    for words in parser.words:
        left = words
        while (fewer := re.sub(r"⟦[^⟦⟧]*⟧", " ", left)) != left:
            left = fewer
        if re.search(r"[^\W\d_]{2,}", left) and left.strip() not in NAMES:
            found.append(left.strip())
    return found


@pytest.fixture(scope="module")
def brackets() -> Iterator[None]:
    english = bracketed(catalogue.load_catalogue("en"))
    with pytest.MonkeyPatch.context() as patch, speaking("de"):
        patch.setattr(catalogue, "load_catalogue", lambda language: english)
        yield


def test_every_word_of_the_page_is_from_the_catalogue(
    recognizer: EmotionRecognizer, request: pytest.FixtureRequest
) -> None:
    demo, _ = build_app(recognizer, Settings())
    request.getfixturevalue("brackets")
    languages = {name_language(code) for code in ("en", "pl", "hi", "mul", "de", "es")}
    left, everything = [], ""
    for component in draw_again(demo.config, demo.draw)["components"]:
        props = component["props"]
        shown = [props.get(name) for name in ("label", "info", "placeholder")]
        if component["type"] in ("html", "button", "downloadbutton"):
            shown.append(props.get("value"))
        if component["type"] == "radio":
            shown += [name for name, _ in props["choices"]]
        if component["type"] == "plot" and props.get("value"):
            shown += pictured(json.loads(props["value"]["plot"]))
        if component["type"] not in ("api", "state", "browserstate", "plot") or shown[3:]:
            left += [words for one in shown if isinstance(one, str) for words in outside(one)]
            everything += " ".join(one for one in shown if isinstance(one, str))
    assert everything.count("⟦") > 1_000
    assert [words for words in left if words not in languages] == []


def pictured(figure: dict[str, Any]) -> list[str]:
    """What plotly writes into a figure."""
    axes = [axis for name, axis in figure["layout"].items() if name[:5] in ("xaxis", "yaxis")]
    titles = [axis.get("title", {}).get("text", "") for axis in axes]
    return titles + [trace.get("name", "") for trace in figure["data"]]


def test_every_word_of_an_answer_is_from_the_catalogue(
    recognizer: EmotionRecognizer, brackets: None
) -> None:
    assert outside(answer_card(recognizer.predict(SPEECH), coverage=0.9)) == []
    timeline = recognizer.analyze(SPEECH)
    assert outside(timeline_card(timeline)) == []
    assert outside(details(timeline)) == []


def test_words_outside_are_found() -> None:
    assert outside("<p>⟦In ⟦brackets⟧⟧ 3 s <b>literal</b></p>") == ["literal"]
    assert outside('<button aria-label="literal">⟦words⟧</button>') == ["literal"]
    assert outside('<p><span lang="en">English</span> <code>code</code></p>') == []
