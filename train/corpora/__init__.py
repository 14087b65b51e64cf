"""Corpora: file names and labels in, rows out; one module per corpus.

A corpus module offers `INFO` (a `CorpusInfo`) and `read_clips(root) -> Reading`, and its docstring
shows how the corpus' labels become our eight classes. What has no class is dropped and counted.
A corpus that was published (published.py) is read back from its folder, or from the Hub (hub.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from . import (
    crema_d,
    emodb,
    emospeech,
    emovo,
    iemocap,
    nemo,
    published,
    ravdess,
    ravdess_song,
    savee,
    tess,
)
from .clip import Archive, Clip, CorpusError, CorpusInfo, Reading

CORPORA: dict[str, ModuleType] = {
    module.INFO.name: module
    for module in (
        ravdess,
        ravdess_song,
        nemo,
        emospeech,
        emovo,
        crema_d,
        iemocap,
        emodb,
        tess,
        savee,
    )
}

__all__ = [
    "CORPORA",
    "Archive",
    "Clip",
    "Corpus",
    "CorpusError",
    "CorpusInfo",
    "Reading",
    "find",
    "load",
    "locate",
    "parse",
]


@dataclass(frozen=True)
class Corpus:
    """A corpus as it was found on disk.

    Attributes:
        info: what is known about it: licence, citation, which labels it has.
        clips: its rows, sorted by file name.
        dropped: clips left out because their label is none of the eight classes, by that label.
        second_copies: int, files left out because one of the same name was there before.
    """

    info: CorpusInfo
    clips: tuple[Clip, ...]
    dropped: Mapping[str, int] = field(default_factory=dict)
    second_copies: int = 0


def find(name: str) -> ModuleType:
    """Find a corpus' module by the corpus' name.

    Raises:
        CorpusError: there is no corpus of that name.

    >>> find("emodb").INFO.language
    'de'
    """
    if name not in CORPORA:
        raise CorpusError(f"There is no corpus named {name!r}: use one of {', '.join(CORPORA)}.")
    return CORPORA[name]


def parse(argument: str) -> tuple[str, Path]:
    """Split `NAME=PATH` from the command line; a leading ~ in PATH is the home folder.

    Raises:
        CorpusError: no "=", or an unknown name.

    >>> parse("ravdess=data/ravdess")
    ('ravdess', PosixPath('data/ravdess'))
    """
    name, separator, path = argument.partition("=")
    if not separator or not path:
        raise CorpusError(f"A corpus is given as NAME=PATH or hub:user/name, not {argument!r}.")
    find(name)
    return name, Path(path).expanduser()


def locate(argument: str) -> tuple[str, Path]:
    """Find a corpus given as NAME=PATH or as hub:user/name; the latter is fetched if need be.

    Returns:
        The corpus' name and its folder, as `load` takes them.

    Raises:
        CorpusError: it is given as neither, or cannot be fetched.
    """
    if not argument.startswith("hub:"):
        return parse(argument)
    from . import hub_corpus  # only now: a corpus in a folder needs no client

    folder = hub_corpus.fetch(hub_corpus.Address.parse(argument))
    return published.describe(folder, str(folder)).info.name, folder


def load(name: str, root: Path) -> Corpus:
    """Read a corpus.

    Args:
        name: one of CORPORA, or the name of a published corpus.
        root: its folder, as its publisher lays it out or as `publish-dataset` does.

    Returns:
        Corpus with at least one clip.

    Raises:
        CorpusError: the name is unknown, the folder is missing or holds nothing of that corpus, or
            something in it does not follow the corpus' pattern.
    """
    if published.is_published(root):
        info, reading = published.read_corpus(root)
        if info.name != name:
            raise CorpusError(f"{root} holds {info.name} and not {name}: give it under that name.")
        if name in CORPORA:
            known = CORPORA[name].INFO  # what is known here counts, as for any folder
            if known.labels != info.labels:
                raise CorpusError(
                    f"{root} says that {name} has {', '.join(info.labels)}, where this project "
                    f"expects {', '.join(known.labels)}: publish it again with this version."
                )
            info = known
    else:
        info, reading = _read(name, root)
    clips = sorted(reading.clips, key=lambda clip: (clip.file, str(clip.path)))
    return Corpus(info, tuple(clips), dict(reading.dropped), reading.second_copies)


def _read(name: str, root: Path) -> tuple[CorpusInfo, Reading]:
    module = find(name)
    if not root.is_dir():
        raise CorpusError(
            f"{root} is not a folder: {name} was looked for there, as {module.INFO.pattern}."
        )
    reading = module.read_clips(root)
    if not reading.clips:
        raise CorpusError(f"{root} holds no clip of {name}: looked for {module.INFO.pattern}.")
    return module.INFO, reading
