"""The process that decodes strangers' files, one after the other: started by `isolate`.

It takes paths. To each it answers an empty message at once, then a message per block, and then an
empty one or what is wrong with the file.
"""

from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from ser_core.audio.child_process import Parent
from ser_core.audio.ffmpeg import ffmpeg_blocks
from ser_core.audio.samples import BLOCK_SAMPLES
from ser_core.audio.source import AudioSource
from ser_core.errors import AudioError, TruncatedAudioError

MOST_MEMORY = 2**29  # [bytes] that a decoder may take: about 130 MB, and 100 MB for 24 hours of M4A


def main() -> None:
    """Decode the files whose paths come in, until there are no more."""
    with suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    parent = Parent()
    for path, _ in parent:
        parent.send({})
        _decode(path, parent)


def _decode(path: str, parent: Parent) -> None:
    """Send a file's blocks, and then an empty message or what is wrong with it."""
    try:
        with AudioSource(path) as source:
            for rate, block in _join_blocks(ffmpeg_blocks(source)):
                content = {"rate": rate, "channels": block.shape[1], "position": source.tell()}
                parent.send(content, block.astype(np.float32, copy=False).tobytes())
    except AudioError as error:
        details = {"readable": error.readable} if isinstance(error, TruncatedAudioError) else {}
        parent.send({"error": type(error).__name__, "message": str(error)} | details)
    else:
        parent.send({})


def _join_blocks(
    blocks: Iterator[tuple[int, np.ndarray]],
) -> Iterator[tuple[int, np.ndarray]]:
    """Join FFmpeg's short blocks into fewer that are worth sending."""
    pending: list[np.ndarray] = []
    pending_rate, size, truncation = 0, 0, None
    try:
        for rate, block in blocks:
            is_alike = pending and (rate, block.shape[1]) == (pending_rate, pending[0].shape[1])
            if pending and (not is_alike or size >= BLOCK_SAMPLES):
                yield pending_rate, np.concatenate(pending)
                pending, size = [], 0
            pending_rate = rate
            pending.append(block)
            size += block.size
    except TruncatedAudioError as error:
        truncation = error
    if pending:
        yield pending_rate, np.concatenate(pending)
    if truncation is not None:
        raise truncation


if __name__ == "__main__":
    main()
