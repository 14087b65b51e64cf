"""Which language an answer is in: a visitor's own on the page, English for programs."""

import re
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path

import pytest

from ser_core import EmotionRecognizer
from ser_core.ui.look import text
from ser_core.ui.server.spoken import CONFIG, write_language
from ser_core.ui.server.validation import page_path
from ser_core.ui.words import languages
from ser_core.ui.words.languages import COOKIE, choose_language, speaking
from tests.support.app import (
    CARRIED,
    HTTP,
    SPEECH,
    event_of,
    file_data,
    post,
    serving,
    upload,
    visit,
)

GERMAN = {"accept-language": "de-AT,en;q=0.5"}


@pytest.fixture(scope="module")
def url(uploads: Path, recognizer: EmotionRecognizer) -> Iterator[str]:
    with serving(recognizer, max_seconds=10) as demo:
        yield demo.local_url


def titles(url: str, **headers: str) -> list[str]:
    components = HTTP.get(f"{url}config", headers=headers).json()["components"]
    return [one["props"]["label"] for one in components if one["type"] == "tabitem"]


def test_the_page_is_in_the_language_that_is_asked_for(url: str) -> None:
    assert titles(url)[1] == "Timeline"
    assert titles(url, **{"accept-language": "de"})[1] == "Verlauf"
    assert titles(url, **{"accept-language": "DE-at"})[1] == "Verlauf"
    assert titles(url, **{"accept-language": "fr"})[1] == "Timeline"
    assert titles(url, cookie=f"{COOKIE}=es", **GERMAN)[1] == "Cronología"
    english, german = (HTTP.get(f"{url}config", headers=h).json() for h in ({}, GERMAN))
    for config in (english, german):
        config.pop("app_id", None)
    # The same page, with other words: what is numbered, and what calls what.
    assert [one["id"] for one in english["components"]] == [o["id"] for o in german["components"]]
    assert [one["targets"] for one in english["dependencies"]] == [
        one["targets"] for one in german["dependencies"]
    ]


@pytest.mark.parametrize("language", ["en", "es", "de"])
def test_its_html_says_which_language_it_is_in(url: str, language: str) -> None:
    answer = HTTP.get(f"{url}?lang={language}", headers=GERMAN)
    head = answer.text.partition("window.gradio_config")[0]
    assert re.search(r"<html[^>]*\blang=\"([\w-]+)\"", head).group(1) == language  # type: ignore[union-attr]
    assert f'data-language=\\"{language}\\"' in answer.text
    with speaking(language):
        assert text.LANGUAGE_LOSS in answer.text
        assert f"<title>{text.TITLE}</title>" in unescape(head)
        assert text.SHARE_DESCRIPTION in unescape(head)
        assert HTTP.get(f"{url}config?lang={language}").json()["title"] == text.TITLE
    assert answer.headers["content-language"] == language
    assert "accept-language" in answer.headers["vary"].lower()
    # A link chooses for once; for later visits, only who opens the menu does.
    assert "set-cookie" not in answer.headers


def test_the_page_s_own_address_and_its_cookie_choose_not_who_links_to_it(url: str) -> None:
    linked = {"referer": "https://example.org/blog?lang=de", "sec-fetch-site": "cross-site"}
    assert titles(url, cookie=f"{COOKIE}=es", **linked)[1] == "Cronología"
    assert titles(url, **linked)[1] == "Timeline"
    # Among cookies as other pages of the host may have set them.
    odd = f'x={{"a":1}}; {COOKIE}=es; y="z; [1]=2'
    assert titles(url, cookie=odd, **linked)[1] == "Cronología"


@pytest.mark.parametrize(
    ("root", "path", "wanted"),
    [
        ("", "/", "/"),
        ("/", "/config/", "/config"),
        ("/emotion", "/emotion", "/"),
        ("/emotion", "/emotion/", "/"),
        ("/emotion", "/config", "/config"),
        ("/emotion/", "/emotion/config", "/config"),
        ("/emotion", "/emotional", "/emotional"),
        ("https://example.org/emotion", "/config", "/config"),
    ],
)
def test_where_a_proxy_has_the_page_is_no_part_of_a_path(root: str, path: str, wanted: str) -> None:
    assert page_path({"type": "http", "path": path, "root_path": root}) == wanted


def test_words_in_the_page_s_data_are_no_html() -> None:
    title = escape("Undertone: speech emotion recognition").encode()
    html = b'<html lang="en"><head><title>' + title + b"</title>" + CONFIG + b' = "' + title + b'"'
    head, _, data = write_language(html, "de").partition(CONFIG)
    assert b'<html lang="de">' in head
    assert title not in head
    assert data == b' = "' + title + b'"'


