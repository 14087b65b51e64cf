"""Indian EmoSpeech Command: single English and Hindi words, spontaneous, in streets and homes.

    label calm     fearful  angry  happy
    class neutral  fearful  angry  happy

`calm` there is everyday speech without emotion, which is what other corpora call neutral; the class
`calm` is RAVDESS' quiet serenity, so it would be taught from the wrong clips. Labels are one
listener's, and weak. File names are `keyword-environment-emotion-timestamp-hash.wav`, where the
hash stands for the speaker; gender is not stated.

Source: Banga et al. (2019), arXiv:1910.13801.
"""

import re
from collections import Counter
from pathlib import Path

from .audio_folder import METADATA, audio_rows
from .clip import UNKNOWN, Clip, CorpusError, CorpusInfo, Reading
from .names import named_files

EMOTIONS = {"calm": "neutral", "fearful": "fearful", "angry": "angry", "happy": "happy"}
NAME = re.compile(r"/([^/-]+)-([^/-]+)-([^/-]+)-([^/-]+)-([^/-]+)$")
NO_EMOTION = ("", "none", "unknown", "nan")

INFO = CorpusInfo(
    name="emospeech",
    title="Indian EmoSpeech Command Dataset",
    language="hi",
    licence="CC-BY-NC-SA-4.0",
    citation="Banga S, et al. (2019). Indian EmoSpeech Command Dataset: A dataset for emotion "
    "based speech recognition in the wild. arXiv:1910.13801.",
    pattern="keyword-environment-emotion-timestamp-hash.wav, or metadata.csv and audio/",
    labels=("neutral", "happy", "angry", "fearful"),
    homepage="https://arxiv.org/abs/1910.13801",
    access="the paper at https://arxiv.org/abs/1910.13801 says where its authors keep it",
)


def read_clips(root: Path) -> Reading:
    """Read the rows of `metadata.csv` where there is one, else the names of the files.

    Args:
        root: the folder of metadata.csv and audio/, or one with the official files at any depth.

    Returns:
        Reading with one Clip per file; `statement` is the word. Files without an emotion are
        dropped.

    Raises:
        CorpusError: a row or a name has an emotion that the corpus does not have, or the table
            names a file that is not there.
    """
    clips: list[Clip] = []
    dropped: Counter[str] = Counter()
    second_copies = 0
    if (root / METADATA).is_file():
        columns = ("emotion", "speaker", "statement")
        found = [
            (path, row["emotion"], row["speaker"], row["statement"])
            for path, row in audio_rows(root, columns, INFO)
        ]
    else:
        files, second_copies = named_files(root, NAME)
        found = [(path, name[3], name[5], name[1]) for path, name in files]
    for path, emotion, speaker, word in found:
        if emotion.lower() in NO_EMOTION:
            dropped[emotion or "none"] += 1
            continue
        if emotion not in EMOTIONS:
            raise CorpusError(
                f"{path} has the unknown emotion {emotion!r}: emospeech has {', '.join(EMOTIONS)}."
            )
        clips.append(
            Clip(
                path=path,
                file=path.name,
                corpus=INFO.name,
                emotion=EMOTIONS[emotion],
                speaker=speaker,
                gender=UNKNOWN,
                statement=word or None,
            )
        )
    return Reading(clips, dict(dropped), second_copies)
