"""Whether a FLAC file has more frames than its header counts samples.

Source: RFC 9639, sections 8.2 and 9.1.
"""

from ser_core.audio.source import AudioSource

_TAIL = 131_072  # [bytes], in which the last frame begins
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
    information = source.head[_STREAMINFO]
    block_size = int.from_bytes(information[2:4], "big")
    total = int.from_bytes(information[10:18], "big") & 2**36 - 1
    longest = int.from_bytes(information[7:10], "big") or _TAIL  # frame, if it is known
    tail = source.read_at(max(0, source.size - longest), longest)
    start = tail.rfind(b"\xff")
    while start >= 0:
        number = _frame_number(tail[start : start + 16])
        if number is not None:
            is_fixed = tail[start + 1] == 0xF8
            return 0 < total <= number * (block_size if is_fixed else 1)
        start = tail.rfind(b"\xff", 0, start)
    return False


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
