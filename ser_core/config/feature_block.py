"""What every feature block is: a name, the front end that computes it, and its width.

A class that gives `name` a default is registered under it, once: the feature config, the recipes
and the functions that compute blocks all look here.
"""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from .schema import Strict

Count = Annotated[int, Field(gt=0, le=512)]
Samples = Annotated[int, Field(gt=0, le=16_384)]

BLOCKS: dict[str, type["FeatureBlock"]] = {}
"""Every block by its name, in the order of definition."""


class FeatureBlock(Strict):
    """Base of the feature blocks.

    Attributes:
        name: str, the block's name.
        n_fft: int [samples], length of the Fourier transform.
        hop_length: int [samples], step between frames.
        front_end: str, the front end of ser_core.features that computes it.
        extra_frames: int, frames of a window beyond its steps of hop_length.
        can_be_summarised: bool, whether a recipe may take statistics over its frames.
        per_utterance: bool, whether there is one value for the window, repeated on every frame.
    """

    front_end: ClassVar[str]
    extra_frames: ClassVar[int] = 0
    can_be_summarised: ClassVar[bool] = True
    per_utterance: ClassVar[bool] = False

    if TYPE_CHECKING:  # each block declares them itself, in the order of its JSON
        name: str
        n_fft: int
        hop_length: int

    @classmethod
    def __pydantic_init_subclass__(cls, **arguments: Any) -> None:
        super().__pydantic_init_subclass__(**arguments)
        name = cls.model_fields["name"].default
        if isinstance(name, str):
            BLOCKS[name] = cls

    @property
    def parts(self) -> tuple[str | int, ...]:
        """What the features are called after the block's name; () for a single feature."""
        return ()

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One name for each feature, in column order."""
        return tuple(f"{self.name}_{part}" for part in self.parts) or (self.name,)

    @property
    def width(self) -> int:
        """Features per frame."""
        return len(self.feature_names)

    def check_rate(self, sample_rate: int) -> None:
        """Raise ConfigError where the block cannot be computed at this sample rate [Hz]."""
