"""What can be wrong with a file that anybody may have written."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

Damage = Callable[[Path], None]


def _bytes(content: bytes) -> Damage:
    return lambda file: file.write_bytes(content)


def _delete(file: Path) -> None:
    file.unlink()


def _make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _make_loop(file: Path) -> None:
    """A link to itself, which nobody can open: even root, as whom tests may run."""
    file.unlink()
    os.symlink(file.name, file)


def _cut(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


DAMAGES: dict[str, Damage] = {
    "missing": _delete,
    "empty": _bytes(b""),
    "folder": _make_folder,
    "loop": _make_loop,
    "cut": _cut,
    "no text": _bytes(b"\x00\xff\xfe" * 100),
    "other encoding": _bytes('{"name": "Käse"}'.encode("latin-1")),
    "half a character": _bytes(b'{"name": "\\ud800", "config": {"name": "\\udfff", "layers": []}}'),
    "null": _bytes(b"null"),
    "number": _bytes(b"1e999"),
    "not a number": _bytes(b"NaN"),
    "list": _bytes(b"[1]"),
    "list of lists": _bytes(b"[[], [[]], {}]"),
    "object": _bytes(b"{}"),
    "nested lists": _bytes(b"[" * 100_000 + b"]" * 100_000),
    "nested objects": _bytes(b'{"config":' * 900 + b"1" + b"}" * 900),
    "nested tables": _bytes(b"a" + b".a" * 3_000 + b" = 1\n"),
    "nested front matter": _bytes(b"---\nlicense: " + b"[" * 20_000 + b"\n---\n"),
    "front matter": _bytes(b"---\n- a: : b\n  license: [\n---\n"),
    "long number": _bytes(b'{"clips": ' + b"9" * 10_000 + b"}"),
    "no layers": _bytes(b'{"config": {"name": "empty", "layers": []}}'),
}

HOSTILE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    10**300,
    10**9,
    float("nan"),
    float("inf"),
    -0.5,
    "",
    "7",
    "{0}<script>",
    "\ud800",
    [],
    {},
    [[]],
    {"a": {"b": []}},
)


def mutate(content: str, seed: int) -> str:
    """Put a hostile value, or nothing, in one place of a JSON text.

    Args:
        content: JSON, an object or a list with something in it.
        seed: decides where and what.

    Returns:
        JSON, which may hold NaN and half characters.
    """
    chance = random.Random(seed)
    value = json.loads(content)
    holder = value
    while True:
        key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or chance.random() < 0.2:
            break
        holder = inner
    if chance.random() < 0.2:
        del holder[key]
    else:
        holder[key] = chance.choice(HOSTILE)
    return json.dumps(value)
