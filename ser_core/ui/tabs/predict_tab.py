"""The tab that hears one recording."""

import html
from collections.abc import Iterator

import gradio as gr

from ...errors import AudioError
from ...recognizer import EmotionRecognizer
from ..look import text
from ..look.markup import Markup, paragraph, small
from ..page import MINUTES, QUICK, Heard, Page, build_turn, unusable
from ..settings import UPLOAD_AGE
from . import examples, feedback_form, history, moments, voice
from .answer import card, failed, unanswered, waiting, working


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
            answer = gr.HTML(waiting(), elem_id="answer")
            turn = build_turn()
            ask = feedback_form.build(page)
    explain = gr.Button(text.MOMENTS_RUN, elem_id="moments-run")
    picture = gr.HTML("", elem_id="moments")
    said = gr.State(None, time_to_live=UPLOAD_AGE)
    remember = history.build(page)
    gr.HTML(limits(page))

    def hear(path: str | None, own: EmotionRecognizer | None) -> Iterator[tuple]:
        yield from answers(page, path, own)

    def hear_again(path: str | None, own: EmotionRecognizer | None) -> Iterator[tuple]:
        # A recording that is no longer on the server keeps its answer; the next one is adapted.
        kept = [(gr.skip(), gr.skip())]
        yield from answers(page, path, own) if unusable(path) is None else kept

    def explain_it(path: str | None, own: EmotionRecognizer | None) -> Iterator[Markup]:
        yield from explained(page, path, own)

    hearing = {"inputs": [recording, mine], "outputs": [answer, said], **page.hearing(turn)}
    heard = gr.on(
        [recording.upload, recording.stop_recording, run.click],
        hear,
        trigger_mode="always_last",
        **hearing,
    )
    tried = loaded.success(hear, trigger_mode="always_last", **hearing)
    for event in (heard, tried):
        event.failure(unanswered, inputs=answer, outputs=answer, **QUICK)
    remember(heard, said)
    again = [change.success(hear_again, **hearing) for change in changes]
    explaining = explain.click(
        explain_it,
        inputs=[recording, mine],
        outputs=picture,
        trigger_mode="once",
        **page.hearing(turn),
    )
    explaining.failure(lambda: paragraph(text.FAULT), outputs=picture, **QUICK)
    # In the browser, for it comes with every answer.
    answer.change(None, js="() => ''", outputs=picture, api_visibility="private")
    # A new recording, or none, must not stand beside the answer to the one before.
    cleared = gr.on(
        [recording.clear, recording.start_recording],
        lambda: (waiting(), None),
        outputs=[answer, said],
        **QUICK,
    )
    for event in (heard, tried, *again, cleared):
        ask(event, said)


def answers(
    page: Page, path: str | None, own: EmotionRecognizer | None = None
) -> Iterator[tuple[Markup, Heard | None]]:
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
    yield working(), None
    try:
        sentence = unusable(path)
        if sentence is None:
            prediction = page.predict(path, own)
            heard = Heard(path, prediction, adapted=own is not None)
            yield card(prediction, note=voice.note(own)), heard
            return
    except AudioError as error:
        sentence = str(error)
    yield failed(sentence), None
    # The message is shown as HTML.
    raise gr.Error(
        html.escape(sentence, quote=False), title=text.FAILED_TITLE, print_exception=False
    )


def explained(
    page: Page, path: str | None, own: EmotionRecognizer | None = None
) -> Iterator[Markup]:
    """Give what stands under an answer: which moments spoke for it, or why that is not known.

    Args:
        page: Page.
        path: the recording's file, or None.
        own: as for `answers`.

    Yields:
        Markup; first that it is worked on.
    """
    yield paragraph(text.MOMENTS_WORKING)
    sentence = unusable(path)
    if sentence is None:
        try:
            rate, samples = page.decode(path)
            found = (own or page.recognizer).explain((rate, samples))
        except AudioError as error:
            sentence = str(error)
        else:
            sentence = text.NO_SPEECH if found.label is None else None
    yield moments.drawn(found, samples) if sentence is None else paragraph(sentence)


def limits(page: Page) -> Markup:
    """Say what is accepted and how long it is kept."""
    settings = page.settings
    words = text.LIMITS.format(
        seconds=settings.max_seconds, megabytes=settings.max_megabytes, minutes=MINUTES
    )
    if page.feedback is not None:
        words = f"{words} {text.LIMITS_FEEDBACK}"
    return small(words)
