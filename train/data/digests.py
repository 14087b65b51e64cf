"""Digests: of files' bytes, to identify their content, and of names, to seed what is random."""

import hashlib
from pathlib import Path


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, 64 hexadecimal digits.

    Raises:
        OSError: the file cannot be read.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def seed_of(content: bytes) -> int:
    """Return a seed in [0, 2**64) that is the same for the same bytes, on every machine.

    >>> seed_of(b"hum/speech.wav") == seed_of(b"hum/speech.wav") != seed_of(b"hum/song.wav")
    True
    """
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "little")
