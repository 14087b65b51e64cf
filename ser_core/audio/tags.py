"""Tags around a recording: ID3 and APE, which may stand before or behind any container.

They are passed over by their sizes, where both of their ends agree on them: what is in them
(pictures, letters of other headers) is not looked at, and a size alone may be anything.

Source: https://id3.org/id3v2.4.0-structure, https://wiki.hydrogenaud.io/index.php?title=APEv2.
"""

import re
import struct

from ser_core.audio.containers import UNMISTAKABLE, name_container
from ser_core.audio.mpeg_frames import first_frame
from ser_core.audio.source import AudioSource

_ID3_HEADER, _ID3_OLD, _APE_HEADER = 10, 128, 32  # [bytes]
_ID3_EXTENDED, _ID3_FOOTER = 0x40, 0x10  # flags
_MOST = 1_000  # tags in a row, or frames of one
_PIECE = 16_384  # [bytes] by which a recording is known
_ADTS_HEADER = 7  # [bytes] of a frame of AAC
# An item of an APE tag, behind its length and its flags.
_APE_ITEM = re.compile(rb"[\x20-\x7e]{2,255}\0")


def leading_tags(source: AudioSource) -> int:
    """Count the bytes of the tags before a recording; 0 if there are none, or nothing behind."""
    start = find_beginning(source, 0) if tag_size(source, 0) else 0
    return start if start < source.size else 0


def find_beginning(source: AudioSource, position: int) -> int:
    """Find the first byte from `position` on that is of no tag, and no zero between tags [bytes].

    Returns:
        The source's size where nothing else follows.
    """
    for _ in range(_MOST):
        size = tag_size(source, position)
        if position + size > source.size:
            break
        start = _skip_padding(source, position + size)
        if start == position:
            break
        position = start
    return position


def _skip_padding(source: AudioSource, position: int) -> int:
    """Find the first byte that is not zero, or the zeros with which a recording begins."""
    start = source.skip_zeros(position)
    # Of a box of MP4 and of a pack of MPEG, up to three.
    for place in range(max(position, start - 3), start):
        if name_container(source.read_at(place, 16)) in ("mov", "mpeg"):
            return place
    return start


def tag_size(source: AudioSource, position: int) -> int:
    """Read how many bytes the tag has that begins at `position`; 0 if none does."""
    header = source.read_at(position, _APE_HEADER)
    size = _id3_size(header)
    if size:
        return _id3_end(source, position, size) - position
    size = _ape_size(header)
    footer = source.read_at(position + size - _APE_HEADER, _APE_HEADER) if size else b""
    return size if header[8:20] == footer[8:20] else min(size, _APE_HEADER)


def trailing_tags(source: AudioSource) -> int:
    """Count the bytes of the tags behind a recording; 0 if there are none, or nothing before."""
    stop = source.size
    for _ in range(_MOST):
        size = _size_before(source, stop)
        if not size or size >= stop:
            break
        stop -= size
    return source.size - stop


def _size_before(source: AudioSource, stop: int) -> int:
    """Read how many bytes the tag has that ends at `stop`; 0 if none does."""
    if stop > _ID3_OLD and source.read_at(stop - _ID3_OLD, 3) == b"TAG":
        return _ID3_OLD
    footer = source.read_at(max(0, stop - _APE_HEADER), _APE_HEADER)
    size = _ape_size(footer)
    if size:
        start = source.read_at(stop - size, _APE_HEADER) if size <= stop else b""
        is_whole = start[:20] == footer[:20] or _is_ape_item(start, size)
        return size if is_whole or size == _APE_HEADER else _APE_HEADER
    footer = footer[-_ID3_HEADER:]
    size = _id3_size(b"ID3" + footer[3:]) if footer[:3] == b"3DI" else 0
    if size:
        start = source.read_at(stop - size, _ID3_HEADER) if size <= stop else b""
        return size if start == b"ID3" + footer[3:] else _ID3_HEADER
    return 0


def _id3_size(header: bytes) -> int:
    """The bytes of an ID3 tag by its header; 0 if it is none."""
    if len(header) < _ID3_HEADER or header[:3] != b"ID3" or 0xFF in header[3:5]:
        return 0
    if any(byte & 0x80 for byte in header[6:10]):
        return 0
    return _synchsafe(header[6:10]) + _ID3_HEADER * (2 if header[5] & _ID3_FOOTER else 1)


def _id3_end(source: AudioSource, position: int, size: int) -> int:
    """Find where an ID3 tag ends: where its header says, or a recording begins behind its frames.

    Args:
        source: AudioSource.
        position: int [bytes], where it begins.
        size: int [bytes], that it states.
    """
    header = source.read_at(position, _ID3_HEADER)
    stop = position + size
    name_length, digits = (3, 3) if header[3] == 2 else (4, 4)
    length = name_length + digits + (0 if header[3] == 2 else 2)
    place = position + _ID3_HEADER
    for _ in range(0 if header[5] & _ID3_EXTENDED else _MOST):
        frame = source.read_at(place, length)
        if place >= stop or not re.fullmatch(rb"[A-Z0-9]+", frame[:name_length]):
            break
        if frame[:3] == b"ID3":
            break
        content = frame[name_length : name_length + digits]
        is_plain = header[3] < 4 or any(byte & 0x80 for byte in content)
        place += length + (int.from_bytes(content, "big") if is_plain else _synchsafe(content))
    place = source.skip_zeros(place)
    if place < stop and _is_recording(source.read_at(place, _PIECE)):
        return place
    return stop


def _is_recording(head: bytes) -> bool:
    """Whether these bytes begin with what nothing in a tag begins with: a recording, or a tag."""
    if _id3_size(head) or UNMISTAKABLE.match(head) or first_frame(head) == 0:
        return True
    if len(head) < _ADTS_HEADER or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return False
    length = int.from_bytes(head[3:6], "big") >> 5 & 0x1FFF
    return length > _ADTS_HEADER and head[length : length + 2] == head[:2]


def _ape_size(header: bytes) -> int:
    """The bytes of an APE tag by its header or its footer; 0 if it is neither."""
    if len(header) < _APE_HEADER or header[:8] != b"APETAGEX":
        return 0
    _, size, _, flags = struct.unpack_from("<4I", header, 8)
    has_header = bool(flags & 0x8000_0000)  # which is not in the size
    return max(_APE_HEADER, int(size) + (_APE_HEADER if has_header else 0))


def _is_ape_item(data: bytes, size: int) -> bool:
    """Whether an item begins with these bytes that has room in a tag of `size` bytes."""
    value = int.from_bytes(data[:4], "little")
    return len(data) > 8 and value < size and _APE_ITEM.match(data, 8) is not None


def _synchsafe(digits: bytes) -> int:
    """Read a number of seven bits a byte."""
    number = 0
    for byte in digits:
        number = number << 7 | byte
    return number
