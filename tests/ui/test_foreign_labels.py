"""The page of a model with other labels than the eight emotions: two of them, and fourteen."""

import json
from itertools import combinations

import gradio as gr
import pytest

from ser_core import EmotionRecognizer
from ser_core.config.emotions import BY_NAME, EMOTIONS
from ser_core.config.reliability import Conformal
from ser_core.model.further_records import Corpus, Dataset
from ser_core.ui.build import build_app
from ser_core.ui.feedback import NONE_OF_THEM, OTHER, FeedbackBox
from ser_core.ui.look import plots, text
from ser_core.ui.look.markup import say_label, tint
from ser_core.ui.look.palette import label_colours, label_css, variable
from ser_core.ui.look.theme import CSS
from ser_core.ui.page import HeldAnswer
from ser_core.ui.settings import Settings
from ser_core.ui.tabs import dataset_tab, history, timeline_answer
from ser_core.ui.tabs.answer import answer_card
from tests.support.app import SPEECH, contents, serving
from tests.support.browser import (
    ANSWERED,
    assert_fits,
    choose,
    expect,
    open_page,
    open_tab,
    require_browser,
    shoot,
    start_browser,
)
from tests.support.colour_vision import CVD, contrast, difference, seen
from tests.support.theme_colours import BACKGROUNDS, DRAWN, SIDES, value
from tests.support.tiny_models import write_intense_model

TWO = ("bored", "engaged")
MANY = (
    *("happy", "at ease", "ADHD", "wütend", "other", "start", "label", "<b>bold</b>"),
    *("overwhelmed by everything that happens", "plain", "failed", "time", "sad", "tired"),
)
SETS = pytest.mark.parametrize("labels", [TWO, MANY], ids=["two", "many"], scope="module")


