"""A dict that takes no writes, so that a frozen result is frozen all the way down."""

from collections.abc import Hashable
from typing import Any, NoReturn, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class FrozenMapping(dict[Key, Value]):
    """A read-only mapping that pickles, copies, hashes, and is a dict to json and `asdict`.

    `types.MappingProxyType` does none of these.

    Raises:
        TypeError: on every attempt to change it; `dict(mapping)` is a copy that may be changed.

    >>> shares = FrozenMapping({"sad": 0.75, "calm": 0.25})
    >>> shares["sad"], shares == {"calm": 0.25, "sad": 0.75}
    (0.75, True)
    """

    __slots__ = ()

    def _refuse(self, *args: Any, **options: Any) -> NoReturn:
        raise TypeError("A result is read-only: change a copy, dict(mapping).")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]  # dict says None, as it can change
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type, tuple[dict[Key, Value]]]:
        return type(self), (dict(self),)
