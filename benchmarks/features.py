"""Measure the reference recipes' features beside plain librosa and SciPy calls, in one run.

    python -m benchmarks.features [--corpus ravdess=PATH]

One thread. Wall time suffers from whatever else the machine does; the CPU time of this process does
so much less, and ratios hardly at all, as ours and the plain calls take turns. With --corpus, all
its clips are read, cut to 3 s from 0.5 s on, and computed on two processes.
"""

import argparse
import functools
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.plain_features import Plain, plain_features
from benchmarks.threads import one_thread
from ser_core import DEFAULT_MODEL, FeatureConfig
from ser_core.audio.load import load_audio
from ser_core.features import network_inputs
from ser_core.features.log_mel import mel_spectrogram
from ser_core.features.reference.analysis import Analysis
from ser_core.features.reference.waveform import waveform_features
from train import recipe

SAMPLE_RATE = 22_050  # Hz
SECONDS = 3.0
OFFSET = 0.5  # s, where a corpus' clips are cut
BLOCKS = recipe.load("autoencoder_bilstm").features.blocks
SOURCE = Path(__file__).parents[1] / "tests" / "fixtures" / "speech_48k_stereo.wav"


def cut(samples: np.ndarray) -> np.ndarray:
    """Give exactly SECONDS of audio, zero-padded at the end."""
    length = round(SECONDS * SAMPLE_RATE)
    return np.pad(samples[:length], (0, max(0, length - len(samples))))


def compute(samples: np.ndarray, blocks: Sequence = BLOCKS) -> np.ndarray:
    """Our features of a clip, float32 (frames, features)."""
    return waveform_features(samples, blocks, sample_rate=SAMPLE_RATE)


def clock(*calls: Callable[[], object], runs: int) -> np.ndarray:
    """Time calls that take turns.

    Returns:
        float64 array of shape (len(calls), 2), median wall and CPU time [ms] of each.
    """
    for call in calls:
        call()
    times = np.empty((runs, len(calls), 2))
    for run in range(runs):
        for place, call in enumerate(calls):
            wall, processor = time.perf_counter(), time.process_time()
            call()
            times[run, place] = time.perf_counter() - wall, time.process_time() - processor
    return 1e3 * np.median(times, axis=0)


def print_whole(samples: np.ndarray, runs: int) -> None:
    """Print all 203 features: ours, the plain calls, and that they agree."""
    names = [block.name for block in BLOCKS]
    ours, plain = compute(samples), plain_features(samples, SAMPLE_RATE, names)
    difference = np.abs(ours - plain).max(axis=0) / (np.abs(plain).max(axis=0) + 1e-12)
    times = clock(
        lambda: compute(samples),
        lambda: plain_features(samples, SAMPLE_RATE, names),
        runs=runs,
    )
    print(f"{'203 features of a 3-s clip':<30}{'wall ms':>10}{'CPU ms':>10}")
    for name, (wall, processor) in zip(("ser_core", "plain calls"), times, strict=True):
        print(f"{name:<30}{wall:>10.1f}{processor:>10.1f}")
    wall, processor = times[1] / times[0]
    print(f"{'plain calls / ser_core':<30}{wall:>10.1f}{processor:>10.1f}")
    print(f"largest difference, relative to each feature's largest value: {difference.max():.1e}")


def print_blocks(samples: np.ndarray, runs: int) -> None:
    """Print what each block costs alone, what the plain call costs, and the shared parts."""
    plain = Plain(samples, SAMPLE_RATE)
    print(f"\n{'CPU ms, each alone with its STFT':<34}{'ser_core':>10}{'plain':>10}")
    for block in BLOCKS:
        times = clock(
            lambda block=block: compute(samples, [block]), getattr(plain, block.name), runs=runs
        )
        print(f"{block.name:<34}{times[0, 1]:>10.2f}{times[1, 1]:>10.2f}")
    stft = clock(lambda: Analysis(samples, SAMPLE_RATE, 2048, 512).stft, runs=runs)
    print(f"{'(the STFT itself)':<34}{stft[0, 1]:>10.2f}")
    speech = load_audio(SOURCE, sample_rate=16_000)[: round(16_000 * SECONDS)]
    mel = clock(lambda: mel_spectrogram(speech), runs=runs)
    print(f"{'(log_mel of the recipe tiny)':<34}{mel[0, 1]:>10.2f}")


def extract_reference(path: Path) -> tuple[float, float]:
    """Read a clip and compute its 203 features; return the CPU time of both [s]."""
    started = time.process_time()
    samples = cut(load_audio(path, sample_rate=SAMPLE_RATE)[round(OFFSET * SAMPLE_RATE) :])
    read = time.process_time()
    compute(samples)
    return read - started, time.process_time() - read


@functools.cache
def default_config() -> FeatureConfig:
    """The embedded model's feature config."""
    return FeatureConfig.load(DEFAULT_MODEL)


def extract_default(path: Path) -> tuple[float, float]:
    """Read a clip and make the embedded network's inputs; return the CPU time of both [s]."""
    started = time.process_time()
    samples = load_audio(path, sample_rate=16_000)
    read = time.process_time()
    network_inputs(samples, default_config())
    return read - started, time.process_time() - read


def print_corpus(argument: str) -> None:
    """Print the time for a whole corpus, given as NAME=PATH, on two processes."""
    from train import corpora

    name, root = corpora.locate(argument)
    paths = [clip.path for clip in corpora.load(name, root).clips]
    sets = {"the embedded model's features": extract_default, "203 features": extract_reference}
    for what, extract in sets.items():
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
            list(pool.map(extract, paths[:8]))  # imports and first calls are not counted
            started = time.perf_counter()
            times = np.array(list(pool.map(extract, paths, chunksize=8)))
            wall = time.perf_counter() - started
        reading, computing = times.sum(axis=0)
        print(f"\n{what} of {len(paths)} clips of {name}, two processes: {wall:.1f} s of wall time")
        print(
            f"CPU time {reading:.1f} s reading and resampling, {computing:.1f} s features "
            f"({1e3 * computing / len(paths):.1f} ms a clip); "
            f"two idle cores would take {(reading + computing) / 2:.1f} s"
        )


def main() -> None:
    """Run all measurements."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--corpus", metavar="NAME=PATH")
    arguments = parser.parse_args()
    one_thread("benchmarks.features")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f}; one thread; medians")
    samples = cut(load_audio(SOURCE, sample_rate=SAMPLE_RATE))
    print_whole(samples, arguments.runs)
    print_blocks(samples, arguments.runs)
    if arguments.corpus:
        print_corpus(arguments.corpus)


if __name__ == "__main__":
    main()
