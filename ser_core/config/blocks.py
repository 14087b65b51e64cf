"""Every feature block as configuration: one union, in which `name` says which block is meant.

The arrays themselves come from ser_core.features. Importing this imports no librosa and no SciPy.
"""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from . import frame_blocks, utterance_blocks
from .feature_block import BLOCKS, FeatureBlock

__all__ = ["BLOCKS", "Block", "Statistic", "frame_blocks", "utterance_blocks"]

Statistic = Literal["mean", "std", "min", "max", "median", "skewness", "kurtosis"]

if TYPE_CHECKING:
    Block: TypeAlias = FeatureBlock
else:  # pydantic chooses among all that the two modules have registered
    Block = Annotated[reduce(or_, BLOCKS.values()), Field(discriminator="name")]
