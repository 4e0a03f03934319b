"""A pile: the first few things of what waits, and how many there are in all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Pile(Generic[T]):
    """What lies on top, and the size of the whole; nobody reads ten thousand lines to know that they are there."""

    top: tuple[T, ...] = ()
    size: int = 0

    def map(self, do: Callable[[T], U]) -> Pile[U]:
        """Return the same pile of something else.

        >>> Pile(("a", "b"), 7).map(str.upper)
        Pile(top=('A', 'B'), size=7)
        """
        return Pile(tuple(map(do, self.top)), self.size)
