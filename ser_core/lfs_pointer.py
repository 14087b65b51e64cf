"""Git LFS pointers: the three lines of text that stand where a large file should be.

Who clones a repository without Git LFS, or downloads it as a ZIP from some hosts, gets these in
place of recordings and weights, under their names.
"""

import re
from os import PathLike

from ser_core.errors import SpeechEmotionError

_START = re.compile(rb"(?:\xef\xbb\xbf)?version https://(?:git-lfs|hawser)\.github\.com/spec/")
_START_BYTES = 64


def refuse_lfs_pointer(content: bytes, name: str, kind: type[SpeechEmotionError]) -> None:
    """Raise where a file's content is that of a Git LFS pointer.

    Args:
        content: the file's first 64 bytes at least; of a shorter one, all.
        name: what to call the file in the error.
        kind: class of the error.

    Raises:
        SpeechEmotionError: of that kind, with what to do about it.

    Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md

    >>> refuse_lfs_pointer(b"RIFF", "clip.wav", SpeechEmotionError)
    """
    if _START.match(content):
        raise kind(
            f"{name} is a Git LFS pointer, not the file itself: run `git lfs pull` in its "
            "repository, or download the file by itself."
        )


def refuse_lfs_pointer_file(
    path: str | PathLike[str], name: str, kind: type[SpeechEmotionError]
) -> None:
    """Raise where a file is a Git LFS pointer; as `refuse_lfs_pointer` does for its content.

    Args:
        path: of the file; one that is not there or cannot be read is left to who reads it.
        name: what to call the file in the error.
        kind: class of the error.

    Raises:
        SpeechEmotionError: of that kind.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(_START_BYTES)
    except OSError:
        return
    refuse_lfs_pointer(start, name, kind)
