"""The tab that sets two to six recordings side by side."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ...errors import AudioError
from ...results import EmotionPrediction
from ..api.upload_answers import say_compared_count
from ..latest import Calls, Latest, only_beside, while_latest
from ..look import plots, text
from ..look.cards import card, failure_card, list_card, waiting_card
from ..look.glyphs import swatch
from ..look.markup import (
    Markup,
    fill,
    join,
    paragraph,
    percent,
    say_error,
    say_sentence,
    small,
    table,
)
from ..page import (
    QUICK,
    Page,
    build_recorder,
    build_turn,
    in_browser,
    require_recording,
)
from ..server.inside import leave_no_copies
from ..settings import LEAST_COMPARED, MOST_COMPARED, UPLOAD_AGE, Settings
from .answer import caveats, heading

# In the browser, as what is there may have changed by the time that a server answers.
ADD = "(given, spoken) => [[...(given ?? []), ...(spoken ? [spoken] : [])], null]"

Answer = EmotionPrediction | str | None
"""The answer to a recording, or the sentence that says why there is none; None before either."""

Probabilities = Mapping[int, Mapping[str, float]]
"""By label, by the recording's position counted from 1."""


def build(page: Page) -> None:
    """Build the tab inside the open Blocks."""
    gr.HTML(paragraph(text.COMPARE_INTRO))
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            recordings = leave_no_copies(
                gr.File(
                    file_count="multiple",
                    type="filepath",
                    label=text.COMPARE_RECORDINGS,
                    height=200,
                    elem_id="compare-recordings",
                )
            )
        with gr.Column(scale=1, min_width=300):
            microphone = build_recorder(
                text.COMPARE_MICROPHONE, "compare-microphone", ("microphone",)
            )
    run = gr.Button(text.COMPARE_RUN, variant="primary", elem_id="compare-run")
    cards = gr.HTML(waiting_card("compare"), elem_id="compare-answers")
    turn = build_turn()
    picture = gr.Plot(visible=False, show_label=False, elem_id="compare-picture")
    rows = gr.HTML("", elem_id="compare-rows")
    gr.HTML(small(limits(page.settings)))
    calls = Calls()
    outputs = [cards, picture, rows]

    def match(paths: list[str] | None, latest: Latest, made: float | None) -> Iterator[list[Any]]:
        yield from while_latest(latest.note(made), paths, answers(page, paths))

    matching: dict[str, Any] = {
        "outputs": [*outputs, calls.answered],
        "trigger_mode": "always_last",
        **calls.carry(recordings),
        **page.queue_options(turn),
    }
    matched = gr.on([recordings.upload, recordings.delete, run.click], match, **matching)
    added = microphone.stop_recording(
        None,
        inputs=[recordings, microphone],
        outputs=[recordings, microphone],
        js=ADD,
        **QUICK,
    )
    empty = [waiting_card("compare"), *no_picture()]
    shown = list(zip(outputs, empty, strict=True))
    for event in (matched, added.success(match, **matching)):
        event.failure(
            outputs=outputs, **in_browser(failure_card("compare", text.FAULT), *no_picture())
        ).then(**only_beside(recordings, *shown))
        event.then(**only_beside(recordings, *shown, answered=calls.answered))
    calls.forget_on([recordings.clear], outputs, *empty)


def answers(page: Page, paths: Sequence[str] | None) -> Iterator[list[Any]]:
    """Give what stands on the tab, anew after every recording.

    Args:
        page: Page.
        paths: the recordings' files.

    Yields:
        The cards, the picture and the table; the latter two are empty until all are answered.
    """
    paths = list(paths or [])
    if len(paths) < LEAST_COMPARED:
        words = text.COMPARE_ONE_MORE if paths else text.COMPARE_WAITING
        yield [card("compare", "waiting", text.COMPARE_WAITING_TITLE, words), *no_picture()]
        return
    if len(paths) > MOST_COMPARED:
        words = say_compared_count(len(paths))
        yield [failure_card("compare", words, text.COMPARE_MANY_TITLE), *no_picture()]
        return
    names = [Path(path).name for path in paths]
    found: list[Answer] = [None] * len(paths)
    for position, path in enumerate(paths):
        yield [side_by_side(names, found), *no_picture()]
        found[position] = _answer(page, path)
    voices = {
        position: answer.probabilities
        for position, answer in enumerate(found, start=1)
        if isinstance(answer, EmotionPrediction) and answer.probabilities
    }
    cards = side_by_side(names, found)
    yield [cards, picture(voices), probability_table(voices)] if voices else [cards, *no_picture()]


def _answer(page: Page, path: str) -> EmotionPrediction | str:
    try:
        return page.predict(require_recording(path))
    except AudioError as error:
        return say_error(error)


def limits(settings: Settings) -> str:
    """Say what is accepted and how long it is kept."""
    return text.COMPARE_LIMITS.format(
        least=LEAST_COMPARED,
        most=MOST_COMPARED,
        seconds=settings.max_seconds,
        megabytes=settings.max_megabytes,
        minutes=UPLOAD_AGE / 60,
    )


def no_picture() -> list[Any]:
    """No picture and no table."""
    return [gr.update(value=None, visible=False), ""]


def side_by_side(names: Sequence[str], found: Sequence[Answer]) -> Markup:
    """Show a card for each recording, in their order.

    Args:
        names: of their files.
        found: the answer to each.
    """
    return fill(
        '<div data-compare="{state}"><ol class="ser-compare">{cards}</ol></div>',
        state="working" if None in found else "done",
        cards=join(
            _card(position, name, answer)
            for position, (name, answer) in enumerate(zip(names, found, strict=True), start=1)
        ),
    )


def _card(position: int, name: str, answer: Answer) -> Markup:
    name = text.COMPARE_NAME.format(position=position, name=name)
    if answer is None:
        return list_card("working", name, text.WORKING_TITLE, text.WORKING)
    if isinstance(answer, str):
        return list_card("failed", name, text.FAILED_TITLE, answer)
    label = answer.label
    if label is None:
        return list_card(
            "no_speech",
            name,
            text.NO_SPEECH_TITLE,
            text.COMPARE_NO_SPEECH,
            *map(say_sentence, answer.notes),
        )
    title, probable = heading(answer, label)
    lines = [probable]
    if answer.intensity is not None:
        lines.append(text.INTENSITY.format(percent=percent(answer.intensity)))
    lines += caveats(answer)
    return list_card(answer.status, name, title, *lines, label=label)


def picture(voices: Probabilities) -> gr.Plot:
    """Draw all probabilities, the recordings' bars beside each other for each emotion.

    Args:
        voices: Probabilities.
    """
    named = {text.COMPARE_RECORDING.format(position=at): one for at, one in voices.items()}
    return gr.Plot(value=plots.compared_bars(named), visible=True)


def probability_table(voices: Probabilities) -> Markup:
    """Tabulate all probabilities, for those who would rather read, or be read to, than look."""
    labels = list(next(iter(voices.values())))
    headers = [text.COMPARE_EMOTION, *map(str, voices)]
    cells = [[swatch(label), *(percent(one[label]) for one in voices.values())] for label in labels]
    return fill(
        '<details class="ser-details"><summary>{title}</summary>{table}</details>',
        title=text.COMPARE_TABLE,
        table=table(headers, cells, numeric=len(voices)),
    )
