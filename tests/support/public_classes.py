"""Every class of results and errors there is, found by looking, and an instance of each."""

import importlib
import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from ser_core import SpeechEmotionError
from ser_core.results import Result

ROOT = Path(__file__).parents[2]
SHAPES = {"bounds": (2, 3), "answers": (2, 2), "intensities": (2,)}  # of a timeline's arrays
_CLASS = re.compile(r"^class \w+\((.*\.)?\w*(Error|Exception|Result)\b", re.M)


def import_all() -> None:
    """Import every module whose source has a class of an error or a result, and no other."""
    for package in ("ser_core", "train"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if _CLASS.search(path.read_text(encoding="utf-8")):
                parts = path.relative_to(ROOT).with_suffix("").parts
                importlib.import_module(".".join(parts).removesuffix(".__init__"))


def subclasses(base: type) -> Iterator[type]:
    """Give all classes below a base, of ours alone."""
    for one in base.__subclasses__():
        if one.__module__.split(".")[0] in ("ser_core", "train"):
            yield one
        yield from subclasses(one)


def result_classes() -> list[type[Result]]:
    """Give every class of results."""
    import_all()
    return sorted(set(subclasses(Result)), key=lambda one: one.__name__)


def error_classes() -> list[type[SpeechEmotionError]]:
    """Give every class of errors."""
    import_all()
    found = {SpeechEmotionError, *subclasses(SpeechEmotionError)}
    return sorted(found, key=lambda one: one.__name__)


def make_result(cls: type[Result]) -> Result:
    """Make a result of which every field holds something, by the types of its fields."""
    values = {name: _value(kind) for name, kind in get_type_hints(cls).items()}
    for name, shape in SHAPES.items():
        if name in values:
            values[name] = np.resize(values[name], shape)
    return cls(**values)


def make_error(cls: type[SpeechEmotionError]) -> SpeechEmotionError:
    """Make an error with a message, and something in every attribute that its class names."""
    names = [name for name in _parameters(cls) if name not in ("self", "message", "args")]
    return cls("Expected this, got that; do so.", **dict.fromkeys(names, 2.5))


def _parameters(cls: type) -> tuple[str, ...]:
    code = getattr(cls.__init__, "__code__", None)
    return () if code is None else code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _value(kind: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _value(next(one for one in arguments if one is not NoneType))
    if origin is Literal:
        return arguments[0]
    if origin is tuple:
        kinds = (arguments[0],) * 2 if arguments[-1] is Ellipsis else arguments
        return tuple(_value(one) for one in kinds)
    if origin in (Mapping, typing.Mapping, dict):
        return {label: _value(arguments[1]) for label in ("sad", "calm")}
    if kind is np.ndarray or origin is np.ndarray:
        return np.array([[0.25, 0.75], [np.nan, np.nan]])
    if isinstance(kind, type) and issubclass(kind, Result):
        return make_result(kind)
    return {float: 0.25, int: 3, str: "sad", bool: True}[kind]
