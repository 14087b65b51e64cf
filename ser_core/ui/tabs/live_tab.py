"""The tab that listens: the emotion of the last seconds, twice a second, and of the last minute.

The browser sends its microphone's sound as short WAV files, which Gradio stores as uploads and
hands over one after the other. Each is heard, and deleted at once.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gradio as gr
import soundfile

from ...audio.samples import MAX_SAMPLE_RATE
from ...errors import AudioError, AudioFormatError
from ...results import EmotionPrediction
from ...timeline.live import LiveBlock, LiveMoment, LiveSession
from ..look import text
from ..look.markup import Markup, colour, fill, percent, small
from ..page import QUICK, Page
from ..settings import Settings
from .strip import Piece, in_words, lanes

STREAM_EVERY = 0.25  # [s] of sound in a chunk: half of what an answer takes, and a wait for each
LONGEST_CHUNK = 10.0  # [s] that is heard of a chunk: the page sends some quarter of a second
STATE_AGE = 120.0  # [s] without sound after which a visitor's session is forgotten
MINUTE = 60.0  # [s] that the strip shows
CONCURRENCY_ID = "live"
STEADY = 2  # answers in a row that have to agree before a screen reader is told


@dataclass
class Listener:
    """One visitor: the session, and counts of what it has heard.

    Attributes:
        session: LiveSession, which holds a few seconds of sound and a minute of answers.
        seconds: float [s] in which somebody spoke, by label, since the beginning.
        fault: str, what was wrong with the last chunk; empty where nothing was.
        said: str, what a screen reader was told last.
        over: bool, whether the visitor has stopped: sound that arrives late is not heard, and a
            chunk that is being heard meanwhile shows nothing any more.
    """

    session: LiveSession
    seconds: Counter[str] = field(default_factory=Counter)
    fault: str = ""
    said: str = ""
    over: bool = False

    @property
    def latest(self) -> EmotionPrediction | None:
        """The last answer, if there is one."""
        return self.session.history[-1].prediction if self.session.history else None

    @property
    def hop(self) -> float:
        """Time between two answers [s]."""
        return self.session.hop / self.session.rate

    @property
    def shares(self) -> dict[str, float]:
        """Share of the time of speech since the beginning, by label in the model's order."""
        total = sum(self.seconds.values())
        labels = self.session.recognizer.labels
        return {label: self.seconds[label] / total if total else 0.0 for label in labels}

    def hear(self, block: LiveBlock) -> bool:
        """Take the next sound; say whether there is something new to show."""
        news = bool(self.fault)
        self.fault = ""
        for moment in self.session.push(block):
            news = True
            if moment.prediction.label is not None:
                self.seconds[moment.prediction.label] += self.hop
        last = [in_short(moment.prediction) for moment in list(self.session.history)[-STEADY:]]
        if len(last) == STEADY and len(set(last)) == 1:
            self.said = last[0]
        return news

    def end(self) -> None:
        """Hear nothing any more, and forget the sound and its answers."""
        self.over = True
        self.session = LiveSession(self.session.recognizer)


def build(page: Page) -> None:
    """Build the tab inside the open Blocks."""
    gr.HTML(fill('<p class="ser-text">{words}</p>', words=text.LIVE_INTRO))
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            microphone = gr.Audio(
                sources=["microphone"],
                streaming=True,
                type="filepath",
                format=None,
                label=text.LIVE_MICROPHONE,
                buttons=[],
                elem_id="microphone",
            )
            clear = gr.Button(text.LIVE_CLEAR, elem_id="live-clear")
        with gr.Column(scale=6, min_width=300):
            answer = gr.HTML(waiting(), elem_id="live-answer")
    strip = gr.HTML(empty_strip(page), elem_id="live-strip")
    gr.HTML(small(limits(page.settings)))
    listener = gr.State(None, time_to_live=STATE_AGE)

    def hear(path: str, state: Listener | None, request: gr.Request) -> tuple:
        return answers(page, path, state, str(request.session_hash))

    def stop(state: Listener | None, request: gr.Request) -> tuple:
        page.chunks.drop(str(request.session_hash))
        return end(page, state)

    microphone.stream(
        hear,
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
        lambda: (starting(), empty_strip(page), None), outputs=[answer, strip, listener], **QUICK
    )
    microphone.stop_recording(stop, inputs=listener, outputs=[answer, strip, listener], **QUICK)
    # Gradio's own event for this comes with every stop as well, which leaves the strip as it is.
    clear.click(
        lambda state: clean(page, state),
        inputs=listener,
        outputs=[answer, strip, listener],
        **QUICK,
    )


