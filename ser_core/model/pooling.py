"""Pool what a network answers the windows of one recording into one answer."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..config.feature_config import FeatureConfig
from .adaptation import normalise_logs, subtract_offset


class Answers(NamedTuple):
    """What a network answers windows.

    Attributes:
        probabilities: float32 array of shape (windows, classes), rows sum to 1.
        intensity: float32 array of shape (windows,) in [0, 1], how strongly the emotion is
            expressed; None if the network has no such output.
        distance: float32 array of shape (windows,), at least 0, how far the sound is from what was
            trained on; None if the network has no such output.
        embedding: float32 array of shape (windows, size), each window in numbers (see
            `Outputs.embedding`); None if the network gives none.
    """

    probabilities: np.ndarray
    intensity: np.ndarray | None
    distance: np.ndarray | None = None
    embedding: np.ndarray | None = None


def select_rows(answers: Answers, rows: np.ndarray) -> Answers:
    """Select the answers to some windows: `rows` indexes them, or marks them."""
    return Answers(
        answers.probabilities[rows],
        *(None if values is None else values[rows] for values in answers[1:]),
    )


class Pooled(NamedTuple):
    """The answers for several windows of one recording, as one.

    Attributes:
        probabilities: float64 array of shape (classes,), sum 1.
        intensity: float in [0, 1]; None if the network has no such output.
        distance: float, at least 0; None if the network has no such output.
        embedding: float32 array of shape (size,); None if the network gives none.
    """

    probabilities: np.ndarray
    intensity: float | None
    distance: float | None = None
    embedding: np.ndarray | None = None


def pool_windows(probabilities: np.ndarray, weights: Sequence[float] | None = None) -> np.ndarray:
    """Pool the answers for several windows of one recording into one.

    The normalised geometric mean: then a temperature on the network's logits and one on the pooled
    answer are the same thing, so calibration needs the pooled answers only.

    Args:
        probabilities: float array of shape (windows, classes).
        weights: floats > 0, one a window, by which each counts; None for all alike.

    Returns:
        float64 array of shape (classes,), sum 1.

    Source: the logarithmic opinion pool, Genest and Zidek (1986), Statistical Science 1(1).

    >>> pool_windows(np.array([[0.9, 0.1], [0.9, 0.1]])).round(6).tolist()
    [0.9, 0.1]
    """
    logs = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), 1e-12))
    return normalise_logs(np.average(logs, axis=0, weights=weights))


def pool(probabilities: np.ndarray, config: FeatureConfig) -> np.ndarray:
    """Pool the answers for several inputs of one recording, as the config's `pooling` says.

    With "votes", each input votes for its likeliest class, and only those count that vote with the
    majority (the likelier class of the pooled answer where votes are equal). So one vote is worth
    its own probability, not certainty.

    Args:
        probabilities: float array of shape (inputs, classes).
        config: FeatureConfig.

    Returns:
        float64 array of shape (classes,), sum 1.
    """
    pooled = pool_windows(probabilities)
    if config.pooling == "geometric_mean":
        return pooled
    votes = probabilities.argmax(axis=1)
    counts = np.bincount(votes, minlength=len(pooled))
    winner = int(np.lexsort((pooled, counts))[-1])
    return pool_windows(probabilities[votes == winner])


def pool_answers(
    answers: Answers, config: FeatureConfig, offset: np.ndarray | None = None
) -> Pooled:
    """Pool the answers for several inputs of one recording, and adapt them to a voice.

    Probabilities are pooled by `pool`, then shifted. The intensity is the plain mean of all inputs'
    intensities, and so are the distance and the embedding: each counts the same, as in the
    probabilities' geometric mean, also where it was outvoted.

    Args:
        answers: Answers for the inputs.
        config: FeatureConfig.
        offset: float64 array of shape (classes,) [nats], what the voice leans towards (see
            ser_core.model.adaptation); None for voices in general.

    Returns:
        Pooled.
    """
    intensity, distance = (
        None if values is None else float(values.mean())
        for values in (answers.intensity, answers.distance)
    )
    embedding = None
    if answers.embedding is not None:
        embedding = answers.embedding.mean(axis=0, dtype=np.float64).astype(np.float32)
    probabilities = subtract_offset(pool(answers.probabilities, config), offset)
    return Pooled(probabilities, intensity, distance, embedding)
