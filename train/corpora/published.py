"""The form in which a corpus is published: facts, one row per clip, and perhaps the audio.

    corpus.json     facts about the corpus, and what was left out of it
    metadata.csv    one row per clip; its column file_name makes clips beside it an AudioFolder
    data/*.parquet  the same rows with the files' own bytes in a column audio, where that is allowed

On the Hub the audio lies in the Parquet files. In the local cache (see hub.py) each clip is a file
beside metadata.csv, which is a folder that `datasets.load_dataset("audiofolder")` reads too.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any

from pydantic import Field

from ser_core.config.documents import parse_json_object
from ser_core.config.schema import Strict, validated
from ser_core.config.whole_files import write_whole
from ser_core.errors import ConfigError, refuse_lfs_pointer_file

from .clip import NO_SPEAKER, UNKNOWN, Clip, CorpusError, CorpusInfo, Reading
from .label_map import require_label

SCHEMA_VERSION = 1
DESCRIPTION, METADATA, PARQUET = "corpus.json", "metadata.csv", "data/*.parquet"
OURS = (DESCRIPTION, METADATA)


class Description(Strict):
    """What corpus.json says.

    Attributes:
        schema_version: int, of the published form.
        info: facts about the corpus.
        clips: int > 0, how many rows metadata.csv has.
        audio: whether the audio is published too.
        dropped: clips left out because their label is none of the eight classes, by that label.
        second_copies: int, files left out because one of the same name was there before.
    """

    schema_version: int = SCHEMA_VERSION
    info: CorpusInfo
    clips: Annotated[int, Field(gt=0)]
    audio: bool
    dropped: dict[str, int]
    second_copies: int

    def to_json(self) -> str:
        """Return the text of corpus.json."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Row:
    """One line of metadata.csv.

    Attributes:
        file_name: the clip's name within the corpus, Clip.file; no folder, whose name becomes a
            part of the file's.
        corpus, emotion, speaker, gender, statement, intensity: as in Clip.
        seconds: float, duration [s], to a millisecond.
        sha256: hexadecimal SHA-256 digest of the audio file's bytes.
    """

    file_name: str
    corpus: str
    emotion: str
    speaker: str
    gender: str
    statement: str | None
    intensity: str | None
    seconds: float
    sha256: str

    @classmethod
    def of(cls, clip: Clip, seconds: float, sha256: str, *, with_statement: bool = True) -> "Row":
        """Describe a clip; without its statement, which may be somebody's transcript."""
        return cls(
            clip.file.replace("/", "__"),
            clip.corpus,
            clip.emotion,
            clip.speaker,
            clip.gender,
            clip.statement if with_statement else None,
            clip.intensity,
            round(seconds, 3),
            sha256,
        )

    def clip(self, folder: Path) -> Clip:
        """Return the clip whose file lies in `folder`."""
        return Clip(
            path=folder / self.file_name,
            file=self.file_name,
            corpus=self.corpus,
            emotion=self.emotion,
            speaker=self.speaker,
            gender=self.gender,
            statement=self.statement,
            intensity=self.intensity,
        )


COLUMNS = tuple(field.name for field in fields(Row))


