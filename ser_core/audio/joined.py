"""One file, several recordings one after another, and tags around them.

Decoders end with the first recording, or stumble over the header of the next; so each is cut out
and decoded as a file of its own.
"""

import itertools
import re
from dataclasses import dataclass

from ser_core.audio.containers import name_container
from ser_core.audio.flac_frames import find_end, has_uncounted_frames
from ser_core.audio.mp4_boxes import movies
from ser_core.audio.ogg_ends import end_corrections
from ser_core.audio.ogg_pages import OggLink, ogg_links, opus_corrections
from ser_core.audio.source import AudioSource
from ser_core.audio.stated_sizes import STATED_END, StatedSize, stated_size
from ser_core.audio.tags import find_beginning, leading_tags, tag_size, trailing_tags

_WAVPACK_HEADER = 32  # [bytes]
_PIECE = 2**20  # [bytes] searched at a time
_LONGEST = 64  # [bytes] of what is searched for
_MOST = 1_000  # recordings in a file

# How a file of each container begins, in so many bytes that nothing else looks like it.
_BEGINNINGS = {
    "flac": rb"fLaC[\0\x80]\0\0\x22",
    "matroska": rb"\x1aE\xdf\xa3.{1,40}?(?:webm|matroska)",
    "amr": rb"#!AMR(?:-WB)?\n",
    "asf": rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
    "flv": rb"FLV\x01[\x01\x04\x05]\0\0\0\x09",
    "voc": rb"Creative Voice File\x1a",
    "tta": rb"TTA1[\x01-\x03]\0",
}


@dataclass(frozen=True)
class Part:
    """One recording of a file.

    Attributes:
        source: AudioSource of its bytes.
        container: str, as FFmpeg calls it; None for none that is known.
        stated: StatedSize, what its header says of its samples; None where it says nothing.
        needs_ffmpeg: bool, whether FFmpeg is to read it though libsndfile would, since its own
            counts are wrong or it holds several streams.
        is_cut: bool, whether it is known to end in the middle of something.
    """

    source: AudioSource
    container: str | None
    stated: StatedSize | None = None
    needs_ffmpeg: bool = False
    is_cut: bool = False


def find_parts(source: AudioSource) -> list[Part]:
    """Find the recordings in a file, without the tags around them.

    Args:
        source: AudioSource.

    Returns:
        One at least. What is no recording behind the last one is a note of the source's.
    """
    first = leading_tags(source)
    last = source.size - trailing_tags(source)
    if last <= first:
        first, last = 0, source.size
    found: list[Part] = []
    position = first
    while position < last:
        is_whole = (position, last) == (0, source.size)
        rest = source if is_whole else source.part(position, last)
        if len(found) == _MOST:
            rest.note_unread(0, f"the first {_MOST:,} recordings in it")
            break
        parts, length = _parts_at(rest, _MOST - len(found), has_tags=first > 0 and not found)
        if found and parts[0].container is None:
            rest.note_unread(0, STATED_END)
            break
        found += parts
        position += length
        if length < rest.size:
            position += find_beginning(source.part(position, last), 0)
    return found


def _parts_at(source: AudioSource, most: int, *, has_tags: bool) -> tuple[list[Part], int]:
    """Find the first `most` recordings of the container that a file begins with, and their end."""
    container = name_container(source.head)
    if container is None and has_tags:
        container = "mp3"  # whatever follows: its frames may begin later
    if container == "ogg":
        links = ogg_links(source, most)
        is_one = len(links) == 1 and links[0].stop == source.size
        pieces = [source] if is_one else [source.part(link.start, link.stop) for link in links]
        ogg_parts = [_ogg_part(*pair) for pair in zip(pieces, links, strict=True)]
        if not links[-1].has_end and not links[-1].is_cut:
            source.notes.append("Its last page is not marked as its end, so it may be cut off.")
        return ogg_parts, links[-1].stop
    end = source.size
    if container == "mov":
        starts, end = movies(source, most)
    elif container == "wv":
        starts, end = _wavpacks(source, most)
    elif container in _BEGINNINGS:
        starts, end = _alike(source, container, most)
    else:
        return _part_with_sizes(source, container)
    is_cut, end = end > source.size, min(end, source.size)
    borders = [0, *(start for start in starts if start), end][: most + 1]
    parts = [source]
    if borders != [0, source.size]:
        pairs = itertools.pairwise(borders)
        parts = [_without_tags(source.part(start, stop)) for start, stop in pairs]
    return [
        Part(
            part,
            container,
            stated_size(part, container),
            needs_ffmpeg=container == "flac" and has_uncounted_frames(part),
            is_cut=is_cut and part is parts[-1],
        )
        for part in parts
    ], borders[-1]


