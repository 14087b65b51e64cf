"""The card that stands where an answer stands, whatever the state: one for all tabs.

Each tab has a place for one. Before there is a recording it says what to do, then that it is being
worked on, then the answer, or why there is none.
"""

from collections.abc import Iterable
from math import pi
from typing import Literal

from ..words.numbers import write_share
from . import text
from .glyphs import glyph
from .markup import Markup, fill, join, small, tint

Place = Literal["status", "live", "timeline", "compare", "taught"]
"""Whose card it is: `status` is Predict's. The attribute data-PLACE holds the state, by which tests
and scripts know it."""

RADIUS = 30  # of the ring, in a box of 76 by 76

KINDS = {
    "emotion": "ser-sure",
    "done": "ser-sure",
    "uncertain": "ser-unsure",
    "failed": "ser-failed",
    "busy": "ser-failed",
    "unavailable": "ser-failed",
}


def card(
    place: Place,
    state: str,
    title: str,
    *lines: str,
    label: str | None = None,
    share: float | None = None,
    lead: str = "",
    parts: Iterable[object] = (),
    below: str = "",
    note: str = "",
    role: str = "",
) -> Markup:
    """Draw a card of any state.

    Args:
        place: whose it is.
        state: "emotion", "uncertain", "no_speech", "waiting", "working", "failed", ...
        title: what stands in large letters.
        lines: sentences under it.
        label: str, the emotion it names, whose colour and sign it takes.
        share: float in [0, 1], the emotion's probability, drawn as a ring; None for no ring.
        lead: what stands in bold under the title.
        parts: Markup after the sentences.
        below: small print at the end.
        note: one more line of it.
        role: ARIA role, where it is not announced by its place.
    """
    return fill(
        '<div class="{kind}" data-{place}="{state}"{style}{role}>{inside}</div>',
        kind=_kind(state) + (" ser-live" if place == "live" else ""),
        place=place,
        state=state,
        style=_style(label),
        role=fill(' role="{role}"', role=role) if role else "",
        inside=join(
            [
                _head(place, title, label, share, *lines[:1]),
                # A live card keeps its height, so that what stands below it does not move.
                fill('<p class="ser-lead">{lead}</p>', lead=lead)
                if lead or place == "live"
                else "",
                *(_line(line) for line in lines[0 if label is None else 1 :]),
                *parts,
                small(below) if below else "",
                fill('<p class="ser-small ser-voice">{note}</p>', note=note) if note else "",
            ]
        ),
    )


def list_card(state: str, name: str, title: str, *lines: str, label: str | None = None) -> Markup:
    """Draw a small card for one of several recordings, as an item of their list.

    Args:
        state, title, lines, label: as for `card`.
        name: str, of the recording.
    """
    return fill(
        '<li class="{kind}" data-status="{state}"{style}>'
        '<p class="ser-small ser-file">{name}</p>{headline}{lines}</li>',
        kind=_kind(state),
        state=state,
        style=_style(label),
        name=name,
        headline=_head("compare", title, label),
        lines=join(_line(line) for line in lines),
    )


def waiting_card(place: Place) -> Markup:
    """Draw the card before there is a recording."""
    title, words = {
        "status": (text.WAITING_TITLE, text.WAITING),
        "live": (text.LIVE_WAITING_TITLE, text.LIVE_WAITING),
        "timeline": (text.TIMELINE_WAITING_TITLE, text.TIMELINE_WAITING),
        "compare": (text.COMPARE_WAITING_TITLE, text.COMPARE_WAITING),
        "taught": (text.WAITING_TITLE, text.TEACH_WAITING),
    }[place]
    return card(place, "waiting", title, words)


def working_card(place: Place) -> Markup:
    """Draw the card while a recording is worked on."""
    title, words = text.WORKING_TITLE, text.WORKING
    if place == "live":
        title, words = text.LIVE_STARTING_TITLE, text.LIVE_STARTING
    elif place == "timeline":
        words = text.TIMELINE_WORKING
    return card(place, "working", title, words)


def no_speech_card(place: Place, below: str = "") -> Markup:
    """Draw the card of a recording in which nobody speaks; it names no emotion."""
    title, words = text.NO_SPEECH_TITLE, text.COMPARE_NO_SPEECH
    if place == "live":
        title, words = text.LIVE_NO_SPEECH_TITLE, text.LIVE_NO_SPEECH
    elif place == "timeline":
        words = text.TIMELINE_NO_SPEECH
    elif place == "status":
        words = text.NO_SPEECH
    return card(place, "no_speech", title, words, below=below)


def failure_card(place: Place, sentence: str, title: str = "") -> Markup:
    """Draw the card of a recording that cannot be used; it names no emotion."""
    return card(place, "failed", title or text.FAILED_TITLE, sentence)


def unfinished(place: Place) -> dict[str, str]:
    """Draw the cards after an unforeseen failure, by what stands there.

    Any other card says why already, and stays as it is.

    Args:
        place: whose they are.
    """
    return {
        # It did not even begin.
        waiting_card(place): card(place, "busy", text.BUSY_TITLE, text.BUSY),
        working_card(place): failure_card(place, text.FAULT),
    }


def _kind(state: str) -> str:
    return f"ser-card {KINDS.get(state, 'ser-plain')}"


def _style(label: str | None) -> Markup:
    if label is None:
        return Markup("")
    return fill(' style="{tint}"', tint=tint(label))


def _head(
    place: Place, title: str, label: str | None, share: float | None = None, line: str = ""
) -> Markup:
    """The title; with an emotion its sign before, a sentence under it, its probability behind."""
    known = fill(' data-testid="answer"') if place == "status" and label is not None else ""
    if label is not None:
        known = fill('{known} data-label="{label}"', known=known, label=label)
    headline = fill('<p class="ser-headline"{known}>{title}</p>', known=known, title=title)
    if label is None:
        return headline
    return fill(
        '<div class="ser-head"><span class="ser-mark">{glyph}</span><div>{headline}{line}</div>'
        "{ring}</div>",
        glyph=glyph(label),
        headline=headline,
        line=_line(line) if line else "",
        ring="" if share is None else ring(share),
    )


def ring(share: float) -> Markup:
    """Draw a probability as a ring; the words beside it say the same."""
    around = 2 * pi * RADIUS
    return fill(
        '<svg class="ser-ring" viewBox="0 0 76 76" aria-hidden="true">'
        '<circle cx="38" cy="38" r="{radius}"></circle>'
        '<circle class="ser-part" cx="38" cy="38" r="{radius}" pathLength="{around}" '
        'stroke-dasharray="{part} {around}" transform="rotate(-90 38 38)"></circle>'
        '<text x="38" y="44" text-anchor="middle">{percent}</text></svg>',
        radius=RADIUS,
        around=f"{around:.1f}",
        part=f"{around * share:.1f}",
        percent=write_share(share, 0),
    )


def _line(words: str) -> Markup:
    return fill('<p class="ser-text">{words}</p>', words=words)
