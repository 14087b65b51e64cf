"""The emotions of a recording over time: what each moment sounds like, and for how long.

A recording is answered window by window. The answer of a window stands for its middle, so every
moment takes that of the window whose middle is nearest; with `smoothing="overlap"`, the geometric
mean of all windows that reach over that middle. Intensities go the same way, by their plain mean
where probabilities go by their geometric mean. Stretches of speech of one emotion become segments.
Where nobody speaks there is no segment. Where it is known who speaks, a segment ends with the turn.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np

from ..config.feature_config import FeatureConfig
from ..model.pooling import Pooled, pool, pool_windows
from ..results import EmotionPrediction, EmotionSegment, TimelineWindow, intensity_of
from ..speech.turns import SpeakerShare, SpeakerTurn
from .exports import TimelineExports
from .windows import Window

Smoothing = Literal["overlap", "none"]
SMOOTHINGS = get_args(Smoothing)

SHORTEST = 0.2  # [s] a piece of speech shorter than this goes with its neighbour
CONFIDENCE = 1.959964  # standard deviations of a normal distribution that hold 95 %


def wilson_interval(share: float, count: float) -> tuple[float, float]:
    """Say how far a share of few votes can be trusted: its 95 % Wilson score interval.

    Args:
        share: float in [0, 1], of the votes that agree.
        count: float > 0, independent votes.

    Returns:
        Lower and upper bound, in [0, 1].

    Source: Wilson (1927), Journal of the American Statistical Association 22(158).

    >>> [round(bound, 3) for bound in wilson_interval(1.0, 1)]
    [0.207, 1.0]
    """
    z2 = CONFIDENCE**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    spread = share * (1 - share) / count + z2 / (4 * count**2)
    half = CONFIDENCE / (1 + z2 / count) * spread**0.5
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True)
class EmotionTimeline(TimelineExports):
    """The emotions of a recording over time.

    Attributes:
        duration: float [s], of what could be read.
        speech: (start, end) of each stretch of speech [s].
        segments: EmotionSegments in order, never overlapping; gaps between them are pauses.
        overall: EmotionPrediction for the recording as a whole: all windows with speech, pooled.
        distribution: read-only mapping from label to its share of the time of all segments, sum 1;
            all 0 where nobody speaks.
        votes: read-only mapping from label to how many windows find it likeliest.
        dominant: str, the label with the most votes, the likelier one where votes are equal; None
            where nobody speaks. `overall.label` is the likeliest one.
        dominance: float in [0, 1], the share of the votes that `dominant` has.
        dominance_interval: 95 % Wilson interval of it, (0, 1) where nobody speaks. Windows that
            overlap share what they hear, so only as many count as fit side by side.
        window, hop: float [s], length of the windows and step between them.
        smoothing: "overlap" or "none".
        truncated: str, a sentence where the recording is cut off or damaged; None where it is not.
        labels: the classes in the order of every mapping.
        bounds: float64 array of shape (windows, 3): start, end and seconds of speech of each [s].
        answers: float64 array of shape (windows, classes), probabilities before any smoothing; NaN
            where there is too little speech.
        turns: SpeakerTurns in order, which together are the stretches of speech; None where nobody
            asked who speaks.
        intensities: float64 array of shape (windows,), before any smoothing, as the network gives
            them whatever the label; NaN where there is too little speech; None where the model
            does not say.
    """

    duration: float
    speech: tuple[tuple[float, float], ...]
    segments: tuple[EmotionSegment, ...]
    overall: EmotionPrediction
    distribution: Mapping[str, float]
    votes: Mapping[str, int]
    dominant: str | None
    dominance: float
    dominance_interval: tuple[float, float]
    window: float
    hop: float
    smoothing: Smoothing
    truncated: str | None
    labels: tuple[str, ...]
    bounds: np.ndarray
    answers: np.ndarray
    turns: tuple[SpeakerTurn, ...] | None = None
    intensities: np.ndarray | None = None

    @property
    def by_speaker(self) -> Mapping[str, SpeakerShare]:
        """What each speaker sounds like as a whole; empty where nobody asked who speaks."""
        turns = self.turns or ()
        shares = {}
        for name in sorted({turn.speaker for turn in turns}):
            seconds = sum(turn.end - turn.start for turn in turns if turn.speaker == name)
            segments = [segment for segment in self.segments if segment.speaker == name]
            shares[name] = SpeakerShare(round(seconds, 3), _shares(segments, self.labels))
        return MappingProxyType(shares)

    @property
    def speech_seconds(self) -> float:
        """How much of the recording is speech [s]."""
        return self.overall.speech_seconds

    @property
    def windows(self) -> tuple[TimelineWindow, ...]:
        """What each window was answered, in order."""
        windows = []
        for index, (bounds, row) in enumerate(zip(self.bounds.tolist(), self.answers, strict=True)):
            mapping, intensity = {}, None
            if not np.isnan(row[0]):
                mapping = dict(zip(self.labels, row.tolist(), strict=True))
                if self.intensities is not None:
                    label = self.labels[int(row.argmax())]
                    intensity = intensity_of(label, self.intensities[index])
            windows.append(
                TimelineWindow(*(round(value, 3) for value in bounds), mapping, intensity)
            )
        return tuple(windows)


class TimelineBuilder:
    """Collects answered windows, and makes the timeline of them."""

    def __init__(
        self, config: FeatureConfig, *, window: float, hop: float, smoothing: Smoothing
    ) -> None:
        self.config, self.window, self.hop, self.smoothing = config, window, hop, smoothing
        self._bounds: list[tuple[float, float, float]] = []
        self._answers: list[np.ndarray] = []
        self._intensities: list[float] = []

    def add(self, window: Window, answer: Pooled | None) -> None:
        """Take the next window, and its answer, or None where it has too little speech."""
        if answer is None:
            answer = Pooled(np.full(len(self.config.labels), np.nan), None)
        self._bounds.append((window.start, window.end, window.speech_seconds))
        self._answers.append(answer.probabilities)
        self._intensities.append(np.nan if answer.intensity is None else answer.intensity)

    def build(
        self,
        duration: float,
        speech: Sequence[tuple[float, float]],
        truncated: str | None = None,
        turns: Sequence[SpeakerTurn] | None = None,
    ) -> EmotionTimeline:
        """Make the timeline.

        Args:
            duration: float [s], of the recording.
            speech: (start, end) of each stretch of speech [s].
            truncated: str, what was wrong with the recording; None where nothing was.
            turns: SpeakerTurns, which together are the speech; None where nobody asked.
        """
        config, labels = self.config, self.config.labels
        bounds = np.array(self._bounds, dtype=np.float64).reshape(-1, 3)
        answers = np.array(self._answers, dtype=np.float64).reshape(-1, len(labels))
        heard = answers[~np.isnan(answers[:, 0])]
        intensities = None
        if config.outputs.intensity is not None:
            intensities = np.array(self._intensities, dtype=np.float64)
        stretches = [(start, end, None) for start, end in speech]
        if turns is not None:
            stretches = [(turn.start, turn.end, turn.speaker) for turn in turns]
        segments = self._segments(bounds, answers, intensities, stretches, duration)
        seconds = round(sum(end - start for start, end in speech), 3)
        counts = Counter(heard.argmax(axis=1).tolist())
        pooled = pool(heard, config) if len(heard) else np.zeros(len(labels))
        dominant, dominance, interval, intensity = None, 0.0, (0.0, 1.0), None
        if len(heard):
            winner = max(counts, key=lambda index: (counts[index], pooled[index]))
            dominant, dominance = labels[winner], counts[winner] / len(heard)
            # Windows that overlap are not votes of their own.
            apart = max(1.0, len(heard) * min(1.0, self.hop / self.window))
            interval = wilson_interval(dominance, apart)
            intensity = None if intensities is None else float(np.nanmean(intensities))
        return EmotionTimeline(
            duration=round(duration, 3),
            speech=tuple((round(start, 3), round(end, 3)) for start, end in speech),
            segments=tuple(segments),
            overall=EmotionPrediction.of(
                pooled if len(heard) else None,
                config,
                intensity=intensity,
                speech_seconds=seconds,
                duration=round(duration, 3),
            ),
            distribution=_shares(segments, labels),
            votes=MappingProxyType({label: counts[i] for i, label in enumerate(labels)}),
            dominant=dominant,
            dominance=dominance,
            dominance_interval=interval,
            window=self.window,
            hop=self.hop,
            smoothing=self.smoothing,
            truncated=truncated,
            labels=labels,
            bounds=bounds,
            answers=answers,
            turns=None if turns is None else tuple(turns),
            intensities=intensities,
        )

    def _named(self, probabilities: np.ndarray):
        """Name probabilities: label, confidence, status, mapping."""
        best = int(probabilities.argmax())
        confidence = float(probabilities[best])
        status = "emotion" if confidence >= self.config.uncertain_below else "uncertain"
        mapping = dict(zip(self.config.labels, probabilities.tolist(), strict=True))
        return self.config.labels[best], confidence, status, mapping

    def _segments(
        self,
        bounds: np.ndarray,
        answers: np.ndarray,
        intensities: np.ndarray | None,
        stretches: Sequence[tuple[float, float, str | None]],
        duration: float,
    ) -> list[EmotionSegment]:
        """Cut stretches of one speaker's speech where the likeliest emotion changes."""
        if not len(bounds):
            return []
        middles = bounds[:, :2].mean(axis=1)
        cells, strengths = answers, intensities
        if self.smoothing == "overlap":
            cells = smooth(answers, bounds)
            if intensities is not None:
                strengths = smooth(intensities[:, None], bounds, mean)[:, 0]
        borders = np.concatenate([[0.0], (middles[1:] + middles[:-1]) / 2, [duration]])
        segments = []
        for start, end, speaker in stretches:
            first = max(0, int(np.searchsorted(borders, start, side="right")) - 1)
            pieces = []  # [start, end, cell] of the parts of this stretch
            for cell in range(first, len(cells)):
                begin, finish = max(start, borders[cell]), min(end, borders[cell + 1])
                if borders[cell] >= end:
                    break
                if not np.isnan(cells[cell, 0]) and finish > begin:
                    pieces.append([begin, finish, cell])
            for run in runs(pieces, cells.argmax(axis=1)):
                lengths = [finish - begin for begin, finish, _ in run]
                own = [cell for *_, cell in run]
                pooled = weighted_pool(cells[own], lengths)
                label, confidence, status, mapping = self._named(pooled)
                intensity = None
                if strengths is not None:
                    intensity = float(np.average(strengths[own], weights=lengths))
                segments.append(
                    EmotionSegment(
                        round(float(run[0][0]), 3),
                        round(float(run[-1][1]), 3),
                        status,
                        label,
                        confidence,
                        mapping,
                        intensity_of(label, intensity),
                        speaker,
                    )
                )
        return segments


