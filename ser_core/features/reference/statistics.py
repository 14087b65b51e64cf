"""Numbers that summarise many values: mean, deviation, moments and entropy, always finite."""

from collections.abc import Callable, Sequence

import numpy as np

CONSTANT = 1e-6  # deviation / largest magnitude, below which values count as equal to each other


def entropy(values: np.ndarray) -> float:
    """Measure how evenly a quantity is spread over its places.

    Args:
        values: float array of shape (n,), at least 0; its shares of the sum are the probabilities.

    Returns:
        float [bits] in [0, log2(n)]; 0 where everything is 0.

    Source: Shannon (1948); scipy.stats.entropy(values, base=2).

    >>> entropy(np.array([1.0, 1.0, 1.0, 1.0])), entropy(np.zeros(4))
    (2.0, 0.0)
    """
    total = values.sum(dtype=np.float64)
    if total <= 0.0:
        return 0.0
    shares = values[values > 0] / total
    return max(0.0, -float(shares @ np.log2(shares)))


def renyi_entropy(values: np.ndarray, alpha: float) -> float:
    """Measure evenness by Rényi's entropy of order `alpha`.

    Args:
        values: float array of shape (n,), at least 0.
        alpha: float > 0, not 1.

    Returns:
        float [bits] in [0, log2(n)]; 0 where everything is 0.

    >>> renyi_entropy(np.array([3.0, 3.0]), 2.0)
    1.0
    """
    total = values.sum(dtype=np.float64)
    if total <= 0.0:
        return 0.0
    shares = values[values > 0] / total
    return max(0.0, float(np.log2((shares**alpha).sum()) / (1.0 - alpha)))


def spread(values: np.ndarray) -> np.ndarray:
    """Give mean, standard deviation, and entropy of the absolute values.

    Args:
        values: float array of shape (n,).

    Returns:
        float64 array of shape (3,), the last in bits; zeros where there are no values.
    """
    if not len(values):
        return np.zeros(3)
    values = np.asarray(values, dtype=np.float64)
    return np.array([values.mean(), values.std(), entropy(np.abs(values))])


def standard_moment(values: np.ndarray, order: int) -> np.ndarray:
    """Give the mean of ((x - mean) / std) ** order over the first axis.

    Args:
        values: float array of shape (n, features).
        order: int, 3 for skewness, 4 for kurtosis (3 for a normal distribution).

    Returns:
        float64 array of shape (features,); for constant values that of no deviation, 0 for order 3
        and 3 for order 4.

    Source: scipy.stats.skew; scipy.stats.kurtosis(fisher=False), both biased.
    """
    centred = values - values.mean(axis=0, dtype=np.float64)
    square = centred * centred
    variance = square.mean(axis=0)
    largest = np.abs(values).max(axis=0)
    varies = np.sqrt(variance) > CONSTANT * largest
    power = square * (centred if order == 3 else square)
    moment = power.mean(axis=0) / np.where(varies, variance, 1.0) ** (order / 2)
    return np.where(varies, moment, 3.0 if order == 4 else 0.0)


STATISTICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": lambda frames: frames.mean(axis=0, dtype=np.float64),
    "std": lambda frames: frames.std(axis=0, dtype=np.float64),
    "min": lambda frames: frames.min(axis=0),
    "max": lambda frames: frames.max(axis=0),
    "median": lambda frames: np.median(frames, axis=0),
    "skewness": lambda frames: standard_moment(frames, 3),
    "kurtosis": lambda frames: standard_moment(frames, 4) - 3.0,
}


def summarise(frames: np.ndarray, statistics: Sequence[str]) -> np.ndarray:
    """Summarise frames to one row, statistic by statistic: all means, then all deviations, ...

    Args:
        frames: float32 array of shape (frames, features), at least one frame.
        statistics: names among "mean", "std" (the population's), "min", "max", "median",
            "skewness", "kurtosis" (excess); the last two are 0 for a feature that does not vary.

    Returns:
        float32 array of shape (1, features * len(statistics)).

    >>> summarise(np.array([[1.0, 5.0], [3.0, 5.0]], dtype=np.float32), ["mean", "std"]).tolist()
    [[2.0, 5.0, 1.0, 0.0]]
    """
    rows = [STATISTICS[name](frames) for name in statistics]
    return np.concatenate(rows)[None].astype(np.float32)  # (1, features * statistics)
