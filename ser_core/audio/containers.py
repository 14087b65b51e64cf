"""What a file's first and last bytes say: which container it is, and whether its end is there.

The decoders do not say: libsndfile shortens a cut WAV without a word, and FFmpeg ends a cut MP4
as if that were its end.
"""

import struct

from ser_core.audio.source import AudioSource

READABLE_FORMATS = "WAV, FLAC, OGG, MP3, M4A, WebM or MP4"
"""What messages name; more can be read, and these are all that most people have."""

# From here up, a 32-bit size is what a program writes that could not seek back to fill it in
# (ffmpeg 0xFFFFFFFF, sox 0x7FFFFFFF less the header, arecord 0x80000000).
_PLACEHOLDER_SIZE = 0x7FFF0000
_MAX_CHUNKS = 10_000  # a WAV of thousands of empty chunks is an attack, not a recording
_MAX_OGG_PAGE = 65_307  # bytes: 27 + 255 + 255 x 255

# (offset, bytes there, FFmpeg's name of the container)
_SIGNATURES = (
    *((4, box, "mov") for box in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide")),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (0, b"OggS", "ogg"),
    (0, b"ID3", "mp3"),
    (0, b"fLaC", "flac"),
    (8, b"WAVE", "wav"),
    (0, b"FORM", "aiff"),
    (0, b"caff", "caf"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"#!AMR", "amr"),
    (0, b"FLV\x01", "flv"),
    (0, b"\xff\xf1", "aac"),
    (0, b"\xff\xf9", "aac"),
)

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


def ffmpeg_container(head: bytes) -> str | None:
    """Name the container that starts with `head`, as FFmpeg calls it; None for no known one.

    >>> ffmpeg_container(b"OggS" + bytes(40))
    'ogg'
    >>> ffmpeg_container(b"Dear all,") is None
    True
    """
    for offset, signature, name in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return name
    return "mp3" if _mpeg_frames_start(head) is not None else None


def states_mp3_length(head: bytes) -> bool:
    """Say whether an MP3 carries its length in its first frame (a Xing, Info or VBRI header).

    Without one libsndfile guesses the length from the bit rate, and may be wrong six times over.
    """
    return any(mark in head for mark in (b"Xing", b"Info", b"VBRI"))


def missing_bytes(source: AudioSource) -> int:
    """Count the bytes the header of a WAV, RF64, AIFF or AU promises and the file lacks.

    A size that stands for "not known when this was written" promises nothing. A WAV whose data
    size is 0 though data follows is one of those; libsndfile would read nothing of it, so the
    source is overlaid with a size that makes it read to the end.

    Returns:
        0 if nothing is missing, and for other containers.
    """
    head = source.head
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return _missing_wav_bytes(source)
    if head[:4] == b"FORM" and len(head) >= 8:
        declared = 8 + struct.unpack_from(">I", head, 4)[0]
    elif head[:4] == b".snd" and len(head) >= 12:
        offset, size = struct.unpack_from(">II", head, 4)
        declared = offset + size
    else:
        return 0
    return 0 if declared >= _PLACEHOLDER_SIZE else max(0, declared - source.size)


def wav_data_chunk(source: AudioSource) -> tuple[int, int] | None:
    """Find the samples of a WAV or RF64.

    Returns:
        (offset of the chunk, its size in bytes as declared), or None without such a chunk.
    """
    long_size: int | None = None
    position = 12
    for _ in range(_MAX_CHUNKS):
        header = source.read_at(position, 8)
        if len(header) < 8:
            return None
        name: bytes = header[:4]
        size: int = struct.unpack_from("<I", header, 4)[0]
        if name == b"ds64":
            fields = source.read_at(position + 8, 16)
            long_size = struct.unpack("<8xQ", fields)[0] if len(fields) == 16 else None
        if name == b"data":
            return position, long_size if size == 0xFFFFFFFF and long_size is not None else size
        position += 8 + size + size % 2
    return None


def _missing_wav_bytes(source: AudioSource) -> int:
    chunk = wav_data_chunk(source)
    if chunk is None:
        return 0
    position, size = chunk
    available = source.size - position - 8
    if size == 0 and available and not _is_last_chunk(source, position + 8):
        source.overlay = (position + 4, b"\xff\xff\xff\xff")
    is_placeholder = size >= _PLACEHOLDER_SIZE and source.head[:4] == b"RIFF"
    return 0 if is_placeholder else max(0, size - available)


def _is_last_chunk(source: AudioSource, position: int) -> bool:
    """Say whether one whole chunk, such as the tags, lies between `position` and the end."""
    header = source.read_at(position, 8)
    if len(header) < 8 or not header[:4].isalnum():
        return False
    size: int = struct.unpack_from("<I", header, 4)[0]
    return position + 8 + size + size % 2 == source.size


def ends_inside_ogg_page(source: AudioSource) -> bool:
    """Say whether an OGG file stops in the middle of its last page."""
    if source.head[:4] != b"OggS":
        return False
    start = max(0, source.size - _MAX_OGG_PAGE)
    tail = source.read_at(start, _MAX_OGG_PAGE)
    page = tail.rfind(b"OggS")
    if page < 0:
        return False
    segments = tail[page + 26] if page + 26 < len(tail) else 0
    body = page + 27 + segments
    return body > len(tail) or body + sum(tail[page + 27 : body]) > len(tail)


def _mpeg_frames_start(head: bytes) -> int | None:
    """Find where two MPEG audio frames follow one another, as noise hardly ever has them."""
    start = head.find(b"\xff")
    while start >= 0:
        length = _mpeg_frame_length(head[start : start + 4])
        following = head[start + length : start + length + 4] if length else b""
        # Same version, layer and rate: the bits of a header that do not change within a stream.
        same = len(following) == 4 and (following[1] ^ head[start + 1]) & 0xFE == 0
        if same and _mpeg_frame_length(following) and not (following[2] ^ head[start + 2]) & 0x0C:
            return start
        start = head.find(b"\xff", start + 1)
    return None


def _mpeg_frame_length(header: bytes) -> int:
    """Return the length [bytes] of the MPEG audio frame with this header; 0 for no valid one."""
    if len(header) < 4 or header[0] != 0xFF or header[1] < 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bit_rate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or bit_rate in (0, 15) or rate == 3:
        return 0
    is_mpeg1 = version == 3
    bits = 1000 * (_MPEG1_KBITS if is_mpeg1 else _MPEG2_KBITS)[layer - 1][bit_rate - 1]
    hertz = _MPEG1_RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    if layer == 1:
        return 4 * (12 * bits // hertz + padding)
    return (144 if layer == 2 or is_mpeg1 else 72) * bits // hertz + padding
