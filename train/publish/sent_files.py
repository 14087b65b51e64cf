"""What a publication consists of, said in one way for models, data sets and Spaces."""

from collections.abc import Mapping
from pathlib import Path

from ser_core.errors import ConfigError


def folder_sizes(folder: Path) -> dict[str, int]:
    """List what a folder holds: path, with slashes -> size [bytes]."""
    written = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in written}


def require_empty(folder: Path) -> None:
    """Raise ConfigError unless a folder is new or empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is not an empty folder: name another with --out.")


def list_files(sizes: Mapping[str, int], where: str, address: str | None) -> str:
    """Say which files are sent, or would be.

    Args:
        sizes: path -> size [bytes].
        where: end of the sentence about them, such as "to user/name.".
        address: where they stand now; None if they were not sent.

    >>> print(list_files({"a.txt": 1200, "b.txt": 3}, "to user/name.", None))
    a.txt  1,200 bytes
    b.txt  3 bytes
    Would send 2 files, 1,203 bytes, to user/name.
    """
    lines = [f"{name}  {size:,} bytes" for name, size in sizes.items()]
    verb = "Sent" if address else "Would send"
    lines.append(f"{verb} {len(sizes)} files, {sum(sizes.values()):,} bytes, {where}")
    return "\n".join([*lines, *([address] if address else [])])
