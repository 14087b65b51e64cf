"""Tables that stand beside recordings in the Hub's AudioFolder form: CSV, JSON Lines, Parquet.

Whatever a spreadsheet, pandas or `datasets` wrote is read: a byte order mark, semicolons or tabs
instead of commas, blanks around cells, class labels that are numbers with names elsewhere.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ser_core.errors import refuse_lfs_pointer_file

from .clip import CorpusError

FILE_NAME = "file_name"
DELIMITERS = (",", ";", "\t")
NO_LABEL = -1  # of a ClassLabel, where nobody gave one


@dataclass(frozen=True)
class Table:
    """A table of recordings.

    Attributes:
        path: the file that it was read from.
        columns: their names, without blanks around them.
        rows: by column, the cell as text without blanks around it; "" where there is none.
        class_names: by column, the names of class labels that are stored as numbers from 0.
    """

    path: Path
    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, str]]
    class_names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def find(self, wanted: Sequence[str]) -> list[str]:
        """Find which of some columns there are, in that order; case matters only where two fit."""
        found = []
        for name in wanted:
            alike = [column for column in self.columns if column.lower() == name.lower()]
            exact = [column for column in alike if column == name]
            found += exact or (alike if len(alike) == 1 else [])
        return list(dict.fromkeys(found))

    def cell(self, row: Mapping[str, str], column: str) -> str:
        """Give a cell, a class label by its name.

        Raises:
            CorpusError: a class label has no name.
        """
        text, names = row[column], self.class_names.get(column)
        if names is None or not text or text in names:
            return text
        try:
            number = int(float(text))
        except ValueError:
            number = len(names)
        if number == NO_LABEL:
            return ""
        if not 0 <= number < len(names):
            raise CorpusError(
                f"{self.path} has the {column} {text!r}, which is none of the {len(names)} class "
                f"labels that are named: {', '.join(names)}."
            )
        return names[number]


def read_table(path: Path) -> Table:
    """Read metadata.csv, metadata.jsonl or metadata.parquet.

    Raises:
        CorpusError: it is a Git LFS pointer, cannot be read, has no column file_name, or has one
            twice.
    """
    refuse_lfs_pointer_file(path, str(path), CorpusError)
    readers = {".csv": _read_csv, ".jsonl": _read_json_lines, ".parquet": _read_parquet}
    try:
        table = readers[path.suffix.lower()](path)
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} is no UTF-8: save it as UTF-8 (CSV UTF-8 in Excel).") from error
    if FILE_NAME not in table.columns:
        raise CorpusError(
            f"{path} has no column {FILE_NAME}, which says where each recording is, from the "
            f"table's folder: it has {', '.join(table.columns) or 'none'}."
        )
    return table


def _read_csv(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read()  # a "\r" in a cell is to stay one: a recording may be named so
    head = re.split(r"[\r\n]", text, maxsplit=1)[0]
    delimiter = max(DELIMITERS, key=lambda one: (FILE_NAME in _split(head, one), head.count(one)))
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = _require_once([name.strip() for name in next(lines, [])], path)
        rows = []
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
                raise CorpusError(
                    f"{path} has {len(cells)} cells in line {lines.line_num}, and {len(columns)} "
                    'columns: put cells with a comma inside into quotes, "so, as here".'
                )
            padded = [*cells, *[""] * len(columns)]
            rows.append({name: padded[i].strip() for i, name in enumerate(columns)})
    except csv.Error as error:
        raise CorpusError(f"{path} is no CSV, at line {lines.line_num}: {error}.") from error
    return Table(path, tuple(columns), rows)


def _split(head: str, delimiter: str) -> list[str]:
    return [name.strip().strip('"') for name in head.split(delimiter)]


def _read_json_lines(path: Path) -> Table:
    found = []
    # Not splitlines(), as a text may hold what that takes for the end of a line.
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CorpusError(f"{path} has no JSON in line {number}: {error}.") from error
        if not isinstance(row, dict):
            raise CorpusError(
                f'{path} has no JSON object in line {number}: a line is {{"{FILE_NAME}": ...}}.'
            )
        found.append({str(name).strip(): value for name, value in row.items()})
    return _table_of(path, found)


def _read_parquet(path: Path) -> Table:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise CorpusError(f"{path} cannot be read as Parquet: {error}.") from error
    _require_once(table.column_names, path)
    try:
        stored = json.loads((table.schema.metadata or {}).get(b"huggingface", b"{}"))
        names = class_names(stored.get("info", {}).get("features", {}))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CorpusError(
            f"{path} describes its columns as `datasets` never does: write it again, without its "
            "metadata 'huggingface'."
        ) from error
    return _table_of(path, table.to_pylist(), table.column_names, names)


def class_names(features: Mapping[str, Any]) -> dict[str, list[str]]:
    """Find the names of class labels in the description of features that `datasets` stores."""
    return {
        column: [str(name) for name in feature["names"]]
        for column, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        if feature.get("names")
    }


def _table_of(
    path: Path,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str] = (),
    names: Mapping[str, Sequence[str]] | None = None,
) -> Table:
    known = tuple(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    texts = [{name: as_text(row.get(name)) for name in known} for row in rows]
    return Table(path, known, texts, names or {})


def as_text(value: Any) -> str:
    """Write a cell as text: "" of nothing, and whole numbers without a point.

    >>> as_text(3.0), as_text(None), as_text(" a "), as_text(float("nan"))
    ('3', '', 'a', '')
    """
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _require_once(columns: list[str], path: Path) -> list[str]:
    for name in columns:
        if name and columns.count(name) > 1:
            raise CorpusError(f"{path} has the column {name} twice: name one otherwise.")
    return columns
