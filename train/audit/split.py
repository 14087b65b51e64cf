"""What an audit looks at: files, who speaks in them, and on which side of each fold they stand.

A split file is a CSV with a header and one row per clip and fold:

    file,fold,side            e.g. 03-01-05-01-01-01-01.wav,1,test
                                   augmented/03-01-05-01-01-01-01-noise.wav,1,train

`file` is a clip's name within a corpus that was given, or a path from a corpus' folder, from the
split file's folder, or from anywhere. A column `speaker` may say who speaks in files that are in no
corpus. Without a column `side`, each row's fold is the fold that tests the clip, and all other rows
are on that fold's training side, as in `out_of_fold.csv`.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ser_core.errors import ConfigError

from ..corpora import NO_SPEAKER, Clip, Corpus
from ..corpora.clip import CorpusInfo
from ..data.protocols import PROTOCOLS, Fold, clips_of

SIDES = ("train", "test")


@dataclass(frozen=True)
class Item:
    """One row of a split: a file that is trained on or tested on.

    Attributes:
        path: where it is.
        name: what it is called in a report.
        speaker: str, the same for one person in all corpora; None where nobody says who speaks.
    """

    path: Path
    name: str
    speaker: str | None


@dataclass(frozen=True)
class Split:
    """Rows and folds; a fold holds positions in `items`.

    Attributes:
        items: the judged rows first, then those that are only trained on.
        folds: list of Fold, each with the rows that are only trained on in `train` too.
        judged: int, how many items are judged.
    """

    items: tuple[Item, ...]
    folds: tuple[Fold, ...]
    judged: int


def item_of(clip: Clip, info: CorpusInfo) -> Item:
    """Make an item of a corpus' clip; corpora of the same people give the same speakers."""
    people = min(info.name, *info.same_speakers_as)
    speaker = None if clip.speaker == NO_SPEAKER else f"{people} {clip.speaker}"
    return Item(clip.path, f"{clip.corpus}/{clip.file}", speaker)


def split_by_protocol(
    protocol: str, judged: Sequence[Corpus], pretraining: Sequence[Corpus]
) -> Split:
    """Split corpora as a protocol does.

    Args:
        protocol: a name in PROTOCOLS.
        judged: corpora that folds are made of.
        pretraining: corpora that every fold trains on in whole.

    Raises:
        ConfigError: there is no such protocol, or there is no corpus to be judged on.
    """
    if protocol not in PROTOCOLS:
        raise ConfigError(
            f"There is no protocol {protocol!r}: use one of {', '.join(PROTOCOLS)}, or --split."
        )
    clips = clips_of(protocol, [clip for corpus in judged for clip in corpus.clips])
    if not clips:
        raise ConfigError("No corpus is judged on: give one as --corpus NAME=PATH.")
    infos = {corpus.info.name: corpus.info for corpus in judged}
    items = [item_of(clip, infos[clip.corpus]) for clip in clips]
    return with_pretraining(items, PROTOCOLS[protocol](clips), pretraining)


def with_pretraining(
    items: Sequence[Item], folds: Sequence[Fold], pretraining: Sequence[Corpus]
) -> Split:
    """Put the clips of corpora that only train on every fold's training side."""
    more = [item_of(clip, corpus.info) for corpus in pretraining for clip in corpus.clips]
    added = np.arange(len(items), len(items) + len(more))
    joined = [Fold(fold.number, np.concatenate([fold.train, added]), fold.test) for fold in folds]
    return Split((*items, *more), tuple(joined), len(items))


def add_training_clips(
    split: Split, corpora: Sequence[Corpus], chosen: Mapping[int, Mapping[str, Sequence[Clip]]]
) -> Split:
    """Put on each fold's training side those clips of further corpora that it learns from.

    Args:
        split: Split.
        corpora: the further ones.
        chosen: by fold and corpus, the clips that it learns from.
    """
    more = [(clip, corpus.info) for corpus in corpora for clip in corpus.clips]
    places = {clip: len(split.items) + number for number, (clip, _) in enumerate(more)}
    folds = []
    for fold in split.folds:
        clips = [clip for of_corpus in chosen[fold.number].values() for clip in of_corpus]
        added = np.array([places[clip] for clip in clips], dtype=int)
        folds.append(Fold(fold.number, np.concatenate([fold.train, added]), fold.test))
    items = tuple(item_of(clip, info) for clip, info in more)
    return Split((*split.items, *items), tuple(folds), split.judged)


def read_split(
    file: Path, judged: Mapping[Path, Corpus], pretraining: Sequence[Corpus] = ()
) -> Split:
    """Read a split file.

    Args:
        file: CSV, as described above.
        judged: corpora by their folder, that names and paths are looked up in.
        pretraining: corpora that every fold trains on in whole.

    Raises:
        ConfigError: the table cannot be read, lacks a column, names a file that is nowhere, or has
            a side that is neither train nor test.
    """
    try:
        with file.open(encoding="utf-8", newline="") as table:
            reader = csv.DictReader(table)
            rows, columns = list(reader), reader.fieldnames or []
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} could not be read as a split: a CSV is expected.") from error
    if not rows or not {"file", "fold"} <= set(columns):
        raise ConfigError(
            f"{file} must have the columns file and fold, and side or none, and at least one row; "
            f"it has {', '.join(columns) or 'none'}."
        )
    items = find_files(file, rows, judged)
    try:
        numbers = np.array([int(row["fold"]) for row in rows])
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{file} has a fold that is no whole number: {error}.") from error
    folds = []
    if "side" in columns:
        sides = np.array([(row["side"] or "").strip().lower() for row in rows])
        if wrong := set(sides.tolist()) - set(SIDES):
            raise ConfigError(f"{file} has the side {min(wrong)!r}: use train or test.")
        for number in np.unique(numbers):
            here = numbers == number
            sets = [np.flatnonzero(here & (sides == side)) for side in SIDES]
            folds.append(Fold(int(number), *sets))
    else:
        for number in np.unique(numbers):
            here = numbers == number
            folds.append(Fold(int(number), np.flatnonzero(~here), np.flatnonzero(here)))
    return with_pretraining(items, folds, pretraining)


def find_files(
    file: Path, rows: Sequence[dict[str, str]], judged: Mapping[Path, Corpus]
) -> list[Item]:
    """Find the file of every row of a split."""
    known: dict[Path, Item] = {}
    names: dict[str, list[Item]] = {}
    for corpus in judged.values():
        for clip in corpus.clips:
            item = known[clip.path.resolve()] = item_of(clip, corpus.info)
            names.setdefault(clip.file, []).append(item)
    items = []
    for row in rows:
        name = row["file"].strip()
        # The protocol `duplicated` calls a clip's second row copy/NAME.
        called = names.get(name) or names.get(name.removeprefix("copy/")) or []
        if len(called) > 1:
            raise ConfigError(
                f"{file} names {name}, which two corpora have: write the path from their folder."
            )
        if called:
            found = Item(called[0].path, name, called[0].speaker)
        else:
            places = [folder / name for folder in (*judged, file.parent, Path())]
            path = next((place.resolve() for place in places if place.is_file()), None)
            if path is None:
                raise ConfigError(
                    f"{file} names {name}, which is in no given corpus and no file beside it: "
                    "give its corpus as --corpus NAME=PATH."
                )
            speaker = known[path].speaker if path in known else row.get("speaker") or None
            found = Item(path, name, speaker)
        items.append(found)
    return items
