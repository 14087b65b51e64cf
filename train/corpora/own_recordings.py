"""Recordings of one's own in a folder: where each is, and what its table or its folder says of it.

With a metadata.csv, .jsonl or .parquet anywhere below, in the Hub's AudioFolder form, the rows of
all of these count, such as one in train/ and one in test/. Without, the folder directly below the
corpus' is the label, or below such as train/ and test/.
"""

import itertools
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from ser_core.audio.endings import has_audio_ending
from ser_core.config.path_patterns import find_in_path

from .clip import CorpusError
from .layout import Layout
from .metadata_tables import FILE_NAME, Table, read_table

TABLES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
LABEL_COLUMNS = ("label", "emotion")  # that are looked for where nobody names one
SPEAKER_COLUMNS = ("speaker", "speaker_id")
SPLITS = frozenset(("train", "training", "valid", "validation", "val", "dev", "eval", "test"))


class NoRecordingError(CorpusError):
    """A folder holds neither a table nor a recording."""


@dataclass(frozen=True)
class Recording:
    """A recording as its corpus tells of it.

    Attributes:
        path: where it is.
        name: its path from the corpus' folder, with "/" between folders.
        label: as it is written there; "" for none.
        speaker: "" for none.
        cells: further columns, by name in small letters.
    """

    path: Path
    name: str
    label: str
    speaker: str
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What a folder holds.

    Attributes:
        recordings: in the order of tables and rows, or of paths.
        unnamed: int, recordings that lie there and that no table names.
    """

    recordings: Sequence[Recording]
    unnamed: int = 0


def find_recordings(root: Path, layout: Layout) -> Found:
    """Find the recordings of a folder, each with its label and speaker as they are written.

    Raises:
        CorpusError: there are none; or a table, a row, or a folder does not say what it should.
    """
    files = [path for path in sorted(root.rglob("*")) if not _is_hidden(path, root)]
    tables = [path for path in files if path.name.lower() in TABLES and path.is_file()]
    for one, other in itertools.pairwise(tables):
        if one.parent == other.parent:
            raise CorpusError(
                f"{one.parent} has {one.name} and {other.name}, and one of them says what counts: "
                "leave one."
            )
    sounds = [path for path in files if has_audio_ending(path.name) and path.is_file()]
    if tables:
        recordings = [one for table in tables for one in _from_table(table, root, layout)]
        named = {one.path for one in recordings}
        return Found(recordings, sum(path not in named for path in sounds))
    if not sounds:
        raise NoRecordingError(
            f"{root} holds no recording: looked for {', '.join(TABLES)} with a column {FILE_NAME}, "
            "and for one folder per label with recordings inside."
        )
    if layout.label_columns or layout.speaker_columns:
        column = (*layout.label_columns, *layout.speaker_columns)[0]
        raise CorpusError(
            f"{root} has no table whose column {column} could be read: it needs one of "
            f"{', '.join(TABLES)}, with a column {FILE_NAME}."
        )
    return Found(list(_from_folders(sounds, root, layout)))


def _is_hidden(path: Path, root: Path) -> bool:
    """Whether a file is one of the system's own, as ._1.wav of a Mac."""
    return any(part.startswith((".", "__MACOSX")) for part in path.relative_to(root).parts)


def _name_of(path: Path, root: Path) -> str:
    return unicodedata.normalize("NFC", path.relative_to(root).as_posix())


def _from_table(file: Path, root: Path, layout: Layout) -> Iterator[Recording]:
    """Go through the rows of a table."""
    from .readme_facts import read_readme  # only now: folders of labels need no YAML

    table = read_table(file)
    if not table.class_names:
        table = Table(file, table.columns, table.rows, read_readme(root).class_names)
    label = speaker = None
    if layout.label_pattern is None:
        label = _choose_column(table, layout.label_columns, LABEL_COLUMNS, "label")
    if layout.speaker_columns:
        speaker = _choose_column(table, layout.speaker_columns, (), "speaker")
    elif layout.speaker_pattern is None:
        speaker = next(iter(table.find(SPEAKER_COLUMNS)), None)
    paths = _find_files(table)
    for path, row in zip(paths, table.rows, strict=True):
        name = _name_of(path, root)
        yield Recording(
            path,
            name,
            table.cell(row, label) if label else _match(layout, "label", name),
            table.cell(row, speaker) if speaker else _match(layout, "speaker", name),
            {column.lower(): table.cell(row, column) for column in table.columns},
        )


