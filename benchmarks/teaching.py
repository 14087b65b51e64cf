"""Measure teaching: 8 labels of 10 clips each, its parts, and what a taught answer costs.

    python -m benchmarks.teaching
    OMP_NUM_THREADS=2 python -m benchmarks.teaching --corpus ../shared/data/ravdess

Without a corpus the clips are synthetic voices at other paces and in other noise, which take
as long to teach as others. With RAVDESS' folder they are ten clips of each emotion. CPU time is
said beside the clock's, as others may be at work here.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ser_core import DEFAULT_MODEL, LABELS, EmotionRecognizer
from ser_core.model.head_fitting import LabelledClips, fit_layer
from ser_core.model.teaching import head_inputs
from ser_core.timeline.labelled_clips import collect_clips, make_head
from tests.support.recordings import VOICES, voice

CLIPS = 10  # of a label
RUNS = 60  # of each answer that is timed
RATE = 16_000  # [Hz]

Clip = str | tuple[int, np.ndarray]


def synthetic_clips() -> dict[str, list[Clip]]:
    """Ten clips of 2 to 3 s for each of the eight labels."""
    clips: dict[str, list[Clip]] = {label: [] for label in LABELS}
    rng = np.random.default_rng(0)
    for number, label in enumerate(LABELS):
        for index in range(CLIPS):
            pace = 0.75 + 0.5 * (CLIPS * number + index) / (CLIPS * len(LABELS))
            samples = voice(VOICES[(number + index) % len(VOICES)], rate=round(RATE * pace))
            noise = 0.002 * (index + 1) * rng.standard_normal(len(samples))
            clips[label].append((RATE, (samples + noise).astype(np.float32)))
    return clips


def ravdess_clips(folder: Path) -> dict[str, list[Clip]]:
    """Ten clips of RAVDESS for each of its emotions, of as many actors."""
    return {
        label: [str(path) for path in sorted(folder.glob(f"Actor_*/03-01-{code:02d}-*"))[::8]][
            :CLIPS
        ]
        for code, label in enumerate(LABELS, start=1)
    }


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Time a call: seconds by the clock, and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def alternate(calls: dict[str, Callable[[], object]]) -> Iterator[tuple[str, float]]:
    """Time calls in turn, so that what else goes on here meets all alike [ms of the processor]."""
    for _ in range(RUNS):
        for name, call in calls.items():
            yield name, 1e3 * timed(call)[1]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--corpus", type=Path, help="folder of RAVDESS")
    arguments = parser.parse_args()
    recognizer = EmotionRecognizer.from_pretrained(arguments.model)
    given = synthetic_clips() if arguments.corpus is None else ravdess_clips(arguments.corpus)
    first = next(iter(given.values()))[0]
    recognizer.embed(first)  # what the first call of a process costs is benchmarks.latency's
    import sklearn.linear_model  # noqa: F401  # the same

    clock, processor = timed(lambda: recognizer.teach(given))
    count = sum(map(len, given.values()))
    print(f"teach, {len(given)} labels, {count} clips   {clock:.2f} s ({processor:.2f} s of CPU)")
    embedded = {label: [recognizer.embed(clip) for clip in clips] for label, clips in given.items()}
    collected = collect_clips(embedded)
    flat = [one for own in embedded.values() for one in own]
    clock, processor = timed(lambda: make_head(recognizer.network_predictor, collected, flat))
    print(f"of which fits and test    {clock:.2f} s ({processor:.2f} s of CPU)")
    inputs = head_inputs(np.stack(flat), np.stack([one.logits for one in flat]))
    classes = np.repeat(np.arange(len(embedded)), [len(own) for own in embedded.values()])
    known = tuple(range(len(embedded)))
    labelled = LabelledClips(inputs, classes, recognizer.embedding_size or 0, known)
    clock, processor = timed(lambda: fit_layer(labelled))
    print(f"one of these fits         {clock:.3f} s ({processor:.3f} s of CPU)")
    taught = recognizer.teach(embedded)
    print(taught.report)
    calls = {
        "base": lambda: recognizer.predict(first),
        "taught": lambda: taught.predict(first),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for name, milliseconds in alternate(calls):
        times[name].append(milliseconds)
    base, own = (statistics.median(times[name]) for name in calls)
    print(f"answer of the model       median {base:.2f} ms of CPU")
    print(f"answer of the taught one  median {own:.2f} ms of CPU ({100 * (own / base - 1):+.1f} %)")


if __name__ == "__main__":
    main()
