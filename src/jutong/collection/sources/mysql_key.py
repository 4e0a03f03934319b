"""The primary key of a table of MySQL or MariaDB: how the binary log tells it, and how the server is asked for it.

A word of a key is a whole number, or the bytes of a text as capital hexadecimal digits: nothing of it is ever spelled
into a question as it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .mysql import quoted, text_of

_TEXTS = frozenset({15, 253, 254})  # types of the log
_INTEGERS = {"tinyint": 1, "smallint": 2, "int": 3, "bigint": 8, "mediumint": 9}


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of the primary key: its place in a row, and how its values lie in the log."""

    name: str
    place: int
    kind: str  # as information_schema spells the type
    signed: bool = True
    charset: str = ""  # of a text
    padded: bool = False  # shown with zeros before it

    @property
    def is_text(self) -> bool:
        """Whether its values are told as bytes of its character set."""
        return self.kind in ("char", "varchar")

    @property
    def known(self) -> bool:
        """Whether keys of this kind are read from the log."""
        return self.is_text or (self.kind in _INTEGERS and not self.padded)

    def fits(self, spelled: int) -> bool:
        """Say whether the log tells values of this column under that type."""
        return spelled in _TEXTS if self.is_text else spelled == _INTEGERS.get(self.kind)


def word_of(key: KeyColumn) -> str:
    """Return the SQL of a key's word, exact to the byte."""
    name = quoted(key.name)
    return f"HEX({name})" if key.is_text else f"CAST({name} + 0 AS CHAR)"


def among(keys: Sequence[KeyColumn], portion: Sequence[str]) -> str:
    """Return the condition for the rows of some keys; each word of a key is digits alone."""
    rows = [[_literal(key, word) for key, word in zip(keys, one.split(","), strict=True)] for one in portion]
    names = [quoted(key.name) for key in keys]
    if len(keys) == 1:
        return f"{names[0]} IN ({', '.join(row[0] for row in rows)})"
    each = (" AND ".join(f"{name} = {word}" for name, word in zip(names, row, strict=True)) for row in rows)
    return " OR ".join(f"({one})" for one in each)


def spelled(key: KeyColumn, word: str) -> str:
    """Return the SQL of the text in which a reading of the table tells a key with this word."""
    return text_of(_literal(key, word))


def _literal(key: KeyColumn, word: str) -> str:
    if key.is_text:
        assert key.charset.isalnum()
        return f"_{key.charset} X'{bytes.fromhex(word).hex()}'"
    return str(int(word))
