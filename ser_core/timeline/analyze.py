"""Analyse a recording of any length block by block; see `EmotionRecognizer.analyze`."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..audio.load import AudioInput, read_blocks
from ..errors import AnalysisCancelledError, ArgumentError, TruncatedAudioError, check_number
from ..model.predictor import Predictor
from ..results import Result, SpeakerTurn
from ..speech.gate import HOP
from ..speech.turns import Speakers, check_speakers, find_turns
from .answering import Answering, SummaryAnswering, WindowAnswering
from .builder import TimelineBuilder
from .in_order import usable_cores
from .recording_stream import RecordingStream
from .stretch_stream import StretchStream
from .timeline import SMOOTHINGS, EmotionTimeline, Smoothing
from .windows import WindowStream

BLOCK_SECONDS = 10.0  # [s] decoded between two looks at progress and cancellation
MOST_THREADS = 4


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


def open_streams(
    predictor: Predictor, window: float, hop: float, *, threads: int, voices: bool
) -> tuple[RecordingStream[Any], Answering[Any]]:
    """Choose what a recording goes through piece by piece, by the kind of the network.

    Args:
        predictor: Predictor.
        window, hop: float [s], of the windows.
        threads: int > 0.
        voices: whether to keep what the voices sound like.

    Returns:
        What takes samples, and what takes that stream's items and gives answered windows.
    """
    config = predictor.config
    if config.outputs.frames is None:
        windows = WindowStream(config, window, hop, voices=voices)
        return windows, WindowAnswering(predictor, threads)
    stretches = StretchStream(config, window, hop, voices=voices)
    return stretches, SummaryAnswering(predictor, threads, stretches.grid)


def analyze(
    predictor: Predictor,
    audio: AudioInput,
    *,
    window: float | None,
    hop: float | None,
    smoothing: Smoothing,
    speakers: Speakers,
    max_seconds: float | None,
    threads: int | None,
    progress: Callable[[AnalysisProgress], None] | None,
    cancelled: Callable[[], bool] | None,
) -> EmotionTimeline:
    """See `EmotionRecognizer.analyze`; `predictor` answers the windows."""
    config = predictor.config
    window = config.input_seconds if window is None else window
    threads = min(usable_cores(), MOST_THREADS) if threads is None else threads
    check_number("window", window, least=0.1, most=600.0, unit="s")
    hop = min(config.sequence * config.hop, window) if hop is None else hop
    check_number("hop", hop, least=0.01, most=window, unit="s, the window's length")
    check_number("threads", threads, least=1, whole=True)
    if smoothing not in SMOOTHINGS:
        raise ArgumentError(
            f"smoothing must be one of {', '.join(SMOOTHINGS)}, got {smoothing!r:.60}."
        )
    check_speakers(speakers)
    started = time.monotonic()
    done = 0.0  # of the recording's bytes

    def on_read(fraction: float) -> None:
        nonlocal done
        done = max(done, fraction)

    def report(seconds: float) -> None:
        if progress is not None:
            progress(AnalysisProgress(seconds, done, time.monotonic() - started))
        if cancelled is not None and cancelled():
            raise AnalysisCancelledError(
                f"The analysis was cancelled after {seconds:.0f} s of the recording."
            )

    stream, answering = open_streams(
        predictor, window, hop, threads=threads, voices=speakers is not None
    )
    builder = TimelineBuilder(config, window=window, hop=hop, smoothing=smoothing)
    truncated = None
    notes: list[str] = []
    blocks = read_blocks(
        audio,
        sample_rate=config.sample_rate,
        block_seconds=BLOCK_SECONDS,
        max_seconds=max_seconds,
        on_read=on_read,
        on_note=notes.append,
    )
    with contextlib.closing(blocks), contextlib.closing(answering):
        try:
            for samples in blocks:
                for answered in answering.put(stream.push(samples)):
                    builder.add(*answered)
                report(stream.seconds)
        except TruncatedAudioError as error:
            if stream.seconds == 0.0:
                raise
            truncated = str(error)
        for answered in answering.put(stream.finish()):
            builder.add(*answered)
        for answered in answering.finish():
            builder.add(*answered)
    done = 1.0
    report(stream.seconds)
    speech = [
        (first * HOP, min(last * HOP, stream.seconds)) for first, last in stream.speech.segments
    ]
    speech = [stretch for stretch in speech if stretch[1] > stretch[0]]
    turns: list[SpeakerTurn] | None = None
    if speakers is not None and stream.voices is not None:
        turns = find_turns(*stream.voices.arrays(), speakers, stream.seconds)
    return builder.build(stream.seconds, speech, truncated, turns, notes)
