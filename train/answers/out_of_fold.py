"""What was measured, as files: answers per fold, the pooled out-of-fold table, versions.

`out_of_fold.csv` holds one row per clip: file, speaker, fold, truth, the distance from the training
clips where the network says one, then a probability per label.
"""

import importlib.metadata
import platform
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from ser_core.config.feature_config import Normalisation
from ser_core.config.whole_files import write_whole
from ser_core.errors import ConfigError

from ..corpora import Clip
from ..data.storage import read_finished, read_object, write_json
from .sampling_units import name_voices

OUT_OF_FOLD = "out_of_fold.csv"
DISTANCE = "distance"
KNOWN_COLUMNS = ["file", "speaker", "fold", "truth"]
INTENSITY = "intensity.csv"
INTENSITY_COLUMNS = ("file", "speaker", "fold", "emotion", "acted", "heard")
PACKAGES = ("keras", "tensorflow-cpu", "tensorflow", "jax", "torch", "numpy", "soxr", "soundfile")


class FoldRecord(BaseModel):
    """What must stand in `fold_N.json`, which is written last and so says that a fold is finished.

    Attributes:
        fold: int, its number.
        run: what decided its weights, see `Run.identify`.
        seed: of the recipe, and the fold's own.
        train_seconds: float [s].
        versions: of packages, by name.
        history: rows of the training curve.
        normalisation: what its features were standardised with; None in older ones.
        selected: indices of the features that were kept; None for all.
    """

    fold: int
    run: str
    seed: list[int]
    train_seconds: float
    versions: dict[str, str]
    history: list[dict[str, Any]]
    normalisation: Normalisation | None = None
    selected: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Answers:
    """Probabilities for clips that the answering network was not trained on.

    Attributes:
        files: file name per clip.
        speakers: speaker per clip; NO_SPEAKER where nobody says.
        folds: int array of shape (clips,), the fold that tested the clip.
        truth: int array of shape (clips,), index into `labels`.
        probabilities: float array of shape (clips, classes), rows sum to 1.
        labels: the classes.
        distances: float array of shape (clips,), at least 0, how far each clip is from those that
            the network was trained on; None if the network does not say.
    """

    files: tuple[str, ...]
    speakers: tuple[str, ...]
    folds: np.ndarray
    truth: np.ndarray
    probabilities: np.ndarray
    labels: tuple[str, ...]
    distances: np.ndarray | None = None

    @property
    def voices(self) -> tuple[str, ...]:
        """Who intervals and weights count as one: the speaker, or the clip where nobody says."""
        return name_voices(self.speakers, self.files)

    def with_probabilities(self, probabilities: np.ndarray) -> "Answers":
        """The same clips with other probabilities."""
        return replace(self, probabilities=probabilities)

    def take(self, rows: np.ndarray) -> "Answers":
        """Some of the clips: `rows` indexes them, or marks them."""
        return Answers(
            files=tuple(np.array(self.files)[rows].tolist()),
            speakers=tuple(np.array(self.speakers)[rows].tolist()),
            folds=self.folds[rows],
            truth=self.truth[rows],
            probabilities=self.probabilities[rows],
            labels=self.labels,
            distances=None if self.distances is None else self.distances[rows],
        )


def write_answers(path: Path, answers: Answers) -> None:
    """Write answers as CSV, probabilities and distances with six decimals."""
    table = pd.DataFrame(
        {
            "file": answers.files,
            "speaker": answers.speakers,
            "fold": answers.folds,
            "truth": [answers.labels[index] for index in answers.truth],
        }
    )
    if answers.distances is not None:
        table[DISTANCE] = answers.distances
    table[list(answers.labels)] = answers.probabilities
    with write_whole(path) as unfinished:
        table.to_csv(unfinished, index=False, float_format="%.6f", lineterminator="\n")


def read_answers(path: Path) -> Answers:
    """Read what `write_answers` wrote.

    Raises:
        ConfigError: the file is missing, or its columns or rows are not those of answers.
    """
    try:
        table = read_table(path)
        header = list(table.columns)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} could not be read as a table of answers.") from error
    with_distance = header[4:5] == [DISTANCE]
    labels = header[4 + with_distance :]
    if header[:4] != KNOWN_COLUMNS or len(labels) < 2 or not len(table):
        raise ConfigError(
            f"{path} must have the columns {', '.join(KNOWN_COLUMNS)}, {DISTANCE} if it is known, "
            f"and one per label, and at least one row; it has {', '.join(header)}."
        )
    strange = set(table["truth"]) - set(labels)
    if strange:
        raise ConfigError(f"{path} has the truth {min(strange)!r}, which is none of its labels.")
    try:
        probabilities = table[labels].to_numpy(dtype=float)  # (clips, classes)
        folds = table["fold"].to_numpy(dtype=int)
        distances = table[DISTANCE].to_numpy(dtype=float) if with_distance else None
    except ValueError as error:
        raise ConfigError(
            f"{path} has a fold, a distance or a probability that is no number."
        ) from error
    return Answers(
        files=tuple(table["file"]),
        speakers=tuple(table["speaker"]),
        folds=folds,
        truth=pd.Categorical(table["truth"], categories=labels).codes.astype(int),
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        labels=tuple(labels),
        distances=distances,
    )


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV file whose cells are text, as they stand; an empty one is ""."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def write_fold(
    folder: Path,
    number: int,
    clips: Sequence[Clip],
    labels: Sequence[str],
    probabilities: np.ndarray,
    intensity: np.ndarray | None,
    record: dict[str, Any],
    distances: np.ndarray | None = None,
) -> None:
    """Write a finished fold: its raw answers, then the record that says it is finished.

    Args:
        folder: of the results.
        number: int, the fold's.
        clips: those that the fold tests.
        labels: the classes in output order.
        probabilities: float array of shape (clips, classes), not calibrated.
        intensity: float array of shape (clips,) in [0, 1]; None if the network has no such output.
        record: what else is to be known of the fold.
        distances: float array of shape (clips,), at least 0; None if the network has no such
            output.
    """
    answers = Answers(
        files=tuple(clip.file for clip in clips),
        speakers=tuple(clip.speaker for clip in clips),
        folds=np.full(len(clips), number),
        truth=np.array([labels.index(clip.emotion) for clip in clips]),
        probabilities=probabilities,
        labels=tuple(labels),
        distances=distances,
    )
    folds = folder / "folds"
    write_answers(folds / f"fold_{number}.csv", answers)
    if intensity is not None:
        write_intensities(folds / f"fold_{number}.{INTENSITY}", clips, number, intensity)
    write_json(folds / f"fold_{number}.json", record)


