"""A corpus of one's own: any folder of recordings that says in some way what their labels are.

    --corpus calls=PATH --label-column emotion --speaker-column speaker     a table beside them
    --corpus calls=PATH --speaker-from '^[^/]+/([^/_]+)_'                   a folder per label
    --corpus calls=PATH --label-map labels.toml --drop-unknown              other names for labels

Every label becomes a class, unless a label map says otherwise. Nothing is guessed: what cannot be
read for certain is one sentence.
"""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from ser_core.errors import refuse_lfs_pointer_file

from .clip import NO_SPEAKER, UNKNOWN, Clip, CorpusError, CorpusInfo, Reading, order_labels
from .label_map import normalise_label, require_label
from .layout import Layout
from .own_recordings import Recording, find_recordings
from .readme_facts import read_readme

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
NUMBER = re.compile(r"-?\d+(\.0*)?")
GENDERS = {"f": "female", "female": "female", "m": "male", "male": "male"}
STATEMENTS = ("statement", "sentence")
UNDETERMINED = "und"  # ISO 639's code of a language that nobody stated
HOMEPAGE = ".homepage"  # file beside what was fetched from the Hub
NO_LABEL = "(none)"  # how clips without a label are counted


def read_folder(name: str, root: Path, layout: Layout) -> tuple[CorpusInfo, Reading]:
    """Read a folder of recordings.

    Args:
        name: what the corpus is called.
        root: its folder.
        layout: where its recordings say what they are.

    Returns:
        Facts about the corpus, and one Clip per recording; `file` is its path from the folder.

    Raises:
        CorpusError: the folder, its table, a label or a speaker is not as it has to be.
    """
    if not root.is_dir():
        raise CorpusError(f"{root} is not a folder: {name} was looked for there.")
    found = find_recordings(root, layout)
    if not found.recordings:
        raise CorpusError(f"{root} has a table without rows: it names no recording.")
    classes, dropped = _classes_of(found.recordings, layout, root)
    kept = [one for one, label in zip(found.recordings, classes, strict=True) if label]
    labels = [label for label in classes if label]
    if not kept:
        raise CorpusError(f"{root} holds no recording whose label counts: all were dropped.")
    kept, labels, second_copies = _drop_second_copies(kept, labels)
    speakers, notes = _speakers_of(kept, name)
    notes += _notes_on_labels(found.recordings, layout)
    if found.unnamed:
        notes.append(f"{found.unnamed:,} recordings of {name} are in no table, and were left out.")
    clips = [
        _clip(one, name, label, speaker)
        for one, label, speaker in zip(kept, labels, speakers, strict=True)
    ]
    reading = Reading(clips, dropped, second_copies, tuple(notes))
    return _describe(name, root, order_labels(labels)), reading


def _describe(name: str, root: Path, labels: tuple[str, ...]) -> CorpusInfo:
    facts = read_readme(root)
    return CorpusInfo(
        name=name,
        title=facts.title or name,
        language=facts.language or UNDETERMINED,
        licence=facts.licence or f"LicenseRef-{name}",
        citation="",
        pattern="recordings of one's own",
        labels=labels,
        homepage=_homepage(root),
        access="ask whoever recorded it",
    )


def _homepage(root: Path) -> str:
    """Read where a dataset that was fetched from the Hub is at home; "" of any other folder."""
    file = root / HOMEPAGE
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _clip(one: Recording, corpus: str, label: str, speaker: str) -> Clip:
    return Clip(
        path=one.path,
        file=one.name,
        corpus=corpus,
        emotion=label,
        speaker=speaker,
        gender=GENDERS.get(one.cells.get("gender", "").lower(), UNKNOWN),
        statement=next((one.cells[key] for key in STATEMENTS if one.cells.get(key)), None),
        intensity=one.cells.get("intensity") or None,
    )


def _classes_of(
    recordings: Sequence[Recording], layout: Layout, root: Path
) -> tuple[list[str], dict[str, int]]:
    """Give each recording its class, "" where it is dropped; count what is dropped by label."""
    table, classes = layout.label_map, []
    dropped: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    numbers: set[str] = set()
    for one in recordings:
        label = normalise_label(one.label)
        if NUMBER.fullmatch(label):
            label = label.partition(".")[0]
            if table is None:
                numbers.add(label)
        known = (label or None) if table is None else table.find(label)
        if not known:
            (unknown if known is None else dropped)[label or NO_LABEL] += 1
        classes.append(known or "")
    if numbers:
        raise CorpusError(
            f"{root} has labels that are numbers, {_some(sorted(numbers))}, and nothing says what "
            'they mean: name them with --label-map, a TOML file with [labels] and 0 = "angry".'
        )
    for label in set(classes) - {""}:
        require_label(label, str(root))
    if unknown and not layout.drop_unknown:
        raise _refuse_unknown(unknown, recordings, layout, root)
    return classes, dict(sorted((dropped + unknown).items()))


