"""A network with all that turns its outputs into one answer for a recording."""

from dataclasses import dataclass

import numpy as np

from ..config.feature_config import FeatureConfig
from .pooling import Answers, Pooled, pool_answers
from .runtime import Runtime


@dataclass(frozen=True)
class Predictor:
    """A loaded network, adapted to a voice or not. Safe to share between threads.

    Attributes:
        config: FeatureConfig, everything around the network.
        runtime: Runtime, what runs it.
        offset: float64 array of shape (classes,) [nats], what a voice leans towards (see
            ser_core.model.adaptation); None for voices in general.
    """

    config: FeatureConfig
    runtime: Runtime
    offset: np.ndarray | None = None

    def run(self, inputs: np.ndarray) -> Answers:
        """Answer each input by itself, not adapted.

        Args:
            inputs: float32 array of shape (inputs, config.frames, config.features).
        """
        return self.runtime.run(inputs)

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Encode stretches; see `Runtime.encode`."""
        return self.runtime.encode(inputs)

    def answer(self, summaries: np.ndarray) -> Answers:
        """Answer each summary of encoded frames by itself, not adapted; see `Runtime.answer`."""
        return self.runtime.answer(summaries)

    def pool(self, answers: Answers) -> Pooled:
        """Pool the answers for all inputs of one recording, and adapt them."""
        return pool_answers(answers, self.config, self.offset)

    def predict(self, inputs: np.ndarray) -> Pooled:
        """Answer a recording by all of its inputs; see `run` and `pool`."""
        return self.pool(self.run(inputs))
