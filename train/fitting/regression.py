"""Regressions by which an encoder is condensed: of reduced rank, and on the inputs that tell most.

Source: reduced-rank regression, Izenman (1975), J. Multivariate Analysis 5(2).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular

RIDGE = 1e-4  # of the mean variance: keeps what hardly varies out of a regression

Pairs = Iterator[tuple[np.ndarray, np.ndarray]]
"""Batches of inputs and of what is wanted: float arrays, (..., inputs) and (..., outputs)."""


@dataclass(frozen=True)
class Moments:
    """First and second moments of inputs and of what is wanted, and of the two together.

    Attributes:
        mean_x, mean_y: float64 arrays of shape (inputs,) and (outputs,).
        covariance: float64 array of shape (inputs, inputs), with a small ridge.
        crossed: float64 array of shape (inputs, outputs), of inputs with what is wanted.
    """

    mean_x: np.ndarray
    mean_y: np.ndarray
    covariance: np.ndarray
    crossed: np.ndarray

    @classmethod
    def of(cls, pairs: Pairs) -> "Moments":
        """Measure batches of inputs and of what is wanted, (..., inputs) and (..., outputs)."""
        count = 0
        sums: list[Any] = [0.0, 0.0, 0.0, 0.0]  # arrays from the first batch on
        for inputs, wanted in pairs:
            x = np.asarray(inputs, dtype=np.float32).reshape(-1, inputs.shape[-1])
            y = np.asarray(wanted, dtype=np.float32).reshape(-1, wanted.shape[-1])
            count += len(x)
            parts = (x.sum(0, dtype=np.float64), y.sum(0, dtype=np.float64), x.T @ x, x.T @ y)
            sums = [total + part for total, part in zip(sums, parts, strict=True)]
        mean_x, mean_y, squares, products = (total / count for total in sums)
        covariance = squares - np.outer(mean_x, mean_x)
        covariance += RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        return cls(mean_x, mean_y, covariance, products - np.outer(mean_x, mean_y))

    def regress(self, kept: np.ndarray) -> list[np.ndarray]:
        """Predict what is wanted from some of the inputs.

        Returns:
            float32 arrays of shape (kept, outputs) and (outputs,), the bias.
        """
        matrix = np.linalg.solve(self.covariance[np.ix_(kept, kept)], self.crossed[kept])
        bias = self.mean_y - self.mean_x[kept] @ matrix
        return [matrix.astype(np.float32), bias.astype(np.float32)]


def pursue(moments: Moments, count: int) -> np.ndarray:
    """Choose inputs one after the other, each the one that tells most beside those before it.

    Returns:
        int array of shape (count,).

    Source: orthogonal matching pursuit, Pati, Rezaiifar and Krishnaprasad (1993).
    """
    covariance, crossed = moments.covariance.copy(), moments.crossed.copy()
    free, chosen = np.ones(len(covariance), dtype=bool), []
    for _ in range(count):
        told = np.square(crossed).sum(axis=1) / np.maximum(np.diag(covariance), 1e-9)
        best = int(np.where(free, told, -1.0).argmax())
        free[best] = False
        chosen.append(best)
        share = covariance[best] / covariance[best, best]
        crossed -= np.outer(share, crossed[best])
        covariance -= np.outer(share, covariance[best])
    return np.array(chosen)


def reduced_rank(pairs: Pairs, rank: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the two thin matrices whose product predicts best, in the least squares.

    Args:
        pairs: batches of inputs and of what is wanted, float arrays of shape (..., inputs) and
            (..., outputs).
        rank: int > 0, between the two.

    Returns:
        float32 arrays of shape (inputs, rank), (rank, outputs) and (outputs,), the bias.

    >>> x = np.random.default_rng(0).normal(size=(500, 6))
    >>> y = x @ np.outer(np.arange(6), [1.0, -2.0, 0.5]) + [0.0, 1.0, 2.0]
    >>> first, second, bias = reduced_rank(iter([(x[:250], y[:250]), (x[250:], y[250:])]), 1)
    >>> bool(np.abs(x @ first @ second + bias - y).max() < 0.05)
    True
    """
    moments = Moments.of(pairs)
    upper = cholesky(moments.covariance)
    left, values, right = np.linalg.svd(
        solve_triangular(upper, moments.crossed, trans="T"), full_matrices=False
    )
    kept = np.sqrt(values[:rank])
    first = solve_triangular(upper, left[:, :rank] * kept)
    second = kept[:, None] * right[:rank]
    bias = moments.mean_y - moments.mean_x @ first @ second
    return first.astype(np.float32), second.astype(np.float32), bias.astype(np.float32)
