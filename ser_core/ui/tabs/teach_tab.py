"""The tab that teaches the model a visitor's own labels, from a few clips of each.

A clip is embedded as it comes, and its file deleted: a session keeps numbers of which nobody can
make a voice again, and the taught model, which is a few numbers beside the one that all share.
"""

import zipfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr

from ...config.whole_files import temporary_folder
from ...errors import AudioError, SpeechEmotionError
from ...recognizer import EmotionRecognizer
from ..latest import Calls, Latest, only_beside, while_latest
from ..look import text
from ..look.cards import failure_card, unfinished, waiting_card, working_card
from ..look.markup import Markup, join, notice, paragraph, say_error, small, subheading
from ..page import (
    MINUTES,
    Page,
    build_recorder,
    build_turn,
    replace_in_browser,
    require_recording,
)
from ..server.inside import leave_no_copies
from ..server.uploads import new_folder
from .answer import answer_card
from .lesson import (
    MOST_CLIPS,
    MOST_LABELS,
    Lesson,
    LessonError,
    coloured,
    show_lesson,
    show_report,
)
from .voice import voice_status

FILE = "taught-model.zip"
CONCURRENCY_ID = "lessons"
"""Name of the queue of what changes a lesson: each begins with what the one before left."""
OUTPUTS = 9  # components that follow a lesson, see `build`
MOST_FAULTS = 5  # of clips that cannot be used, each a sentence


def build(page: Page) -> None:
    """Build the tab inside the open Blocks; where nothing can be taught, only why."""
    gr.HTML(paragraph(text.TEACH_INTRO))
    lacking = cannot_teach(page.recognizer)
    if lacking:
        gr.HTML(notice(lacking))
        return
    with gr.Row(equal_height=False):
        with gr.Column(min_width=300):
            label = gr.Textbox(
                label=text.TEACH_LABEL,
                info=text.TEACH_LABEL_NOTE,
                max_lines=1,
                elem_id="teach-label",
            )
            files = leave_no_copies(
                gr.File(
                    file_count="multiple",
                    type="filepath",
                    label=text.TEACH_FILES,
                    height=120,
                    elem_id="teach-recordings",
                )
            )
            microphone = build_recorder(text.TEACH_MICROPHONE, "teach-microphone", ("microphone",))
        with gr.Column(min_width=300):
            status = gr.HTML(voice_status(text.TEACH_START), elem_id="teach-status")
            turn = build_turn()
            clips = gr.HTML(show_lesson(Lesson()), elem_id="teach-clips")
            with gr.Row():
                drop = gr.Button(text.TEACH_DROP, size="sm", min_width=120, elem_id="teach-drop")
                over = gr.Button(text.TEACH_OVER, size="sm", min_width=120, elem_id="teach-over")
            teach = gr.Button(text.TEACH_RUN, variant="primary", elem_id="teach-run")
    report = gr.HTML("", elem_id="teach-report")
    with gr.Column(visible=False, elem_id="teach-try") as trial:
        gr.HTML(subheading(text.TEACH_TRY, text.TEACH_TRY_NOTE))
        with gr.Row(equal_height=False):
            with gr.Column(min_width=300):
                recording = build_recorder(text.RECORDING, "teach-recording")
                pack = gr.Button(text.TEACH_PACK, size="sm", elem_id="teach-pack")
                saved = gr.DownloadButton(
                    text.TEACH_SAVE, visible=False, size="sm", elem_id="teach-save"
                )
            with gr.Column(min_width=300):
                answer = gr.HTML(waiting_card("taught"), elem_id="teach-answer")
    gr.HTML(small(limits(page)))
    calls, lesson, taught = Calls(), gr.State(Lesson()), gr.State(None)
    outputs = [status, clips, lesson, report, taught, trial, saved, recording, answer]

    # Their names must not be an endpoint's, which would then be given another.
    def add_clips(
        given: str | None, paths: list[str] | None, spoken: str | None, so_far: Lesson
    ) -> Iterator[list[Any]]:
        yield from add(page, so_far, given, [*(paths or ()), *([spoken] if spoken else [])])

    def teach_it(so_far: Lesson) -> Iterator[list[Any]]:
        yield _untaught(voice_status(text.TEACH_WORKING), so_far)
        yield learn(page, so_far)

    def drop_it(given: str | None, so_far: Lesson) -> list[Any]:
        words, left = forget_label(so_far, given)
        return _after(words, so_far, left)

    def try_it(
        path: str | None, own: EmotionRecognizer | None, latest: Latest, made: float | None
    ) -> Iterator[list[Any]]:
        shown = ([card] for card in answers(page, path, own))
        yield from while_latest(latest.note(made), path, shown)

    queued = page.queue_options(turn)
    in_order = queued | {"concurrency_id": CONCURRENCY_ID, "concurrency_limit": 1}
    added = gr.on(
        [files.upload, microphone.stop_recording, label.submit],
        add_clips,
        inputs=[label, files, microphone, lesson],
        outputs=[*outputs, files, microphone],
        trigger_mode="multiple",
        **in_order,
    )
    learned = teach.click(teach_it, inputs=lesson, outputs=outputs, **in_order)
    fault: dict[str, str] = {
        voice_status(words): voice_status(text.FAULT, failed=True)
        for words in (text.TEACH_LISTENING, text.TEACH_WORKING)
    }
    for event in (added, learned):
        event.failure(inputs=status, outputs=status, **replace_in_browser(fault))
    drop.click(drop_it, inputs=[label, lesson], outputs=outputs, **in_order)
    over.click(
        lambda: _untaught(voice_status(text.TEACH_START), Lesson()), outputs=outputs, **in_order
    )
    tried = gr.on(
        [recording.upload, recording.stop_recording],
        try_it,
        outputs=[answer, calls.answered],
        trigger_mode="always_last",
        **calls.carry(recording, taught),
        **queued,
    )
    waiting = (answer, waiting_card("taught"))
    tried.failure(inputs=answer, outputs=answer, **replace_in_browser(unfinished("taught"))).then(
        **only_beside(recording, waiting)
    )
    tried.then(**only_beside(recording, waiting, answered=calls.answered))
    calls.forget_on([recording.clear, recording.start_recording], *waiting)
    pack.click(
        lambda own: gr.DownloadButton(value=pack_model(own), visible=own is not None),
        inputs=taught,
        outputs=saved,
        **queued,
    )


