"""An Ogg file by its pages: which logical streams it holds, one after another and side by side.

libsndfile ends with the first of several streams in a row, as joined files have them, and where
the last page's count of samples says so. Of Opus whose pages count nothing, as programs write it
that do not decode what they pass on, both decoders leave sound out; so its samples are counted.

Source: RFC 3533; RFC 6716, section 3.1, and RFC 7845, section 4, for Opus.
"""

import re
import struct
import zlib
from dataclasses import dataclass

from ser_core.audio.source import AudioSource

HEADER = 27  # [bytes] of a page before the table of its segments
_CONTINUED, _BEGINS, _ENDS = 1, 2, 4  # flags of a page, whose packet, first and last they say
_SEARCHED = 65_536  # [bytes] read at a time where pages are lost
_MARK = re.compile(rb"OggS\0[\0-\7]")  # how a page begins
_NO_POSITION = 2**64 - 1  # granule position of a page on which no packet ends
# Whose samples are counted: of pages of a second, as programs write them, 55 hours; of packets of
# 20 ms on pages of their own, 67 minutes.
_MOST_PAGES = 200_000
_CODECS = {b"OpusHea": "opus", b"\x01vorbis": "vorbis"}
_OPUS_HEADERS = 2  # packets, which are at 0
# Samples of one frame of an Opus packet, at 48 kHz, by its configuration.
_OPUS_FRAMES = 3 * (480, 960, 1920, 2880) + 2 * (480, 960) + 4 * (120, 240, 480, 960)
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass
class OggLink:
    """Streams that begin together: a file of its own, if another one follows.

    Attributes:
        start, stop: int [bytes].
        streams: int, how many begin.
        is_cut: bool, whether its last page is incomplete.
        counts_back: bool, whether a page's granule position is smaller than an earlier one's, so
            that the positions cannot be believed.
        codec: str, "opus" or "vorbis", where the last stream that begins is that.
        tail: (int, int) [bytes], where its last two pages begin on which a packet ends.
        has_end: bool, whether its last page is marked as that.
        lacks_positions: bool, whether packets of Opus end on a page whose position does not grow
            by them.
    """

    start: int
    stop: int
    streams: int = 0
    is_cut: bool = False
    counts_back: bool = False
    codec: str | None = None
    tail: tuple[int, int] = (0, 0)
    has_end: bool = False
    lacks_positions: bool = False


def ogg_links(source: AudioSource, most: int) -> list[OggLink]:
    """Go through the pages of an Ogg file.

    Args:
        source: AudioSource that begins with a page.
        most: int > 0, how many links are looked for.

    Returns:
        Its links, in order; the last one reaches to the end, unless there are more, or what is
        behind it is no Ogg.
    """
    links: list[OggLink] = []
    granules: dict[int, int] = {}
    packets: dict[int, int] = {}  # of streams of Opus
    position, has_just_begun = 0, False
    while True:
        page = source.read_at(position, HEADER + 255)
        if page[:4] != b"OggS":
            found = _next_page(source, position)
            if found is None:
                if links:
                    links[-1].stop = position
                break
            position = found
            continue
        if len(page) < HEADER or len(page) < HEADER + page[26]:
            _mark_cut(links)
            break
        flags, granule, serial = struct.unpack_from("<BQI", page, 5)
        if flags & _BEGINS:
            if not has_just_begun:
                if links:
                    links[-1].stop = position
                if len(links) == most:
                    break
                links.append(OggLink(position, source.size, tail=(position, position)))
                granules, packets = {}, {}
            if links:
                links[-1].streams += 1
        has_just_begun = bool(flags & _BEGINS)
        table = page[HEADER : HEADER + page[26]]
        if links:
            link, former = links[-1], granules.get(serial, 0)
            if has_just_begun:
                link.codec = _CODECS.get(page[HEADER + len(table) :][:7])
            if has_just_begun and link.codec == "opus":
                packets[serial] = 0
            link.has_end = bool(flags & _ENDS)
            if granule != _NO_POSITION:
                link.counts_back |= granule < former
                link.tail = (link.tail[1], position)
                granules[serial] = granule
            ended = sum(size < 255 for size in table)
            is_sound = ended > 0 and packets.get(serial, 0) >= _OPUS_HEADERS
            link.lacks_positions |= is_sound and granule in (_NO_POSITION, former)
            if serial in packets:
                packets[serial] += ended
        position += HEADER + len(table) + sum(table)
        if position > source.size:
            _mark_cut(links)
            break
    return links or [OggLink(0, source.size)]


