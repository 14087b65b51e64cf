"""Measure analysis of an hour of speech, its memory, and openSMILE over the same windows.

    python -m benchmarks.long_recordings          # pip install opensmile for the comparison
    python -m benchmarks.long_recordings --model DIR

The hour is made of the voices in tests/fixtures with pauses between them (about 6 s of speech in
10 s), once as MP3 at 44.1 kHz and once as 16-bit WAV at 16 kHz. Every analysis runs in a process
of its own; its time does not count imports. openSMILE's eGeMAPS functionals are computed over a
minute's windows and their time multiplied, for a whole hour of them takes that long.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ser_core import DEFAULT_MODEL

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
VOICES = ("speech_female.wav", "speech_male.wav", "speech_polish.wav")
PAUSES = (0.4, 1.2, 2.4)  # [s]
FORMS = (("MP3, 44.1 kHz", ".mp3", 44_100), ("WAV, 16 kHz", ".wav", 16_000))

ANALYSE = """
import json, resource, sys, time
from ser_core import EmotionRecognizer
recognizer = EmotionRecognizer.from_pretrained(sys.argv[3])
started, busy = time.perf_counter(), time.process_time()
timeline = recognizer.analyze(sys.argv[1], threads=int(sys.argv[2]))
print(json.dumps({
    "seconds": time.perf_counter() - started,
    "processor": time.process_time() - busy,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "duration": timeline.duration,
    "speech": timeline.speech_seconds,
    "windows": len(timeline.bounds),
}))
"""


def cycle(rate: int) -> np.ndarray:
    """Three voices and three pauses, mono float32 at `rate` [Hz]."""
    rng = np.random.default_rng(0)
    parts = []
    for name, pause in zip(VOICES, PAUSES, strict=True):
        samples, its_rate = soundfile.read(FIXTURES / name, dtype="float32")
        parts.append(soxr.resample(samples, its_rate, rate).astype(np.float32))
        parts.append(1e-4 * rng.standard_normal(round(pause * rate)).astype(np.float32))
    return np.concatenate(parts)


def write(path: Path, rate: int, minutes: int) -> None:
    """Write that many minutes of speech."""
    piece = cycle(rate)
    left = minutes * 60 * rate
    options = {"subtype": "PCM_16"} if path.suffix == ".wav" else {}
    with soundfile.SoundFile(path, "w", rate, 1, **options) as file:
        while left > 0:
            file.write(piece[:left])
            left -= len(piece)


def analyse(path: Path, threads: int, model: str) -> dict:
    """Analyse a recording in a new process."""
    command = [sys.executable, "-c", ANALYSE, str(path), str(threads), model]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout)


def opensmile_seconds(window: float, hop: float) -> float | None:
    """How long openSMILE's eGeMAPS take over the windows of an hour [s], on one core."""
    try:
        import opensmile
    except ImportError:
        return None
    extractor = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
        num_workers=1,
    )
    rate = 16_000
    minute = np.tile(cycle(rate), 10)[: 60 * rate]
    starts = np.arange(0.0, 60.0 - window, hop)
    cuts = [minute[round(s * rate) : round((s + window) * rate)] for s in starts]
    extractor.process_signal(cuts[0], rate)
    started = time.perf_counter()
    for cut in cuts:
        extractor.process_signal(cut, rate)
    return (time.perf_counter() - started) * 60.0


def main() -> None:
    """Run all measurements."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default=DEFAULT_MODEL, help="folder of a model repository")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}, ")
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}; best of {arguments.runs} runs")
    best = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, suffix, rate in FORMS:
            long, short = (Path(folder) / f"{n}{suffix}" for n in ("long", "short"))
            write(long, rate, arguments.minutes)
            write(short, rate, 1)
            minute = analyse(short, cores, arguments.model)
            for threads in sorted({1, cores}):
                runs = [analyse(long, threads, arguments.model) for _ in range(arguments.runs)]
                row = min(runs, key=lambda run: run["seconds"])
                best[name, threads] = row["seconds"]
                print(
                    f"{name}, {row['duration'] / 60:.0f} min ({row['speech'] / 60:.0f} of speech, "
                    f"{row['windows']} windows), {threads} threads: {row['seconds']:.1f} s, "
                    f"{row['duration'] / row['seconds']:.0f} times real time, "
                    f"{row['processor']:.1f} s of CPU; peak {row['megabytes']:.0f} MB, "
                    f"one minute {minute['megabytes']:.0f} MB"
                )
    other = opensmile_seconds(2.4, 0.8)
    if other is None:
        print("openSMILE is not installed: pip install opensmile for the comparison")
        return
    other *= arguments.minutes / 60
    ours = best["WAV, 16 kHz", 1]
    print(
        f"openSMILE eGeMAPS over the same windows, one core: {other:.0f} s, "
        f"{other / ours:.0f} times as long as the whole analysis on one thread"
    )


if __name__ == "__main__":
    main()
