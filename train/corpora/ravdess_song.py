"""RAVDESS song: 23 of the speech part's 24 actors (18 did not sing), six emotions, two sentences.

Names and codes are those of the speech part, with channel 02; nobody sings disgust or surprise.
"""

from dataclasses import replace
from pathlib import Path

from . import ravdess
from .clip import Archive, Reading

INFO = replace(
    ravdess.INFO,
    name="ravdess_song",
    title="RAVDESS, the Ryerson Audio-Visual Database of Emotional Speech and Song (song)",
    pattern="Actor_NN/03-02-EE-II-SS-RR-AA.wav (or .flac)",
    labels=("neutral", "calm", "happy", "sad", "angry", "fearful"),
    access="Audio_Song_Actors_01-24.zip is at https://zenodo.org/records/1188976",
    archive=Archive(
        file="Audio_Song_Actors_01-24.zip",
        url="https://zenodo.org/records/1188976/files/Audio_Song_Actors_01-24.zip?download=1",
        md5="5411230427d67a21e18aa4d466e6d1b9",
        size=225_505_317,
    ),
    same_speakers_as=("ravdess",),
)


def read_clips(root: Path) -> Reading:
    """Find the audio-only song clips below `root`.

    Args:
        root: a folder that holds Actor_NN folders at any depth.

    Returns:
        Reading with one Clip per file name; `statement` is the code.

    Raises:
        CorpusError: a name has a code that the song part does not have.
    """
    return ravdess.read_channel(root, INFO, ravdess.SONG)
