"""The last frame of a FLAC file: whether its header counts it, and whether more lies behind.

Source: RFC 9639, sections 8.2 and 9.1.
"""

import numpy as np

from ser_core.audio.containers import UNMISTAKABLE
from ser_core.audio.source import AudioSource

_TAIL = 131_072  # [bytes], in which the last frame begins
_HEADER = 16  # [bytes], the most that a frame's has
_MOST_STEPS = 1_000  # back from the end, of at least as much as _TAIL
_MOST_HEADERS = 20_000  # that are looked at; of 75 kB of chance, one looks like a frame's
_STREAMINFO = slice(8, 42)
# Bytes of a header behind the sync code and the number, by the codes of block size and sample rate.
_SIZE_BYTES = {6: 1, 7: 2}
_RATE_BYTES = {12: 1, 13: 2, 14: 2}


def has_uncounted_frames(source: AudioSource) -> bool:
    """Say whether the last frame lies behind the last sample that the header counts.

    Args:
        source: AudioSource of one FLAC file.

    Returns:
        False also where the header says that it does not know.
    """
    total = int.from_bytes(source.head[_STREAMINFO][10:18], "big") & 2**36 - 1
    for longest in (_longest_frame(source), _TAIL):  # the first may be stated too small
        headers = _headers(source, source.size - longest, source.size, _MOST_HEADERS)
        last = _find_frame(source, headers)
        if last is not None:
            return 0 < total <= last[1]
    return False


def find_end(source: AudioSource) -> int:
    """Find where a FLAC file ends, behind which another recording may stand [bytes].

    Its last frame begins within the last bytes, as many as the longest one has, or else something
    lies behind it.

    Args:
        source: AudioSource that begins with one FLAC file.

    Returns:
        The whole file's size where no frame is found within so much work.
    """
    longest = _longest_frame(source)
    stop, left = source.size, _MOST_HEADERS
    for _ in range(_MOST_STEPS):
        headers = _headers(source, stop - longest, stop, left)
        last = _find_frame(source, headers)
        if last is not None:
            behind = source.read_at(last[0] + 1, longest + _HEADER)
            other = UNMISTAKABLE.search(behind)
            if other is not None:
                return last[0] + 1 + other.start()
            return min(source.size, last[0] + longest)
        stop -= longest
        left -= len(headers)
        if stop <= 0 or left <= 0:
            break
        longest = max(longest, _TAIL)
    return source.size


def _longest_frame(source: AudioSource) -> int:
    return int.from_bytes(source.head[_STREAMINFO][7:10], "big") or _TAIL


def _headers(source: AudioSource, start: int, stop: int, most: int) -> list[tuple[int, bytes]]:
    """Find what looks like a frame's header and begins between two places, the last ones first."""
    start = max(0, start)
    piece = source.read_at(start, stop - start + _HEADER)
    if len(piece) < 3:
        return []
    values = np.frombuffer(piece, np.uint8)
    first, second, third = values[:-2], values[1:-1], values[2:]
    looks = (first == 0xFF) & (second & 0xFE == 0xF8) & (third >= 0x10) & (third & 15 != 15)
    places = np.flatnonzero(looks[: stop - start])[::-1][:most].tolist()
    return [(start + place, piece[place : place + _HEADER]) for place in places]


def _find_frame(source: AudioSource, headers: list[tuple[int, bytes]]) -> tuple[int, int] | None:
    """Find the first of them that is a frame's: where, and its first sample's number."""
    block_size = int.from_bytes(source.head[_STREAMINFO][2:4], "big")
    for place, header in headers:
        number = _frame_number(header)
        if number is not None:
            is_fixed = header[1] == 0xF8
            return place, number * (block_size if is_fixed else 1)
    return None


def _frame_number(header: bytes) -> int | None:
    """Read the number of a frame, or of its first sample; None where it is no frame's header."""
    if (
        len(header) < 7
        or header[1] not in (0xF8, 0xF9)
        or header[2] >> 4 == 0
        or header[2] & 15 == 15
        or header[3] & 1
    ):
        return None
    first = header[4]
    ones = 8 - (first ^ 0xFF).bit_length()
    if ones == 1 or ones > 7:
        return None
    number, length = (first, 1) if ones == 0 else (first & (0x7F >> ones), ones)
    for byte in header[5 : 4 + length]:
        if byte >> 6 != 2:
            return None
        number = number << 6 | byte & 0x3F
    end = 4 + length + _SIZE_BYTES.get(header[2] >> 4, 0) + _RATE_BYTES.get(header[2] & 15, 0)
    return number if len(header) > end and _crc8(header[:end]) == header[end] else None


def _crc8(data: bytes) -> int:
    remainder = 0
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = (remainder << 1 ^ (0x07 if remainder & 0x80 else 0)) & 0xFF
    return remainder