def opus_corrections(source: AudioSource, link: OggLink) -> list[tuple[int, bytes]]:
    """Count the samples of an Opus stream whose pages do not, and mark its last page as that.

    Args:
        source: AudioSource of the link, from its first page on.
        link: OggLink of one stream.

    Returns:
        (offset, bytes) pairs, what its pages should say; none where nothing is wrong with them,
        there are too many, or several streams.
    """
    if link.codec != "opus" or link.streams != 1 or (link.has_end and not link.lacks_positions):
        return []
    found: list[tuple[int, bytes]] = []
    total, pending, packets = 0, 0, 0
    pages = _whole_pages(source)
    if not link.lacks_positions:  # it lacks the mark of its end alone
        pages = pages[-1:]
    for number, (position, length) in enumerate(pages):
        page = source.read_at(position, length)
        flags, granule = struct.unpack_from("<BQ", page, 5)
        if link.lacks_positions and packets < _OPUS_HEADERS:
            packets += sum(size < 255 for size in page[HEADER : HEADER + page[26]])
        elif link.lacks_positions:
            total, pending, granule = _count_opus(page, total, pending)
        flags |= _ENDS if number + 1 == len(pages) else 0
        changed = page[:5] + struct.pack("<BQ", flags, granule) + page[14:22] + bytes(4) + page[26:]
        found.append((position + 5, changed[5:22] + struct.pack("<I", page_checksum(changed))))
    return found


def _whole_pages(source: AudioSource) -> list[tuple[int, int]]:
    """Find where each page begins, and its length [bytes]; none where there are too many."""
    position: int | None = 0
    found: list[tuple[int, int]] = []
    while position is not None:
        head = source.read_at(position, HEADER + 255)
        if head[:4] != b"OggS":
            position = _next_page(source, position)
            continue
        if len(head) < HEADER:
            break
        length = HEADER + head[26] + sum(head[HEADER : HEADER + head[26]])
        if position + length > source.size:
            break
        found.append((position, length))
        position += length
        if len(found) > _MOST_PAGES:
            return []
    return found


def _count_opus(page: bytes, total: int, pending: int) -> tuple[int, int, int]:
    """Count the samples of the packets that end on a page.

    Args:
        page: bytes.
        total: int, samples up to its start.
        pending: int, samples of the packet that goes on on it.

    Returns:
        The samples up to its end, those of the packet that goes on behind it, and its position.
    """
    place = HEADER + page[26]
    begins = not page[5] & _CONTINUED
    position = _NO_POSITION
    for size in page[HEADER:place]:
        if begins:
            pending = opus_samples(page[place : min(place + 2, place + size)])
        place += size
        begins = size < 255
        if begins:
            total, pending = total + pending, 0
            position = total
    return total, pending, position


def opus_samples(packet: bytes) -> int:
    """Count the samples of an Opus packet, at 48 kHz, by its first two bytes."""
    if not packet:
        return 0
    frames = (1, 2, 2, packet[1] & 0x3F if len(packet) > 1 else 0)[packet[0] & 3]
    return frames * _OPUS_FRAMES[packet[0] >> 3]


def page_checksum(page: bytes) -> int:
    """Return the CRC of an Ogg page whose own field for it is zero.

    It is that of zlib, whose bits are the other way round, without its complements.
    """
    swapped = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(swapped.to_bytes(4, "little").translate(_REVERSED), "big")


def _mark_cut(links: list[OggLink]) -> None:
    if links:
        links[-1].is_cut = True


def _next_page(source: AudioSource, position: int) -> int | None:
    """Find the next page after damage, or None."""
    while position < source.size:
        found = _MARK.search(source.read_at(position, _SEARCHED + 5))
        if found is not None:
            return position + found.start()
        position += _SEARCHED
    return None
