"""Sections of a recipe about heads over summaries, learnt from several corpora at once."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from ser_core.config.outputs import SummaryStatistic
from ser_core.config.schema import Positive, Strict

from .sections import Count, Probability


class LinearHead(Strict):
    """The head that holds for strangers (see train/fitting/linear_head.py and invariance.py).

    Attributes:
        strength: float > 0, how much a clip's loss weighs against the squared weights:
            scikit-learn's `C`.
        speaker, corpus, degradation: float >= 0, how strongly the offsets of speakers, of corpora
            and of degraded copies are shrunk.
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
    statistics: Annotated[tuple[SummaryStatistic, ...], Field(min_length=1)] = ("mean", "max")
    iterations: Count = 30
    components: Count = 768


class HiddenHead(Strict):
    """The head that is better at home: a hidden layer, trained by the recipe's `training`.

    Attributes:
        shares: float > 0 by corpus, of each batch.
        original: float in (0, 1], share of the clips that are heard as they are; copies have
            equal parts of the rest.
        dropout: float in [0, 1), before and after the hidden layer.
        mixup: float > 0, parameter of the beta distribution.
        mixup_share: float in [0, 1), share of the clips that are mixed with another.
        components: int > 0, width of the space of principal components that it learns in.
    """

    shares: dict[str, Positive]
    original: Annotated[float, Field(gt=0, le=1)] = 0.4
    dropout: Probability = 0.5
    mixup: Positive = 0.3
    mixup_share: Probability = 0.5
    components: Count = 768


Copies = Annotated[int, Field(ge=0, le=9)]


class Heads(Strict):
    """Heads over summaries of whole recordings, learnt from several corpora at once.

    Attributes:
        corpora: those that are learnt from beside the one that is judged; the people who are in
            both are held out of both.
        copies: how many degraded copies of each clip, by corpus; none where none is given.
        wide: the same of copies whose voice has another colour.
        talkers: the corpus whose recordings babble is made of; it is learnt from as a whole.
        linear: LinearHead.
        hidden: HiddenHead.
        home_temperature, away_temperature: float > 0, of answers to voices like those that were
            trained on, and to strangers.
        validation_speakers: int > 0, on whose distances the border between them is measured.
    """

    corpora: tuple[str, ...]
    copies: dict[str, Copies]
    wide: dict[str, Copies] = Field(default_factory=dict)
    talkers: str
    linear: LinearHead
    hidden: HiddenHead
    home_temperature: Positive
    away_temperature: Positive
    validation_speakers: Count = 5

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.talkers not in self.corpora:
            raise ValueError(f"talkers {self.talkers!r} is none of the corpora")
        return self
