"""Stretches cover a recording once, and summaries are of what counts."""

import numpy as np
import pytest

from ser_core import DEFAULT_MODEL
from ser_core.config import FeatureConfig
from ser_core.features import Stretch, counted_frames, cover, stretch_inputs, summarise


@pytest.fixture
def config():
    config = FeatureConfig.load(DEFAULT_MODEL)
    outputs = config.outputs.model_copy(update={"frames": "frames"})
    return config.model_copy(update={"outputs": outputs})


@pytest.mark.parametrize("count", [1, 2, 7, 239, 240, 241, 480, 481, 619, 2400])
def test_every_frame_counts_once(config, count):
    stretches = cover(count, config)
    counted = [frame for one in stretches for frame in range(one.first, one.stop)]
    assert counted == list(range(count))
    assert all(one.stop - one.start <= config.window_frames for one in stretches)


def test_the_last_stretch_reaches_back_by_whole_frames_of_the_encoder(config):
    length = config.window_frames
    last = cover(length + 31, config)[-1]
    assert last.first == length
    assert (last.first - last.start) % 2 == 0
    assert length - 1 <= last.stop - last.start <= length


def test_only_counted_frames_are_kept(config):
    encoded = np.arange(config.frames // 2, dtype=np.float32)[:, None]
    kept = counted_frames(encoded, Stretch(100, 200, 231), config)
    assert kept[:, 0].tolist() == list(range(50, 66))


def test_inputs_begin_with_the_sound(config):
    power = np.full((50, config.block_features), 1e-3, dtype=np.float32)
    inputs = stretch_inputs(power, cover(50, config), config)
    assert inputs.shape == (1, config.frames, config.features)
    assert (inputs[0, :50] > inputs[0, 50:].max()).all()


def test_a_summary_is_mean_slope_and_maximum():
    encoded = np.random.default_rng(1).standard_normal((9, 4)).astype(np.float32)
    summary = summarise(encoded, ("mean", "slope", "max"))
    assert np.allclose(summary[:4], encoded.mean(axis=0))
    places = (np.arange(9) + 0.5) / 9 * 2 - 1
    assert np.allclose(summary[4:8], places @ encoded / 9, atol=1e-6)
    assert (summary[8:] == encoded.max(axis=0)).all()
    assert (summarise(encoded, ("max", "mean")) == summary[[8, 9, 10, 11, 0, 1, 2, 3]]).all()


def test_what_does_not_change_has_no_slope():
    steady = np.full((7, 2), 3.0, dtype=np.float32)
    assert np.allclose(summarise(steady, ("slope",)), 0.0)
    assert np.allclose(summarise(steady[:1], ("slope",)), 0.0)
