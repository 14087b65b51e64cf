"""TESS: two Canadian English actresses, 26 and 64 years old, 200 words, seven emotions.

File names are SPEAKER_word_emotion, as in OAF_back_angry (OAF older, YAF younger); the word is
said in "Say the word ...":

    word  neutral  happy  sad  angry  fear     disgust  ps (pleasant surprise)
    class neutral  happy  sad  angry  fearful  disgust  surprised

One file of the release is misnamed, OA_bite_neutral: it is the older actress'.

Source: Pichora-Fuller and Dupuis (2020), https://doi.org/10.5683/SP2/E8H2MF.
"""

import re
from pathlib import Path

from .clip import Clip, CorpusInfo, Reading
from .names import decode, named_files

EMOTION_CODES = {
    "neutral": "neutral",
    "happy": "happy",
    "sad": "sad",
    "angry": "angry",
    "fear": "fearful",
    "disgust": "disgust",
    "ps": "surprised",
}
SPEAKER_CODES = {"OAF": "OAF", "OA": "OAF", "YAF": "YAF"}

INFO = CorpusInfo(
    name="tess",
    title="TESS, the Toronto Emotional Speech Set",
    language="en",
    licence="CC-BY-NC-ND-4.0",
    citation="Pichora-Fuller MK, Dupuis K (2020). Toronto emotional speech set (TESS). Borealis. "
    "https://doi.org/10.5683/SP2/E8H2MF.",
    pattern="OAF_back_angry.wav (or .flac)",
    labels=tuple(EMOTION_CODES.values()),
    homepage="https://doi.org/10.5683/SP2/E8H2MF",
    access="fetch its files from Borealis, https://doi.org/10.5683/SP2/E8H2MF, in a browser",
)

NAME = re.compile(r"/([OY]AF?)_([a-z]+)_([a-z]+)$", re.IGNORECASE)


def read_clips(root: Path) -> Reading:
    """Find the clips below `root`.

    Args:
        root: a folder that holds the files at any depth.

    Returns:
        Reading with one Clip per file name; `statement` is the word.

    Raises:
        CorpusError: a name has a code that TESS does not have.
    """
    files, second_copies = named_files(root, NAME)
    clips = []
    for path, match in files:
        speaker, word, emotion = match.groups()
        clips.append(
            Clip(
                path=path,
                file=path.name,
                corpus=INFO.name,
                emotion=decode(
                    EMOTION_CODES, emotion.lower(), what="emotion", path=path, info=INFO
                ),
                speaker=decode(
                    SPEAKER_CODES, speaker.upper(), what="speaker", path=path, info=INFO
                ),
                gender="female",
                statement=word.lower(),
            )
        )
    return Reading(clips, second_copies=second_copies)
