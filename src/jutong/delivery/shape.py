"""A record in the shape in which an agreement lets it leave: its items in order, each behind its mask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from jutong.guard.mask import Masked

from .service import DISPUTED

_encode = msgspec.json.Encoder().encode
_absent: Any = msgspec.UNSET


class Shape:
    """Makes the record of one list of items out of a row; what the row holds beside them is never even read.

    >>> shape = Shape(["name", "fax"], [lambda words: words and words[:1], None])
    >>> shape.record(b'{"name":"abc","secret":"x"}')
    b'{"name":"a","fax":null}'
    """

    def __init__(self, items: Sequence[str], masks: Iterable[Masked | None]) -> None:
        self._read = _decoder(tuple(items)).decode
        self._items = frozenset(items)
        self._masks = tuple((f"f{place}", mask) for place, mask in enumerate(masks) if mask is not None)

    def record(self, row: bytes) -> bytes:
        """Return the record of a row, in JSON; of disputed items those that the record holds."""
        record: Any = self._read(row)
        for name, mask in self._masks:
            setattr(record, name, mask(words_of(getattr(record, name))))
        if record.disputed is not _absent:
            record.disputed = self._disputed(record.disputed)
        return _encode(record)

    def _disputed(self, held: msgspec.Raw) -> list[str]:
        # The library keeps the list as text.
        words = msgspec.json.decode(held, type=str | list[str] | None) or []
        named = msgspec.json.decode(words, type=list[str]) if isinstance(words, str) else words
        return [name for name in named if name in self._items]


def words_of(raw: msgspec.Raw | None) -> str | None:
    """Return a value as words: text without its quotes, all else as it is spelled in JSON."""
    if raw is None:
        return None
    value = msgspec.json.decode(raw)
    return value if value is None or isinstance(value, str) else bytes(raw).decode()


@lru_cache(maxsize=512)
def _decoder(items: tuple[str, ...]) -> msgspec.json.Decoder[msgspec.Struct]:
    fields = [(f"f{place}", msgspec.Raw, msgspec.field(default=None, name=name)) for place, name in enumerate(items)]
    disputed = ("disputed", msgspec.Raw, msgspec.field(default=_absent, name=DISPUTED))
    return msgspec.json.Decoder(msgspec.defstruct("Record", [*fields, disputed], gc=False))