def write_intensities(
    path: Path, clips: Sequence[Clip], number: int, intensity: np.ndarray
) -> None:
    """Write how strong the emotion of each clip was heard to be, beside how it was acted."""
    table = pd.DataFrame(
        {
            "file": [clip.file for clip in clips],
            "speaker": [clip.speaker for clip in clips],
            "fold": number,
            "emotion": [clip.emotion for clip in clips],
            "acted": [clip.intensity or "" for clip in clips],
            "heard": intensity,
        }
    )
    with write_whole(path) as unfinished:
        table.to_csv(unfinished, index=False, float_format="%.6f", lineterminator="\n")


def read_intensities(folder: Path, numbers: Collection[int] | None = None) -> pd.DataFrame:
    """Join what folds wrote with `write_intensities`, as text; no rows where none did.

    Args:
        folder: of the results.
        numbers: of the folds; all of them where None.
    """
    files = [file for file in fold_files(folder, INTENSITY) if _is_among(file, numbers)]
    found = (read_finished(file, _read_fold_intensities) for file in files)
    parts = [part for part in found if part is not None]
    return pd.concat([pd.DataFrame(columns=list(INTENSITY_COLUMNS)), *parts], ignore_index=True)


def fold_files(folder: Path, ending: str) -> list[Path]:
    """Find what the folds of a results folder wrote, such as "csv", in the order of the folds."""
    pattern = re.compile(rf"fold_(\d+)\.{re.escape(ending)}")
    matches = (pattern.fullmatch(file.name) for file in (folder / "folds").glob("fold_*"))
    numbers = sorted(int(match[1]) for match in matches if match is not None)
    return [folder / "folds" / f"fold_{number}.{ending}" for number in numbers]


def read_record(folder: Path, number: int) -> dict[str, Any] | None:
    """Read what a finished fold wrote down; see FoldRecord.

    Returns:
        The plain values; None where the fold is not finished: its record or its answers are not
        there, or cannot be read.
    """
    record = read_finished(folder / "folds" / f"fold_{number}.json", _check_record)
    if record is None:
        return None
    answers = folder / "folds" / f"fold_{number}.csv"
    intensities = folder / "folds" / f"fold_{number}.{INTENSITY}"
    if read_finished(answers, read_answers) is None:
        return None
    if intensities.is_file() and read_finished(intensities, _read_fold_intensities) is None:
        return None
    return record


def read_records(folder: Path) -> dict[int, dict[str, Any]]:
    """Read what the finished folds of a results folder wrote down, by number, in order."""
    numbers = [_number_of(file) for file in fold_files(folder, "json")]
    records = {number: read_record(folder, number) for number in numbers}
    return {number: record for number, record in records.items() if record is not None}


def _check_record(path: Path) -> dict[str, Any]:
    content = read_object(path)
    FoldRecord.model_validate(content)
    return content


def _read_fold_intensities(path: Path) -> pd.DataFrame:
    table = read_table(path)
    if tuple(table.columns) != INTENSITY_COLUMNS:
        raise ValueError(f"it must have the columns {', '.join(INTENSITY_COLUMNS)}")
    table["heard"].astype(float)
    return table


def _number_of(file: Path) -> int:
    return int(file.name.removeprefix("fold_").partition(".")[0])


def _is_among(file: Path, numbers: Collection[int] | None) -> bool:
    return numbers is None or _number_of(file) in numbers


def read_folds(folder: Path, numbers: Collection[int] | None = None) -> Answers:
    """Join the raw answers of folds, in order of fold.

    Args:
        folder: of the results.
        numbers: of the folds; where None, of all whose answers can be read.

    Raises:
        ConfigError: there are none.
    """
    files = [file for file in fold_files(folder, "csv") if _is_among(file, numbers)]
    found = (read_finished(file, read_answers) for file in files)
    parts = [part for part in found if part is not None]
    if not parts:
        raise ConfigError(f"{folder / 'folds'} holds no finished fold: run fit first.")
    distances = [part.distances for part in parts if part.distances is not None]
    if len(distances) not in (0, len(parts)):
        raise ConfigError(f"{folder / 'folds'} has folds with distances and folds without.")
    return Answers(
        files=tuple(name for part in parts for name in part.files),
        speakers=tuple(name for part in parts for name in part.speakers),
        folds=np.concatenate([part.folds for part in parts]),
        truth=np.concatenate([part.truth for part in parts]),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        labels=parts[0].labels,
        distances=np.concatenate(distances) if distances else None,
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
