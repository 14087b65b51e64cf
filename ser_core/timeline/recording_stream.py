"""A recording that comes in pieces: its frames, and where somebody speaks.

What goes in piece by piece gives bit for bit what the whole gives. Memory holds some forty seconds
of frames, however long the recording is.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

import numpy as np

from ..audio.resample import Resampler
from ..config.feature_config import FeatureConfig
from ..features import choose_front_end
from ..speech.gate import BANDS, HOP
from ..speech.gate_stream import (
    GATE_BLOCK,
    GATE_SAMPLE_RATE,
    SpeechStream,
    gate_mel_stream,
    shares_gate,
)
from ..speech.voices import VoiceStream

Item = TypeVar("Item")


class RecordingStream(ABC, Generic[Item]):
    """What a network answers of a recording that comes in pieces; subclasses say what that is.

    Attributes:
        speech: SpeechStream, where somebody speaks.
        voices: VoiceStream, what they sound like; None if nobody asks who speaks.
    """

    def __init__(self, config: FeatureConfig, *, voices: bool = False) -> None:
        """Begin a recording.

        Args:
            config: FeatureConfig.
            voices: whether to keep what the voices sound like.
        """
        self.config = config
        self.rate = config.frame_rate
        self.stream = choose_front_end(config).stream()
        self.speech = SpeechStream(config.speech.threshold)
        self.voices = VoiceStream() if voices else None
        self.frames = np.empty((0, self.stream.columns), dtype=np.float32)
        self.origin = 0  # the recording's frame that comes first in `frames`
        self.gate = None if shares_gate(config) else gate_mel_stream()
        self.resampler = Resampler(config.sample_rate, GATE_SAMPLE_RATE)

    @abstractmethod
    def push(self, samples: np.ndarray) -> Iterator[Item]:
        """Take the next mono float32 samples at `config.sample_rate`; give what is complete."""

    @abstractmethod
    def finish(self) -> Iterator[Item]:
        """End the recording, and give what is left."""

    @property
    def seconds(self) -> float:
        """How much came in so far [s]."""
        return self.stream.total / self.config.sample_rate

    @property
    def count(self) -> int:
        """How many frames came in so far."""
        return self.stream.count

    @property
    def settled(self) -> int:
        """The frame before which it is known where somebody speaks."""
        return min(self.count, int(self.speech.settled * HOP * self.rate))

    def take(self, samples: np.ndarray) -> None:
        """Take the next samples."""
        frames = self.stream.push(samples)
        self._append(frames)
        self._push_gate(self._gate_mel(samples, frames))

    def end(self) -> None:
        """End the recording."""
        frames = self.stream.finish()
        self._append(frames)
        self._push_gate(self._gate_mel(np.empty(0, np.float32), frames, last=True), last=True)

    def between(self, first: int, stop: int) -> np.ndarray:
        """Give a view of those of the recording's frames that there are between two of them."""
        return self.frames[first - self.origin : stop - self.origin]

    def forget(self, first: int) -> None:
        """Drop the frames before one, now and then, as that copies the others."""
        unused = first - self.origin
        if unused > GATE_BLOCK:
            self.frames = self.frames[unused:].copy()
            self.origin += unused

    def seconds_of(self, first: int, stop: int) -> tuple[float, float]:
        """Say when a frame begins, and when another one does or the recording ends [s]."""
        start = first / self.rate
        return start, min(start + (stop - first) / self.rate, self.seconds)

    def _push_gate(self, mel: np.ndarray, *, last: bool = False) -> None:
        self.speech.push(mel, last=last)
        if self.voices is not None:
            self.voices.push(mel, self.speech.segments, self.speech.settled)

    def _gate_mel(
        self, samples: np.ndarray, frames: np.ndarray, *, last: bool = False
    ) -> np.ndarray:  # (frames, 80)
        """The mel power that the gate reads of these samples, or of these frames of theirs."""
        if self.gate is None:
            return frames[:, :BANDS]
        mel = self.gate.push(self.resampler.push(samples, last=last))
        return np.concatenate([mel, self.gate.finish()]) if last else mel

    def _append(self, frames: np.ndarray) -> None:
        self.frames = np.concatenate([self.frames, frames])
