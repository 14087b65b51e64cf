"""The one file that comes out: CSV, JSON Lines or Parquet, written whole or not at all."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeAlias

from ser_core.audio.channels import Channels
from ser_core.config.whole_files import write_whole
from ser_core.errors import BatchError
from ser_core.timeline.exports.delimited import is_formula, no_formula

from .rows import Row, RowKind

Columns: TypeAlias = Mapping[str, type]

SUFFIXES = (".parquet", ".csv", ".jsonl")
_GROUP = 50_000  # rows of a Parquet file that are written together
_VECTORS = 1_000  # of these where each holds an embedding
_READ = 10_000  # rows that are read at a time
_NAMING = {"path", "notes", "error"}  # columns whose cells may begin with a recording's name
_NAMED = {"label", "likely"}  # and those with names that somebody chose
_PARSERS: Mapping[type, Callable[[str], object]] = {
    str: str,
    float: float,
    int: int,
    bool: lambda cell: ("False", "True").index(cell) == 1,
    list: json.loads,
}
"""What each type of column makes of a cell of a CSV file."""


_LENGTHS: Columns = {"speech_seconds": float, "duration": float}
_ORIGIN: Columns = {
    "notes": str,
    "error": str,
    "size": int,
    "version": str,
    "model": str,
    "revision": str,
}


def table_columns(labels: Sequence[str], kind: RowKind, channels: Channels = "mix") -> Columns:
    """Return the columns of a table with their types, in order.

    Args:
        labels: the model's labels; each has a column `prob_LABEL`, and `likely` joins some of them
            with semicolons.
        kind: "files"; "segments", which have `start` and `end` [s] beside; or "embeddings", which
            have no label but an `embedding`, a list of numbers.
        channels: other than "mix", there is a `speaker`, who is a channel, too.

    >>> list(table_columns(["sad"], "segments"))[:5]
    ['path', 'start', 'end', 'status', 'label']
    """
    if kind == "embeddings":
        return {"path": str, "status": str, "embedding": list, **_LENGTHS, **_ORIGIN}
    span = {"start": float, "end": float} if kind == "segments" else {}
    speaker = {} if channels == "mix" else {"speaker": str}
    return {
        "path": str,
        **span,
        **speaker,
        "status": str,
        "label": str,
        "confidence": float,
        **{f"prob_{label}": float for label in labels},
        "intensity": float,
        **_LENGTHS,
        "distance": float,
        "familiar": bool,
        "likely": str,
        **_ORIGIN,
    }


def holds_vectors(columns: Columns) -> bool:
    """Whether rows of these columns are large: a thousand of them have some fifty megabytes."""
    return list in columns.values()


def require_writable(path: Path) -> None:
    """Raise BatchError where no table can be written to `path`, before any work is done for it."""
    if path.suffix.lower() not in SUFFIXES:
        raise BatchError(
            f"--out {path} has no format: expected a name that ends in {', '.join(SUFFIXES)}; "
            "rename it."
        )
    if "://" in str(path) or ":/" in str(path):
        raise BatchError(f"--out {path} is no local file: write one here, and copy it there.")
    _require_regular(path)
    if path.suffix.lower() == ".parquet":
        _pyarrow()
    try:
        path.resolve().parent.mkdir(parents=True, exist_ok=True)  # where a link leads
    except OSError as error:
        raise BatchError(
            f"The folder of --out {path} cannot be made ({error.strerror}); choose another."
        ) from error


def write_table(path: Path, columns: Columns, rows: Iterable[Row]) -> None:
    """Write a table.

    Args:
        path: what to write; its suffix says in which format. What was there stays until the new
            table is complete.
        columns: what each row is cut and filled up to.
        rows: read one by one.
    """
    with (
        write_whole(path) as unfinished,
        _WRITERS[path.suffix.lower()](unfinished, columns) as append,
    ):
        for row in rows:
            append({name: row.get(name) for name in columns})


def read_table(path: Path, columns: Columns) -> Iterator[Row]:
    """Yield the rows of a table that `write_table` wrote.

    Raises:
        BatchError: it has other columns, or is no such table.
    """
    try:
        for row in _READERS[path.suffix.lower()](path):
            if list(row) != list(columns):
                raise _foreign(path, "has other columns")
            yield row if path.suffix.lower() != ".csv" else _typed(row, columns)
    except (ValueError, OSError) as error:  # what the parsers of all three raise
        if isinstance(error, BatchError):
            raise
        raise _foreign(path, "cannot be read as one") from error


def _foreign(path: Path, what: str) -> BatchError:
    return BatchError(
        f"{path} is there already and is not a table of this kind (it {what}): expected nothing, "
        "or what an earlier run with the same --rows wrote; choose another --out."
    )


def _typed(row: Mapping[str, str], columns: Columns) -> Row:
    return {
        name: _PARSERS[kind](row[name]) if row[name] else None for name, kind in columns.items()
    }


def _pyarrow() -> Any:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise BatchError(
            "Parquet needs pyarrow, which is not installed: pip install 'ser-core[batch]', or "
            "write .csv or .jsonl."
        ) from error
    return pyarrow


def _require_regular(path: Path) -> None:
    """Raise BatchError where something else than a file stands at `path`, or where it leads."""
    try:
        path.stat()
    except FileNotFoundError:
        return  # or a link to what is not there yet: the table is written to where it leads
    except OSError as error:
        raise BatchError(
            f"--out {path} cannot be looked at ({error.strerror}): choose another."
        ) from error
    if path.is_dir():
        raise BatchError(f"--out {path} is a folder: expected a file's name; add one.")
    if not path.is_file():
        raise BatchError(
            f"--out {path} is a pipe or a device: expected a file, which can be replaced when the "
            "table is complete; write one, and copy it there."
        )


Appender: TypeAlias = Callable[[Row], object]


@contextmanager
def _write_csv(path: Path, columns: Columns) -> Iterator[Appender]:
    with open(path, "w", encoding="utf-8", newline="") as file:
        yield csv_appender(file, columns)


def csv_appender(file: TextIO, columns: Iterable[str]) -> Appender:
    """Write the line of names of a CSV table.

    Args:
        file: a text file that leaves line ends as they are.
        columns: their names.

    Returns:
        What writes a row. A sentence or a path that a spreadsheet would take for a formula, since
        it begins with a recording's name that begins so, gets "./" before it;
        such a label gets an apostrophe.
    """
    names = list(columns)
    plain = csv.DictWriter(file, names, lineterminator="\n")
    # What ends no line that is written ends lines that are read, unless it is quoted.
    quoted = csv.DictWriter(file, names, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    plain.writeheader()

    def append(row: Row) -> None:
        cells = {name: _guard(name, cell) for name, cell in row.items()}
        cells = {k: json.dumps(v) if isinstance(v, list) else v for k, v in cells.items()}
        has_return = any(isinstance(cell, str) and "\r" in cell for cell in cells.values())
        (quoted if has_return else plain).writerow(cells)

    return append


def _guard(name: str, cell: Any) -> Any:
    if name in _NAMED:
        return no_formula(cell)
    return f"./{cell}" if name in _NAMING and is_formula(cell) else cell


@contextmanager
def _write_jsonl(path: Path, columns: Columns) -> Iterator[Appender]:
    with open(path, "w", encoding="utf-8") as file:
        yield lambda row: file.write(json.dumps(row, ensure_ascii=False) + "\n")


@contextmanager
def _write_parquet(path: Path, columns: Columns) -> Iterator[Appender]:
    pyarrow = _pyarrow()
    types = {
        str: pyarrow.string(),
        float: pyarrow.float64(),
        int: pyarrow.int64(),
        bool: pyarrow.bool_(),
        list: pyarrow.list_(pyarrow.float32()),
    }
    most = _VECTORS if holds_vectors(columns) else _GROUP
    schema = pyarrow.schema([(name, types[kind]) for name, kind in columns.items()])
    rows: list[Row] = []
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:

        def flush() -> None:
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))
            rows.clear()

        def append(row: Row) -> None:
            rows.append(row)
            if len(rows) >= most:
                flush()

        yield append
        flush()


def _read_csv(path: Path) -> Iterator[Row]:
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _read_jsonl(path: Path) -> Iterator[Row]:
    with open(path, encoding="utf-8") as file:
        yield from map(json.loads, file)


def _read_parquet(path: Path) -> Iterator[Row]:
    with _pyarrow().parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_READ):
            for start in range(0, batch.num_rows, 1_000):
                yield from batch.slice(start, 1_000).to_pylist()


_WRITERS: dict[str, Callable[[Path, Columns], AbstractContextManager[Appender]]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
}
_READERS = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}
