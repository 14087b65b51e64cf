"""File names that carry the labels: which files follow a pattern, and what their codes mean."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from ser_core.audio.endings import AUDIO_ENDINGS
from ser_core.errors import refuse_lfs_pointer_file

from .clip import CorpusError, CorpusInfo

Meaning = TypeVar("Meaning")


def named_files(root: Path, name: re.Pattern[str]) -> tuple[list[tuple[Path, re.Match[str]]], int]:
    """Find the audio files below a folder whose names follow a pattern.

    Corpora are passed around with a second copy of themselves inside (Kaggle's RAVDESS and TESS):
    a file whose groups all came before is not taken again. Of one clip in several containers
    (CREMA-D has its WAV as MP3 too) the one that stands first in AUDIO_ENDINGS is taken.

    Args:
        root: folder, searched at any depth.
        name: searched for in the absolute path with "/" between folders and without the suffix.

    Returns:
        The files with their matches, sorted by path, and how many second copies were left out.

    Raises:
        CorpusError: a file is a Git LFS pointer.
    """
    files = []
    seen = set()
    second_copies = 0
    candidates = [path for path in root.rglob("*") if path.suffix.lower() in AUDIO_ENDINGS]
    for path in sorted(
        candidates, key=lambda path: (AUDIO_ENDINGS.index(path.suffix.lower()), path)
    ):
        if not path.is_file():
            continue
        match = name.search(path.absolute().with_suffix("").as_posix())
        if match is None:
            continue
        if match.groups() in seen:
            second_copies += 1
            continue
        refuse_lfs_pointer_file(path, str(path), CorpusError)
        seen.add(match.groups())
        files.append((path, match))
    return sorted(files, key=lambda found: found[0]), second_copies


def decode(
    table: Mapping[str, Meaning], code: str, *, what: str, path: Path, info: CorpusInfo
) -> Meaning:
    """Look a code up.

    Args:
        table: meanings by code.
        code: as it stands in the file's name.
        what: what the code is of, for the message.
        path: the file.
        info: facts about its corpus.

    Raises:
        CorpusError: the table has no such code.
    """
    if code not in table:
        raise CorpusError(
            f"{path} has a code that {info.name} does not have: {what} {code!r} is none of "
            f"{', '.join(table)}; is it a file of another corpus?"
        )
    return table[code]
