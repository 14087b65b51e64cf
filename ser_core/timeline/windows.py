"""From a recording, whole or piece by piece, to the windows with speech that a network answers.

What goes in piece by piece gives bit for bit what the whole gives. Memory holds some forty seconds
of frames, however long the recording is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..audio.load import load_audio
from ..config.feature_config import FeatureConfig
from ..features import assemble, choose_front_end, trim_range, window_starts
from ..speech.gate import BANDS, SpeechActivity, detect_speech
from ..speech.gate_stream import GATE_SAMPLE_RATE, gate_mel, shares_gate
from .recording_stream import RecordingStream

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
        mel = gate_mel(load_audio((config.sample_rate, samples), sample_rate=GATE_SAMPLE_RATE))
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
            little speech to answer, and where answers come from summaries (see stretch_stream).
    """

    start: float
    end: float
    speech_seconds: float
    inputs: np.ndarray | None = None


class WindowStream(RecordingStream["Window"]):
    """The windows of a recording that comes in pieces.

    Windows begin every `hop` seconds, and a last one ends where the recording ends; a recording no
    longer than one window is one window.
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
        super().__init__(config, voices=voices)
        self.length, self.step = frames_of(window, config), frames_of(hop, config)
        self.start = 0  # the frame where the next window begins

    def push(self, samples: np.ndarray) -> Iterator[Window]:
        """Take the next mono float32 samples at `config.sample_rate`; give what is complete."""
        self.take(samples)
        # The last window of a recording is found at its end alone.
        while self.start + self.length < self.settled:
            yield self._window(self.start)
            self.start += self.step
            self.forget(self.start)

    def finish(self) -> Iterator[Window]:
        """End the recording, and give the windows that are left."""
        self.end()
        last = max(0, self.count - self.length)
        while self.start < last:
            yield self._window(self.start)
            self.start += self.step
        yield self._window(last)

    def _window(self, first: int) -> Window:
        frames = self.between(first, first + self.length)
        start, end = self.seconds_of(first, first + len(frames))
        segments = self.speech.within(start, end)
        seconds = sum(b - a for a, b in segments)
        inputs = None
        if enough_speech(seconds, self.config):
            spoken = mark_speech(segments, first, len(frames), self.rate)
            if spoken.any():
                inputs = speech_inputs(frames, spoken, self.config)
        return Window(start, end, seconds, inputs)


def frames_of(seconds: float, config: FeatureConfig) -> int:
    """Turn a length [s] into whole frames, at least one."""
    return max(1, round(seconds * config.frame_rate))


def enough_speech(seconds: float, config: FeatureConfig) -> bool:
    """Whether a window has enough speech for an answer."""
    return seconds > 0 and seconds >= config.speech.min_seconds - 1e-9
