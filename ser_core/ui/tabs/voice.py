"""The part of the tab that makes answers allow for one voice: a few of its recordings, and a state.

What a visitor's session keeps is the adapted recognizer: one number per emotion beside the model
that all share. The recordings are uploads like any other.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr
from gradio.events import Dependency

from ...errors import SpeechEmotionError
from ...recognizer import EmotionRecognizer
from ..latest import Calls, Latest, name_answered, only_beside, while_latest
from ..look import text
from ..look.markup import Markup, fill, join, paragraph, say_error, small
from ..page import QUICK, Page, build_turn, in_browser, replace_in_browser
from ..server.inside import leave_no_copies

MOST = 50  # recordings: they gain little beyond thirty, and each takes computing time


def build(page: Page) -> tuple[gr.State, list[Dependency]]:
    """Build it inside the open Blocks, where the model adapts to voices; else only the state.

    Returns:
        What holds the visitor's adapted EmotionRecognizer, or None; and the events that change it.
    """
    state = gr.State(None)
    if page.recognizer.config.adaptation is None:
        return state, []
    with gr.Accordion(text.VOICE, open=False, elem_id="voice"):
        gr.HTML(intro(page))
        recordings = leave_no_copies(
            gr.File(
                file_count="multiple",
                type="filepath",
                label=text.VOICE_RECORDINGS,
                height=140,
                elem_id="voice-recordings",
            )
        )
        status = gr.HTML(voice_status(text.VOICE_NONE), elem_id="voice-status")
        turn = build_turn()
        forget = gr.Button(text.VOICE_FORGET, size="sm", elem_id="voice-forget")

    calls = Calls()

    def adapt(paths: list[str] | None, latest: Latest, made: float | None) -> Iterator[list[Any]]:
        yield from while_latest(latest.note(made), paths, adapt_to_voice(page, paths))

    enrolled = gr.on(
        [recordings.upload, recordings.delete],
        adapt,
        outputs=[status, state, calls.answered],
        trigger_mode="always_last",
        **calls.carry(recordings),
        **page.queue_options(turn),
    )
    none = voice_status(text.VOICE_NONE)
    enrolled.failure(inputs=status, outputs=status, **replace_in_browser(unfinished_status())).then(
        **only_beside(recordings, (status, none))
    )
    # A voice that was forgotten while it was listened to stays so.
    settled = enrolled.then(
        **only_beside(recordings, (status, none), answered=calls.answered)
    ).then(
        lambda paths, answered, own: own if name_answered(paths) == answered else None,
        inputs=[recordings, calls.answered, state],
        outputs=state,
        **QUICK,
    )
    given_up = [recordings.clear, forget.click]
    gr.on(given_up, outputs=[recordings, status], **in_browser(None, none))
    forgotten = gr.on(given_up, lambda: None, outputs=state, **QUICK)
    return state, [settled, forgotten]


def adapt_to_voice(
    page: Page, paths: Sequence[str] | None
) -> Iterator[tuple[Markup, EmotionRecognizer | None]]:
    """Adapt the page's recognizer to some recordings.

    Args:
        page: Page.
        paths: their files; with none the voice is forgotten.

    Yields:
        What stands about it, and the recognizer: None first, so that no former voice stays where
        this one cannot be used, and in the end only where the sentence says why.
    """
    if not paths:
        yield voice_status(text.VOICE_NONE), None
        return
    yield working_status(), None
    if len(paths) > MOST:
        words = text.VOICE_TOO_MANY.format(most=MOST, given=len(paths))
        yield voice_status(words, failed=True), None
        return
    try:
        recognizer = page.adapt(paths)
    except SpeechEmotionError as error:
        yield voice_status(say_error(error), failed=True), None
        return
    used, sent = recognizer.adapted_to, len(paths)
    words = text.VOICE_ADAPTED if used == sent else text.VOICE_ADAPTED_SOME
    yield voice_status(words.format(used=count_recordings(used), given=sent)), recognizer


def intro(page: Page) -> Markup:
    """Say what it is for, how many recordings it takes, and what is kept."""
    adaptation = page.recognizer.config.adaptation
    assert adaptation is not None, "build asks no model that does not adapt"
    words = text.VOICE_INTRO.format(least=count_recordings(adaptation.least_clips))
    limits = text.VOICE_LIMITS.format(
        most=MOST, seconds=page.settings.max_seconds, numbers=len(page.recognizer.labels)
    )
    return join([paragraph(words), small(limits)])


def note(recognizer: EmotionRecognizer | None) -> str:
    """What an answer says about the voice it is adapted to; empty where it is to none."""
    if recognizer is None:
        return ""
    return text.VOICE_ANSWER.format(used=count_recordings(recognizer.adapted_to))


def count_recordings(recordings: int) -> str:
    """Say how many recordings.

    >>> count_recordings(1)
    '1 recording'
    """
    return str(text.VOICE_COUNT.format(count=recordings))


def working_status() -> Markup:
    """What stands there while a voice is learned."""
    return voice_status(text.VOICE_WORKING)


def unfinished_status() -> dict[str, str]:
    """What is to stand there after an unforeseen failure, by what does."""
    return {working_status(): voice_status(text.FAULT, failed=True)}


def voice_status(words: str, *, failed: bool = False) -> Markup:
    """Show a sentence where the voice's state stands."""
    return fill(
        '<p class="{kind}">{words}</p>',
        kind="ser-text ser-voice-failed" if failed else "ser-small",
        words=words,
    )
