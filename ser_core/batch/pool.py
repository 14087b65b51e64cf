"""Worker processes with one thread each, which may die or hang without harm to the run.

    with WorkerPool(directory, "files", count=2) as pool:
        for recording, rows in pool.answer(recordings):
            ...

`concurrent.futures` cannot say which file killed a process, nor stop one that hangs; here every
recording is reported on its own, so the blame is exact and the others go on.
"""

import os
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple
from multiprocessing.connection import wait
from os import PathLike
from typing import Any

from ser_core.audio.channels import Channels
from ser_core.audio.child_process import ChildProcess
from ser_core.errors import BatchError

from .recordings import Recording
from .rows import Row, RowKind, error_row

TIMEOUT = 900.0  # [s] for one recording; a day of audio takes a few minutes
MAX_DEATHS = 2  # deaths of a worker at the same recording that make it a row with an error
_START_TIMEOUT = 60.0  # [s] at least, to load the model on a machine that is busy with others
_MAX_FAILED_STARTS = 3  # in a row

_LONGEST_LOOK = 1.0  # [s] at the workers before the clock is looked at

# A worker has the next recordings at hand when it is done with one; few, so that all end together.
_AHEAD = 8
_AHEAD_BYTES = 8_000_000

_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    # glibc gives every recording's arrays back to the kernel and asks for them again: 1,000 page
    # faults and a quarter of the time of a 3-s clip, unless it is told to keep them.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
}


class WorkerPool:
    """A fixed number of processes that hold the model. Not safe to share between threads."""

    def __init__(
        self,
        model: str | PathLike[str] | Mapping[str, bytes],
        kind: RowKind,
        *,
        count: int,
        timeout: float = TIMEOUT,
        channels: Channels = "mix",
        wanted: Mapping[str, Any] | None = None,
        annotations: Mapping[str, Any] | None = None,
    ) -> None:
        """Start the processes; they load the model meanwhile.

        Args:
            model: its folder, or the contents of its files by name.
            kind: which rows to make.
            count: int > 0, how many processes.
            timeout: float > 0 [s], after which a recording is given up.
            channels, wanted: as for `answer_recording`; `wanted` holds what JSON does.
            annotations: an AnnotationFiles' attributes; None for no such files.
        """
        files = model if isinstance(model, Mapping) else {}
        folder = None if isinstance(model, Mapping) else os.fspath(model)
        sizes = [(name, len(content)) for name, content in files.items()]
        setup = {
            "model": folder,
            "files": sizes,
            "rows": kind,
            "channels": channels,
            "wanted": wanted,
            "annotations": annotations,
        }
        self._setup = setup, b"".join(files.values())
        self._timeout = timeout
        self._failed_starts = 0
        self._workers: list[_Worker] = []
        try:
            for _ in range(count):
                self._workers.append(_Worker(*self._setup))
        except BaseException:  # no descriptors left, or Ctrl-C
            self.__exit__()
            raise

    @property
    def process_ids(self) -> list[int]:
        """The processes' ids."""
        return [worker.process.pid for worker in self._workers]

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *exc_info: object) -> None:
        for worker in self._workers:
            worker.stop()

    def answer(self, recordings: Iterable[Recording]) -> Iterator[tuple[Recording, list[Row]]]:
        """Answer recordings, in whichever order they get done.

        Args:
            recordings: read only as far as workers have room.

        Yields:
            Each recording with its rows. One that killed its worker twice or took longer than the
            timeout has a row with an error.

        Raises:
            BatchError: workers cannot even load the model.
        """
        source = iter(recordings)
        again: deque[Recording] = deque()
        deaths: Counter[str] = Counter()
        while self._hand_out(source, again):
            for worker in self._with_message():
                try:
                    answered = worker.receive()
                except EOFError:
                    yield from self._bury(worker, again, deaths)
                else:
                    if answered is not None:
                        yield answered
            for worker in self._overdue():
                yield from self._give_up(worker, again)

    def _hand_out(self, source: Iterator[Recording], again: deque[Recording]) -> bool:
        """Give every worker work, in turns; returns whether any answer is still to come."""
        hungry = deque(self._workers)
        while hungry:
            worker = hungry.popleft()
            if not worker.has_room:
                continue
            recording = again.popleft() if again else next(source, None)
            if recording is None:
                break
            worker.give(recording)
            hungry.append(worker)
        return any(worker.waiting for worker in self._workers)

    def _with_message(self) -> list["_Worker"]:
        awaited = [worker for worker in self._workers if worker.is_awaited]
        ready = wait([worker.process.fileno() for worker in awaited], timeout=_LONGEST_LOOK)
        return [worker for worker in awaited if worker.process.fileno() in ready]

    def _overdue(self) -> list["_Worker"]:
        now, start = time.monotonic(), max(self._timeout, _START_TIMEOUT)
        return [
            worker
            for worker in self._workers
            if worker.waiting and now - worker.since > (self._timeout if worker.is_ready else start)
        ]

    def _bury(
        self, worker: "_Worker", again: deque[Recording], deaths: Counter[str]
    ) -> Iterator[tuple[Recording, list[Row]]]:
        """Replace a worker that died; the recording it was at is tried once more."""
        status, was_ready, waiting = worker.stop(), worker.is_ready, worker.waiting
        if not was_ready:
            self._failed_starts += 1
            if self._failed_starts >= _MAX_FAILED_STARTS:
                raise BatchError(
                    f"Workers end before they have loaded the model (status {status}: "
                    f"{worker.last_complaint or 'no reason given'}); free memory, or use fewer "
                    "--workers."
                )
        self._replace(worker)
        if was_ready:
            self._failed_starts = 0
            guilty = waiting[0]
            deaths[guilty.path] += 1
            if deaths[guilty.path] >= MAX_DEATHS:
                waiting.popleft()
                yield (
                    guilty,
                    [
                        error_row(
                            f"{guilty.path} ended the process that read it, {MAX_DEATHS} times "
                            f"(status {status}); convert it to WAV, or give workers more memory."
                        )
                    ],
                )
        again.extendleft(reversed(waiting))

    def _give_up(
        self, worker: "_Worker", again: deque[Recording]
    ) -> Iterator[tuple[Recording, list[Row]]]:
        """Stop a worker that hangs; its recording is not tried again."""
        if not worker.is_ready:
            yield from self._bury(worker, again, Counter())
            return
        worker.stop()
        stuck = worker.waiting.popleft()
        again.extendleft(reversed(worker.waiting))
        self._replace(worker)
        yield (
            stuck,
            [
                error_row(
                    f"{stuck.path} took longer than {self._timeout:g} s and was given up; convert "
                    "it to WAV, or raise --timeout and start again with --retry-errors."
                )
            ],
        )

    def _replace(self, worker: "_Worker") -> None:
        self._workers[self._workers.index(worker)] = _Worker(*self._setup)


