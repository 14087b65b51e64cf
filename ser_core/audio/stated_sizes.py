"""How many bytes of sound a file's header states, and what is really there.

A size may stand for "not known when this was written", promise more than there is, or less.
libsndfile believes some of them and not others, and shortens a cut file without a word.
"""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ser_core.audio.source import AudioSource

STATED_END = "the end that its header states"
"""Behind which something is, for a note."""

# From here up, a 32-bit size is what a program writes that could not seek back to fill it in
# (ffmpeg 0xFFFFFFFF, sox 0x7FFFFFFF less the header, and 0x7F000000 and a header, arecord
# 0x80000000).
_PLACEHOLDERS = (range(0x7F000000, 0x7F000100), range(0x7FFF0000, 2**32))
_LONG_PLACEHOLDER = 2**62  # the same of a 64-bit size; negative ones are there, too
_MAX_CHUNKS = 10_000  # a WAV of thousands of empty chunks is an attack, not a recording
# Bytes behind the samples that are worth a word: at most 0.1 s over a telephone, at least a header.
_LEAST_UNREAD = range(64, 800)
_W64_HEADER = 24  # [bytes] of a chunk
_W64_TAIL = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_ASF_DATA = b"\x36\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
_REPEATED = 16  # [bytes] that a header begins with, whatever sizes it states
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
_TTA_HEADER = 22  # [bytes]
_MOST_FRAMES = 1_000_000  # as many as any TTA has: 2**32 samples at 8 kHz are 514,000
_ADPCM = (0x02, 0x11)  # format tags of a WAV, of what has blocks of many samples
_MPEG_LAYERS = (0x50, 0x55)  # format tags of a WAV


@dataclass
class StatedSize:
    """Where a file's samples are.

    Attributes:
        start: int, their first byte.
        stop: int, the byte behind them, as stated; the file's size where nothing is stated.
        next_chunk: int, where other chunks may follow.
        is_mpeg: bool, whether they are MPEG audio in a WAV.
        least_unread: int [bytes], behind the samples, that are worth a word.
        ends_within_block: bool, whether the last block of a WAV is not all there, of which
            libsndfile reads nothing.
        corrections: (offset, bytes) pairs in order, what makes libsndfile read to the end.
    """

    start: int
    stop: int
    next_chunk: int
    is_mpeg: bool = False
    least_unread: int = _LEAST_UNREAD.stop
    ends_within_block: bool = False
    corrections: list[tuple[int, bytes]] = field(default_factory=list)

    def missing(self, source: AudioSource) -> int:
        """The bytes that are stated and not there."""
        return max(0, self.stop - source.size)

    def unread(self, source: AudioSource, container: str) -> tuple[int, int]:
        """Find what lies behind the samples and the whole chunks after them, but for padding.

        Returns:
            Its first byte, and how many they are: 0 for none.
        """
        position = self.next_chunk
        if container in _CHUNK_HEADERS:
            layout, counted, step = _chunk_header(source, container)
            length = struct.calcsize(layout)
            for _ in range(_MAX_CHUNKS):
                header = source.read_at(position, length)
                if len(header) < length:
                    break
                (size,) = struct.unpack(layout, header)
                end = position + (0 if counted else len(header)) + size
                is_chunk = (
                    re.fullmatch(rb"[\w ()-]{4}", header[:4]) and size >= 0 and end > position
                )
                if not is_chunk or header[:4] in _BEGINNINGS or end > source.size + 1:
                    break
                position = end + -end % step
        left = source.size - source.skip_zeros(position)
        return (position, left) if left >= self.least_unread else (source.size, 0)


