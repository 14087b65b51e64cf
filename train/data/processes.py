"""Work on several processes, such that one that fails or dies ends all of it with one sentence."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
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
    pool = ProcessPoolExecutor(
        min(jobs, max(1, len(starts))),
        mp_context=_context(fresh),
        max_tasks_per_child=1 if fresh else None,
    )
    with pool:
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
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [result for task in tasks for result in task.result()]


def _context(fresh: bool) -> BaseContext:
    # A fork of this process would take TensorFlow's locks along. The fork server holds none: it
    # imports TensorFlow, which takes seconds, and never runs it.
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    if fresh:
        context.set_forkserver_preload(["keras"])
    return context


def _call_each(function: Callable[..., Result], calls: Sequence[tuple[Any, ...]]) -> list[Result]:
    return [function(*call) for call in calls]


def _has_ended(task: "Future[Any]") -> bool:
    return task.done() and not isinstance(task.exception(), BrokenProcessPool)
