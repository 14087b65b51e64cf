"""The tab that follows the emotions through a recording, which may be an hour long."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from ...audio.channels import Channels
from ...errors import AnalysisCancelledError, AudioError
from ...timeline.analyze import AnalysisProgress
from ...timeline.exports import FORMATS, write_export
from ...timeline.timeline import EmotionTimeline
from ..latest import Calls, Latest, only_beside, while_latest
from ..look import text
from ..look.cards import failure_card, unfinished, waiting_card, working_card
from ..look.markup import paragraph, say_error, small
from ..page import (
    TIMELINE_CONCURRENCY_ID,
    Page,
    build_recorder,
    in_browser,
    replace_in_browser,
    require_recording,
)
from ..server.uploads import new_folder
from ..settings import SPEAKERS, UPLOAD_AGE, Settings
from . import examples
from .strip import clock
from .timeline_answer import details, timeline_card

FALLBACK_NAME = "recording"


def build(page: Page) -> None:
    """Build the tab inside the open Blocks."""
    calls = Calls()
    gr.HTML(paragraph(text.TIMELINE_INTRO), elem_id="timeline-intro")
    with gr.Row(elem_id="follow", equal_height=False):
        with gr.Column(elem_id="follow-recorder", min_width=0):
            recording = build_recorder(
                text.RECORDING,
                "timeline-recording",
                ("upload", "microphone"),
                # Drawing an hour's waveform would have the browser decode all of it.
                waveform_options=gr.WaveformOptions(show_recording_waveform=False),
            )
        with gr.Column(elem_id="follow-answer", min_width=0):
            summary = gr.HTML(waiting_card("timeline"), elem_id="timeline-summary", min_height=140)
            run = gr.Button(text.RUN, size="sm", elem_id="timeline-run")
        with gr.Column(elem_id="follow-picture", min_width=0):
            strip = gr.HTML("", elem_id="timeline-strip", min_height=0)
        with gr.Column(elem_id="timeline-saves", min_width=0):
            gr.HTML(small(text.TIMELINE_SAVE))
            with gr.Row():
                files = [
                    gr.DownloadButton(
                        text.FORMAT_NAMES.get(form.name, form.title),
                        interactive=False,
                        size="sm",
                        min_width=80,
                        elem_id=f"timeline-save-{form.name}",
                    )
                    for form in FORMATS
                ]
        with gr.Column(elem_id="follow-more", min_width=0):
            with gr.Accordion(text.TIMELINE_WHO_SPEAKS, open=False, elem_id="timeline-who"):
                people = gr.Radio(
                    [(text.TIMELINE_PEOPLE_OFF, 0), *((str(count), count) for count in SPEAKERS)],
                    value=0,
                    label=text.TIMELINE_PEOPLE,
                    info=text.TIMELINE_PEOPLE_NOTE,
                    elem_id="timeline-people",
                )
                channels = gr.Radio(
                    [(name, value) for value, name in text.TIMELINE_CHANNELS_CHOICES.items()],
                    value="auto",
                    label=text.TIMELINE_CHANNELS,
                    info=text.TIMELINE_CHANNELS_NOTE,
                    elem_id="timeline-channels",
                )
            loaded = examples.build(recording, examples.LONG, calls)
    gr.HTML(small(limits(page.settings)))
    outputs = [summary, strip, *files]

    # Its name must not be an endpoint's, which would then be given another.
    def follow(
        path: str | None,
        speakers: int,
        channels: Channels,
        latest: Latest,
        made: float | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008, which is how Gradio passes it
    ) -> Iterator[list[Any]]:
        is_latest = latest.note(made)

        def tell(state: AnalysisProgress) -> None:
            progress(state.fraction, desc=progress_words(state))

        def cancelled() -> bool:
            return not is_latest()

        shown = answers(page, path, tell, cancelled, speakers, channels)
        yield from while_latest(is_latest, path, shown)

    def again(
        path: str | None,
        speakers: int,
        channels: Channels,
        latest: Latest,
        made: float | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[list[Any]]:
        if path is None:  # the choice is for a recording that is yet to come
            yield [gr.skip()] * (len(outputs) + 1)
            return
        yield from follow(path, speakers, channels, latest, made, progress)

    following: dict[str, Any] = {
        "outputs": [*outputs, calls.answered],
        "show_progress": "full",
        "show_progress_on": summary,
        "trigger_mode": "always_last",
        "concurrency_limit": 1,
        "concurrency_id": TIMELINE_CONCURRENCY_ID,
        "api_visibility": "private",
        **calls.carry(recording, people, channels),
    }
    analyzed = gr.on([recording.upload, recording.stop_recording, run.click], follow, **following)
    asked = gr.on([people.input, channels.input], again, **following)
    empty = [waiting_card("timeline"), "", *no_files()]
    loaded.success(outputs=outputs, **in_browser(*empty))
    shown = list(zip(outputs, empty, strict=True))
    for event in (analyzed, asked, loaded.success(follow, **following)):
        event.failure(
            inputs=summary, outputs=summary, **replace_in_browser(unfinished("timeline"))
        ).then(**only_beside(recording, *shown))
        event.then(**only_beside(recording, *shown, answered=calls.answered))
    calls.forget_on([recording.clear, recording.start_recording], outputs, *empty)


def answers(
    page: Page,
    path: str | None,
    tell: Callable[[AnalysisProgress], None],
    cancelled: Callable[[], bool],
    speakers: int = 0,
    channels: Channels = "mix",
) -> Iterator[list[Any]]:
    """Give what stands on the tab: first that it is worked on, then the timeline.

    Args:
        page: Page.
        path: the recording's file, or None.
        tell: called with the progress.
        cancelled: whether the visitor has turned to something else.
        speakers: int, how many people to split the speech between; 0 not to.
        channels: as for `Page.analyze`.

    Yields:
        What stands in the summary's place, under it, and the files to download.
    """
    yield [working_card("timeline"), "", *no_files()]
    try:
        path = require_recording(path)
        timeline = page.analyze(
            path, speakers=speakers, channels=channels, progress=tell, cancelled=cancelled
        )
    except AnalysisCancelledError:
        return
    except AudioError as error:
        yield [failure_card("timeline", say_error(error)), "", *no_files()]
        return
    yield [timeline_card(timeline), details(timeline), *downloads(timeline, Path(path).name)]


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
    return [gr.update(value=None, interactive=False) for _ in FORMATS]


def downloads(timeline: EmotionTimeline, recording: str) -> list[Any]:
    """Write the timeline as files, which are swept away like uploads.

    Args:
        timeline: EmotionTimeline.
        recording: str, name of the recording's file.

    Returns:
        One button a format; what this timeline cannot be written in has nothing behind it.
    """
    folder = new_folder()
    name = Path(recording).stem
    stem = "".join(letter for letter in name if letter.isalnum() or letter in "-_ ")[:60].strip()
    buttons = []
    for form in FORMATS:
        if form.find_missing(timeline, recording) is not None:
            buttons.append(gr.DownloadButton(value=None, interactive=False))
            continue
        path = folder / f"{stem or FALLBACK_NAME}{form.ending}"
        # Those who save a table here mostly open it in a spreadsheet.
        encoding = form.encodings[-1]
        path.write_bytes(write_export(timeline, form, recording=recording, encoding=encoding))
        buttons.append(gr.DownloadButton(value=str(path), interactive=True))
    return buttons