# Of other files, whose first letters look like a chunk's name, and of samples once more.
_BEGINNINGS = (
    b"data",
    b"RIFF",
    b"RIFX",
    b"RF64",
    b"FORM",
    b"caff",
    b"riff",
    b"OggS",
    b"fLaC",
    b"wvpk",
    b"TTA1",
)
# Of a chunk's header: its form, whether its size counts it too, and what chunks are padded to.
_CHUNK_HEADERS = {
    "wav": ("<4xI", False, 2),
    "aiff": (">4xI", False, 2),
    "caf": (">4xq", False, 1),
    "w64": ("<16xq", True, 8),
}


def _chunk_header(source: AudioSource, container: str) -> tuple[str, bool, int]:
    """Say what the headers of a file's chunks are like."""
    is_big_endian = container == "wav" and source.head[:4] == b"RIFX"
    return _CHUNK_HEADERS["aiff" if is_big_endian else container]


def stated_size(source: AudioSource, container: str) -> StatedSize | None:
    """Read what the header of a file states of its samples.

    Args:
        source: AudioSource.
        container: str, as `containers.name_container` calls it.

    Returns:
        None for other containers, and where no samples are found.
    """
    find = _FINDERS.get(container)
    return None if find is None else find(source)


def _wav(source: AudioSource) -> StatedSize | None:
    if source.head[:4] not in (b"RIFF", b"RIFX", b"RF64"):
        return None
    order = ">" if source.head[:4] == b"RIFX" else "<"
    tag, per_second, block, long_size, long_at = 0, 0, 0, None, 0
    for name, position, size in _chunks(source, 12, "wav"):
        if name == b"fmt ":
            fields = source.read_at(position, 14).ljust(14, b"\0")
            tag, per_second, block = struct.unpack(f"{order}H6xIH", fields)
        elif name == b"ds64":
            fields = source.read_at(position, 16)
            long_at = position + 8
            long_size = struct.unpack("<8xQ", fields)[0] if len(fields) == 16 else None
        elif name == b"data":
            available = source.size - position
            is_long = long_size is not None and source.head[:4] == b"RF64"
            stated = size
            if is_long and long_size is not None:
                stated = _long_size(size, long_size, available)
            is_unknown = stated >= _LONG_PLACEHOLDER if is_long else _is_placeholder(size)
            is_unknown |= stated == 0 and not _is_last_chunk(source, position)
            found = _found(source, position, None if is_unknown else stated, tag in _MPEG_LAYERS)
            if is_long and (is_unknown or stated != long_size):
                there = available if is_unknown else stated
                found.corrections = [(long_at, struct.pack("<Q", there))]
            elif is_unknown and size == 0:
                found.corrections = [(position - 4, b"\xff\xff\xff\xff")]
            there = min(found.stop, source.size) - position
            tenth = min(max(per_second // 10, _LEAST_UNREAD.start), _LEAST_UNREAD.stop)
            found.least_unread = tenth
            found.ends_within_block = tag in _ADPCM and block > 0 and there % block > 0
            return found
    return None


def _long_size(size: int, long_size: int, available: int) -> int:
    """Choose between the two sizes that an RF64 states, of which libsndfile takes the second.

    The first one should stand for "not known"; where it does not, the larger one is believed that
    is there.
    """
    sizes = [long_size] if _is_placeholder(size) else [size, long_size]
    return max((one for one in sizes if one <= available), default=min(sizes))


def _aiff(source: AudioSource) -> StatedSize | None:
    for name, position, size in _chunks(source, 12, "aiff"):
        if name == b"SSND":
            is_unknown = size <= 8 or _is_placeholder(size)
            samples = position + 8
            found = _found(source, samples, None if is_unknown else size - 8)
            if is_unknown:
                found.corrections = [(position - 4, b"\xff\xff\xff\xff")]
            return found
    return None


def _au(source: AudioSource) -> StatedSize | None:
    order = ">" if source.head[:4] == b".snd" else "<"
    if len(source.head) < 24:
        return None
    offset, size = struct.unpack_from(f"{order}2I", source.head, 4)
    if _is_placeholder(size) or size == 0:
        found = _found(source, offset, None)
        found.corrections = [(8, b"\xff\xff\xff\xff")]
        return found
    return _found(source, offset, size)


def _caf(source: AudioSource) -> StatedSize | None:
    for name, position, size in _chunks(source, 8, "caf"):
        if name == b"data":
            samples = position + 4  # behind a count of edits
            if size <= 4 or size >= _LONG_PLACEHOLDER:
                found = _found_unsaid(source, samples)
                there = found.stop - found.start + 4
                found.corrections = [(found.start - 12, struct.pack(">q", there))]
                if found.start > samples:
                    there = found.start - samples - 12
                    free = struct.pack(">4sq", b"free", there)
                    found.corrections.insert(0, (position - 12, free))
                return found
            return _found(source, samples, size - 4)
    return None


def _w64(source: AudioSource) -> StatedSize | None:
    # Behind the GUIDs of the file and of its kind, and its size.
    for name, position, size in _chunks(source, 40, "w64"):
        if name == b"data" + _W64_TAIL:
            is_unknown = size <= 0 or size + _W64_HEADER >= _LONG_PLACEHOLDER
            if not is_unknown:
                return _found(source, position, size)
            found = _found_unsaid(source, position)
            there = found.stop - found.start + _W64_HEADER
            found.corrections = [(found.start - 8, struct.pack("<q", there))]
            if found.start > position:
                there = found.start - position
                junk = struct.pack("<4s12sq", b"junk", _W64_TAIL, there)
                found.corrections.insert(0, (position - _W64_HEADER, junk))
            return found
    return None


def _matroska(source: AudioSource) -> StatedSize | None:
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
    return StatedSize(position, position + size[0], position + size[0])


def _avi(source: AudioSource) -> StatedSize | None:
    """Read how long its chunks are, of which large files have several."""
    stop = 0
    for _ in range(_MAX_CHUNKS):
        header = source.read_at(stop, 12)
        if header[:4] != b"RIFF" or header[8:12] not in (b"AVI ", b"AVIX"):
            break
        size = int.from_bytes(header[4:8], "little")
        if size == 0 or _is_placeholder(size):
            return None
        stop += 8 + size + size % 2
    return StatedSize(12, stop, stop) if stop else None


def _asf(source: AudioSource) -> StatedSize | None:
    """Read how long the object is that holds all packets; live recordings do not say.

    Source: Advanced Systems Format specification, revision 01.20.03, sections 2 and 5.1.
    """
    position = int.from_bytes(source.head[16:24], "little")
    found = None
    for _ in range(_MAX_CHUNKS):
        header = source.read_at(position, 24)
        size = int.from_bytes(header[16:24], "little")
        if len(header) < 24 or size < 24 or size >= _LONG_PLACEHOLDER:
            break
        if header[:16] == _ASF_DATA:
            found = StatedSize(position, position + size, position + size)
        elif position + size > source.size:
            break
        position += size
        if found is not None:
            found.next_chunk = position
    return found


def _amr(source: AudioSource) -> StatedSize | None:
    """Follow its frames to the first byte that begins none.

    Source: RFC 4867, sections 5.1 and 5.3.
    """
    beginning = re.match(rb"#!AMR(-WB)?\n", source.head)
    if beginning is None:
        return None
    sizes = _AMR_SIZES if beginning[1] is None else _AMR_WB_SIZES
    start = position = beginning.end()
    content, begin = source.head, 0
    while True:
        if position - begin >= len(content):
            content, begin = source.read_at(position, _PIECE), position
            if not content:
                break
        size = sizes.get(content[position - begin])
        if size is None:
            break
        position += size
    return StatedSize(start, position, position)


def _voc(source: AudioSource) -> StatedSize | None:
    """Follow its blocks to their end.

    Source: https://wiki.multimedia.cx/index.php/Creative_Voice.
    """
    start = position = int.from_bytes(source.head[20:22], "little")
    for _ in range(_MAX_CHUNKS):
        header = source.read_at(position, 4)
        size = int.from_bytes(header[1:], "little")
        if header[:1] == b"\0" or not header:  # the end
            position += len(header[:1])
            return StatedSize(start, position, position)
        if len(header) < 4 or header[0] > _MOST_VOC or (header[0] in _VOC_SOUND and not size):
            break
        position += 4 + size
        if position > source.size:
            return StatedSize(start, position, position)
    return None


def _tta(source: AudioSource) -> StatedSize | None:
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
    return StatedSize(start, stop, stop)


def _vint(data: bytes) -> tuple[int, int] | None:
    """Read an EBML size, and of how many bytes it is; None where it is unknown or none is there."""
    length = 9 - data[0].bit_length() if data else 9
    if length > len(data):
        return None
    bits = 7 * length
    size = int.from_bytes(data[:length], "big") & (1 << bits) - 1
    return None if size == (1 << bits) - 1 else (size, length)


def _nist(source: AudioSource) -> StatedSize | None:
    head = source.head[:1024]
    counts = [
        re.search(rb"\b%b -i (\d{1,15})\b" % name, head)
        for name in (b"sample_count", b"sample_n_bytes", b"channel_count")
    ]
    start = re.match(rb"NIST_1A\n\s*(\d{1,6})\n", head)
    coding = re.search(rb"\bsample_coding -s\d+ (\S+)", head)  # PCM where it is not said
    is_plain = coding is None or coding[1] in (b"pcm", b"ulaw", b"alaw")
    if start is None or counts[0] is None or not is_plain:
        return None
    stated = int(counts[0][1])
    for count in counts[1:]:
        stated *= 1 if count is None else int(count[1])
    return _found(source, int(start[1]), stated or None)


_FINDERS: dict[str, Callable[[AudioSource], StatedSize | None]] = {
    "wav": _wav,
    "aiff": _aiff,
    "au": _au,
    "caf": _caf,
    "w64": _w64,
    "nistsphere": _nist,
    "matroska": _matroska,
    "avi": _avi,
    "asf": _asf,
    "tta": _tta,
    "voc": _voc,
    "amr": _amr,
}


def _found(
    source: AudioSource, start: int, stated: int | None, is_mpeg: bool = False
) -> StatedSize:
    stop = source.size if stated is None else start + stated
    return StatedSize(start, stop, stop + (stop - start) % 2, is_mpeg)


def _found_unsaid(source: AudioSource, start: int) -> StatedSize:
    """Find samples of which no number is stated, between the headers that libsndfile repeats.

    It means to write over its header, which a pipe makes it write behind the first one, and behind
    the samples, once more.
    """
    header = source.head[:_REPEATED]
    length, stop = start, source.size
    if source.read_at(start, _REPEATED) == header:
        start += length
    if stop - length >= start and source.read_at(stop - length, _REPEATED) == header:
        stop -= length
    return StatedSize(start, stop, source.size)


def _chunks(source: AudioSource, position: int, container: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield each chunk's name, where its content begins, and the content's size as stated."""
    layout, counted, step = _chunk_header(source, container)
    length = struct.calcsize(layout)
    for _ in range(_MAX_CHUNKS):
        header = source.read_at(position, length)
        if len(header) < length:
            return
        size = struct.unpack(layout, header)[0] - (length if counted else 0)
        yield header[: length - struct.calcsize(layout[-1])], position + length, size
        if size < 0:
            return
        position += length + size + -size % step


def _is_placeholder(size: int) -> bool:
    return any(size in placeholders for placeholders in _PLACEHOLDERS)


def _is_last_chunk(source: AudioSource, position: int) -> bool:
    """Say whether one whole chunk, such as the tags, lies between `position` and the end."""
    header = source.read_at(position, 8)
    if position == source.size:
        return True
    if len(header) < 8 or not header[:4].isalnum():
        return False
    size: int = struct.unpack_from("<I", header, 4)[0]
    return position + 8 + size + size % 2 == source.size
