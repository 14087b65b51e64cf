"""The tab that sets two to six recordings side by side."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ...errors import AudioError
from ...results import EmotionPrediction
from ..api.endpoints import compared_count
from ..look import plots, text
from ..look.markup import Markup, colour, fill, join, percent, small, swatch, table
from ..page import QUICK, Page, build_turn, unusable
from ..server.inside import leave_no_copies
from ..settings import LEAST_COMPARED, MOST_COMPARED, UPLOAD_AGE, Settings

Answer = EmotionPrediction | str | None
"""What was heard in a recording, or why nothing was, in a sentence; None before either."""


def build(page: Page) -> None:
    """Build the tab inside the open Blocks."""
    gr.HTML(fill('<p class="ser-text">{words}</p>', words=text.COMPARE_INTRO))
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
            microphone = gr.Audio(
                sources=["microphone"],
                type="filepath",
                format=None,
                label=text.COMPARE_MICROPHONE,
                buttons=[],
                elem_id="compare-microphone",
            )
    run = gr.Button(text.COMPARE_RUN, variant="primary", elem_id="compare-run")
    cards = gr.HTML(waiting(), elem_id="compare-answers")
    turn = build_turn()
    picture = gr.Plot(visible=False, show_label=False, elem_id="compare-picture")
    rows = gr.HTML("", elem_id="compare-rows")
    gr.HTML(small(limits(page.settings)))
    outputs = [cards, picture, rows]

    def match(paths: list[str] | None) -> Iterator[list]:
        yield from answers(page, paths)

    def add(paths: list[str] | None, recorded: str | None) -> list:
        # Gradio cannot show those that are gone by now, and would name them in the log.
        return [[path for path in (*(paths or ()), recorded) if unusable(path) is None], None]

    heard = gr.on(
        [recordings.upload, recordings.delete, run.click],
        match,
        inputs=recordings,
        outputs=outputs,
        trigger_mode="always_last",
        **page.hearing(turn),
    )
    added = microphone.stop_recording(
        add,
        inputs=[recordings, microphone],
        outputs=[recordings, microphone],
        **QUICK,
    )
    heard_too = added.success(
        match,
        inputs=recordings,
        outputs=outputs,
        trigger_mode="always_last",
        **page.hearing(turn),
    )
    for event in (heard, heard_too):
        event.failure(
            lambda: [said(text.FAILED_TITLE, text.FAULT, kind="ser-failed"), *nothing()],
            outputs=outputs,
            **QUICK,
        )
    recordings.clear(
        lambda: [waiting(), *nothing()],
        outputs=outputs,
        **QUICK,
    )


def answers(page: Page, paths: Sequence[str] | None) -> Iterator[list]:
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
        yield [said(text.COMPARE_WAITING_TITLE, words), *nothing()]
        return
    if len(paths) > MOST_COMPARED:
        words = compared_count(len(paths))
        yield [said(text.COMPARE_MANY_TITLE, words, kind="ser-failed"), *nothing()]
        return
    names = [Path(path).name for path in paths]
    found: list[Answer] = [None] * len(paths)
    for position, path in enumerate(paths):
        yield [side_by_side(names, found), *nothing()]
        found[position] = _heard(page, path)
    voices = {
        position: answer.probabilities
        for position, answer in enumerate(found, start=1)
        if isinstance(answer, EmotionPrediction) and answer.probabilities
    }
    cards = side_by_side(names, found)
    yield [cards, picture(voices), rows(voices)] if voices else [cards, *nothing()]


def _heard(page: Page, path: str) -> EmotionPrediction | str:
    sentence = unusable(path)
    if sentence is not None:
        return sentence
    try:
        return page.predict(path)
    except AudioError as error:
        return str(error)


def limits(settings: Settings) -> str:
    """Say what is accepted and how long it is kept."""
    return text.COMPARE_LIMITS.format(
        least=LEAST_COMPARED,
        most=MOST_COMPARED,
        seconds=settings.max_seconds,
        megabytes=settings.max_megabytes,
        minutes=UPLOAD_AGE / 60,
    )


def waiting() -> Markup:
    """What stands there before there are recordings."""
    return said(text.COMPARE_WAITING_TITLE, text.COMPARE_WAITING)


def said(title: str, words: str, kind: str = "ser-plain") -> Markup:
    """Say something in the answers' place."""
    return fill(
        '<div class="ser-card {kind}" data-compare="said">'
        '<p class="ser-headline">{title}</p><p class="ser-text">{words}</p></div>',
        kind=kind,
        title=title,
        words=words,
    )


def nothing() -> list[Any]:
    """No picture and no table."""
    return [gr.Plot(value=None, visible=False), ""]


def side_by_side(names: Sequence[str], found: Sequence[Answer]) -> Markup:
    """Show a card for each recording, in their order.

    Args:
        names: of their files.
        found: what was heard in each.
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
    label, kind, lines = None, "ser-plain", []
    if answer is None:
        status, title, lines = "working", text.WORKING_TITLE, [text.WORKING]
    elif isinstance(answer, str):
        status, title, kind, lines = "failed", text.FAILED_TITLE, "ser-failed", [answer]
    elif answer.status == "no_speech":
        status, title, lines = answer.status, text.NO_SPEECH_TITLE, [text.COMPARE_NO_SPEECH]
    else:
        status, label = answer.status, answer.label
        sure = status == "emotion"
        kind, title = ("ser-sure", label.capitalize()) if sure else ("ser-unsure", _unsure(label))
        lines = [text.PROBABILITY.format(percent=percent(answer.confidence))]
        if answer.intensity is not None:
            lines.append(text.INTENSITY.format(percent=percent(answer.intensity)))
    return fill(
        '<li class="ser-card {kind}" data-status="{status}"{style}>'
        '<p class="ser-small ser-file">{name}</p><p class="ser-headline">{title}</p>{lines}</li>',
        kind=kind,
        status=status,
        style=fill(' style="--emotion:{colour}"', colour=colour(label)) if label else "",
        name=text.COMPARE_NAME.format(position=position, name=name),
        title=title,
        lines=join(fill('<p class="ser-text">{line}</p>', line=line) for line in lines),
    )


def _unsure(label: str) -> str:
    return text.COMPARE_UNSURE.format(label=label)


def picture(voices: dict[int, Any]) -> Any:
    """Draw all probabilities, the recordings' bars beside each other for each emotion.

    Args:
        voices: probabilities by label, by the recording's position counted from 1.
    """
    named = {text.COMPARE_RECORDING.format(position=at): told for at, told in voices.items()}
    return gr.Plot(value=plots.compared_bars(named), visible=True)


def rows(voices: dict[int, Any]) -> Markup:
    """Tabulate all probabilities, for those who would rather read, or hear, than look."""
    labels = list(next(iter(voices.values())))
    headers = [text.COMPARE_EMOTION, *map(str, voices)]
    cells = [
        [swatch(label), *(percent(told[label]) for told in voices.values())] for label in labels
    ]
    return fill(
        '<details class="ser-details"><summary>{title}</summary>{table}</details>',
        title=text.COMPARE_TABLE,
        table=table(headers, cells, numeric=len(voices)),
    )
