"""The API: seven endpoints, for gradio_client, curl and MCP; JSON in plain types.

    client = gradio_client.Client("http://127.0.0.1:7860")
    client.predict(handle_file("clip.wav"), api_name="/predict")

Gradio builds their documentation from the signatures and docstrings here.
"""

from collections.abc import Callable
from typing import cast

import gradio as gr
from gradio.events import api as add_endpoint

from ...results import EmotionPrediction
from ...timeline.timeline import EmotionTimeline
from ..page import CONCURRENCY_ID, TIMELINE_CONCURRENCY_ID
from ..settings import Settings
from .info import ModelInfo
from .schemas import Answer, ComparedAnswer, ComparedError, Embedded, Export, FullAnswer, Timeline

TOP = 3

# What a client asks for that names neither labels nor groups: the model's labels.
ALL_LABELS: list[str] = []
NO_GROUPS: dict[str, list[str]] = {}


def add_endpoints(
    answer: Callable[[object, object, object], EmotionPrediction],
    follow: Callable[[object, object, object, object, object], EmotionTimeline],
    write: Callable[[object, object, object, object, object, object], Export],
    match: Callable[[object, object, object], list[ComparedAnswer | ComparedError]],
    embed_upload: Callable[[object], Embedded],
    describe: Callable[[], ModelInfo],
    settings: Settings,
) -> None:
    """Add `/predict`, `/predict_all`, `/analyze` and the others to the open Blocks.

    Args:
        answer: what is done with an upload, labels and groups: `predict_upload`, or `refuse` where
            there is no model. A client finds the same endpoints in either case.
        follow: the same for `/analyze`, of an upload, a number of people, what its channels are,
            labels and groups: `analyze_upload`, or `refuse`.
        write: the same for `/export`, of an upload, a format and what `follow` takes:
            `export_upload`, or `refuse`.
        match: the same for the uploads of `/compare`, labels and groups: `compare_uploads`, or
            `refuse`.
        embed_upload: the same for an upload of `/embed`: `embed_upload`, or `refuse`.
        describe: what `/model_info` answers: `info.model_info`, or `refuse`.
        settings: Settings.
    """

    def predict(
        audio: gr.FileData,
        labels: list[str] = ALL_LABELS,
        group: dict[str, list[str]] = NO_GROUPS,
    ) -> Answer:
        """Predict the emotion in a recording, as a short answer.

        The status is "emotion"; "uncertain" when no emotion stands out enough to be relied on, and
        the label is a guess; "no_speech" when nobody speaks, and the label is null. An upload is
        deleted once it is answered: upload again for another call.

        Args:
            audio: the recording: WAV, FLAC, OGG, Opus, MP3, M4A, WebM or MP4.
            labels: those of the model's labels (see /model_info) to choose between, two at least;
                an empty list for all.
            group: by its name, several of these labels that count as one, as in
                {"negative": ["angry", "sad"]}; empty for none.

        Returns:
            status, label, confidence (probability of the label, 0 to 1), the three likeliest
            emotions with their probabilities, likeliest first, and notes (sentences on what was
            not heard of the recording or is wrong with it).
        """
        return brief(answer(audio, labels, group))

    def predict_all(
        audio: gr.FileData,
        labels: list[str] = ALL_LABELS,
        group: dict[str, list[str]] = NO_GROUPS,
    ) -> FullAnswer:
        """Predict the emotion in a recording, with everything the model says.

        As /predict, with the probabilities of all emotions in the model's label order. An upload is
        deleted once it is answered: upload again for another call.

        Args:
            audio: the recording: WAV, FLAC, OGG, Opus, MP3, M4A, WebM or MP4.
            labels: those of the model's labels (see /model_info) to choose between, two at least;
                an empty list for all.
            group: by its name, several of these labels that count as one, as in
                {"negative": ["angry", "sad"]}; empty for none.

        Returns:
            status, label, confidence, probabilities by label (empty without speech), intensity (0
            to 1, or null where the model does not say and where the label is neutral),
            speech_seconds and duration in seconds. Where the model says so, and else null: distance
            (how far the recording is from those that the model was trained on), familiar (whether
            it sounds like those) and likely (the labels that cannot be ruled out, likeliest first).
            notes are sentences on what was not heard of the recording or is wrong with it.
        """
        return cast(FullAnswer, answer(audio, labels, group).to_dict())

    def analyze(
        audio: gr.FileData,
        speakers: int = 0,
        channels: str = "mix",
        labels: list[str] = ALL_LABELS,
        group: dict[str, list[str]] = NO_GROUPS,
    ) -> Timeline:
        """Predict the emotion in a recording as it changes over time.

        A long recording is answered window by window, and stretches of speech of one emotion become
        segments; where nobody speaks there is none. An upload is deleted once it is answered:
        upload again for another call.

        Args:
            audio: the recording: WAV, FLAC, OGG, Opus, MP3, M4A, WebM or MP4.
            speakers: how many people speak, 2 to 6, to learn who does when; 0 not to ask.
            channels: "mix"; "separate" where each channel is a speaker, as on calls that are
                recorded with a side on each; "auto" for that where two channels differ, else mix.
            labels: those of the model's labels (see /model_info) to choose between, two at least;
                an empty list for all.
            group: by its name, several of these labels that count as one, as in
                {"negative": ["angry", "sad"]}; empty for none.

        Returns:
            overall (as /predict_all), segments, distribution (share of the time of speech by
            label), dominant (the label with most votes, or null without speech) with dominance (its
            share of the votes) and dominance_interval (95 %), votes, speech, and windows with their
            probabilities and intensity; truncated is a sentence where the recording is cut off,
            notes are that and others on what was not heard of it or is wrong with it.
            Where it was asked for, turns (who speaks when), by_speaker (how long each speaks, and
            the share by label), and the speaker of each segment: "A" for who speaks first, or
            "channel 1" and so on. channels says whether they were mixed or separate; groups what is
            summed, if that was asked for.
        """
        return cast(Timeline, follow(audio, speakers, channels, labels, group).to_dict())

    def export(
        audio: gr.FileData,
        format: str,
        speakers: int = 0,
        channels: str = "mix",
        labels: list[str] = ALL_LABELS,
        group: dict[str, list[str]] = NO_GROUPS,
    ) -> Export:
        """Predict the emotion in a recording over time, as a file for another program.

        As /analyze, in a format that annotators, players or spreadsheets open. An upload is deleted
        once it is answered: upload again for another call.

        Args:
            audio: the recording: WAV, FLAC, OGG, Opus, MP3, M4A, WebM or MP4.
            format: "csv", "json", "webvtt", "srt", "textgrid" (Praat), "eaf" (ELAN), "audacity",
                "rttm" (who speaks, so it needs speakers or channels), "label-studio" or
                "label-studio-config".
            speakers: how many people speak, 2 to 6, to learn who does when; 0 not to ask.
            channels: "mix"; "separate" where each channel is a speaker, as on calls that are
                recorded with a side on each; "auto" for that where two channels differ, else mix.
            labels: those of the model's labels (see /model_info) to choose between, two at least;
                an empty list for all.
            group: by its name, several of these labels that count as one, as in
                {"negative": ["angry", "sad"]}; empty for none.

        Returns:
            name of the file, its media_type, and text, its content.
        """
        return write(audio, format, speakers, channels, labels, group)

    def compare(
        recordings: list[gr.FileData],
        labels: list[str] = ALL_LABELS,
        group: dict[str, list[str]] = NO_GROUPS,
    ) -> list[ComparedAnswer | ComparedError]:
        """Predict the emotion in each of two to six recordings, to set them side by side.

        A recording that cannot be used has a sentence in its place, and the others are answered.
        Uploads are deleted once they are answered: upload again for another call.

        Args:
            recordings: two to six, each WAV, FLAC, OGG, Opus, MP3, M4A, WebM or MP4.
            labels: those of the model's labels (see /model_info) to choose between, two at least;
                an empty list for all.
            group: by its name, several of these labels that count as one, as in
                {"negative": ["angry", "sad"]}; empty for none.

        Returns:
            one per recording, in their order, each with its position counted from 0: everything
            that /predict_all answers, or an error that says why there is no answer.
        """
        return match(recordings, labels, group)

    def embed(audio: gr.FileData) -> Embedded:
        """Describe the speech in a recording by numbers, for search, clusters or another model.

        An upload is deleted once it is answered: upload again for another call.

        Args:
            audio: the recording: WAV, FLAC, OGG, Opus, MP3, M4A, WebM or MP4.

        Returns:
            embedding (as many numbers for every recording, or null without speech), speech_seconds
            and duration in seconds, and notes (sentences on what was not heard of the recording or
            is wrong with it).
        """
        return embed_upload(audio)

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

    for endpoint in (predict, predict_all, compare, embed):
        add_endpoint(
            endpoint,
            api_name=endpoint.__name__,
            concurrency_limit=settings.concurrency,
            concurrency_id=CONCURRENCY_ID,
        )
    for followed in (analyze, export):
        add_endpoint(
            followed,
            api_name=followed.__name__,
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
