"""Arrays and JSON as files, written whole or not at all, and read back unless they are damaged."""

import json
import logging
import math
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ser_core.config.whole_files import write_text, write_whole

log = logging.getLogger(__name__)

Content = TypeVar("Content")

_DAMAGED = (
    *(OSError, ValueError, LookupError, TypeError, EOFError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What readers of JSON, CSV, NumPy's arrays and HDF5 raise for a file that is cut off, empty, of
another kind or of another shape."""


def read_finished(path: Path, read: Callable[[Path], Content]) -> Content | None:
    """Read what an earlier run finished; what cannot be read counts as undone, and the log says so.

    Args:
        path: the file.
        read: reads it, and raises where it is not what it should be.

    Returns:
        What `read` gives; None where the file is not there, or cannot be read.
    """
    if not path.is_file():
        return None
    try:
        return read(path)
    except _DAMAGED as error:
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        log.warning("%s cannot be read, and counts as undone: %.200s.", path, reason)
        return None


def has_weights(path: Path) -> bool:
    """Say whether a file of a network's weights is there and can be read, as `read_finished`."""
    return read_finished(path, _name_weights) is not None


def _name_weights(path: Path) -> list[str]:
    import h5py  # comes with Keras

    names: list[str] = []
    with h5py.File(path) as file:
        file.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
    if not names:
        raise ValueError("it holds no weights")
    return names


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays by name as `numpy.savez` does, whole or not at all.

    Thousands of such files can be computed again, so none waits until it is on the disk.
    """
    with write_whole(path, durable=False) as unfinished, unfinished.open("wb") as out:
        np.savez(out, **arrays)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays that `write_arrays` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def to_json(content: object) -> str:
    """Return JSON as people can read it.

    JSON has no word for a number that is not finite, so that becomes null.

    >>> to_json([1.5, float("nan")])
    '[\\n  1.5,\\n  null\\n]\\n'
    """
    return json.dumps(_finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, content: object) -> None:
    """Write JSON as people can read it, whole or not at all; see `to_json`."""
    write_text(path, to_json(content))


def read_json(path: Path) -> Any:
    """Read a JSON file in UTF-8."""
    return json.loads(path.read_text(encoding="utf-8"))


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON file in UTF-8 that must hold an object; raises ValueError otherwise."""
    content = read_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"it holds a {type(content).__name__} where an object was expected")
    return content


def _finite(content: object) -> object:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    return content
