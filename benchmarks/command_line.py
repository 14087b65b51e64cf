"""Measure what a command costs from a cold shell, beside the same call in Python, in the same run.

    python -m benchmarks.command_line
    python -m benchmarks.command_line --runs 20

The recording is tests/fixtures/speech_female.wav, the model the embedded one. The runs alternate,
so that a machine that is busy for a while slows all of them; the CPU's time says what is left.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLIP = "tests/fixtures/speech_female.wav"
LIBRARY = f"""
from ser_core import DEFAULT_MODEL, EmotionRecognizer
print(EmotionRecognizer.from_pretrained(DEFAULT_MODEL).predict({CLIP!r}))
"""
COMMANDS = {
    "the library's three lines": ["-c", LIBRARY],
    "ser predict clip.wav": ["-m", "ser_core", "predict", CLIP],
    "ser predict --help": ["-m", "ser_core", "predict", "--help"],
}


def run_once(words: list[str]) -> tuple[float, float]:
    """Run a command in a process of its own; returns seconds by the clock and of the CPU."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, used


def main() -> None:
    """Measure, and print one line a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(runs + 1):
        for name, words in COMMANDS.items():
            times[name].append(run_once(words))
    base = 1.0
    for position, (name, pairs) in enumerate(times.items()):
        clock, used = (statistics.median(column) for column in zip(*pairs[1:], strict=True))
        base = base if position else used
        print(
            f"{name:26} {clock:.2f} s by the clock, {used:.2f} s of the CPU, "
            f"{used / base:.2f} times the library's"
        )


if __name__ == "__main__":
    main()