def _choose_column(table: Table, given: Sequence[str], usual: Sequence[str], what: str) -> str:
    found = table.find(given or usual)
    others = ", ".join(column for column in table.columns if column != FILE_NAME) or "none"
    if not found:
        raise CorpusError(
            f"{table.path} has no column {' or '.join(given or usual)}: it has {others}; name the "
            f"one with the {what}s, --{what}-column NAME."
        )
    if len(found) > 1 and not given:
        raise CorpusError(
            f"{table.path} has the columns {' and '.join(found)}: say which of them is the {what}, "
            f"--{what}-column NAME."
        )
    return found[0]


def _find_files(table: Table) -> list[Path]:
    """Find the file of each row; a table is somebody else's text, so it names none elsewhere."""
    folder, paths, missing = table.path.parent, [], []
    for number, row in enumerate(table.rows, start=1):
        name = row[FILE_NAME]
        if not name:
            raise CorpusError(f"{table.path} has no {FILE_NAME} in row {number}.")
        windows, posix = PureWindowsPath(name), PurePosixPath(name)
        if posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts:
            raise CorpusError(
                f"{table.path} names {name!r}, and {FILE_NAME} is a path from the table's own "
                "folder that does not leave it, such as clips/1.wav."
            )
        paths.append(folder / name)
        if not paths[-1].is_file():
            # A table that was written on Windows has its separators, one on a Mac its accents.
            forms = [unicodedata.normalize(form, windows.as_posix()) for form in ("NFC", "NFD")]
            there = [folder / form for form in forms if (folder / form).is_file()]
            paths[-1:] = there[:1] or [paths[-1]]
        if not paths[-1].is_file():
            missing.append(name)
    if missing:
        raise CorpusError(
            f"{table.path} names {len(missing):,} of {len(paths):,} recordings that are not there, "
            f"the first of them {missing[0]!r}: it was looked for in {folder}."
        )
    return paths


def _match(layout: Layout, group: str, name: str) -> str:
    """Find a label or a speaker in a recording's path; "" where there is no pattern.

    Raises:
        CorpusError: the pattern does not match.
    """
    pattern = layout.label_pattern if group == "label" else layout.speaker_pattern
    if pattern is None:
        return ""
    found = find_in_path(pattern, group, name)
    if found is None:
        raise CorpusError(
            f"--{group}-from {pattern.pattern!r} finds no {group} in {name!r}: it has to match the "
            "path of every recording from the corpus' folder."
        )
    return found


def _from_folders(sounds: Sequence[Path], root: Path, layout: Layout) -> Iterator[Recording]:
    """Go through recordings in folders: one per label, unless a pattern says otherwise."""
    names = [_name_of(path, root) for path in sounds]
    parts = [PurePosixPath(name).parts[:-1] for name in names]
    if all(one and one[0].lower() in SPLITS for one in parts):
        parts = [one[1:] for one in parts]
    if layout.label_pattern is None:
        loose = [name for name, one in zip(names, parts, strict=True) if not one]
        if loose:
            raise CorpusError(
                f"{len(loose):,} of {len(names):,} recordings in {root} lie in no label's folder, "
                f"the first of them {loose[0]}: put each into a folder called like its label, or "
                "say with --label-from where its path has the label."
            )
        _require_one_reading(names, parts, root)
    for path, name, one in zip(sounds, names, parts, strict=True):
        label = one[0] if layout.label_pattern is None else _match(layout, "label", name)
        yield Recording(path, name, label, _match(layout, "speaker", name))


def _require_one_reading(
    names: Sequence[str], parts: Sequence[tuple[str, ...]], root: Path
) -> None:
    """Raise CorpusError where labels may as well be the inner folders: ada/happy, ben/happy."""
    outer_of: dict[str, set[str]] = {}
    for one in parts:
        for inner in one[1:2]:
            outer_of.setdefault(inner, set()).add(one[0])
    crossed = [inner for inner, outer in outer_of.items() if len(outer) > 1]
    if not crossed:
        return
    name, one = next(
        (name, one) for name, one in zip(names, parts, strict=True) if crossed[0] in one[1:2]
    )
    raise CorpusError(
        f"{root} has folders in folders, and either {one[0]!r} or {one[1]!r} may be the label of "
        f"{name}: say which, --label-from '^([^/]+)/' for the outer folder or --label-from "
        "'([^/]+)/[^/]+$' for the one that a recording lies in, and the other with --speaker-from."
    )
