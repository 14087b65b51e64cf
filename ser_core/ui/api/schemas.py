"""What the endpoints answer, field by field; Gradio makes the API's schema of these.

They are JSON in plain types: what `to_dict()` of a result gives, or less.
"""

from typing import Literal, NotRequired, TypedDict


class Ranked(TypedDict):
    """An emotion and its probability."""

    label: str
    probability: float


class Answer(TypedDict):
    """What `/predict` answers."""

    status: Literal["emotion", "uncertain", "no_speech"]
    label: str | None
    confidence: float
    top: list[Ranked]
    notes: list[str]


class FullAnswer(TypedDict):
    """What `/predict_all` answers: EmotionPrediction.to_dict()."""

    status: Literal["emotion", "uncertain", "no_speech"]
    label: str | None
    confidence: float
    probabilities: dict[str, float]
    intensity: float | None
    speech_seconds: float
    duration: float
    distance: float | None
    familiar: bool | None
    likely: list[str] | None
    notes: list[str]


class ComparedAnswer(FullAnswer):
    """What `/compare` answers of one recording; the position is counted from 0."""

    position: int


class ComparedError(TypedDict):
    """What it answers of one that cannot be used: the sentence that says why."""

    position: int
    error: str


class Segment(TypedDict):
    """A stretch of speech that sounds like one emotion; times in seconds."""

    start: float
    end: float
    status: Literal["emotion", "uncertain"]
    label: str
    confidence: float
    probabilities: dict[str, float]
    intensity: float | None
    speaker: str | None


class AnsweredWindow(TypedDict):
    """What one window of a recording was answered."""

    start: float
    end: float
    speech_seconds: float
    probabilities: dict[str, float]
    intensity: float | None
    speaker: str | None


class Turn(TypedDict):
    """A stretch of speech of one speaker; times in seconds."""

    start: float
    end: float
    speaker: str


class SpeakerSummary(TypedDict):
    """How long a speaker speaks, in seconds, and the share of it by label."""

    seconds: float
    distribution: dict[str, float]


class Timeline(TypedDict):
    """What `/analyze` answers: EmotionTimeline.to_dict()."""

    duration: float
    speech_seconds: float
    truncated: str | None
    notes: list[str]
    window: float
    hop: float
    smoothing: str
    channels: Literal["mix", "separate"]
    overall: FullAnswer
    dominant: str | None
    dominance: float
    dominance_interval: list[float]
    votes: dict[str, int]
    distribution: dict[str, float]
    speech: list[list[float]]
    segments: list[Segment]
    groups: NotRequired[dict[str, list[str]]]
    turns: NotRequired[list[Turn]]
    by_speaker: NotRequired[dict[str, SpeakerSummary]]
    windows: list[AnsweredWindow]


class Export(TypedDict):
    """What `/export` answers: a file."""

    name: str
    media_type: str
    text: str


class Embedded(TypedDict):
    """What `/embed` answers: a recording in numbers, or null where nobody speaks."""

    embedding: list[float] | None
    speech_seconds: float
    duration: float
    notes: list[str]
