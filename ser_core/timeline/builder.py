"""Make a timeline of the answers of a recording's windows.

The answer of a window stands for its middle, so every moment takes that of the window whose middle
is nearest; with `smoothing="overlap"`, the geometric mean of all windows that reach over that
middle. Intensities go the same way, by their plain mean where probabilities go by their geometric
mean. Stretches of speech of one emotion become segments. Where nobody speaks there is no segment.
Where it is known who speaks, a segment ends with the turn. Channels that are analysed each on its
own have windows, stretches and segments of their own, which may overlap.

Where other labels were asked for than the model's, answers are pooled in the model's, as they are
for one answer, and what comes out is turned into the others.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..config.feature_config import FeatureConfig
from ..model.pooling import Pooled, pool, pool_windows
from ..results import EmotionPrediction, EmotionSegment, LabelSet, SpeakerTurn
from ..results.wilson import wilson_interval
from .shares import time_shares, unite
from .smoothing import Piece, average, join_pieces, smooth
from .timeline import EmotionTimeline, Smoothing, name_channel
from .windows import Window

Stretch = tuple[float, float, str | None]  # start, end [s], speaker


class TimelineBuilder:
    """Collects answered windows of a recording, or of each of its channels; makes the timeline."""

    def __init__(
        self,
        config: FeatureConfig,
        *,
        window: float,
        hop: float,
        smoothing: Smoothing,
        labels: LabelSet | None = None,
    ) -> None:
        """Begin a recording.

        Args:
            config: FeatureConfig.
            window, hop: float [s], of the windows.
            smoothing: as for `EmotionRecognizer.analyze`.
            labels: LabelSet that the timeline is in; None for the model's own labels.
        """
        self.config, self.window, self.hop, self.smoothing = config, window, hop, smoothing
        self.labels = labels or LabelSet.of(config.labels)
        self._channels: list[_Answers] = []

    def add(self, window: Window, answer: Pooled | None, channel: int = 0) -> None:
        """Take the next window of a channel, and its answer; None if it has too little speech."""
        while len(self._channels) <= channel:
            self._channels.append(_Answers(len(self.config.labels)))
        self._channels[channel].add(window, answer)

    def build(
        self,
        duration: float,
        speech: Sequence[tuple[float, float]],
        truncated: str | None = None,
        turns: Sequence[SpeakerTurn] | None = None,
        notes: Sequence[str] = (),
    ) -> EmotionTimeline:
        """Make the timeline of a recording whose channels were mixed.

        Args:
            duration: float [s], of the recording.
            speech: (start, end) of each stretch of speech [s].
            truncated: str, what is wrong with the recording; None if nothing is.
            turns: SpeakerTurns, which together are the speech; None if nobody asked.
            notes: sentences on the recording, beside `truncated`.
        """
        stretches: list[Stretch]
        if turns is None:
            stretches = [(start, end, None) for start, end in speech]
        else:
            stretches = [(turn.start, turn.end, turn.speaker) for turn in turns]
        return self._build(duration, speech, truncated, turns, [stretches], (), notes)

    def build_channels(
        self,
        duration: float,
        speech: Sequence[Sequence[tuple[float, float]]],
        truncated: str | None = None,
        notes: Sequence[str] = (),
    ) -> EmotionTimeline:
        """Make the timeline of a recording whose channels were analysed each on its own.

        Args:
            duration, truncated, notes: as for `build`.
            speech: for each channel, (start, end) of each stretch of speech [s].
        """
        names = [name_channel(number) for number in range(len(speech))]
        stretches: list[list[Stretch]] = [
            [(start, end, name) for start, end in own]
            for name, own in zip(names, speech, strict=True)
        ]
        turns = [
            SpeakerTurn(round(start, 3), round(end, 3), str(name))
            for own in stretches
            for start, end, name in own
        ]
        turns.sort(key=lambda turn: (turn.start, turn.end))
        together = unite(stretch for own in speech for stretch in own)
        return self._build(duration, together, truncated, turns, stretches, names, notes)

    def _build(
        self,
        duration: float,
        speech: Sequence[tuple[float, float]],
        truncated: str | None,
        turns: Sequence[SpeakerTurn] | None,
        stretches: Sequence[Sequence[Stretch]],
        names: Sequence[str],
        notes: Sequence[str],
    ) -> EmotionTimeline:
        config, labels = self.config, self.labels.labels
        while len(self._channels) < len(stretches):
            self._channels.append(_Answers(len(config.labels)))
        each = [own.arrays() for own in self._channels]
        bounds, answers, intensities = (
            np.concatenate(arrays) for arrays in zip(*each, strict=True)
        )
        segments = [
            segment
            for own, wanted in zip(each, stretches, strict=True)
            for segment in self._segments(*own, wanted, duration)
        ]
        segments.sort(key=lambda segment: (segment.start, segment.end))
        spoken = answers[~np.isnan(answers[:, 0])]  # (windows with speech, classes)
        counts = Counter(self.labels.combine(spoken).argmax(axis=1).tolist())
        pooled: np.ndarray | None = None
        dominant, dominance, interval, intensity = None, 0.0, (0.0, 1.0), None
        if len(spoken):
            pooled = pool(spoken, config)
            likelihood = self.labels.combine(pooled)
            winner = max(counts, key=lambda index: (counts[index], likelihood[index]))
            dominant, dominance = labels[winner], counts[winner] / len(spoken)
            # Windows that overlap are not votes of their own.
            independent = max(1.0, len(spoken) * min(1.0, self.hop / self.window))
            interval = wilson_interval(dominance, independent)
            intensity = float(np.nanmean(intensities)) if self._says_intensity else None
        said = (*([truncated] if truncated else []), *notes)
        distances = [distance for own in self._channels for distance in own.distances]
        return EmotionTimeline(
            duration=round(duration, 3),
            speech=tuple((round(start, 3), round(end, 3)) for start, end in speech),
            segments=tuple(segments),
            overall=EmotionPrediction.of(
                pooled,
                config,
                intensity=intensity,
                distance=float(np.mean(distances)) if distances else None,
                speech_seconds=round(sum(end - start for start, end in speech), 3),
                duration=round(duration, 3),
                labels=self.labels,
                notes=said,
            ),
            distribution=time_shares(segments, labels),
            votes={label: counts[index] for index, label in enumerate(labels)},
            dominant=dominant,
            dominance=dominance,
            dominance_interval=interval,
            window=self.window,
            hop=self.hop,
            smoothing=self.smoothing,
            truncated=truncated,
            labels=labels,
            bounds=bounds,
            answers=self.labels.combine(answers),
            turns=None if turns is None else tuple(turns),
            intensities=intensities if self._says_intensity else None,
            notes=said,
            channel_names=tuple(names),
            groups=self.labels.groups,
        )

    @property
    def _says_intensity(self) -> bool:
        return self.config.outputs.intensity is not None

    def _segments(
        self,
        bounds: np.ndarray,
        answers: np.ndarray,
        intensities: np.ndarray,
        stretches: Sequence[Stretch],
        duration: float,
    ) -> list[EmotionSegment]:
        """Cut stretches of one speaker's speech where the likeliest emotion changes."""
        if not len(bounds):
            return []
        middles = bounds[:, :2].mean(axis=1)
        cells, strengths = answers, intensities
        if self.smoothing == "overlap":
            cells = smooth(answers, bounds)
            if self._says_intensity:
                strengths = smooth(intensities[:, None], bounds, average)[:, 0]
        classes = self.labels.combine(cells).argmax(axis=1)
        borders = np.concatenate([[0.0], (middles[1:] + middles[:-1]) / 2, [duration]])
        segments = []
        for start, end, speaker in stretches:
            pieces = _pieces(start, end, borders, ~np.isnan(cells[:, 0]))
            for run in join_pieces(pieces, classes):
                begin, finish = round(run[0].start, 3), round(run[-1].end, 3)
                if begin == finish:  # of less than a millisecond, between two pauses
                    continue
                lengths = [piece.end - piece.start for piece in run]
                chosen = [piece.cell for piece in run]
                intensity = None
                if self._says_intensity:
                    intensity = float(np.average(strengths[chosen], weights=lengths))
                segments.append(
                    EmotionSegment.of(
                        pool_windows(cells[chosen], lengths),
                        self.config,
                        start=begin,
                        end=finish,
                        intensity=intensity,
                        speaker=speaker,
                        labels=self.labels,
                    )
                )
        return segments


