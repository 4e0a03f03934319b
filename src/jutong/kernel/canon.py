"""One spelling for one value: canonical JSON (RFC 8785) and its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

Fact = str | int | bool | None | tuple["Fact", ...] | list["Fact"] | Mapping[str, "Fact"]

# RFC 8785 sorts keys by UTF-16 code units, msgspec by code points; they agree on every key below U+E000, and keys
# here are ASCII words. Floats are refused, because their spelling is where implementations differ.
_encoder = msgspec.json.Encoder(order="deterministic")


def canonical(value: Fact) -> bytes:
    """Spell ``value`` so that equal values give equal bytes; a float is a bug of ours.

    >>> canonical({"b": 1, "a": "重庆"}).decode()
    '{"a":"重庆","b":1}'
    """
    _refuse_floats(value)
    return _encoder.encode(value)


def digest(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hex (64 characters)."""
    return hashlib.sha256(data).hexdigest()


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no single spelling: use an integer, a string or a pair")
    if isinstance(value, Mapping):
        for part in value.values():
            _refuse_floats(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _refuse_floats(part)
