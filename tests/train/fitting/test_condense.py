"""Condensing an encoder: exact where nothing is left out, and nearer to it with learning."""

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.support.tiny_encoder import BANDS, DEPTH, HEADS, WIDTH, write_tiny_encoder
from train.fitting.condense import approximate, encoder_of
from train.fitting.regression import Moments, pursue, reduced_rank
from train.networks import speech_encoder
from train.networks.pretrained_encoders import install

FRAMES = 40
SHAPE = {"width": WIDTH, "heads": HEADS, "depth": DEPTH, "units": 8}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> Path:
    """A tiny encoder's file."""
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny.onnx")


def windows(count: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.normal(0, 1, (count, FRAMES, BANDS)).astype(np.float32)


def whole_and_condensed(encoder: Path, every: int, rank: int) -> tuple[keras.Model, keras.Model]:
    """The encoder in our network as it is, and in one of that rank, by algebra."""
    whole = speech_encoder.build(FRAMES, BANDS, 8, every=every, **SHAPE)
    install(whole, "smart_turn", str(encoder))
    thin = speech_encoder.build(
        FRAMES,
        BANDS,
        8,
        every=every,
        convolution_ranks=[rank, rank],
        ranks=[[rank, rank, 4 * rank]] * DEPTH,
        **SHAPE,
    )
    approximate(thin, whole, windows(60))
    return whole, thin


def apart(whole: keras.Model, thin: keras.Model) -> float:
    """Mean square of what the summaries differ by, on windows that took no part."""
    heard = windows(80)[60:]
    difference = encoder_of(thin).predict(heard, verbose=0) - encoder_of(whole).predict(
        heard, verbose=0
    )
    return float(np.square(difference).mean())


@pytest.mark.parametrize("every", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_with_nothing_left_out_it_hears_what_the_whole_one_hears(encoder, every):
    whole, full = whole_and_condensed(encoder, every, WIDTH)
    heard = encoder_of(whole).predict(windows(4), verbose=0)
    assert apart(whole, full) < 1e-3 * float(np.square(heard).mean())


@pytest.mark.slow
def test_the_more_is_left_out_the_further_it_is_from_the_whole_one(encoder):
    distances = []
    for rank in (2, WIDTH // 2, WIDTH):
        whole, thin = whole_and_condensed(encoder, 1, rank)
        distances.append(apart(whole, thin))
    assert distances[0] > distances[1] > distances[2]


def test_reduced_rank_is_what_the_singular_values_leave():
    rng = np.random.default_rng(0)
    x = np.linalg.qr(rng.normal(size=(300, 8)))[0] * np.sqrt(300)
    x -= x.mean(axis=0)
    matrix = rng.normal(size=(8, 5))
    first, second, bias = reduced_rank(iter([(x, x @ matrix + 3.0)]), 2)
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    best = (left[:, :2] * values[:2]) @ right[:2]
    np.testing.assert_allclose(first @ second, best, atol=0.02)
    np.testing.assert_allclose(bias, 3.0, atol=1e-3)


def test_pursuit_takes_first_what_tells_most_and_no_copy_of_it():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 4))
    x[:, 1] = x[:, 0] + 0.01 * rng.normal(size=2000)  # almost a copy
    y = 3.0 * x[:, [0]] + 1.0 * x[:, [2]] + 5.0
    moments = Moments.of(iter([(x, y)]))
    kept = pursue(moments, 2)
    assert set(kept[:1]) <= {0, 1}
    assert kept[1] == 2
    matrix, bias = moments.regress(kept)
    np.testing.assert_allclose(x[:, kept] @ matrix + bias, y, atol=0.15)
