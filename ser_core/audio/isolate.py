"""FFmpeg in processes of its own, for files that strangers send.

A file of a few kilobytes can have FFmpeg take gigabytes, keep it busy for minutes, or crash it. In
a process of its own it has so much memory and no more, is ended when nothing has come of it for a
while, and takes nobody with it. Such a process starts within half a second and then takes one file
after the other, also where nobody wants the rest of one; a file that it was ended for was its last.
"""

import os
import struct
import time
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import numpy as np

from ser_core import errors
from ser_core.audio.child_process import STOP, ChildProcess
from ser_core.audio.containers import READABLE_FORMATS
from ser_core.audio.forks import reset_after_fork
from ser_core.audio.source import AudioSource

PATIENCE = 30.0  # [s] without a block, after which a decoder is stuck; most take one for a file
LEAVING = 2.0  # [s] for a decoder to leave a file of which nobody wants the rest
MOST_IDLE = 4  # processes that wait for their next file

_idle: list["_Decoder"] = []


def isolated_blocks(source: AudioSource, container: str) -> Generator[tuple[int, np.ndarray]]:
    """Decode one audio track as `ffmpeg.ffmpeg_blocks` does, in another process.

    Args:
        source: AudioSource of a path, or a part of one.
        container: str, as FFmpeg calls it.

    Yields:
        (sample rate [Hz], float32 array [shape=(frames, channels)]).

    Raises:
        AudioFormatError, TruncatedAudioError: as there; and the first where decoding does not get
            on, or its process ended.
        AudioFileError: this process was forked while it decoded the file.
    """
    decoder = _begin(source, container)
    try:
        for rate, channels, position, samples in decoder.blocks(source):
            source.seek(position)
            yield rate, samples.reshape(-1, channels)
    finally:
        if decoder.is_ours and not decoder.is_idle:
            decoder.leave()
        if decoder.is_idle and decoder.is_ours and len(_idle) < MOST_IDLE:
            _idle.append(decoder)
        else:
            decoder.end()


def _begin(source: AudioSource, container: str) -> "_Decoder":
    """Give a file to a process that waits for one, or to a new one."""
    while True:
        try:
            decoder = _idle.pop()
        except IndexError:
            decoder = _Decoder()
            decoder.begin(source, container)
            return decoder
        try:
            decoder.begin(source, container)
        except errors.AudioFormatError:  # it died while it waited: that is no fault of the file's
            decoder.end()
        else:
            return decoder


class _Decoder:
    """A process that decodes one file at a time.

    Attributes:
        is_idle: bool, whether it has answered all about its last file.
    """

    def __init__(self) -> None:
        self.is_idle = True
        self._process = ChildProcess("ser_core.audio.decoder_worker")

    @property
    def is_ours(self) -> bool:
        """Whether this very process started it."""
        return self._process.is_ours

    def begin(self, source: AudioSource, container: str) -> None:
        """Give it a file, or a part of one.

        Raises:
            AudioFormatError: it is dead, or does not answer.
        """
        assert source.path is not None  # only a path can be untrusted
        self.is_idle = False
        task = {
            "path": os.path.abspath(os.fsdecode(source.path)),
            "container": container,
            "start": source.start,
            "stop": source.start + source.size,
            "overlays": [(place, new.hex()) for place, new in source.overlays],
        }
        self._process.send(task)
        try:
            self._receive(source.label)
        except errors.AudioFormatError:
            self._process.end()
            raise

    def blocks(self, source: AudioSource) -> Generator[tuple[int, int, int, np.ndarray]]:
        """Yield the file's blocks: sample rate [Hz], channels, bytes read so far, and samples."""
        while True:
            content, samples = self._receive(source.label)
            source.notes += content.get("notes", [])
            if "error" in content:
                self.is_idle = True
                kind = getattr(errors, content["error"])
                details = {"readable": content["readable"]} if "readable" in content else {}
                raise kind(content["message"], **details)
            if "notes" in content:
                self.is_idle = True
                return
            rate, channels, position = content["rate"], content["channels"], content["position"]
            yield rate, channels, position, np.frombuffer(samples, np.float32)

    def leave(self) -> None:
        """Have it leave its file, for the next one; it is idle afterwards if it did so at once."""
        self._process.send(STOP)
        deadline = time.monotonic() + LEAVING
        # Where reading was broken off within a message, what follows is no message.
        with suppress(EOFError, TimeoutError, ValueError, LookupError, TypeError, struct.error):
            while (left := deadline - time.monotonic()) > 0 and not self.is_idle:
                self.is_idle = self._process.receive(left)[0] == STOP

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.end()

    def _receive(self, label: str) -> tuple[dict[str, Any], bytes]:
        if not self.is_ours:
            raise errors.AudioFileError(
                f"{label} was opened before this process was forked: open it again here."
            )
        try:
            return self._process.receive(PATIENCE)
        except (EOFError, TimeoutError) as error:
            is_stuck = isinstance(error, TimeoutError)
            what = "takes too long to decode" if is_stuck else "cannot be decoded"
            raise errors.AudioFormatError(
                f"{label} {what}: expected {READABLE_FORMATS}, got a file that is damaged or made "
                "to be hard to read; record it again, or convert it to WAV."
            ) from error


@reset_after_fork
def _leave_idle_to_the_parent() -> None:
    """Begin, in a process just forked, with no decoder: those there are stay the parent's."""
    _idle.clear()
