"""From a recording, whole or piece by piece, to the windows with speech that a network answers.

What goes in piece by piece gives bit for bit what the whole gives. Memory holds some forty seconds
of frames, however long the recording is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..audio.load import load_audio
from ..audio.resample import Resampler
from ..config.feature_config import FeatureConfig
from ..features import assemble, choose_front_end, trim_range, window_starts
from ..features.log_mel import mel_spectrogram
from ..speech.gate import BANDS, HOP, SpeechActivity, detect_speech
from ..speech.gate_stream import (
    GATE_BLOCK,
    GATE_SAMPLE_RATE,
    SpeechStream,
    gate_mel_stream,
    shares_gate,
)
from ..speech.voices import VoiceStream

MARGIN = 0.3  # [s] kept before the first and after the last speech


def speech_range(frames: np.ndarray, spoken: np.ndarray, config: FeatureConfig) -> slice:
    """Find where a recording is cut: from a margin before its first speech to one after its last.

    Args:
        frames, spoken, config: as for `speech_windows`.

    Returns:
        slice of at least one frame; of those, the quiet ones at both ends are left out.
    """
    first, last = np.flatnonzero(spoken)[[0, -1]]
    margin = round(MARGIN * config.frame_rate)
    begin = max(0, int(first) - margin)
    kept = trim_range(frames[begin : last + 1 + margin], config)
    return slice(begin + kept.start, begin + kept.stop)


def speech_windows(
    frames: np.ndarray, spoken: np.ndarray, config: FeatureConfig
) -> list[tuple[int, np.ndarray]]:
    """Cut a recording to where speech is, and that into windows.

    Args:
        frames: float32 array of shape (n, columns), as `FrontEnd.frames` gives.
        spoken: bool array of shape (n,), at least one of them true.
        config: FeatureConfig.

    Returns:
        For each window the recording's frame where it begins, and a view of its frames.
    """
    cut = speech_range(frames, spoken, config)
    begin, frames, spoken = cut.start, frames[cut], spoken[cut]
    starts = window_starts(len(frames), config)
    length = config.window_frames
    with_speech = [start for start in starts if spoken[start : start + length].any()]
    return [(begin + start, frames[start : start + length]) for start in with_speech or starts]


def speech_inputs(frames: np.ndarray, spoken: np.ndarray, config: FeatureConfig) -> np.ndarray:
    """Make the network's inputs of a recording's windows with speech.

    Args:
        frames, spoken, config: as for `speech_windows`.

    Returns:
        float32 array of shape (inputs, config.frames, config.features).
    """
    windows = speech_windows(frames, spoken, config)
    front = choose_front_end(config)
    return assemble([front.levels(rows) for _, rows in windows], config)


def mark_speech(
    segments: Sequence[tuple[float, float]], first: int, count: int, rate: float
) -> np.ndarray:
    """Mark the frames in which somebody speaks.

    Args:
        segments: (start, end) of stretches of speech [s].
        first: int, the recording's frame where the marks begin.
        count: int, how many frames.
        rate: float [frames / s].

    Returns:
        bool array of shape (count,).
    """
    spoken = np.zeros(count, dtype=bool)
    for start, end in segments:
        begin = round(start * rate)
        finish = max(round(end * rate), begin + 1)
        spoken[max(0, begin - first) : max(0, finish - first)] = True
    return spoken


def speech_frames(
    samples: np.ndarray, config: FeatureConfig
) -> tuple[SpeechActivity, np.ndarray, np.ndarray]:
    """Go from a whole recording to its frames, and find where somebody speaks.

    Args:
        samples: float32 array of shape (n,), n > 0, mono at `config.sample_rate`.
        config: FeatureConfig.

    Returns:
        Where somebody speaks; the frames, as `FrontEnd.frames` gives; and for each of them
        whether somebody speaks.
    """
    frames = choose_front_end(config).frames(samples)
    if shares_gate(config):
        mel = frames[:, :BANDS]
    else:
        mel = mel_spectrogram(
            load_audio((config.sample_rate, samples), sample_rate=GATE_SAMPLE_RATE)
        )
    speech = config.speech
    activity = detect_speech(mel, threshold=speech.threshold, min_speech=speech.min_seconds)
    return activity, frames, mark_speech(activity.segments, 0, len(frames), config.frame_rate)


def prepare_inputs(
    samples: np.ndarray, config: FeatureConfig
) -> tuple[SpeechActivity, np.ndarray | None]:
    """Make the network's inputs of a whole recording.

    Args:
        samples: float32 array of shape (n,), n > 0, mono at `config.sample_rate`.
        config: FeatureConfig.

    Returns:
        Where somebody speaks; and the inputs of `speech_inputs`, or None if nobody does.
    """
    activity, frames, spoken = speech_frames(samples, config)
    if not activity.has_speech:
        return activity, None
    return activity, speech_inputs(frames, spoken, config)


@dataclass(frozen=True)
class Window:
    """A window of a recording.

    Attributes:
        start: float [s].
        end: float [s].
        speech_seconds: float [s], how much of it is speech.
        inputs: float32 array of shape (inputs, config.frames, config.features); None with too
            little speech to answer.
    """

    start: float
    end: float
    speech_seconds: float
    inputs: np.ndarray | None


class WindowStream:
    """The windows of a recording that comes in pieces.

    Windows begin every `hop` seconds, and a last one ends where the recording ends; a recording no
    longer than one window is one window.

    Attributes:
        speech: SpeechStream, where somebody speaks.
        voices: VoiceStream, what they sound like; None if nobody asks who speaks.
    """

    def __init__(
        self, config: FeatureConfig, window: float, hop: float, *, voices: bool = False
    ) -> None:
        """Begin a recording.

        Args:
            config: FeatureConfig.
            window: float [s], length of a window.
            hop: float [s], step between windows.
            voices: whether to keep what the voices sound like.
        """
        self.config = config
        self.rate = config.frame_rate
        self.length = max(1, round(window * self.rate))
        self.step = max(1, round(hop * self.rate))
        self.stream = choose_front_end(config).stream()
        self.speech = SpeechStream(config.speech.threshold)
        self.voices = VoiceStream() if voices else None
        self.frames = np.empty((0, self.stream.columns), dtype=np.float32)
        self.origin = 0  # the recording's frame that comes first in `frames`
        self.start = 0  # the frame where the next window begins
        self.gate = None if shares_gate(config) else gate_mel_stream()
        self.resampler = Resampler(config.sample_rate, GATE_SAMPLE_RATE)

    @property
    def seconds(self) -> float:
        """How much came in so far [s]."""
        return self.stream.total / self.config.sample_rate

    def push(self, samples: np.ndarray) -> Iterator[Window]:
        """Take the next mono float32 samples at `config.sample_rate`; give what is complete."""
        frames = self.stream.push(samples)
        self._append(frames)
        self._push_gate(self._gate_mel(samples, frames))
        settled = int(self.speech.settled * HOP * self.rate)
        # The last window of a recording is found at its end alone.
        while self.start + self.length < min(self.stream.count, settled):
            yield self._window(self.start)
            self.start += self.step
            self._forget()

    def finish(self) -> Iterator[Window]:
        """End the recording, and give the windows that are left."""
        frames = self.stream.finish()
        self._append(frames)
        self._push_gate(self._gate_mel(np.empty(0, np.float32), frames, last=True), last=True)
        last = max(0, self.stream.count - self.length)
        while self.start < last:
            yield self._window(self.start)
            self.start += self.step
        yield self._window(last)

    def _push_gate(self, mel: np.ndarray, *, last: bool = False) -> None:
        self.speech.push(mel, last=last)
        if self.voices is not None:
            self.voices.push(mel, self.speech.segments, self.speech.settled)

    def _gate_mel(
        self, samples: np.ndarray, frames: np.ndarray, *, last: bool = False
    ) -> np.ndarray:  # (frames, 64)
        """The mel power that the gate reads of these samples, or of these frames of theirs."""
        if self.gate is None:
            return frames[:, :BANDS]
        mel = self.gate.push(self.resampler.push(samples, last=last))
        return np.concatenate([mel, self.gate.finish()]) if last else mel

    def _append(self, frames: np.ndarray) -> None:
        self.frames = np.concatenate([self.frames, frames])

    def _forget(self) -> None:
        """Drop the frames before the next window, now and then, as that copies the others."""
        unused = self.start - self.origin
        if unused > GATE_BLOCK:
            self.frames = self.frames[unused:].copy()
            self.origin += unused

    def _window(self, first: int) -> Window:
        frames = self.frames[first - self.origin : first - self.origin + self.length]
        start = first / self.rate
        end = min(start + len(frames) / self.rate, self.seconds)
        segments = self.speech.within(start, end)
        seconds = sum(b - a for a, b in segments)
        inputs = None
        if seconds > 0 and seconds >= self.config.speech.min_seconds - 1e-9:
            spoken = mark_speech(segments, first, len(frames), self.rate)
            if spoken.any():
                inputs = speech_inputs(frames, spoken, self.config)
        return Window(start, end, seconds, inputs)
