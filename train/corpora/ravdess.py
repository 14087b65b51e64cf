"""RAVDESS: 24 North American English actors, two sentences, eight emotions, two intensities.

File names hold seven two-digit codes: modality (03 audio only), channel (01 speech, 02 song),
emotion, intensity, statement, repetition, actor (odd male, even female).
"""

import re
from pathlib import Path

from ser_core.emotions import LABELS

from .clip import Clip, CorpusError, CorpusInfo

INFO = CorpusInfo(
    name="ravdess",
    title="RAVDESS, the Ryerson Audio-Visual Database of Emotional Speech and Song (speech)",
    language="en",
    licence="CC-BY-NC-SA-4.0",
    citation="Livingstone SR, Russo FA (2018). The Ryerson Audio-Visual Database of Emotional "
    "Speech and Song (RAVDESS). PLoS ONE 13(5): e0196391.",
    pattern="Actor_NN/03-01-EE-II-SS-RR-AA.wav (or .flac)",
    labels=LABELS,
)

EMOTION_CODES = {f"{code:02d}": label for code, label in enumerate(LABELS, start=1)}
INTENSITY_CODES = {"01": "normal", "02": "strong"}
NAME = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)\.(wav|flac)", re.IGNORECASE)


def read(root: Path) -> list[Clip]:
    """Find the audio-only speech clips below `root`.

    The well-known Kaggle copy holds every file twice; a name that came before is left out here.

    Args:
        root: a folder that holds Actor_NN folders at any depth.

    Returns:
        One Clip per file name.

    Raises:
        CorpusError: a name has a code that RAVDESS does not have.
    """
    clips: dict[str, Clip] = {}
    for path in sorted(root.rglob("*")):
        match = NAME.fullmatch(path.name)
        if not match or match[1] != "03" or match[2] != "01" or path.stem in clips:
            continue
        _, _, emotion, intensity, statement, _, actor = match.groups()[:7]
        if emotion not in EMOTION_CODES or intensity not in INTENSITY_CODES:
            raise CorpusError(
                f"{path} has a code that RAVDESS does not have: emotions are 01 to 08, "
                "intensities 01 and 02."
            )
        clips[path.stem] = Clip(
            path=path,
            file=path.name,
            corpus=INFO.name,
            emotion=EMOTION_CODES[emotion],
            speaker=actor,
            gender="male" if int(actor) % 2 else "female",
            statement=statement,
            intensity=None if emotion == "01" else INTENSITY_CODES[intensity],
        )
    return list(clips.values())
