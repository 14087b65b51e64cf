"""Analyse a recording of any length block by block; see `EmotionRecognizer.analyze`."""

import contextlib
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audio.load import AudioInput, read_blocks
from ..config.feature_config import FeatureConfig
from ..errors import AnalysisCancelledError, TruncatedAudioError
from ..model.pooling import Answers, Pooled, pool_answers
from ..model.runtime import Runtime
from ..speech.gate import HOP
from ..speech.turns import Speakers, SpeakerTurn, check_speakers, find_turns
from .timeline import SMOOTHINGS, EmotionTimeline, Smoothing, TimelineBuilder
from .windows import Window, WindowStream

BLOCK_SECONDS = 10.0  # [s] decoded between two looks at progress and cancellation
TASK = 16  # windows that a thread answers in one go
PENDING = 4  # tasks in flight a thread: enough to keep it busy, few enough to bound memory
MOST_THREADS = 4


@dataclass(frozen=True)
class AnalysisProgress:
    """How far the analysis of a recording is.

    Attributes:
        seconds: float [s], of the recording so far.
        fraction: float in [0, 1], of its bytes.
        elapsed: float [s], since the analysis began.
        remaining: float [s], still to go at this rate; None as long as nothing can be said.
    """

    seconds: float
    fraction: float
    elapsed: float

    @property
    def remaining(self) -> float | None:
        if self.fraction <= 0.0:
            return None
        return self.elapsed * (1.0 - self.fraction) / self.fraction


class Answering:
    """Answers windows on several threads, and gives them back in order."""

    def __init__(
        self,
        config: FeatureConfig,
        runtime: Runtime,
        threads: int,
        offset: np.ndarray | None = None,
    ) -> None:
        self.config, self.runtime, self.threads, self.offset = config, runtime, threads, offset
        self.waiting: list[Window] = []
        self.tasks: deque[tuple[list[Window], Future]] = deque()

    def answer(self, windows: list[Window]) -> list[Pooled | None]:
        """Give each window's answer, pooled over its inputs, or None without speech."""
        heard = [window.inputs for window in windows if window.inputs is not None]
        if not heard:
            return [None] * len(windows)
        owners = np.repeat(np.arange(len(heard)), [len(inputs) for inputs in heard])
        probabilities, intensity = self.runtime.run(np.concatenate(heard))
        pooled = []
        for i in range(len(heard)):
            own = owners == i
            strengths = None if intensity is None else intensity[own]
            answers = Answers(probabilities[own], strengths)
            pooled.append(pool_answers(answers, self.config, self.offset))
        given = iter(pooled)
        return [None if window.inputs is None else next(given) for window in windows]

    def put(
        self, windows: Iterator[Window], *, last: bool = False
    ) -> Iterator[tuple[Window, Pooled | None]]:
        """Take windows, and give back those that are answered; with `last`, all of them."""
        for window in windows:
            self.waiting.append(window)
            if len(self.waiting) == TASK:
                yield from self._start()
        if last:
            if not self.tasks:  # a short recording is not worth another thread
                windows, self.waiting = self.waiting, []
                yield from zip(windows, self.answer(windows), strict=True)
            else:
                yield from self._start()
            while self.tasks:
                yield from self._next()

    def _start(self) -> Iterator[tuple[Window, Pooled | None]]:
        windows, self.waiting = self.waiting, []
        if self.threads == 1:
            yield from zip(windows, self.answer(windows), strict=True)
            return
        self.tasks.append((windows, executor(self.threads).submit(self.answer, windows)))
        while len(self.tasks) > PENDING * self.threads or (self.tasks and self.tasks[0][1].done()):
            yield from self._next()

    def _next(self) -> Iterator[tuple[Window, Pooled | None]]:
        windows, task = self.tasks.popleft()
        yield from zip(windows, task.result(), strict=True)

    def close(self) -> None:
        """Drop what has not been begun."""
        for _, task in self.tasks:
            task.cancel()


_executors: dict[int, ThreadPoolExecutor] = {}
_lock = threading.Lock()


def executor(threads: int) -> ThreadPoolExecutor:
    """The process's threads for answering: kept, as each holds an interpreter of its own."""
    with _lock:
        if threads not in _executors:
            _executors[threads] = ThreadPoolExecutor(threads, thread_name_prefix="answering")
        return _executors[threads]


def usable_cores() -> int:
    """Return how many cores this process may use: its affinity, and its container's quota."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        cores = min(cores, math.ceil(int(quota) / int(period)))
    return max(1, cores)


def analyze(
    config: FeatureConfig,
    runtime: Runtime,
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
    offset: np.ndarray | None = None,
) -> EmotionTimeline:
    """See `EmotionRecognizer.analyze`; `offset` is that of `pool_answers`."""
    window = config.input_seconds if window is None else window
    hop = min(config.sequence * config.hop, window) if hop is None else hop
    threads = min(usable_cores(), MOST_THREADS) if threads is None else threads
    check(window, hop, smoothing, threads)
    check_speakers(speakers)
    started = time.monotonic()
    read = 0.0

    def on_read(fraction: float) -> None:
        nonlocal read
        read = max(read, fraction)

    def tell(seconds: float) -> None:
        if progress is not None:
            progress(AnalysisProgress(seconds, read, time.monotonic() - started))
        if cancelled is not None and cancelled():
            raise AnalysisCancelledError(
                f"The analysis was cancelled after {seconds:.0f} s of the recording."
            )

    stream = WindowStream(config, window, hop, voices=speakers is not None)
    builder = TimelineBuilder(config, window=window, hop=hop, smoothing=smoothing)
    answering = Answering(config, runtime, threads, offset)
    truncated = None
    blocks = read_blocks(
        audio,
        sample_rate=config.sample_rate,
        block_seconds=BLOCK_SECONDS,
        max_seconds=max_seconds,
        on_read=on_read,
    )
    with contextlib.closing(blocks), contextlib.closing(answering):
        try:
            for samples in blocks:
                for answered in answering.put(stream.push(samples)):
                    builder.add(*answered)
                tell(stream.seconds)
        except TruncatedAudioError as error:
            if stream.seconds == 0.0:
                raise
            truncated = str(error)
        for answered in answering.put(stream.finish(), last=True):
            builder.add(*answered)
    read = 1.0
    tell(stream.seconds)
    speech = [
        (first * HOP, min(last * HOP, stream.seconds)) for first, last in stream.speech.segments
    ]
    speech = [stretch for stretch in speech if stretch[1] > stretch[0]]
    turns: list[SpeakerTurn] | None = None
    if stream.voices is not None:
        turns = find_turns(*stream.voices.arrays(), speakers, stream.seconds)
    return builder.build(stream.seconds, speech, truncated, turns)


def check(window: float, hop: float, smoothing: str, threads: int) -> None:
    """Raise ValueError unless the arguments are in range."""
    if not 0.1 <= window <= 600.0:
        raise ValueError(f"window must be 0.1 to 600 s, got {window!r}")
    if not 0.01 <= hop <= window:
        raise ValueError(
            f"hop must be at least 0.01 s and at most the window's {window:g} s, got {hop!r}"
        )
    if smoothing not in SMOOTHINGS:
        raise ValueError(f"smoothing must be one of {', '.join(SMOOTHINGS)}, got {smoothing!r}")
    if threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads!r}")
