"""The tab that listens: the emotion of the last seconds, twice a second, and of the last minute.

The browser sends its microphone's sound as short WAV files, which Gradio stores as uploads and
hands over one after the other. Each is used, and deleted at once.
"""

from pathlib import Path
from typing import Any

import gradio as gr

from ...errors import AudioError
from ...timeline.live import LiveSession
from ..look import text
from ..look.markup import paragraph, say_error, small
from ..page import QUICK, Page, build_recorder
from ..settings import Settings
from .listener import Listener, read_chunk
from .live_answer import (
    empty_strip,
    live_card,
    minute_strip,
    starting_card,
    summary_card,
    waiting_card,
)

STREAM_EVERY = 0.25  # [s] of sound in a chunk: half of what an answer takes, and a wait for each
STATE_AGE = 120.0  # [s] without sound after which a visitor's session is forgotten
CONCURRENCY_ID = "live"

Shown = tuple[Any, Any, Listener | None]
"""What stands in the answer's and in the strip's place, and the visitor's state."""


def build(page: Page) -> None:
    """Build the tab inside the open Blocks."""
    gr.HTML(paragraph(text.LIVE_INTRO))
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            microphone = build_recorder(
                text.LIVE_MICROPHONE, "microphone", ("microphone",), streaming=True
            )
            clear = gr.Button(text.LIVE_CLEAR, elem_id="live-clear")
        with gr.Column(scale=6, min_width=300):
            answer = gr.HTML(waiting_card(), elem_id="live-answer")
    strip = gr.HTML(empty_strip(page), elem_id="live-strip")
    gr.HTML(small(limits(page.settings)))
    listener = gr.State(None, time_to_live=STATE_AGE)

    def listen(path: str | None, state: Listener | None, request: gr.Request) -> Shown:
        if path is None:  # as no page sends it
            raise gr.Error(text.WRONG_INPUT, print_exception=False)
        return answer_chunks(page, path, state, str(request.session_hash))

    def stop(state: Listener | None, request: gr.Request) -> Shown:
        page.chunks.drop(str(request.session_hash))
        return end(page, state)

    microphone.stream(
        listen,
        inputs=[microphone, listener],
        outputs=[answer, strip, listener],
        stream_every=STREAM_EVERY,
        time_limit=page.settings.live_seconds,
        concurrency_limit=page.settings.live_visitors,
        concurrency_id=CONCURRENCY_ID,
        show_progress="hidden",
        api_visibility="private",
    )
    microphone.start_recording(
        lambda state: begin(page, state),
        inputs=listener,
        outputs=[answer, strip, listener],
        **QUICK,
    )
    microphone.stop_recording(stop, inputs=listener, outputs=[answer, strip, listener], **QUICK)
    # Gradio's own event for this comes with every stop as well, which leaves the strip as it is.
    clear.click(
        lambda state: clear_shown(page, state),
        inputs=listener,
        outputs=[answer, strip, listener],
        **QUICK,
    )


def answer_chunks(
    page: Page, path: str, state: Listener | None, visitor: str
) -> tuple[Any, Any, Listener]:
    """Use a chunk, and those before it that Gradio passed over.

    Args:
        page: Page.
        path: the chunk's file.
        state: what the last call returned; None at the beginning.
        visitor: str, the session's hash.

    Returns:
        What stands in the answer's and in the strip's place, and the new state.
    """
    listener = new_listener(page) if state is None else state
    session, news = listener.session, False
    for chunk in page.chunks.take(visitor, path):
        try:
            wanted = listener.session is session and not listener.over
            if wanted and Path(chunk).exists():
                news |= listener.push(read_chunk(chunk))
        except AudioError as error:
            listener.fault, news = say_error(error), True
        finally:
            page.ledger.release(chunk)
    if not news or listener.session is not session:  # what a stop, a start or a clear shows stays
        return gr.skip(), gr.skip(), listener
    return live_card(listener), minute_strip(listener), listener


def begin(page: Page, state: Listener | None) -> tuple[Any, Any, Listener]:
    """Start: listen to the visitor, from the beginning."""
    if state is None:
        state = new_listener(page)
    else:
        state.begin_anew()
    return starting_card(), empty_strip(page), state


def end(page: Page, state: Listener | None) -> tuple[Any, Any, Listener]:
    """Stop: show what all of it sounded like, and take no further sound."""
    if state is None:
        state = new_listener(page)
        state.end()
        return waiting_card(), gr.skip(), state
    if state.over:
        return gr.skip(), gr.skip(), state
    session = state.session
    card, strip = summary_card(state), minute_strip(state)
    if state.session is not session:  # a new start came meanwhile
        return gr.skip(), gr.skip(), state
    state.end()
    return card, strip, state


def clear_shown(page: Page, state: Listener | None) -> Shown:
    """Clear what is shown; while the microphone is on, begin anew."""
    if state is None or state.over:
        return waiting_card(), empty_strip(page), state
    return begin(page, state)


def new_listener(page: Page) -> Listener:
    """Begin to listen to a visitor."""
    return Listener(LiveSession(page.recognizer))


def limits(settings: Settings) -> str:
    """Say how many may listen, for how long, and what is kept."""
    return text.LIVE_LIMITS.format(
        visitors=settings.live_visitors, minutes=settings.live_seconds / 60
    )
