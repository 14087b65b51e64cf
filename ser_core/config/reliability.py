"""What a feature config says of how far an answer can be relied on: its domain, and its sets."""

from typing import Annotated

from pydantic import Field

from .schema import Fraction, Strict

Share = Annotated[float, Field(gt=0, lt=1)]


class Domain(Strict):
    """Which recordings sound like those that the network was trained on.

    Attributes:
        familiar_below: float >= 0, the largest distance (see `Outputs.distance`) of a recording
            that does: 95 % of unseen speakers of the training corpus are no further away.
    """

    familiar_below: Annotated[float, Field(ge=0)]


class Conformal(Strict):
    """Which labels are likely enough to be named beside the likeliest (see ser_core.results).

    Attributes:
        coverage: float in (0, 1), how often the truth is among the labels named, for unseen
            speakers of the training corpus.
        threshold: float in [0, 1], the calibrated probability from which a label is named.

    Source: Sadinle, Lei and Wasserman (2019), Least ambiguous set-valued classifiers with bounded
    error levels, Journal of the American Statistical Association 114(525).
    """

    coverage: Share
    threshold: Fraction
