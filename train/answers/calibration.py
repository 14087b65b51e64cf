"""Calibration: one temperature, and the confidence below which the answer is "uncertain".

What serves a fold is fitted on the other folds alone, so nothing is fitted and quoted on the same
answers.

Source: temperature scaling, Guo et al. (2017), arXiv:1706.04599.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from ser_core.errors import ConfigError

from .metrics import negative_log_likelihood
from .out_of_fold import Answers

SHARPEST, FLATTEST = 0.2, 5.0  # range that temperatures are looked for in


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Divide the logits behind some probabilities by a temperature.

    Args:
        probabilities: float array of shape (clips, classes).
        temperature: float > 0; above 1 flattens, below 1 sharpens.

    Returns:
        float64 array of the same shape, rows sum to 1.

    >>> apply_temperature(np.array([[0.8, 0.2]]), 1.0).round(6).tolist()
    [[0.8, 0.2]]
    """
    logits = np.log(np.maximum(probabilities, 1e-12)) / temperature
    logits -= logits.max(axis=1, keepdims=True)
    exponentials = np.exp(logits)
    result: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result


def fit_temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Find the temperature with the least negative log-likelihood, to four decimals.

    Args:
        probabilities: float array of shape (clips, classes), one clip at least.
        truth: int array of shape (clips,).

    Raises:
        ConfigError: there are no clips.
    """
    if not len(truth):
        raise ConfigError("A temperature is fitted on answers, and there are none.")
    found = minimize_scalar(
        lambda log: negative_log_likelihood(apply_temperature(probabilities, np.exp(log)), truth),
        bounds=(np.log(SHARPEST), np.log(FLATTEST)),
        method="bounded",
    )
    return round(float(np.exp(found.x)), 4)


def choose_threshold(
    confidence: np.ndarray, correct: np.ndarray, target: float, at_least: float = 0.0
) -> float:
    """Find the lowest confidence from which the answers are right often enough.

    Args:
        confidence: float array of shape (clips,).
        correct: bool array of shape (clips,).
        target: float in [0, 1), accuracy wanted on what is answered.
        at_least: float in [0, 1), the least confidence of an answer, right or not.

    Returns:
        float in [0, 1], rounded to three decimals; 1 when no threshold reaches the target.
    """
    order = np.argsort(-confidence)
    accuracy = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(accuracy >= target)
    # The last place where the running accuracy still holds; the first few answers are too few.
    return max(at_least, round(float(confidence[order][enough[-1]]), 3)) if len(enough) else 1.0


@dataclass(frozen=True)
class Calibration:
    """What was fitted, and what it gives on answers it was not fitted on.

    Attributes:
        temperature: fitted on all folds, for the network that ships.
        fold_temperatures: per fold number, fitted on the other folds.
        uncertain_below: confidence threshold for the network that ships.
        answered: share of the clips that are answered with thresholds fitted on other folds.
        answered_accuracy: accuracy on those.
    """

    temperature: float
    fold_temperatures: dict[int, float]
    uncertain_below: float
    answered: float
    answered_accuracy: float

    @property
    def is_fitted(self) -> bool:
        """Whether there were other folds to fit on; else every temperature is 1."""
        return len(self.fold_temperatures) > 1


def calibrate(
    raw: Answers, target_accuracy: float, at_least: float = 0.0
) -> tuple[Answers, Calibration]:
    """Calibrate each fold with what the other folds say.

    With one fold there is nothing to fit on: its answers stay as they are, and none is withheld
    but those below `at_least`.

    Args:
        raw: the networks' own answers.
        target_accuracy: float in [0, 1), wanted on what is answered.
        at_least: float in [0, 1), the least confidence of an answer.

    Returns:
        The calibrated answers, and what was fitted.
    """
    numbers = [int(fold) for fold in np.unique(raw.folds)]
    correct = raw.probabilities.argmax(axis=1) == raw.truth
    if len(numbers) < 2:
        answered = raw.probabilities.max(axis=1) >= at_least
        return raw, Calibration(
            temperature=1.0,
            fold_temperatures=dict.fromkeys(numbers, 1.0),
            uncertain_below=at_least,
            **_judge_answered(correct, answered),
        )
    probabilities = np.empty_like(raw.probabilities)
    answered = np.zeros(len(raw.truth), dtype=bool)
    temperatures = {}
    for fold in numbers:
        own, others = raw.folds == fold, raw.folds != fold
        temperature = fit_temperature(raw.probabilities[others], raw.truth[others])
        temperatures[fold] = temperature
        elsewhere = apply_temperature(raw.probabilities[others], temperature)
        threshold = choose_threshold(
            elsewhere.max(axis=1),
            elsewhere.argmax(axis=1) == raw.truth[others],
            target_accuracy,
            at_least,
        )
        probabilities[own] = apply_temperature(raw.probabilities[own], temperature)
        answered[own] = probabilities[own].max(axis=1) >= threshold
    calibrated = raw.with_probabilities(probabilities)
    correct = probabilities.argmax(axis=1) == raw.truth  # rounding may turn a tie
    temperature = fit_temperature(raw.probabilities, raw.truth)
    pooled = apply_temperature(raw.probabilities, temperature)
    return calibrated, Calibration(
        temperature=temperature,
        fold_temperatures=temperatures,
        uncertain_below=choose_threshold(pooled.max(axis=1), correct, target_accuracy, at_least),
        **_judge_answered(correct, answered),
    )


def _judge_answered(correct: np.ndarray, answered: np.ndarray) -> dict[str, float]:
    """Say how many clips are answered, and how many of these answers are right."""
    right = float(correct[answered].mean()) if answered.any() else 0.0
    return {"answered": round(float(answered.mean()), 4), "answered_accuracy": round(right, 4)}
