"""Whether a file that does not say how long it is ends within a packet, or holds more behind.

FFmpeg passes over a last packet that is not all there, and over what it does not know. From where
the last one begins that it did read, the file's structure is followed to the end.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

from ser_core.audio.source import AudioSource

Ending: TypeAlias = Literal["whole", "cut", "more"]

_FLV_HEADER, _FLV_TRAILER = 11, 4  # [bytes]
_FLV_TAGS = (8, 9, 18)  # audio, video, data
_TS_PACKET, _TS_SYNC = 188, 0x47
_CLUSTER = 0x1F43B675
_LOOKED_AT = 65_536  # [bytes] of what may be padding
_LEAST = 64  # [bytes] of what may be another recording
_MOST_ELEMENTS = 1_000  # behind the last packet
_EBML_ID, _EBML_SIZE = 4, 8  # [bytes] at most


def look_behind(source: AudioSource, container: str, position: int | None) -> Ending:
    """Say how a file ends behind its last packet that could be read.

    Args:
        source: AudioSource.
        container: str, as FFmpeg calls it.
        position: int [bytes], where FFmpeg says that packet begins; None where it does not say.

    Returns:
        "whole" too where it cannot be known.
    """
    follow = _FOLLOWERS.get(container)
    return "whole" if follow is None or position is None else follow(source, position)


def _behind(source: AudioSource, position: int) -> Ending:
    """Say whether more than padding stands behind the last packet."""
    rest = source.read_at(position, _LOOKED_AT)
    return "more" if len(rest) >= _LEAST and rest.strip(b"\0") else "whole"


def _flv(source: AudioSource, position: int) -> Ending:
    """Follow tags. Source: Adobe Flash Video File Format Specification 10.1, annex E.4."""
    while position < source.size:
        header = source.read_at(position, _FLV_HEADER)
        if header[0] & 0x1F not in _FLV_TAGS:
            return _behind(source, position)
        if len(header) < _FLV_HEADER:
            return "cut"
        position += _FLV_HEADER + int.from_bytes(header[1:4], "big")
        if position > source.size:
            return "cut"
        position += _FLV_TRAILER
    return "whole"


def _mpegts(source: AudioSource, position: int) -> Ending:
    """Follow the packets that the last one of its stream is divided into.

    Source: ISO/IEC 13818-1, sections 2.4.3.2 and 2.4.3.6.
    """
    stream = length = None
    found = 0
    while position < source.size:
        packet = source.read_at(position, _TS_PACKET)
        if packet[0] != _TS_SYNC:
            return _behind(source, position)
        if len(packet) < _TS_PACKET:
            return "cut"
        position += _TS_PACKET
        identifier = int.from_bytes(packet[1:3], "big") & 0x1FFF
        start = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
        payload = packet[start:] if packet[3] & 0x10 else b""
        if stream is None:
            if payload[:3] != b"\0\0\1" or len(payload) < 6:
                return "whole"
            stream, length = identifier, int.from_bytes(payload[4:6], "big")
        if identifier == stream:
            found += len(payload)
    return "cut" if length and found < 6 + length else "whole"


def _mpeg(source: AudioSource, position: int) -> Ending:
    """Follow packs and packets. Source: ISO/IEC 13818-1, section 2.5.3."""
    while position < source.size:
        header = source.read_at(position, 14)
        if header[:3] != b"\0\0\1" or len(header) < 4:
            return _behind(source, position)
        if header[3] == 0xB9:  # the end
            position += 4
        elif header[3] == 0xBA:
            is_second = len(header) > 4 and header[4] >> 6 == 1
            position += 14 + (header[-1] & 7) if is_second else 12
        else:
            position += 6 + int.from_bytes(header[4:6], "big")
    return "whole" if position == source.size else "cut"


def _matroska(source: AudioSource, position: int) -> Ending:
    """Follow elements, from the content of one on. Source: RFC 8794, section 6."""
    end = _block_end(source, position)
    for _ in range(_MOST_ELEMENTS):
        if end is None or end == source.size:
            return "whole"
        if end > source.size:
            return "cut"
        header = source.read_at(end, _EBML_ID + _EBML_SIZE)
        id_length = 9 - header[0].bit_length()
        if id_length > _EBML_ID:
            return _behind(source, end)
        size = _ebml_size(header[id_length:])
        if size is None:
            return "cut"
        value, size_length = size
        is_open = value == (1 << 7 * size_length) - 1
        if is_open and int.from_bytes(header[:id_length], "big") != _CLUSTER:
            return _behind(source, end)
        end += id_length + size_length + (0 if is_open else value)
    return "whole"


def _block_end(source: AudioSource, position: int) -> int | None:
    """Find where the element ends whose content begins at `position`; None where none does."""
    before = source.read_at(max(0, position - 1 - _EBML_SIZE), min(position, 1 + _EBML_SIZE))
    for length in range(1, len(before)):
        size = _ebml_size(before[-length:])
        if size is not None and size[1] == length and before[-length - 1] in (0xA0, 0xA3):
            return position + size[0]
    return None


def _ebml_size(data: bytes) -> tuple[int, int] | None:
    """Read a size, and of how many bytes it is; None where not all of it is there."""
    length = 9 - data[0].bit_length() if data else 9
    if length > len(data):
        return None
    return int.from_bytes(data[:length], "big") & (1 << 7 * length) - 1, length


_FOLLOWERS: dict[str, Callable[[AudioSource, int], Ending]] = {
    "flv": _flv,
    "mpegts": _mpegts,
    "mpeg": _mpeg,
    "matroska": _matroska,
}
