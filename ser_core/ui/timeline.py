"""The tab that follows the emotions through a recording, which may be an hour long."""

import html
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from ..analysis import AnalysisProgress
from ..errors import AnalysisCancelledError, AudioError
from ..results import EmotionSegment
from ..settings import UPLOAD_AGE, Settings
from ..sources import UntrustedPath
from ..timeline import EmotionTimeline
from . import examples, text
from .answer import plain
from .markup import Markup, bar, colour, fill, join, percent, small, swatch, table
from .page import QUICK, TIMELINE_CONCURRENCY_ID, Page, unusable
from .strip import Piece, clock, clock_ticks, in_words, lanes
from .uploads import new_folder

FORMS = (".csv", ".json", ".vtt")
MOST_SEGMENTS = 300  # rows of the table; the files hold all of them
FALLBACK_NAME = "recording"

# The player is Gradio's own; this moves the line with it, and plays the pieces that are clicked.
SCRIPT = """
(() => {
  let stopAt = null;
  const player = () => document.querySelector("#timeline-recording audio");
  document.addEventListener("timeupdate", event => {
    const audio = player();
    if (event.target !== audio) return;
    if (stopAt !== null && audio.currentTime >= stopAt) { audio.pause(); stopAt = null; }
    const strip = document.querySelector("#timeline-strip [data-seconds]");
    const cursor = strip && strip.querySelector(".ser-cursor");
    if (!cursor) return;
    cursor.hidden = false;
    cursor.style.left = Math.min(100, 100 * audio.currentTime / strip.dataset.seconds) + "%";
  }, true);
  document.addEventListener("click", event => {
    const piece = event.target.closest("#timeline-strip [data-start]");
    const audio = player();
    if (!piece || !audio) return;
    audio.currentTime = Number(piece.dataset.start);
    stopAt = Number(piece.dataset.end);
    audio.play();
  });
})();
"""


def build(page: Page) -> None:
    """Build the tab inside the open Blocks."""
    running: dict[str, object] = {}  # by visitor, what is being analysed
    gr.HTML(fill('<p class="ser-text">{words}</p>', words=text.TIMELINE_INTRO))
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            recording = gr.Audio(
                sources=["upload", "microphone"],
                type="filepath",
                format=None,
                label=text.RECORDING,
                buttons=[],
                # Drawing an hour's waveform would have the browser decode all of it.
                waveform_options=gr.WaveformOptions(show_recording_waveform=False),
                elem_id="timeline-recording",
            )
            run = gr.Button(text.TIMELINE_RUN, variant="primary", elem_id="timeline-run")
            loaded = examples.build(recording, examples.LONG)
            with gr.Row():
                files = [
                    gr.DownloadButton(
                        text.TIMELINE_DOWNLOAD.format(form=text.TIMELINE_FORMS[form]),
                        interactive=False,
                        size="sm",
                        min_width=80,
                    )
                    for form in FORMS
                ]
        with gr.Column(scale=6, min_width=300):
            summary = gr.HTML(waiting(), elem_id="timeline-summary", min_height=180)
    strip = gr.HTML("", elem_id="timeline-strip")
    gr.HTML(small(limits(page.settings)))
    outputs = [summary, strip, *files]

    # Its name must not be an endpoint's, which would then be given another.
    def follow(
        path: str | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008, which is how Gradio passes it
    ) -> Iterator[list]:
        visitor, token = str(request.session_hash), object()
        running[visitor] = token

        def tell(state: AnalysisProgress) -> None:
            progress(state.fraction, desc=progress_words(state))

        try:
            for shown in answers(page, path, tell, lambda: running.get(visitor) is not token):
                yield [*shown, *([gr.skip()] * (len(outputs) - len(shown)))]
        finally:
            if running.get(visitor) is token:
                del running[visitor]

    def forget(request: gr.Request) -> list:
        running.pop(str(request.session_hash), None)
        return [waiting(), "", *no_files()]

    following = {
        "inputs": recording,
        "outputs": outputs,
        "show_progress": "full",
        "show_progress_on": summary,
        "trigger_mode": "always_last",
        "concurrency_limit": 1,
        "concurrency_id": TIMELINE_CONCURRENCY_ID,
        "api_visibility": "private",
    }
    analyzed = gr.on([recording.upload, recording.stop_recording, run.click], follow, **following)
    for event in (analyzed, loaded.success(follow, **following)):
        event.failure(
            lambda shown: failed(text.FAULT) if shown == working() else shown,
            inputs=summary,
            outputs=summary,
            **QUICK,
        )
    gr.on(
        [recording.clear, recording.start_recording],
        forget,
        outputs=outputs,
        **QUICK,
    )


