"""From a recording, whole or piece by piece, to the windows with speech that a network answers.

What goes in piece by piece gives bit for bit what the whole gives: mel frames and the speech gate
are computed in blocks that begin at fixed places, wherever the pieces were cut. Memory holds some
forty seconds of frames, however long the recording is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from . import features
from .blocks import Block, LogMelBlock
from .config import FeatureConfig
from .features.log_mel import BLOCK_FRAMES, mel_spectrogram
from .speech import CONTEXT, HOP, MAX_GAP, speech_probability

MARGIN = 0.3  # [s] kept before the first and after the last speech
GATE_SAMPLE_RATE = 16_000  # [Hz] of the mel spectrogram the speech gate reads
GATE_BLOCK = 2_048  # [frames] the gate answers at a time


def gate_block(config: FeatureConfig) -> LogMelBlock:
    """The mel spectrogram that the speech gate reads, as a feature block of this config."""
    return LogMelBlock(floor=getattr(config.blocks[0], "floor", LogMelBlock().floor))


def shares_gate(config: FeatureConfig) -> bool:
    """Whether the speech gate can read the features' own mel power."""
    return config.sample_rate == GATE_SAMPLE_RATE and config.blocks[0] == gate_block(config)


def speech_inputs(frames: np.ndarray, spoken: np.ndarray, config: FeatureConfig) -> np.ndarray:
    """Cut a recording to where speech is, and make the network's inputs of it.

    Args:
        frames: float32 array of shape (n, columns), as `features.to_frames` gives.
        spoken: bool array of shape (n,), at least one of them true.
        config: FeatureConfig.

    Returns:
        float32 array of shape (inputs, config.frames, config.features).
    """
    rate = config.sample_rate / config.hop_length  # [frames / s]
    first, last = np.flatnonzero(spoken)[[0, -1]]
    margin = round(MARGIN * rate)
    extent = slice(max(0, first - margin), last + 1 + margin)
    frames, spoken = frames[extent], spoken[extent]
    kept = features.trim_range(frames, config)
    frames, spoken = frames[kept], spoken[kept]
    starts = features.window_starts(len(frames), config)
    length = config.window_frames
    heard = [start for start in starts if spoken[start : start + length].any()]
    windows = [frames[start : start + length] for start in heard or starts]
    return features.assemble([features.levels(w, config) for w in windows], config)


def mark(segments: Sequence[tuple[float, float]], first: int, count: int, rate: float):
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


@dataclass(frozen=True)
class Window:
    """A window of a recording.

    Attributes:
        start: float [s].
        end: float [s].
        speech_seconds: float [s], how much of it is speech.
        inputs: float32 array of shape (inputs, config.frames, config.features); None where there
            is too little speech to answer.
    """

    start: float
    end: float
    speech_seconds: float
    inputs: np.ndarray | None


