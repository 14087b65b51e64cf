"""What stands on the Live tab: the card of the last seconds, and the strip of the last minute."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ...timeline.live import LiveMoment, LiveSession
from ..look import cards, text
from ..look.markup import Markup, fill, join, name_label, percent
from ..page import Page
from .answer import heading
from .listener import Listener
from .strip import Piece, draw_lanes, in_words

MINUTE = 60.0  # [s] that the strip shows


def waiting_card() -> Markup:
    """Draw the card before there is any sound."""
    return _announce(text.LIVE_WAITING_TITLE, cards.waiting_card("live"))


def starting_card() -> Markup:
    """Draw the card until the first answer."""
    return _announce(text.LIVE_STARTING_TITLE, cards.working_card("live"))


def live_card(listener: Listener) -> Markup:
    """Show the emotion of the last seconds, or in plain words that there is none."""
    prediction, words = listener.latest, listener.steady or text.LIVE_STARTING_TITLE
    if listener.fault:
        shown = cards.failure_card("live", listener.fault, text.LIVE_FAILED_TITLE)
        return _announce(listener.fault, shown)
    if prediction is None:
        return starting_card()
    label = prediction.label
    if label is None:
        return _announce(words, cards.no_speech_card("live"))
    title, lead = heading(prediction, label)
    if prediction.status == "emotion" and prediction.intensity is not None:
        lead = f"{lead}, {text.INTENSITY.format(percent=percent(prediction.intensity)).lower()}"
    sentence = text.LIVE_UNFAMILIAR if prediction.familiar is False else text.LIVE_WINDOW
    window = sentence.format(seconds=prediction.duration)
    shown = cards.card("live", prediction.status, title, window, label=label, lead=lead)
    return _announce(words, shown)


def summary_card(listener: Listener) -> Markup:
    """Sum up when the visitor has stopped."""
    spoken = sum(listener.seconds.values())
    seconds = text.LIVE_STOPPED.format(seconds=listener.session.time, speech=spoken)
    shares = sorted(listener.shares.items(), key=lambda item: -item[1])
    words = ", ".join(f"{name_label(label)} {percent(share)}" for label, share in shares if share)
    lead = text.LIVE_STOPPED_SHARES.format(shares=words) if words else ""
    shown = cards.card("live", "stopped", text.LIVE_STOPPED_TITLE, seconds, lead=lead)
    return _announce(f"{text.LIVE_STOPPED_TITLE}. {lead}", shown)


def minute_strip(listener: Listener) -> Markup:
    """Draw the last minute, and how much of all speech each emotion was."""
    moments = list(listener.session.history)
    now = moments[-1].time if moments else 0.0
    recent = [moment for moment in moments if moment.time > now - MINUTE]
    seconds: defaultdict[str, float] = defaultdict(float)
    for moment in recent:
        if moment.prediction.label is not None:
            seconds[moment.prediction.label] += listener.hop
    silence = len(recent) * listener.hop - sum(seconds.values())
    return fill(
        '<section class="ser-section"><h2>{title}</h2>{strip}<p class="ser-small">{note}</p>'
        "</section>",
        title=text.LIVE_STRIP,
        strip=draw_lanes(
            join_moments(recent, listener.hop),
            listener.shares,
            start=now - MINUTE,
            end=now,
            ticks=[(now - MINUTE * k / 4, words) for k, words in enumerate(text.LIVE_TICKS)],
            summary=text.LIVE_STRIP_SUMMARY.format(parts=in_words(seconds, silence)),
        ),
        note=text.LIVE_STRIP_NOTE,
    )


def empty_strip(page: Page) -> Markup:
    """Draw the strip of a visitor who has not spoken yet, of the same height."""
    return minute_strip(Listener(LiveSession(page.recognizer)))


def join_moments(moments: Sequence[LiveMoment], hop: float) -> list[Piece]:
    """Join neighbouring answers that are alike; where nobody speaks there is no piece.

    Args:
        moments: in order of time.
        hop: float [s], the time that each stands for.
    """
    joined: list[Piece] = []
    for moment in moments:
        prediction = moment.prediction
        if prediction.label is None:
            continue
        piece = Piece(
            moment.time - hop, moment.time, prediction.label, prediction.status == "uncertain"
        )
        before = joined[-1] if joined else None
        if (
            before is not None
            and abs(before.end - piece.start) < hop / 2
            and (before.label, before.unsure) == (piece.label, piece.unsure)
        ):
            joined[-1] = replace(before, end=piece.end)
        else:
            joined.append(piece)
    return joined


def _announce(words: str, shown: Markup) -> Markup:
    """Put before a card what a screen reader says, which changes less often than the card does."""
    return join([fill('<p class="ser-hidden" role="status">{words}</p>', words=words), shown])