def answers(
    page: Page, path: str, state: Listener | None, visitor: str
) -> tuple[Any, Any, Listener]:
    """Hear a chunk, and those before it that Gradio passed over.

    Args:
        page: Page.
        path: the chunk's file.
        state: what the last call returned; None at the beginning.
        visitor: str, the session's hash.

    Returns:
        What stands in the answer's and in the strip's place, and the new state.
    """
    listener = new_listener(page) if state is None else state
    news = False
    for chunk in page.chunks.take(visitor, path):
        try:
            # Silence of zeros has one path for all its chunks, and may be deleted already.
            if not listener.over and Path(chunk).exists():
                news |= listener.hear(read(chunk))
        except AudioError as error:
            listener.fault, news = str(error), True
        finally:
            page.ledger.release(chunk, at_once=True)
    shown = (card(listener), minute(listener)) if news else (gr.skip(), gr.skip())
    if listener.over:  # perhaps meanwhile: what the stop shows has to stay
        shown = gr.skip(), gr.skip()
    return *shown, listener


def end(page: Page, state: Listener | None) -> tuple[Any, Any, Listener]:
    """Stop: show what was heard in all, and hear nothing any more."""
    if state is None:
        state, shown = new_listener(page), (waiting(), gr.skip())
    elif state.over:
        return gr.skip(), gr.skip(), state
    else:
        shown = stopped(state), minute(state)
    state.end()
    return *shown, state


def clean(page: Page, state: Listener | None) -> tuple[str, str, Listener | None]:
    """Clear what is shown; while somebody is listened to, begin anew."""
    if state is None or state.over:
        return waiting(), empty_strip(page), state
    return starting(), empty_strip(page), None


def new_listener(page: Page) -> Listener:
    """Begin to listen to a visitor."""
    return Listener(LiveSession(page.recognizer))


def read(path: str) -> LiveBlock:
    """Read a chunk as it is. The lengths in its header are not true, as in any sound under way.

    Raises:
        AudioError: it is no sound.
    """
    try:
        with soundfile.SoundFile(path) as sound:
            rate = sound.samplerate
            # A few kilobytes of it can stand for hours.
            most = round(LONGEST_CHUNK * min(rate, MAX_SAMPLE_RATE))
            samples = sound.read(most, dtype="float32", always_2d=True)
    # A TypeError where the file's name makes it headerless samples.
    except (soundfile.LibsndfileError, OSError, TypeError) as error:
        raise AudioFormatError(text.LIVE_FAULT) from error
    if not len(samples):
        raise AudioFormatError(text.LIVE_FAULT)
    return rate, samples


def limits(settings: Settings) -> str:
    """Say how many may listen, for how long, and what is kept."""
    return text.LIVE_LIMITS.format(
        visitors=settings.live_visitors, minutes=settings.live_seconds / 60
    )


def in_short(prediction: EmotionPrediction) -> str:
    """Say an answer in two or three words."""
    if prediction.status == "no_speech":
        return text.LIVE_NO_SPEECH_TITLE
    if prediction.status == "uncertain":
        return text.LIVE_UNCERTAIN_SHORT.format(label=prediction.label)
    return prediction.label.capitalize()


def waiting() -> Markup:
    """What stands there before anything was heard."""
    return _card("waiting", text.LIVE_WAITING_TITLE, text.LIVE_WAITING)


def starting() -> Markup:
    """What stands there until the first answer."""
    return _card("starting", text.LIVE_STARTING_TITLE, text.LIVE_STARTING)


