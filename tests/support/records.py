"""Records of finished work as a killed process or a bad disk leaves them."""

from collections.abc import Callable
from pathlib import Path

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[: len(content) // 2],
    "zeros": lambda content: bytes(len(content)),
    "no UTF-8": lambda content: b"\xff\xfe\x00" + content,
    "no object": lambda content: b"[]",
    "another object": lambda content: b'{"run": 5}',
}


def damage(path: Path, kind: str) -> None:
    """Damage a file, in one of the ways in DAMAGE."""
    path.write_bytes(DAMAGE[kind](path.read_bytes()))
