"""Answer a whole recording with a network that gives its encoder's frames.

The recording is cut to where speech is, as for any network, and covered with stretches that are
encoded once. What is no longer than `LONGEST` gets one answer, from the summary of all its frames:
so the network was trained. A longer recording is divided into equal spans that are no longer than
that, each with a summary and an answer of its own, and these are pooled as the windows of other
networks are: a summary over minutes would be like nothing that the network was trained on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..config.feature_config import FeatureConfig
from ..features import Stretch, counted_frames, cover, stretch_inputs
from ..features.frame_sums import FrameSums, summarise_sums
from ..model.pooling import Answers
from ..model.predictor import Predictor
from .windows import speech_range

LONGEST = 8.0  # [s] that one summary is of, as the longest clips in training are


@dataclass(frozen=True)
class Span:
    """A part of a recording that has a summary of its own.

    Attributes:
        start: int, the recording's frame where it begins.
        frames: float32 array of shape (n, columns).
        stretches: of these frames.
    """

    start: int
    frames: np.ndarray
    stretches: tuple[Stretch, ...]

    def windows(self) -> Iterator[tuple[int, np.ndarray]]:
        """Give for each stretch the recording's frame where it begins, and a view of its frames."""
        for one in self.stretches:
            yield self.start + one.start, self.frames[one.start : one.stop]


def speech_spans(frames: np.ndarray, spoken: np.ndarray, config: FeatureConfig) -> list[Span]:
    """Cut a recording to where speech is, and that into equal spans of at most `LONGEST`.

    Args:
        frames: float32 array of shape (n, columns), as `FrontEnd.frames` gives.
        spoken: bool array of shape (n,), at least one of them true.
        config: FeatureConfig.

    Returns:
        Those with speech, in order.
    """
    cut = speech_range(frames, spoken, config)
    length = cut.stop - cut.start
    count = -(-length // round(LONGEST * config.frame_rate))
    edges = [cut.start + length * index // count for index in range(count + 1)]
    bounds = list(pairwise(edges))
    with_speech = [(start, end) for start, end in bounds if spoken[start:end].any()]
    return [
        Span(start, frames[start:end], tuple(cover(end - start, config)))
        for start, end in with_speech or bounds
    ]


def encode_stretches(
    predictor: Predictor, inputs: np.ndarray, stretches: Sequence[Stretch]
) -> list[FrameSums]:
    """Encode stretches, and keep what a summary needs of the frames that count.

    Args:
        predictor: Predictor of a network that gives its encoder's frames.
        inputs: float32 array of shape (stretches, config.frames, config.features).
        stretches: Stretches.
    """
    config = predictor.config
    return [
        FrameSums.of(counted_frames(encoded, stretch, config))
        for encoded, stretch in zip(predictor.encode(inputs), stretches, strict=True)
    ]


def answer_spans(predictor: Predictor, spans: Sequence[Span]) -> Answers:
    """Answer spans, in memory that does not grow with their number but for their frames.

    Args:
        predictor: Predictor of a network that gives its encoder's frames.
        spans: as `speech_spans` gives.

    Returns:
        Answers, one to each.
    """
    summaries = []
    for span in spans:
        inputs = stretch_inputs(span.frames, span.stretches, predictor.config)
        sums = encode_stretches(predictor, inputs, span.stretches)
        summaries.append(summarise_sums(sums, predictor.config.outputs.summary))
    return predictor.answer(np.stack(summaries))
