"""What the endpoints do with an upload: answer it, or say why not, and release it.

What a client sent may be anything, and is checked here.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

import gradio as gr

from ...audio.channels import CHANNELS
from ...errors import ArgumentError, AudioError, ExportError, ModelError
from ...results import EmotionPrediction, LabelSet
from ...timeline.exports import FORMATS, ExportFormat, write_export
from ...timeline.timeline import EmotionTimeline
from ..look import text
from ..page import Page
from ..server.uploads import UploadLedger, is_upload, too_large
from ..settings import LEAST_COMPARED, MOST_COMPARED, SPEAKERS, Settings
from .schemas import ComparedAnswer, ComparedError, Embedded, Export, FullAnswer

Result = TypeVar("Result")

_NOT_ASKED: tuple[object, ...] = (None, [], {}, "")  # for other labels than the model's


def predict_upload(audio: object, labels: object, group: object, page: Page) -> EmotionPrediction:
    """Predict an upload as a whole; see `_use_upload`, and `require_labels`."""

    def answer(path: str) -> EmotionPrediction:
        return page.predict(path, labels=require_labels(labels, group, page))

    return _use_upload(audio, page, answer)


def embed_upload(audio: object, page: Page) -> Embedded:
    """Embed an upload; see `_use_upload`.

    Raises:
        gr.Error: as `_use_upload`, or the model gives no embeddings.
    """

    def answer(path: str) -> Embedded:
        try:
            given = page.embed(path)
        except ModelError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return {
            "embedding": None if given.vector is None else given.vector.tolist(),
            "speech_seconds": given.speech_seconds,
            "duration": given.duration,
            "notes": list(given.notes),
        }

    return _use_upload(audio, page, answer)


def analyze_upload(
    audio: object, speakers: object, channels: object, labels: object, group: object, page: Page
) -> EmotionTimeline:
    """Predict an upload along time; see `_use_upload`.

    Args:
        audio: what the client sent.
        speakers: what it sent, which may be anything; expected is 0, or how many people speak.
        channels: what it sent, which may be anything; expected is one of CHANNELS.
        labels, group: as for `require_labels`.
        page: Page.

    Raises:
        gr.Error: as `_use_upload`, or speech is not split between such a number of people, or
            there is no such choice of channels.
    """

    def answer(path: str) -> EmotionTimeline:
        return _analyze(path, speakers, channels, labels, group, page)

    return _use_upload(audio, page, answer)


def export_upload(
    audio: object,
    format: object,
    speakers: object,
    channels: object,
    labels: object,
    group: object,
    page: Page,
) -> Export:
    """Write the timeline of an upload as a file; see `analyze_upload`.

    Args:
        audio, speakers, channels, labels, group, page: as for `analyze_upload`.
        format: what the client sent, which may be anything; expected is the name of an
            ExportFormat.

    Raises:
        gr.Error: as `analyze_upload`, or there is no such format, or it needs speakers.
    """

    def answer(path: str) -> Export:
        form = _require_format(format)
        name = Path(path).name
        timeline = _analyze(path, speakers, channels, labels, group, page)
        try:
            content = write_export(timeline, form, recording=name)
        except ExportError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return {
            "name": Path(path).stem + form.ending,
            "media_type": form.media_type,
            "text": content.decode("utf-8"),
        }

    return _use_upload(audio, page, answer)


def _analyze(
    path: str, speakers: object, channels: object, labels: object, group: object, page: Page
) -> EmotionTimeline:
    if type(speakers) is not int or speakers not in (0, *SPEAKERS):
        raise gr.Error(say_speakers(speakers), print_exception=False)
    if channels not in CHANNELS or (channels == "separate" and speakers):
        raise gr.Error(say_channels(channels), print_exception=False)
    wanted = require_labels(labels, group, page)
    return page.analyze(path, speakers=speakers, channels=channels, **wanted.request())


def _require_format(name: object) -> ExportFormat:
    """Return the format of a name, which may be anything, before any work is done for it."""
    for form in FORMATS:
        if form.name == name:
            return form
    known = ", ".join(form.name for form in FORMATS)
    sentence = text.EXPORT_FORMAT.format(formats=known, given=repr(name)[:40])
    raise gr.Error(sentence, print_exception=False)


def compare_uploads(
    recordings: object, labels: object, group: object, page: Page
) -> list[ComparedAnswer | ComparedError]:
    """Predict several uploads, and release them whatever happens.

    Args:
        recordings: what the client sent, which may be anything; expected is a list of uploads.
        labels, group: as for `require_labels`.
        page: Page.

    Returns:
        One per upload, in their order.

    Raises:
        gr.Error: it is no list, or one of too few or too many; or as `require_labels`.
    """
    waiting = list(recordings) if isinstance(recordings, list) else []
    answers: list[ComparedAnswer | ComparedError] = []
    try:
        if not isinstance(recordings, list):
            raise gr.Error(text.NOT_A_LIST, print_exception=False)
        if not LEAST_COMPARED <= len(recordings) <= MOST_COMPARED:
            raise gr.Error(say_compared_count(len(recordings)), print_exception=False)
        wanted = require_labels(labels, group, page)
        while waiting:
            position = len(answers)
            try:
                said = _use_upload(waiting.pop(0), page, partial(page.predict, labels=wanted))
                answer = cast(FullAnswer, said.to_dict())
                answers.append({"position": position, **answer})
            except gr.Error as error:
                answers.append({"position": position, "error": error.message})
    finally:
        _release(waiting, page.ledger)
    return answers


def require_labels(labels: object, group: object, page: Page) -> LabelSet:
    """Return the labels that an answer is wanted in.

    Args:
        labels, group: what a client sent, which may be anything; expected is what
            `EmotionRecognizer.predict` takes, or something empty where it did not ask.
        page: Page.

    Raises:
        gr.Error: these are none of the model's labels, or they do not fit one another.
    """
    chosen, summed = (None if one in _NOT_ASKED else cast(Any, one) for one in (labels, group))
    try:
        return LabelSet.of(page.recognizer.labels, chosen, summed)
    except ArgumentError as error:
        raise gr.Error(str(error), print_exception=False) from error


def say_compared_count(count: int) -> str:
    """Say how many recordings can be compared, to one who sent another count."""
    return text.COMPARE_COUNT.format(least=LEAST_COMPARED, most=MOST_COMPARED, given=count)


def say_speakers(value: object) -> str:
    """Say how many people speech can be split between, to one who sent another value."""
    return text.TIMELINE_SPEAKERS_NUMBER.format(
        least=SPEAKERS[0], most=SPEAKERS[-1], given=repr(value)[:40]
    )


def say_channels(value: object) -> str:
    """Say what can be done with channels, to one who sent something else."""
    return text.TIMELINE_CHANNELS_VALUE.format(choices=", ".join(CHANNELS), given=repr(value)[:40])


def _use_upload(audio: object, page: Page, answer: Callable[[str], Result]) -> Result:
    """Answer an upload, and release it whatever happens.

    Args:
        audio: what the client sent, which may be anything; expected is Gradio's file data, a dict
            whose "path" is what the upload answered.
        page: Page.
        answer: what is done with its path.

    Returns:
        What `answer` returns.

    Raises:
        gr.Error: it is no upload, or it cannot be used; the sentence says why and what to do.
    """
    path = _path(audio)
    # Without this check a client could name any file of the server.
    if not isinstance(path, str) or not is_upload(path):
        raise gr.Error(text.NOT_AN_UPLOAD, print_exception=False)
    try:
        _require_size(path, page.settings)
        return answer(path)
    except AudioError as error:
        raise gr.Error(str(error), print_exception=False) from error
    finally:
        page.ledger.release(path)


def refuse(audio: object, sentence: str, ledger: UploadLedger) -> NoReturn:
    """Say to an upload, or several, why nothing is answered, and release them.

    Args:
        audio: what the client sent, as for `predict_upload` or `compare_uploads`.
        sentence: why there is no model, and what to do.
        ledger: UploadLedger.

    Raises:
        gr.Error: always, with the sentence.
    """
    _release(audio if isinstance(audio, list) else [audio], ledger)
    raise gr.Error(sentence, print_exception=False)


def _path(audio: object) -> Any:
    return audio.get("path") if isinstance(audio, dict) else None


def _release(audios: list[Any], ledger: UploadLedger) -> None:
    for path in map(_path, audios):
        if isinstance(path, str):
            ledger.release(path)


def _require_size(path: str, settings: Settings) -> None:
    """Refuse a file that came as text to a tool; uploads were measured on arrival."""
    if os.path.getsize(path) > settings.max_bytes:
        raise too_large(settings)