def answers(
    page: Page,
    path: str | None,
    tell: Callable[[AnalysisProgress], None],
    cancelled: Callable[[], bool],
) -> Iterator[list]:
    """Give what stands on the tab: first that it is worked on, then the timeline.

    Args:
        page: Page.
        path: the recording's file, or None.
        tell: called with the progress.
        cancelled: whether the visitor has turned to something else.

    Yields:
        What stands in the summary's place, under it, and the files to download.

    Raises:
        gr.Error: the recording cannot be used; the sentence has been yielded as well.
    """
    yield [working(), "", *no_files()]
    sentence = unusable(path)
    try:
        if sentence is None:
            timeline = page.recognizer.analyze(
                UntrustedPath(path),
                max_seconds=page.settings.max_timeline_seconds,
                progress=tell,
                cancelled=cancelled,
            )
            yield [card(timeline), details(timeline), *downloads(timeline, Path(path).stem)]
            return
    except AnalysisCancelledError:
        return
    except AudioError as error:
        sentence = str(error)
    yield [failed(sentence), "", *no_files()]
    # The message is shown as HTML.
    raise gr.Error(
        html.escape(sentence, quote=False), title=text.FAILED_TITLE, print_exception=False
    )


def limits(settings: Settings) -> str:
    """Say what is accepted and how long it is kept."""
    return text.TIMELINE_LIMITS.format(
        minutes=settings.max_timeline_seconds / 60,
        megabytes=settings.max_megabytes,
        kept=UPLOAD_AGE / 60,
    )


def progress_words(state: AnalysisProgress) -> str:
    """Say how far an analysis is, and how long it still takes."""
    if state.remaining is None:
        return text.TIMELINE_PROGRESS_BEGUN.format(done=clock(state.seconds))
    return text.TIMELINE_PROGRESS.format(
        done=clock(state.seconds), remaining=clock(state.remaining + 1)
    )


def no_files() -> list[Any]:
    """Download buttons with nothing behind them."""
    return [gr.DownloadButton(value=None, interactive=False) for _ in FORMS]


def downloads(timeline: EmotionTimeline, name: str) -> list[Any]:
    """Write the timeline as files, which are swept away like uploads.

    Args:
        timeline: EmotionTimeline.
        name: str, of the recording, without its ending.
    """
    folder = new_folder()
    stem = "".join(letter for letter in name if letter.isalnum() or letter in "-_ ")[:60].strip()
    return [
        gr.DownloadButton(
            value=str(timeline.save(folder / f"{stem or FALLBACK_NAME}{form}")), interactive=True
        )
        for form in FORMS
    ]


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
    seconds = {
        label: share * sum(segment.end - segment.start for segment in timeline.segments)
        for label, share in timeline.distribution.items()
    }
    silence = max(0.0, timeline.duration - sum(seconds.values()))
    drawn = lanes(
        [
            Piece(segment.start, segment.end, segment.label, segment.status == "uncertain")
            for segment in timeline.segments
        ],
        timeline.distribution,
        start=0.0,
        end=timeline.duration,
        ticks=clock_ticks(timeline.duration),
        summary=text.TIMELINE_SUMMARY.format(parts=in_words(seconds, silence)),
        playable=True,
    )
    return fill(
        '<section class="ser-section"><h2>{title}</h2>{drawn}<p class="ser-small">{note}</p>'
        '</section><section class="ser-section"><h2>{shares}</h2><ul class="ser-all">{bars}</ul>'
        '</section><details class="ser-details"><summary>{count}</summary>{table}</details>',
        title=text.TIMELINE_STRIP,
        drawn=drawn,
        note=text.TIMELINE_STRIP_NOTE,
        shares=text.TIMELINE_SHARES,
        bars=join(_share(label, share) for label, share in timeline.distribution.items()),
        count=text.TIMELINE_SEGMENTS.format(count=len(timeline.segments)),
        table=_segments(timeline.segments),
    )


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