def cannot_teach(recognizer: EmotionRecognizer) -> str:
    """Say why nothing can be taught here, and what to do; empty where it can."""
    if recognizer.embedding_size is None:
        return text.TEACH_NO_EMBEDDINGS
    return "" if find_spec("sklearn") else text.TEACH_MISSING


def add(page: Page, lesson: Lesson, given: object, paths: Sequence[str]) -> Iterator[list[Any]]:
    """Add clips to a label.

    Args:
        page: Page.
        lesson: Lesson so far.
        given: what the visitor wrote for their label.
        paths: the clips in the two boxes. An addition before may have taken some, and have deleted
            them, while this one waited for its turn.

    Yields:
        Values of the tab's outputs and of the two boxes, which are emptied.

    Raises:
        gr.Error: it is no label; the clips stay in the boxes.
    """
    # Never gr.skip() for the boxes: Gradio makes the component anew, and it then leaves copies.
    emptied: list[Any] = [None, None]
    if not paths:
        yield [*[gr.skip()] * OUTPUTS, *emptied]
        return
    there = [path for path in paths if Path(path).exists()]
    try:
        if not there:
            gone = voice_status(text.TEACH_GONE.format(minutes=MINUTES), failed=True)
            yield [*_after(gone, lesson, lesson), *emptied]
            return
        for words, grown in take_clips(page, lesson, given, there):
            yield [*_after(words, lesson, grown), *emptied]
    except LessonError as error:
        raise gr.Error(f"{error} {text.TEACH_WAIT}", print_exception=False) from error


