"""What `metrics.json` holds, as records: one schema to write it and to read it by.

Training writes more than is named here (see train/answers); a record names what a reader can rely
on, and keys beside it are left alone. The other files' records are in `further_records`.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ..config.schema import Fraction

Count = Annotated[int, Field(ge=0, le=10**12)]
Points = Annotated[float, Field(ge=-100, le=100)]
Gain = Annotated[float, Field(ge=-1, le=1)]
Interval = tuple[Fraction, Fraction]
"""(low, high), 95 %."""


def _check_share(name: str) -> str:
    if not 0 < float(name) <= 1:
        raise ValueError(f"{name} is no share of the answers")
    return name


class Shown(BaseModel):
    """Base of what is shown: frozen, numbers finite; keys that nobody shows are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Scores(Shown):
    """Accuracy, unweighted average recall and expected calibration error, each in [0, 1]."""

    accuracy: Fraction
    uar: Fraction
    ece: Fraction


class Audit(Shown):
    """How many leaks between training and test were found, and of which kinds."""

    leaks: Count
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
    clips: Count | None
    gain: Gain
    gain_interval: tuple[Gain, Gain]


class AdaptationGains(Shown):
    """What adapting to a voice gained on unseen speakers, and what there was without it."""

    without: Scores
    enrolments: tuple[Enrolment, ...]


class Group(Shown):
    """How often the answers for the voices of one gender are right; the interval is over speakers.

    Attributes:
        speakers, clips: ints, how many there were.
        accuracy, uar: floats in [0, 1].
        interval: of the accuracy.
    """

    speakers: Count
    clips: Count
    accuracy: Fraction
    interval: Interval
    uar: Fraction


class Voice(Shown):
    """How often the answers for one speaker are right; the interval is over clips."""

    gender: str
    clips: Count
    accuracy: Fraction
    interval: Interval


class Difference(Shown):
    """How much more accurate one gender's answers are than another's [points], and the interval."""

    of: str
    against: str
    points: Points
    interval: tuple[Points, Points]


class Fairness(Shown):
    """Accuracy by gender and by speaker.

    Attributes:
        speakers: Voice by the speaker's name.
        best, worst: names of speakers.
        genders: Group by gender.
        difference: Difference between two genders; None where there are no two.
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

    clips: Count
    auc: Fraction
    auc_interval: Interval
    auc_by_emotion: dict[str, Fraction] = Field(default_factory=dict)


class ClassScores(Shown):
    """Scores of one emotion, each in [0, 1], and how many clips of it there were."""

    precision: Fraction
    recall: Fraction
    f1: Fraction
    clips: Count


class CalibrationBin(Shown):
    """Answers of similar confidence: how many, how sure on average, how often right."""

    count: Annotated[Count, Field(gt=0)]
    confidence: Fraction
    accuracy: Fraction


class Abstention(Shown):
    """What the threshold below which the model is "not sure" does to the measured answers.

    Attributes:
        uncertain_below: float in [0, 1], the threshold.
        answered: float in [0, 1], share of the clips that are answered.
        answered_accuracy: float in [0, 1]; None if none is answered.
    """

    uncertain_below: Fraction
    answered: Fraction
    answered_accuracy: Fraction | None


class Metrics(Shown):
    """`metrics.json`: what was measured, on which protocol, with which data.

    Attributes:
        accuracy, uar, macro_f1, top3_accuracy: floats in [0, 1].
        accuracy_interval: (low, high), 95 % interval.
        ece: float in [0, 1], expected calibration error.
        nll: float [nats], negative log-likelihood.
        confusion_matrix: counts, one row per true emotion, one column per answer.
        selective_accuracy: accuracy on the surest share of the answers, by share; None where that
            share of so few is no answer at all.
        by_speaker: accuracy by speaker; empty where the recordings name none.
        parameters: int, numbers in the network that training sets.
        mean, std: Scores over the folds.
        audit: Audit, whether training knew anything of the test.
        adaptation: AdaptationGains, what adapting to a voice gains.
        fairness: Fairness, by gender and by speaker.
        intensity: IntensityScores, of the network's second output.
        notes: sentences on what is not known of the recordings that were measured on.
    """

    recipe: str = ""
    protocol: str
    corpus: str
    clips: Count
    speakers: Count
    labels: Annotated[tuple[str, ...], Field(min_length=2)]
    accuracy: Fraction
    accuracy_interval: Interval | None = None
    uar: Fraction
    macro_f1: Fraction
    top3_accuracy: Fraction
    ece: Fraction
    nll: Annotated[float, Field(ge=0)]
    per_class: dict[str, ClassScores]
    confusion_matrix: tuple[tuple[Count, ...], ...]
    calibration_bins: tuple[CalibrationBin, ...] = ()
    selective_accuracy: dict[Annotated[str, AfterValidator(_check_share)], Fraction | None] = Field(
        default_factory=dict
    )
    by_speaker: dict[str, Fraction] = Field(default_factory=dict)
    calibration: Abstention | None = None
    parameters: Count | None = None
    mean: Scores | None = None
    std: Scores | None = None
    audit: Audit | None = None
    adaptation: AdaptationGains | None = None
    fairness: Fairness | None = None
    intensity: IntensityScores | None = None
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        count = len(self.labels)
        rows = self.confusion_matrix
        if len(rows) != count or any(len(row) != count for row in rows):
            raise ValueError(f"confusion_matrix must have {count} rows of {count} numbers")
        missing = [label for label in self.labels if label not in self.per_class]
        if missing:
            raise ValueError(f"per_class lacks {missing[0]}")
        return self
