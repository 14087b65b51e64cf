"""Sections of a recipe about heads over summaries, learnt from several corpora at once."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ser_core.config.outputs import SummaryStatistic
from ser_core.config.schema import Positive, Strict

from .sections import Count, Probability, Schedule


class LinearHead(Strict):
    """The head that holds for strangers (see train/fitting/linear_head.py and invariance.py).

    Attributes:
        strength: float > 0, how much a clip's loss weighs against the squared weights:
            scikit-learn's `C`.
        speaker, corpus, degradation, voices: float >= 0, how strongly the offsets of speakers, of
            corpora, of degraded copies and of the speakers of `Heads.voices` are shrunk.
        shares: float > 0 by corpus, of the loss.
        statistics: which parts of a summary it reads.
        iterations: int > 0, of L-BFGS.
        components: int > 0, width of the space of principal components that it learns in.
    """

    strength: Positive
    speaker: Annotated[float, Field(ge=0)]
    corpus: Annotated[float, Field(ge=0)]
    degradation: Annotated[float, Field(ge=0)]
    shares: dict[str, Positive]
    voices: Annotated[float, Field(ge=0)] = 0.0
    statistics: Annotated[tuple[SummaryStatistic, ...], Field(min_length=1)] = ("mean", "max")
    iterations: Count = 30
    components: Count = 768


class HiddenHead(Strict):
    """The head that is better at home: a hidden layer, trained by the recipe's `training`.

    Attributes:
        shares: float >= 0 by corpus, of each batch; 1 where none is given. What has 0 is left to
            the linear head.
        original: float in (0, 1], share of the clips that are heard as they are; copies have
            equal parts of the rest.
        dropout: float in [0, 1), before and after the hidden layer.
        mixup: float > 0, parameter of the beta distribution.
        mixup_share: float in [0, 1), share of the clips that are mixed with another.
        components: int > 0, width of the space of principal components that it learns in.
        smoothing: float in [0, 1) by label, where it is not `training.label_smoothing`.
        teachers: int >= 0, how many heads of other seeds are trained first, whose answers together
            are half of what this one learns.
    """

    shares: dict[str, Annotated[float, Field(ge=0)]]
    original: Annotated[float, Field(gt=0, le=1)] = 0.4
    dropout: Probability = 0.5
    mixup: Positive = 0.3
    mixup_share: Probability = 0.5
    components: Count = 768
    smoothing: dict[str, Probability] = Field(default_factory=dict)
    teachers: Annotated[int, Field(ge=0, le=20)] = 0


Copies = Annotated[int, Field(ge=0, le=9)]


class Heads(Strict):
    """Heads over summaries of whole recordings, learnt from several corpora at once.

    Attributes:
        corpora: those that are learnt from beside the one that is judged; the people who are in
            both are held out of both.
        copies: how many degraded copies of each clip, by corpus; none where none is given.
        wide: the same of copies whose voice has another colour.
        talkers: the corpus whose recordings babble is made of; it is learnt from as a whole.
        voices: a corpus of ordinary voices, of which no emotion is learnt, only how its speakers
            differ, as strongly as `linear.voices` says; it is not needed where that is 0.
        linear: LinearHead.
        hidden: HiddenHead.
        home_temperature, away_temperature: float > 0, of answers to voices like those that were
            trained on, and to strangers.
        validation_speakers: int > 0, on whose distances the border between them is measured.
        border: float in [0, 1), share of these distances that is within it.
    """

    corpora: tuple[str, ...]
    copies: dict[str, Copies]
    wide: dict[str, Copies] = Field(default_factory=dict)
    talkers: str
    voices: str = "voices"
    linear: LinearHead
    hidden: HiddenHead
    home_temperature: Positive
    away_temperature: Positive
    validation_speakers: Count = 5
    border: Probability = 0.9

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.talkers not in self.corpora:
            raise ValueError(f"talkers {self.talkers!r} is none of the corpora")
        if self.voices in self.corpora:
            raise ValueError(f"voices {self.voices!r} is one of the corpora that emotions are of")
        return self


Layer = Annotated[int, Field(gt=0)]


class Tuning(Schedule):
    """Training of an encoder's upper layers, before heads are fitted (see train/fitting/tuning.py).

    Attributes:
        layers: which of them learn, from 1.
        rank: int >= 0, of the low-rank adapters that learn; 0 where the matrices themselves do.
        share: float in [0, 1], how much of what was learnt is kept: 0 is the encoder as it was.
        average: float in [0, 1), decay of the moving average of the weights, which is what counts.
        seeds: int > 0, how many times the layers learn, each from a seed of its own; their weights
            are averaged.
        adversary: float >= 0, how strongly summaries are kept from saying who speaks.
        dropout: float in [0, 1), of the summary, before the layer that answers.
        noise: float >= 0, of what the layers below give, in their standard deviations.
        precision: of the arithmetic.
    """

    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    rank: Annotated[int, Field(ge=0)] = 16
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    average: Probability = 0.99
    seeds: Count = 1
    adversary: Annotated[float, Field(ge=0)] = 0.0
    dropout: Probability = 0.3
    noise: Annotated[float, Field(ge=0)] = 0.1
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
