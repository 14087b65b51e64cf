"""Corpora: file names and labels in, rows out; one module per known corpus, and any folder.

The module of a known corpus offers `INFO` (a `CorpusInfo`) and `read_clips(root) -> Reading`, and
its docstring shows how the corpus' labels become our eight classes; what has no class is dropped
and counted. Any other folder is read by own_folder.py. A corpus that was published (published.py)
is read back from its folder; a dataset on the Hub is fetched into one (hub_corpus.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from . import (
    crema_d,
    debian_voices,
    emodb,
    emospeech,
    emovo,
    iemocap,
    nemo,
    own_folder,
    own_recordings,
    published,
    ravdess,
    ravdess_song,
    savee,
    tess,
)
from .clip import NO_SPEAKER, Archive, Clip, CorpusError, CorpusInfo, Reading, order_labels
from .layout import Layout

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
        debian_voices,
    )
}

__all__ = [
    "CORPORA",
    "NO_SPEAKER",
    "Archive",
    "Clip",
    "Corpus",
    "CorpusError",
    "CorpusInfo",
    "Layout",
    "Reading",
    "find",
    "load",
    "locate",
    "order_labels",
    "parse",
    "restrict",
]


@dataclass(frozen=True)
class Corpus:
    """A corpus as it was found on disk.

    Attributes:
        info: what is known about it: licence, citation, which labels it has.
        clips: its rows, sorted by file name.
        dropped: clips left out because their label is none of its classes, by that label.
        second_copies: int, files left out because one of the same name or content was there before.
        notes: sentences on what is not known of it, for who reads its figures.
    """

    info: CorpusInfo
    clips: tuple[Clip, ...]
    dropped: Mapping[str, int] = field(default_factory=dict)
    second_copies: int = 0
    notes: tuple[str, ...] = ()

    @property
    def names_speakers(self) -> bool:
        """Whether it says who speaks."""
        return any(clip.speaker != NO_SPEAKER for clip in self.clips)


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


def parse(argument: str) -> tuple[str, str]:
    """Split `NAME=PATH` from the command line.

    Raises:
        CorpusError: no "=", or a name that could not be a file's.

    >>> parse("ravdess=data/ravdess")
    ('ravdess', 'data/ravdess')
    """
    name, separator, path = argument.partition("=")
    if not separator or not path:
        raise CorpusError(f"A corpus is given as NAME=PATH or hub:user/name, not {argument!r}.")
    if not own_folder.NAME.fullmatch(name):
        raise CorpusError(
            f"A corpus cannot be called {name!r}: use up to 64 letters, digits, points, - and _."
        )
    return name, path


def locate(argument: str) -> tuple[str, Path]:
    """Find a corpus given as NAME=PATH, NAME=hub:user/name or hub:user/name; fetch it if need be.

    Returns:
        The corpus' name and its folder, as `load` takes them; a leading ~ is the home folder.

    Raises:
        CorpusError: it is given as none of these, or cannot be fetched or unpacked.
    """
    name, place = (None, argument) if argument.startswith("hub:") else parse(argument)
    if not place.startswith("hub:"):
        assert name is not None, "only an address on the Hub goes without a name"
        folder = Path(place).expanduser()
        if name not in CORPORA and not published.is_published(folder):
            from . import hub_rows

            if hub_rows.is_dataset_folder(folder):
                folder = hub_rows.unpack_folder(folder)
        return name, folder
    from . import hub_corpus  # only now: a corpus in a folder needs no client

    address = hub_corpus.Address.parse(place)
    folder = hub_corpus.fetch(address)
    if name is None and published.is_published(folder):
        name = published.describe(folder, str(folder)).info.name
    if name is None:
        name = address.repo.partition("/")[2]
        name = (address.repo.replace("/", "_") if name in CORPORA else name)[:64]
    return name, folder


def load(name: str, root: Path, layout: Layout | None = None) -> Corpus:
    """Read a corpus.

    Args:
        name: one of CORPORA, the name of a published corpus, or any for recordings of one's own.
        root: its folder, as its publisher lays it out, as `publish-dataset` does, or as
            train/corpora/own_folder.py describes.
        layout: where recordings of one's own say what they are.

    Returns:
        Corpus with at least one clip.

    Raises:
        CorpusError: the folder is missing or holds nothing of that corpus, or something in it does
            not follow the corpus' pattern.
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
    elif name in CORPORA:
        info, reading = _read(name, root)
    else:
        try:
            info, reading = own_folder.read_folder(name, root, layout or Layout())
        except own_recordings.NoRecordingError as error:
            known = f"corpora with a layout of their own are {', '.join(CORPORA)}."
            raise CorpusError(f"{str(error).rstrip('.')}; {known}") from error
    clips = sorted(reading.clips, key=lambda clip: (clip.file, str(clip.path)))
    corpus = Corpus(info, tuple(clips), dict(reading.dropped), reading.second_copies)
    notes = tuple(reading.notes)
    return replace(corpus, notes=notes if corpus.names_speakers else (no_speakers(name), *notes))


def no_speakers(name: str) -> str:
    """Say what it means that a corpus names no speakers."""
    return (
        f"{name} names no speakers, so one voice may stand on both sides of a split, and figures "
        "say nothing about new voices."
    )


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


def restrict(corpus: Corpus, labels: Sequence[str], *, drop_unknown: bool = False) -> Corpus:
    """Keep the clips whose label is among some classes.

    Args:
        corpus: Corpus.
        labels: the classes.
        drop_unknown: whether clips of other labels are dropped and counted instead of refused.

    Raises:
        CorpusError: it has other labels, or none of these.
    """
    others = [label for label in corpus.info.labels if label not in labels]
    if not others:
        return corpus
    if not drop_unknown:
        raise CorpusError(
            f"{corpus.info.name} has the labels {', '.join(others)} beside the classes of the "
            f"recipe, {', '.join(labels)}: map them with --label-map, or drop them with "
            "--drop-unknown."
        )
    clips = tuple(clip for clip in corpus.clips if clip.emotion in labels)
    if not clips:
        raise CorpusError(f"{corpus.info.name} has none of the labels {', '.join(labels)}.")
    kept = tuple(label for label in corpus.info.labels if label in labels)
    dropped = Counter(clip.emotion for clip in corpus.clips if clip.emotion in others)
    return replace(
        corpus,
        info=replace(corpus.info, labels=kept),
        clips=clips,
        dropped=dict(Counter(corpus.dropped) + dropped),
    )
