"""Metrics of a table of answers; everything here can be recomputed from out_of_fold.csv alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import rankdata
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from ..corpora import NO_SPEAKER
from .out_of_fold import Answers

BINS = 15  # of the expected calibration error
COVERAGES = (0.9, 0.8, 0.5)
DRAWS = 2_000  # of every bootstrap
INTENSITY_DRAWS = 500
SEED = 0
ACTED = ("normal", "strong")  # intensities that are distinguished


def calibration_bins(probabilities: np.ndarray, truth: np.ndarray) -> list[dict[str, float]]:
    """Sort answers into bins of equal width by confidence.

    Args:
        probabilities: float array of shape (clips, classes).
        truth: int array of shape (clips,).

    Returns:
        One row per bin that is not empty: lower and upper edge, count, mean confidence, accuracy.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == truth
    owner = _bin_of(confidence)
    return [
        {
            "lower": round(index / BINS, 4),
            "upper": round((index + 1) / BINS, 4),
            "count": len(places),
            "confidence": round(float(confidence[places].mean()), 4),
            "accuracy": round(float(correct[places].mean()), 4),
        }
        for index in np.unique(owner).tolist()
        for places in [np.flatnonzero(owner == index)]
    ]


def expected_calibration_error(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance between confidence and accuracy over bins, weighted by their counts.

    Source: Guo et al. (2017), On Calibration of Modern Neural Networks, arXiv:1706.04599.

    >>> expected_calibration_error(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1]))
    0.5
    """
    return _ece(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth)


def _bin_of(confidence: np.ndarray) -> np.ndarray:
    # Upper edges belong to their bin, so that a confidence of exactly 1 has one.
    result: np.ndarray = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    return result


def _ece(confidence: np.ndarray, correct: np.ndarray) -> float:
    gaps = np.bincount(_bin_of(confidence), weights=confidence - correct, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def calibrated_band(probabilities: np.ndarray) -> tuple[float, float]:
    """Say what expected calibration error a perfectly calibrated model would show.

    The truth is drawn from the probabilities themselves, many times.

    Returns:
        Mean and 95th percentile over the draws.
    """
    rng = np.random.default_rng(SEED)
    confidence = probabilities.max(axis=1)
    errors = [_ece(confidence, rng.random(len(confidence)) < confidence) for _ in range(DRAWS)]
    return float(np.mean(errors)), float(np.percentile(errors, 95))


def negative_log_likelihood(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Mean of -log p(truth) [nats]."""
    chosen = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


