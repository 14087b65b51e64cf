"""The end that the last page of an Ogg file states, held against the packets on it.

An encoder states less than it has by what it had to add to its last packet. libsndfile, and of Opus
FFmpeg too, leave out whatever is behind that, however much.

Source: Vorbis I specification, sections 4.2, 4.3 and A.2; RFC 7845, section 4.
"""

import struct
from collections.abc import Iterator

from ser_core.audio.ogg_pages import HEADER, OggLink, opus_samples, page_checksum
from ser_core.audio.source import AudioSource

_MOST = 2**18  # [bytes] of the last pages
_HEADERS = 65_536  # [bytes] in which the three headers of Vorbis are looked for
_MODE = 41  # bits: the size of its blocks, two fields that are zero, and a mapping
_MOST_MODES = 64
_ADDED = 2  # packets that may have been added to the end, of which one is usual


def end_corrections(source: AudioSource, link: OggLink) -> list[tuple[int, bytes]]:
    """Count the samples on the last page of Vorbis or Opus.

    Args:
        source: AudioSource of the link, from its first page on.
        link: OggLink of one stream, whose pages count its sound.

    Returns:
        (offset, bytes) pairs, what its last page should say; none where nothing is wrong with it.
    """
    former, last = (place - link.start for place in link.tail)
    if link.codec is None or link.streams != 1 or not 0 <= last - former <= _MOST:
        return []
    pages = list(_pages(source.read_at(former, link.stop - link.start - former)))
    blocks = _vorbis_blocks(source) if link.codec == "vorbis" else None
    if len(pages) < 2 or (link.codec == "vorbis" and blocks is None):
        return []
    (begin,), page = struct.unpack_from("<Q", pages[0], 6), pages[-1]
    (stated,) = struct.unpack_from("<Q", page, 6)
    lengths = [0]
    former_block = 0
    for number, packet in _packets(pages):
        if blocks is None:
            block = length = 0 if packet.startswith(b"Opus") else opus_samples(packet)
        else:
            block = _block_size(packet, *blocks)
            length = (former_block + block) // 4 if former_block and block else 0
            former_block = block
        if number:
            lengths.append(length)
        elif block and not begin:
            return []  # pages are not counted
    end = begin + sum(lengths)
    if stated >= end - _ADDED * lengths[-1]:
        return []
    changed = page[:6] + struct.pack("<Q", end) + page[14:22] + bytes(4) + page[26:]
    checksum = struct.pack("<I", page_checksum(changed))
    return [(last + 6, changed[6:14]), (last + 22, checksum)]


def _pages(content: bytes) -> Iterator[bytes]:
    """Divide what begins with a page into whole pages, up to what is none."""
    position = 0
    while content[position : position + 4] == b"OggS" and len(content) > position + HEADER:
        table = content[position + HEADER :][: content[position + HEADER - 1]]
        stop = position + HEADER + len(table) + sum(table)
        if stop > len(content):
            return
        yield content[position:stop]
        position = stop


def _packets(pages: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Give the packets that end on pages: the page's index, and what of the packet is there."""
    packet = b""
    for number, page in enumerate(pages):
        place = HEADER + page[HEADER - 1]
        for size in page[HEADER:place]:
            packet += page[place : place + size]
            place += size
            if size < 255:
                yield number, packet
                packet = b""


def _vorbis_blocks(source: AudioSource) -> tuple[tuple[int, int], list[int]] | None:
    """Read the sizes of Vorbis' short and long blocks, and which of them each mode has.

    The modes are at the end of the third header, whose length only a decoder of all of it knows: it
    is read from behind.
    """
    packets = [packet for _, packet in _packets(list(_pages(source.read_at(0, _HEADERS))))]
    if len(packets) < 3 or len(packets[0]) < 30 or packets[2][:7] != b"\x05vorbis":
        return None
    sizes = packets[0][28]
    bits = int.from_bytes(packets[2][-_MODE * _MOST_MODES // 8 - 8 :], "little")
    position = bits.bit_length() - 1  # the last bit that is set is the header's last one
    found: list[int] = []
    modes: list[int] = []
    while position >= _MODE + 6 and len(modes) < _MOST_MODES:
        position -= _MODE
        mode = bits >> position
        if mode >> 1 & 2**32 - 1 or mode >> 33 & 0xFF >= _MOST_MODES:
            break
        modes.insert(0, mode & 1)
        if (bits >> position - 6 & 63) + 1 == len(modes):
            found = list(modes)
    return ((1 << (sizes & 15), 1 << (sizes >> 4)), found) if found else None


def _block_size(packet: bytes, sizes: tuple[int, int], modes: list[int]) -> int:
    """The size of a packet's block [samples]; 0 where it is a header, or damaged."""
    if not packet or packet[0] & 1:
        return 0
    mode = packet[0] >> 1 & (1 << (len(modes) - 1).bit_length()) - 1
    return sizes[modes[mode]] if mode < len(modes) else 0
