"""Adapt answers to a voice: subtract what a speaker's recordings all lean towards.

Some voices sound sad, or angry, whatever they say, and a network that was not trained on them takes
that for an emotion. A few recordings of one voice, which need no labels, show that leaning: the
mean of their centred log-probabilities, less the mean of many speakers. The fewer they are, the
less of it is believed: with n recordings, n / (n + prior_clips) of it.

The leaning is subtracted from the logarithms of an answer, as a change of the classes' prior
probabilities would be.

Sources: the weight is the credibility of Buehlmann (1967), Experience Rating and Credibility, ASTIN
Bulletin 4(3); the shift is that of Saerens, Latinne and Decaestecker (2002), Adjusting the Outputs
of a Classifier to New a Priori Probabilities, Neural Computation 14(1).
"""

from collections.abc import Iterable

import numpy as np

from ..config.feature_config import Adaptation, FeatureConfig
from ..errors import AdaptationError
from ..results import EmotionPrediction

SMALLEST = 1e-6  # a probability below it says no more about a voice: tables have six decimals


def centre_logs(probabilities: np.ndarray) -> np.ndarray:
    """Take logarithms, and from each row its mean.

    Args:
        probabilities: float array of shape (..., classes).

    Returns:
        float64 array of the same shape [nats]; rows sum to 0.

    >>> centre_logs(np.array([0.5, 0.5])).tolist()
    [0.0, 0.0]
    """
    logs = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), SMALLEST))
    centred: np.ndarray = logs - logs.mean(axis=-1, keepdims=True)
    return centred


def credibility(count: np.ndarray | float, prior_clips: float) -> np.ndarray | float:
    """Weigh a leaning by the number of recordings that show it, from 0 to 1.

    >>> credibility(3, 3.0)
    0.5
    """
    return count / (count + prior_clips)


def estimate_offset(log_probabilities: np.ndarray, settings: Adaptation) -> np.ndarray:
    """Estimate what a voice's answers lean towards.

    Args:
        log_probabilities: float array of shape (recordings, classes), centred [nats].
        settings: Adaptation.

    Returns:
        float64 array of shape (classes,), to subtract from logarithms [nats].

    >>> settings = Adaptation(mean=(0.0, 0.0), prior_clips=1.0, least_clips=1)
    >>> estimate_offset(np.array([[1.0, -1.0]]), settings).tolist()
    [0.5, -0.5]
    """
    leaning: np.ndarray = np.mean(log_probabilities, axis=0) - np.asarray(settings.mean)
    return credibility(len(log_probabilities), settings.prior_clips) * leaning


def subtract_offset(probabilities: np.ndarray, offset: np.ndarray | None) -> np.ndarray:
    """Subtract a voice's leaning from the logarithms of answers.

    Args:
        probabilities: float array of shape (..., classes), rows sum to 1.
        offset: float array of shape (classes,), or any that broadcasts [nats]; None changes
            nothing.

    Returns:
        float64 array of shape (..., classes), rows sum to 1.

    >>> subtract_offset(np.array([0.5, 0.5]), np.log([3.0, 1.0])).round(6).tolist()
    [0.25, 0.75]
    """
    if offset is None:
        return probabilities
    logs = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), 1e-12)) - offset
    return normalise_logs(logs)


def normalise_logs(logs: np.ndarray) -> np.ndarray:
    """Turn logarithms of what is proportional to probabilities into probabilities.

    Args:
        logs: float64 array of shape (..., classes) [nats].

    Returns:
        float64 array of the same shape, rows sum to 1.
    """
    likelihoods: np.ndarray = np.exp(logs - logs.max(axis=-1, keepdims=True))
    probabilities: np.ndarray = likelihoods / likelihoods.sum(axis=-1, keepdims=True)
    return probabilities


def require_adaptation(config: FeatureConfig) -> Adaptation:
    """Return a model's settings for adaptation.

    Raises:
        AdaptationError: it has none.
    """
    if config.adaptation is None:
        raise AdaptationError(
            "This model does not adapt to voices: expected a section adaptation in its "
            "feature_config.json, which has none; train it with this version, or use it as it is."
        )
    return config.adaptation


def enrol(answers: Iterable[EmotionPrediction], config: FeatureConfig) -> tuple[np.ndarray, int]:
    """Estimate what a voice leans towards from the predictions for its recordings.

    Args:
        answers: one EmotionPrediction per recording, not adapted; those without speech are left
            out.
        config: the model's FeatureConfig.

    Returns:
        The offset as of `estimate_offset`, and how many recordings it is from.

    Raises:
        AdaptationError: too few recordings have speech, or the model does not adapt.
    """
    settings = require_adaptation(config)
    answers = list(answers)
    spoken = [list(one.probabilities.values()) for one in answers if one.status != "no_speech"]
    if not answers:
        raise AdaptationError("There is no recording to adapt to: give at least one of the voice.")
    if not spoken:
        raise AdaptationError(
            f"No speech was found in {_count(len(answers))} to adapt to: give some in which the "
            "person speaks clearly."
        )
    if len(spoken) < settings.least_clips:
        raise AdaptationError(
            f"Adapting takes at least {_count(settings.least_clips)} with speech, and got "
            f"{len(spoken)}: add {settings.least_clips - len(spoken)} more of the same voice."
        )
    return estimate_offset(centre_logs(np.array(spoken)), settings), len(spoken)


def _count(recordings: int) -> str:
    return f"{recordings} recording{'' if recordings == 1 else 's'}"
