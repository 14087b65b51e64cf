"""A visitor's history: what is kept of an answer, and what becomes of what a browser sends."""

import base64
import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import gradio as gr
import pytest

from ser_core import DEFAULT_MODEL, EmotionPrediction, EmotionRecognizer
from ser_core.config.emotions import LABELS
from ser_core.ui.build import build_app
from ser_core.ui.look import text
from ser_core.ui.page import HeldAnswer
from ser_core.ui.settings import Settings
from ser_core.ui.tabs import history
from ser_core.ui.tabs.history import MOST, Entry, History, show_history

SHARES = dict(zip(LABELS, (0.05, 0.1, 0.4, 0.05, 0.2, 0.1, 0.05, 0.05), strict=True))
HAPPY = EmotionPrediction("emotion", "happy", 0.4, SHARES, None, 1.5, 2.0)
SILENCE = EmotionPrediction("no_speech", None, 0.0, {}, None, 0.0, 3.0)
ANSWER = HeldAnswer("uploads/0123/a name.wav", HAPPY)
ONE = {"time": 1_800_000_000, "status": "emotion", "label": "happy", "probabilities": SHARES}
SCRIPT = "<img src=x onerror=alert(1)>"


def many(count: int) -> dict:
    """A stored history of that many answers, an hour apart."""
    entries = []
    for k in range(count):
        shares = SHARES | {"happy": 0.4 + k / 10_000}
        entries.append(ONE | {"time": 1_800_000_000 + 3_600 * k, "probabilities": shares})
    return {"on": True, "entries": entries}


@cache
def events(name: str) -> list[Callable]:
    """The page's functions of that name in the history's module."""
    demo, _ = build_app(EmotionRecognizer(DEFAULT_MODEL), Settings())
    return [
        block.fn
        for block in demo.fns.values()
        if block.name == name and block.fn.__module__ == history.__name__
    ]


def test_an_entry_is_the_answer_and_the_time_and_nothing_of_the_recording() -> None:
    kept = Entry.of(ANSWER).model_dump()
    assert set(kept) == {"time", "status", "label", "probabilities"}
    assert "name" not in json.dumps(kept)
    assert kept["probabilities"] == SHARES


def test_an_answer_is_kept_only_where_the_visitor_wants_it() -> None:
    (entry_of,) = events("entry_of")
    for heard, stored in (
        (ANSWER, None),
        (ANSWER, {"on": False, "entries": []}),
        (None, {"on": True, "entries": []}),
        (replace(ANSWER, prediction=SILENCE), {"on": True, "entries": []}),
        (replace(ANSWER, path="uploads/example-01/sad.mp3"), {"on": True, "entries": []}),
    ):
        assert entry_of(heard, stored) is None
    once = entry_of(ANSWER, {"on": True, "entries": []})
    assert once["label"] == "happy"
    kept = json.loads(json.dumps({"on": True, "entries": [once]}))
    assert entry_of(ANSWER, kept) is None, "the same answer once more"


def test_a_history_is_bounded_and_loses_its_oldest() -> None:
    stored = many(MOST + 50)
    full = History.from_browser(stored, LABELS)
    assert len(full.entries) == MOST
    assert full.entries[0].time == stored["entries"][50]["time"]
    assert len(json.dumps(full.model_dump())) < 60_000
    assert len(show_history(full, LABELS)) < 300_000


@pytest.mark.parametrize(
    "stored",
    [
        None,
        True,
        7,
        SCRIPT,
        [],
        [ONE],
        {},
        {"on": "yes", "entries": {"0": ONE}},
        {"on": 1, "entries": None},
        {"entries": [None, 3, [], "x", {}]},
        {"entries": [ONE | {"label": SCRIPT}]},
        {"entries": [ONE | {"status": SCRIPT}]},
        {"entries": [ONE | {"time": SCRIPT}, ONE | {"time": -1}, ONE | {"time": 10**30}]},
        {"entries": [ONE | {"time": float("nan")}, ONE | {"time": 1e300}]},
        {"entries": [ONE | {"probabilities": {SCRIPT: 1.0}}]},
        {"entries": [ONE | {"probabilities": SHARES | {SCRIPT: 0.1}}]},
        {"entries": [ONE | {"probabilities": SHARES | {"sad": 7}}]},
        {"entries": [ONE | {"probabilities": SHARES | {"sad": float("nan")}}]},
        {"entries": [ONE | {"more": SCRIPT}]},
    ],
)
def test_whatever_a_browser_sends_is_an_empty_history_and_no_markup(stored: object) -> None:
    read = History.from_browser(stored, LABELS)
    assert read == History()
    (draw,) = events("draw")
    on, drawn = draw(stored)
    assert on is False
    assert text.HISTORY_OFF in drawn
    assert "<img" not in drawn


def test_what_is_ours_survives_beside_what_is_not() -> None:
    stored = {"on": True, "entries": [ONE, SCRIPT, ONE | {"label": "bored"}], "more": SCRIPT}
    read = History.from_browser(stored, LABELS)
    assert read.on
    assert [entry.label for entry in read.entries] == ["happy"]
    assert "<img" not in show_history(read, LABELS)


def test_answers_are_drawn_along_time_and_said_in_words() -> None:
    drawn = show_history(History.from_browser(many(30), LABELS), LABELS)
    assert drawn.count('class="ser-piece"') == 30
    places = [float(left) for left in re.findall(r'ser-piece" style="left:([\d.]+)%', drawn)]
    assert places == sorted(places)
    assert 0 <= places[0] < 5
    assert 93 < places[-1] <= 100
    assert "30 answers from Jan 15, 2027 to Jan 16, 2027: happy 30." in drawn
    assert drawn.count("<tr>") == 1 + history.SHOWN
    single = show_history(History.from_browser(many(1), LABELS), LABELS)
    assert single.count('class="ser-piece"') == 1


def test_files_hold_every_answer_and_are_inside_their_links() -> None:
    read = History.from_browser(many(30), LABELS)
    links = dict(
        re.findall(
            r'download="([\w.]+)" href="data:[\w/]+;base64,([\w+/=]+)"', show_history(read, LABELS)
        )
    )
    rows = list(csv.DictReader(base64.b64decode(links["emotions.csv"]).decode().splitlines()))
    assert len(rows) == 30
    assert rows[0]["time"] == "2027-01-15T08:00:00Z"
    assert float(rows[0]["happy"]) == 0.4
    entries = json.loads(base64.b64decode(links["emotions.json"]))
    assert [entry["label"] for entry in entries] == ["happy"] * 30


def test_the_key_and_its_place_do_not_change_with_a_restart() -> None:
    recognizer = EmotionRecognizer(DEFAULT_MODEL)
    kept = set()
    for _ in range(2):
        demo, _ = build_app(recognizer, Settings())
        (state,) = [b for b in demo.blocks.values() if isinstance(b, gr.BrowserState)]
        kept.add((state.storage_key, state.secret))
        assert state.default_value is None
    assert kept == {(history.STORAGE_KEY, history.STORAGE_SECRET)}
