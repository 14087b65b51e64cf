"""Front ends: what training packs and what comes in pieces gives what the recognizer computes."""

import numpy as np
import pytest

from ser_core import features
from ser_core.config.frame_blocks import LogMelBlock, ZeroCrossingRateBlock
from ser_core.features import choose_front_end
from tests.support.tiny_models import make_config

RATE = 16_000
ZERO_CROSSINGS = ZeroCrossingRateBlock(n_fft=400, hop_length=160)
CONFIGS = {
    "log_mel": make_config(),
    "two log_mels": make_config(
        blocks=(LogMelBlock(n_mels=5), LogMelBlock(n_mels=3, n_fft=1024, win_length=800))
    ),
    "waveform": make_config(blocks=(ZERO_CROSSINGS,) * 8, frames=21),
    "statistics": make_config(
        blocks=(ZERO_CROSSINGS,) * 4, statistics=("mean", "std"), frames=1
    ),
}  # fmt: skip


@pytest.fixture(params=CONFIGS, name="config")
def fixture_config(request):
    return CONFIGS[request.param]


@pytest.fixture
def samples() -> np.ndarray:
    loudness = np.sin(np.linspace(0.0, np.pi, 3 * RATE))
    noise = np.random.default_rng(0).standard_normal(3 * RATE)
    return (0.1 * loudness * noise).astype(np.float32)


def test_a_window_gives_the_rows_that_its_config_promises(config):
    front = choose_front_end(config)
    frames = front.frames(np.ones(RATE, dtype=np.float32))
    for window in (frames[: config.window_frames], frames[:3]):
        assert front.levels(window).shape == (config.level_frames, config.block_features)
    assert front.energy(frames).shape == (len(frames),)


def test_what_training_packs_gives_the_recognizers_inputs(config, samples):
    front = choose_front_end(config)
    packed = front.pack(features.trim(front.frames(samples), config))
    inputs = features.assemble(front.unpack(packed), config)
    np.testing.assert_array_equal(inputs, features.network_inputs(samples, config))
    assert front.observe(packed).shape[1] == config.block_features


@pytest.mark.parametrize("piece", [333, 16_000])
def test_frames_of_pieces_are_those_of_the_whole(config, samples, piece):
    front = choose_front_end(config)
    stream = front.stream()
    parts = [stream.push(samples[i : i + piece]) for i in range(0, len(samples), piece)]
    frames = np.concatenate([*parts, stream.finish()])
    np.testing.assert_array_equal(frames, front.frames(samples))
    assert stream.count == len(frames)
    assert stream.total == len(samples)


def test_covering_all_of_a_window_leaves_no_sound_in_it(config, samples):
    front = choose_front_end(config)
    window = front.frames(samples)[100 : 100 + config.window_frames]
    levels = front.levels(window)
    covered = front.cover(levels, window, 0, len(window))
    assert not np.array_equal(covered, levels)
    np.testing.assert_array_equal(covered, np.full_like(covered, covered[0, 0]))
    np.testing.assert_array_equal(levels, front.levels(window))
