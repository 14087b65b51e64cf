"""EMOVO: six Italian actors, fourteen sentences, seven emotions; names like `dis-f1-b1.wav`.

    code  neu      gio    tri  rab    pau      dis      sor
    class neutral  happy  sad  angry  fearful  disgust  surprised

The codes are those of the Italian words: gioia, tristezza, rabbia, paura, disgusto, sorpresa.

Source: Costantini et al. (2014), LREC 2014.
"""

import re
from pathlib import Path

from .audio_folder import METADATA, audio_rows
from .clip import Clip, CorpusError, CorpusInfo, Reading
from .names import decode, named_files

NAME = re.compile(r"/([a-z]{3})-([fm]\d)-([a-z]\d)$")
EMOTION_CODES = {
    "neu": "neutral",
    "gio": "happy",
    "tri": "sad",
    "rab": "angry",
    "pau": "fearful",
    "dis": "disgust",
    "sor": "surprised",
}
GENDER_CODES = {"f": "female", "m": "male"}

INFO = CorpusInfo(
    name="emovo",
    title="EMOVO, an Italian emotional speech database",
    language="it",
    licence="LicenseRef-EMOVO",
    citation="Costantini G, Iaderola I, Paoloni A, Todisco M (2014). EMOVO Corpus: an Italian "
    "Emotional Speech Database. LREC 2014.",
    pattern="dis-f1-b1.wav, or metadata.csv and f1/ to m3/",
    labels=("neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised"),
    homepage="https://aclanthology.org/L14-1478/",
    access="the paper at https://aclanthology.org/L14-1478/ says where its authors keep it",
)


def read_clips(root: Path) -> Reading:
    """Read the rows of `metadata.csv` where there is one, else the names of the files.

    Args:
        root: the folder of metadata.csv, or one with the official files at any depth.

    Returns:
        Reading with one Clip per file; `statement` is the code.

    Raises:
        CorpusError: a row or a name has a code that EMOVO does not have, or the table names a file
            that is not there.
    """
    if not (root / METADATA).is_file():
        files, second_copies = named_files(root, NAME)
        return Reading([_named(path, name) for path, name in files], second_copies=second_copies)
    columns = ("emotion", "speaker", "gender", "statement")
    clips = []
    for path, row in audio_rows(root, columns, INFO):
        if row["emotion"] not in INFO.labels:
            raise CorpusError(
                f"{path} has the unknown emotion {row['emotion']!r}: emovo has "
                f"{', '.join(INFO.labels)}."
            )
        if row["gender"] not in GENDER_CODES.values():
            raise CorpusError(
                f"{path} has the unknown gender {row['gender']!r}: emovo has female and male."
            )
        clips.append(
            Clip(
                path=path,
                file=path.name,
                corpus=INFO.name,
                emotion=row["emotion"],
                speaker=row["speaker"],
                gender=row["gender"],
                statement=row["statement"] or None,
            )
        )
    return Reading(clips)


def _named(path: Path, name: re.Match[str]) -> Clip:
    emotion, speaker, statement = name.groups()
    return Clip(
        path=path,
        file=path.name,
        corpus=INFO.name,
        emotion=decode(EMOTION_CODES, emotion, what="emotion", path=path, info=INFO),
        speaker=speaker,
        gender=GENDER_CODES[speaker[0]],
        statement=statement,
    )