class _Worker:
    """One process, and the recordings it was given and has not answered.

    Attributes:
        process: ChildProcess.
        waiting: deque of Recording, the first one being worked on.
        is_ready: bool, whether the model is loaded.
        since: float [s], monotonic time at which it began with the first one.
    """

    def __init__(self, setup: dict[str, Any], contents: bytes) -> None:
        self.waiting: deque[Recording] = deque()
        self.is_ready = False
        self.since = time.monotonic()
        # Decoders complain there; it must not tear the progress bar.
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = ChildProcess(
            "ser_core.batch.worker", environment=_ENVIRONMENT, complaints=self._complaints
        )
        self.process.send(setup, contents)

    @property
    def is_awaited(self) -> bool:
        """Whether a message of it is still to come."""
        return bool(self.waiting) or not self.is_ready

    @property
    def has_room(self) -> bool:
        """Whether it should get another recording."""
        sizes = [_AHEAD_BYTES if r.size is None else r.size for r in self.waiting]
        return not sizes or (len(sizes) < _AHEAD and sum(sizes) < _AHEAD_BYTES)

    def give(self, recording: Recording) -> None:
        """Send a recording; a process that is dead is noticed when it should answer."""
        if not self.waiting:
            self.since = time.monotonic()
        self.waiting.append(recording)
        self.process.send(astuple(recording))

    def receive(self) -> tuple[Recording, list[Row]] | None:
        """Return an answer; None when the process says that it is ready.

        Raises:
            EOFError: the process is gone.
        """
        rows, _ = self.process.receive()
        self.since = time.monotonic()
        if rows is None:
            self.is_ready = True
            return None
        return self.waiting.popleft(), rows

    def stop(self) -> int:
        """End the process, whatever it does, and return its exit status."""
        return self.process.end()

    @property
    def last_complaint(self) -> str:
        """The last line it wrote to its error output."""
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""
