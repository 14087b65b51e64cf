"""Protocols: who is trained on, who is tested on.

| protocol | what is held out |
|---|---|
| `speaker` | whole speakers, so that no voice under test was heard in training: the headline |
| `random` | random clips of each label; the speakers are on both sides, or may be |
| `duplicated` | as `random`, with every clip there twice, as in RAVDESS' well-known Kaggle copy |
| `corpus` | a whole corpus; the others are trained on |
| `emobox` | RAVDESS' actors in the six folds of EmoBox, so that figures compare |
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedKFold

from ser_core.errors import ConfigError

from ..corpora import NO_SPEAKER, Clip, CorpusError

RAVDESS_FOLDS = (
    ("02", "05", "14", "15", "16"),
    ("03", "06", "07", "13", "18"),
    ("10", "11", "12", "19", "20"),
    ("08", "17", "21", "23", "24"),
    ("01", "04", "09", "22"),
)
"""Test actors of the five folds, those of Luna-Jimenez et al. (2022), so that figures compare."""

EMOBOX_FOLDS = (
    ("01", "11", "20", "21"),
    ("04", "10", "12", "14"),
    ("08", "09", "19", "23"),
    ("03", "05", "07", "24"),
    ("02", "15", "16", "18"),
    ("06", "13", "17", "22"),
)
"""Test actors of the six folds of EmoBox (Ma et al. 2024, arXiv:2406.07162)."""

RANDOM_FOLDS, RANDOM_SEED = 5, 42


@dataclass(frozen=True)
class Fold:
    """One split of a list of clips.

    Attributes:
        number: int, from 1.
        train: int array, positions of the training clips.
        test: int array, positions of the test clips.
    """

    number: int
    train: np.ndarray
    test: np.ndarray


def find_folds(folds: Sequence[Fold], numbers: Collection[int] = ()) -> list[Fold]:
    """Find folds by their numbers.

    Args:
        folds: those of a protocol.
        numbers: which ones, from 1; all of them if empty.

    Returns:
        The folds, in the protocol's order.

    Raises:
        ConfigError: there is no such fold.
    """
    known = [fold.number for fold in folds]
    unknown = set(numbers) - set(known)
    if unknown:
        raise ConfigError(
            f"There is no fold {min(unknown)}: the folds are {', '.join(map(str, known))}."
        )
    return [fold for fold in folds if not numbers or fold.number in numbers]


def by_speaker(clips: Sequence[Clip]) -> list[Fold]:
    """Five folds by speaker: RAVDESS' fixed ones, or scikit-learn's GroupKFold elsewhere.

    Raises:
        CorpusError: there is one speaker only.
    """
    speakers = np.array([clip.speaker for clip in clips])
    if NO_SPEAKER in speakers:
        raise CorpusError(
            "Protocol speaker holds out speakers, and these clips name none: say who speaks with "
            "--speaker-column or --speaker-from, or give --protocol random."
        )
    known = {speaker for fold in RAVDESS_FOLDS for speaker in fold}
    if {clip.corpus for clip in clips} == {"ravdess"} and set(speakers) == known:
        tests = [np.isin(speakers, actors) for actors in RAVDESS_FOLDS]
    else:
        count = min(5, len(set(speakers)))
        if count < 2:
            raise CorpusError(
                f"Protocol speaker holds out some of several speakers, and {speakers[0]} is the "
                "only one: give two or more, or --protocol random, whose figures say nothing about "
                "new voices."
            )
        tests = []
        for _, test in GroupKFold(count).split(speakers, groups=speakers):
            tests.append(np.isin(np.arange(len(speakers)), test))
    return [
        Fold(number, np.flatnonzero(~test), np.flatnonzero(test))
        for number, test in enumerate(tests, start=1)
    ]


def hold_out_speakers(
    clips: Sequence[Clip], train: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Take validation speakers from the training side, as many of each gender as possible.

    Args:
        clips: all clips.
        train: int array, positions of the training side.
        count: int > 0, how many speakers to take; none where clips name no speakers.
        seed: int.

    Returns:
        Positions to train on, and positions to validate on.
    """
    order = np.random.default_rng(seed)
    genders = {clips[i].speaker: clips[i].gender for i in train}
    genders.pop(NO_SPEAKER, None)  # who may be everybody
    by_gender = [
        list(order.permutation(sorted(s for s, g in genders.items() if g == gender)))
        for gender in sorted(set(genders.values()))
    ]
    chosen: list[str] = []
    while len(chosen) < count and any(by_gender):
        for speakers in by_gender:
            if speakers and len(chosen) < count:
                chosen.append(speakers.pop())
    held = np.array([clips[i].speaker in chosen for i in train])
    return train[~held], train[held]


def by_emobox(clips: Sequence[Clip]) -> list[Fold]:
    """RAVDESS' six folds of EmoBox.

    Raises:
        CorpusError: the clips are not RAVDESS', or not of all its actors.
    """
    speakers = np.array([clip.speaker for clip in clips])
    known = {speaker for fold in EMOBOX_FOLDS for speaker in fold}
    if {clip.corpus for clip in clips} != {"ravdess"} or set(speakers) != known:
        raise CorpusError("Protocol emobox is of RAVDESS' 24 actors: give --corpus ravdess=PATH.")
    tests = [np.isin(speakers, actors) for actors in EMOBOX_FOLDS]
    return [
        Fold(number, np.flatnonzero(~test), np.flatnonzero(test))
        for number, test in enumerate(tests, start=1)
    ]


def by_clip(clips: Sequence[Clip]) -> list[Fold]:
    """Five folds of random clips, each emotion spread evenly: what most public projects report.

    Fewer where a label has fewer than five clips, so that each fold trains and tests on all labels.

    Raises:
        CorpusError: a label has one clip.
    """
    emotions = [clip.emotion for clip in clips]
    rarest, count = min(Counter(emotions).items(), key=lambda item: item[1])
    if count < 2:
        raise CorpusError(
            f"The label {rarest} has one clip, which cannot be both learnt from and tested on: "
            "record more, or drop it with a label map."
        )
    splits = StratifiedKFold(min(RANDOM_FOLDS, count), shuffle=True, random_state=RANDOM_SEED)
    return [
        Fold(number, train, test)
        for number, (train, test) in enumerate(splits.split(emotions, emotions), start=1)
    ]


def by_corpus(clips: Sequence[Clip]) -> list[Fold]:
    """One fold per corpus, tested on the clips whose emotion the other corpora teach."""
    names = np.array([clip.corpus for clip in clips])
    emotions = np.array([clip.emotion for clip in clips])
    folds = []
    for number, name in enumerate(dict.fromkeys(names.tolist()), start=1):
        train = np.flatnonzero(names != name)
        if not len(train):
            raise CorpusError("Protocol corpus holds out one corpus of several: give two or more.")
        taught = np.isin(emotions, np.unique(emotions[train]))
        folds.append(Fold(number, train, np.flatnonzero((names == name) & taught)))
    return folds


def clips_of(protocol: str, clips: Sequence[Clip]) -> list[Clip]:
    """Give the clips that a protocol's folds count in: all of them, `duplicated` each one twice."""
    second = [replace(clip, file=f"copy/{clip.file}") for clip in clips]
    return [*clips, *second] if protocol == "duplicated" else list(clips)


PROTOCOLS: dict[str, Callable[[Sequence[Clip]], list[Fold]]] = {
    "speaker": by_speaker,
    "random": by_clip,
    "duplicated": by_clip,
    "corpus": by_corpus,
    "emobox": by_emobox,
}
"""By name, what makes folds of the clips that `clips_of` gives."""