def _ogg_part(source: AudioSource, link: OggLink) -> Part:
    source.overlays = opus_corrections(source, link)
    if link.lacks_positions and not source.overlays:
        source.notes.append("Its pages do not count its sound, so some of it may not be read.")
    if link.has_end and not (link.is_cut or source.overlays):
        source.overlays = end_corrections(source, link)
    needs_ffmpeg = link.streams != 1 or link.counts_back
    return Part(source, "ogg", needs_ffmpeg=needs_ffmpeg, is_cut=link.is_cut)


def _alike(source: AudioSource, container: str, most: int) -> tuple[list[int], int]:
    """Find where recordings of one container begin, up to where one of another lies between them.

    Returns:
        Where `most` recordings begin, or one more, and the end of the last one [bytes].
    """
    found = sorted({0, *_search(source, _BEGINNINGS[container], most)})
    for index, (start, stop) in enumerate(itertools.pairwise([*found[: most + 1], source.size])):
        if index == most:
            break
        end = start + _end(source.part(start, stop), container, is_last=stop == source.size)
        if end < stop:
            return found[: index + 1], end
    return found, source.size


def _end(source: AudioSource, container: str, *, is_last: bool) -> int:
    """Find where the recording ends with which the source begins [bytes].

    What is unknown may belong to it: players read on.
    """
    if container == "flac":
        end = find_end(source)
        if is_last:
            return end
    else:
        stated = stated_size(source, container)
        end, _ = (source.size, 0) if stated is None else stated.unread(source, container)
    if end >= source.size:
        return source.size
    behind = source.read_at(find_beginning(source, end), _PIECE)
    return end if name_container(behind) is not None else source.size


def _part_with_sizes(source: AudioSource, container: str | None) -> tuple[list[Part], int]:
    stated = None if container is None else stated_size(source, container)
    if stated is None or container is None:
        return [Part(source, container)], source.size
    end, unread = stated.unread(source, container)
    if container == "avi" and name_container(source.read_at(end, _PIECE)) is None:
        unread = 0  # what is unknown may belong to it, as its size is often wrong
    if unread or (container == "w64" and stated.stop < source.size):
        # libsndfile takes all that follows the samples of a W64 for samples.
        own = source.part(0, stated.stop if container == "w64" else end)
        own.overlays = stated.corrections
        return [Part(own, container, stated, stated.ends_within_block)], end
    source.overlays = stated.corrections
    return [Part(source, container, stated, stated.ends_within_block)], source.size


def _without_tags(source: AudioSource) -> AudioSource:
    """Leave out the tags behind a recording, and those that belong to the one after it."""
    behind = trailing_tags(source)
    tail = source.read_at(max(0, source.size - behind - _PIECE), _PIECE)
    place = tail.rfind(b"ID3")
    if place >= 0 and source.size - len(tail) + place > 0:
        start = source.size - len(tail) + place
        tag = source.part(start, source.size)
        if tag_size(tag, 0) == tag.size:
            behind = tag.size
    return source.part(0, source.size - behind) if 0 < behind < source.size else source


def _search(source: AudioSource, beginning: bytes, most: int) -> list[int]:
    """Find where files begin within a file [bytes]; `most`, and some more if there are."""
    pattern = re.compile(beginning, re.DOTALL)
    found: list[int] = []
    position = 0
    while position < source.size and len(found) <= most:
        piece = source.read_at(position, _PIECE + _LONGEST)
        if not piece:
            break
        places = [position + match.start() for match in pattern.finditer(piece)]
        found += [place for place in places if not found or place > found[-1]]
        position += _PIECE
    return found


def _wavpacks(source: AudioSource, most: int) -> tuple[list[int], int]:
    """Find where `most` files, or one more, begin within a WavPack, by its blocks.

    Returns:
        Their starts, and the end of the last block [bytes], which may be behind the file's.

    Source: http://www.wavpack.com/WavPack5FileFormat.pdf, section 2.
    """
    found: list[int] = []
    position, former = 0, -1
    for _ in range(100 * _MOST):
        if len(found) > most:
            break
        header = source.read_at(position, _WAVPACK_HEADER)
        if len(header) < _WAVPACK_HEADER or header[:4] != b"wvpk":
            return found, position + (_WAVPACK_HEADER if header[:4] == b"wvpk" else 0)
        index = int.from_bytes(header[16:20], "little") + (header[10] << 32)
        samples = int.from_bytes(header[20:24], "little")
        if index == 0 and samples and former != 0:  # several blocks may hold the same samples
            found.append(position)
        former = index if samples else former
        position += 8 + max(int.from_bytes(header[4:8], "little"), _WAVPACK_HEADER - 8)
    return found, source.size