def test_an_event_of_the_page_is_answered_in_its_visitor_s_language(url: str) -> None:
    (path,) = upload(url, "speech.wav", SPEECH.read_bytes()).json()
    event = event_of(url, "recording", "upload")
    HTTP.headers.update(GERMAN)
    try:
        shown, *_ = visit(url, "german", event, [file_data(path), None, *CARRIED])
    finally:
        HTTP.headers.pop("accept-language")
    assert "Wahrscheinlichkeit" in shown
    assert re.search(r"\d,\d\N{NO-BREAK SPACE}%", shown)
    assert not re.search(r">[^<]*\d\.\d", shown)
    label = re.search(r'data-label="(\w+)"', shown)
    assert label is not None
    with speaking("de"):
        assert text.LABELS[label.group(1)].capitalize() in shown


def test_a_fault_that_the_library_finds_is_said_in_the_page_s_language(
    url: str, tmp_path: Path
) -> None:
    (path,) = upload(url, "empty.wav", b"RIFF").json()
    event = event_of(url, "recording", "upload")
    body = {"data": [file_data(path), None, *CARRIED], "fn_index": event, "session_hash": "fault"}
    HTTP.post(f"{url}gradio_api/queue/join", json=body, headers=GERMAN).raise_for_status()
    stream = HTTP.get(f"{url}gradio_api/queue/data?session_hash=fault").text
    with speaking("de"):
        assert text.FAILED_TITLE in stream
    assert "empty.wav lässt sich nicht als Ton lesen" in stream
    assert "lang=" not in stream.partition("empty.wav lässt")[2].partition("</div>")[0]


OWN = {"sec-fetch-site": "same-origin", "referer": "http://127.0.0.1/?lang=de"}


def test_programs_are_answered_in_english(url: str) -> None:
    (path,) = upload(url, "empty.wav", b"RIFF").json()
    (again,) = upload(url, "empty.wav", b"RIFF").json()
    german = post(url, "predict", file_data(again), headers=GERMAN)
    assert post(url, "predict", file_data(path)) == german
    assert titles(url, **GERMAN)[1] == "Verlauf"
    for address in ("gradio_api/info", "gradio_api/openapi.json", "openapi.json", "agents.md"):
        for own in ({}, OWN):
            told = HTTP.get(f"{url}{address}", headers=GERMAN | own)
            assert told.text == HTTP.get(f"{url}{address}").text
    asked = HTTP.get(url, headers=GERMAN).text, HTTP.get(url).text
    assert len({one.partition("window.gradio_api_info")[2][:50_000] for one in asked}) == 1
    said = HTTP.get(f"{url}nothing-here", headers=GERMAN).json()
    assert said == HTTP.get(f"{url}nothing-here").json()


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "wanted"),
    [
        ("", "", "", "en"),
        ("", "", "es-MX,es;q=0.9", "es"),
        ("", "", "DE", "de"),
        ("", "", "De-AT", "de"),
        ("", "", "FR, Es_MX, ES-mx", "es"),
        ("", "", "fr,it;q=0.9", "en"),
        ("", "", "fr, de;q=0", "en"),
        ("", "", "de;q=x, *, ;;;", "en"),
        ("", "es", "de", "es"),
        ("", "<script>", "de", "de"),
        ("en", "es", "de", "en"),
        ("DE", "es", "", "es"),
        ("../../etc", "", "es", "es"),
    ],
)
def test_the_address_goes_before_the_cookie_and_that_before_the_browser(
    query: str, cookie: str, accepted: str, wanted: str
) -> None:
    headers = {"accept-language": accepted} if accepted else {}
    assert choose_language({"lang": query}, {COOKIE: cookie}, headers) == wanted


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        ("pt-BR", "pt-BR"),
        ("PT-br, en;q=0.5", "pt-BR"),
        ("pt", "pt-BR"),
        ("pt-PT, pt;q=0.9, en;q=0.8", "pt-BR"),
        ("de-CH", "de-CH"),
        ("de-AT", "de"),
        ("en-GB", "en"),
        ("fr", "en"),
    ],
)
def test_a_language_of_a_region_is_offered_to_all_who_speak_it(
    monkeypatch: pytest.MonkeyPatch, accepted: str, wanted: str
) -> None:
    monkeypatch.setattr(languages, "LANGUAGES", ("en", "de", "de-CH", "pt-BR"))
    assert choose_language({}, {}, {"accept-language": accepted}) == wanted
