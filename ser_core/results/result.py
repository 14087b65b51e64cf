"""What every result can do: travel between processes, compare, and print itself in few lines."""

import html
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .frozen_mapping import FrozenMapping

REPR_WIDTH = 100  # columns of a line
_SHOWN = 3  # items of a mapping or a sequence that a repr shows
_ROWS = 20  # of a table in a notebook


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """Base of every result: frozen, and so are the mappings and arrays in it.

    A subclass is a `@dataclass(frozen=True, eq=False, repr=False)`. It pickles, copies, compares,
    hashes, and goes through `dataclasses.asdict`; equal arrays make equal results, NaN and all.
    A field made with `field(repr=False)` is left out of its repr.
    """

    def __post_init__(self) -> None:
        for name, value in self._items():
            object.__setattr__(self, name, _freeze(value))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, with every field."""
        return {name: _plain(value) for name, value in self._items()}

    def _items(self) -> list[tuple[str, Any]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result) or type(other) is not type(self):
            return NotImplemented
        pairs = zip(self._items(), other._items(), strict=True)
        return all(_equal(mine, theirs) for (_, mine), (_, theirs) in pairs)

    def __hash__(self) -> int:
        # Of an array its shape alone: equal ones may differ in their bytes, as 0.0 and -0.0 do.
        values = (v.shape if isinstance(v, np.ndarray) else v for _, v in self._items())
        return hash((type(self), *values))

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), tuple(value for _, value in self._items())

    def __repr__(self) -> str:
        shown = {field.name for field in fields(self) if field.repr}
        parts = [f"{name}={_brief(value)}" for name, value in self._items() if name in shown]
        text = f"{type(self).__name__}({', '.join(parts)})"
        return textwrap.fill(text, REPR_WIDTH, subsequent_indent="    ", break_long_words=False)

    def _repr_html_(self) -> str:
        """Show the result in a notebook: a sentence, and a table."""
        header, *rows = self._table()
        left_out = len(rows) - _ROWS
        body = [_row("th", header), *(_row("td", row) for row in rows[:_ROWS])]
        more = f"<p>and {left_out} more rows</p>" if left_out > 0 else ""
        caption = html.escape(self._headline())
        return f"<div><p>{caption}</p><table>{''.join(body)}</table>{more}</div>"

    def _headline(self) -> str:
        """The sentence above the table in a notebook."""
        return type(self).__name__

    def _table(self) -> Iterable[Sequence[str]]:
        """The rows of the table in a notebook, the first of which is its header."""
        return [("field", "value"), *((name, _brief(value)) for name, value in self._items())]


def _freeze(value: Any) -> Any:
    """Return what a frozen result may hold of a value: read-only copies."""
    if isinstance(value, np.ndarray):
        if value.flags.writeable or value.base is not None:
            value = value.copy()
            value.setflags(write=False)
        return value
    if isinstance(value, Mapping) and not isinstance(value, FrozenMapping):
        return FrozenMapping(value)
    return tuple(value) if isinstance(value, list) else value


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
            return False
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return bool(one == other)


def _plain(value: Any) -> Any:
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def _brief(value: Any) -> str:
    """Write a value in few words: of many items the first, of a mapping of numbers the largest."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, np.ndarray):
        return f"<{value.dtype} {value.shape}>"
    if isinstance(value, Mapping):
        items = list(value.items())
        if all(isinstance(item, int | float) for item in value.values()):
            items.sort(key=lambda item: -item[1])
        parts = [f"{key!r}: {_brief(item)}" for key, item in items[:_SHOWN]]
        return f"{{{', '.join(parts + _others(items))}}}"
    if isinstance(value, tuple):
        if value and isinstance(value[0], Result):
            return f"<{len(value)} {type(value[0]).__name__}>"
        return f"({', '.join([*map(_brief, value[:_SHOWN]), *_others(value)])})"
    return repr(value)


def _others(items: Sequence[Any]) -> list[str]:
    return [f"and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []


def _row(cell: str, values: Sequence[str]) -> str:
    cells = "".join(f"<{cell}>{html.escape(value)}</{cell}>" for value in values)
    return f"<tr>{cells}</tr>"
