"""Saliency by occlusion: replace a piece of a recording with silence, and predict again.

See `EmotionRecognizer.explain`. An occluded piece holds what silence holds, the floor of the
features, and nothing else of a window changes: its level stays, and the speech gate does not run
again. A network that gives its encoder's frames encodes the stretches again that a piece is in,
and no others. How far the log-probability of the prediction falls is the saliency of the piece; it
is negative for a piece without which the prediction is likelier.

Source: Zeiler and Fergus (2014), Visualizing and Understanding Convolutional Networks, ECCV,
arXiv:1311.2901, section 4.2 (there a grey square slides over a picture).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..config.feature_config import FeatureConfig
from ..features import assemble, choose_front_end
from ..features.frame_sums import summarise_sums
from ..model.pooling import Answers
from ..model.predictor import Predictor
from ..results import LabelSet, Result
from .spans import Span, encode_stretches, speech_spans
from .windows import speech_frames, speech_windows

PIECE = 0.25  # [s] that is occluded at a time: about a syllable
STEPS = 2  # in a piece: it moves on by a half, and each moment is occluded that often
MOST_PIECES = 240  # of one recording: pieces of longer ones are longer, as each costs its windows
SMALLEST = 1e-12  # a probability below it counts as that


@dataclass(frozen=True, eq=False, repr=False)
class MomentSaliency(Result):
    """How much the prediction for a recording depends on one of its moments.

    Attributes:
        start, end: float [s].
        drop: float [nats], how far the log-probability of the prediction falls without it; below 0
            the prediction is likelier without it.
    """

    start: float
    end: float
    drop: float


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Result):
    """The saliency of a recording's moments for its prediction.

    Attributes:
        label: str, the predicted emotion, or of the labels that were asked for; None without
            speech.
        moments: without gaps, from the start of the first window to the end of the last one; empty
            without speech.
        speech: (start, end) of each stretch of speech [s].
        duration: float [s], of the recording.
        notes: sentences on what was not heard of the recording or is wrong with it.
    """

    label: str | None
    moments: tuple[MomentSaliency, ...]
    speech: tuple[tuple[float, float], ...]
    duration: float
    notes: tuple[str, ...] = ()

    @property
    def strongest(self) -> MomentSaliency | None:
        """The moment with the largest saliency; None if no saliency is positive."""
        best = max(self.moments, key=lambda moment: moment.drop, default=None)
        return best if best is not None and best.drop > 0 else None


def occlude(
    predictor: Predictor, samples: np.ndarray, labels: LabelSet | None = None
) -> Explanation:
    """Compute the saliency of a recording's moments for a predictor's prediction.

    Args:
        predictor: Predictor; adapted to a voice or not.
        samples: float32 array of shape (n,), n > 0, mono at `predictor.config.sample_rate`.
        labels: LabelSet that the prediction is in; None for the model's own labels.

    Returns:
        Explanation.
    """
    config = predictor.config
    labels = LabelSet.of(config.labels) if labels is None else labels
    duration = round(len(samples) / config.sample_rate, 3)
    activity, frames, spoken = speech_frames(samples, config)
    if not activity.has_speech:
        return Explanation(None, (), activity.segments, duration)
    spans: list[Span] = []
    if config.outputs.frames is None:
        windows = speech_windows(frames, spoken, config)
    else:
        spans = speech_spans(frames, spoken, config)
        windows = [window for span in spans for window in span.windows()]
    step, edges = divide(windows, config)
    front = choose_front_end(config)
    plain = [front.levels(rows) for _, rows in windows]
    inputs = assemble(plain, config)
    network = (
        _RepeatedSpans(predictor, labels, inputs, spans)
        if spans
        else _RepeatedQuestion(predictor, labels, inputs)
    )
    best = int(network.probabilities(network.inputs).argmax())
    logs = []
    # The first and the last moment are covered as often as the others, by pieces that overhang.
    for begin in range(edges[0] - (STEPS - 1) * step, edges[-1], step):
        covered = [
            cover(levels, rows, begin - start, begin - start + STEPS * step, config)
            for levels, (start, rows) in zip(plain, windows, strict=True)
        ]
        logs.append(network.log_probability(assemble(covered, config), best))
    plain_log = network.log_probability(network.inputs, best)
    drops = np.convolve(plain_log - np.array(logs), np.ones(STEPS) / STEPS, "valid")
    times = [round(min(edge / config.frame_rate, duration), 3) for edge in edges]
    return Explanation(
        label=labels.labels[best],
        moments=tuple(map(MomentSaliency, times, times[1:], drops.tolist())),
        speech=activity.segments,
        duration=duration,
    )


def divide(
    windows: Sequence[tuple[int, np.ndarray]], config: FeatureConfig
) -> tuple[int, list[int]]:
    """Divide what the windows reach over into steps.

    Args:
        windows: as `speech_windows` gives.
        config: FeatureConfig.

    Returns:
        A step's length, and the edges of all steps, the last of which may be shorter [frames].
    """
    first, last = windows[0][0], max(start + len(rows) for start, rows in windows)
    step = max(round(PIECE * config.frame_rate / STEPS), -(-(last - first) // MOST_PIECES), 1)
    return step, [*range(first, last, step), last]


def cover(
    levels: np.ndarray, rows: np.ndarray, begin: int, end: int, config: FeatureConfig
) -> np.ndarray:
    """Cover some frames of a window.

    Args:
        levels: float32 array of shape (config.level_frames, config.block_features), the window's
            features as `FrontEnd.levels` gives.
        rows: float32 array of shape (1 to config.window_frames, columns), its frames.
        begin, end: int, which of them; what lies outside the window is left out.
        config: FeatureConfig.

    Returns:
        An array like `levels`; `levels` itself where nothing of the window is covered.
    """
    begin, end = max(begin, 0), min(end, len(rows))
    if begin >= end:
        return levels
    return choose_front_end(config).cover(levels, rows, begin, end)


class _RepeatedQuestion:
    """Asks a network about inputs most of which are those that it has answered already."""

    def __init__(self, predictor: Predictor, labels: LabelSet, inputs: np.ndarray) -> None:
        self.inputs = inputs  # (inputs, frames, features)
        self._predictor, self._labels = predictor, labels
        self._answers = predictor.run(inputs)

    def probabilities(self, inputs: np.ndarray) -> np.ndarray:  # (classes,)
        """The pooled answer in the labels, adapted to a voice where the predictor is."""
        changed = np.any(inputs != self.inputs, axis=(1, 2))
        pooled = self._predictor.pool(self._answer(inputs, changed)).probabilities
        return self._labels.combine(pooled)

    def log_probability(self, inputs: np.ndarray, label: int) -> float:
        """The logarithm of a label's probability [nats]."""
        return float(np.log(max(self.probabilities(inputs)[label], SMALLEST)))

    def _answer(self, inputs: np.ndarray, changed: np.ndarray) -> Answers:
        probabilities = self._answers.probabilities.copy()
        if changed.any():
            probabilities[changed] = self._predictor.run(inputs[changed]).probabilities
        return self._answers._replace(probabilities=probabilities)


class _RepeatedSpans(_RepeatedQuestion):
    """Asks a network that gives frames about stretches most of which it has encoded already."""

    def __init__(
        self, predictor: Predictor, labels: LabelSet, inputs: np.ndarray, spans: Sequence[Span]
    ) -> None:
        self.inputs = inputs  # (stretches, frames, features)
        self._predictor, self._labels = predictor, labels
        self._stretches = [stretch for span in spans for stretch in span.stretches]
        self._ends = np.cumsum([len(span.stretches) for span in spans])
        self._sums = encode_stretches(predictor, inputs, self._stretches)

    def _answer(self, inputs: np.ndarray, changed: np.ndarray) -> Answers:
        sums = list(self._sums)
        which = np.flatnonzero(changed).tolist()
        if which:
            stretches = [self._stretches[index] for index in which]
            again = encode_stretches(self._predictor, inputs[changed], stretches)
            for index, one in zip(which, again, strict=True):
                sums[index] = one
        bounds = zip([0, *self._ends], self._ends, strict=False)
        statistics = self._predictor.config.outputs.summary
        summaries = [summarise_sums(sums[start:end], statistics) for start, end in bounds]
        return self._predictor.answer(np.stack(summaries))
