"""What a network answers to clips: windows, network, pooled answers, as the recognizer does."""

from collections.abc import Sequence
from typing import Protocol

import keras
import numpy as np

from ser_core.config.feature_config import FeatureConfig
from ser_core.model.pooling import pool

from ..data.feature_cache import ORIGINAL

BATCH = 64  # rows that a network answers at a time


class HasInputs(Protocol):
    """A clip that makes the network's inputs itself, as `Features` does."""

    def inputs(self, config: FeatureConfig, version: str = ORIGINAL, /) -> np.ndarray:
        """Return float32 array of shape (inputs, frames, features)."""
        ...


def output_names(config: FeatureConfig) -> list[str]:
    """Names of the layers that give the outputs: emotion, and intensity where there is one."""
    names = [config.outputs.emotion, config.outputs.intensity]
    return [name for name in names if name is not None]


def predict(
    network: keras.Model,
    features: Sequence[HasInputs],
    config: FeatureConfig,
    *,
    logits: bool = False,
    version: str = ORIGINAL,
) -> np.ndarray:  # (clips, classes)
    """Answer each clip as the recognizer does; see `answer`.

    Returns:
        float64 array of shape (clips, classes), rows sum to 1.
    """
    return answer(network, features, config, logits=logits, version=version)[0]


def answer(
    network: keras.Model,
    features: Sequence[HasInputs],
    config: FeatureConfig,
    *,
    logits: bool = False,
    version: str = ORIGINAL,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Answer each clip as the recognizer does: windows, network, pooled answers.

    Args:
        network: keras.Model.
        features: one per clip.
        config: FeatureConfig, with the statistics the network was trained with.
        logits: whether the network gives logits, as it does while it is trained.
        version: which version of each recording.

    Returns:
        float64 array of shape (clips, classes), rows sum to 1; and float64 array of shape (clips,)
        of intensities, their mean over windows, or None where the network gives none.
    """
    inputs = [clip.inputs(config, version) for clip in features]
    return answer_inputs(network, inputs, config, logits=logits)


def answer_inputs(
    network: keras.Model,
    inputs: Sequence[np.ndarray],
    config: FeatureConfig,
    *,
    logits: bool = False,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Answer clips from the network's inputs for each, and pool; see `answer`.

    Args:
        network: keras.Model.
        inputs: by clip, float32 arrays of shape (inputs, ...), as the network takes them.
        config: FeatureConfig.
        logits: whether the network gives logits.
    """
    owners = np.repeat(np.arange(len(inputs)), [len(of_clip) for of_clip in inputs])
    answers = _predict(network, np.concatenate(inputs))
    strengths = None
    if isinstance(answers, list):
        strengths = answers[1] if config.outputs.intensity is not None else None
        answers = answers[0]
    if logits:
        answers = np.exp(answers - answers.max(axis=1, keepdims=True))
        answers /= answers.sum(axis=1, keepdims=True)
        strengths = None if strengths is None else 1.0 / (1.0 + np.exp(-strengths))
    pooled = np.stack([pool(answers[owners == i], config) for i in range(len(inputs))])
    if strengths is None:
        return pooled, None
    return pooled, np.array([strengths[owners == i].mean() for i in range(len(inputs))])


def _predict(network: keras.Model, rows: np.ndarray) -> np.ndarray | list[np.ndarray]:
    """Do what Keras' predict() does, which takes longer to set out than to answer a few clips."""
    batches = [network.predict_on_batch(rows[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
    if isinstance(batches[0], list):
        return [np.concatenate(of_one) for of_one in zip(*batches, strict=True)]
    return np.concatenate(batches)
