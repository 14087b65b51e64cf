"""Which container a file is, by its first bytes.

What is not in this table is read by nobody here: left to guess, libsndfile takes sampler patches
for sound, and FFmpeg noise for MP3, text for subtitles, and a playlist for permission to open other
files.
"""

import re

from ser_core.audio.mpeg_frames import first_frame

READABLE_FORMATS = "WAV, FLAC, OGG, MP3, M4A, WebM or MP4"
"""What messages name; more can be read, and these are all that most people have."""

# (offset, bytes there, FFmpeg's name of the container)
_SIGNATURES = (
    *((4, box, "mov") for box in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide")),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (8, b"WAVE", "wav"),
    (8, b"AVI ", "avi"),
    (8, b"AIFF", "aiff"),
    (8, b"AIFC", "aiff"),
    (0, b"caff\0\1", "caf"),
    (0, b".snd", "au"),
    (0, b"dns.", "au"),
    (0, b"riff\x2e\x91\xcf\x11", "w64"),
    (0, b"NIST_1A", "nistsphere"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"#!AMR", "amr"),
    (0, b"FLV\x01", "flv"),
    (0, b"\0\0\1\xba", "mpeg"),
    (0, b"wvpk", "wv"),
    (0, b"TTA1", "tta"),
    (0, b"MAC ", "ape"),
    (0, b"Creative Voice File", "voc"),
    (0, b"\x0b\x77", "ac3"),
    (0, b"\xff\xf1", "aac"),
    (0, b"\xff\xf9", "aac"),
    (0, b"\xff\xf0", "aac"),
    (0, b"\xff\xf8", "aac"),
)
_TS_PACKET = 188  # [bytes] of MPEG-TS
_EAC3_LEAST = 11  # bit stream identification from which on AC-3 is E-AC-3

UNMISTAKABLE = re.compile(
    rb"RIFF.{4}WAVE|FORM.{4}AIF[FC]|OggS\0\x02|ID3[\x02-\x04]\0|fLaC[\0\x80]\0\0\x22|wvpk.{4}[\0-\x20]\x04"
    rb"|caff\0\x01|\x1aE\xdf\xa3|riff\x2e\x91\xcf\x11|\.snd\0\0\0|\0\0\0.ftyp|#!AMR",
    re.DOTALL,
)
"""How recordings begin that are looked for within others."""

LIBSNDFILE_CONTAINERS = frozenset({"wav", "flac", "ogg", "aiff", "caf", "au", "w64", "nistsphere"})
"""What libsndfile is asked to read before FFmpeg is."""


def name_container(head: bytes) -> str | None:
    """Name the container that starts with `head`, as FFmpeg calls it; None for no known one.

    Args:
        head: bytes, a file's first, without tags before the container.

    >>> name_container(b"OggS" + bytes(40))
    'ogg'
    >>> name_container(b"Dear all,") is None
    True
    """
    for offset, signature, name in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            is_extended = name == "ac3" and len(head) > 5 and head[5] >> 3 >= _EAC3_LEAST
            return "eac3" if is_extended else name
    for start in (0, 4):  # recorders write four bytes of time before each packet
        packets = head[start : start + 4 * (_TS_PACKET + start) : _TS_PACKET + start]
        if packets == b"GGGG":
            return "mpegts"
    return "mp3" if first_frame(head) is not None else None