class FrameStream:
    """`features.to_frames` for a recording that comes in pieces.

    Attributes:
        count: int, frames given so far.
    """

    def __init__(self, blocks: Sequence[Block], sample_rate: int) -> None:
        self.blocks, self.sample_rate = blocks, sample_rate
        self.hop = blocks[0].hop_length
        self.from_waveform = not isinstance(blocks[0], LogMelBlock)
        # [samples] that a frame sees before and after its centre.
        self.reach = 0 if self.from_waveform else max(block.n_fft for block in blocks) // 2
        self.samples = np.zeros(self.reach, dtype=np.float32)  # silence before the beginning
        self.origin = -self.reach  # the recording's sample that comes first in `samples`
        self.total = 0
        self.count = 0

    def push(self, samples: np.ndarray) -> np.ndarray:  # (frames, columns)
        """Take the next samples, and give the frames that are complete with them."""
        self.samples = np.concatenate([self.samples, samples])
        self.total += len(samples)
        if self.from_waveform:
            return self._until(self.total // self.hop)
        seen = max(0, (self.total - self.reach) // self.hop + 1) if self.total >= self.reach else 0
        # Whole blocks only: sums are rounded alike then, however the recording was cut.
        return self._until(seen // BLOCK_FRAMES * BLOCK_FRAMES)

    def finish(self) -> np.ndarray:  # (frames, columns)
        """Give the frames that are left, with silence after the end."""
        last = -(-self.total // self.hop) if self.from_waveform else 1 + self.total // self.hop
        silence = max(0, last * self.hop + 2 * self.reach - self.total)
        self.samples = np.concatenate([self.samples, np.zeros(silence, dtype=np.float32)])
        return self._until(last)

    def _until(self, last: int) -> np.ndarray:
        """Give the frames from `count` to `last`, and forget the samples nobody needs any more."""
        first, self.count = self.count, max(last, self.count)
        columns = self.hop if self.from_waveform else sum(block.n_mels for block in self.blocks)
        if last <= first:
            return np.empty((0, columns), dtype=np.float32)
        begin, end = first * self.hop - self.origin, last * self.hop - self.origin
        if self.from_waveform:
            frames = self.samples[begin:end].reshape(last - first, self.hop)
        else:
            frames = [self._mel(block, begin, end - self.hop) for block in self.blocks]
            frames = frames[0] if len(frames) == 1 else np.concatenate(frames, axis=1)
        keep = end - self.reach
        self.samples = self.samples[keep:].copy()
        self.origin += keep
        return frames

    def _mel(self, block: LogMelBlock, first: int, last: int) -> np.ndarray:
        """Mel power of the frames whose centres stand at these places of `samples`."""
        half = block.n_fft // 2
        return mel_spectrogram(
            self.samples[first - half : last + half],
            sample_rate=self.sample_rate,
            center=False,
            **block.model_dump(exclude={"name", "floor"}),
        )


class SpeechStream:
    """The speech gate for a recording whose mel power comes in pieces.

    Attributes:
        segments: [first frame, end frame) of each stretch of speech so far, of 10 ms each; the last
            one may still grow.
        settled: int [frames], before which nothing will change.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.segments: list[list[int]] = []
        self.settled = 0
        self.mel = np.empty((0, LogMelBlock().n_mels), dtype=np.float32)
        self.origin = 0  # the recording's frame that comes first in `mel`
        self.answered = 0

    def push(self, mel: np.ndarray, *, last: bool = False) -> None:
        """Take the next frames; with `last`, they are the end of the recording."""
        self.mel = np.concatenate([self.mel, mel])
        total = self.origin + len(self.mel)
        while total >= self.answered + GATE_BLOCK + CONTEXT or (last and self.answered < total):
            begin = max(0, self.answered - CONTEXT)
            end = min(total, self.answered + GATE_BLOCK + CONTEXT)
            probability = speech_probability(self.mel[begin - self.origin : end - self.origin])
            first = self.answered - begin
            self._extend(probability[first : first + GATE_BLOCK] >= self.threshold)
            self.answered = min(self.answered + GATE_BLOCK, total)
            keep = max(0, self.answered - CONTEXT) - self.origin
            self.mel = self.mel[keep:].copy()
            self.origin += keep
        # A pause this short may still turn out to end no segment.
        self.settled = self.answered if last else self.answered - round(MAX_GAP / HOP)

    def _extend(self, speech: np.ndarray) -> None:
        """Join the next frames' stretches of speech to what is there, over short pauses."""
        edges = np.flatnonzero(np.diff(speech.astype(np.int8), prepend=0, append=0))
        for start, end in (edges.reshape(-1, 2) + self.answered).tolist():
            if self.segments and start - self.segments[-1][1] <= MAX_GAP / HOP + 1e-6:
                self.segments[-1][1] = end
            else:
                self.segments.append([start, end])

    def within(self, start: float, end: float) -> list[tuple[float, float]]:
        """Give the stretches of speech between two times [s], cut to them."""
        found = []
        for first, last in reversed(self.segments):
            if last * HOP <= start:
                break
            if first * HOP < end:
                found.append((max(first * HOP, start), min(last * HOP, end)))
        return found[::-1]


class WindowStream:
    """The windows of a recording that comes in pieces.

    Windows begin every `hop` seconds, and a last one ends where the recording ends; a recording no
    longer than one window is one window.

    Attributes:
        speech: SpeechStream, where somebody speaks.
        seconds: float [s], how much came in so far.
    """

    def __init__(self, config: FeatureConfig, window: float, hop: float) -> None:
        """Begin a recording.

        Args:
            config: FeatureConfig.
            window: float [s], length of a window.
            hop: float [s], step between windows.
        """
        self.config = config
        self.rate = config.sample_rate / config.hop_length  # [frames / s]
        self.length = max(1, round(window * self.rate))
        self.step = max(1, round(hop * self.rate))
        self.stream = FrameStream(config.blocks, config.sample_rate)
        self.speech = SpeechStream(config.speech.threshold)
        self.frames: np.ndarray | None = None
        self.origin = 0  # the recording's frame that comes first in `frames`
        self.start = 0  # the frame where the next window begins
        self.resampler = self.gate = None
        if not shares_gate(config):
            self.gate = FrameStream((gate_block(config),), GATE_SAMPLE_RATE)
            if config.sample_rate != GATE_SAMPLE_RATE:
                self.resampler = soxr.ResampleStream(
                    config.sample_rate, GATE_SAMPLE_RATE, 1, dtype="float32", quality="HQ"
                )

    @property
    def seconds(self) -> float:
        return self.stream.total / self.config.sample_rate

    def push(self, samples: np.ndarray) -> Iterator[Window]:
        """Take the next mono float32 samples at `config.sample_rate`; give what is complete."""
        frames = self.stream.push(samples)
        self._append(frames)
        self.speech.push(self._gate_mel(samples, frames))
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
        self.speech.push(self._gate_mel(np.empty(0, np.float32), frames, last=True), last=True)
        last = max(0, self.stream.count - self.length)
        while self.start < last:
            yield self._window(self.start)
            self.start += self.step
        yield self._window(last)

    def _gate_mel(self, samples: np.ndarray, frames: np.ndarray, *, last: bool = False):
        """The mel power that the gate reads of these samples, or of these frames of theirs."""
        if self.gate is None:
            return frames[:, : gate_block(self.config).n_mels]
        if self.resampler is not None:
            samples = self.resampler.resample_chunk(samples, last=last)
        mel = self.gate.push(samples)
        return np.concatenate([mel, self.gate.finish()]) if last else mel

    def _append(self, frames: np.ndarray) -> None:
        self.frames = frames if self.frames is None else np.concatenate([self.frames, frames])

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
            spoken = mark(segments, first, len(frames), self.rate)
            if spoken.any():
                inputs = speech_inputs(frames, spoken, self.config)
        return Window(start, end, seconds, inputs)
