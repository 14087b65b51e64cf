"""The emotion of a recording, of a stretch of it, and of a window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..config.feature_config import FeatureConfig
from ..errors import check_number
from .label_sets import LabelSet, likely_labels, reported_intensity
from .result import Result

Status = Literal["emotion", "uncertain", "no_speech"]


def _name(
    probabilities: np.ndarray, config: FeatureConfig, labels: LabelSet, intensity: float | None
) -> tuple[Literal["emotion", "uncertain"], str, float, dict[str, float], float | None]:
    """Give the status, label, confidence, probabilities by label, and intensity of a prediction.

    Args:
        probabilities: float array of shape (labels,), what `labels` made of the model's.
        config: FeatureConfig.
        labels: LabelSet.
        intensity: float in [0, 1], the network's output; None if it has no such output.
    """
    best = int(probabilities.argmax())
    label, confidence = labels.labels[best], float(probabilities[best])
    return (
        "emotion" if confidence >= labels.threshold(config.uncertain_below) else "uncertain",
        label,
        confidence,
        dict(zip(labels.labels, probabilities.tolist(), strict=True)),
        reported_intensity([config.labels[member] for member in labels.members[best]], intensity),
    )


def _familiarity(distance: float | None, config: FeatureConfig) -> tuple[float | None, bool | None]:
    """Round a distance to four decimals, and say whether it is that of a familiar recording."""
    if distance is None:
        return None, None
    rounded = round(float(distance), 4)
    return rounded, None if config.domain is None else rounded <= config.domain.familiar_below


@dataclass(frozen=True, eq=False, repr=False)
class EmotionPrediction(Result):
    """The emotion a listener would hear in one recording.

    Attributes:
        status: "emotion"; "uncertain" when the model abstains because no emotion is likely enough
            (the label is then the likeliest one, and a guess); "no_speech" without any speech.
            Where other labels were asked for than the model's, what is likely enough is as far
            between guessing among those and certainty as the model's own threshold is.
        label: str, the likeliest emotion, or group of them; None when there is no speech.
        confidence: float in [0, 1], calibrated probability of `label`; 0.0 when there is no speech.
        probabilities: read-only mapping from label to probability, in the model's label order, sum
            1; empty when there is no speech.
        intensity: float in [0, 1], how strongly the emotion is expressed; None if the model has no
            such output, if `label` is "neutral" or that under another name, and when there is no
            speech.
        speech_seconds: float [s], how much of the recording is speech.
        duration: float [s], length of the recording.
        distance: float >= 0, how far it is from the recordings that the model was trained on; None
            if the model has no such output, and when there is no speech.
        familiar: bool, whether it sounds like those, as 95 % of the recordings of unseen speakers
            from the training corpus do; None if the model does not say, and when there is no
            speech.
        likely: the labels that cannot be ruled out, likeliest first: the truth is one of them as
            often as the model's `config.conformal.coverage` says, or oftener where other labels
            were asked for and it is among those; None if the model does not say, and when there is
            no speech.
        notes: sentences on what was not heard of the recording or is wrong with it, such as that it
            is clipped, that one of its channels alone was used, or that it has other tracks.
    """

    status: Status
    label: str | None
    confidence: float
    probabilities: Mapping[str, float]
    intensity: float | None
    speech_seconds: float
    duration: float
    distance: float | None = None
    familiar: bool | None = None
    likely: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        probabilities: np.ndarray | None,
        config: FeatureConfig,
        *,
        intensity: float | None = None,
        distance: float | None = None,
        speech_seconds: float,
        duration: float,
        notes: Sequence[str] = (),
        labels: LabelSet | None = None,
    ) -> "EmotionPrediction":
        """Make a prediction from a network's outputs.

        Args:
            probabilities: float array of shape (classes,), sum 1; None without speech.
            config: FeatureConfig, whose labels and threshold apply.
            intensity: float in [0, 1], the network's output, whatever the label; None if it has no
                such output.
            distance: float >= 0, the network's output; None if it has no such output.
            speech_seconds: float [s].
            duration: float [s].
            notes: sentences on the recording.
            labels: LabelSet that the prediction is in; None for the model's own labels.
        """
        if probabilities is None:
            said = tuple(notes)
            return cls("no_speech", None, 0.0, {}, None, speech_seconds, duration, notes=said)
        labels = labels or LabelSet.of(config.labels)
        probabilities = labels.combine(probabilities)
        return cls(
            *_name(probabilities, config, labels, intensity),
            speech_seconds,
            duration,
            *_familiarity(distance, config),
            likely_labels(probabilities, labels.labels, config),
            tuple(notes),
        )

    def top(self, k: int = 3) -> list[tuple[str, float]]:
        """Return the k likeliest emotions with their probabilities, likeliest first.

        Args:
            k: int >= 0.

        Raises:
            ArgumentError: `k` is negative or not a whole number.

        >>> silence = EmotionPrediction("no_speech", None, 0.0, {}, None, 0.0, 1.0)
        >>> silence.top(3)
        []
        """
        check_number("k", k, least=0, whole=True)
        return sorted(self.probabilities.items(), key=lambda item: -item[1])[:k]

    def _headline(self) -> str:
        return str(self)

    def _table(self) -> list[tuple[str, ...]]:
        ranked = self.top(len(self.probabilities))
        return [("emotion", "probability"), *((label, f"{p:.2f}") for label, p in ranked)]

    def describe(self, k: int = 3) -> str:
        """Say the prediction in one line, as `print` does.

        Args:
            k: int >= 0, how many of the likeliest emotions to name.
        """
        seconds = f"{self.speech_seconds:.1f} s of speech in {self.duration:.1f} s"
        if self.status == "no_speech":
            return " ".join([f"no speech ({seconds})", *self.notes])
        parts = [f"{label} {probability:.2f}" for label, probability in self.top(k)]
        if self.intensity is not None:
            parts.append(f"intensity {self.intensity:.2f}")
        if self.familiar is False:
            parts.append("unlike the training recordings")
        doubt = "uncertain: " if self.status == "uncertain" else ""
        return " ".join([f"{doubt}{', '.join(parts)} ({seconds})", *self.notes])

    def __str__(self) -> str:
        return self.describe()


@dataclass(frozen=True, eq=False, repr=False)
class EmotionSegment(Result):
    """A stretch of speech that sounds like one emotion.

    Attributes:
        start, end: float [s].
        status: "emotion", or "uncertain" when no emotion is likely enough.
        label: str, the likeliest emotion.
        confidence: float in [0, 1], calibrated probability of `label`.
        probabilities: read-only mapping from label to probability, sum 1.
        intensity: float in [0, 1], how strongly it is expressed; None if the model has no such
            output, and if `label` is "neutral".
        speaker: str, such as "A", or "channel 1" where each channel was analysed on its own; None
            where nobody is named.
    """

    start: float
    end: float
    status: Literal["emotion", "uncertain"]
    label: str
    confidence: float
    probabilities: Mapping[str, float]
    intensity: float | None = None
    speaker: str | None = None

    @classmethod
    def of(
        cls,
        probabilities: np.ndarray,
        config: FeatureConfig,
        *,
        start: float,
        end: float,
        intensity: float | None = None,
        speaker: str | None = None,
        labels: LabelSet | None = None,
    ) -> "EmotionSegment":
        """Make a segment from a network's outputs; the arguments are as for EmotionPrediction."""
        labels = labels or LabelSet.of(config.labels)
        named = _name(labels.combine(probabilities), config, labels, intensity)
        return cls(start, end, *named, speaker)


@dataclass(frozen=True, eq=False, repr=False)
class TimelineWindow(Result):
    """The prediction for one window.

    Attributes:
        start, end: float [s].
        speech_seconds: float [s], how much of it is speech.
        probabilities: read-only mapping from label to probability, before any smoothing; empty with
            too little speech.
        intensity: float in [0, 1], how strongly the likeliest emotion is expressed, before any
            smoothing; None if the model has no such output, if that emotion is neutral, and with
            too little speech.
        speaker: str, the channel that it is of, such as "channel 1"; None where they were mixed.
    """

    start: float
    end: float
    speech_seconds: float
    probabilities: Mapping[str, float]
    intensity: float | None = None
    speaker: str | None = None
