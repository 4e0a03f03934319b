"""Messages of PostgreSQL's pgoutput plug-in, protocol 1, as far as one table needs them (PostgreSQL manual, 55.9)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

Values = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """A transaction begins; ``commit`` is the LSN of its end."""

    xid: int
    commit: int


@dataclass(frozen=True, slots=True)
class Committed:
    """A transaction is whole; ``end`` is the LSN behind it."""

    end: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A row as it stands after it was inserted or updated; ``lost`` is the key that it had, if that was another."""

    values: Values
    lost: str | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """A row was deleted; ``key`` is the value by which the entry knows it, None where the log does not tell that."""

    key: str | None


@dataclass(frozen=True, slots=True)
class Emptied:
    """All rows went at once."""


@dataclass(frozen=True, slots=True)
class Other:
    """Something of no concern: another table's, a type, an origin."""


Message = Begun | Committed | Changed | Lost | Emptied | Other


@dataclass(slots=True)
class _Reader:
    """The bytes of one message."""

    data: bytes
    at: int = 0

    def number(self, size: int) -> int:
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at])

    def letter(self) -> str:
        return chr(self.number(1))

    def name(self) -> str:
        end = self.data.index(b"\0", self.at)
        told, self.at = self.data[self.at : end].decode(), end + 1
        return told

    def row(self) -> list[str | None]:
        """Return a row's values as text; one that did not change and was not sent is ``UNSENT``."""
        values: list[str | None] = []
        for _ in range(self.number(2)):
            kind = self.letter()
            if kind == "t":
                size = self.number(4)
                self.at += size
                values.append(self.data[self.at - size : self.at].decode())
            else:
                values.append(None if kind == "n" else UNSENT)
        return values


UNSENT = "\ufdd1"  # a noncharacter (Unicode 23.7) is never text


@dataclass(slots=True)
class Decoder:
    """Reads messages in their order, and keeps what the log said of the table's columns."""

    schema: str
    table: str
    columns: Sequence[str]  # that are wanted, in order
    keys: Collection[str]
    key: str = ""  # the column by which the entry knows a row
    _oid: int = -1
    _names: list[str] = field(default_factory=list)

    def read(self, data: bytes) -> Message:
        """Return what a message says."""
        reader = _Reader(data)
        kind = reader.letter()
        if kind == "B":
            commit, _, xid = reader.number(8), reader.number(8), reader.number(4)
            return Begun(xid, commit)
        if kind == "C":
            reader.number(1 + 8)
            return Committed(reader.number(8))
        if kind == "R":
            self._relation(reader)
        elif kind == "T":
            count, _ = reader.number(4), reader.number(1)
            if self._oid in {reader.number(4) for _ in range(count)}:
                return Emptied()
        elif kind in "IUD" and reader.number(4) == self._oid:
            return self._change(kind, reader)
        return Other()

    def _relation(self, reader: _Reader) -> None:
        oid, schema, name = reader.number(4), reader.name(), reader.name()
        if (schema, name) != (self.schema, self.table):
            return
        reader.number(1)
        names = []
        for _ in range(reader.number(2)):
            reader.number(1)
            names.append(reader.name())
            reader.number(8)
        gone = [one for one in self.columns if one not in names]
        if gone:
            raise Invalid(
                text("the log of {name} does not carry the columns {gone}", name=name, gone=", ".join(gone)),
                remedy=text("begin the stream anew, after the publication and the entry were looked at"),
            )
        self._oid, self._names = oid, names

    def _change(self, kind: str, reader: _Reader) -> Message:
        part = reader.letter()
        # The old row: all of it, or its key where that is another one now; the rest is null then.
        old = dict(zip(self._names, reader.row(), strict=True)) if kind == "D" or part in "KO" else {}
        told = old.get(self.key)
        before = None if told == UNSENT else told
        if kind == "D":
            return Lost(before)
        if old:
            reader.letter()
        new = dict(zip(self._names, reader.row(), strict=True))
        sent = old if part == "O" else {}
        whole = {name: sent.get(name, UNSENT) if value == UNSENT else value for name, value in new.items()}
        moved = bool(old) and any(old[key] != whole[key] for key in self.keys if key in old)
        if moved and before is None:
            return Lost(None)
        if any(whole[name] == UNSENT for name in self.columns):
            raise Invalid(
                text("the log of {name} leaves out long values that did not change", name=self.table),
                remedy=text("have the owner run: ALTER TABLE {name} REPLICA IDENTITY FULL", name=self.table),
            )
        lost = before if before is not None and before != whole.get(self.key) else None
        return Changed(tuple(whole[name] for name in self.columns), lost)
