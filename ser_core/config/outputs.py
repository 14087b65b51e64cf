"""The names of a network's outputs, and what a summary of its encoder's frames is made of."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .schema import Name, Strict

SummaryStatistic = Literal["mean", "slope", "max"]
"""One of the parts that a summary of encoded frames is made of."""

SUMMARY_STATISTICS: tuple[SummaryStatistic, ...] = ("mean", "slope", "max")
"""All of these."""


class Outputs(Strict):
    """The names of the network's outputs.

    Attributes:
        emotion: str, the output with one probability per label.
        intensity: str, the output that says how strongly the emotion is expressed, 0 to 1; None
            where the network has none.
        distance: str, the output that says how far a recording is from those that were trained on,
            at least 0; None where the network has none.
        embedding: str, the output that describes an input in numbers, from which the emotion is
            told: what the last layer takes. None where the network has none, and where it gives
            `frames`: there the embedding is the mean of these, which a summary has to hold.
        frames: str, the output with what an encoder makes of each of its frames; None where the
            network has none. With it, a recording is encoded once, stretch by stretch, and its
            answers come from summaries of any span of these frames (see
            ser_core.features.stretches).
        summary: what a summary of such frames is made of, in order: their "mean", the "slope" of
            their course over time, and their "max" (see ser_core.features.frame_sums).
    """

    emotion: Name = "emotion"
    intensity: Name | None = None
    distance: Name | None = None
    embedding: Name | None = None
    frames: Name | None = None
    summary: Annotated[tuple[SummaryStatistic, ...], Field(min_length=1)] = ("mean", "max")

    @property
    def answers(self) -> tuple[str, ...]:
        """The outputs that the network has one row of for an input."""
        names = (self.emotion, self.intensity, self.distance, self.embedding)
        return tuple(name for name in names if name is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """The outputs that the network has."""
        return self.answers if self.frames is None else (*self.answers, self.frames)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.embedding is not None and self.frames is not None:
            raise ValueError(
                "outputs.embedding is for a network without frames: where there are frames, the "
                "embedding is their mean"
            )
        return self
