"""Where the sound is in files of packets and frames, by what their structure says of its end.

Segments and objects state their size; the frames of TTA, VOC and AMR are followed.
"""

import re
import struct
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from ser_core.audio.source import AudioSource

Extent: TypeAlias = tuple[int, int, int]
"""The first byte of the sound, the byte behind it, and where a next chunk may be."""

# From here up, a 32-bit size is what a program writes that could not seek back to fill it in
# (ffmpeg 0xFFFFFFFF, sox 0x7FFFFFFF less the header, and 0x7F000000 and a header, arecord
# 0x80000000).
_PLACEHOLDERS = (range(0x7F000000, 0x7F000100), range(0x7FFF0000, 2**32))
LONG_PLACEHOLDER = 2**62  # the same of a 64-bit size; negative ones are there, too
_MOST_PARTS = 10_000  # a file of thousands of empty ones is an attack, not a recording
_ASF_DATA = b"\x36\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
_TTA_HEADER = 22  # [bytes]
# As many as any TTA has, of which 2**32 samples at 8 kHz are 514,000; of AMR 5 hours.
_MOST_FRAMES = 1_000_000
_VOC_SOUND, _MOST_VOC = (1, 2, 9), 9  # kinds of blocks
# Bytes of a frame of AMR, with its header, by that, whose other bits are zero but for the quality.
_AMR_SIZES, _AMR_WB_SIZES = (
    {kind << 3 | quality: size for kind, size in sizes.items() for quality in (0, 4)}
    for sizes in (
        dict(enumerate((13, 14, 16, 18, 20, 21, 27, 32, 6))) | {15: 1},
        dict(enumerate((18, 24, 33, 37, 41, 47, 51, 59, 61, 6))) | {14: 1, 15: 1},
    )
)
_PIECE = 2**16  # [bytes] read at a time


def find_extent(source: AudioSource, container: str) -> Extent | None:
    """Follow a file's structure to the end of its sound.

    Args:
        source: AudioSource.
        container: str, as `containers.name_container` calls it.

    Returns:
        None for other containers, and where the end is not stated.
    """
    find = _FINDERS.get(container)
    return None if find is None else find(source)


def _matroska(source: AudioSource) -> Extent | None:
    """Read how long the segment is that holds all packets; live recordings do not say."""
    header_size = _vint(source.read_at(4, 8))
    if header_size is None:
        return None
    start = 4 + header_size[1] + header_size[0]
    segment = source.read_at(start, 12)
    size = _vint(segment[4:])
    if segment[:4] != b"\x18\x53\x80\x67" or size is None:
        return None
    position = start + 4 + size[1]
    return position, position + size[0], position + size[0]


def _avi(source: AudioSource) -> Extent | None:
    """Read how long its chunks are, of which large files have several."""
    stop = 0
    for _ in range(_MOST_PARTS):
        header = source.read_at(stop, 12)
        if header[:4] != b"RIFF" or header[8:12] not in (b"AVI ", b"AVIX"):
            break
        size = int.from_bytes(header[4:8], "little")
        if size == 0 or is_placeholder(size):
            return None
        stop += 8 + size + size % 2
    return (12, stop, stop) if stop else None


def _asf(source: AudioSource) -> Extent | None:
    """Read how long the object is that holds all packets; live recordings do not say.

    Source: Advanced Systems Format specification, revision 01.20.03, sections 2 and 5.1.
    """
    position = int.from_bytes(source.head[16:24], "little")
    data: tuple[int, int] | None = None
    for _ in range(_MOST_PARTS):
        header = source.read_at(position, 24)
        size = int.from_bytes(header[16:24], "little")
        if len(header) < 24 or size < 24 or size >= LONG_PLACEHOLDER:
            break
        if header[:16] == _ASF_DATA:
            data = position, position + size
        elif position + size > source.size:
            break
        position += size
    return None if data is None else (*data, position)


def _tta(source: AudioSource) -> Extent | None:
    """Add up its table of frames.

    Source: http://tausoft.org/wiki/True_Audio_Codec_Format.
    """
    if len(source.head) < _TTA_HEADER:
        return None
    rate, samples = struct.unpack_from("<2I", source.head, 10)
    frames = -(-samples // (256 * rate // 245)) if rate else 0
    table = source.read_at(_TTA_HEADER, 4 * frames) if frames <= _MOST_FRAMES else b""
    if not frames or len(table) < 4 * frames:
        return None
    start = _TTA_HEADER + len(table) + 4
    stop = start + int(np.frombuffer(table, "<u4").sum(dtype=np.int64))
    return start, stop, stop


def _voc(source: AudioSource) -> Extent | None:
    """Follow its blocks to their end.

    Source: https://wiki.multimedia.cx/index.php/Creative_Voice.
    """
    start = position = int.from_bytes(source.head[20:22], "little")
    for _ in range(_MOST_PARTS):
        header = source.read_at(position, 4)
        size = int.from_bytes(header[1:], "little")
        if header[:1] == b"\0" or not header:  # the end
            position += len(header[:1])
            return start, position, position
        if len(header) < 4 or header[0] > _MOST_VOC or (header[0] in _VOC_SOUND and not size):
            break
        position += 4 + size
        if position > source.size:
            return start, position, position
    return None


def _amr(source: AudioSource) -> Extent | None:
    """Follow its frames to the first byte that begins none.

    Source: RFC 4867, sections 5.1 and 5.3.
    """
    beginning = re.match(rb"#!AMR(-WB)?\n", source.head)
    if beginning is None:
        return None
    sizes = _AMR_SIZES if beginning[1] is None else _AMR_WB_SIZES
    start = position = beginning.end()
    content, begin = source.head, 0
    for _ in range(_MOST_FRAMES):
        if position - begin >= len(content):
            content, begin = source.read_at(position, _PIECE), position
        size = sizes.get(content[position - begin]) if content else None
        if size is None:
            return start, position, position
        position += size
    return None


def _vint(data: bytes) -> tuple[int, int] | None:
    """Read an EBML size, and of how many bytes it is; None where it is unknown or none is there."""
    length = 9 - data[0].bit_length() if data else 9
    if length > len(data):
        return None
    bits = 7 * length
    size = int.from_bytes(data[:length], "big") & (1 << bits) - 1
    return None if size == (1 << bits) - 1 else (size, length)


def is_placeholder(size: int) -> bool:
    """Say whether a 32-bit size stands for one that was not known."""
    return any(size in placeholders for placeholders in _PLACEHOLDERS)


_FINDERS: dict[str, Callable[[AudioSource], Extent | None]] = {
    "matroska": _matroska,
    "avi": _avi,
    "asf": _asf,
    "tta": _tta,
    "voc": _voc,
    "amr": _amr,
}
