"""CREMA-D: 91 North American English actors, twelve sentences, six emotions, three levels.

File names are ACTOR_SENTENCE_EMOTION_LEVEL, as in 1001_DFA_ANG_XX:

    code  NEU      HAP    SAD  ANG    FEA      DIS
    class neutral  happy  sad  angry  fearful  disgust

Levels: LO low, MD medium, HI high, XX unspecified. One file of the release is misnamed,
1040_ITH_SAD_X; its level counts as unspecified. Gender is from the release's VideoDemographics.csv.

Source: Cao et al. (2014), IEEE Transactions on Affective Computing 5(4): 377-390.
"""

import re
from pathlib import Path

from .clip import Clip, CorpusInfo, Reading
from .names import decode, named_files

EMOTION_CODES = {
    "NEU": "neutral",
    "HAP": "happy",
    "SAD": "sad",
    "ANG": "angry",
    "FEA": "fearful",
    "DIS": "disgust",
}
LEVEL_CODES = {"LO": "low", "MD": "medium", "HI": "high", "XX": None, "X": None}
SENTENCE_CODES = {
    "IEO": "It's eleven o'clock",
    "TIE": "That is exactly what happened",
    "IOM": "I'm on my way to the meeting",
    "IWW": "I wonder what this is about",
    "TAI": "The airplane is almost full",
    "MTI": "Maybe tomorrow it will be cold",
    "IWL": "I would like a new alarm clock",
    "ITH": "I think I have a doctor's appointment",
    "DFA": "Don't forget a jacket",
    "ITS": "I think I've seen this before",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}
# Last two digits of the 43 actresses; the other 48 of the actors 1001 to 1091 are men.
FEMALE = {
    *(2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 18, 20, 21, 24, 25, 28, 29, 30, 37, 43, 46, 47, 49, 52, 53),
    *(54, 55, 56, 58, 60, 61, 63, 72, 73, 74, 75, 76, 78, 79, 82, 84, 89, 91),
}
GENDERS = {f"{1000 + number}": "female" if number in FEMALE else "male" for number in range(1, 92)}

INFO = CorpusInfo(
    name="crema_d",
    title="CREMA-D, the Crowd-sourced Emotional Multimodal Actors Dataset",
    language="en",
    licence="ODbL-1.0",
    citation="Cao H, Cooper DG, Keutmann MK, Gur RC, Nenkova A, Verma R (2014). CREMA-D: "
    "Crowd-sourced Emotional Multimodal Actors Dataset. IEEE Transactions on Affective Computing "
    "5(4): 377-390.",
    pattern="AudioWAV/1001_DFA_ANG_XX.wav (or .flac)",
    labels=tuple(EMOTION_CODES.values()),
    homepage="https://github.com/CheyneyComputerScience/CREMA-D",
    access="install git-lfs and clone https://github.com/CheyneyComputerScience/CREMA-D, whose "
    "AudioWAV folder holds the clips",
)

NAME = re.compile(r"/(\d{4})_([A-Z]{3})_([A-Z]{3})_([A-Z]{1,2})$")


def read_clips(root: Path) -> Reading:
    """Find the clips below `root`.

    Args:
        root: a folder that holds the files, as AudioWAV or deeper.

    Returns:
        Reading with one Clip per file name; `statement` is the sentence's code.

    Raises:
        CorpusError: a name has a code that CREMA-D does not have, or a file is a Git LFS pointer.
    """
    files, second_copies = named_files(root, NAME)
    clips = []
    for path, match in files:
        actor, sentence, emotion, level = match.groups()
        decode(SENTENCE_CODES, sentence, what="sentence", path=path, info=INFO)
        clips.append(
            Clip(
                path=path,
                file=path.name,
                corpus=INFO.name,
                emotion=decode(EMOTION_CODES, emotion, what="emotion", path=path, info=INFO),
                speaker=actor,
                gender=decode(GENDERS, actor, what="actor", path=path, info=INFO),
                statement=sentence,
                intensity=decode(LEVEL_CODES, level, what="level", path=path, info=INFO),
            )
        )
    return Reading(clips, second_copies=second_copies)
