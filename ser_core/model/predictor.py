"""A network with all that turns its outputs into one answer for a recording."""

from dataclasses import dataclass

import numpy as np

from ..config.feature_config import FeatureConfig
from ..errors import ModelError
from ..features.frame_sums import summarise
from .network_outputs import embedding_of
from .pooling import Answers, Pooled, pool_answers
from .runtime import Runtime
from .teaching import TaughtHead

ROUNDING = 1e-2  # by which what should be 1 or lie in [0, 1] may miss that


@dataclass(frozen=True)
class Predictor:
    """A loaded network, adapted to a voice or not. Safe to share between threads.

    What is no finite number goes neither in nor out: a rounded network may make of it what looks
    like an answer.

    Attributes:
        config: FeatureConfig, everything around the network.
        runtime: Runtime, what runs it.
        offset: float64 array of shape (classes,) [nats], what a voice leans towards (see
            ser_core.model.adaptation); None for voices in general.
        head: TaughtHead that answers from the network's embeddings instead of its own; None for the
            network's answers.
    """

    config: FeatureConfig
    runtime: Runtime
    offset: np.ndarray | None = None
    head: TaughtHead | None = None

    def run(self, inputs: np.ndarray) -> Answers:
        """Answer each input by itself, not adapted.

        Args:
            inputs: float32 array of shape (inputs, config.frames, config.features).

        Raises:
            ModelError: the inputs are not finite, or the network gives no answers.
        """
        _require_finite(inputs, "feature_config.json makes features")
        if self.head is not None and self.config.outputs.frames is not None:
            frames = self.encode(inputs)
            return self.answer(
                np.stack([summarise(one, self.config.outputs.summary) for one in frames])
            )
        return self._finish(self.runtime.run(inputs))

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Encode stretches; see `Runtime.encode`.

        Raises:
            ModelError: the inputs or what the network gives are not finite.
        """
        _require_finite(inputs, "feature_config.json makes features")
        encoded = self.runtime.encode(inputs)
        _require_finite(encoded, "the network gives frames")
        return encoded

    def answer(self, summaries: np.ndarray) -> Answers:
        """Answer each summary of encoded frames by itself, not adapted; see `Runtime.answer`.

        Raises:
            ModelError: the network gives no answers.
        """
        answers = self.runtime.answer(summaries)
        return self._finish(answers._replace(embedding=embedding_of(summaries, self.config)))

    def _finish(self, answers: Answers) -> Answers:
        """Check what the network answered, and answer from its embeddings where it was taught."""
        require_answers(answers)
        return answers if self.head is None else self.head.answer(answers)

    def pool(self, answers: Answers) -> Pooled:
        """Pool the answers for all inputs of one recording, and adapt them."""
        return pool_answers(answers, self.config, self.offset)

    def predict(self, inputs: np.ndarray) -> Pooled:
        """Answer a recording by all of its inputs; see `run` and `pool`."""
        return self.pool(self.run(inputs))


def require_answers(answers: Answers) -> Answers:
    """Return what a network answered.

    Raises:
        ModelError: it is not finite, no probabilities that sum to 1, an intensity outside [0, 1],
            or a negative distance.
    """
    shares, intensity, distance, _ = answers
    for values in answers:
        if values is not None:
            _require_finite(values, "the network gives answers")
    wrong = None
    if shares.size and (shares.min() < -ROUNDING or np.abs(shares.sum(1) - 1).max() > ROUNDING):
        wrong = "probabilities that do not sum to 1"
    elif intensity is not None and np.abs(intensity - 0.5).max(initial=0.0) > 0.5 + ROUNDING:
        wrong = "an intensity outside 0 to 1"
    elif distance is not None and distance.min(initial=0.0) < -ROUNDING:
        wrong = "a negative distance"
    if wrong is not None:
        raise ModelError(
            f"The network gives {wrong}: its files are damaged, or were made for something else; "
            "get the model again."
        )
    return answers


def _require_finite(values: np.ndarray, what: str) -> None:
    if not np.isfinite(values).all():
        raise ModelError(
            f"The model is damaged, or was saved with absurd numbers: {what} that are not finite; "
            "get it again, or train it again."
        )