def brier_score(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Mean squared distance between probabilities and the truth as a one-hot row, 0 to 2."""
    wanted = np.eye(probabilities.shape[1])[truth]
    return float(((probabilities - wanted) ** 2).sum(axis=1).mean())


def selective_accuracy(
    probabilities: np.ndarray, truth: np.ndarray, coverages: Sequence[float] = COVERAGES
) -> dict[str, float | None]:
    """Accuracy on the most confident share of the answers, by share; None where that is no answer.

    >>> selective_accuracy(np.array([[0.9, 0.1]]), np.array([0]), (0.9, 0.5))
    {'0.9': 1.0, '0.5': None}
    """
    correct = (probabilities.argmax(axis=1) == truth)[np.argsort(-probabilities.max(axis=1))]
    counts = {f"{coverage:g}": round(coverage * len(correct)) for coverage in coverages}
    return {
        name: round(float(correct[:count].mean()), 4) if count else None
        for name, count in counts.items()
    }


def accuracy_interval(correct: np.ndarray, speakers: ArrayLike) -> tuple[float, float]:
    """95 % interval of the accuracy by drawing whole speakers again, for that is what varies."""
    return interval(resample_speakers(correct, speakers))


def resample_speakers(
    values: np.ndarray, speakers: ArrayLike, rng: np.random.Generator | None = None
) -> np.ndarray:  # (DRAWS,)
    """Say how a mean over clips varies when whole speakers are drawn again, with replacement.

    Args:
        values: float or bool array of shape (clips,).
        speakers: of each clip.
        rng: numpy Generator; by default one of SEED.

    Returns:
        float64 array of shape (DRAWS,), the mean over the clips of each draw.
    """
    rng = rng or np.random.default_rng(SEED)
    names, owner = np.unique(speakers, return_inverse=True)
    total, count = np.bincount(owner, weights=values), np.bincount(owner)
    again = rng.integers(0, len(names), size=(DRAWS, len(names)))
    means: np.ndarray = total[again].sum(axis=1) / count[again].sum(axis=1)
    return means


def interval(values: np.ndarray | Sequence[float], decimals: int = 4) -> tuple[float, float]:
    """Return the low and high end between which 95 % of some values lie."""
    low, high = np.percentile(values, [2.5, 97.5])
    return round(float(low), decimals), round(float(high), decimals)


def scores(probabilities: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Measure one set of answers.

    Args:
        probabilities: float array of shape (clips, classes), rows sum to 1.
        truth: int array of shape (clips,).

    Returns:
        accuracy, uar (unweighted average recall), macro_f1, top3_accuracy, ece, nll, brier.
    """
    guess = probabilities.argmax(axis=1)
    present = np.unique(truth)
    _, recall, f1, _ = precision_recall_fscore_support(
        truth, guess, labels=present, zero_division=0.0
    )
    top3 = np.argsort(-probabilities, axis=1)[:, :3]
    values = {
        "accuracy": (guess == truth).mean(),
        "uar": recall.mean(),
        "macro_f1": f1.mean(),
        "top3_accuracy": (top3 == truth[:, None]).any(axis=1).mean(),
        "ece": expected_calibration_error(probabilities, truth),
        "nll": negative_log_likelihood(probabilities, truth),
        "brier": brier_score(probabilities, truth),
    }
    return {name: round(float(value), 4) for name, value in values.items()}


def area(lower: np.ndarray, higher: np.ndarray) -> float:
    """Area under the ROC curve of a score that should be higher for the second group.

    By ranks (Hanley and McNeil, 1982), which takes a twentieth of the time of scikit-learn's curve.

    >>> area(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    0.875
    """
    ranks = rankdata(np.concatenate([lower, higher]))[len(lower) :]
    return float((ranks.mean() - (len(higher) + 1) / 2) / len(lower))


def intensity_auc(strong: np.ndarray, intensity: np.ndarray) -> float | None:
    """Measure how well intensities rank strong expression above normal: area under the ROC curve.

    Args:
        strong: float array of shape (clips,): 1 strong, 0 normal, -1 where nobody noted it.
        intensity: float array of shape (clips,), NaN where the network gives none.

    Returns:
        float in [0, 1]; None where nothing can be compared.

    >>> intensity_auc(np.array([0.0, 1.0, -1.0]), np.array([0.2, 0.3, 0.9]))
    1.0
    """
    known = (strong >= 0) & np.isfinite(intensity)
    if len(np.unique(strong[known])) < 2:
        return None
    is_strong = strong[known] == 1
    return round(area(intensity[known][~is_strong], intensity[known][is_strong]), 4)


def measure_intensity(rows: pd.DataFrame) -> dict[str, Any] | None:
    """Measure how well strongly acted clips are distinguished from normal ones, unseen speakers'.

    Args:
        rows: what `out_of_fold.read_intensities` gives.

    Returns:
        auc: area under the ROC curve over all clips whose intensity was noted, neutral aside; its
        interval over speakers drawn again; auc_by_emotion; clips. None where there is nothing to
        compare.
    """
    known = rows[rows["acted"].isin(ACTED) & (rows["emotion"] != "neutral")]
    strong = (known["acted"] == "strong").to_numpy()
    given = known["heard"].to_numpy(dtype=float)
    auc = intensity_auc(strong, given)
    if auc is None:
        return None
    members = list(known.groupby("speaker").indices.values())
    rng, drawn = np.random.default_rng(SEED), []
    for _ in range(INTENSITY_DRAWS):
        again = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        drawn.append(area(given[again[~strong[again]]], given[again[strong[again]]]))
    by_emotion = {
        str(name): intensity_auc(strong[places], given[places])
        for name, places in known.groupby("emotion").indices.items()
    }
    return {
        "clips": len(known),
        "auc": auc,
        "auc_interval": list(interval(drawn)),
        "auc_by_emotion": {name: value for name, value in by_emotion.items() if value is not None},
    }


def measure_answers(answers: Answers) -> dict[str, Any]:
    """Measure a table of answers: pooled, per fold, per class, per speaker, calibration.

    Args:
        answers: Answers, at least one row.

    Returns:
        JSON-ready dict; `accuracy` and its like are pooled over all clips, `mean` and `std` over
        folds.
    """
    probabilities, truth = answers.probabilities, answers.truth
    correct = probabilities.argmax(axis=1) == truth
    indices = np.arange(len(answers.labels))
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, probabilities.argmax(axis=1), labels=indices, zero_division=0.0
    )
    folds = [
        {
            "fold": int(fold),
            "clips": int((answers.folds == fold).sum()),
            **scores(probabilities[answers.folds == fold], truth[answers.folds == fold]),
        }
        for fold in np.unique(answers.folds)
    ]
    figures = ("accuracy", "uar", "macro_f1", "ece", "nll")
    named = np.array(answers.speakers) != NO_SPEAKER
    accuracies = pd.Series(correct[named]).groupby(np.array(answers.speakers)[named]).mean()
    by_speaker = {str(name): round(float(value), 4) for name, value in accuracies.items()}
    band_mean, band_high = calibrated_band(probabilities)
    return {
        "clips": len(truth),
        "speakers": len(by_speaker),
        "labels": list(answers.labels),
        **scores(probabilities, truth),
        "accuracy_interval": list(accuracy_interval(correct, answers.voices)),
        "mean": {name: round(float(np.mean([f[name] for f in folds])), 4) for name in figures},
        "std": {name: round(float(np.std([f[name] for f in folds])), 4) for name in figures},
        "ece_if_calibrated": {"mean": round(band_mean, 4), "95%": round(band_high, 4)},
        "selective_accuracy": selective_accuracy(probabilities, truth),
        "folds": folds,
        "per_class": {
            label: {
                "precision": round(float(precision[i]), 4),
                "recall": round(float(recall[i]), 4),
                "f1": round(float(f1[i]), 4),
                "clips": int(support[i]),
            }
            for i, label in enumerate(answers.labels)
        },
        "confusion_matrix": confusion_matrix(
            truth, probabilities.argmax(axis=1), labels=indices
        ).tolist(),
        "calibration_bins": calibration_bins(probabilities, truth),
        "by_speaker": by_speaker,
    }
