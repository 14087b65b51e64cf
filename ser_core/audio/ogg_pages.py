"""An Ogg file by its pages: which logical streams it holds, one after another and side by side.

libsndfile ends with the first of several streams in a row, as joined files have them, and where
the last page's count of samples says so.

Source: RFC 3533.
"""

import struct
from dataclasses import dataclass

from ser_core.audio.source import AudioSource

_HEADER = 27  # [bytes] of a page before the table of its segments
_BEGINS = 2  # flag of a stream's first page
_SEARCHED = 65_536  # [bytes] read at a time where pages are lost
_NO_POSITION = 2**64 - 1  # granule position of a page on which no packet ends


@dataclass
class OggLink:
    """Streams that begin together: a file of its own, if another one follows.

    Attributes:
        start, stop: int [bytes].
        streams: int, how many begin.
        is_cut: bool, whether its last page is incomplete.
        counts_back: bool, whether a page's granule position is smaller than an earlier one's, so
            that the positions cannot be believed.
    """

    start: int
    stop: int
    streams: int = 0
    is_cut: bool = False
    counts_back: bool = False


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
    position, has_just_begun = 0, False
    while True:
        page = source.read_at(position, _HEADER + 255)
        if page[:4] != b"OggS":
            found = _next_page(source, position)
            if found is None:
                if links:
                    links[-1].stop = position
                break
            position = found
            continue
        if len(page) < _HEADER or len(page) < _HEADER + page[26]:
            _mark_cut(links)
            break
        flags, granule, serial = struct.unpack_from("<BQI", page, 5)
        if flags & _BEGINS:
            if not has_just_begun:
                if links:
                    links[-1].stop = position
                if len(links) == most:
                    break
                links.append(OggLink(position, source.size))
                granules = {}
            if links:
                links[-1].streams += 1
        has_just_begun = bool(flags & _BEGINS)
        if granule != _NO_POSITION and links:
            links[-1].counts_back |= granule < granules.get(serial, 0)
            granules[serial] = granule
        table = page[_HEADER : _HEADER + page[26]]
        position += _HEADER + len(table) + sum(table)
        if position > source.size:
            _mark_cut(links)
            break
    return links or [OggLink(0, source.size)]


def _mark_cut(links: list[OggLink]) -> None:
    if links:
        links[-1].is_cut = True


def _next_page(source: AudioSource, position: int) -> int | None:
    """Find the next page after damage, or None."""
    while position < source.size:
        piece = source.read_at(position, _SEARCHED + 6)
        found = piece.find(b"OggS\0")
        if found >= 0 and len(piece) > found + 5 and piece[found + 5] < 8:
            return position + found
        position += _SEARCHED if found < 0 else found + 1
    return None
