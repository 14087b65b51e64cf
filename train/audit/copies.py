"""Copies across a split: the same bytes, the same samples, or one recording that was changed."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from ser_core.audio.load import load_audio

from ..data.processes import run_in_processes
from .finding import Finding
from .match import Match, match
from .sound import CHANGES, fingerprint, fingerprints_if_changed
from .split import Split

# Set together with the thresholds of audit_match.py, and measured by benchmarks/audit.py.
MIN_SIMILARITY = 0.6  # of fingerprints, from which on recordings are laid over each other
CANDIDATES = 3  # per tested clip and fold, the most similar ones
CHUNK = 256  # tested clips compared at a time
CHUNK_OF_CALLS = 16  # that a process makes in a row, so that neighbours share what is loaded

load = lru_cache(maxsize=128)(load_audio)


def digests(paths: Sequence[Path]) -> list[str]:
    """Compute the SHA-256 of each file's bytes; a path that comes again is not read again."""
    known = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in set(paths)}
    return [known[path] for path in paths]


def identify(path: Path, changed: bool) -> tuple[str, np.ndarray, np.ndarray | None]:
    """Decode a file, and compute what identifies it.

    Args:
        path: an audio file.
        changed: whether the fingerprints that it would have if it were changed are wanted too.

    Returns:
        SHA-256 of its samples at 16 kHz with 16 bits; float16 fingerprint of shape (WIDTH,); those
        of changed versions, (changes, WIDTH), or None.

    Raises:
        AudioError: the file cannot be read.
    """
    samples = load_audio(path)
    rounded = np.round(np.clip(samples, -1.0, 1.0) * 32_767.0).astype(np.int16)
    digest = hashlib.sha256(rounded.tobytes()).hexdigest()
    versions = fingerprints_if_changed(samples).astype(np.float16) if changed else None
    return digest, fingerprint(samples).astype(np.float16), versions


def listen(
    paths: Sequence[Path], changed: np.ndarray, *, jobs: int, quiet: bool
) -> tuple[list[str], np.ndarray, dict[int, np.ndarray]]:
    """Run `identify` on many files, on several processes, with a progress bar.

    Args:
        paths: audio files.
        changed: bool array of shape (files,), of which ones changed versions are wanted.
        jobs: int > 0, processes.
        quiet: whether to do without a bar.

    Returns:
        Digests of samples; fingerprints of shape (files, WIDTH); changed ones by position.
    """
    results = run_in_processes(
        identify,
        list(zip(paths, changed.tolist(), strict=True)),
        jobs=jobs,
        names=[path.name for path in paths],
        chunk=CHUNK_OF_CALLS,
        description=None if quiet else "listen",
    )
    fingerprints = np.stack([result[1] for result in results]).astype(np.float32)
    versions = {i: result[2] for i, result in enumerate(results) if result[2] is not None}
    return [result[0] for result in results], fingerprints, versions


def match_files(first: Path, second: Path, near: float) -> Match:
    """Compare two files as `match` does; a copy is one the other way round too, chance is not."""
    found = match(load(first), load(second), near=near)
    if not found.is_copy:
        return found
    back = match(load(second), load(first), near=1.0 / near)
    return found if back.is_copy else back


def match_all(calls: Sequence[tuple[Path, Path, float]], *, jobs: int, quiet: bool) -> list[Match]:
    """Make many calls of `match_files`, on several processes, with a progress bar."""
    return run_in_processes(
        match_files,
        calls,
        jobs=jobs,
        names=[f"{second.name} against {first.name}" for first, second, _ in calls],
        chunk=CHUNK_OF_CALLS,
        description=None if quiet else "compare",
    )


