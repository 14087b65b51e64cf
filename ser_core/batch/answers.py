"""From one recording to its rows: the part of the work that every engine shares.

A row is a dict of column to value; columns that are missing are empty. Nothing that a recording
can be makes `answer` raise: what cannot be used is a row with `status` "error" and its sentence.
"""

from typing import Any, BinaryIO, Literal, TypeAlias

from ser_core.errors import AudioLengthError, SpeechEmotionError
from ser_core.recognizer import EmotionRecognizer

from .recordings import Recording, opened

RowKind = Literal["files", "segments"]
Row: TypeAlias = dict[str, Any]

_DECIMALS = 6  # of probabilities: finer than any of them is known


def answer(recognizer: EmotionRecognizer, recording: Recording, kind: RowKind) -> list[Row]:
    """Answer one recording.

    Args:
        recognizer: EmotionRecognizer.
        recording: what to answer.
        kind: "files" for one row; "segments" for one a stretch of one emotion, and one for the
            recording where it has none or is cut off.

    Returns:
        One row at least.
    """
    try:
        with opened(recording) as audio:
            if kind == "segments":
                return _segments(recognizer, audio)
            return [_whole(recognizer, audio)]
    except SpeechEmotionError as error:
        return [failure(str(error))]
    except Exception as error:  # an archive of a million files must not end at a bug
        return [
            failure(
                f"{recording.path} could not be answered (unexpected {type(error).__name__}); "
                "please report it, with the recording if you may."
            )
        ]


def failure(sentence: str) -> Row:
    """Return the row of a recording that cannot be used."""
    return {"status": "error", "error": sentence}


def _whole(recognizer: EmotionRecognizer, audio: str | bytes | BinaryIO) -> Row:
    try:
        return _row(recognizer.predict(audio))
    except AudioLengthError:
        # Longer than what is answered at once; too short for either, and then said here again.
        timeline = recognizer.analyze(audio, threads=1)
    return failure(timeline.truncated) if timeline.truncated else _row(timeline.overall)


def _segments(recognizer: EmotionRecognizer, audio: str | bytes | BinaryIO) -> list[Row]:
    timeline = recognizer.analyze(audio, threads=1)
    lengths = {
        "speech_seconds": round(timeline.speech_seconds, 3),
        "duration": round(timeline.duration, 3),
    }
    rows = [
        {"start": round(segment.start, 3), "end": round(segment.end, 3)}
        | _emotion(segment)
        | lengths
        for segment in timeline.segments
    ]
    if timeline.truncated:
        rows.append(failure(timeline.truncated) | lengths)
    return rows or [_row(timeline.overall)]


def _row(prediction: Any) -> Row:
    return _emotion(prediction) | {
        "speech_seconds": prediction.speech_seconds,
        "duration": prediction.duration,
    }


def _emotion(heard: Any) -> Row:
    """Return the columns that a prediction and a segment share."""
    row = {
        "status": heard.status,
        "label": heard.label,
        "confidence": round(heard.confidence, _DECIMALS),
    }
    for label, probability in heard.probabilities.items():
        row[f"prob_{label}"] = round(probability, _DECIMALS)
    if heard.intensity is not None:
        row["intensity"] = round(heard.intensity, _DECIMALS)
    return row