class _Answers:
    """The answered windows of a recording, or of one of its channels."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.distances: list[float] = []  # of windows that are answered
        self._bounds: list[tuple[float, float, float]] = []
        self._rows: list[np.ndarray] = []
        self._intensities: list[float] = []

    def add(self, window: Window, answer: Pooled | None) -> None:
        """Take the next window, and its answer; None if it has too little speech."""
        if answer is None:
            answer = Pooled(np.full(self.classes, np.nan), None)
        if answer.distance is not None:
            self.distances.append(answer.distance)
        self._bounds.append((window.start, window.end, window.speech_seconds))
        self._rows.append(answer.probabilities)
        self._intensities.append(np.nan if answer.intensity is None else answer.intensity)

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give bounds, (windows, 3), probabilities, (windows, classes), and intensities."""
        return (
            np.array(self._bounds, dtype=np.float64).reshape(-1, 3),
            np.array(self._rows, dtype=np.float64).reshape(-1, self.classes),
            np.array(self._intensities, dtype=np.float64),
        )


def _pieces(start: float, end: float, borders: np.ndarray, answered: np.ndarray) -> list[Piece]:
    """Cut a stretch of speech into the pieces that its windows' answers stand for.

    Args:
        start, end: float [s].
        borders: float64 array of shape (windows + 1,), where one window's answer gives way to the
            next one's [s].
        answered: bool array of shape (windows,), whether it has an answer.
    """
    pieces = []
    first = max(0, int(np.searchsorted(borders, start, side="right")) - 1)
    for cell in range(first, len(answered)):
        if borders[cell] >= end:
            break
        begin, finish = max(start, float(borders[cell])), min(end, float(borders[cell + 1]))
        if answered[cell] and finish > begin:
            pieces.append(Piece(begin, finish, cell))
    return pieces
