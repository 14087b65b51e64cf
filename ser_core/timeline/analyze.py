"""Analyse a recording of any length block by block; see `EmotionRecognizer.analyze`."""

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import numpy as np

from ..audio.audio_input import AudioInput, plain_audio
from ..audio.channel_levels import measure_levels
from ..audio.channels import Channels, check_channels, read_channels
from ..audio.crosstalk import find_crosstalk, silence_crosstalk
from ..audio.load import read_blocks
from ..audio.source import make_seekable
from ..config.feature_config import FeatureConfig
from ..errors import AnalysisCancelledError, ArgumentError, TruncatedAudioError, check_number
from ..model.predictor import Predictor
from ..results import LabelSet, Result, SpeakerTurn
from ..speech.gate import HOP
from ..speech.turns import Speakers, check_speakers, find_turns
from .answering import AnsweredWindow, Answering, SummaryAnswering, WindowAnswering
from .builder import TimelineBuilder
from .in_order import usable_cores
from .recording_stream import RecordingStream
from .stretch_stream import StretchStream
from .timeline import SMOOTHINGS, EmotionTimeline, Smoothing
from .windows import WindowStream

BLOCK_SECONDS = 10.0  # [s] decoded between two looks at progress and cancellation
MOST_THREADS = 4
# What a timeline notes of a recording with several channels that "auto" was asked for.
APART = "Its two channels hold a speaker each, so each was analysed on its own."
MIXED = "Its channels do not hold a speaker each, so they were mixed."
LOOK = 0.1  # of the work is a first reading that measures the channels' levels


@dataclass(frozen=True, eq=False, repr=False)
class AnalysisProgress(Result):
    """How far the analysis of a recording is.

    Attributes:
        seconds: float [s], of the recording so far.
        fraction: float in [0, 1], of its bytes.
        elapsed: float [s], since the analysis began.
    """

    seconds: float
    fraction: float
    elapsed: float

    @property
    def remaining(self) -> float | None:
        """Time left at this rate [s]; None before the first progress."""
        if self.fraction <= 0.0:
            return None
        return self.elapsed * (1.0 - self.fraction) / self.fraction


class ChannelAnalysis:
    """One channel's way, or that of the mix, from samples to answered windows."""

    def __init__(
        self, predictor: Predictor, window: float, hop: float, *, threads: int, voices: bool
    ) -> None:
        """Choose the way by the kind of the network.

        Args:
            predictor: Predictor.
            window, hop: float [s], of the windows.
            threads: int > 0.
            voices: whether to keep what the voices sound like.
        """
        config = predictor.config
        self.stream: RecordingStream[Any]
        self.answering: Answering[Any]
        if config.outputs.frames is None:
            self.stream = WindowStream(config, window, hop, voices=voices)
            self.answering = WindowAnswering(predictor, threads)
        else:
            self.stream = stretches = StretchStream(config, window, hop, voices=voices)
            self.answering = SummaryAnswering(predictor, threads, stretches.grid)

    def push(self, samples: np.ndarray) -> Iterator[AnsweredWindow]:
        """Take the next samples, (n,), and give the windows that are answered."""
        return self.answering.put(self.stream.push(samples))

    def finish(self) -> Iterator[AnsweredWindow]:
        """End the recording, and give the windows that are left."""
        yield from self.answering.put(self.stream.finish())
        yield from self.answering.finish()

    def close(self) -> None:
        """Drop what has not been begun."""
        self.answering.close()

    @property
    def speech(self) -> list[tuple[float, float]]:
        """(start, end) of each stretch of speech [s], at the recording's end."""
        seconds = self.stream.seconds
        stretches = [
            (first * HOP, min(last * HOP, seconds)) for first, last in self.stream.speech.segments
        ]
        return [stretch for stretch in stretches if stretch[1] > stretch[0]]


