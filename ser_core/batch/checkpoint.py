"""What a run has answered so far, in parts that survive its death.

Beside `results.parquet` stands `results.parquet.parts/` until all is done: `manifest.json` (model,
options) and `part-000001.jsonl`, ..., one line per recording with all its rows. A part is written
under another name and renamed, so it is whole or not there, and a recording's rows are never half
there. Of two lines for one recording the later one counts.
"""

import contextlib
import glob
import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from ser_core.config.whole_files import write_whole
from ser_core.errors import BatchError

from .output_table import Columns, holds_vectors, read_table, write_table
from .recordings import Recording
from .rows import Row

FORMAT = 1  # raised whenever older parts could not be read

# Between parts: a fiftieth of the time so far, so that a death costs little and parts stay few.
_SHARE = 1 / 50
_SHORTEST, _LONGEST = 0.5, 30.0  # [s]

_BATCH = 10_000  # lines that are in memory at a time when parts are joined
_VECTORS = 500  # of these where each holds an embedding
_NAME = re.compile(r"part-(\d+)\.jsonl")


class Entry(NamedTuple):
    """Where a recording's line is, and what the recording was when it was answered."""

    part: int
    offset: int
    size: int | None
    version: str | None
    failed: bool


class Checkpoint:
    """What was answered for one output file, in parts. One process at a time may have them open.

    Attributes:
        entries: dict from a recording's path to its Entry.
    """

    def __init__(self, out: Path, identity: dict[str, Any], columns: Columns) -> None:
        """Open the parts of an earlier run, or begin with what the output file holds.

        Args:
            out: the output file.
            identity: JSON types, everything that parts must agree in.
            columns: of the output file.

        Raises:
            BatchError: another process has them open, they are of another model or other options,
                or the output file is.
        """
        self.entries: dict[str, Entry] = {}
        self._out, self._columns = out, columns
        # Beside the table itself: two links to one table must not be written to at once.
        target = out.resolve()
        self._folder = target.with_name(f"{target.name}.parts")
        self._lines: list[tuple[Recording, bytes, bool]] = []
        self._started = self._written = time.monotonic()
        manifest = {"format": FORMAT} | identity
        if not self._folder.is_dir():
            self._make_folder(manifest)
        self._lock = _lock_folder(self._folder)
        try:
            self._read_parts(manifest)
        except BaseException:
            os.close(self._lock)
            raise

    def add(self, recording: Recording, rows: list[Row]) -> None:
        """Take a recording's rows; they are safe once `flush` was called or called itself."""
        failed = any(row["status"] == "error" for row in rows)
        line = {
            "path": recording.path,
            "size": recording.size,
            "version": recording.version,
            "failed": failed,
            "rows": rows,
        }
        self._lines.append((recording, json.dumps(line).encode() + b"\n", failed))
        now = time.monotonic()
        interval = min(max(_SHARE * (now - self._started), _SHORTEST), _LONGEST)
        if now - self._written >= interval:
            self.flush()

    def flush(self) -> None:
        """Write what was added since the last part."""
        self._written = time.monotonic()
        if not self._lines:
            return
        self._number += 1
        _write_lines(self._part(self._number), [line for _, line, _ in self._lines])
        offset = 0
        for recording, line, failed in self._lines:
            self.entries[recording.path] = Entry(
                self._number, offset, recording.size, recording.version, failed
            )
            offset += len(line)
        self._lines.clear()

    def rows(self) -> Iterator[Row]:
        """Yield the output file's rows, sorted by path, and within one as they were given."""
        ordered = sorted(self.entries)
        most = _VECTORS if holds_vectors(self._columns) else _BATCH
        for start in range(0, len(ordered), most):
            paths = ordered[start : start + most]
            lines: dict[str, Any] = {}
            by_place = sorted(paths, key=lambda path: self.entries[path][:2])
            for number, group in groupby(by_place, key=lambda path: self.entries[path].part):
                with open(self._part(number), "rb") as file:
                    for path in group:
                        file.seek(self.entries[path].offset)
                        lines[path] = json.loads(file.readline())
            for path in paths:
                known = {name: lines[path][name] for name in ("path", "size", "version")}
                yield from (known | row for row in lines[path]["rows"])

    def join(self, constant: Row) -> None:
        """Write the output file, and remove the parts.

        Args:
            constant: columns that are the same in every row.
        """
        self.flush()
        write_table(self._out, self._columns, (row | constant for row in self.rows()))
        # Renamed first: parts that were removed by half would be taken for an unfinished run.
        os.rename(self._folder, self._folder.with_name(f"{self._folder.name}.{os.getpid()}"))
        for left in self._folder.parent.glob(f"{glob.escape(self._folder.name)}.*"):
            shutil.rmtree(left)  # and what runs that were killed just then left

    def close(self) -> None:
        """Write what is left, and let other processes have the parts."""
        try:
            if self._folder.is_dir():
                self.flush()
        finally:
            os.close(self._lock)

    def _read_parts(self, manifest: dict[str, Any]) -> None:
        self._require_same(manifest)
        numbers = sorted(
            int(m[1]) for f in self._folder.iterdir() if (m := _NAME.fullmatch(f.name))
        )
        for number in numbers:
            self._index(number)
        self._number = numbers[-1] if numbers else 0

    def _make_folder(self, manifest: dict[str, Any]) -> None:
        """Make the folder, with the rows of a finished output file as its first part."""
        new = self._folder.with_name(f"{self._folder.name}.{os.getpid()}")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        try:
            if self._out.is_file():
                _write_lines(new / "part-000000.jsonl", self._finished_lines(manifest))
            _write_lines(new / "manifest.json", [json.dumps(manifest).encode()])
            with contextlib.suppress(OSError):  # another process was faster: the lock will tell
                os.rename(new, self._folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _finished_lines(self, manifest: dict[str, Any]) -> Iterator[bytes]:
        """Yield the output file's rows as lines of a part."""
        rows = read_table(self._out, self._columns)
        for path, group in groupby(rows, key=lambda row: row["path"]):
            kept = []
            for row in group:
                if {name: row[name] for name in ("model", "revision")} != {
                    name: manifest[name] for name in ("model", "revision")
                }:
                    raise _mismatch(self._out, "model", row["model"], manifest["model"])
                kept.append(row)
            line = {"path": path, "size": kept[0]["size"], "version": kept[0]["version"]}
            line["failed"] = any(row["status"] == "error" for row in kept)
            constant = ("path", "size", "version", "model", "revision")
            line["rows"] = [
                {k: v for k, v in row.items() if v is not None and k not in constant}
                for row in kept
            ]
            yield json.dumps(line).encode() + b"\n"

    def _require_same(self, manifest: dict[str, Any]) -> None:
        try:
            found = json.loads((self._folder / "manifest.json").read_bytes())
        except (OSError, ValueError) as error:
            raise BatchError(
                f"{self._folder} holds no parts of a run: expected a manifest.json that can be "
                "read; remove the folder, or choose another --out."
            ) from error
        for name, value in manifest.items():
            if found.get(name) != value:
                raise _mismatch(self._folder, name, found.get(name), value)

    def _index(self, number: int) -> None:
        with open(self._part(number), "rb") as file:
            offset = 0
            for text in file:
                line = json.loads(text)
                self.entries[line["path"]] = Entry(
                    number, offset, line["size"], line["version"], line["failed"]
                )
                offset += len(text)

    def _part(self, number: int) -> Path:
        return self._folder / f"part-{number:06d}.jsonl"


def _mismatch(where: Path, name: str, there: Any, now: Any) -> BatchError:
    difference = f"{name} {there!r}, this run {now!r}"
    if there == now:
        difference = f"{name} {there!r} as well, but another revision of it"
    return BatchError(
        f"{where} is of a run with other options (there {difference}): go on with the same ones, "
        "or choose another --out."
    )


def _write_lines(path: Path, lines: Iterable[bytes]) -> None:
    with write_whole(path) as unfinished, open(unfinished, "wb") as file:
        file.writelines(lines)


def _lock_folder(folder: Path) -> int:
    """Lock a folder until the descriptor returned is closed, or this process dies."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise BatchError(
            f"Another run writes to {folder} now: expected to be the only one; wait for it, or "
            "choose another --out."
        ) from error
    except OSError:
        pass  # a file system without locks
    return descriptor
