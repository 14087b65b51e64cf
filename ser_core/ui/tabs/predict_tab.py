"""The tab that predicts the emotion of one recording."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from ...errors import AudioError
from ...recognizer import EmotionRecognizer
from ..latest import Calls, Latest, only_beside, while_latest
from ..look import text
from ..look.cards import failure_card, unfinished, waiting_card, working_card
from ..look.markup import Markup, say_error, small
from ..page import (
    MINUTES,
    HeldAnswer,
    Page,
    build_recorder,
    build_turn,
    in_browser,
    replace_in_browser,
    require_recording,
)
from ..settings import UPLOAD_AGE
from . import examples, feedback_form, history, moments, voice
from .answer import answer_card

EXPLAINING = {
    "show_progress": "hidden",
    "concurrency_id": "explanations",
    "concurrency_limit": 1,
}
"""Explanations take turns among themselves: no answer waits for one."""


def build(page: Page) -> None:
    """Build the tab inside the open Blocks: the recorder, the answer, the rest."""
    with gr.Row(elem_id="listen", equal_height=False):
        with gr.Column(elem_id="listen-recorder", min_width=0):
            picture = gr.HTML("", elem_id="moments")
            recording = build_recorder(text.RECORDING, "recording")
        with gr.Column(elem_id="listen-answer", min_width=0):
            answer = gr.HTML(waiting_card("status"), elem_id="answer")
            run = gr.Button(text.RUN, size="sm", elem_id="run")
            turn = build_turn()
            calls = Calls()
            ask = feedback_form.build(page, recording, answer)
        with gr.Column(elem_id="listen-more", min_width=0):
            loaded = examples.build(recording, examples.SHORT, calls)
            mine, changes = voice.build(page)
            held = gr.State(None, time_to_live=UPLOAD_AGE)
            remember = history.build(page)
            gr.HTML(limits(page))

    # Their names must not be an endpoint's, which would then be given another.
    def answer_it(
        path: str | None, own: EmotionRecognizer | None, latest: Latest, made: float | None
    ) -> Iterator[list[Any]]:
        yield from while_latest(latest.note(made), path, answers(page, path, own))

    def answer_again(
        path: str | None, own: EmotionRecognizer | None, latest: Latest, made: float | None
    ) -> Iterator[list[Any]]:
        try:
            require_recording(path)
        except AudioError:
            # One that is no longer on the server keeps its answer; the next one is adapted.
            yield [gr.skip()] * 3
            return
        yield from answer_it(path, own, latest, made)

    def explain_it(
        path: str | None, own: EmotionRecognizer | None, answered: HeldAnswer | None
    ) -> Iterator[Markup]:
        if answered is not None and answered.path == path:
            yield from explain_answer(page, path, own)
        else:
            yield gr.skip()

    options: dict[str, Any] = {
        "outputs": [answer, held, calls.answered],
        "trigger_mode": "always_last",
        **calls.carry(recording, mine),
        **page.queue_options(turn),
    }
    predicted = gr.on([recording.upload, recording.stop_recording, run.click], answer_it, **options)
    loaded.success(outputs=answer, **in_browser(waiting_card("status")))
    tried = loaded.success(answer_it, **options)
    remember(predicted, held)
    waiting = (answer, waiting_card("status"))
    for event in (
        predicted,
        tried,
        *(change.success(answer_again, **options) for change in changes),
    ):
        event.failure(
            inputs=answer, outputs=answer, **replace_in_browser(unfinished("status"))
        ).then(**only_beside(recording, waiting))
        event.then(**only_beside(recording, waiting, answered=calls.answered))
        ask(event, held, calls)
        explaining = event.success(
            explain_it,
            inputs=[recording, mine, held],
            outputs=picture,
            trigger_mode="always_last",
            **page.queue_options(turn) | EXPLAINING,
        )
        explaining.then(**moments.only_of(recording, picture))
    answer.change(outputs=picture, **in_browser(""))
    # A new recording, or none, must not stand beside the answer to the one before.
    taken_away = [recording.clear, recording.start_recording]
    calls.forget_on(taken_away, *waiting)


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
        fail, and a sentence says why a recording cannot be used.
    """
    yield working_card("status"), None
    try:
        path = require_recording(path)
        prediction = page.predict(path, own)
    except AudioError as error:
        # An error raised here would keep what follows from being done, and the next call from being
        # made that waits for this one.
        yield failure_card("status", say_error(error)), None
        return
    held = HeldAnswer(path, prediction, adapted=own is not None)
    yield answer_card(prediction, coverage=page.coverage, note=voice.note(own)), held


def explain_answer(
    page: Page, path: str | None, own: EmotionRecognizer | None = None
) -> Iterator[Markup]:
    """Give the player of an answered recording: first its waveform, then what it rests on.

    Args:
        page: Page.
        path: the recording's file, or None.
        own: as for `answers`.

    Yields:
        Markup; nothing where there is no recording any more.
    """
    try:
        rate, samples = page.decode(require_recording(path))
    except AudioError:
        yield gr.skip()  # what stands there is of this recording, or was emptied with its answer
        return
    assert path is not None, "require_recording raises"
    yield moments.draw_player(samples, rate, path)
    try:
        found = (own or page.recognizer).explain((rate, samples))
    except AudioError:
        return  # its waveform stays
    yield moments.draw_player(samples, rate, path, found)


def limits(page: Page) -> Markup:
    """Say what is accepted and how long it is kept."""
    settings = page.settings
    words = text.LIMITS.format(
        seconds=settings.max_seconds, megabytes=settings.max_megabytes, minutes=MINUTES
    )
    if page.feedback is not None:
        words = f"{words} {text.LIMITS_FEEDBACK}"
    return small(words)
