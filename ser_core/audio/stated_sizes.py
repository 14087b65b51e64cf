"""How many bytes of sound a file's header states, and what is really there.

A size may stand for "not known when this was written", promise more than there is, or less.
libsndfile believes some of them and not others, and shortens a cut file without a word.
"""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ser_core.audio.extents import LONG_PLACEHOLDER, find_extent, is_placeholder
from ser_core.audio.source import AudioSource

STATED_END = "the end that its header states"
"""Behind which something is, for a note."""

_MAX_CHUNKS = 10_000  # a WAV of thousands of empty chunks is an attack, not a recording
# Bytes behind the samples that are worth a word: at most 0.1 s over a telephone, at least a header.
_LEAST_UNREAD = range(64, 800)
_W64_HEADER = 24  # [bytes] of a chunk
_W64_TAIL = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_REPEATED = 16  # [bytes] that a header begins with, whatever sizes it states
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
    if find is not None:
        return find(source)
    extent = find_extent(source, container)
    return None if extent is None else StatedSize(*extent)


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
            is_unknown = stated >= LONG_PLACEHOLDER if is_long else is_placeholder(size)
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
    sizes = [long_size] if is_placeholder(size) else [size, long_size]
    return max((one for one in sizes if one <= available), default=min(sizes))


def _aiff(source: AudioSource) -> StatedSize | None:
    for name, position, size in _chunks(source, 12, "aiff"):
        if name == b"SSND":
            is_unknown = size <= 8 or is_placeholder(size)
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
    if is_placeholder(size) or size == 0:
        found = _found(source, offset, None)
        found.corrections = [(8, b"\xff\xff\xff\xff")]
        return found
    return _found(source, offset, size)


def _caf(source: AudioSource) -> StatedSize | None:
    for name, position, size in _chunks(source, 8, "caf"):
        if name == b"data":
            samples = position + 4  # behind a count of edits
            if size <= 4 or size >= LONG_PLACEHOLDER:
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
            is_unknown = size <= 0 or size + _W64_HEADER >= LONG_PLACEHOLDER
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


def _is_last_chunk(source: AudioSource, position: int) -> bool:
    """Say whether one whole chunk, such as the tags, lies between `position` and the end."""
    header = source.read_at(position, 8)
    if position == source.size:
        return True
    if len(header) < 8 or not header[:4].isalnum():
        return False
    size: int = struct.unpack_from("<I", header, 4)[0]
    return position + 8 + size + size % 2 == source.size
