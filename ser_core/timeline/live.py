"""Live speech: an answer for the last seconds, again and again, in memory that does not grow."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..audio.load import to_mono
from ..audio.resample import Resampler
from ..results import EmotionPrediction

if TYPE_CHECKING:
    from ..recognizer import EmotionRecognizer

LiveBlock = tuple[int, np.ndarray]

HOP = 0.5  # [s] of sound between two answers
HISTORY = 120  # moments a session remembers: a minute at the default hop
SHORTEST = 0.5  # [s] of sound before the first answer


@dataclass(frozen=True)
class LiveMoment:
    """What the last seconds sound like at a moment of live speech.

    Attributes:
        time: float [s], of sound since the beginning.
        prediction: EmotionPrediction of the last seconds.
    """

    time: float
    prediction: EmotionPrediction

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"time": self.time, **self.prediction.to_dict()}


class LiveSession:
    """One listener's state: the last seconds of sound, and the last moments.

    Not to be shared between threads. It holds a window of samples and `HISTORY` moments, whatever
    comes in.

    Attributes:
        history: the last moments, oldest first.
        time: float [s], of sound since the beginning.
    """

    def __init__(
        self, recognizer: "EmotionRecognizer", *, hop: float = HOP, window: float | None = None
    ) -> None:
        """Begin to listen.

        Args:
            recognizer: EmotionRecognizer that answers.
            hop: float > 0 [s], of sound between two answers.
            window: float [s], how much of the past is heard; None for what one input covers.

        Raises:
            ValueError: an argument is out of range.
        """
        window = recognizer.config.input_seconds if window is None else window
        if not 0.05 <= hop <= 60.0:
            raise ValueError(f"hop must be 0.05 to 60 s, got {hop!r}")
        if not SHORTEST <= window <= 60.0:
            raise ValueError(f"window must be {SHORTEST} to 60 s, got {window!r}")
        self.recognizer = recognizer
        self.rate = recognizer.config.sample_rate
        self.hop = round(hop * self.rate)  # [samples]
        self.window = round(window * self.rate)  # [samples]
        self.history: deque[LiveMoment] = deque(maxlen=HISTORY)
        self._samples = np.empty(0, dtype=np.float32)
        self._total = 0
        self._next = max(self.hop, round(SHORTEST * self.rate))
        self._resampler = Resampler(self.rate, self.rate)
        self._incoming = self.rate

    @property
    def time(self) -> float:
        return self._total / self.rate

    def push(self, block: LiveBlock) -> Iterator[LiveMoment]:
        """Take the next sound, and give an answer for every hop that is complete with it.

        Args:
            block: (sample_rate [Hz], array), as `EmotionRecognizer.predict` takes arrays, of any
                length, none included. The rate may change on the way.

        Yields:
            LiveMoment.

        Raises:
            AudioError: the block is no audio.
        """
        samples = self._resampled(*to_mono(block))
        while len(samples):
            taken, samples = np.split(samples, [min(len(samples), self._next - self._total)])
            self._samples = np.concatenate([self._samples, taken])[-self.window :]
            self._total += len(taken)
            if self._total == self._next:
                self._next += self.hop
                moment = LiveMoment(
                    round(self.time, 3), self.recognizer.predict_samples(self._samples)
                )
                self.history.append(moment)
                yield moment

    def _resampled(self, rate: int, samples: np.ndarray) -> np.ndarray:
        if rate != self._incoming:
            self._incoming, self._resampler = rate, Resampler(rate, self.rate)
        return self._resampler.push(samples)
