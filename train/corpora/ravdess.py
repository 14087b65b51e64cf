"""RAVDESS speech: 24 North American English actors, two sentences, eight emotions.

File names hold seven two-digit codes: modality (03 audio only), channel (01 speech, 02 song),
emotion, intensity, statement, repetition, actor (odd male, even female):

    code  01       02    03     04   05     06       07       08
    class neutral  calm  happy  sad  angry  fearful  disgust  surprised

Source: Livingstone and Russo (2018), PLoS ONE 13(5): e0196391; file names at the homepage.
"""

import re
from pathlib import Path

from ser_core.config.emotions import LABELS

from .clip import Archive, Clip, CorpusInfo, Reading
from .names import decode, named_files

INFO = CorpusInfo(
    name="ravdess",
    title="RAVDESS, the Ryerson Audio-Visual Database of Emotional Speech and Song (speech)",
    language="en",
    licence="CC-BY-NC-SA-4.0",
    citation="Livingstone SR, Russo FA (2018). The Ryerson Audio-Visual Database of Emotional "
    "Speech and Song (RAVDESS): A dynamic, multimodal set of facial and vocal expressions in "
    "North American English. PLoS ONE 13(5): e0196391.",
    pattern="Actor_NN/03-01-EE-II-SS-RR-AA.wav (or .flac)",
    labels=LABELS,
    homepage="https://zenodo.org/records/1188976",
    access="Audio_Speech_Actors_01-24.zip is at https://zenodo.org/records/1188976",
    archive=Archive(
        file="Audio_Speech_Actors_01-24.zip",
        url="https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip?download=1",
        md5="bc696df654c87fed845eb13823edef8a",
        size=208_468_073,
    ),
    same_speakers_as=("ravdess_song",),
)

SPEECH, SONG = "01", "02"
EMOTION_CODES = {f"{code:02d}": label for code, label in enumerate(LABELS, start=1)}
INTENSITY_CODES = {"01": "normal", "02": "strong"}
STATEMENT_CODES = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}
REPETITION_CODES = {"01": 1, "02": 2}
ACTOR_CODES = {f"{actor:02d}": "male" if actor % 2 else "female" for actor in range(1, 25)}


def read_clips(root: Path) -> Reading:
    """Find the audio-only speech clips below `root`: the official folders, or Kaggle's.

    Args:
        root: a folder that holds Actor_NN folders at any depth.

    Returns:
        Reading with one Clip per file name; `statement` is the code.

    Raises:
        CorpusError: a name has a code that RAVDESS does not have.
    """
    return read_channel(root, INFO, SPEECH)


def read_channel(root: Path, info: CorpusInfo, channel: str) -> Reading:
    """Find the audio-only clips of one vocal channel: SPEECH or SONG."""
    name = re.compile(rf"/03-{channel}-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)$")
    emotions = {code: label for code, label in EMOTION_CODES.items() if label in info.labels}
    files, second_copies = named_files(root, name)
    clips = []
    for path, match in files:
        emotion, intensity, statement, repetition, actor = match.groups()
        decode(REPETITION_CODES, repetition, what="repetition", path=path, info=info)
        decode(STATEMENT_CODES, statement, what="statement", path=path, info=info)
        label = decode(emotions, emotion, what="emotion", path=path, info=info)
        strength = decode(INTENSITY_CODES, intensity, what="intensity", path=path, info=info)
        clips.append(
            Clip(
                path=path,
                file=path.name,
                corpus=info.name,
                emotion=label,
                speaker=actor,
                gender=decode(ACTOR_CODES, actor, what="actor", path=path, info=info),
                statement=statement,
                intensity=None if label == "neutral" else strength,
            )
        )
    return Reading(clips, second_copies=second_copies)
