"""JSON and TOML from anybody: read as plain values, or one sentence that says what is wrong."""

import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

from ..errors import ConfigError, refuse_lfs_pointer

MOST_NESTED = 50  # [levels] ours have 6; Keras' description of a network has about 20
MOST_BYTES = 4 * 2**20  # [bytes] of a document; the largest of ours has 56 kB


def file_fault(file: Path, most: int = MOST_BYTES) -> str | None:
    """Say why a file of a folder that anybody may have made must not be read, without opening it.

    A link may lead to another file of the folder, and from a snapshot in the cache of
    huggingface_hub to where that keeps the contents.

    Args:
        file: its path.
        most: int, the most bytes it may have.

    Returns:
        A sentence; None where nothing speaks against it.
    """
    try:
        status = file.lstat()
        if stat.S_ISLNK(status.st_mode):
            folder = os.path.realpath(file.parent)
            snapshots = os.path.dirname(folder)
            allowed = [folder]
            if os.path.basename(snapshots) == "snapshots":
                allowed.append(os.path.join(os.path.dirname(snapshots), "blobs"))
            real = os.path.realpath(file, strict=True)
            if not any(os.path.commonpath([real, place]) == place for place in allowed):
                return f"{file.name} is a link out of its folder: put the file itself there."
            status = os.stat(real)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return f"{file.name} could not be read in {file.parent}: {reason}."
    if not stat.S_ISREG(status.st_mode):
        kind = "folder" if stat.S_ISDIR(status.st_mode) else "pipe, a socket or a device"
        return f"{file.name} could not be read in {file.parent}: it is no file but a {kind}."
    if status.st_size > most:
        return f"{file.name} has {status.st_size:,} bytes, and at most {most:,} are read."
    return None


def is_there(file: Path) -> bool:
    """Whether a folder has such a file; a link that leads nowhere is there, and cannot be read."""
    return file.exists() or file.is_symlink()


def read_bytes(file: Path) -> bytes:
    """Read a document.

    Raises:
        ConfigError: it is missing, no regular file of its folder, larger than MOST_BYTES, a Git LFS
            pointer, or cannot be read.
    """
    fault = file_fault(file)
    if fault is not None:
        raise ConfigError(fault)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{file.name} could not be read in {file.parent}: {error.strerror}."
        ) from error
    refuse_lfs_pointer(content, file.name, ConfigError)
    return content


def parse_json(content: str | bytes, source: str) -> Any:
    """Read JSON as plain values.

    Args:
        content: JSON, as UTF-8 where it is bytes.
        source: what to call it in an error.

    Raises:
        ConfigError: it is no JSON, is nested too deeply, or holds text that is no Unicode.
    """
    try:
        value = json.loads(content)
    except RecursionError as error:
        raise _too_deep(source) from error
    except ValueError as error:  # of broken JSON, of bytes in another encoding, of endless numbers
        raise ConfigError(f"{source} is not valid JSON: {error}.") from error
    _check_values(value, source)
    return value


def parse_json_object(content: str | bytes, source: str) -> dict[str, Any]:
    """Read JSON that must be an object; as `parse_json` otherwise."""
    value = parse_json(content, source)
    if not isinstance(value, dict):
        raise ConfigError(f"{source} must hold a JSON object, not a {type(value).__name__}.")
    return value


def parse_toml(content: bytes, source: str) -> dict[str, Any]:
    """Read TOML as plain values.

    Args:
        content: TOML as UTF-8, with a byte order mark or without.
        source: what to call it in an error.

    Raises:
        ConfigError: it is no TOML, or is nested too deeply.
    """
    try:
        value = tomllib.loads(content.decode("utf-8-sig"))
    except RecursionError as error:
        raise _too_deep(source) from error
    except ValueError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}.") from error
    _check_values(value, source)
    return value


def _check_values(value: Any, source: str) -> None:
    """Raise ConfigError for values that others stumble over: too deep, or half a character."""
    level = [value]
    for _ in range(MOST_NESTED):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.keys()
                inner += item.values()
            elif isinstance(item, list):
                inner += item
            elif isinstance(item, str) and not item.isascii():
                try:
                    item.encode("utf-8")
                except UnicodeEncodeError as error:
                    raise ConfigError(f"{source} holds text that is no Unicode.") from error
        level = inner
        if not level:
            return
    raise _too_deep(source)


def _too_deep(source: str) -> ConfigError:
    return ConfigError(f"{source} is nested more than {MOST_NESTED} levels deep.")
