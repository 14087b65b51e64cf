"""What stands on the tab that follows a recording: a summary, lanes along time, and tables."""

from collections.abc import Mapping
from functools import partial

from ...results import EmotionSegment, SpeakerShare
from ...timeline.timeline import EmotionTimeline
from ..look import text
from ..look.markup import Markup, bar, colour, fill, join, percent, section, small, swatch, table
from .answer import plain
from .strip import Lane, Piece, clock, clock_ticks, in_words, lanes

MOST_SEGMENTS = 300  # rows of the table; the files hold all of them

_card = partial(plain, place="timeline")


def waiting() -> Markup:
    """What stands there before there is a recording."""
    return _card("waiting", text.WAITING_TITLE, text.TIMELINE_WAITING)


def working() -> Markup:
    """What stands there while a recording is worked on."""
    return _card("working", text.WORKING_TITLE, text.TIMELINE_WORKING)


def failed(sentence: str) -> Markup:
    """What stands there when a recording cannot be used; no emotion is shown."""
    return _card("failed", text.FAILED_TITLE, sentence, kind="ser-failed")


def card(timeline: EmotionTimeline) -> Markup:
    """Sum a timeline up in words; without speech it names no emotion."""
    seconds = text.SPEECH_SECONDS.format(speech=timeline.speech_seconds, duration=timeline.duration)
    below = " ".join(filter(None, [f"{seconds}.", timeline.truncated]))
    if timeline.dominant is None:
        return _card("no_speech", text.NO_SPEECH_TITLE, text.TIMELINE_NO_SPEECH, below)
    low, high = (f"{100 * bound:.0f}%" for bound in timeline.dominance_interval)
    lead = text.TIMELINE_VOTES.format(
        share=f"{100 * timeline.dominance:.0f}%", windows=sum(timeline.votes.values())
    )
    words = text.TIMELINE_INTERVAL.format(low=low, high=high)
    if timeline.overall.label != timeline.dominant:
        words = f"{words} {text.TIMELINE_OVERALL.format(label=timeline.overall.label)}"
    return fill(
        '<div class="ser-card ser-sure" data-timeline="done" '
        'style="--emotion:{colour}"><p class="ser-headline" data-label="{label}">{title}</p>'
        '<p class="ser-lead">{lead}</p><p class="ser-text">{words}</p>'
        "{below}</div>",
        colour=colour(timeline.dominant),
        label=timeline.dominant,
        title=text.TIMELINE_MOST_OFTEN.format(label=timeline.dominant),
        lead=lead,
        words=words,
        below=small(below),
    )


def details(timeline: EmotionTimeline) -> Markup:
    """Draw the timeline, the time of each emotion, and a table of the segments."""
    if not timeline.segments:
        return Markup("")
    voices = timeline.by_speaker
    told = sum(segment.end - segment.start for segment in timeline.segments)
    seconds = {label: share * told for label, share in timeline.distribution.items()}
    silence = max(0.0, timeline.duration - sum(seconds.values()))
    summary, note = in_words(seconds, silence), text.TIMELINE_STRIP_NOTE
    if voices:
        heard = {_named(name): voice.seconds for name, voice in voices.items()}
        summary = f"{summary}; {in_words(heard)}"
        note = f"{note} {text.TIMELINE_SPEAKERS_NOTE}"
    drawn = lanes(
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
        '<section class="ser-section"><h2>{title}</h2>{drawn}<p class="ser-small">{note}</p>'
        '</section>{speakers}<section class="ser-section"><h2>{shares}</h2><ul class="ser-all">'
        '{bars}</ul></section><details class="ser-details"><summary>{count}</summary>{table}'
        "</details>",
        title=text.TIMELINE_STRIP,
        drawn=drawn,
        note=note,
        speakers=_speakers(voices),
        shares=text.TIMELINE_SHARES,
        bars=join(_share(label, share) for label, share in timeline.distribution.items()),
        count=text.TIMELINE_SEGMENTS.format(count=len(timeline.segments)),
        table=_segments(timeline.segments),
    )


def _piece(segment: EmotionSegment) -> Piece:
    return Piece(segment.start, segment.end, segment.label, segment.status == "uncertain")


def _named(speaker: str) -> str:
    return text.TIMELINE_SPEAKER.format(name=speaker)


def _speaker_lanes(timeline: EmotionTimeline, voices: Mapping[str, SpeakerShare]) -> list[Lane]:
    return [
        Lane(
            _named(name),
            [_piece(segment) for segment in timeline.segments if segment.speaker == name],
            voice.seconds / timeline.speech_seconds,
        )
        for name, voice in voices.items()
    ]


def _speakers(voices: Mapping[str, SpeakerShare]) -> Markup:
    """Tabulate what each speaker sounds like; empty where nobody asked."""
    rows = []
    for name, voice in voices.items():
        label = max(voice.distribution, key=voice.distribution.get)
        share = voice.distribution[label]
        rows.append(
            (
                _named(name),
                swatch(label) if share else "",
                percent(share) if share else "",
                text.TIMELINE_SPEAKERS_SECONDS.format(seconds=voice.seconds),
            )
        )
    if not rows:
        return Markup("")
    return section(text.TIMELINE_SPEAKERS, table(text.TIMELINE_SPEAKERS_HEADERS, rows, numeric=2))


def _share(label: str, share: float) -> Markup:
    return fill(
        '<li>{name}{bar}<span class="ser-share">{share}</span></li>',
        name=swatch(label),
        bar=bar(label, share),
        share=percent(share),
    )


def _segments(segments: tuple[EmotionSegment, ...]) -> Markup:
    headers, numeric = text.TIMELINE_HEADERS, 1
    told = any(segment.intensity is not None for segment in segments)
    apart = any(segment.speaker is not None for segment in segments)
    if apart:
        headers = (headers[0], text.TIMELINE_WHO, *headers[1:])
    if told:
        headers, numeric = (*headers, text.TIMELINE_INTENSITY), 2
    rows = [
        (
            fill(
                '<button class="ser-play" data-start="{start}" data-end="{end}">{words}</button>',
                start=segment.start,
                end=segment.end,
                words=f"{clock(segment.start)} - {clock(segment.end)}",
            ),
            *([_named(segment.speaker)] if apart else []),
            swatch(segment.label),
            percent(segment.confidence)
            + (f" ({text.TIMELINE_UNSURE})" if segment.status == "uncertain" else ""),
            *([_intensity(segment)] if told else []),
        )
        for segment in segments[:MOST_SEGMENTS]
    ]
    left_out = len(segments) - len(rows)
    note = text.TIMELINE_LEFT_OUT.format(count=left_out) if left_out else ""
    return join(
        [
            table(headers, rows, numeric=numeric),
            small(note),
        ]
    )


def _intensity(segment: EmotionSegment) -> str:
    return "" if segment.intensity is None else percent(segment.intensity)
