"""Corpora: file names and labels in, rows out; one module per corpus.

A corpus module offers `INFO` (a `CorpusInfo`) and `read(root) -> list[Clip]`.
"""

from dataclasses import dataclass
from pathlib import Path

from . import nemo, ravdess
from .clip import Clip, CorpusError, CorpusInfo

CORPORA = {module.INFO.name: module for module in (ravdess, nemo)}

__all__ = ["CORPORA", "Clip", "Corpus", "CorpusError", "CorpusInfo", "load", "parse"]


@dataclass(frozen=True)
class Corpus:
    """A corpus as it was found on disk.

    Attributes:
        info: what is known about it: licence, citation, which labels it has.
        clips: its rows, sorted by file name.
    """

    info: CorpusInfo
    clips: tuple[Clip, ...]


def parse(argument: str) -> tuple[str, Path]:
    """Split `NAME=PATH` from the command line.

    Raises:
        CorpusError: no "=", or an unknown name.

    >>> parse("ravdess=data/ravdess")
    ('ravdess', PosixPath('data/ravdess'))
    """
    name, separator, path = argument.partition("=")
    if not separator or not path:
        raise CorpusError(f"A corpus is given as NAME=PATH, not {argument!r}.")
    if name not in CORPORA:
        raise CorpusError(f"There is no corpus named {name!r}: use one of {', '.join(CORPORA)}.")
    return name, Path(path)


def load(name: str, root: Path) -> Corpus:
    """Read a corpus.

    Args:
        name: one of CORPORA.
        root: its folder.

    Returns:
        Corpus with at least one clip.

    Raises:
        CorpusError: the folder is missing or holds nothing of that corpus.
    """
    module = CORPORA[name]
    if not root.is_dir():
        raise CorpusError(f"{root} is not a folder: {name} was looked for there.")
    clips = sorted(module.read(root), key=lambda clip: (clip.file, str(clip.path)))
    if not clips:
        raise CorpusError(f"{root} holds no clip of {name}: looked for {module.INFO.pattern}.")
    return Corpus(module.INFO, tuple(clips))