def write_rows(rows: Sequence[Row], file: Path) -> None:
    """Write metadata.csv; what a corpus does not say is empty."""
    with (
        write_whole(file) as unfinished,
        unfinished.open("w", encoding="utf-8", newline="") as lines,
    ):
        table = csv.writer(lines, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows([getattr(row, name) for name in COLUMNS] for row in rows)


def is_published(folder: Path) -> bool:
    """Whether a folder holds a corpus in the published form."""
    return all((folder / name).is_file() for name in OURS)


def describe(folder: Path, source: str) -> Description:
    """Read corpus.json.

    Args:
        folder: where it is.
        source: what to call the corpus in an error.

    Raises:
        CorpusError: it is no such description, or one of a newer form.
    """
    try:
        told = parse_json_object((folder / DESCRIPTION).read_bytes(), DESCRIPTION)
        version = told["schema_version"]
    except (ConfigError, KeyError) as error:
        raise CorpusError(
            f"{source} is no corpus that this project published: its {DESCRIPTION} describes none."
        ) from error
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise CorpusError(
            f"{source} has the form {version!r} of a published corpus, and this project reads up "
            f"to {SCHEMA_VERSION}: upgrade it."
        )
    try:
        described = validated(Description, told, f"{DESCRIPTION} of {source}")
    except ConfigError as error:
        raise CorpusError(str(error)) from error
    for label in described.info.labels:
        require_label(label, source)
    return described


def rows(folder: Path, description: Description, source: str) -> list[Row]:
    """Read metadata.csv.

    Args:
        folder: where it is.
        description: what corpus.json says.
        source: what to call the corpus in an error.

    Raises:
        CorpusError: a column is missing, or a row does not follow the description.
    """
    refuse_lfs_pointer_file(folder / METADATA, f"{METADATA} of {source}", CorpusError)
    found: dict[str, Row] = {}
    with (folder / METADATA).open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise CorpusError(
                f"{METADATA} of {source} has no column {missing[0]}: its columns should be "
                f"{', '.join(COLUMNS)}."
            )
        for values in reader:
            row = _row(values, description.info, source)
            if row.file_name in found:
                raise CorpusError(f"{METADATA} of {source} has {row.file_name} twice.")
            found[row.file_name] = row
    if len(found) != description.clips:
        raise CorpusError(
            f"{METADATA} of {source} has {len(found):,} rows where {DESCRIPTION} says "
            f"{description.clips:,}: publish it again."
        )
    return list(found.values())


def _row(values: dict[str, str | None], info: CorpusInfo, source: str) -> Row:
    """Check one line: it names files to be written, and comes from strangers."""
    given = {name: values[name] or None for name in COLUMNS}
    name = given["file_name"] or ""
    # "a/b", "..", "C:x" and hidden names would be written elsewhere or over our own files.
    plain = {PurePosixPath(name).name, PureWindowsPath(name).name} == {name}
    if not plain or name.startswith(".") or name in OURS:
        raise CorpusError(f"{METADATA} of {source} has {name!r} where a file's plain name belongs.")
    allowed = {
        "corpus": (info.name,),
        "emotion": info.labels,
        "gender": ("female", "male", UNKNOWN),
    }
    for column, values_allowed in allowed.items():
        if given[column] not in values_allowed:
            raise CorpusError(
                f"{METADATA} of {source} has the {column} {given[column]!r} at {name}: expected "
                f"{' or '.join(values_allowed)}."
            )
    if not given["sha256"]:
        raise CorpusError(f"{METADATA} of {source} has no sha256 at {name}.")
    try:
        seconds = float(given["seconds"] or "")
    except ValueError as error:
        raise CorpusError(
            f"{METADATA} of {source} has {given['seconds']!r} seconds at {name}."
        ) from error
    fields: dict[str, Any] = given | {"seconds": seconds, "speaker": given["speaker"] or NO_SPEAKER}
    return Row(**fields)


def read_corpus(folder: Path) -> tuple[CorpusInfo, Reading]:
    """Read a corpus whose clips lie beside metadata.csv.

    Args:
        folder: with corpus.json, metadata.csv and the clips.

    Returns:
        Facts about the corpus, and one Clip per row.

    Raises:
        CorpusError: the files do not fit together, or a clip's file is missing.
    """
    description = describe(folder, str(folder))
    clips = [row.clip(folder) for row in rows(folder, description, str(folder))]
    missing = [clip.file for clip in clips if not clip.path.is_file()]
    if missing:
        raise CorpusError(
            f"{folder} has no audio for {len(missing):,} of {len(clips):,} clips, the first of "
            f"them {missing[0]}: put the files of {description.info.name} beside {METADATA}."
        )
    reading = Reading(clips, dict(description.dropped), description.second_copies)
    return description.info, reading
