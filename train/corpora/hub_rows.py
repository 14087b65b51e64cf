"""Datasets of anybody's, streamed row by row into a folder in the AudioFolder form.

A dataset on the Hub, or a folder of its files, with the audio inside Parquet, as `datasets` reads
it. One clip at a time is in memory, its bytes are written as they are, and the other columns go
into metadata.csv, class labels by their names.
"""

import csv
import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from huggingface_hub import cached_assets_path
from tqdm import tqdm

from ser_core.config.whole_files import write_whole_folder
from ser_core.model.files import CARD

from .clip import CorpusError
from .metadata_tables import FILE_NAME, as_text
from .own_recordings import TABLES

LIBRARY, NAMESPACE = "speech-emotion", "folders"  # where in the cache of assets
SPLIT = "split"
LONGEST = 100  # characters of a file's name


def is_dataset_folder(folder: Path) -> bool:
    """Whether a folder holds a dataset's Parquet files, as a clone of one on the Hub does."""
    if not folder.is_dir() or any(next(folder.rglob(name), None) for name in TABLES):
        return False
    return next(folder.rglob("*.parquet"), None) is not None


def unpack_folder(source: Path) -> Path:
    """Write the clips of a folder's Parquet files beside a metadata.csv, unless that was done.

    Returns:
        The folder, in huggingface_hub's cache of assets; of changed files it is another one.

    Raises:
        CorpusError: `datasets` cannot read it, or it has no column of audio.
    """
    files = [path for path in sorted(source.resolve().rglob("*")) if path.is_file()]
    told = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    digest = hashlib.sha256(repr(told).encode()).hexdigest()[:16]
    folder = cached_assets_path(LIBRARY, namespace=NAMESPACE, subfolder=source.name)
    target = folder / digest
    if not target.is_dir():
        with write_whole_folder(target) as staging:
            write_rows(str(source), staging, str(source))
            if (source / CARD).is_file():
                shutil.copyfile(source / CARD, staging / CARD)
    return target


def write_rows(
    path: str,
    folder: Path,
    source: str,
    *,
    revision: str | None = None,
    configuration: str | None = None,
) -> None:
    """Stream a dataset's rows into a folder.

    Args:
        path: what `datasets.load_dataset` takes: "user/name" or a folder.
        folder: to write clips and metadata.csv into; there, and empty.
        source: what to call the dataset in an error.
        revision: a commit on the Hub.
        configuration: which of the dataset's configurations, where it has several.

    Raises:
        CorpusError: `datasets` cannot read it, it has no column of audio or several, or a row has
            no audio.
    """
    import datasets  # only now: it takes a second to import

    with _one_sentence(source):
        splits = datasets.load_dataset(path, configuration, revision=revision, streaming=True)
    rows: list[dict[str, str]] = []
    columns: dict[str, None] = {FILE_NAME: None}
    with tqdm(desc="clips", unit="clip", disable=None) as bar, _one_sentence(source):
        for split, stream in splits.items():
            for row in _write_split(stream, str(split), folder, source):
                rows.append(row)
                columns.update(dict.fromkeys(row))
                bar.update()
    if not rows:
        raise CorpusError(f"{source} has no rows.")
    with (folder / TABLES[0]).open("w", encoding="utf-8", newline="") as lines:
        # Its lines end in "\r\n", as of the characters that end lines only those are quoted.
        table = csv.DictWriter(lines, list(columns), restval="")
        table.writeheader()
        table.writerows(rows)


@contextmanager
def _one_sentence(source: str) -> Iterator[None]:
    """Turn what `datasets` raises, of whichever kind, into one sentence."""
    from datasets.exceptions import DatasetsError

    try:
        yield
    except CorpusError:
        raise
    except (DatasetsError, ValueError, TypeError, OSError, ImportError) as error:
        text = " ".join(str(error).split())
        raise CorpusError(f"{source} cannot be read as a dataset: {text:.300}") from error


def _write_split(stream: Any, split: str, folder: Path, source: str) -> Iterator[dict[str, str]]:
    """Write the clips of a split, and give the row of each for metadata.csv."""
    features = stream.features or {}
    audio = _find_audio(features, source)
    stream = stream.decode(False)  # else datasets wants torch
    used: set[str] = set()
    for number, row in enumerate(stream, start=1):
        name, content = _read_audio(row[audio], f"row {number} of {split} in {source}")
        name = _unused(name or f"{number:06d}.audio", number, used)
        file = folder / split / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        cells = {
            column: _as_cell(row[column], features[column])
            for column in features
            if column not in (audio, FILE_NAME)
        }
        yield {FILE_NAME: f"{split}/{name}", SPLIT: split} | cells


def _find_audio(features: Mapping[str, Any], source: str) -> str:
    import datasets

    found = [
        name
        for name, kind in features.items()
        if isinstance(kind, datasets.Audio)
        or (isinstance(kind, dict) and set(kind) == {"bytes", "path"})
    ]
    if len(found) != 1:
        what = "no column of audio" if not found else f"the columns of audio {', '.join(found)}"
        raise CorpusError(
            f"{source} has {what}, and one is needed: its columns are {', '.join(features)}."
        )
    return found[0]


def _read_audio(audio: Mapping[str, Any] | None, where: str) -> tuple[str, bytes]:
    """Give a clip's file name, "" where there is none, and its bytes."""
    import fsspec

    path, content = (audio or {}).get("path"), (audio or {}).get("bytes")
    if content is None:
        if not path:
            raise CorpusError(f"There is no audio in {where}.")
        with fsspec.open(path, "rb") as stream:
            content = stream.read()
    # Of what is inside an archive, "zip://a/1.wav::hf://...", the name inside counts.
    name = PurePosixPath((path or "").partition("::")[0].replace("\\", "/")).name
    return name.lstrip(".")[-LONGEST:], content


def _unused(name: str, number: int, used: set[str]) -> str:
    """Give a name that no clip before has, whatever the file system makes of case."""
    if name.lower() in used:
        name = f"{number:06d}/{name}"
    used.add(name.lower())
    return name


def _as_cell(value: Any, kind: Any) -> str:
    import datasets

    if isinstance(kind, datasets.ClassLabel):
        return "" if value is None or value < 0 else str(kind.int2str(value))
    return as_text(value) if isinstance(kind, datasets.Value) else ""
