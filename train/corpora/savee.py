"""SAVEE: four English men (DC, JE, JK, KL), 120 sentences each, seven emotions.

Files are SPEAKER/a01 in the release and SPEAKER_a01 in Kaggle's copy: emotion, then the number of
the sentence within that emotion:

    code  n        h      sa   a      f        d        su
    class neutral  happy  sad  angry  fearful  disgust  surprised

The numbers name no sentence across emotions, so `statement` is code and number.

Source: Haq and Jackson (2010), Machine Audition, 398-423; AudioData/Info.txt of the release.
"""

import re
from pathlib import Path

from .clip import Clip, CorpusInfo, Reading
from .names import decode, named_files

EMOTION_CODES = {
    "n": "neutral",
    "h": "happy",
    "sa": "sad",
    "a": "angry",
    "f": "fearful",
    "d": "disgust",
    "su": "surprised",
}

INFO = CorpusInfo(
    name="savee",
    title="SAVEE, the Surrey Audio-Visual Expressed Emotion Database",
    language="en",
    licence="LicenseRef-SAVEE",
    citation="Haq S, Jackson PJB (2010). Multimodal Emotion Recognition. In: Wang W (ed.), Machine "
    "Audition: Principles, Algorithms and Systems. IGI Global, 398-423.",
    pattern="AudioData/DC/a01.wav or DC_a01.wav (or .flac)",
    labels=tuple(EMOTION_CODES.values()),
    homepage="http://kahlan.eps.surrey.ac.uk/savee/",
    access="register at http://kahlan.eps.surrey.ac.uk/savee/Download.html, which gives it free "
    "for research",
)

NAME = re.compile(r"/(DC|JE|JK|KL)[/_]([a-z]{1,2})(\d\d)$")


def read_clips(root: Path) -> Reading:
    """Find the clips below `root`.

    Args:
        root: a folder that holds the folders DC, JE, JK and KL, or Kaggle's flat files.

    Returns:
        Reading with one Clip per speaker and name; `file` has the speaker in front.

    Raises:
        CorpusError: a name has a code that SAVEE does not have.
    """
    files, second_copies = named_files(root, NAME)
    clips = []
    for path, match in files:
        speaker, emotion, number = match.groups()
        clips.append(
            Clip(
                path=path,
                file=f"{speaker}_{emotion}{number}{path.suffix}",
                corpus=INFO.name,
                emotion=decode(EMOTION_CODES, emotion, what="emotion", path=path, info=INFO),
                speaker=speaker,
                gender="male",
                statement=f"{emotion}{number}",
            )
        )
    return Reading(clips, second_copies=second_copies)
