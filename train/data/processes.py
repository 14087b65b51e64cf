"""Work on several processes, such that one that fails or dies ends all of it with one sentence.

No process outlives the one that started it: each watches a pipe that only that one holds open, and
ends when it is closed, by its death or because somebody pressed Ctrl-C.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

from tqdm import tqdm

from ser_core.errors import SpeechEmotionError

Result = TypeVar("Result")

FEW = 64  # calls, for which starting processes takes longer than making them


class WorkerError(SpeechEmotionError, RuntimeError):
    """A process ended in the middle of its work: it was killed, or crashed."""


def run_in_processes(
    function: Callable[..., Result],
    calls: Sequence[tuple[Any, ...]],
    *,
    jobs: int,
    names: Sequence[str] | None = None,
    chunk: int = 1,
    fresh: bool = False,
    description: str | None = None,
) -> list[Result]:
    """Call a function many times, on several processes.

    The first call that fails ends the work: no other one is begun, and its error is raised.

    Args:
        function: of a module, so that another process finds it.
        calls: the arguments of each call.
        jobs: int > 0, processes; with one, calls are made here unless `fresh`.
        names: what each call works on, for the message when its process dies.
        chunk: int > 0, calls that a process takes at a time, such that neighbours share a cache.
        fresh: whether each chunk wants a process of its own, as TensorFlow's thread counts do;
            without, FEW calls are made in this process.
        description: str, what the progress bar says; None for no bar.

    Returns:
        What each call gave, in order.

    Raises:
        WorkerError: a process died.
        Exception: whatever a call raised.
    """
    labels = names if names is not None else [str(number) for number in range(1, len(calls) + 1)]
    with tqdm(total=len(calls), desc=description, disable=description is None) as bar:
        if not fresh and (jobs == 1 or len(calls) < FEW):
            results = []
            for call in calls:
                results.append(function(*call))
                bar.update()
            return results
        return _run_chunks(function, calls, labels, jobs, chunk, fresh, bar)


def _run_chunks(
    function: Callable[..., Result],
    calls: Sequence[tuple[Any, ...]],
    labels: Sequence[str],
    jobs: int,
    chunk: int,
    fresh: bool,
    bar: "tqdm[Any]",
) -> list[Result]:
    starts = range(0, len(calls), chunk)
    context = _context(fresh, function.__module__)
    reader, writer = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        min(jobs, max(1, len(starts))),
        mp_context=context,
        initializer=_end_with_parent,
        initargs=(reader,),
        max_tasks_per_child=1 if fresh else None,
    )
    # The pipe is closed last, but for Ctrl-C, which does not wait for what is under way.
    with closing(reader), closing(writer), pool:
        tasks: dict[Future[list[Result]], int] = {}
        try:
            for start in starts:
                tasks[pool.submit(_call_each, function, calls[start : start + chunk])] = start
            for task in as_completed(tasks):
                bar.update(len(task.result()))
        except BrokenProcessPool as error:
            # Tasks are begun in order, so these are among the first that are not done.
            lost = [start for task, start in tasks.items() if not _has_ended(task)][:jobs]
            suspects = [label for start in lost for label in labels[start : start + chunk][:3]]
            raise WorkerError(
                f"A process died while it worked on {' or '.join(suspects)}: look for what is odd "
                "about it, and whether the memory ran out."
            ) from error
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if not isinstance(error, Exception):
                writer.close()
            raise
        return [result for task in tasks for result in task.result()]


def _end_with_parent(pipe: "Connection[Any, Any]") -> None:
    """Let this process end when the pipe is closed, and leave Ctrl-C to the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Its own lock is one among processes, and complained of where one ends without giving it back.
    tqdm.set_lock(threading.RLock())

    def watch() -> None:
        wait([pipe])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _context(fresh: bool, module: str) -> BaseContext:
    # A fork of this process would take TensorFlow's locks along. The fork server holds none: it
    # imports TensorFlow, which takes seconds, and never runs it.
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    if fresh:
        # And what the function's module imports, which each process would for itself.
        context.set_forkserver_preload(["keras", module])
    with _undisturbed():
        forkserver.ensure_running()
    return context


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep Ctrl-C from processes that are started meanwhile, and from theirs, for good."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _call_each(function: Callable[..., Result], calls: Sequence[tuple[Any, ...]]) -> list[Result]:
    return [function(*call) for call in calls]


def _has_ended(task: "Future[Any]") -> bool:
    return task.done() and not isinstance(task.exception(), BrokenProcessPool)
