"""What further files and parts of a model repository's metrics hold; none of them has to be there.

Written by training: train/answers (adaptation_gain, fairness, metrics), train/measure (robustness,
forms).
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

Interval = tuple[float, float]
"""(low, high), 95 %."""


class Shown(BaseModel):
    """Base of what is shown: frozen; keys the page does not show are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Scores(Shown):
    """Accuracy, unweighted average recall and expected calibration error, each in [0, 1]."""

    accuracy: float
    uar: float
    ece: float


class Audit(Shown):
    """How many leaks between training and test were found, and of which kinds."""

    leaks: int
    kinds: tuple[str, ...] = ()


class Enrolment(Scores):
    """Answers adapted to a voice by so many of its clips.

    Attributes:
        kind: "mixed", clips of any emotion; "neutral", neutral ones; "one_emotion", all of one.
        clips: int, how many; None for all there are but the one under test.
        gain: float, accuracy above that without adaptation.
        gain_interval: 95 %, over speakers.
    """

    kind: Literal["mixed", "neutral", "one_emotion"]
    clips: int | None
    gain: float
    gain_interval: Interval


class AdaptationGains(Shown):
    """What adapting to a voice gained on unseen speakers, and what there was without it."""

    without: Scores
    enrolments: tuple[Enrolment, ...]


class Group(Shown):
    """How well the voices of one gender are heard; the interval is over speakers."""

    speakers: int
    clips: int
    accuracy: float
    interval: Interval
    uar: float


class Voice(Shown):
    """How well one speaker is heard; the interval is over clips."""

    gender: str
    clips: int
    accuracy: float
    interval: Interval


class Difference(Shown):
    """How much better one gender is heard than another [points], with its interval."""

    of: str
    against: str
    points: float
    interval: Interval


class Fairness(Shown):
    """Accuracy by gender and by speaker.

    Attributes:
        speakers: Voice by the speaker's name.
        best, worst: names of speakers.
        genders: Group by gender.
    """

    speakers: dict[str, Voice]
    best: str
    worst: str
    genders: dict[str, Group]
    difference: Difference | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in (self.best, self.worst):
            if name not in self.speakers:
                raise ValueError(f"speakers lacks {name}")
        return self


class IntensityScores(Shown):
    """How well strongly acted clips are told from normal ones: areas under the ROC curve."""

    clips: int
    auc: float
    auc_interval: Interval
    auc_by_emotion: dict[str, float] = {}


class Degraded(Scores):
    """One way to degrade the audio.

    Attributes:
        condition: str, in words.
        change: float [points], of the accuracy against clean.
        confidence: float in [0, 1], mean probability of the answers.
        answered: float in [0, 1], share of the clips in which speech was found.
        intensity_auc: float in [0, 1], of strong expression against normal; None where the network
            tells none.
    """

    condition: str
    change: float
    confidence: float
    answered: float
    intensity_auc: float | None = None


class Robustness(Shown):
    """`robustness.json`: answers on degraded clips of unseen speakers."""

    clips: int
    rows: tuple[Degraded, ...]


class FormScores(Shown):
    """A form of the network against the whole one.

    Attributes:
        accuracy, ece: floats in [0, 1].
        agreement: float in [0, 1], share of the clips that both answer alike.
        largest_difference: float in [0, 1], of a probability.
    """

    form: str
    accuracy: float
    ece: float
    agreement: float
    largest_difference: float


class Form(FormScores):
    """A form as a file: its size [bytes], and what a window takes on one thread [ms]."""

    file: str
    bytes: int
    milliseconds: float


class UnseenForms(Shown):
    """The folds' networks in every form, on speakers they never heard."""

    clips: int
    forms: tuple[FormScores, ...]


class Forms(Shown):
    """`forms.json`: the network in smaller forms.

    Attributes:
        corpus, clips: what it was asked, and how many.
        trained_on_it: bool, whether it had learned from these clips.
    """

    corpus: str
    clips: int
    trained_on_it: bool
    forms: tuple[Form, ...]
    unseen: UnseenForms | None = None
