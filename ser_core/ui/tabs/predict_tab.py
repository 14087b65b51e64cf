"""The tab that predicts the emotion of one recording."""

import html
from collections.abc import Iterator
from typing import Any

import gradio as gr

from ...errors import AudioError
from ...recognizer import EmotionRecognizer
from ..look import text
from ..look.cards import failure_card, unfinished, waiting_card, working_card
from ..look.markup import Markup, paragraph, small
from ..page import (
    MINUTES,
    HeldAnswer,
    Page,
    build_turn,
    in_browser,
    only_beside,
    replace_in_browser,
    require_recording,
)
from ..settings import UPLOAD_AGE
from . import examples, feedback_form, history, moments, voice
from .answer import answer_card


def build(page: Page) -> None:
    """Build the tab inside the open Blocks."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            recording = gr.Audio(
                sources=["microphone", "upload"],
                type="filepath",
                format=None,
                label=text.RECORDING,
                buttons=[],
                elem_id="recording",
            )
            run = gr.Button(text.RUN, variant="primary", elem_id="run")
            loaded = examples.build(recording, examples.SHORT)
            mine, changes = voice.build(page)
        with gr.Column(scale=6, min_width=300):
            answer = gr.HTML(waiting_card("status"), elem_id="answer")
            turn = build_turn()
            ask = feedback_form.build(page, recording)
    explain = gr.Button(text.MOMENTS_RUN, elem_id="moments-run")
    picture = gr.HTML("", elem_id="moments")
    held = gr.State(None, time_to_live=UPLOAD_AGE)
    remember = history.build(page)
    gr.HTML(limits(page))

    # Their names must not be an endpoint's, which would then be given another.
    def answer_it(path: str | None, own: EmotionRecognizer | None) -> Iterator[tuple[Any, Any]]:
        yield from answers(page, path, own)

    def answer_again(path: str | None, own: EmotionRecognizer | None) -> Iterator[tuple[Any, Any]]:
        try:
            require_recording(path)
        except AudioError:
            # One that is no longer on the server keeps its answer; the next one is adapted.
            yield gr.skip(), gr.skip()
            return
        yield from answers(page, path, own)

    def explain_it(path: str | None, own: EmotionRecognizer | None) -> Iterator[Markup]:
        yield from explain_answer(page, path, own)

    options: dict[str, Any] = {
        "inputs": [recording, mine],
        "outputs": [answer, held],
        **page.queue_options(turn),
    }
    predicted = gr.on(
        [recording.upload, recording.stop_recording, run.click],
        answer_it,
        trigger_mode="always_last",
        **options,
    )
    tried = loaded.success(answer_it, trigger_mode="always_last", **options)
    for event in (predicted, tried):
        event.failure(inputs=answer, outputs=answer, **replace_in_browser(unfinished("status")))
    remember(predicted, held)
    again = [change.success(answer_again, **options) for change in changes]
    for event in (predicted, tried, *again):
        event.then(**only_beside(recording, answer, waiting_card("status")))
        ask(event, held)
    explaining = explain.click(
        explain_it,
        inputs=[recording, mine],
        outputs=picture,
        trigger_mode="once",
        **page.queue_options(turn),
    )
    explaining.failure(outputs=picture, **in_browser(paragraph(text.FAULT)))
    explaining.then(**only_beside(recording, picture, ""))
    answer.change(outputs=picture, **in_browser(""))
    # A new recording, or none, must not stand beside the answer to the one before.
    gr.on(
        [recording.clear, recording.start_recording],
        outputs=answer,
        **in_browser(waiting_card("status")),
    )


def answers(
    page: Page, path: str | None, own: EmotionRecognizer | None = None
) -> Iterator[tuple[Markup, HeldAnswer | None]]:
    """Give what stands in the answer's place: first that it is worked on, then the answer.

    Args:
        page: Page.
        path: the recording's file, or None.
        own: EmotionRecognizer adapted to the visitor's voice; None for the page's own.

    Yields:
        Markup, and the answer it shows or None; the former answer is replaced before anything can
        fail.

    Raises:
        gr.Error: the recording cannot be used; the sentence says why and what to do, and has been
            yielded as well, for what pops up goes away again.
    """
    yield working_card("status"), None
    try:
        path = require_recording(path)
        prediction = page.predict(path, own)
    except AudioError as error:
        sentence = str(error)
    else:
        held = HeldAnswer(path, prediction, adapted=own is not None)
        yield answer_card(prediction, coverage=page.coverage, note=voice.note(own)), held
        return
    yield failure_card("status", sentence), None
    # The message is shown as HTML.
    raise gr.Error(
        html.escape(sentence, quote=False), title=text.FAILED_TITLE, print_exception=False
    )


def explain_answer(
    page: Page, path: str | None, own: EmotionRecognizer | None = None
) -> Iterator[Markup]:
    """Give what stands under an answer: the moments it rests on, or why they are not known.

    Args:
        page: Page.
        path: the recording's file, or None.
        own: as for `answers`.

    Yields:
        Markup; first that it is worked on.
    """
    yield paragraph(text.MOMENTS_WORKING)
    try:
        rate, samples = page.decode(require_recording(path))
        found = (own or page.recognizer).explain((rate, samples))
    except AudioError as error:
        yield paragraph(str(error))
        return
    if found.label is None:
        yield paragraph(text.NO_SPEECH)
        return
    yield moments.draw_moments(found, samples)


def limits(page: Page) -> Markup:
    """Say what is accepted and how long it is kept."""
    settings = page.settings
    words = text.LIMITS.format(
        seconds=settings.max_seconds, megabytes=settings.max_megabytes, minutes=MINUTES
    )
    if page.feedback is not None:
        words = f"{words} {text.LIMITS_FEEDBACK}"
    return small(words)
