"""Augmentation of training windows: what is blended, and what stays unknown."""

import numpy as np
import pytest

from train.augment import UNKNOWN, blend, mixup


@pytest.mark.parametrize("shape", [(6, 10, 4), (6, 12)])
def test_mixup_blends_windows_and_targets_alike(shape):
    rng = np.random.default_rng(0)
    windows = rng.normal(size=shape).astype(np.float32)
    weights = rng.normal(size=(int(np.prod(shape[1:])), 3)).astype(np.float32)
    # Targets that are linear in the windows stay so only if both are blended with the same shares.
    targets = windows.reshape(6, -1) @ weights + 100.0
    mixed, (blended, strength) = mixup(
        windows, [targets, np.zeros((6, 1), np.float32)], 0.3, np.random.default_rng(1)
    )
    assert mixed.shape == shape
    np.testing.assert_allclose(mixed.reshape(6, -1) @ weights + 100.0, blended, rtol=1e-4)
    assert not np.allclose(mixed, windows)
    assert np.array_equal(strength, np.zeros((6, 1)))


def test_what_nobody_said_stays_unsaid():
    share = np.array([0.7, 0.7], dtype=np.float32)
    first = np.array([[1.0, UNKNOWN], [0.0, 0.5]], dtype=np.float32)
    second = np.array([[0.0, 1.0], [UNKNOWN, 0.5]], dtype=np.float32)
    expected = [[0.7, UNKNOWN], [UNKNOWN, 0.5]]
    np.testing.assert_allclose(blend(first, second, share), expected, rtol=1e-6)
