"""What stands before a network, as graphs of samples: each gives what Python has at that place."""

import numpy as np
import pytest

from ser_core.audio.load import load_audio
from ser_core.config.feature_config import FeatureConfig
from ser_core.features import Stretch, stretch_inputs
from ser_core.timeline.windows import speech_frames
from tests.support.frame_models import frame_config
from train.networks.waveform_parity import SPOKEN
from train.networks.waveform_parts import (
    BEFORE,
    SURVEY_FRAMES,
    build_features,
    build_survey,
    stretch_samples,
)


@pytest.fixture(scope="module")
def config() -> FeatureConfig:
    return frame_config()


@pytest.fixture(scope="module")
def samples(config) -> np.ndarray:
    """As many as a window of the survey takes; somebody speaks in some of them."""
    count = (SURVEY_FRAMES - 1) * config.hop_length
    return np.resize(load_audio(SPOKEN, sample_rate=config.sample_rate), count)


def test_the_survey_says_where_speech_is_and_how_loud(config, samples):
    activity, frames, spoken = speech_frames(samples, config)
    assert activity.has_speech
    assert not spoken.all()
    given = build_survey(config)(samples[None])
    assert np.array_equal(np.asarray(given["spoken"])[0] > 0.5, spoken)
    assert np.asarray(given["energy"])[0] == pytest.approx(frames.sum(axis=1), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("missing", [0, 31])
def test_the_features_of_a_stretch_are_those_of_python(config, samples, missing):
    """Also of one that is shorter than the network's input."""
    _, frames, _ = speech_frames(samples, config)
    stretch = Stretch(100, 100, 100 + config.window_frames - missing)
    (expected,) = stretch_inputs(frames, [stretch], config)
    start = (stretch.start - BEFORE) * config.hop_length
    window = samples[start : start + stretch_samples(config)]
    packed = np.append(window, np.float32(stretch.stop - stretch.start))
    given = build_features(config)(packed[None])["features"]
    assert np.asarray(given)[0] == pytest.approx(expected, abs=1e-3)
