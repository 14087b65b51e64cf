"""Work on a recording's pieces on several threads, and give the results in order."""

import contextlib
import math
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Generic, TypeVar

from ..audio.forks import process_id, reset_after_fork

PENDING = 4  # tasks in flight a thread: enough to keep it busy, few enough to bound memory

Item = TypeVar("Item")
Result = TypeVar("Result")

_executors: dict[int, ThreadPoolExecutor] = {}
_lock = threading.Lock()


class InOrder(Generic[Item, Result]):
    """Works on items on several threads, and gives each with its result, in order."""

    def __init__(
        self, work: Callable[[list[Item]], list[Result]], threads: int, *, items: int
    ) -> None:
        """Begin.

        Args:
            work: makes a result of each of some items; called on any thread.
            threads: int > 0; with one, all is done by who asks.
            items: int > 0, that a thread works on in one go.
        """
        self._work, self._threads, self._items = work, threads, items
        self._owner = process_id()
        self._waiting: list[Item] = []
        self._tasks: deque[tuple[list[Item], Future[list[Result]]]] = deque()

    def put(self, items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        """Take items, and give back those that are done."""
        for item in items:
            self._waiting.append(item)
            if len(self._waiting) == self._items:
                yield from self._start()

    def finish(self) -> Iterator[tuple[Item, Result]]:
        """Give back all that are left."""
        if self._tasks and self._waiting:
            yield from self._start()
        elif self._waiting:  # a short recording is not worth another thread
            yield from self._work_here()
        while self._tasks:
            yield from self._next()

    def close(self) -> None:
        """Drop what has not been begun."""
        self._begin_again_after_fork()
        for _, task in self._tasks:
            task.cancel()

    def _start(self) -> Iterator[tuple[Item, Result]]:
        if self._threads == 1:
            yield from self._work_here()
            return
        self._begin_again_after_fork()
        items, self._waiting = self._waiting, []
        self._tasks.append((items, _executor(self._threads).submit(self._work, items)))
        most = PENDING * self._threads
        while len(self._tasks) > most or (self._tasks and self._tasks[0][1].done()):
            yield from self._next()

    def _work_here(self) -> Iterator[tuple[Item, Result]]:
        items, self._waiting = self._waiting, []
        yield from zip(items, self._work(items), strict=True)

    def _next(self) -> Iterator[tuple[Item, Result]]:
        self._begin_again_after_fork()
        items, task = self._tasks.popleft()
        yield from zip(items, task.result(), strict=True)

    def _begin_again_after_fork(self) -> None:
        """Give all tasks to threads of this process: those that had them are its parent's."""
        if self._owner == process_id():
            return
        self._owner = process_id()
        executor = _executor(self._threads)
        self._tasks = deque((items, executor.submit(self._work, items)) for items, _ in self._tasks)


def _executor(threads: int) -> ThreadPoolExecutor:
    """The process's threads for answering: kept, as each holds an interpreter of its own."""
    with _lock:
        if threads not in _executors:
            _executors[threads] = ThreadPoolExecutor(threads, thread_name_prefix="answering")
        return _executors[threads]


@reset_after_fork
def _drop_executors() -> None:
    """Forget the threads in a process that was forked: they are those of its parent."""
    global _lock
    _lock = threading.Lock()
    _executors.clear()


def usable_cores() -> int:
    """Return how many cores this process may use: its affinity, and its container's quota."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        cores = min(cores, math.ceil(int(quota) / int(period)))
    return max(1, cores)
