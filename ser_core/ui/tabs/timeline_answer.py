"""What stands on the tab that follows a recording: a summary, lanes along time, and tables."""

from collections.abc import Mapping

from ...results import EmotionSegment, SpeakerShare
from ...speech.turns import NAMES
from ...timeline.shares import unite
from ...timeline.timeline import EmotionTimeline
from ..look import text
from ..look.cards import card, no_speech_card
from ..look.glyphs import swatch
from ..look.markup import Markup, fill, join, percent, section, small, table
from .answer import caveats, share_row
from .strip import Lane, Piece, clock, clock_ticks, draw_lanes, in_words

MOST_SEGMENTS = 300  # rows of the table; the files hold all of them


def timeline_card(timeline: EmotionTimeline) -> Markup:
    """Sum a timeline up in words; without speech it names no emotion."""
    seconds = text.SPEECH_SECONDS.format(speech=timeline.speech_seconds, duration=timeline.duration)
    if timeline.dominant is None:
        return no_speech_card("timeline", " ".join([f"{seconds}.", *timeline.notes]))
    low, high = (f"{100 * bound:.0f}%" for bound in timeline.dominance_interval)
    words = text.TIMELINE_INTERVAL.format(low=low, high=high)
    if timeline.overall.label != timeline.dominant:
        words = f"{words} {text.TIMELINE_OVERALL.format(label=timeline.overall.label)}"
    return card(
        "timeline",
        "done",
        text.TIMELINE_MOST_OFTEN.format(label=timeline.dominant),
        words,
        *caveats(timeline.overall),
        label=timeline.dominant,
        lead=text.TIMELINE_VOTES.format(
            share=f"{100 * timeline.dominance:.0f}%", windows=sum(timeline.votes.values())
        ),
        below=f"{seconds}.",
    )


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
    )
    return fill(
        '<section class="ser-section"><h2>{title}</h2>{strip}<p class="ser-small">{note}</p>'
        '</section>{speakers}<section class="ser-section"><h2>{shares}</h2><ul class="ser-all">'
        '{bars}</ul></section><details class="ser-details"><summary>{count}</summary>{table}'
        "</details>",
        title=text.TIMELINE_STRIP,
        strip=strip,
        note=note,
        speakers=_speakers(voices),
        shares=text.TIMELINE_SHARES,
        bars=join(share_row(label, share) for label, share in timeline.distribution.items()),
        count=text.TIMELINE_SEGMENTS.format(count=len(timeline.segments)),
        table=_segments(timeline.segments),
    )


def _piece(segment: EmotionSegment) -> Piece:
    return Piece(segment.start, segment.end, segment.label, segment.status == "uncertain")


def _name_speaker(speaker: str) -> str:
    if speaker in NAMES:
        return text.TIMELINE_SPEAKER.format(name=speaker)
    return speaker.capitalize()  # a channel


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
