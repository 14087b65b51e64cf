"""What stands before a network, as graphs of samples: for whoever follows recordings of any length.

Python goes through a recording once: it finds where speech is, encodes that in stretches that do
not overlap, and answers any span of time from a summary of their frames. With these two parts and
the network's own file for LiteRT, a program in another language does the same: the survey is cheap
and looks at everything, the features of a stretch go into the network, and its signature `head`
answers summaries.
"""

from pathlib import Path

import keras
from keras import ops

from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import write_whole

from .waveform_files import convert_litert, describe
from .waveform_network import (
    SAMPLES,
    cut_inputs,
    mark_speech,
    mel_frames,
    named_model,
    require_waveform,
)

SURVEY_FRAMES = 600
"""Of a window of the survey: 6 s, whose middle has all the context that the gate looks at."""
BEFORE = 2
"""Frames in the window of a stretch before it, and after it: those at a window's ends see silence
where the recording goes on."""

PARTS = {"survey": "survey.tflite", "features": "features.tflite"}
"""File by part."""


def build_survey(config: FeatureConfig) -> keras.Model:
    """Make what looks at everything.

    Args:
        config: FeatureConfig.

    Returns:
        keras.Model from `samples`, float32 (batch, (SURVEY_FRAMES - 1) * hop_length), to `spoken`,
        (batch, SURVEY_FRAMES), 1 where somebody speaks, and `energy`, the same shape, a frame's
        power.

    Raises:
        ModelError: the config is of other features than log_mel at 16 kHz.
    """
    require_waveform(config)
    samples = keras.Input(((SURVEY_FRAMES - 1) * config.hop_length,), name=SAMPLES)
    frames = mel_frames(samples, config)
    spoken = mark_speech(samples, frames, config)
    return named_model(samples, {"spoken": spoken, "energy": ops.sum(frames, axis=-1)}, "survey")


def build_features(config: FeatureConfig) -> keras.Model:
    """Make what turns a stretch into the network's input.

    Args:
        config: FeatureConfig.

    Returns:
        keras.Model from `samples`, float32 (batch, stretch_samples(config) + 1), to `features`,
        (batch, config.window_frames, config.features). The last of its values is no sample but how
        many frames the stretch has; they begin at frame BEFORE. One input, as a second one would be
        named differently by each converter.

    Raises:
        ModelError: the config is of other features than log_mel at 16 kHz.
    """
    require_waveform(config)
    count = stretch_samples(config)
    packed = keras.Input((count + 1,), name=SAMPLES)
    length = packed[:, count:]
    start = ops.zeros_like(length) + float(BEFORE)
    features = cut_inputs(mel_frames(packed[:, :count], config), start, length, config)
    return named_model(packed, {"features": features}, "stretch")


def stretch_samples(config: FeatureConfig) -> int:
    """Return how many samples the window of a stretch has."""
    return (config.window_frames + 2 * BEFORE - 1) * config.hop_length


def write_parts(model: Path, out: Path) -> None:
    """Write both parts as files for LiteRT, by the names in PARTS.

    Args:
        model: folder of the model repository.
        out: folder that they go to.

    Raises:
        ModelError: the model takes no waveform.
        ConfigError: Keras runs on JAX or PyTorch.
    """
    config = FeatureConfig.load(model)
    facts = describe(model, config)
    out.mkdir(parents=True, exist_ok=True)
    for name, build in (("survey", build_survey), ("features", build_features)):
        with write_whole(out / PARTS[name]) as unfinished:
            unfinished.write_bytes(convert_litert(build(config), "float32", facts))
