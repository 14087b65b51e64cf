"""What stands beside `metrics.json`: training data, other systems, worse sound, smaller forms.

One schema to write these files and to read them by; see `records` for its rules.
"""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, RootModel, model_validator

from ..config.schema import Fraction
from .records import Count, Interval, Points, Scores, Shown

Seconds = Annotated[float, Field(ge=0, le=1e9)]
Quantity = Annotated[float, Field(ge=0, le=1e12)]


class Lengths(Shown):
    """Lengths of the recordings [s], and a histogram of them: one more edge than counts."""

    shortest: Seconds
    median: Seconds
    longest: Seconds
    histogram_edges: tuple[Seconds, ...]
    histogram_counts: tuple[Count, ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.histogram_edges) != len(self.histogram_counts) + 1:
            raise ValueError("histogram_edges must be one more than histogram_counts")
        return self


class Corpus(Shown):
    """One corpus of recordings and what it was used for.

    Attributes:
        hours: float [h], of sound.
        by_emotion: clips by emotion.
        by_emotion_and_gender: clips by emotion, then by the speaker's gender.
        speakers_by_gender: speakers by gender.
        by_speaker: clips by speaker.
    """

    name: str
    title: str
    role: str = ""
    language: str = ""
    licence: str = ""
    citation: str = ""
    clips: Count
    hours: Quantity
    by_emotion: dict[str, Count]
    by_emotion_and_gender: dict[str, dict[str, Count]] = Field(default_factory=dict)
    speakers_by_gender: dict[str, Count] = Field(default_factory=dict)
    by_speaker: dict[str, Count] = Field(default_factory=dict)
    seconds: Lengths | None = None


class Dataset(Shown):
    """`dataset.json`: what the model was trained on."""

    labels: tuple[str, ...]
    corpora: Annotated[tuple[Corpus, ...], Field(min_length=1)]


class Compared(Shown):
    """One row of `comparison.json`: a recipe under a protocol.

    Attributes:
        accuracy_mean, accuracy_std, uar_mean: floats in [0, 1], over the folds.
        folds: int, how many there are; None if that is not stated.
        epochs: float, passes over the training clips.
        published_claim: what the system's authors say, if it is a published one.
    """

    recipe: str
    protocol: str
    corpus: str
    accuracy_mean: Fraction
    accuracy_std: Fraction
    uar_mean: Fraction
    ece: Fraction
    epochs: Quantity
    folds: Count | None = None
    published_claim: str = ""


class Comparison(RootModel[tuple[Compared, ...]]):
    """`comparison.json`: the reference systems under each protocol."""

    model_config = ConfigDict(frozen=True)

    @property
    def rows(self) -> tuple[Compared, ...]:
        """The systems' rows, in order."""
        return self.root


class Degraded(Scores):
    """One way to degrade the audio.

    Attributes:
        condition: str, in words.
        change: float [points], of the accuracy against clean.
        confidence: float in [0, 1], mean probability of the answers.
        answered: float in [0, 1], share of the clips in which speech was found.
        intensity_auc: float in [0, 1], of strong expression against normal; None if the network
            has no such output.
    """

    condition: str
    change: Points
    confidence: Fraction
    answered: Fraction
    intensity_auc: Fraction | None = None


class Robustness(Shown):
    """`robustness.json`: answers on degraded clips of unseen speakers."""

    clips: Count
    rows: tuple[Degraded, ...]


class FormScores(Shown):
    """A form of the network against the whole one.

    Attributes:
        accuracy, ece: floats in [0, 1].
        agreement: float in [0, 1], share of the clips that both answer alike.
        largest_difference: float in [0, 1], of a probability.
    """

    form: str
    accuracy: Fraction
    ece: Fraction
    agreement: Fraction
    largest_difference: Fraction


class Form(FormScores):
    """A form as a file: its size [bytes], and what a window takes on one thread [ms]."""

    file: str
    bytes: Count
    milliseconds: Quantity


class UnseenForms(Shown):
    """The folds' networks in every form, on speakers that they were not trained on."""

    clips: Count
    forms: tuple[FormScores, ...]


class Forms(Shown):
    """`forms.json`: the network in smaller forms.

    Attributes:
        corpus, clips: which clips it answered, and how many.
        trained_on_it: bool, whether it was trained on these clips.
        forms: each of its forms.
        unseen: the folds' networks; None if they were not measured.
    """

    corpus: str
    clips: Count
    trained_on_it: bool
    forms: tuple[Form, ...]
    unseen: UnseenForms | None = None


class Accuracy(Shown):
    """An accuracy over speakers, and its 95 % interval."""

    accuracy: Fraction
    interval: Interval


class TaughtClips(Shown):
    """Heads that were taught with so many clips a label.

    Attributes:
        clips: int, of each label.
        taught: heads as `EmotionRecognizer.teach` makes them.
        embedding: the same without the network's own answers.
        egemaps: the same regression on openSMILE's eGeMAPS; None if that was not measured.
    """

    clips: Count
    taught: Accuracy
    embedding: Accuracy
    egemaps: Accuracy | None = None


class TaughtCorpus(Shown):
    """Heads that were taught with clips of one corpus, on its speakers that they never met.

    Attributes:
        corpus, title: its names.
        trained_on_it: bool, whether the network's own answers were learnt from it.
        clips, speakers: how many there were.
        labels: its emotions.
        chance: float in [0, 1], accuracy of the commonest of them.
        zero_shot: of the network as it is, its answers restricted to these.
        rows: by clips a label, fewest first.
    """

    corpus: str
    title: str = ""
    trained_on_it: bool
    clips: Count
    speakers: Count
    labels: Annotated[tuple[str, ...], Field(min_length=2)]
    chance: Fraction
    zero_shot: Accuracy
    rows: tuple[TaughtClips, ...]


class FewShot(Shown):
    """`few_shot.json`: how good taught heads are with few clips a label.

    Attributes:
        draws: int, random draws of clips for each speaker.
        corpora: each of them.
    """

    draws: Count
    corpora: Annotated[tuple[TaughtCorpus, ...], Field(min_length=1)]
