"""Measure `python -m ser_core.batch` on an archive: rate, cores, cost, and what Ray adds.

    python -m benchmarks.batch FOLDER          # whole commands, start-up included
    python -m benchmarks.batch FOLDER --ray    # and a Ray cluster of one node on this machine

Every figure is the median of --runs runs that take turns. Ray's start-up is taken off by running a
few recordings alone too; the same is done to the local engine that it is compared with.
"""

import argparse
import contextlib
import logging
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ser_core.batch import cluster, run
from ser_core.batch.recordings import find_recordings
from ser_core.timeline.in_order import usable_cores

ROOT = Path(__file__).parents[1]
RAY_RECORDINGS = 1_000
RAY_WARM_UP = 32  # recordings of the run that shows the start-up alone


def command_seconds(folder: Path, workers: int) -> float:
    """Run the whole command in a new process; returns its wall time [s]."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "results.csv"
        options = ("--out", out, "--workers", str(workers), "--quiet")
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "ser_core.batch", folder, *options],
            check=True,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return time.perf_counter() - started


def run_seconds(paths: list[str], engine: str, workers: int) -> float:
    """Answer recordings in this process; returns the wall time [s]."""
    with tempfile.TemporaryDirectory() as place:
        started = time.perf_counter()
        run(paths, Path(place) / "results.csv", engine=engine, workers=workers, progress=False)
        return time.perf_counter() - started


def in_turns(runs: int, **measures: Callable[[], float]) -> dict[str, float]:
    """Take measures in turns, so that a busy moment hits all of them; returns medians, and prints.

    Args:
        runs: int > 0, how often each is taken.
        **measures: functions that return seconds.
    """
    times: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(runs):
        for name, measure in measures.items():
            times[name].append(measure())
    for name, each in times.items():
        label = name.replace("_", " ")
        print(
            f"{label:<24} median {statistics.median(each):6.2f} s "
            f"({min(each):.2f} to {max(each):.2f})"
        )
    return {name: statistics.median(each) for name, each in times.items()}


def cpu_seconds() -> float:
    """CPU time of all processes that were started from here and have ended [s]."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def local(folder: Path, hours: float, count: int, runs: int) -> None:
    """The command with one worker and with one a core."""
    cores = usable_cores()
    several = f"{cores}_workers"
    before = cpu_seconds()
    seconds = in_turns(
        runs,
        **{
            "1_worker": lambda: command_seconds(folder, 1),
            several: lambda: command_seconds(folder, cores),
        },
    )
    whole = seconds[several]
    busy = (cpu_seconds() - before) / (2 * runs)
    print(f"{cores} workers / 1 worker: {seconds['1_worker'] / whole:.2f} times the rate")
    print(
        f"rate with {cores} workers: {count / whole:.0f} files/s, {hours / whole:.3f} h of audio/s"
    )
    print(
        f"1,000 hours of such audio: {1_000 / hours * whole * cores / 3_600:.2f} core-hours, "
        f"{1_000 / hours * busy / 3_600:.2f} of CPU time"
    )


def on_ray(paths: list[str], runs: int) -> None:
    """Ray on one node beside the local engine, both without their start-up."""
    import ray

    workers = usable_cores()
    with contextlib.ExitStack() as stack:
        ray.init(
            num_cpus=workers,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env=cluster.runtime_environment(),
        )
        stack.callback(ray.shutdown)
        few, all_of_them = paths[:RAY_WARM_UP], paths[: RAY_WARM_UP + RAY_RECORDINGS]
        seconds = in_turns(
            runs,
            local_few=lambda: run_seconds(few, "local", workers),
            local_all=lambda: run_seconds(all_of_them, "local", workers),
            ray_few=lambda: run_seconds(few, "ray", workers),
            ray_all=lambda: run_seconds(all_of_them, "ray", workers),
        )
    here = seconds["local_all"] - seconds["local_few"]
    there = seconds["ray_all"] - seconds["ray_few"]
    print(
        f"{len(all_of_them) - len(few):,} recordings with {workers} workers, start-up aside: "
        f"local {here:.2f} s, Ray {there:.2f} s, {100 * (there / here - 1):+.0f} %"
    )


def main() -> None:
    """Measure one folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="recordings, such as RAVDESS")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ray", action="store_true", help="measure Ray too; needs it installed")
    arguments = parser.parse_args()
    paths = [recording.path for recording in find_recordings([arguments.folder])]
    with tempfile.TemporaryDirectory() as place:
        # Which also brings the files into the system's cache.
        whole = run(paths, Path(place) / "results.csv", progress=False)
    hours = whole.audio_seconds / 3_600
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{len(paths):,} recordings, {hours:.2f} h of audio; load {os.getloadavg()[0]:.1f}")
    local(arguments.folder, hours, len(paths), arguments.runs)
    if arguments.ray:
        on_ray(paths, arguments.runs)


if __name__ == "__main__":
    main()
