"""Identifiers that sort by the time at which they were made (ULID)."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHAPE = re.compile(f"[0-7][{_ALPHABET}]{{25}}")


def ulid(now: datetime) -> str:
    """Return a new identifier for something made at ``now``: 26 characters, 48 bits of time, 80 of chance."""
    return spell(int(now.timestamp() * 1000) << 80 | secrets.randbits(80))


def spell(number: int) -> str:
    """Write a 128-bit number in Crockford's base 32.

    >>> spell(0)
    '00000000000000000000000000'
    """
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def is_ulid(value: str) -> bool:
    """Say whether ``value`` is spelled as an identifier; ask this before a foreign string meets a path or a query.

    >>> is_ulid("../../etc/passwd")
    False
    """
    return _SHAPE.fullmatch(value) is not None


def instant_of(identifier: str) -> datetime:
    """Return when an identifier was made, to the millisecond.

    >>> instant_of("01J00000000000000000000000").date().isoformat()
    '2024-06-10'
    """
    number = 0
    for letter in identifier[:10]:
        number = number << 5 | _ALPHABET.index(letter)
    return datetime.fromtimestamp(number / 1000, UTC)
