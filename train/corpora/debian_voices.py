"""Ordinary voices: letters, words and prompts in two dozen languages, from Debian's packages.

    package                       files                              speaker
    klettres-data                 share/klettres/LANGUAGE/...        klettres-LANGUAGE
    ktuberling-data               share/ktuberling/sounds/LANGUAGE/  ktuberling-LANGUAGE
    tuxpaint-stamps-default       ..._desc_LANGUAGE.ogg              tuxpaint-LANGUAGE
    asterisk-core-sounds-XX-wav   share/asterisk/sounds/VOICE/...    asterisk-VOICE

Nobody acts an emotion in them, so all are neutral. Heads learn no emotion from them, only how
voices and languages differ where emotions do not (see train/fitting/invariance.py). Of a voice at
most PER_SPEAKER recordings count, evenly spaced. What is Italian is left out, so that EMOVO stands
for a language that was never heard.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from .clip import UNKNOWN, Clip, CorpusInfo, Reading
from .names import named_files

PER_SPEAKER = 30
NAME = re.compile(
    r"/(?:klettres/(?P<klettres>[^/]+)/(.+)"
    r"|ktuberling/sounds/(?P<ktuberling>[^/@]+)(.*/.+)"
    r"|tuxpaint/stamps/(.+)_desc_(?P<tuxpaint>[A-Za-z_]+)(?:\.[^./]+)?"  # one ends in .ogg.ogg
    r"|asterisk/sounds/(?P<asterisk>[a-z]{2}(?:_[^/]+)?)/(.+))$"
)
LEFT_OUT = re.compile(r"[a-z]+-it(_|$)")

INFO = CorpusInfo(
    name="voices",
    title="Ordinary voices of Debian's packages klettres-data, ktuberling-data, "
    "tuxpaint-stamps-default and asterisk-core-sounds",
    language="mul",
    licence="LicenseRef-Debian-voices",
    citation="Debian 12: klettres-data and ktuberling-data (KDE, GPL-2.0-or-later), "
    "tuxpaint-stamps-default (GPL-2.0-only) and asterisk-core-sounds (CC-BY-SA-3.0).",
    pattern="folders klettres, ktuberling, tuxpaint and asterisk of Debian's packages, unpacked",
    labels=("neutral",),
    homepage="https://packages.debian.org/bookworm/klettres-data",
    access="fetch each package of https://packages.debian.org/bookworm with apt-get download and "
    "unpack it with dpkg-deb -x",
)


def read_clips(root: Path) -> Reading:
    """Find the recordings whose path says which voice they are of.

    Args:
        root: a folder in which the packages lie unpacked, at any depth.

    Returns:
        Reading with at most PER_SPEAKER clips a speaker, each neutral; `dropped` counts the
        recordings that are left out, as `Italian` and as `further ones of a voice`.

    Raises:
        CorpusError: a file is a Git LFS pointer.
    """
    files, second_copies = named_files(root, NAME)
    found = defaultdict(list)
    for path, name in files:
        (package, voice), *_ = ((key, value) for key, value in name.groupdict().items() if value)
        found[f"{package}-{voice}"].append(path)
    clips = []
    dropped: Counter[str] = Counter()
    for speaker, paths in found.items():
        if LEFT_OUT.match(speaker):
            dropped["Italian"] += len(paths)
            continue
        chosen = space_evenly(paths, PER_SPEAKER)
        dropped["further ones of a voice"] += len(paths) - len(chosen)
        for path in chosen:
            file = path.relative_to(root).as_posix()
            clips.append(Clip(path, file, INFO.name, "neutral", speaker, UNKNOWN))
    counts = {what: count for what, count in dropped.items() if count}
    return Reading(clips, counts, second_copies)


def space_evenly(paths: Sequence[Path], count: int) -> list[Path]:
    """Choose at most so many of some files, evenly spaced.

    >>> space_evenly([Path(name) for name in "abcdef"], 3) == [Path("a"), Path("c"), Path("e")]
    True
    """
    if len(paths) <= count:
        return list(paths)
    return [paths[number * len(paths) // count] for number in range(count)]
