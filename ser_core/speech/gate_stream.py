"""The speech gate for a recording that comes in pieces.

What goes in piece by piece gives bit for bit what the whole gives: the gate answers blocks that
begin at fixed places, wherever the pieces were cut.
"""

import numpy as np

from ..audio.samples import find_runs
from ..config.feature_config import FeatureConfig
from ..config.frame_blocks import LogMelBlock
from ..features.frame_stream import FrameStream
from ..features.log_mel import mel_spectrogram
from ..features.log_mel_front_end import LogMelStream
from .gate import BANDS, CONTEXT, HOP, MAX_GAP, speech_probability

GATE_SAMPLE_RATE = 16_000  # [Hz] of the mel spectrogram the speech gate reads
# That spectrogram, freed of offset and rumble: the one that networks over Whisper's encoder read,
# so that it is computed once for both. The block's floor plays no part in it.
GATE_MEL = LogMelBlock(n_fft=400, n_mels=BANDS, fmin=0.0, detrend=4)
GATE_BLOCK = 2_048  # [frames] the gate answers at a time


def shares_gate(config: FeatureConfig) -> bool:
    """Whether the speech gate can read the features' own mel power, the first columns of it."""
    block = config.blocks[0]
    return (
        config.sample_rate == GATE_SAMPLE_RATE
        and isinstance(block, LogMelBlock)
        and block.mel_parameters == GATE_MEL.mel_parameters
    )


def gate_mel(samples: np.ndarray) -> np.ndarray:  # (frames, 80)
    """Compute the mel power that the speech gate reads.

    Args:
        samples: float32 array of shape (n,), mono at GATE_SAMPLE_RATE.

    Returns:
        float32 array of shape (1 + n // 160, 80).

    >>> gate_mel(np.zeros(16_000, dtype=np.float32)).shape
    (101, 80)
    """
    return mel_spectrogram(samples, sample_rate=GATE_SAMPLE_RATE, **GATE_MEL.mel_parameters)


def gate_mel_stream() -> FrameStream:
    """Begin the mel power that the speech gate reads, of audio at GATE_SAMPLE_RATE."""
    return LogMelStream((GATE_MEL,), GATE_SAMPLE_RATE)


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
        self.mel = np.empty((0, BANDS), dtype=np.float32)
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
        for start, end in (find_runs(speech) + self.answered).tolist():
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
