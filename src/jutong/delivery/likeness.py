"""Whether a value that somebody states is the value on record, however it was typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

Value = str | int | float | bool | None

KEY_LIMIT = 256  # characters
KEY_BYTES = 511  # what every kind of serving copy can hold
_NUMBER_LIMIT = 40  # characters; longer "numbers" are attacks on the parser


def key_bytes(key: str) -> bytes:
    """Return the one spelling of a key by which rows are kept and looked up: no width, no edge space, capitals.

    >>> key_bytes(" ９1500000mA5u ").decode()
    '91500000MA5U'
    """
    if not key.isascii():
        # Capitals can undo the normal form, so it is taken once more.
        for _ in range(2):
            key = unicodedata.normalize("NFKC", key).upper()
        key = unicodedata.normalize("NFKC", key)
    return key.strip().upper().encode("utf-8", "surrogatepass")


def alike(stated: Value, held: Value) -> bool:
    """Say whether both mean the same, apart from character width, letter case and spaces; nothing is like empty.

    >>> alike("Ｃｈｏｎｇ Ｑｉｎｇ ", "chongqing"), alike("5.0", 5), alike("重庆", "重慶")
    (True, True, False)
    """
    one, other = _plain(stated), _plain(held)
    if one == other:
        return True
    if isinstance(stated, (int, float)) or isinstance(held, (int, float)):
        return _same_number(one, other)
    return False


def matches(facts: Mapping[str, Value], row: Mapping[str, Value] | None) -> bool:
    """Say whether every fact is on record; each is compared whatever the others gave, also where there is no row."""
    held = row if row is not None else {}
    alikes = [alike(value, held.get(item)) for item, value in facts.items()]
    return row is not None and all(alikes)


def _plain(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    words = value if isinstance(value, str) else str(value)
    if words.isascii():
        words = words.casefold()
    else:
        # Folding can bring back what the normal form takes away (and the other way), so until nothing changes.
        for _ in range(3):
            folded = unicodedata.normalize("NFKC", words).casefold()
            if folded == words:
                break
            words = folded
        else:
            words = words.casefold()
    return "".join(words.split())


def _same_number(one: str, other: str) -> bool:
    if not one or not other or len(one) > _NUMBER_LIMIT or len(other) > _NUMBER_LIMIT:
        return False
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False
