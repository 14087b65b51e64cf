"""The process that decodes strangers' files, one after the other: started by `isolate`.

It takes paths, with what of the file is to be decoded. To each it answers an empty message at once,
then a message per block, and then the notes on it, and what is wrong with it if anything is. To
STOP it answers STOP, and leaves the file that it is at.
"""

from contextlib import suppress
from typing import Any

import numpy as np

from ser_core.audio.child_process import STOP, Parent
from ser_core.audio.ffmpeg import ffmpeg_blocks
from ser_core.audio.source import AudioSource
from ser_core.errors import AudioError, TruncatedAudioError

MOST_MEMORY = 2**29  # [bytes] that a decoder may take: about 130 MB, and 100 MB for 24 hours of M4A


def main() -> None:
    """Decode the files whose paths come in, until there are no more."""
    with suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    parent = Parent()
    for task, _ in parent:
        if task == STOP:
            parent.send(STOP)
        else:
            parent.send({})
            _decode(task, parent)


def _decode(task: dict[str, Any], parent: Parent) -> None:
    """Send a file's blocks, and then its notes or what is wrong with it."""
    notes: list[str] = []
    try:
        with AudioSource(task["path"]) as whole:
            source = whole.part(task["start"], task["stop"])
            notes = source.notes
            source.overlays = [(place, bytes.fromhex(new)) for place, new in task["overlays"]]
            for rate, block in ffmpeg_blocks(source, task["container"]):
                content = {"rate": rate, "channels": block.shape[1], "position": source.tell()}
                parent.send(content, block.astype(np.float32, copy=False).tobytes())
                if parent.has_message():  # nobody sends anything meanwhile but STOP
                    return
    except AudioError as error:
        details = {"readable": error.readable} if isinstance(error, TruncatedAudioError) else {}
        failure = {"error": type(error).__name__, "message": str(error), "notes": notes}
        parent.send(failure | details)
    else:
        parent.send({"notes": notes})


if __name__ == "__main__":
    main()
