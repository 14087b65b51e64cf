"""EmoDB, the Berlin database: ten German actors, ten sentences, seven emotions.

File names are speaker, sentence, emotion, version, as in 03a01Fa; the letter is the German word's:

    letter N       F       T        W      A       E       L
    word   neutral Freude  Trauer   Wut    Angst   Ekel    Langeweile
    class  neutral happy   sad      angry  fearful disgust -

Boredom has no class here: it is dropped and counted.

Source: Burkhardt et al. (2005), Interspeech; speakers at http://emodb.bilderbar.info/docu/.
"""

import re
from collections import Counter
from pathlib import Path

from .clip import Archive, Clip, CorpusInfo, Reading
from .names import decode, named_files

EMOTION_CODES = {
    "N": "neutral",
    "F": "happy",
    "T": "sad",
    "W": "angry",
    "A": "fearful",
    "E": "disgust",
}
WITHOUT_CLASS = {"L": "boredom"}
SENTENCE_CODES = dict.fromkeys(
    ("a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10")
)
GENDERS = {
    **dict.fromkeys(("03", "10", "11", "12", "15"), "male"),
    **dict.fromkeys(("08", "09", "13", "14", "16"), "female"),
}

INFO = CorpusInfo(
    name="emodb",
    title="EmoDB, the Berlin Database of Emotional Speech",
    language="de",
    licence="CC-BY-4.0",
    citation="Burkhardt F, Paeschke A, Rolfes M, Sendlmeier WF, Weiss B (2005). A Database of "
    "German Emotional Speech. Interspeech 2005, 1517-1520.",
    pattern="wav/03a01Fa.wav (or .flac)",
    labels=tuple(EMOTION_CODES.values()),
    homepage="https://zenodo.org/records/7447302",
    access="emodb.zip is at https://zenodo.org/records/7447302",
    archive=Archive(
        file="emodb.zip",
        url="https://zenodo.org/records/7447302/files/emodb.zip?download=1",
        md5="9d21362dbc5676ef3ab4745d83ced0db",
        size=39_981_818,
    ),
)

NAME = re.compile(r"/(\d\d)([ab]\d\d)([A-Z])([a-z]?)$")


def read_clips(root: Path) -> Reading:
    """Find the clips below `root`.

    Args:
        root: a folder that holds the files, as wav or deeper.

    Returns:
        Reading with one Clip per file name; `statement` is the sentence's code.

    Raises:
        CorpusError: a name has a code that EmoDB does not have.
    """
    files, second_copies = named_files(root, NAME)
    clips = []
    dropped: Counter[str] = Counter()
    for path, match in files:
        speaker, sentence, emotion, _version = match.groups()
        decode(SENTENCE_CODES, sentence, what="sentence", path=path, info=INFO)
        if emotion in WITHOUT_CLASS:
            dropped[WITHOUT_CLASS[emotion]] += 1
            continue
        clips.append(
            Clip(
                path=path,
                file=path.name,
                corpus=INFO.name,
                emotion=decode(EMOTION_CODES, emotion, what="emotion", path=path, info=INFO),
                speaker=speaker,
                gender=decode(GENDERS, speaker, what="speaker", path=path, info=INFO),
                statement=sentence,
            )
        )
    return Reading(clips, dropped, second_copies)
