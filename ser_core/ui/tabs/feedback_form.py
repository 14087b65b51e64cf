"""The part of the tab that asks whether an answer was right, where the owner wants to know.

Nothing is sent but by its button, and a recording only with its own tick, which no visit remembers.
"""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.events import Dependency

from ... import __version__
from ...errors import AudioError
from ..feedback import NONE_OF_THEM, OTHER, Feedback, FeedbackBox
from ..latest import Calls, only_beside
from ..look import text
from ..look.markup import Markup, paragraph, say_error, say_label, subheading
from ..page import QUICK, HeldAnswer, Page, in_browser, require_recording
from ..server.health import ServedModel
from ..settings import UPLOAD_AGE
from .examples import is_example


def build(
    page: Page, recording: gr.Audio, answer: gr.HTML
) -> Callable[[Dependency, gr.State, Calls], None]:
    """Build it inside the open Blocks; where the page has no box for feedback, nothing.

    Args:
        page: Page.
        recording: what is answered; without it nothing is asked.
        answer: where the answer stands; nothing is asked about one that is replaced.

    Returns:
        Function that makes an event's answers be asked about: it takes the event, the State with
        its HeldAnswer or None, and the tab's Calls.
    """
    box = page.feedback
    if box is None:
        return lambda event, held, calls: None
    with gr.Column(visible=False, elem_id="feedback") as panel:
        gr.HTML(intro(box))
        other = NONE_OF_THEM if OTHER in page.recognizer.labels else OTHER
        labels = [(say_label(label), label) for label in page.recognizer.labels]
        choice = gr.Radio(
            [*labels, (text.FEEDBACK_OTHER, other)],
            label=text.FEEDBACK_LABEL,
            elem_id="feedback-label",
        )
        with_audio = gr.Checkbox(False, label=text.FEEDBACK_AUDIO, elem_id="feedback-audio")
        send = gr.Button(text.FEEDBACK_SEND, size="sm", elem_id="feedback-send")
    status = gr.HTML("", elem_id="feedback-status")
    # What the visitor is asked about, which need not be the latest answer.
    asked = gr.State(None, time_to_live=UPLOAD_AGE)

    def ask(held: HeldAnswer | None, path: str | None) -> tuple[Any, ...]:
        about = None if held is None or path != held.path or is_example(held.path) else held
        return gr.Column(visible=about is not None), None, False, "", about

    def give(held: HeldAnswer | None, label: str | None, audio: bool) -> tuple[Any, ...]:
        words, done = give_feedback(page, box, held, label, audio=audio)
        shown = gr.Column(visible=False) if done else gr.skip()
        return shown, paragraph(words), None if done else gr.skip()

    send.click(
        give,
        inputs=[asked, choice, with_audio],
        outputs=[panel, status, asked],
        **QUICK | {"queue": True},  # it may have to read a recording
    ).failure(outputs=status, **in_browser(paragraph(text.FAULT)))
    empty = [gr.update(visible=False), ""]
    answer.change(outputs=[panel, status], **in_browser(*empty))

    def follow(event: Dependency, held: gr.State, calls: Calls) -> None:
        event.then(
            ask,
            inputs=[held, recording],
            outputs=[panel, choice, with_audio, status, asked],
            **QUICK,
        ).then(
            **only_beside(
                recording, *zip([panel, status], empty, strict=True), answered=calls.answered
            )
        )

    return follow


def give_feedback(
    page: Page, box: FeedbackBox, held: HeldAnswer | None, label: str | None, *, audio: bool
) -> tuple[str, bool]:
    """Put a visitor's word into the page's box.

    Args:
        page: Page.
        box: FeedbackBox, the page's.
        held: HeldAnswer, what it is about, if it is still there.
        label: str, what the visitor chose, if anything.
        audio: whether the visitor wants to give the recording.

    Returns:
        The sentence to show, and whether the matter is done.
    """
    if held is None:
        return text.FEEDBACK_NONE, True
    if label is None:
        return text.FEEDBACK_CHOOSE, False
    sound = None
    if audio:
        try:
            sound = page.decode(require_recording(held.path))
        except AudioError as error:
            return say_error(error), False
    if not box.put(make_feedback(page, held, label), sound):
        return text.FEEDBACK_FULL, False
    return (text.FEEDBACK_THANKS_AUDIO if audio else text.FEEDBACK_THANKS), True


def make_feedback(page: Page, held: HeldAnswer, label: str) -> Feedback:
    """Say all that is kept of a visitor's word but for the recording."""
    served = ServedModel.of(page.recognizer, page.settings)
    answer: dict[str, Any] = {
        "status": held.prediction.status,
        "answered": held.prediction.label,
        "probabilities": {k: round(v, 4) for k, v in held.prediction.probabilities.items()},
    }
    return Feedback(
        said=label,
        adapted=held.adapted,
        model=served.model,
        revision=served.revision,
        version=__version__,
        **answer,
    )


def intro(box: FeedbackBox) -> Markup:
    """Say what is asked, and what is kept of it where."""
    return subheading(text.FEEDBACK, text.FEEDBACK_NOTE.format(repo=box.repo))
