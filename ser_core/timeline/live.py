"""Live speech: a prediction for the last seconds, again and again, in memory that does not grow."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..audio.audio_input import plain_audio
from ..audio.downmix import Downmix
from ..audio.load import to_channels
from ..audio.resample import Resampler
from ..config.feature_config import FeatureConfig
from ..errors import AudioContentError, check_number
from ..results import EmotionPrediction, LabelSet, Result
from ..results.label_sets import Groups

LiveBlock = tuple[int, np.ndarray] | Mapping[str, Any]

HOP = 0.5  # [s] of audio between two predictions
HISTORY = 120  # moments a session remembers: a minute at the default hop
SHORTEST = 0.5  # [s] of audio before the first prediction


@dataclass(frozen=True, eq=False, repr=False)
class LiveMoment(Result):
    """What the last seconds sound like at a moment of live speech.

    Attributes:
        time: float [s], of audio since the beginning.
        prediction: EmotionPrediction of the last seconds.
    """

    time: float
    prediction: EmotionPrediction

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"time": self.time, **self.prediction.to_dict()}


class SamplesPredictor(Protocol):
    """What a session predicts with: `EmotionRecognizer` is one."""

    @property
    def config(self) -> FeatureConfig:
        """Everything around the network."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in the order of every probability mapping."""
        ...

    def predict_samples(
        self, samples: np.ndarray, labels: LabelSet | None = None
    ) -> EmotionPrediction:
        """Predict the emotion in mono float32 samples at `config.sample_rate`."""
        ...


class LiveSession:
    """The state of one live stream: the last seconds of audio, and the last moments.

    Not to be shared between threads. It holds a window of samples and `HISTORY` moments, however
    much comes in. It pickles and copies; if the audio has another sample rate than the model, the
    copy misses the few milliseconds that were being resampled.

    Attributes:
        history: the last moments, oldest first.
    """

    def __init__(
        self,
        recognizer: SamplesPredictor,
        *,
        labels: Iterable[str] | None = None,
        group: Groups | None = None,
        hop: float = HOP,
        window: float | None = None,
    ) -> None:
        """Begin a session.

        Args:
            recognizer: EmotionRecognizer that predicts.
            labels, group: as for `EmotionRecognizer.predict`.
            hop: float > 0 [s], of audio between two predictions.
            window: float [s], how much of the past a prediction covers; None for what one input of
                the network covers.

        Raises:
            ArgumentError: an argument is out of range.
        """
        window = recognizer.config.input_seconds if window is None else window
        check_number("hop", hop, least=0.05, most=60.0, unit="s")
        check_number("window", window, least=SHORTEST, most=60.0, unit="s")
        self.recognizer = recognizer
        self.labels = LabelSet.of(recognizer.labels, labels, group)
        self.rate = recognizer.config.sample_rate
        self.hop = round(hop * self.rate)  # [samples]
        self.window = round(window * self.rate)  # [samples]
        self.history: deque[LiveMoment] = deque(maxlen=HISTORY)
        self._samples = np.empty(0, dtype=np.float32)
        self._total = 0
        self._next = max(self.hop, round(SHORTEST * self.rate))
        self._resampler: Resampler | None = None
        self._incoming = self.rate
        self._downmix = Downmix(self.rate)

    @property
    def time(self) -> float:
        """Audio since the beginning [s]."""
        return self._total / self.rate

    def push(self, block: LiveBlock) -> Iterator[LiveMoment]:
        """Take the next audio, and yield a prediction for every hop that it completes.

        Args:
            block: (sample_rate [Hz], array), or a dict with these, as `EmotionRecognizer.predict`
                takes arrays, of any length, none included. The rate may change on the way.

        Yields:
            LiveMoment.

        Raises:
            AudioError: the block is no audio.
        """
        pair = plain_audio(block)
        if not isinstance(pair, tuple):
            raise AudioContentError(
                "A block of live sound is of a wrong type: expected (sample_rate, array), got "
                f"{type(block).__name__}; give the arrays as they come, each with its rate."
            )
        samples = self._resample(*to_channels(pair))
        while len(samples):
            taken, samples = np.split(samples, [min(len(samples), self._next - self._total)])
            self._samples = np.concatenate([self._samples, taken])[-self.window :]
            self._total += len(taken)
            if self._total == self._next:
                self._next += self.hop
                # These seconds begin in the middle of the sound: an offset would be a step there.
                centred = self._samples - self._samples.mean(dtype=np.float64)
                prediction = self.recognizer.predict_samples(
                    centred.astype(np.float32), self.labels
                )
                moment = LiveMoment(round(self.time, 3), prediction)
                self.history.append(moment)
                yield moment

    def _resample(self, rate: int, channels: np.ndarray) -> np.ndarray:  # (n,)
        """Mix (n, channels) samples to one channel, and bring them to the model's rate."""
        held = np.empty(0, np.float32)
        if rate != self._incoming:
            if self._resampler is not None:
                held = self._resampler.push(self._downmix.finish(), last=True)
            self._downmix, self._resampler = Downmix(rate), None
        if self._resampler is None:
            self._incoming, self._resampler = rate, Resampler(rate, self.rate)
        return np.concatenate([held, self._resampler.push(self._downmix.push(channels))])

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_resampler": None}  # soxr's does not pickle
