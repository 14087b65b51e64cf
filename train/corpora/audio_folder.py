"""Rows of a corpus that lies in the Hub's AudioFolder form: `metadata.csv` beside its audio."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from ser_core.errors import refuse_lfs_pointer_file

from .clip import CorpusError, CorpusInfo

METADATA = "metadata.csv"


def audio_rows(
    root: Path, columns: Sequence[str], info: CorpusInfo
) -> Iterator[tuple[Path, dict[str, str]]]:
    """Go through the rows of `metadata.csv`, each with the file that it names.

    Args:
        root: the folder of metadata.csv.
        columns: which columns there have to be, beside `file_name`.
        info: facts about the corpus, for error messages.

    Yields:
        Path of the audio, and the stripped value of each of `columns`.

    Raises:
        CorpusError: the table is a Git LFS pointer, a column is missing, or a row
            names a file outside the folder or none that is there.
    """
    table = root / METADATA
    refuse_lfs_pointer_file(table, str(table), CorpusError)
    with table.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        wanted = ("file_name", *columns)
        missing = [column for column in wanted if column not in (reader.fieldnames or ())]
        if missing:
            raise CorpusError(
                f"{table} has no column {missing[0]}: {info.name} needs {', '.join(wanted)}."
            )
        for row in reader:
            name = (row["file_name"] or "").strip()
            path = root / _inside(name, table)
            if not path.is_file():
                raise CorpusError(f"{table} names {name!r}, which is not in {root}.")
            yield path, {column: (row[column] or "").strip() for column in columns}


def _inside(name: str, table: Path) -> PurePosixPath:
    """Refuse a name that leads out of the folder, as a table is somebody else's text."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or PureWindowsPath(name).drive or "\\" in name:
        raise CorpusError(f"{table} names {name!r}, which is outside its folder.")
    return path
