"""From one recording to its rows: the part of the work that every engine shares.

A row is a dict of column to value; columns that are missing are empty. Nothing that a recording
can be makes `answer_recording` raise: what cannot be used is a row with `status` "error" and a
sentence.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, BinaryIO, Literal, TypeAlias, get_args

from ser_core.audio.channels import Channels
from ser_core.errors import AudioError, AudioLengthError, SpeechEmotionError, TruncatedAudioError
from ser_core.recognizer import EmotionRecognizer
from ser_core.results import Embedding, EmotionPrediction, EmotionSegment
from ser_core.timeline.timeline import EmotionTimeline

from .recordings import Recording, open_recording

RowKind = Literal["files", "segments", "embeddings"]
ROW_KINDS: tuple[RowKind, ...] = get_args(RowKind)
Row: TypeAlias = dict[str, Any]

TEXT = "text"
"""Where a first row holds the text of a recording's file for annotators, until that is written."""

_DECIMALS = 6  # of probabilities: finer than any of them is known


def answer_recording(
    recognizer: EmotionRecognizer,
    recording: Recording,
    kind: RowKind,
    channels: Channels = "mix",
    wanted: Mapping[str, Any] | None = None,
    write: Callable[[EmotionTimeline, str], str | None] | None = None,
) -> list[Row]:
    """Answer one recording.

    Args:
        recognizer: EmotionRecognizer.
        recording: what to answer.
        kind: "files" for one row; "segments" for one per stretch of one emotion, and one for the
            recording where it has none or is cut off; "embeddings" for one with its embedding.
        channels: as for `EmotionRecognizer.analyze`; other than "mix" only for "segments".
        wanted: `labels` and `group` of `EmotionRecognizer.predict`; None for the model's labels.
        write: makes the text of a file for annotators of a timeline and the recording's path, for
            "segments"; None for no such file.

    Returns:
        One row at least.
    """
    try:
        with open_recording(recording) as audio:
            if kind == "segments":
                timeline = recognizer.analyze(audio, threads=1, channels=channels, **wanted or {})
                rows = _segment_rows(timeline)
                text = None if write is None else write(timeline, recording.path)
                return rows if text is None else [rows[0] | {TEXT: text}, *rows[1:]]
            if kind == "embeddings":
                return [embedding_row(recognizer.embed(audio))]
            return [prediction_row(predict_any_length(recognizer, audio, wanted or {}))]
    except AudioError as error:
        return [error_row(str(error), error.notes)]
    except SpeechEmotionError as error:
        return [error_row(str(error))]
    except Exception as error:  # an archive of a million files must not end at a bug
        return [error_row(describe_bug(recording.path, error))]


def describe_bug(path: str, error: Exception) -> str:
    """Say of an error that nobody foresaw which recording it happened to."""
    return (
        f"{path} could not be answered (unexpected {type(error).__name__}); please report it, with "
        "the recording if you may."
    )


def error_row(sentence: str, notes: Sequence[str] = ()) -> Row:
    """Return the row of a recording that cannot be used, and what else is to be said of it."""
    return {"status": "error", "error": sentence, "notes": " ".join(notes) or None}


def predict_any_length(
    recognizer: EmotionRecognizer,
    audio: str | bytes | BinaryIO,
    wanted: Mapping[str, Any] = MappingProxyType({}),
) -> EmotionPrediction:
    """Predict the emotion of a recording of whatever length, beyond ten minutes window by window.

    Args:
        recognizer: EmotionRecognizer.
        audio: a path, bytes, or a binary file object that can be read twice.
        wanted: as for `answer_recording`.

    Raises:
        AudioError: it cannot be used, or is cut off.
    """
    try:
        return recognizer.predict(audio, **wanted)
    except AudioLengthError:
        # Longer than what is answered at once; or too short, and then the error comes again.
        timeline = recognizer.analyze(audio, threads=1, **wanted)
    if timeline.truncated:
        raise TruncatedAudioError(
            timeline.truncated, readable=timeline.duration, notes=timeline.notes[1:]
        )
    return timeline.overall


def prediction_row(prediction: EmotionPrediction) -> Row:
    """Return the row of a recording's prediction."""
    return _emotion_columns(prediction) | {
        "speech_seconds": prediction.speech_seconds,
        "duration": prediction.duration,
        "distance": prediction.distance,
        "familiar": prediction.familiar,
        "likely": None if prediction.likely is None else ";".join(prediction.likely),
        "notes": " ".join(prediction.notes) or None,
    }


def embedding_row(embedding: Embedding) -> Row:
    """Return the row of a recording's embedding, which `float32` reads back to the bit."""
    vector = embedding.vector
    return {
        "status": "no_speech" if vector is None else "embedded",
        "embedding": None if vector is None else [float(f"{x:.9g}") for x in vector.tolist()],
        "speech_seconds": embedding.speech_seconds,
        "duration": embedding.duration,
        "notes": " ".join(embedding.notes) or None,
    }


def _segment_rows(timeline: EmotionTimeline) -> list[Row]:
    lengths: Row = {
        "speech_seconds": round(timeline.speech_seconds, 3),
        "duration": round(timeline.duration, 3),
        "notes": " ".join(timeline.notes) or None,
    }
    rows = [
        {
            "start": round(segment.start, 3),
            "end": round(segment.end, 3),
            "speaker": segment.speaker,
        }
        | _emotion_columns(segment)
        | lengths
        for segment in timeline.segments
    ]
    if timeline.truncated:
        rows.append(error_row(timeline.truncated) | lengths)
    return rows or [prediction_row(timeline.overall)]


def _emotion_columns(answer: EmotionPrediction | EmotionSegment) -> Row:
    """Return the columns that a prediction and a segment share."""
    row: Row = {
        "status": answer.status,
        "label": answer.label,
        "confidence": round(answer.confidence, _DECIMALS),
    }
    for label, probability in answer.probabilities.items():
        row[f"prob_{label}"] = round(probability, _DECIMALS)
    if answer.intensity is not None:
        row["intensity"] = round(answer.intensity, _DECIMALS)
    return row
