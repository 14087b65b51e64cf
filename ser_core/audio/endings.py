"""How recordings are called: the endings of every container that a decoder here reads.

Folders are searched for these. What a file holds is decided by its bytes, never by its name.
"""

from collections.abc import Mapping

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "wav": (".wav", ".wave", ".bwf", ".rf64"),
    "w64": (".w64",),
    "flac": (".flac", ".fla"),
    "aiff": (".aif", ".aiff", ".aifc"),
    "caf": (".caf",),
    "au": (".au", ".snd"),
    "nistsphere": (".sph", ".nist"),
    "wv": (".wv",),
    "tta": (".tta",),
    "ape": (".ape",),
    "voc": (".voc",),
    "ogg": (".ogg", ".oga", ".opus", ".spx", ".ogx", ".ogv"),
    "mp3": (".mp3", ".mp2", ".mp1", ".mpa", ".mpga"),
    "mov": (
        *(".m4a", ".mp4", ".mov", ".qta", ".qt", ".m4b", ".m4r", ".m4v"),
        *(".3gp", ".3gpp", ".3g2", ".f4a", ".f4v"),
    ),
    "aac": (".aac", ".adts"),
    "matroska": (".mka", ".mkv", ".webm", ".weba"),
    "asf": (".wma", ".wmv", ".asf"),
    "amr": (".amr", ".awb"),
    "ac3": (".ac3",),
    "eac3": (".eac3", ".ec3"),
    "flv": (".flv",),
    "avi": (".avi",),
    "mpeg": (".mpg", ".mpeg", ".vob"),
    "mpegts": (".mts", ".m2ts"),  # .ts is a program far more often than a recording
}
"""Endings by container, as FFmpeg calls it; of sound as it was recorded first."""

AUDIO_ENDINGS = tuple(ending for endings in ENDINGS.values() for ending in endings)
"""All of them, in small letters, each once."""


def has_audio_ending(name: str) -> bool:
    """Say whether a file is called as recordings are.

    >>> has_audio_ending("calls/Monday.WAV"), has_audio_ending("notes.txt")
    (True, False)
    """
    return name.lower().endswith(AUDIO_ENDINGS)