def copies(
    split: Split, *, jobs: int = 1, quiet: bool = False
) -> tuple[list[Finding], dict[str, str]]:
    """Find every tested clip that the training side of its fold holds too, changed or not.

    Args:
        split: Split.
        jobs: int > 0, processes.
        quiet: whether to do without progress bars.

    Returns:
        Findings of the kinds identical, upsampled, re-encoded and augmented, at most one per tested
        clip and training clip in each fold; and what was compared, by kind.
    """
    names = digests([item.path for item in split.items])
    files = sorted(set(names), key=names.index)
    place = {name: i for i, name in enumerate(files)}
    first = {name: item.path for name, item in reversed(list(zip(names, split.items, strict=True)))}
    owner = np.array([place[name] for name in names])  # (items,), position in files
    tested = np.zeros(len(files), dtype=bool)
    for fold in split.folds:
        tested[owner[fold.test]] = True
    paths = [first[name] for name in files]
    sounds, fingerprints, versions = listen(paths, tested, jobs=jobs, quiet=quiet)
    same = {sound: i for i, sound in reversed(list(enumerate(sounds)))}
    content = np.array([same[sound] for sound in sounds])[owner]  # (items,), equal samples
    versions = {same[sounds[i]]: of_file for i, of_file in versions.items()}
    findings = [*same_content(split, content)]
    similar = candidates(split, content, fingerprints, versions)
    speeds = {(test, train): speed for _, test, train, speed in similar}
    calls = [(paths[two], paths[one], speed) for (one, two), speed in speeds.items()]
    matches = match_all(calls, jobs=jobs, quiet=quiet)
    results = dict(zip(speeds, matches, strict=True))
    for fold_number, test, train, _ in similar:
        result = results[test, train]
        if result.is_copy:
            fold = next(fold for fold in split.folds if fold.number == fold_number)
            one = split.items[next(i for i in fold.test if content[i] == test)].name
            other = split.items[next(i for i in fold.train if content[i] == train)].name
            text = f"{one} in test is {other} of training: {result}"
            findings.append(Finding(result.kind, fold_number, (one, other), text))
    recordings = len(set(content.tolist()))
    checked = {
        "identical": f"{len(split.items)} rows, {len(files)} different files",
        "changed copies": f"{len(results)} similar pairs of {recordings} recordings",
    }
    return findings, checked


def same_content(split: Split, content: np.ndarray) -> Iterator[Finding]:
    """Yield one finding per recording whose samples are on both sides of a fold.

    Args:
        split: Split.
        content: int array of shape (items,), the same number for equal samples.
    """
    for fold in split.folds:
        held = dict.fromkeys(content[fold.train].tolist(), 0)
        for i in reversed(fold.train.tolist()):
            held[content[i]] = i
        rows = np.concatenate([fold.train, fold.test])
        listed = Counter(content[rows].tolist())
        named = Counter(split.items[i].name for i in rows)
        for number in dict.fromkeys(content[fold.test].tolist()):
            if number not in held:
                continue
            test = split.items[next(i for i in fold.test if content[i] == number)]
            train = split.items[held[number]]
            pair = (test.name, train.name)
            if named[test.name] > 1 or listed[number] > 2:
                text = f"{test.name} is there {listed[number]} times, on both sides"
                yield Finding("upsampled", fold.number, pair, text)
            else:
                text = f"{test.name} in test and {train.name} in training are the same audio"
                yield Finding("identical", fold.number, pair, text)


def candidates(
    split: Split, content: np.ndarray, fingerprints: np.ndarray, versions: dict[int, np.ndarray]
) -> list[tuple[int, int, int, float]]:
    """Find the training clips that a tested clip may be a copy of.

    Args:
        split: Split.
        content: int array of shape (items,), positions in `fingerprints`.
        fingerprints: float32 array of shape (files, WIDTH).
        versions: of each tested file, fingerprints of its changed versions, (changes, WIDTH).

    Returns:
        Fold, tested recording, training recording, and how many times as fast the tested one about
        is, for the few most similar ones.
    """
    found = []
    for fold in split.folds:
        training = np.unique(content[fold.train])
        testing = np.setdiff1d(content[fold.test], training)  # equal samples are reported already
        for start in range(0, len(testing) if len(training) else 0, CHUNK):
            part = testing[start : start + CHUNK]
            of_part = np.stack([versions[i] for i in part])
            for row, column, speed in nearest(of_part, fingerprints[training]):
                found.append((fold.number, int(part[row]), int(training[column]), speed))
    return found


def nearest(
    versions: np.ndarray, others: np.ndarray, *, leave_out: np.ndarray | None = None
) -> Iterator[tuple[int, int, float]]:
    """Yield the few recordings that each of some recordings, once changed, sounds most like.

    Args:
        versions: float array of shape (recordings, changes, WIDTH).
        others: float32 array of shape (others, WIDTH).
        leave_out: int array of shape (recordings,), of each the other that it is not compared to.

    Yields:
        Position of the recording, position of the other, how many times as fast the recording is
        as the other.
    """
    similarity = np.full((len(versions), len(others)), -1.0, dtype=np.float32)
    change = np.zeros(similarity.shape, dtype=np.int8)
    for number in range(len(CHANGES)):
        of_change = versions[:, number].astype(np.float32) @ others.T
        better = of_change > similarity
        similarity[better], change[better] = of_change[better], number
    if leave_out is not None:
        similarity[np.arange(len(versions)), leave_out] = -1.0
    for row, columns in enumerate(np.argsort(-similarity, axis=1)[:, :CANDIDATES]):
        for column in columns:
            if similarity[row, column] >= MIN_SIMILARITY:
                yield row, int(column), 1.0 / CHANGES[change[row, column]][0]
