"""What a network is asked about a recording, made as the recognizer makes it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from ser_core.config.feature_config import FeatureConfig
from ser_core.features import counted_frames, network_inputs, stretch_inputs, summarise
from ser_core.timeline.spans import Span, speech_spans
from ser_core.timeline.windows import speech_frames, speech_inputs

from ..data.feature_cache import ORIGINAL
from ..fitting.summaries import load_encoder, select, summarise_samples
from ..networks.speech_encoder import SUMMARY


@dataclass(frozen=True)
class ClipInputs:
    """What the network is asked about one clip, as `inference.answer` takes it.

    Attributes:
        windows: float32 array of shape (inputs, frames, features); of a network that gives its
            encoder's frames (spans, width), their summaries.
        answered: bool, whether the gate found speech.
    """

    windows: np.ndarray
    answered: bool = True

    def inputs(self, config: FeatureConfig, version: str = ORIGINAL) -> np.ndarray:
        """See `train.data.feature_cache.Features.inputs`."""
        return self.windows


def answering_part(network: keras.Model, config: FeatureConfig) -> keras.Model:
    """Return what answers ClipInputs: the network, or its layers over the summary of its frames."""
    if config.outputs.frames is None:
        return network
    outputs = dict(zip(network.output_names, network.outputs, strict=True))
    answers = [outputs[name] for name in config.outputs.answers]
    return keras.Model(network.get_layer(SUMMARY).output, answers)


def prepare_spans(samples: np.ndarray, config: FeatureConfig) -> tuple[list[Span], bool]:
    """Divide a recording into spans as the recognizer does; all there is where nobody speaks.

    Args:
        samples: float32 array of shape (n,), n > 0, mono at `config.sample_rate`.
        config: FeatureConfig of a network that gives its encoder's frames.

    Returns:
        The spans, and whether the gate found speech.
    """
    activity, frames, spoken = speech_frames(samples, config)
    if not activity.has_speech:
        spoken = np.ones(len(frames), dtype=bool)
    return speech_spans(frames, spoken, config), activity.has_speech


def summarise_spans(
    spans: Sequence[Span], config: FeatureConfig, encode: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Summarise the encoded frames of each span.

    Args:
        spans: at least one.
        config: FeatureConfig.
        encode: from one input, (1, frames, features), to its encoded frames.

    Returns:
        float32 array of shape (spans, width of a summary).
    """
    summaries = []
    for span in spans:
        inputs = stretch_inputs(span.frames, span.stretches, config)
        pieces = [
            counted_frames(encode(one[None]), stretch, config)
            for one, stretch in zip(inputs, span.stretches, strict=True)
        ]
        summaries.append(summarise(np.concatenate(pieces), config.outputs.summary))
    return np.stack(summaries)


def prepare_clip(
    samples: np.ndarray, config: FeatureConfig, encoder: Path | None = None
) -> ClipInputs:
    """Make the network's inputs as the recognizer does; of all there is where nobody speaks.

    Args:
        samples: float32 array of shape (n,), n > 0, mono at `config.sample_rate`.
        config: FeatureConfig.
        encoder: file of `summaries.encoder_file`, for a network that gives its encoder's frames.
    """
    if encoder is not None:
        spans, answered = prepare_spans(samples, config)
        return ClipInputs(summarise_spans(spans, config, load_encoder(encoder)), answered)
    activity, frames, spoken = speech_frames(samples, config)
    if not activity.has_speech:
        return ClipInputs(network_inputs(samples, config), answered=False)
    return ClipInputs(speech_inputs(frames, spoken, config))


def prepare_whole(
    samples: np.ndarray, config: FeatureConfig, encoder: Path | None = None
) -> ClipInputs:
    """Make the network's inputs as a fit does, which asks no gate; see `prepare_clip`."""
    if encoder is not None:
        summary = summarise_samples(samples, config, encoder)
        return ClipInputs(select(summary, config.outputs.summary)[None])
    return ClipInputs(network_inputs(samples, config))
