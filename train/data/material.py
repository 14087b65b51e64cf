"""Clips with what is to be learnt from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .feature_cache import Features


@dataclass(frozen=True)
class Material:
    """Clips to learn from or to look at.

    Attributes:
        features: one Features per clip.
        targets: float32 array of shape (clips, classes), -1 where a corpus lacks the class.
        intensity: float32 array of shape (clips,): 1 strong, 0 normal, -1 where nobody noted it.
        teachings: None, or by clip and by version what a teacher answers: float32 arrays of shape
            (classes,), probabilities.
    """

    features: Sequence[Features]
    targets: np.ndarray
    intensity: np.ndarray
    teachings: Sequence[Mapping[str, np.ndarray]] | None = None

    def take(self, positions: np.ndarray) -> "Material":
        """Return the clips at these positions."""
        return Material(
            [self.features[i] for i in positions],
            self.targets[positions],
            self.intensity[positions],
            None if self.teachings is None else [self.teachings[i] for i in positions],
        )
