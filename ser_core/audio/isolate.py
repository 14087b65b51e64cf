"""FFmpeg in processes of its own, for files that strangers send.

A file of a few kilobytes can have FFmpeg take gigabytes, keep it busy for minutes, or crash it. In
a process of its own it has so much memory and no more, is ended when nothing has come of it for a
while, and takes nobody with it. Such a process starts within half a second and then takes one file
after the other; a file that it was ended for was its last.
"""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ser_core import errors
from ser_core.audio.decode import BLOCK_SAMPLES, READABLE_FORMATS, ffmpeg_blocks
from ser_core.audio.source import AudioSource

PATIENCE = 30.0  # [s] without a block, after which a decoder is stuck; most take one for a file
MOST_MEMORY = 2**29  # [bytes] that a decoder may take: about 130 MB, and 100 MB for 24 hours of M4A
MOST_IDLE = 4  # processes that wait for their next file

_idle: list["_Decoder"] = []


def isolated_blocks(source: AudioSource) -> Iterator[tuple[int, np.ndarray]]:
    """Decode the first audio track as `decoders.ffmpeg_blocks` does, in another process.

    Args:
        source: AudioSource of a path.

    Yields:
        (sample rate [Hz], float32 array [shape=(frames, channels)]).

    Raises:
        AudioFormatError, TruncatedAudioError, AudioFileError: as there; and the first where
            decoding does not get on, or its process ended.
    """
    try:
        decoder = _idle.pop()
    except IndexError:
        decoder = _Decoder()
    try:
        for told, samples in decoder.answers(source):
            source.seek(told["position"])
            yield told["rate"], samples.reshape(-1, told["channels"])
    finally:
        if decoder.is_idle and len(_idle) < MOST_IDLE:
            _idle.append(decoder)
        else:
            decoder.end()


class _Decoder:
    """A process that decodes one file at a time.

    Attributes:
        is_idle: bool, whether it has told all about its last file.
    """

    def __init__(self) -> None:
        self.is_idle = True
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def answers(self, source: AudioSource) -> Iterator[tuple[dict[str, Any], np.ndarray]]:
        """Have a file decoded; yields what is told of each block, and its samples."""
        self.is_idle = False
        with suppress(OSError):  # then it has ended, and answers nothing
            self._process.stdin.write(json.dumps(os.path.abspath(source.path)).encode() + b"\n")
            self._process.stdin.flush()
        while True:
            told, samples = self._answer(source.label)
            self.is_idle = "position" not in told
            if "error" in told:
                kind = getattr(errors, told["error"])
                more = {"readable": told["readable"]} if "readable" in told else {}
                raise kind(told["message"], **more)
            if not told:
                return
            yield told, np.frombuffer(samples, np.float32)

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()

    def _answer(self, label: str) -> tuple[dict[str, Any], bytes]:
        is_stuck = threading.Event()

        def give_up() -> None:
            is_stuck.set()
            self._process.kill()

        timer = threading.Timer(PATIENCE, give_up)
        timer.start()
        try:
            return _read(self._process.stdout)
        except EOFError as error:
            what = "takes too long to decode" if is_stuck.is_set() else "cannot be decoded"
            raise errors.AudioFormatError(
                f"{label} {what}: expected {READABLE_FORMATS}, got a file that is damaged or made "
                "to be hard to read; record it again, or convert it to WAV."
            ) from error
        finally:
            timer.cancel()


def _read(stream: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """Read what `_write` has written."""
    told_size, size = struct.unpack("<II", _exactly(stream, 8))
    return json.loads(_exactly(stream, told_size)), _exactly(stream, size)


def _write(stream: BinaryIO, told: dict[str, Any], samples: bytes = b"") -> None:
    words = json.dumps(told).encode()
    stream.write(struct.pack("<II", len(words), len(samples)) + words + samples)
    stream.flush()


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _joined(
    blocks: Iterator[tuple[int, np.ndarray]],
) -> Iterator[tuple[int, np.ndarray]]:
    """Join FFmpeg's short blocks into fewer that are worth sending."""
    pending: list[np.ndarray] = []
    kind, size, truncation = None, 0, None
    try:
        for rate, block in blocks:
            if pending and ((rate, block.shape[1]) != kind or size >= BLOCK_SAMPLES):
                yield kind[0], np.concatenate(pending)
                pending, size = [], 0
            kind = rate, block.shape[1]
            pending.append(block)
            size += block.size
    except errors.TruncatedAudioError as error:
        truncation = error
    if pending:
        yield kind[0], np.concatenate(pending)
    if truncation is not None:
        raise truncation


def _decode(path: str, out: BinaryIO) -> None:
    """Write a file's blocks, and then an empty answer or what is wrong with it."""
    try:
        with AudioSource(path) as source:
            for rate, block in _joined(ffmpeg_blocks(source)):
                told = {"rate": rate, "channels": block.shape[1], "position": source.tell()}
                _write(out, told, block.astype(np.float32, copy=False).tobytes())
    except errors.AudioError as error:
        readable = {"readable": error.readable} if hasattr(error, "readable") else {}
        _write(out, {"error": type(error).__name__, "message": str(error)} | readable)
    else:
        _write(out, {})


def _serve() -> None:
    """Decode the files whose paths come in, a line each, until there are no more."""
    # The app ends it; the keyboard, which tells all processes, only tells the app to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    for line in sys.stdin.buffer:
        _decode(json.loads(line), sys.stdout.buffer)


if __name__ == "__main__":
    _serve()
