"""What was measured, as files: answers per fold, the pooled out-of-fold table, versions.

`out_of_fold.csv` holds one row per clip: file, speaker, fold, truth, then a probability per label.
"""

import csv
import importlib.metadata
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ser_core.emotions import LABELS
from ser_core.errors import ConfigError

from ..corpora import Clip

OUT_OF_FOLD = "out_of_fold.csv"
INTENSITY = "intensity.csv"
PACKAGES = ("keras", "tensorflow-cpu", "tensorflow", "jax", "torch", "numpy", "soxr", "soundfile")


@dataclass(frozen=True)
class Answers:
    """Probabilities for clips that the answering network was not trained on.

    Attributes:
        files: file name per clip.
        speakers: speaker per clip.
        folds: int array of shape (clips,), the fold that tested the clip.
        truth: int array of shape (clips,), index into `labels`.
        probabilities: float array of shape (clips, classes), rows sum to 1.
        labels: the classes.
    """

    files: tuple[str, ...]
    speakers: tuple[str, ...]
    folds: np.ndarray
    truth: np.ndarray
    probabilities: np.ndarray
    labels: tuple[str, ...] = LABELS

    def with_probabilities(self, probabilities: np.ndarray) -> "Answers":
        """The same clips with other probabilities."""
        return Answers(
            self.files, self.speakers, self.folds, self.truth, probabilities, self.labels
        )


def write_answers(path: Path, answers: Answers) -> None:
    """Write answers as CSV, probabilities with six decimals."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".partial")
    with unfinished.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["file", "speaker", "fold", "truth", *answers.labels])
        for i, file in enumerate(answers.files):
            numbers = [f"{value:.6f}" for value in answers.probabilities[i]]
            truth = answers.labels[answers.truth[i]]
            rows.writerow([file, answers.speakers[i], int(answers.folds[i]), truth, *numbers])
    unfinished.replace(path)


def read_answers(path: Path) -> Answers:
    """Read what `write_answers` wrote.

    Raises:
        ConfigError: the file is missing, or its columns are not those of answers.
    """
    try:
        with path.open(encoding="utf-8", newline="") as table:
            header, *rows = list(csv.reader(table))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} could not be read as a table of answers.") from error
    labels = tuple(header[4:])
    if header[:4] != ["file", "speaker", "fold", "truth"] or len(labels) < 2 or not rows:
        raise ConfigError(
            f"{path} must have the columns file, speaker, fold, truth and one per label, "
            f"and at least one row; it has {', '.join(header)}."
        )
    probabilities = np.array([[float(value) for value in row[4:]] for row in rows])
    return Answers(
        files=tuple(row[0] for row in rows),
        speakers=tuple(row[1] for row in rows),
        folds=np.array([int(row[2]) for row in rows]),
        truth=np.array([labels.index(row[3]) for row in rows]),
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        labels=labels,
    )


def write_fold(
    folder: Path,
    number: int,
    clips: Sequence[Clip],
    probabilities: np.ndarray,
    intensity: np.ndarray | None,
    record: dict,
) -> None:
    """Write a finished fold: its raw answers, then the record that says it is finished."""
    answers = Answers(
        files=tuple(clip.file for clip in clips),
        speakers=tuple(clip.speaker for clip in clips),
        folds=np.full(len(clips), number),
        truth=np.array([LABELS.index(clip.emotion) for clip in clips]),
        probabilities=probabilities,
    )
    folds = folder / "folds"
    write_answers(folds / f"fold_{number}.csv", answers)
    if intensity is not None:
        write_intensities(folds / f"fold_{number}.{INTENSITY}", clips, number, intensity)
    text = json.dumps(record, indent=2) + "\n"
    (folds / f"fold_{number}.json").write_text(text, encoding="utf-8")


def write_intensities(
    path: Path, clips: Sequence[Clip], number: int, intensity: np.ndarray
) -> None:
    """Write how strong the emotion of each clip was heard to be, beside how it was acted."""
    with path.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["file", "speaker", "fold", "emotion", "acted", "heard"])
        for clip, heard in zip(clips, intensity, strict=True):
            acted = clip.intensity or ""
            rows.writerow([clip.file, clip.speaker, number, clip.emotion, acted, f"{heard:.6f}"])


def read_intensities(folder: Path) -> list[dict[str, str]]:
    """Join what the folds wrote with `write_intensities`; empty where none did."""
    joined = []
    for file in sorted((folder / "folds").glob(f"fold_*.{INTENSITY}")):
        with file.open(encoding="utf-8", newline="") as table:
            joined += list(csv.DictReader(table))
    return joined


def fold_is_done(folder: Path, number: int, run: str) -> bool:
    """Say whether a fold of this run is finished.

    Raises:
        ConfigError: the folder holds a fold of another recipe or other audio.
    """
    record = folder / "folds" / f"fold_{number}.json"
    if not record.is_file():
        return False
    found = json.loads(record.read_text(encoding="utf-8"))["run"]
    if found != run:
        raise ConfigError(
            f"{record} is of another recipe or other audio (run {found}, now {run}): move {folder} "
            "away, or give another folder with --results."
        )
    return True


def read_folds(folder: Path) -> Answers:
    """Join the raw answers of all finished folds, in order of fold."""
    found = sorted((folder / "folds").glob("fold_*.csv"))
    files = [file for file in found if not file.name.endswith(INTENSITY)]
    if not files:
        raise ConfigError(f"{folder / 'folds'} holds no finished fold: run fit first.")
    parts = [read_answers(file) for file in files]
    return Answers(
        files=tuple(name for part in parts for name in part.files),
        speakers=tuple(name for part in parts for name in part.speakers),
        folds=np.concatenate([part.folds for part in parts]),
        truth=np.concatenate([part.truth for part in parts]),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        labels=parts[0].labels,
    )


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide a result."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
