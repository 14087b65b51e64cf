"""The outermost boxes of an MP4: where one movie ends and the next begins, and whether one is cut.

Source: ISO/IEC 14496-12, section 4.2; QuickTime File Format, which has no `ftyp` before 2004.
"""

import re
from dataclasses import dataclass

from ser_core.audio.source import AudioSource

_KIND = re.compile(rb"[\x20-\x7e\xa9]{4}")
_MOST_BOXES = 100_000
_NEEDED = (b"mdat", b"moof", b"moov")  # without whose end sound is missing
_MISCOUNTED = 64  # [bytes] by which programs state too much of the samples


def movies(source: AudioSource, most: int) -> tuple[list[int], int]:
    """Find where `most` movies, or one more, begin within an MP4.

    Returns:
        Their starts, of which 0 may be missing, and the end of the last box [bytes], which
        is behind the file's where sound is missing.
    """
    found: list[int] = []
    movie = _Movie()
    position = 0
    for _ in range(_MOST_BOXES):
        header = source.read_at(position, 16)
        if len(header) < 8 or len(found) > most:
            break
        kind, size = header[4:8], int.from_bytes(header[:4], "big")
        if size == 1 and len(header) == 16:
            size = int.from_bytes(header[8:], "big")
        if not _KIND.fullmatch(kind) or 0 < size < 8:
            return found, position or source.size
        end = position + size if size else source.size
        begin, movie = _take(movie, kind, position, end)
        if begin is not None:
            found.append(begin)
        beyond = end - source.size
        if kind in _NEEDED and beyond > (_MISCOUNTED if kind == b"mdat" else 0):
            return found, end
        position = end
    return found, source.size


@dataclass
class _Movie:
    """What has been seen of the movie whose boxes are gone through.

    Without an `ftyp`, that another one has begun shows in a second `moov` only, before or behind
    its samples as in the movie before.

    Attributes:
        table: bool, whether its `moov` was.
        samples: bool, whether an `mdat` was.
        is_divided: bool, whether it has fragments, of which each has an `mdat`.
        border: int [bytes], where another movie begins if a `moov` follows; None for there.
        behind: int [bytes], the end of what a movie takes at least, its `moov` and an `mdat`.
        table_at: int [bytes], where a second `moov` begins, whose samples are still to come.
    """

    table: bool = False
    samples: bool = False
    is_divided: bool = False
    border: int | None = None
    behind: int | None = None
    table_at: int | None = None


def _take(movie: _Movie, kind: bytes, position: int, end: int) -> tuple[int | None, _Movie]:
    """Take the next box.

    Returns:
        Where another movie has begun, if that shows by this one, and the movie that it belongs to.
    """
    begin = None
    if kind == b"ftyp":
        is_next = movie.table or movie.samples
        return (position, _Movie()) if is_next or not position else (None, movie)
    if kind in (b"moof", b"mdat") and movie.table_at is not None:
        begin, movie = movie.table_at, _Movie(table=True)
    if kind == b"moof":
        movie.is_divided = True
    elif kind == b"mdat":
        if movie.behind is None:
            movie.behind = end if movie.table else None
        elif not movie.is_divided and movie.border is None:
            movie.border = movie.behind
        movie.samples = True
    elif kind == b"moov":
        if movie.table and movie.samples and movie.border is None:
            movie.table_at = position
            return None, movie
        if movie.table and movie.samples:
            begin, movie = movie.border, _Movie(samples=True)
        movie.behind = end if movie.samples else None
        movie.table = True
    return begin, movie
