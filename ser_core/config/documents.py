"""JSON and TOML from anybody: read as plain values, or one sentence that says what is wrong."""

import json
import tomllib
from pathlib import Path
from typing import Any

from ..errors import ConfigError, refuse_lfs_pointer

MOST_NESTED = 50  # [levels] ours have 6; Keras' description of a network has about 20


def read_bytes(file: Path) -> bytes:
    """Read a file.

    Raises:
        ConfigError: it is missing, a folder, a Git LFS pointer, or cannot be read.
    """
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
        content: TOML as UTF-8.
        source: what to call it in an error.

    Raises:
        ConfigError: it is no TOML, or is nested too deeply.
    """
    try:
        value = tomllib.loads(content.decode("utf-8"))
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