class _Watch:
    """Passes on how far an analysis is, and asks whether it is to go on."""

    def __init__(
        self,
        progress: Callable[[AnalysisProgress], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.progress, self.cancelled = progress, cancelled
        self.started = time.monotonic()
        self.done = 0.0  # of the work
        self.first, self.share = 0.0, 1.0  # of the work, before this reading, and in it

    def read(self, fraction: float) -> None:
        """Take that so much of the recording's bytes is read."""
        self.done = max(self.done, self.first + self.share * fraction)

    def report(self, seconds: float) -> None:
        """Say so, and raise AnalysisCancelledError where it is cancelled."""
        if self.progress is not None:
            elapsed = time.monotonic() - self.started
            self.progress(AnalysisProgress(seconds, self.done, elapsed))
        if self.cancelled is not None and self.cancelled():
            raise AnalysisCancelledError(
                f"The analysis was cancelled after {seconds:.0f} s of the recording."
            )


def usual_hop(config: FeatureConfig, window: float) -> float:
    """Give the distance of two windows' starts [s] where none is asked for; `window` is in s."""
    return min(config.sequence * config.hop, window)


def analyze(
    predictor: Predictor,
    audio: AudioInput,
    *,
    window: float | None,
    hop: float | None,
    smoothing: Smoothing,
    speakers: Speakers,
    channels: Channels,
    max_seconds: float | None,
    threads: int | None,
    progress: Callable[[AnalysisProgress], None] | None,
    cancelled: Callable[[], bool] | None,
    labels: LabelSet | None = None,
) -> EmotionTimeline:
    """See `EmotionRecognizer.analyze`; `predictor` answers the windows, in its own labels."""
    config = predictor.config
    window = config.input_seconds if window is None else window
    threads = min(usable_cores(), MOST_THREADS) if threads is None else threads
    check_number("window", window, least=0.1, most=600.0, unit="s")
    hop = usual_hop(config, window) if hop is None else hop
    check_number("hop", hop, least=0.01, most=window, unit="s, the window's length")
    check_number("threads", threads, least=1, whole=True)
    if smoothing not in SMOOTHINGS:
        raise ArgumentError(
            f"smoothing must be one of {', '.join(SMOOTHINGS)}, got {smoothing!r:.60}."
        )
    check_speakers(speakers)
    check_channels(channels)
    if channels == "separate" and speakers is not None:
        raise ArgumentError(
            f"speakers is for channels that are mixed, and got {speakers!r:.60} with channels "
            "'separate', where each channel is a speaker: leave one of the two out."
        )
    watch = _Watch(progress, cancelled)
    notes: list[str] = []
    blocks, apart = _open_blocks(audio, channels, config.sample_rate, max_seconds, watch, notes)
    builder = TimelineBuilder(config, window=window, hop=hop, smoothing=smoothing, labels=labels)
    every: list[ChannelAnalysis] = []
    truncated, seconds = None, 0.0
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.closing(blocks))
        try:
            for block in blocks:  # (n, channels)
                while len(every) < block.shape[1]:
                    voices = speakers is not None and not apart
                    one = ChannelAnalysis(predictor, window, hop, threads=threads, voices=voices)
                    every.append(stack.enter_context(contextlib.closing(one)))
                for number, channel in enumerate(every):
                    for answered in channel.push(np.ascontiguousarray(block[:, number])):
                        builder.add(*answered, number)
                seconds = every[0].stream.seconds
                watch.report(seconds)
        except TruncatedAudioError as error:
            if not every:
                raise
            truncated = str(error)
        for number, channel in enumerate(every):
            for answered in channel.finish():
                builder.add(*answered, number)
    watch.read(1.0)
    watch.report(seconds)
    speech = [channel.speech for channel in every]
    if apart:
        return builder.build_channels(seconds, speech, truncated, notes)
    turns: list[SpeakerTurn] | None = None
    if speakers is not None and (voice := every[0].stream.voices) is not None:
        turns = find_turns(*voice.arrays(), speakers, seconds)
    return builder.build(seconds, speech[0], truncated, turns, notes)


def _open_blocks(
    audio: AudioInput,
    channels: Channels,
    rate: int,
    max_seconds: float | None,
    watch: _Watch,
    notes: list[str],
) -> tuple[Generator[np.ndarray], bool]:
    """Open a recording as it is to be analysed, after a first reading where that is needed.

    Returns:
        Blocks of shape (n, 1), or (n, channels) where each is analysed on its own; and whether it
        is.
    """
    settings: dict[str, Any] = {
        "sample_rate": rate,
        "block_seconds": BLOCK_SECONDS,
        "max_seconds": max_seconds,
        "on_read": watch.read,
        "on_note": notes.append,
    }
    if channels == "mix":
        return _as_column(read_blocks(audio, **settings)), False
    audio = plain_audio(audio)
    if hasattr(audio, "read"):  # what cannot go back to its start could not be read again
        audio = make_seekable(cast(BinaryIO, audio))
    watch.share = LOOK
    levels = measure_levels(
        audio, max_seconds=max_seconds, on_read=watch.read, on_block=lambda: watch.report(0.0)
    )
    watch.first, watch.share = LOOK, 1.0 - LOOK
    if channels == "auto" and levels is not None:
        notes.append(APART if levels.holds_a_speaker_each else MIXED)
    if channels == "auto" and (levels is None or not levels.holds_a_speaker_each):
        return _as_column(read_blocks(audio, **settings)), False
    blocks = read_channels(audio, **settings)
    if levels is None:
        return blocks, True
    return silence_crosstalk(blocks, find_crosstalk(levels), levels.seconds, rate), True


def _as_column(blocks: Generator[np.ndarray]) -> Generator[np.ndarray]:
    """Give mono blocks the shape (n, 1)."""
    with contextlib.closing(blocks):
        for block in blocks:
            yield block[:, np.newaxis]
