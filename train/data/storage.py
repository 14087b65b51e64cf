"""Files that are whole or not there, and JSON that any reader takes.

Several processes may write one file at the same time, as byte-identical recordings and folds that
are trained side by side do: each writes under a name of its own, and the last one to end wins.
"""

import json
import math
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Give a name to write under, which becomes `path` when all went well.

    Args:
        path: the file; its folder is made if need be.

    Yields:
        Path in the same folder with the same suffix, which nobody else has.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{secrets.token_hex(4)}-{path.name}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    with write_whole(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays by name as `numpy.savez` does, whole or not at all."""
    with write_whole(path) as unfinished, unfinished.open("wb") as out:
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


def _finite(content: object) -> object:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    return content
