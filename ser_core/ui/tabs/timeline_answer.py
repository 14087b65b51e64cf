"""What stands on the tab that follows a recording: a summary, lanes along time, and tables."""

from collections.abc import Mapping

from ...results import EmotionSegment, SpeakerShare
from ...speech.turns import NAMES
from ...timeline.shares import unite
from ...timeline.timeline import EmotionTimeline
from ..look import text
from ..look.cards import card, no_speech_card
from ..look.glyphs import swatch
from ..look.markup import (
    Markup,
    capitalize,
    fill,
    join,
    name_label,
    paragraph,
    percent,
    say_sentence,
    section,
    small,
    table,
)
from ..words.numbers import write_share
from .answer import caveats, join_sentences
from .river import draw_river
from .strip import Lane, Piece, clock, clock_ticks, draw_lanes, in_words

NOTEWORTHY = 0.05  # share of the speech from which on an emotion is named after the first
MOST_SEGMENTS = 300  # rows of the table; the files hold all of them


def timeline_card(timeline: EmotionTimeline) -> Markup:
    """Sum a timeline up in words; without speech it names no emotion."""
    seconds = text.SPEECH_SECONDS.format(speech=timeline.speech_seconds, duration=timeline.duration)
    if timeline.dominant is None:
        return no_speech_card("timeline", join_sentences(f"{seconds}.", *timeline.notes))
    (first, share), *others = sorted(timeline.distribution.items(), key=lambda item: -item[1])
    following = ", ".join(
        text.TIMELINE_THEN_PART.format(label=name_label(label), share=_whole(part))
        for label, part in others[:2]
        if part >= NOTEWORTHY
    )
    words = text.TIMELINE_MOSTLY.format(share=_whole(share), seconds=timeline.speech_seconds)
    return card(
        "timeline",
        "done",
        text.TIMELINE_MOSTLY_TITLE.format(label=name_label(first)),
        f"{words}; {text.TIMELINE_THEN.format(parts=following)}." if following else f"{words}.",
        *caveats(timeline.overall),
        label=first,
        below=f"{seconds}.",
    )


def votes(timeline: EmotionTimeline) -> Markup:
    """Say how the windows voted, and how far their vote can be trusted."""
    low, high = map(_whole, timeline.dominance_interval)
    sentences = [
        text.TIMELINE_VOTES.format(
            label=name_label(timeline.dominant or ""),
            share=_whole(timeline.dominance),
            windows=sum(timeline.votes.values()),
        ),
        text.TIMELINE_INTERVAL.format(low=low, high=high),
        text.TIMELINE_OVERALL.format(label=name_label(timeline.overall.label or "")),
    ]
    return fill(
        '<details class="ser-details"><summary>{title}</summary>{words}</details>',
        title=text.TIMELINE_SURE,
        words=paragraph(" ".join(sentences)),
    )


def _whole(share: float) -> str:
    return write_share(share, 0)


def details(timeline: EmotionTimeline) -> Markup:
    """Draw the timeline, the time of each emotion, and a table of the segments."""
    if not timeline.segments:
        return Markup("")
    voices = timeline.by_speaker
    spoken = sum(segment.end - segment.start for segment in timeline.segments)
    seconds = {label: share * spoken for label, share in timeline.distribution.items()}
    covered = unite((segment.start, segment.end) for segment in timeline.segments)
    silence = max(0.0, timeline.duration - sum(end - start for start, end in covered))
    summary, note = in_words(seconds, silence), text.TIMELINE_STRIP_NOTE
    if voices:
        lengths = {_name_speaker(name): voice.seconds for name, voice in voices.items()}
        summary = f"{summary}; {in_words(lengths)}"
        apart = timeline.channels == "separate"
        who = text.TIMELINE_CHANNELS_APART if apart else text.TIMELINE_SPEAKERS_NOTE
        note = f"{note} {who}"
    strip = draw_lanes(
        map(_piece, timeline.segments),
        timeline.distribution,
        start=0.0,
        end=timeline.duration,
        ticks=clock_ticks(timeline.duration),
        summary=text.TIMELINE_SUMMARY.format(parts=summary),
        playable=True,
        below=_speaker_lanes(timeline, voices),
        above=draw_river(timeline),
    )
    return fill(
        '<section class="ser-section">{strip}<p class="ser-small">{note}</p></section>{speakers}'
        '{votes}<details class="ser-details"><summary>{count}</summary>{table}</details>',
        strip=strip,
        note=note,
        speakers=_speakers(voices),
        votes=votes(timeline),
        count=text.TIMELINE_SEGMENTS.format(count=len(timeline.segments)),
        table=_segments(timeline.segments),
    )


def _piece(segment: EmotionSegment) -> Piece:
    return Piece(segment.start, segment.end, segment.label, segment.status == "uncertain")


def _name_speaker(speaker: str) -> str:
    if speaker in NAMES:
        return text.TIMELINE_SPEAKER.format(name=speaker)
    return capitalize(say_sentence(speaker))  # a channel


def _speaker_lanes(timeline: EmotionTimeline, voices: Mapping[str, SpeakerShare]) -> list[Lane]:
    return [
        Lane(
            _name_speaker(name),
            [_piece(segment) for segment in timeline.segments if segment.speaker == name],
            voice.seconds / timeline.speech_seconds,
        )
        for name, voice in voices.items()
    ]


def _speakers(voices: Mapping[str, SpeakerShare]) -> Markup:
    """Tabulate what each speaker sounds like; empty where nobody asked."""
    rows = []
    for name, voice in voices.items():
        label, share = max(voice.distribution.items(), key=lambda item: item[1])
        rows.append(
            (
                _name_speaker(name),
                swatch(label) if share else "",
                percent(share) if share else "",
                text.TIMELINE_SPEAKERS_SECONDS.format(seconds=voice.seconds),
            )
        )
    if not rows:
        return Markup("")
    return section(text.TIMELINE_SPEAKERS, table(text.TIMELINE_SPEAKERS_HEADERS, rows, numeric=2))


def _segments(segments: tuple[EmotionSegment, ...]) -> Markup:
    has_intensity = any(segment.intensity is not None for segment in segments)
    has_speakers = any(segment.speaker is not None for segment in segments)
    time, *headers = text.TIMELINE_HEADERS
    headers = [
        time,
        *([text.TIMELINE_WHO] if has_speakers else []),
        *headers,
        *([text.TIMELINE_INTENSITY] if has_intensity else []),
    ]
    rows = [
        (
            fill(
                '<button class="ser-play" data-start="{start}" data-end="{end}">{words}</button>',
                start=segment.start,
                end=segment.end,
                words=f"{clock(segment.start)} - {clock(segment.end)}",
            ),
            *([_name_speaker(segment.speaker or "")] if has_speakers else []),
            swatch(segment.label),
            percent(segment.confidence)
            + (f" ({text.TIMELINE_UNSURE})" if segment.status == "uncertain" else ""),
            *([_intensity(segment)] if has_intensity else []),
        )
        for segment in segments[:MOST_SEGMENTS]
    ]
    left_out = len(segments) - len(rows)
    note = text.TIMELINE_LEFT_OUT.format(count=left_out) if left_out else ""
    return join(
        [
            table(headers, rows, numeric=2 if has_intensity else 1),
            small(note),
        ]
    )


def _intensity(segment: EmotionSegment) -> str:
    return "" if segment.intensity is None else percent(segment.intensity)
