"""MPEG audio (MP1, MP2, MP3) by its frame headers: where frames begin, and what a header counts.

Source: ISO/IEC 11172-3 and 13818-3 for the frames; for Xing, Info and VBRI
https://www.codeproject.com/Articles/8295/MPEG-Audio-Frame-Header.
"""

import struct

# MPEG audio, by layer (1, 2, 3) and version: kbit/s by index 1-14, Hz by index 0-2.
_MPEG1_KBITS = (
    (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
)
_MPEG2_KBITS = (
    (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_MPEG1_RATES = (44_100, 48_000, 32_000)


def first_frame(head: bytes) -> int | None:
    """Find where two MPEG audio frames follow one another, as noise hardly ever has them.

    Args:
        head: bytes, a file's first.

    Returns:
        The offset of the first one, or None.
    """
    start = head.find(b"\xff")
    while start >= 0:
        length = frame_length(head[start : start + 4])
        following = head[start + length : start + length + 4] if length else b""
        # Same version, layer and rate: the bits of a header that do not change within a stream.
        same = len(following) == 4 and (following[1] ^ head[start + 1]) & 0xFE == 0
        if same and frame_length(following) and not (following[2] ^ head[start + 2]) & 0x0C:
            return start
        start = head.find(b"\xff", start + 1)
    return None


def frame_length(header: bytes) -> int:
    """Return the length [bytes] of the MPEG audio frame with this header; 0 for no valid one."""
    if len(header) < 4 or header[0] != 0xFF or header[1] < 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bit_rate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or bit_rate in (0, 15) or rate == 3:
        return 0
    is_mpeg1 = version == 3
    bits = 1000 * (_MPEG1_KBITS if is_mpeg1 else _MPEG2_KBITS)[layer - 1][bit_rate - 1]
    hertz = _sample_rate(header)
    if layer == 1:
        return 4 * (12 * bits // hertz + padding)
    return (144 if layer == 2 or is_mpeg1 else 72) * bits // hertz + padding


def stated_seconds(head: bytes) -> float | None:
    """Read how long an MP3 is by its first frame, which may be one of tags (Xing, Info or VBRI).

    Args:
        head: bytes, a file's first, without tags before the frames.

    Returns:
        float [s]; None where it is no MP3, or its first frame is of sound or counts no frames.
    """
    start = first_frame(head)
    if start is None or head[start + 1] >> 1 & 3 != 1:  # another layer than the third
        return None
    frame = head[start : start + 200].ljust(200, b"\0")  # the smallest have 24 bytes
    is_mpeg1, is_mono = frame[1] >> 3 & 1, frame[3] >> 6 == 3
    side_information = (17 if is_mono else 32) if is_mpeg1 else (9 if is_mono else 17)
    counts = None
    if frame[4 + side_information :][:4] in (b"Xing", b"Info"):
        flags, frames = struct.unpack_from(">II", frame, 8 + side_information)
        counts = frames if flags & 1 else None
    elif frame[36:40] == b"VBRI":
        (counts,) = struct.unpack_from(">I", frame, 50)
    if not counts:
        return None
    return float(counts * (1152 if is_mpeg1 else 576) / _sample_rate(frame))


def _sample_rate(header: bytes) -> int:
    version = header[1] >> 3 & 3
    return _MPEG1_RATES[header[2] >> 2 & 3] >> {3: 0, 2: 1, 0: 2}[version]
