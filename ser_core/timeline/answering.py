"""Answer the windows of a recording on several threads, in order."""

import contextlib
import math
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ..model.pooling import Pooled, select_rows
from ..model.predictor import Predictor
from .windows import Window

TASK = 16  # windows that a thread answers in one go
PENDING = 4  # tasks in flight a thread: enough to keep it busy, few enough to bound memory

AnsweredWindow = tuple[Window, Pooled | None]

_executors: dict[int, ThreadPoolExecutor] = {}
_lock = threading.Lock()


class Answering:
    """Answers windows on several threads, and gives them back in order."""

    def __init__(self, predictor: Predictor, threads: int) -> None:
        self.predictor, self.threads = predictor, threads
        self._waiting: list[Window] = []
        self._tasks: deque[tuple[list[Window], Future[list[Pooled | None]]]] = deque()

    def answer(self, windows: list[Window]) -> list[Pooled | None]:
        """Give each window's answer, pooled over its inputs; None for one without inputs."""
        inputs = [window.inputs for window in windows if window.inputs is not None]
        if not inputs:
            return [None] * len(windows)
        owners = np.repeat(np.arange(len(inputs)), [len(own) for own in inputs])
        given = self.predictor.run(np.concatenate(inputs))
        pooled = [
            self.predictor.pool(select_rows(given, owners == index)) for index in range(len(inputs))
        ]
        answers = iter(pooled)
        return [None if window.inputs is None else next(answers) for window in windows]

    def put(self, windows: Iterable[Window]) -> Iterator[AnsweredWindow]:
        """Take windows, and give back those that are answered."""
        for window in windows:
            self._waiting.append(window)
            if len(self._waiting) == TASK:
                yield from self._start()

    def finish(self) -> Iterator[AnsweredWindow]:
        """Give back all windows that are left."""
        if self._tasks:
            yield from self._start()
        else:  # a short recording is not worth another thread
            yield from self._answer_waiting()
        while self._tasks:
            yield from self._next()

    def close(self) -> None:
        """Drop what has not been begun."""
        for _, task in self._tasks:
            task.cancel()

    def _start(self) -> Iterator[AnsweredWindow]:
        if self.threads == 1:
            yield from self._answer_waiting()
            return
        windows, self._waiting = self._waiting, []
        self._tasks.append((windows, _executor(self.threads).submit(self.answer, windows)))
        most = PENDING * self.threads
        while len(self._tasks) > most or (self._tasks and self._tasks[0][1].done()):
            yield from self._next()

    def _answer_waiting(self) -> Iterator[AnsweredWindow]:
        windows, self._waiting = self._waiting, []
        yield from zip(windows, self.answer(windows), strict=True)

    def _next(self) -> Iterator[AnsweredWindow]:
        windows, task = self._tasks.popleft()
        yield from zip(windows, task.result(), strict=True)


def _executor(threads: int) -> ThreadPoolExecutor:
    """The process's threads for answering: kept, as each holds an interpreter of its own."""
    with _lock:
        if threads not in _executors:
            _executors[threads] = ThreadPoolExecutor(threads, thread_name_prefix="answering")
        return _executors[threads]


def _drop_executors() -> None:
    """Forget the threads in a process that was forked: they are those of its parent."""
    global _lock
    _lock = threading.Lock()
    _executors.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_executors)


def usable_cores() -> int:
    """Return how many cores this process may use: its affinity, and its container's quota."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        cores = min(cores, math.ceil(int(quota) / int(period)))
    return max(1, cores)
