"""The API: five endpoints, for gradio_client, curl and MCP; JSON in plain types.

    client = gradio_client.Client("http://127.0.0.1:7860")
    client.predict(handle_file("clip.wav"), api_name="/predict")

Gradio builds their documentation from the signatures and docstrings here.
"""

import os
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, cast

import gradio as gr
from gradio.events import api as add_endpoint

from ...audio.channels import CHANNELS
from ...errors import AudioError
from ...results import EmotionPrediction
from ...timeline.timeline import EmotionTimeline
from ..look import text
from ..page import CONCURRENCY_ID, TIMELINE_CONCURRENCY_ID, Page
from ..server.uploads import UploadLedger, is_upload, too_large
from ..settings import LEAST_COMPARED, MOST_COMPARED, SPEAKERS, Settings
from .info import ModelInfo
from .schemas import Answer, ComparedAnswer, ComparedError, FullAnswer, Timeline

TOP = 3

Result = TypeVar("Result")


def add_endpoints(
    answer: Callable[[object], EmotionPrediction],
    follow: Callable[[object, object, object], EmotionTimeline],
    match: Callable[[object], list[ComparedAnswer | ComparedError]],
    describe: Callable[[], ModelInfo],
    settings: Settings,
) -> None:
    """Add `/predict`, `/predict_all`, `/analyze`, `/compare` and `/model_info` to the open Blocks.

    Args:
        answer: what is done with an upload: `predict_upload`, or `refuse` where there is no model.
            A client finds the same endpoints in either case.
        follow: the same for `/analyze`, of an upload, a number of people and what its channels
            are: `analyze_upload`, or `refuse`.
        match: the same for the uploads of `/compare`: `compare_uploads`, or `refuse`.
        describe: what `/model_info` answers: `info.model_info`, or `refuse`.
        settings: Settings.
    """

    def predict(audio: gr.FileData) -> Answer:
        """Predict the emotion in a recording, as a short answer.

        The status is "emotion"; "uncertain" when no emotion stands out enough to be relied on, and
        the label is a guess; "no_speech" when nobody speaks, and the label is null. An upload is
        deleted once it is answered: upload again for another call.

        Args:
            audio: the recording: WAV, FLAC, OGG, Opus, MP3, M4A, WebM or MP4.

        Returns:
            status, label, confidence (probability of the label, 0 to 1), the three likeliest
            emotions with their probabilities, likeliest first, and notes (sentences on what was
            not heard of the recording or is wrong with it).
        """
        return brief(answer(audio))

    def predict_all(audio: gr.FileData) -> FullAnswer:
        """Predict the emotion in a recording, with everything the model says.

        As /predict, with the probabilities of all emotions in the model's label order. An upload is
        deleted once it is answered: upload again for another call.

        Args:
            audio: the recording: WAV, FLAC, OGG, Opus, MP3, M4A, WebM or MP4.

        Returns:
            status, label, confidence, probabilities by label (empty without speech), intensity (0
            to 1, or null where the model does not say and where the label is neutral),
            speech_seconds and duration in seconds. Where the model says so, and else null: distance
            (how far the recording is from those that the model was trained on), familiar (whether
            it sounds like those) and likely (the labels that cannot be ruled out, likeliest first).
            notes are sentences on what was not heard of the recording or is wrong with it.
        """
        return cast(FullAnswer, answer(audio).to_dict())

    def analyze(audio: gr.FileData, speakers: int = 0, channels: str = "mix") -> Timeline:
        """Predict the emotion in a recording as it changes over time.

        A long recording is answered window by window, and stretches of speech of one emotion become
        segments; where nobody speaks there is none. An upload is deleted once it is answered:
        upload again for another call.

        Args:
            audio: the recording: WAV, FLAC, OGG, Opus, MP3, M4A, WebM or MP4.
            speakers: how many people speak, 2 to 6, to learn who does when; 0 not to ask.
            channels: "mix"; "separate" where each channel is a speaker, as on calls that are
                recorded with a side on each; "auto" for that where two channels differ, else mix.

        Returns:
            overall (as /predict_all), segments, distribution (share of the time of speech by
            label), dominant (the label with most votes, or null without speech) with dominance (its
            share of the votes) and dominance_interval (95 %), votes, speech, and windows with their
            probabilities and intensity; truncated is a sentence where the recording is cut off,
            notes are that and others on what was not heard of it or is wrong with it.
            Where it was asked for, turns (who speaks when), by_speaker (how long each speaks, and
            the share by label), and the speaker of each segment: "A" for who speaks first, or
            "channel 1" and so on. channels says whether they were mixed or separate.
        """
        return cast(Timeline, follow(audio, speakers, channels).to_dict())

    def compare(recordings: list[gr.FileData]) -> list[ComparedAnswer | ComparedError]:
        """Predict the emotion in each of two to six recordings, to set them side by side.

        A recording that cannot be used has a sentence in its place, and the others are answered.
        Uploads are deleted once they are answered: upload again for another call.

        Args:
            recordings: two to six, each WAV, FLAC, OGG, Opus, MP3, M4A, WebM or MP4.

        Returns:
            one per recording, in their order, each with its position counted from 0: everything
            that /predict_all answers, or an error that says why there is no answer.
        """
        return match(recordings)

    def model_info() -> ModelInfo:
        """Describe the model that answers here: what it is, how it was measured, what it takes.

        Returns:
            model, revision and version (null where the model is no Hub repository), recipe, labels
            in the order of every answer, window in seconds, sample_rate in Hz, parameters, metrics
            (accuracy with its 95 % interval, on which clips and by which protocol), familiar_below
            (the largest distance that is familiar), coverage (how often the truth is among the
            labels of likely), licence of the weights, and limits of this server.
        """
        return describe()

    for endpoint in (predict, predict_all, compare):
        add_endpoint(
            endpoint,
            api_name=endpoint.__name__,
            concurrency_limit=settings.concurrency,
            concurrency_id=CONCURRENCY_ID,
        )
    add_endpoint(
        analyze,
        api_name="analyze",
        concurrency_limit=1,
        concurrency_id=TIMELINE_CONCURRENCY_ID,
    )
    # It reads nothing and computes nothing, so it need not wait for those that do.
    add_endpoint(model_info, api_name="model_info", queue=False)