def _refuse_unknown(
    unknown: Counter[str], recordings: Sequence[Recording], layout: Layout, root: Path
) -> CorpusError:
    if unknown[NO_LABEL]:
        first = next(one.name for one in recordings if not one.label.strip())
        return CorpusError(
            f"{unknown[NO_LABEL]:,} of {len(recordings):,} recordings in {root} have no label, the "
            f"first of them {first}: write it down, or leave them out with --drop-unknown."
        )
    assert layout.label_map is not None, "without a map, only an empty label is unknown"
    return CorpusError(
        f"{layout.label_map.source} does not know the "
        f"{'label' if len(unknown) == 1 else 'labels'} {_some(sorted(unknown))} of {root}: add "
        f'{min(unknown)} = "..." to its [labels] ("" drops it), or drop all of them with '
        "--drop-unknown."
    )


def _some(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 10} more" if len(labels) > 10 else ""
    return ", ".join(map(repr, labels[:10])) + more


def _drop_second_copies(
    recordings: Sequence[Recording], labels: Sequence[str]
) -> tuple[list[Recording], list[str], int]:
    """Leave out recordings that came before, by their path or by their bytes.

    Raises:
        CorpusError: a file is empty or a Git LFS pointer, or one recording has two labels.
    """
    sizes: defaultdict[int, list[int]] = defaultdict(list)
    for index, one in enumerate(recordings):
        sizes[one.path.stat().st_size].append(index)
    if 0 in sizes:
        name = recordings[sizes[0][0]].name
        raise CorpusError(f"{name} is an empty file: record it again, or remove it.")
    second: set[int] = set()
    for alike in sizes.values():
        first_of: dict[str, int] = {}
        for index in alike:
            one = recordings[index]
            refuse_lfs_pointer_file(one.path, str(one.path), CorpusError)
            if len(alike) == 1:
                continue
            first = first_of.setdefault(hashlib.sha256(one.path.read_bytes()).hexdigest(), index)
            if first == index:
                continue
            if labels[first] != labels[index]:
                raise CorpusError(_two_labels(recordings, labels, first, index))
            second.add(index)
    kept = [index for index in range(len(recordings)) if index not in second]
    return [recordings[i] for i in kept], [labels[i] for i in kept], len(second)


def _two_labels(
    recordings: Sequence[Recording], labels: Sequence[str], first: int, second: int
) -> str:
    one, other = recordings[first].name, recordings[second].name
    if one == other:
        return (
            f"{one} is named twice, as {labels[first]!r} and as {labels[second]!r}: leave the row "
            "that is right."
        )
    return (
        f"{one} and {other} are the same recording under two labels, {labels[first]!r} and "
        f"{labels[second]!r}: leave the one that is right."
    )


def _speakers_of(recordings: Sequence[Recording], corpus: str) -> tuple[list[str], list[str]]:
    """Give each recording its speaker, and say what is not known; case makes no other person."""
    spelling: dict[str, str] = {}
    speakers = []
    for one in recordings:
        text = unicodedata.normalize("NFC", " ".join(one.speaker.split()))
        speakers.append(spelling.setdefault(text.casefold(), text))
    nameless = speakers.count("")
    if nameless == len(speakers):
        return [NO_SPEAKER] * len(speakers), []
    if not nameless:
        return speakers, []
    note = (
        f"{nameless:,} of {len(speakers):,} recordings of {corpus} name no speaker: they stand "
        f"together, as one speaker called {UNKNOWN}, who may be among the others too."
    )
    return [speaker or UNKNOWN for speaker in speakers], [note]


def _notes_on_labels(recordings: Sequence[Recording], layout: Layout) -> list[str]:
    """Say which labels of a map no recording has: most likely they are misspelt."""
    if layout.label_map is None:
        return []
    there = {normalise_label(one.label) for one in recordings}
    unused = sorted(set(layout.label_map.classes) - there - {""})
    if not unused:
        return []
    return [f"{layout.label_map.source} names {_some(unused)}, which no recording has."]