def take_clips(
    page: Page, lesson: Lesson, given: object, paths: Sequence[str]
) -> Iterator[tuple[Markup, Lesson]]:
    """Embed clips, add them to a label, and delete their files.

    Args:
        page: Page.
        lesson: Lesson so far.
        given: what the visitor wrote for their label.
        paths: their files.

    Yields:
        What stands about it, and the lesson: first as it is, then with the clips that can be used.

    Raises:
        LessonError: it is no label; the files stay.
    """
    label = lesson.name(given)
    before = lesson.count
    room = MOST_CLIPS - before
    faults = [text.TEACH_MANY_CLIPS.format(most=MOST_CLIPS)] if len(paths) > room else []
    try:
        yield voice_status(text.TEACH_LISTENING), lesson
        for path in paths[:room]:
            try:
                lesson = lesson.add(label, page.embed(require_recording(path)))
            except LessonError as error:
                faults.append(f"{Path(path).name}: {error}")
            except AudioError as error:
                faults.append(say_error(error))
    finally:
        for path in paths:
            page.ledger.release(path)
    new = lesson.count - before
    words: list[str] = [text.TEACH_ADDED.format(count=new, label=label)] if new else []
    words += faults[:MOST_FAULTS]
    if len(faults) > MOST_FAULTS:
        words.append(text.TEACH_MORE_FAULTS.format(count=len(faults) - MOST_FAULTS))
    yield voice_status(join(words, " "), failed=bool(faults)), lesson


def learn(page: Page, lesson: Lesson) -> list[Any]:
    """Teach the model a lesson; values of the tab's outputs."""
    try:
        taught = page.recognizer.teach(lesson.clips)
    except SpeechEmotionError as error:
        return _untaught(voice_status(say_error(error), failed=True), lesson)
    assert taught.report is not None, "who is taught has one"
    values = _untaught(voice_status(text.TEACH_DONE), lesson)
    values[3:6] = show_report(taught.report), taught, gr.Column(visible=True)
    return values


def forget_label(lesson: Lesson, given: object) -> tuple[Markup, Lesson]:
    """Forget the label that a visitor wrote; what stands about it, and the lesson."""
    try:
        label = lesson.name(given)
    except LessonError as error:
        return voice_status(say_error(error), failed=True), lesson
    if label not in lesson.clips:
        return voice_status(text.TEACH_NOT_THERE.format(label=label), failed=True), lesson
    return voice_status(text.TEACH_DROPPED.format(label=label)), lesson.drop(label)


def answers(page: Page, path: str | None, taught: EmotionRecognizer | None) -> Iterator[Markup]:
    """Give what stands in the answer's place while a taught model is tried, and then."""
    yield working_card("taught")
    try:
        if taught is None:
            raise AudioError(text.TEACH_NOT_YET)
        prediction = page.predict(require_recording(path), taught)
    except AudioError as error:
        yield failure_card("taught", say_error(error))
        return
    yield coloured(taught.labels, answer_card(prediction, place="taught"))


def pack_model(taught: EmotionRecognizer | None) -> str | None:
    """Write a taught model's repository as a zip among the uploads; its path."""
    if taught is None:
        return None
    target = new_folder("taught-") / FILE
    with temporary_folder() as folder:
        taught.save_pretrained(folder)
        # What is large in it are weights, which nothing makes smaller.
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)
    return str(target)


def limits(page: Page) -> str:
    """Say what is accepted and what is kept."""
    return text.TEACH_LIMITS.format(
        labels=MOST_LABELS,
        clips=MOST_CLIPS,
        seconds=page.settings.max_seconds,
        minutes=MINUTES,
    )


def _after(status: Markup, before: Lesson, lesson: Lesson) -> list[Any]:
    """Values of the tab's outputs; what was taught stays where the lesson is the one before."""
    if lesson is not before:
        return _untaught(status, lesson)
    return [status, *[gr.skip()] * (OUTPUTS - 1)]


def _untaught(status: Markup, lesson: Lesson) -> list[Any]:
    """Values of the tab's outputs where nothing is taught, or what was is so no more."""
    hidden = gr.Column(visible=False)
    return [
        status,
        show_lesson(lesson),
        lesson,
        "",
        None,
        hidden,
        gr.DownloadButton(value=None, visible=False),
        None,
        waiting_card("taught"),
    ]