def weighted_pool(answers: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """The normalised geometric mean of answers, each counting by its weight.

    Args:
        answers: float64 array of shape (n, classes).
        weights: n floats > 0.

    Returns:
        float64 array of shape (classes,), sum 1.
    """
    logs = np.average(np.log(np.maximum(answers, 1e-12)), axis=0, weights=weights)
    pooled = np.exp(logs - logs.max())
    return pooled / pooled.sum()


def mean(answers: np.ndarray) -> np.ndarray:
    """The plain mean of answers, (n, values), which is how intensities are pooled."""
    return answers.mean(axis=0)


def smooth(
    answers: np.ndarray,
    bounds: np.ndarray,
    pooling: Callable[[np.ndarray], np.ndarray] = pool_windows,
) -> np.ndarray:
    """Pool each window's answer with those of all windows that reach over its middle.

    Args:
        answers: float64 array of shape (windows, values), NaN where a window has no answer.
        bounds: float64 array of shape (windows, 3), of which the first two are start and end [s].
        pooling: makes answers (n, values) one answer (values,).

    Returns:
        float64 array like `answers`; a window without an answer still has none.
    """
    middles = bounds[:, :2].mean(axis=1)
    first = np.searchsorted(bounds[:, 1], middles, side="right")
    last = np.searchsorted(bounds[:, 0], middles, side="left")
    smoothed = answers.copy()
    for index in np.flatnonzero(~np.isnan(answers[:, 0])):
        around = answers[min(first[index], index) : max(last[index], index + 1)]
        smoothed[index] = pooling(around[~np.isnan(around[:, 0])])
    return smoothed


def runs(pieces: list[list], classes: np.ndarray) -> list[list[list]]:
    """Join neighbouring pieces of one class, and very short ones with their longer neighbour.

    Args:
        pieces: [start, end, cell] each, in order.
        classes: int array, class of each cell.

    Returns:
        Lists of pieces that make a segment each.

    >>> runs([[0, 1, 0], [1, 2, 1], [2, 2.1, 2]], np.array([3, 3, 5]))
    [[[0, 1, 0], [1, 2.1, 1]]]
    """
    kept = [list(piece) for piece in pieces]
    while len(kept) > 1:
        short = min(range(len(kept)), key=lambda i: kept[i][1] - kept[i][0])
        if kept[short][1] - kept[short][0] >= SHORTEST:
            break
        neighbours = [i for i in (short - 1, short + 1) if 0 <= i < len(kept)]
        into = max(neighbours, key=lambda i: kept[i][1] - kept[i][0])
        kept[into][:2] = min(kept[into][0], kept[short][0]), max(kept[into][1], kept[short][1])
        del kept[short]
    joined: list[list[list]] = []
    for piece in kept:
        if joined and classes[joined[-1][-1][2]] == classes[piece[2]]:
            joined[-1].append(piece)
        else:
            joined.append([piece])
    return joined


def _shares(segments: Sequence[EmotionSegment], labels: Sequence[str]) -> Mapping[str, float]:
    seconds = dict.fromkeys(labels, 0.0)
    for segment in segments:
        seconds[segment.label] += segment.end - segment.start
    total = sum(seconds.values())
    return MappingProxyType({k: v / total if total else 0.0 for k, v in seconds.items()})
