"""Augmentation of training windows: what is blended, and what stays unknown."""

from pathlib import Path

import numpy as np
import pytest

from ser_core import DEFAULT_MODEL
from ser_core.audio.load import load_audio
from ser_core.config.feature_config import FeatureConfig
from ser_core.features import choose_front_end, relative_level
from tests.support.recordings import FIXTURES
from train import recipe as recipes
from train.data.augment import (
    UNKNOWN,
    Bands,
    Telephone,
    add_noise_floor,
    blend,
    mixup,
    random_filter,
    stretch,
    warp,
)
from train.data.degradations import telephone
from train.data.feature_cache import feature_config


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
    power = choose_front_end(config).frames(samples)
    real = relative_level(choose_front_end(config).frames(telephone(samples, rate)), floor)
    heard = Telephone.for_config(config).carry(power, Bands.for_config(config))
    made = relative_level(heard, floor)
    untouched = relative_level(power, floor)
    count = min(len(real), len(made))
    apart = np.abs(real[:count] - made[:count]).mean()  # [dB]
    assert apart < 0.25 * np.abs(real[:count] - untouched[:count]).mean()
    assert apart < 2.5


def two_blocks() -> FeatureConfig:
    """A feature config whose second block hears low frequencies through a longer window."""
    recipe = recipes.load("tiny")
    (block,) = recipe.features.blocks
    low = block.model_copy(update={"n_fft": 1024, "win_length": 1024, "fmax": 1000.0})
    features = recipe.features.model_copy(update={"blocks": (block, low)})
    return feature_config(recipe.model_copy(update={"features": features}))


def test_steady_noise_is_as_loud_in_every_block_as_the_bands_say():
    config = two_blocks()
    bands = Bands.for_config(config)
    noise = np.random.default_rng(0).normal(size=160_000).astype(np.float32)
    power = choose_front_end(config).frames(noise)[10:-10].mean(axis=0)
    first, second = (power[block].mean() for block in bands.blocks)
    assert second / first == pytest.approx(bands.gains[bands.blocks[1]].mean(), rel=0.05)
    silence = np.full((300, 128), 1e-20, dtype=np.float32)
    silence[:, 0] = 1.0  # what the noise's level is measured against
    added = add_noise_floor(silence, (10.0, 10.0), bands, np.random.default_rng(1)) - silence
    alike = np.interp(bands.heights[64:], bands.heights[:64], added[:, :64].mean(axis=0))
    apart = 10 * np.log10(added[:, 64:].mean(axis=0) / alike / bands.gains[64:])[8:]
    assert np.abs(apart).max() < 1.0  # dB: one colour goes through both blocks


def test_another_vocal_tract_moves_every_frequency_by_one_factor():
    config = two_blocks()
    bands = Bands.for_config(config)
    power = np.full((5, 128), 1e-6, dtype=np.float32)
    peaks = [20, 40, 64 + 30]
    power[:, peaks] = 1.0
    for seed in range(5):
        moved = warp(power, 0.1, bands, np.random.default_rng(seed))
        reach = np.log1p(0.1)
        factor = np.exp(np.random.default_rng(seed).uniform(-reach, reach))
        for block, peak in ((slice(0, 30), 20), (slice(30, 64), 40), (slice(64, 128), 94)):
            weights = moved[0, block] - 1e-6
            heard = np.average(bands.centres[block], weights=weights)
            step = np.diff(bands.centres)[peak - 1]
            assert heard == pytest.approx(bands.centres[peak] / factor, abs=step)
    untouched = warp(power, 0.0, bands, np.random.default_rng(0))
    np.testing.assert_allclose(untouched, power, rtol=1e-5)


def test_another_tempo_keeps_what_is_said():
    power = np.linspace(0.0, 1.0, 200, dtype=np.float32)[:, None] * np.ones(64, np.float32)
    lengths = set()
    for seed in range(20):
        told = stretch(power, 0.2, np.random.default_rng(seed))
        lengths.add(len(told))
        np.testing.assert_allclose(told[:, 3], np.linspace(0.0, 1.0, len(told)), atol=1e-5)
    assert min(lengths) >= round(200 / 1.2)
    assert max(lengths) <= round(200 * 1.2)
    assert max(lengths) - min(lengths) > 40
    assert len(stretch(power[:1], 0.2, np.random.default_rng(0))) == 1


def test_a_random_filter_keeps_to_its_largest_gain():
    bands = Bands.for_config(feature_config(recipes.load("tiny")))
    gains = []
    for seed in range(20):
        flat = np.ones((7, 64), dtype=np.float32)
        heard = random_filter(flat, 6.0, bands, np.random.default_rng(seed))
        assert np.array_equal(heard[0], heard[-1])  # the same in every frame
        gains.append(10 * np.log10(heard[0]))
    assert np.abs(gains).max() <= 6.0 + 1e-4
    assert np.ptp(gains, axis=0).min() > 3.0  # every band is changed now and then