def brief(prediction: EmotionPrediction) -> Answer:
    """Shorten a result to what most callers want."""
    return {
        "status": prediction.status,
        "label": prediction.label,
        "confidence": prediction.confidence,
        "top": [
            {"label": label, "probability": probability}
            for label, probability in prediction.top(TOP)
        ],
        "notes": list(prediction.notes),
    }


def predict_upload(audio: object, page: Page) -> EmotionPrediction:
    """Predict an upload as a whole; see `_use_upload`."""
    return _use_upload(audio, page, page.predict)


def analyze_upload(
    audio: object, speakers: object, channels: object, page: Page
) -> EmotionTimeline:
    """Predict an upload along time; see `_use_upload`.

    Args:
        audio: what the client sent.
        speakers: what it sent, which may be anything; expected is 0, or how many people speak.
        channels: what it sent, which may be anything; expected is one of CHANNELS.
        page: Page.

    Raises:
        gr.Error: as `_use_upload`, or speech is not split between such a number of people, or
            there is no such choice of channels.
    """

    def answer(path: str) -> EmotionTimeline:
        if type(speakers) is not int or speakers not in (0, *SPEAKERS):
            raise gr.Error(say_speakers(speakers), print_exception=False)
        if channels not in CHANNELS or (channels == "separate" and speakers):
            raise gr.Error(say_channels(channels), print_exception=False)
        return page.analyze(path, speakers=speakers, channels=channels)

    return _use_upload(audio, page, answer)


def compare_uploads(recordings: object, page: Page) -> list[ComparedAnswer | ComparedError]:
    """Predict several uploads, and release them whatever happens.

    Args:
        recordings: what the client sent, which may be anything; expected is a list of uploads.
        page: Page.

    Returns:
        One per upload, in their order.

    Raises:
        gr.Error: it is no list, or one of too few or too many.
    """
    waiting = list(recordings) if isinstance(recordings, list) else []
    answers: list[ComparedAnswer | ComparedError] = []
    try:
        if not isinstance(recordings, list):
            raise gr.Error(text.NOT_A_LIST, print_exception=False)
        if not LEAST_COMPARED <= len(recordings) <= MOST_COMPARED:
            raise gr.Error(say_compared_count(len(recordings)), print_exception=False)
        while waiting:
            position = len(answers)
            try:
                answer = cast(FullAnswer, predict_upload(waiting.pop(0), page).to_dict())
                answers.append({"position": position, **answer})
            except gr.Error as error:
                answers.append({"position": position, "error": error.message})
    finally:
        _release(waiting, page.ledger)
    return answers


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
