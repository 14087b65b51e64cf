"""Augmentation of training windows: what is blended, and what stays unknown."""

from pathlib import Path

import numpy as np
import pytest
from recordings import FIXTURES

from ser_core import DEFAULT_MODEL
from ser_core.audio import load_audio
from ser_core.config import FeatureConfig
from ser_core.features import relative_level, to_frames
from train.augment import UNKNOWN, Telephone, blend, mixup
from train.degradations import telephone


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


@pytest.mark.parametrize("file", ["speech_female.wav", "speech.flac"])
def test_a_telephone_in_mel_bands_is_close_to_one_in_samples(file):
    config = FeatureConfig.from_json((Path(DEFAULT_MODEL) / "feature_config.json").read_text())
    samples = load_audio(FIXTURES / file, sample_rate=config.sample_rate)
    rate, floor = config.sample_rate, config.blocks[0].floor
    power = to_frames(samples, config)
    real = relative_level(to_frames(telephone(samples, rate), config), floor)
    made = relative_level(Telephone.for_config(config).carry(power), floor)
    untouched = relative_level(power, floor)
    count = min(len(real), len(made))
    apart = np.abs(real[:count] - made[:count]).mean()  # [dB]
    assert apart < 0.25 * np.abs(real[:count] - untouched[:count]).mean()
    assert apart < 2.5
