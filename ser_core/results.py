"""What comes out: frozen results that print themselves and turn into plain JSON types."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from .emotions import NEUTRAL

if TYPE_CHECKING:
    import numpy as np

    from .config.feature_config import FeatureConfig

Status = Literal["emotion", "uncertain", "no_speech"]


def intensity_of(label: str, intensity: float | None) -> float | None:
    """What is said of an intensity: four decimals, and nothing where the answer is neutral.

    >>> intensity_of("sad", 0.123456), intensity_of("neutral", 0.9)
    (0.1235, None)
    """
    return None if intensity is None or label == NEUTRAL else round(float(intensity), 4)


@dataclass(frozen=True)
class EmotionPrediction:
    """The emotion a listener would hear in one recording.

    Attributes:
        status: "emotion"; "uncertain" when no emotion stands out enough to be relied on (the label
            is then the likeliest one, and a guess); "no_speech" when nobody speaks.
        label: str, the likeliest emotion; None when there is no speech.
        confidence: float in [0, 1], calibrated probability of `label`; 0.0 when there is no speech.
        probabilities: read-only mapping from label to probability, in the model's label order, sum
            1; empty when there is no speech.
        intensity: float in [0, 1], how strongly the emotion is expressed; None where the model does
            not say, where `label` is "neutral", and when there is no speech.
        speech_seconds: float [s], how much of the recording is speech.
        duration: float [s], length of the recording.
    """

    status: Status
    label: str | None
    confidence: float
    probabilities: Mapping[str, float]
    intensity: float | None
    speech_seconds: float
    duration: float

    def __post_init__(self) -> None:
        frozen = MappingProxyType(dict(self.probabilities))
        object.__setattr__(self, "probabilities", frozen)

    @classmethod
    def of(
        cls,
        probabilities: "np.ndarray | None",
        config: "FeatureConfig",
        *,
        intensity: float | None = None,
        speech_seconds: float,
        duration: float,
    ) -> "EmotionPrediction":
        """Name an answer.

        Args:
            probabilities: float array of shape (classes,), sum 1; None where nobody speaks.
            config: FeatureConfig, whose labels and threshold count.
            intensity: float in [0, 1], as the network gives it whatever the label; None where it
                does not say.
            speech_seconds: float [s].
            duration: float [s].
        """
        if probabilities is None:
            return cls("no_speech", None, 0.0, {}, None, speech_seconds, duration)
        best = int(probabilities.argmax())
        label, confidence = config.labels[best], float(probabilities[best])
        return cls(
            status="emotion" if confidence >= config.uncertain_below else "uncertain",
            label=label,
            confidence=confidence,
            probabilities=dict(zip(config.labels, probabilities.tolist(), strict=True)),
            intensity=intensity_of(label, intensity),
            speech_seconds=speech_seconds,
            duration=duration,
        )

    def top(self, k: int = 3) -> list[tuple[str, float]]:
        """Return the k likeliest emotions with their probabilities, likeliest first.

        >>> silence = EmotionPrediction("no_speech", None, 0.0, {}, None, 0.0, 1.0)
        >>> silence.top(3)
        []
        """
        ranked = sorted(self.probabilities.items(), key=lambda item: -item[1])
        return ranked[:k]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, with every field."""
        return {
            "status": self.status,
            "label": self.label,
            "confidence": self.confidence,
            "probabilities": dict(self.probabilities),
            "intensity": self.intensity,
            "speech_seconds": self.speech_seconds,
            "duration": self.duration,
        }

    def __reduce__(self) -> tuple:
        # A read-only mapping cannot be pickled, and results travel between processes.
        return EmotionPrediction, tuple(self.to_dict().values())

    def __str__(self) -> str:
        seconds = f"{self.speech_seconds:.1f} s of speech in {self.duration:.1f} s"
        if self.status == "no_speech":
            return f"no speech ({seconds})"
        ranked = ", ".join(f"{label} {probability:.2f}" for label, probability in self.top(3))
        doubt = "uncertain: " if self.status == "uncertain" else ""
        strength = "" if self.intensity is None else f", intensity {self.intensity:.2f}"
        return f"{doubt}{ranked}{strength} ({seconds})"


@dataclass(frozen=True)
class EmotionSegment:
    """A stretch of speech that sounds like one emotion.

    Attributes:
        start, end: float [s].
        status: "emotion", or "uncertain" where no emotion stands out enough to be relied on.
        label: str, the likeliest emotion.
        confidence: float in [0, 1], calibrated probability of `label`.
        probabilities: read-only mapping from label to probability, sum 1.
        intensity: float in [0, 1], how strongly it is expressed; None where the model does not say,
            and where `label` is "neutral".
        speaker: str, such as "A"; None where nobody asked who speaks.
    """

    start: float
    end: float
    status: Literal["emotion", "uncertain"]
    label: str
    confidence: float
    probabilities: Mapping[str, float]
    intensity: float | None = None
    speaker: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "probabilities", MappingProxyType(dict(self.probabilities)))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, with every field."""
        return vars(self) | {"probabilities": dict(self.probabilities)}

    def __reduce__(self) -> tuple:
        return EmotionSegment, tuple(self.to_dict().values())


@dataclass(frozen=True)
class TimelineWindow:
    """What one window was answered.

    Attributes:
        start, end: float [s].
        speech_seconds: float [s], how much of it is speech.
        probabilities: read-only mapping from label to probability, before any smoothing; empty
            where there is too little speech.
        intensity: float in [0, 1], how strongly the likeliest emotion is expressed, before any
            smoothing; None where the model does not say, where it is neutral, and where there is
            too little speech.
    """

    start: float
    end: float
    speech_seconds: float
    probabilities: Mapping[str, float]
    intensity: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, with every field."""
        return vars(self) | {"probabilities": dict(self.probabilities)}