def card(listener: Listener) -> Markup:
    """Show the emotion of the last seconds, or in plain words that there is none."""
    prediction, said = listener.latest, listener.said or text.LIVE_STARTING_TITLE
    if listener.fault:
        return _card("failed", text.LIVE_FAILED_TITLE, listener.fault, said=listener.fault)
    if prediction is None:
        return starting()
    if prediction.status == "no_speech":
        return _card("no_speech", text.LIVE_NO_SPEECH_TITLE, text.LIVE_NO_SPEECH, said=said)
    lead = text.PROBABILITY.format(percent=percent(prediction.confidence))
    if prediction.intensity is not None:
        lead = f"{lead}, {text.INTENSITY.format(percent=percent(prediction.intensity)).lower()}"
    window = text.LIVE_WINDOW.format(seconds=prediction.duration)
    if prediction.status == "uncertain":
        lead = text.UNCERTAIN_MOST_LIKE.format(
            label=prediction.label, percent=percent(prediction.confidence)
        )
        return _card("uncertain", text.UNCERTAIN_TITLE, window, prediction.label, lead, said)
    return _card("emotion", prediction.label.capitalize(), window, prediction.label, lead, said)


def stopped(listener: Listener) -> Markup:
    """Sum up when the visitor has stopped."""
    spoken = sum(listener.seconds.values())
    seconds = text.LIVE_STOPPED.format(seconds=listener.session.time, speech=spoken)
    if not spoken:
        return _card("stopped", text.LIVE_STOPPED_TITLE, seconds)
    shares = sorted(listener.shares.items(), key=lambda item: -item[1])
    words = ", ".join(f"{label} {percent(share)}" for label, share in shares if share)
    said = text.LIVE_STOPPED_SHARES.format(shares=words)
    return _card("stopped", text.LIVE_STOPPED_TITLE, seconds, shares[0][0], said)


def _card(
    status: str, title: str, words: str, label: str = "", lead: str = "", said: str = ""
) -> Markup:
    """A card of a height that does not change, and beside it what a screen reader is told."""
    kinds = {"emotion": "ser-sure", "uncertain": "ser-unsure", "failed": "ser-failed"}
    return fill(
        '<p class="ser-hidden" role="status">{said}</p>'
        '<div class="ser-card ser-live {kind}" data-live="{status}" style="{style}">'
        '<p class="ser-headline" data-label="{label}">{title}</p><p class="ser-lead">{lead}</p>'
        '<p class="ser-text">{words}</p></div>',
        said=said or (title if status != "stopped" else f"{title}. {lead}"),
        kind=kinds.get(status, "ser-plain"),
        status=status,
        style=f"--emotion:{colour(label)}" if status in ("emotion", "uncertain") else "",
        label=label,
        title=title,
        lead=lead,
        words=words,
    )


def pieces(moments: list[LiveMoment], hop: float) -> list[Piece]:
    """Join neighbouring answers that are alike; where nobody speaks there is none."""
    joined: list[Piece] = []
    for moment in moments:
        prediction = moment.prediction
        if prediction.label is None:
            continue
        piece = Piece(
            moment.time - hop, moment.time, prediction.label, prediction.status == "uncertain"
        )
        before = joined[-1] if joined else None
        adjoins = before is not None and abs(before.end - piece.start) < hop / 2
        if adjoins and (before.label, before.unsure) == (piece.label, piece.unsure):
            joined[-1] = replace(before, end=piece.end)
        else:
            joined.append(piece)
    return joined


def minute(listener: Listener) -> Markup:
    """Draw the last minute, and how much of all speech each emotion was."""
    moments = list(listener.session.history)
    now = moments[-1].time if moments else 0.0
    recent = [moment for moment in moments if moment.time > now - MINUTE]
    seconds: Counter[str] = Counter()
    for moment in recent:
        if moment.prediction.label is not None:
            seconds[moment.prediction.label] += listener.hop
    silence = len(recent) * listener.hop - sum(seconds.values())
    return _strip(
        listener.shares,
        lanes(
            pieces(recent, listener.hop),
            listener.shares,
            start=now - MINUTE,
            end=now,
            ticks=[(now - MINUTE * k / 4, words) for k, words in enumerate(text.LIVE_TICKS)],
            summary=text.LIVE_STRIP_SUMMARY.format(parts=in_words(seconds, silence)),
        ),
    )


def empty_strip(page: Page) -> Markup:
    """The strip of a visitor who has not spoken yet, of the same height."""
    return minute(new_listener(page))


def _strip(shares: dict[str, float], drawn: Markup) -> Markup:
    return fill(
        '<section class="ser-section"><h2>{title}</h2>{drawn}<p class="ser-small">{note}</p>'
        "</section>",
        title=text.LIVE_STRIP,
        drawn=drawn,
        note=text.LIVE_STRIP_NOTE,
    )
