"""Tags around a recording: ID3 and APE, which may stand before or behind any container.

They are passed over by their sizes: what is in them (pictures, letters of other headers) is not
looked at.

Source: https://id3.org/id3v2.4.0-structure, https://wiki.hydrogenaud.io/index.php?title=APEv2.
"""

import struct

from ser_core.audio.source import AudioSource

_ID3_HEADER, _ID3_OLD, _APE_HEADER = 10, 128, 32  # [bytes]
_MOST = 1_000  # tags in a row
_PADDING = 65_536  # [bytes] of zeros that are read at a time


def leading_tags(source: AudioSource) -> int:
    """Count the bytes of the tags before a recording; 0 if there are none, or nothing behind."""
    position = 0
    for _ in range(_MOST):
        size = tag_size(source, position)
        if not size or position + size >= source.size:
            break
        position += size
    return _skip_zeros(source, position) if position else 0


def tag_size(source: AudioSource, position: int) -> int:
    """Read how many bytes the tag has that begins at `position`; 0 if none does."""
    header = source.read_at(position, _APE_HEADER)
    return _header_size(header[:_ID3_HEADER]) or _ape_size(header)


def trailing_tags(source: AudioSource) -> int:
    """Count the bytes of the tags behind a recording; 0 if there are none, or nothing before."""
    stop = source.size
    for _ in range(_MOST):
        size = 0
        if stop > _ID3_OLD and source.read_at(stop - _ID3_OLD, 3) == b"TAG":
            size = _ID3_OLD
        elif stop > _APE_HEADER:
            size = _ape_size(source.read_at(stop - _APE_HEADER, _APE_HEADER))
            if not size and source.read_at(stop - _ID3_HEADER, 3) == b"3DI":
                footer = b"ID3" + source.read_at(stop - _ID3_HEADER + 3, _ID3_HEADER - 3)
                size = _header_size(footer)
        if not size or size >= stop:
            break
        stop -= size
    return source.size - stop


def _header_size(header: bytes) -> int:
    """The bytes of an ID3 tag by its header; 0 if it is none."""
    if len(header) < _ID3_HEADER or header[:3] != b"ID3" or 0xFF in header[3:5]:
        return 0
    if any(byte & 0x80 for byte in header[6:]):
        return 0
    size = 0
    for byte in header[6:]:
        size = size << 7 | byte
    has_footer = bool(header[5] & 0x10)
    return size + _ID3_HEADER * (2 if has_footer else 1)


def _ape_size(header: bytes) -> int:
    """The bytes of an APE tag by its header or its footer; 0 if it is neither."""
    if len(header) < _APE_HEADER or header[:8] != b"APETAGEX":
        return 0
    _, size, _, flags = struct.unpack_from("<4I", header, 8)
    has_header = bool(flags & 0x8000_0000)  # which is not in the size
    return int(size) + (_APE_HEADER if has_header else 0)


def _skip_zeros(source: AudioSource, position: int) -> int:
    """Give the place of the first byte that is not zero, or `position` where there is none."""
    start = position
    while piece := source.read_at(start, _PADDING):
        rest = piece.lstrip(b"\0")
        if rest:
            return start + len(piece) - len(rest)
        start += len(piece)
    return position
