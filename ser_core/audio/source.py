"""Where the bytes of a recording come from: a path, bytes in memory, or a file object."""

import bisect
import contextlib
import copy
import io
import os
import re
import stat
from typing import BinaryIO

from ser_core.errors import (
    AudioFileError,
    AudioFormatError,
    TruncatedAudioError,
    refuse_lfs_pointer,
)

_HEAD_BYTES = 16_384
_PADDING = 65_536  # [bytes] of zeros that are read at a time
_LEAST_UNREAD = 64  # [bytes] that are worth a word
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?:/|//[^/]|///)")  # a pathlib.Path drops a slash
_FETCHING = {
    "http": "urllib.request.urlretrieve",
    "https": "urllib.request.urlretrieve",
    "hf": "huggingface_hub.hf_hub_download",
}


class UntrustedPath(str):
    """The path of a file that a stranger sent.

    It is taken wherever a path is. What only FFmpeg can read of it is decoded in a process of its
    own, which has limits (see isolate.py).
    """

    __slots__ = ()


class AudioSource:
    """Seekable bytes with a name for messages, in the form soundfile and PyAV both read.

    Use it as a context manager: a file it opened is closed at the end, one it was given is not.
    It is deliberately without `name` and `close`: soundfile would read a format out of the one,
    PyAV would call the other on a file that is the caller's.

    Attributes:
        label: str, how messages call the recording: a path's last part, or "The audio"; printable.
        path: str or os.PathLike[str], where that is what was opened; else None.
        is_untrusted: bool, whether a stranger sent it.
        size: int, bytes.
        start: int, where a part begins in the file; 0 for a whole.
        head: bytes, the first 16 KiB.
        overlays: (offset, bytes) pairs in order, that are read in place of what is there.
        notes: list of str, what is to be said of the recording beside its samples.
        failure: Exception that reading raised; a caller's file object may raise any. libsndfile
            cannot pass one on, so it sees the end of the file instead and the error waits here.
    """

    def __init__(self, audio: str | os.PathLike[str] | bytes | BinaryIO) -> None:
        """Open `audio`.

        Args:
            audio: a path; bytes; or a binary file object, read from its start and left open. One
                that cannot seek is read into memory whole.

        Raises:
            AudioFileError: missing, not a file, or not readable.
            AudioFormatError: no bytes at all, a Git LFS pointer, or a file object that gives text.
        """
        self.label = "The audio"
        self.path: str | os.PathLike[str] | None = None
        self.is_untrusted = isinstance(audio, UntrustedPath)
        self.start = 0
        self.overlays: list[tuple[int, bytes]] = []
        self.notes: list[str] = []
        self.failure: Exception | None = None
        self._owned = contextlib.ExitStack()
        if isinstance(audio, (bytes, bytearray, memoryview)):
            self._file: BinaryIO = io.BytesIO(audio)
        elif isinstance(audio, (str, os.PathLike)):
            self.path = audio
            self.label = name_path(audio)
            self._file = self._owned.enter_context(_open_path(audio, self.label))
        else:
            self._file = make_seekable(audio)
        try:
            self.size = self._file.seek(0, io.SEEK_END)
            self._file.seek(0)
            self.head = self._file.read(_HEAD_BYTES)
            self._file.seek(0)
        except Exception as error:
            self._owned.close()
            raise _unreadable(self.label, error) from error
        if not self.head:
            self._owned.close()
            raise AudioFormatError(
                f"{self.label} is empty: expected a recording, got 0 bytes; record it again."
            )
        try:
            refuse_lfs_pointer(self.head, self.label, AudioFormatError)
        except AudioFormatError:
            self._owned.close()
            raise

    def __enter__(self) -> "AudioSource":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._owned.close()

    def part(self, start: int, stop: int) -> "AudioSource":
        """Take some of the bytes for a recording of its own.

        Args:
            start, stop: int [bytes], 0 <= start < stop <= size.

        Returns:
            AudioSource, which shares this one's file, its position and its notes, and is of no use
            after this one is closed. What fails in it is its own `failure`.
        """
        part = copy.copy(self)
        part._owned = contextlib.ExitStack()
        part.start, part.size, part.overlays = self.start + start, stop - start, []
        part.head = part.read_at(0, _HEAD_BYTES)
        part.seek(0)
        return part

    def skip_zeros(self, position: int) -> int:
        """Find the first byte from `position` on that is not zero; `size` where there is none."""
        while piece := self.read_at(position, _PADDING):
            rest = piece.lstrip(b"\0")
            if rest:
                return position + len(piece) - len(rest)
            position += len(piece)
        return self.size

    def note_unread(self, position: int, before: str) -> None:
        """Note that what begins at `position`, behind `before`, was not read, but for padding."""
        left = self.size - self.skip_zeros(position)
        if left >= _LEAST_UNREAD:
            size = f"{left / 1000:.0f} kB" if left >= 1000 else f"{left} bytes"
            self.notes.append(f"{size} behind {before} were not read.")

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` from the current position; returns the number of bytes read."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes from the current position."""
        try:
            position = self.tell()
            left = self.size - position
            data = self._file.read(left if size < 0 else min(size, left)) if left > 0 else b""
        except Exception as error:
            self.failure = error
            return b""
        return self._overlay(position, data) if self.overlays else data

    def _overlay(self, position: int, data: bytes) -> bytes:
        """Put what is read in place of them over the bytes that begin at `position`."""
        changed = bytearray(data)
        index = max(0, bisect.bisect_right(self.overlays, (position,)) - 1)
        while index < len(self.overlays) and self.overlays[index][0] < position + len(data):
            offset, content = self.overlays[index]
            first, stop = offset - position, offset - position + len(content)
            if stop > 0:
                kept = content[max(0, -first) : len(content) - max(0, stop - len(data))]
                changed[max(0, first) : max(0, first) + len(kept)] = kept
            index += 1
        return bytes(changed)

    def read_at(self, offset: int, size: int) -> bytes:
        """Read up to `size` bytes from `offset`, and go back to where the position was.

        An offset that no file has, as damaged headers give them, has no bytes.
        """
        position = self.tell()
        data = self.read(size) if self.seek(offset) >= 0 else b""
        self.seek(position)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the position; returns the new one, or -1 for one before the start.

        A damaged header can point there; the decoder is told so, and it is no failure of the file.
        """
        if whence == io.SEEK_CUR:
            offset += self.tell()
        elif whence == io.SEEK_END:
            offset += self.size
        if offset < 0:
            return -1
        try:
            return self._file.seek(self.start + offset) - self.start
        except (OSError, ValueError, OverflowError):
            return -1
        except Exception as error:
            self.failure = error
            return -1

    def tell(self) -> int:
        """Return the current position [bytes]."""
        return self._file.tell() - self.start

    def truncation(self, readable: float) -> TruncatedAudioError:
        """Make the error of a recording of which only the first `readable` seconds are there."""
        return TruncatedAudioError(
            f"{self.label} is cut off or damaged: expected a whole recording, but only its first "
            f"{readable:.1f} s can be read; record or send it again.",
            readable=readable,
        )


def printable_name(name: bytes) -> str:
    """Spell a name for a sentence of one line: codes for what cannot be seen."""
    text = name.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def name_path(path: str | os.PathLike[str]) -> str:
    """Name a path, or an address without what may be secret in it, by its last part."""
    name = os.path.basename(os.fsencode(path))
    address = _ADDRESS.match(os.fsdecode(path))
    if address is not None and not os.path.lexists(path):
        name = name.partition(b"?")[0].partition(b"#")[0] or address[1].encode()
    return printable_name(name) or "The path"


def _open_path(path: str | os.PathLike[str], label: str) -> BinaryIO:
    try:
        # Asked before opening: opening a pipe nobody writes to would wait for ever.
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):
            return open(path, "rb")
    except (OSError, ValueError) as error:
        address = _ADDRESS.match(os.fsdecode(path))
        if address is not None:
            raise _remote(label, address[1].lower()) from error
        raise _unreadable(label, error) from error
    if stat.S_ISDIR(mode):
        raise AudioFileError(f"{label} is a folder: expected a sound file; name a file in it.")
    raise AudioFileError(
        f"{label} is a pipe or a device: expected a sound file; pass its bytes instead."
    )


def _remote(label: str, scheme: str) -> AudioFileError:
    """Make the error of a recording that is named by its address."""
    what = f"{label} is an address ({scheme}://...): expected a file on this machine"
    if scheme == "file":
        return AudioFileError(f"{what}; give its path alone.")
    how = f"with {_FETCHING.get(scheme, 'fsspec.open')}"
    return AudioFileError(f"{what}; download it first, as {how} does, and give that file.")


def _unreadable(label: str, error: Exception) -> AudioFileError:
    if isinstance(error, FileNotFoundError):
        return AudioFileError(f"{label} does not exist: expected a sound file; check the path.")
    if isinstance(error, PermissionError):
        return AudioFileError(
            f"{label} may not be read: expected read permission, got none; grant it."
        )
    reason = getattr(error, "strerror", None)
    if reason is None and isinstance(error, OSError | ValueError):
        reason = "the file is closed or its name is not valid"
    reason = reason or say_reason(error)
    return AudioFileError(f"{label} cannot be read ({reason}); check the file and its path.")


def say_reason(error: Exception) -> str:
    """Say why bytes could not be read, in an error's own words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def make_seekable(file: BinaryIO) -> BinaryIO:
    """Return a binary file object, or, where it cannot seek, one of all its bytes in memory.

    Raises:
        AudioFileError: it cannot be read.
        AudioFormatError: it gives text.
    """
    try:
        is_text = isinstance(file.read(0), str)
        seekable = is_text or file.seekable()
        file = file if seekable else io.BytesIO(file.read())
    except Exception as error:
        raise _unreadable("The audio", error) from error
    if is_text:
        raise AudioFormatError(
            "The audio is a file opened as text: expected bytes; open it with mode 'rb'."
        )
    return file
