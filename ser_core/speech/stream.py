"""Mel frames and the speech gate for a recording that comes in pieces.

What goes in piece by piece gives bit for bit what the whole gives: both are computed in blocks that
begin at fixed places, wherever the pieces were cut.
"""

from collections.abc import Sequence

import numpy as np

from ..config.blocks import Block, LogMelBlock
from ..config.feature_config import FeatureConfig
from ..features.log_mel import BLOCK_FRAMES, mel_spectrogram
from .gate import CONTEXT, HOP, MAX_GAP, speech_probability

GATE_SAMPLE_RATE = 16_000  # [Hz] of the mel spectrogram the speech gate reads
GATE_BLOCK = 2_048  # [frames] the gate answers at a time


def gate_block(config: FeatureConfig) -> LogMelBlock:
    """The mel spectrogram that the speech gate reads, as a feature block of this config."""
    return LogMelBlock(floor=getattr(config.blocks[0], "floor", LogMelBlock().floor))


def shares_gate(config: FeatureConfig) -> bool:
    """Whether the speech gate can read the features' own mel power."""
    return config.sample_rate == GATE_SAMPLE_RATE and config.blocks[0] == gate_block(config)


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
