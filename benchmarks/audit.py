"""What the audit finds and what it takes for a copy: planted copies and all true pairs of corpora.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \\
        python -m benchmarks.audit --corpus ravdess=PATH [--corpus nemo=PATH]

Copies of some clips are made in ten ways and looked for among all clips of the same half of the
speakers, so that a copy has to be found beside other takes of its own speaker. The false alarms are
all other pairs that are called copies. Thresholds were set on a few dozen clips of both corpora,
of speakers of both halves (every other one by name), before either half was measured, and have not
been changed since: the halves show how far the figures vary, and neither is wholly unseen.
"""

import argparse
import io
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr

from ser_core.audio.load import SAMPLE_RATE, load_audio
from train import corpora
from train.audit.copies import CHUNK, listen, match_all, nearest
from train.audit.match import MAX_WANDER, MIN_SCORE, Match

HALVES = ("first half of the speakers", "second half of the speakers")


def encode(samples: np.ndarray, codec: str, form: str, rate: int, bit_rate: int) -> np.ndarray:
    """Send samples through a lossy codec at so many bits a second."""
    file = io.BytesIO()
    sound = soxr.resample(samples, SAMPLE_RATE, rate)
    whole = (np.clip(sound, -1.0, 1.0) * 32_767.0).astype(np.int16)[None]
    with av.open(file, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.bit_rate, stream.layout = bit_rate, "mono"
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return load_audio(file.getvalue())


def noisy(samples: np.ndarray, decibels: float) -> np.ndarray:
    """Add white noise so many dB below the recording's mean power."""
    level = np.sqrt(np.mean(samples**2)) * 10.0 ** (-decibels / 20.0)
    noise = np.random.default_rng(len(samples)).standard_normal(len(samples))
    return (samples + level * noise).astype(np.float32)


def shifted(samples: np.ndarray, semitones: float) -> np.ndarray:
    """Change the pitch and keep the duration, as librosa does."""
    from librosa.effects import pitch_shift

    return pitch_shift(samples, sr=SAMPLE_RATE, n_steps=semitones).astype(np.float32)


def faster(samples: np.ndarray, speed: float) -> np.ndarray:
    """Play so many times as fast; the pitch moves along."""
    return soxr.resample(samples, SAMPLE_RATE * speed, SAMPLE_RATE)


CHANGES = {
    "MP3 32 kbit/s": lambda y: encode(y, "libmp3lame", "mp3", SAMPLE_RATE, 32_000),
    "Opus 24 kbit/s": lambda y: encode(y, "libopus", "ogg", 48_000, 24_000),
    "8 kHz and back": lambda y: soxr.resample(soxr.resample(y, 16_000, 8_000), 8_000, 16_000),
    "-10 dB, 0.15 s trimmed, late": lambda y: np.pad(0.316 * y[2_400:], (1_234, 0)),
    "noise at 20 dB": lambda y: noisy(y, 20.0),
    "pitch +2 semitones": lambda y: shifted(y, 2.0),
    "pitch -2 semitones": lambda y: shifted(y, -2.0),
    "speed 0.9": lambda y: faster(y, 0.9),
    "speed 1.1": lambda y: faster(y, 1.1),
    "speed 1.1, noise at 20 dB": lambda y: faster(noisy(y, 20.0), 1.1),
}


def measure_half(
    paths: Sequence[Path], planted: int, jobs: int
) -> tuple[dict[str, list[Match | None]], dict[tuple[int, int], Match]]:
    """Plant copies of some clips and look for them; compare all clips with each other.

    Returns:
        For each change, the match of each planted copy with its original, None where fingerprints
        differ too much for one; and the matches of true pairs.
    """
    chosen = np.random.default_rng(0).choice(len(paths), min(planted, len(paths)), replace=False)
    with tempfile.TemporaryDirectory() as folder:
        copies, origins, names = [], [], []
        for row in sorted(chosen.tolist()):
            samples = load_audio(paths[row])
            for name, change in CHANGES.items():
                copies.append(Path(folder) / f"{len(copies)}.wav")
                soundfile.write(copies[-1], change(samples), SAMPLE_RATE, subtype="PCM_16")
                origins.append(row)
                names.append(name)
        files = [*paths, *copies]
        everything = np.ones(len(files), dtype=bool)
        _, fingerprints, versions = listen(files, everything, jobs=jobs, quiet=True)
        count = len(paths)
        of_all = np.stack([versions[i] for i in range(len(files))])
        own = fingerprints[:count]
        speeds = {}
        for start in range(0, count, CHUNK):
            itself = np.arange(start, min(start + CHUNK, count))
            for row, other, speed in nearest(of_all[itself], own, leave_out=itself):
                pair = (start + row, other)
                if pair[::-1] not in speeds:
                    speeds[pair] = speed
        true = set(speeds)
        # Each copy is looked for alone, so that the other copies of its clip do not help it.
        for row, other, speed in nearest(of_all[count:], own):
            speeds[count + row, other] = speed
        calls = [(files[j], files[i], speed) for (i, j), speed in speeds.items()]
        matches = dict(zip(speeds, match_all(calls, jobs=jobs, quiet=True), strict=True))
    found: dict[str, list[Match | None]] = {name: [] for name in CHANGES}
    for i, (origin, name) in enumerate(zip(origins, names, strict=True), start=len(paths)):
        found[name].append(matches.get((i, origin)))
    return found, {pair: matches[pair] for pair in true}


def print_corpus(argument: str, planted: int, most: int | None, jobs: int) -> None:
    """Measure a corpus, given as NAME=PATH, on both halves of its speakers."""
    name, root = corpora.locate(argument)
    clips = corpora.load(name, root).clips
    speakers = sorted({clip.speaker for clip in clips})
    for half, title in enumerate(HALVES):
        own = [clip for clip in clips if speakers.index(clip.speaker) % 2 == half]
        if most is not None and most < len(own):
            kept = np.random.default_rng(1).choice(len(own), most, replace=False)
            own = [own[i] for i in sorted(kept)]
        started = time.perf_counter()
        found, true = measure_half([clip.path for clip in own], planted, jobs)
        spent = time.perf_counter() - started
        pairs = len(own) * (len(own) - 1) // 2
        print(f"\n{name}, {title}: {len(own)} clips, {pairs:,} pairs, {spent:.0f} s", flush=True)
        for change, results in found.items():
            there = [result for result in results if result is not None]
            hits = sum(result.is_copy for result in there)
            print(f"  {change:<30}{hits:>4} of {len(results)} found", end="")
            print(f"; lowest score {min((r.score for r in there), default=np.nan):.2f}", end="")
            print(f", most wander {max((r.wander for r in there), default=np.nan):.2f}")
        alarms = [(own[i].file, own[j].file, m) for (i, j), m in true.items() if m.is_copy]
        print(f"  true pairs laid on each other {len(true):>6}, called copies {len(alarms)}")
        for one, other, result in alarms:
            print(f"    {one} and {other}: {result.score:.2f}, {result.wander:.2f}, {result}")
        alike = sorted((m for m in true.values() if not m.is_copy), key=lambda m: -m.score)[:3]
        for result in alike:
            print(f"    next: score {result.score:.2f}, wander {result.wander:.2f} semitones")


def main() -> None:
    """Measure every corpus."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", metavar="NAME=PATH", action="append", required=True)
    parser.add_argument("--planted", type=int, default=20, help="clips copied, per half")
    parser.add_argument("--clips", type=int, help="compare only so many clips, per half")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    print(f"score at least {MIN_SCORE}, wander at most {MAX_WANDER} semitones")
    for argument in arguments.corpus:
        print_corpus(argument, arguments.planted, arguments.clips, arguments.jobs)


if __name__ == "__main__":
    main()