@pytest.fixture(scope="module")
def recognizer(
    labels: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> EmotionRecognizer:
    folder = tmp_path_factory.mktemp("foreign")
    conformal = Conformal(coverage=0.9, threshold=0.04)
    write_intense_model(folder, labels=labels, likeliest=labels[1], conformal=conformal)
    return EmotionRecognizer.from_pretrained(folder)


@pytest.mark.parametrize("side", SIDES)
def test_colours_of_other_labels_can_be_told_apart_on_every_page(side: str) -> None:
    at = SIDES.index(side)
    for labels, apart in ((TWO, 40.0), (MANY, 8.0), ([*"abcdef"], 15.0)):
        colours = [pair[at] for pair in label_colours(labels).values()]
        own = [pair[at] for name, pair in label_colours(labels).items() if name not in BY_NAME]
        for background in BACKGROUNDS[side]:
            assert min(contrast(one, value(background, side)) for one in own) >= DRAWN
        places = [seen(one, "none") for one in colours]
        assert min(difference(one, two) for one, two in combinations(places, 2)) >= apart
    two = [pair[at] for pair in label_colours(TWO).values()]
    assert min(difference(*(seen(one, kind) for one in two)) for kind in CVD) >= 40.0


def test_colours_go_by_position_and_leave_the_eight_their_own() -> None:
    assert label_colours(TWO)["bored"] == label_colours(["x", "y"])["x"]
    colours = label_colours(MANY)
    assert list(colours) == list(MANY)
    letters = label_colours([*"abcdef"])
    assert label_colours([*"abcd"]) == {letter: letters[letter] for letter in "abcd"}
    for emotion in EMOTIONS:
        if emotion.name in MANY:
            assert colours[emotion.name] == (emotion.colour, emotion.colour_dark)
    hundred = label_colours([f"label {number}" for number in range(100)])
    assert len(set(hundred.values())) == 100


def test_style_defines_every_variable_that_labels_use() -> None:
    css = CSS + label_css(MANY)
    for label in (*MANY, None):
        for rule in tint(label).split(";"):
            name = rule.split("var(--")[1].split(",")[0].rstrip(")")
            assert css.count(f"--{name}:") == 2, name  # light, dark
    assert label_css([emotion.name for emotion in EMOTIONS]) == ""
    assert len({variable(label) for label in MANY}) == len(MANY)


@SETS
def test_every_place_that_names_labels_names_the_models(
    recognizer: EmotionRecognizer, labels: tuple[str, ...]
) -> None:
    demo, options = build_app(recognizer, Settings())
    page = contents(demo)
    assert text.LEAD_OTHER.format(count=len(labels)) in page
    assert text.LEAD not in page
    assert label_css(labels) in options["css"]
    descriptions = [words for name, words in text.SOUNDS.items() if name not in labels]
    assert not any(words in page for words in descriptions)
    names = [say_label(label).replace("<", "&lt;").replace(">", "&gt;") for label in labels]
    shown = [
        dataset_tab.emotions(None, labels),
        answer_card(recognizer.predict(SPEECH), coverage=0.9),
        timeline_answer.details(timeline := recognizer.analyze(SPEECH)),
        timeline_answer.timeline_card(timeline),
    ]
    for markup in shown[:3]:
        assert all(name in markup for name in names)
        assert "<b>bold" not in markup
    assert text.ALL_OTHER in shown[1]
    assert labels[1] in shown[3]
    figure = plots.probability_bars(recognizer.predict(SPEECH).probabilities)
    assert len(set(figure.data[0].marker.color)) == len(labels)


def test_dataset_tab_counts_the_models_labels_in_its_order() -> None:
    clips = {"engaged": {"female": 2}, "bored": {"male": 1}, "left out": {"male": 5}}
    corpus = Corpus(
        name="own",
        title="Own, of this year",
        clips=8,
        hours=0.1,
        by_emotion={label: sum(by.values()) for label, by in clips.items()},
        by_emotion_and_gender=clips,
    )
    assert list(dataset_tab.by_label(corpus, TWO)) == ["bored", "engaged", "left out"]
    table = dataset_tab.emotions(Dataset(labels=TWO, corpora=(corpus,)), TWO)
    assert text.EMOTIONS_OTHER in table
    assert ">2<" in table
    assert text.EMOTIONS_HEADERS[1] not in table  # nothing is known of what they sound like


@SETS
def test_history_keeps_answers_in_these_labels(
    recognizer: EmotionRecognizer, labels: tuple[str, ...]
) -> None:
    held = HeldAnswer(str(SPEECH), recognizer.predict(SPEECH))
    kept = history.History(on=True, entries=(history.Entry.of(held),))
    again = history.History.from_browser(json.loads(kept.model_dump_json()), labels)
    assert again.entries == kept.entries
    assert history.show_history(again, labels)
    assert history.as_csv(again, labels).count("\n") == 2


@SETS
def test_feedback_offers_the_models_labels_and_none_of_them(
    recognizer: EmotionRecognizer, labels: tuple[str, ...]
) -> None:
    class Box(FeedbackBox):
        def __init__(self) -> None:
            self.repo = "user/words"

    demo, _ = build_app(recognizer, Settings(), Box())
    (choice,) = [
        block
        for block in demo.blocks.values()
        if isinstance(block, gr.Radio) and block.elem_id == "feedback-label"
    ]
    values = [value for _, value in choice.choices]
    assert values == [*labels, NONE_OF_THEM if OTHER in labels else OTHER]
    assert len(set(values)) == len(values)


@pytest.mark.slow
@pytest.mark.parametrize("labels", [MANY], ids=["many"], scope="module")
def test_page_shows_these_labels_in_their_colours(
    recognizer: EmotionRecognizer, labels: tuple[str, ...]
) -> None:
    require_browser()
    with serving(recognizer) as demo:
        for browser in start_browser(SPEECH):
            for page in open_page(browser, demo.local_url, 390):
                choose(page, SPEECH)
                page.wait_for_selector(ANSWERED)
                expect(page.locator(".ser-top li")).to_have_count(min(3, len(labels)))
                bars = page.locator("#answer .ser-all .ser-bar")
                fills = bars.evaluate_all(
                    "all => all.map(o => getComputedStyle(o).backgroundColor)"
                )
                assert len(set(fills)) == len(labels)
                assert_fits(page)
                shoot(page, f"labels_{len(labels)}")
                open_tab(page, text.TIMELINE_TAB)
                choose(page, SPEECH, "#timeline-recording")
                page.wait_for_selector("[data-timeline=done]")
                assert_fits(page)
