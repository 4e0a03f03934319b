"""Events of a binary log of MySQL or MariaDB, as far as they tell which rows of one table changed.

Written after "Binary Log Event" of the MySQL internals manual and "Replication Protocol" of the MariaDB knowledge
base. Of a row only the values of its key are read; all others are stepped over by their lengths. Row events are taken
in their first and second version and as MariaDB packs them; what tells a row in part (MySQL's partial JSON) or a
transaction packed as a whole is refused. Memory: one event.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from jutong.kernel.errors import Invalid, TooMuch, Unavailable, WrongMoment
from jutong.kernel.text import Text, text

from .mysql_key import KeyColumn

HEAD = 19  # bytes before each event's own
UNPACKED_MOST = 64 * 1024**2  # of a row event that came packed
_QUERY, _ROTATE, _FORMAT, _XID, _TABLE, _XA_PREPARE = 2, 4, 15, 16, 19, 38
_ROWS = {  # kind -> (what happened, second version, packed)
    **{23 + place: (word, False, False) for place, word in enumerate("IUD")},
    **{30 + place: (word, True, False) for place, word in enumerate("IUD")},
    **{166 + place: (word, False, True) for place, word in enumerate("IUD")},
    **{169 + place: (word, True, True) for place, word in enumerate("IUD")},
}
_PACKED_QUERY, _GTID = 165, 162
_UNREAD = {39: "binlog_row_value_options", 40: "binlog_transaction_compression"}
_ENUM, _SET, _STRING = 247, 248, 254
_FIXED = {1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 6: 0, 7: 4, 8: 8, 9: 3, 10: 3, 11: 3, 12: 8, 13: 1, 14: 3}
_FRACTION = {17: 4, 18: 5, 19: 3}  # timestamp, datetime, time: bytes before those of the fraction
_BLOBS = frozenset({140, 242, 245, 249, 250, 251, 252, 255})
_NARROW = frozenset({4, 5, *_FRACTION, *_BLOBS})  # types that are described by one byte
_WIDE = frozenset({15, 16, 141, 246, _ENUM, _SET, 253, _STRING})  # by two
_LEADING = {0: 0, 1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 6: 3, 7: 4, 8: 4, 9: 4}  # bytes of so many decimal digits
_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH"})
_DEFINES = frozenset({"TRUNCATE", "ALTER", "RENAME", "DROP", "CREATE"})
_MANY = frozenset({"RENAME", "DROP"})  # that name more than one table
_COMMENT = re.compile(r"/\*(?!m?!).*?\*/", re.DOTALL)  # but what stands behind /*! is done
_TOKEN = re.compile(r"`((?:[^`]|``)+)`|\"((?:[^\"]|\"\")+)\"|([\w$]+)|([.,(])")
_COMMENT = re.compile(r"/\*(?!!).*?\*/|--[ \t][^\n]*\n?|^\s*#[^\n]*\n", re.S)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a server's log; ``born`` is when its file was begun (seconds)."""

    server: str
    file: str
    offset: int
    born: int

    @classmethod
    def read(cls, spelled: str) -> Spot:
        """Read the spelling.

        >>> str(Spot.read("7 log.000012 1544 1767225600"))
        '7 log.000012 1544 1767225600'
        """
        server, file, offset, born = spelled.split(" ")
        return cls(server, file, int(offset), int(born))

    def __str__(self) -> str:
        return f"{self.server} {self.file} {self.offset} {self.born}"


Key = tuple[str, ...]  # one word a column: a whole number, or the bytes of a text as capital hexadecimal digits


@dataclass(frozen=True, slots=True)
class Rotated:
    """The log goes on in another file; the server's own word that it does so is not counted."""

    file: str


@dataclass(frozen=True, slots=True)
class Born:
    """When the file was begun (seconds)."""

    at: int


@dataclass(frozen=True, slots=True)
class Touched:
    """Keys under which rows were inserted, updated or deleted; of an update, the old and the new one."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """A transaction is whole; ``end`` is the place behind it in its file, ``at`` when it was (seconds)."""

    end: int
    at: int


@dataclass(frozen=True, slots=True)
class Emptied:
    """All rows of the table went at once; ``end`` is the place behind it."""

    end: int


@dataclass(frozen=True, slots=True)
class Passed:
    """Nothing of concern."""


Message = Rotated | Born | Touched | Committed | Emptied | Passed


@dataclass(slots=True)
class _Map:
    """What a table map says: how the values of a row lie one behind the other."""

    ours: bool
    kinds: bytes
    sizes: tuple[Callable[[bytes, int], int], ...] = ()  # (data, at) -> the place behind the value


@dataclass(slots=True)
class Decoder:
    """Reads events in their order, and keeps what the log said of the table's columns."""

    database: str
    table: str
    keys: Sequence[KeyColumn]
    columns: int  # that the table has now
    checked: bool = False  # whether events carry a checksum
    _maps: dict[int, _Map] = field(default_factory=dict)
    _seen: bool = False  # keys were read in this run
    _open: bool = False  # a transaction is under way
    _ours: bool = False  # ... in which keys were read

    def read(self, event: bytes) -> Message:
        """Return what an event says."""
        at, kind, end = struct.unpack_from("<IB8xI", event)
        if kind == _FORMAT:
            self.checked = event[-5] == 1
            self._maps.clear()
            return Born(at)
        if kind == _ROTATE:
            body = event[HEAD:-4] if _sound(event) else event[HEAD:]
            return Rotated(body[8:].decode())
        if self.checked:
            if not _sound(event):
                raise Unavailable(text("the binary log of {name} came with a wrong checksum", name=self.table))
            event = event[:-4]
        body = event[HEAD:]
        if kind in _UNREAD:
            raise Invalid(
                text("the binary log of {name} is written in a form that is not read", name=self.table),
                remedy=text("have the source's administrator turn {setting} off", setting=_UNREAD[kind]),
            )
        if kind == _TABLE:
            self._map(body)
        elif kind in _ROWS:
            word, second, packed_rows = _ROWS[kind]
            return self._rows(body, word, second=second, packed=packed_rows)
        elif kind == _GTID:  # MariaDB's word for a beginning, of one statement or of a transaction
            self._open = not body[12] & 1
        elif kind == _XID:
            self._open = self._ours = False
            return Committed(end, at)
        elif kind == _XA_PREPARE and not self._ours:
            self._open = False
        elif kind == _XA_PREPARE:
            raise WrongMoment(
                text("rows of {name} change in distributed transactions, which are not followed", name=self.table),
                remedy=text("read the table by a watermark, or in full"),
            )
        elif kind in (_QUERY, _PACKED_QUERY):
            return self._query(body, end, at, packed=kind == _PACKED_QUERY)
        return Passed()

    def _map(self, body: bytes) -> None:
        number, at = int.from_bytes(body[:6], "little"), 8
        database, at = _name(body, at)
        table, at = _name(body, at)
        if (database, table) != (self.database, self.table):
            self._maps[number] = _Map(ours=False, kinds=b"")
            return
        count, at = _length(body, at)
        kinds, at = body[at : at + count], at + count
        _, at = _length(body, at)
        sizes = []
        for kind in kinds:
            wide = 1 if kind in _NARROW else 2 if kind in _WIDE else 0
            sizes.append(_size(kind, body[at : at + wide]))
            at += wide
        if not all(key.place < count and key.fits(kinds[key.place]) for key in self.keys):
            raise self.reshaped()
        self._maps[number] = _Map(ours=True, kinds=kinds, sizes=tuple(sizes))

    def _rows(self, body: bytes, word: str, *, second: bool, packed: bool) -> Message:
        told = self._maps.get(int.from_bytes(body[:6], "little"))
        if told is None or not told.ours:
            return Passed()
        at = 8 + (int.from_bytes(body[8:10], "little") if second else 0)
        count, at = _length(body, at)
        wide = (count + 7) // 8
        before, at = body[at : at + wide], at + wide
        after = before
        if word == "U":
            after, at = body[at : at + wide], at + wide
        data = _unpacked(body[at:]) if packed else body[at:]
        self._seen = self._open = self._ours = True
        images = (before, after) if word == "U" else (before,)
        return Touched(tuple(self._keys(told, data, images, count)))

    def _keys(self, told: _Map, data: bytes, images: Sequence[bytes], count: int) -> Iterator[Key]:
        """Yield the keys of an event's rows; an image without the whole key says that the key stayed as it was."""
        at = 0
        while at < len(data):
            old: dict[int, str] = {}
            for image in images:
                found, at = self._row(told, data, at, image, count)
                key = {**old, **found}
                if len(key) < len(self.keys):
                    raise Invalid(
                        text("the binary log of {name} leaves out the key of a row", name=self.table),
                        remedy=text("have the source's administrator set binlog_row_image = FULL, and begin anew"),
                    )
                if key != old:
                    yield tuple(key[one.place] for one in self.keys)
                old = key

    def _row(self, told: _Map, data: bytes, at: int, image: bytes, count: int) -> tuple[dict[int, str], int]:
        there = [place for place in range(count) if image[place >> 3] >> (place & 7) & 1]
        nulls, at = data[at : at + (len(there) + 7) // 8], at + (len(there) + 7) // 8
        wanted = {one.place: one for one in self.keys}
        found = {}
        for number, place in enumerate(there):
            if nulls[number >> 3] >> (number & 7) & 1:
                continue
            end = told.sizes[place](data, at)
            if place in wanted:
                found[place] = _word(wanted[place], data[at:end])
            at = end
        return found, at

    def _query(self, body: bytes, end: int, at: int, *, packed: bool) -> Message:
        name, states = body[8], int.from_bytes(body[11:13], "little")
        start = 13 + states
        here, rest = body[start : start + name].decode(), body[start + name + 1 :]
        said = _COMMENT.sub(" ", (_unpacked(rest) if packed else rest).decode("utf-8", "replace")).strip()
        words = said.upper().split() or [""]
        if words[0] == "BEGIN" or (words[0] in ("SAVEPOINT", "RELEASE", "ROLLBACK") and len(words) > 1):
            self._open = self._open or words[0] == "BEGIN"
            return Passed()
        if words[0] in ("COMMIT", "ROLLBACK") or words[:2] in (["XA", "COMMIT"], ["XA", "ROLLBACK"]):
            self._open = self._ours = False
            return Committed(end, at)
        if words[0] in _CHANGES and self.table.lower() in said.lower():
            raise self._restart(text("a change of {name} was logged as a statement, not by its rows", name=self.table))
        if words[0] in _DEFINES and (self.database.lower(), self.table.lower()) in _tables(said, here):
            if words[0] == "TRUNCATE":
                return Emptied(end)
            moved = {"PARTITION", "RENAME", "EXCHANGE", "TABLESPACE"} & set(words)
            shifted = self._seen and {"FIRST", "AFTER", "DROP", "MODIFY", "CHANGE"} & set(words)
            if words[0] == "ALTER" and (moved or shifted):
                raise self.reshaped()
            if words[0] != "ALTER":
                raise self._restart(text("the table {name} was dropped, renamed or made anew", name=self.table))
        return Passed() if self._open else Committed(end, at)

    def reshaped(self) -> WrongMoment:
        """Return the refusal of changes that were logged while the table had other columns."""
        return self._restart(text("the table {name} was altered since the log was last read", name=self.table))

    def _restart(self, why: Text) -> WrongMoment:
        return WrongMoment(
            why, remedy=text("begin the stream anew with `jutong plan restart`: the next run reads all rows")
        )


def _tables(said: str, here: str) -> set[tuple[str, str]]:
    """Return the tables that a definition is about, with their databases, in small letters.

    >>> sorted(_tables("DROP TABLE IF EXISTS `a`, b.c /* c */", "d")), _tables("create table t as select * from u", "d")
    ([('b', 'c'), ('d', 'a')], {('d', 't')})
    """
    tokens = ["".join(found) for found in _TOKEN.findall(_COMMENT.sub(" ", said.lower()))]
    place = tokens.index("table") + 1 if "table" in tokens else 1
    many, named = tokens[0].upper() in _MANY, set[tuple[str, str]]()
    while place < len(tokens):
        word = tokens[place]
        if word in ("if", "not", "exists", "to", ",", "only"):
            place += 1
            continue
        whole = tokens[place + 1 : place + 2] == ["."]
        named.add((word, tokens[place + 2]) if whole else (here.lower(), word))
        place += 3 if whole else 1
        if not many:
            break
    return named


def _sound(event: bytes) -> bool:
    return zlib.crc32(event[:-4]) == int.from_bytes(event[-4:], "little")


def _name(body: bytes, at: int) -> tuple[str, int]:
    size = body[at]
    return body[at + 1 : at + 1 + size].decode(), at + size + 2


def _length(body: bytes, at: int) -> tuple[int, int]:
    """Read a number of one to nine bytes.

    >>> _length(bytes([252, 1, 1]), 0), _length(bytes([5]), 0)
    ((257, 3), (5, 1))
    """
    first = body[at]
    size = {252: 2, 253: 3, 254: 8}.get(first, 0)
    return (int.from_bytes(body[at + 1 : at + 1 + size], "little"), at + 1 + size) if size else (first, at + 1)


def _unpacked(data: bytes) -> bytes:
    """Return what MariaDB packed: one byte with the count of those that tell the length, then zlib's own."""
    size = data[0] & 0x07
    length = int.from_bytes(data[1 : 1 + size])
    if length > UNPACKED_MOST:
        raise TooMuch(text("an event of the log is larger than {limit} MiB", limit=UNPACKED_MOST // 1024**2))
    return zlib.decompress(data[1 + size :], bufsize=max(length, 1))


def _size(kind: int, told: bytes) -> Callable[[bytes, int], int]:
    """Return where a value of this type ends."""
    if kind in _FIXED:
        return _always(_FIXED[kind])
    if kind in _FRACTION:
        return _always(_FRACTION[kind] + (told[0] + 1) // 2)
    if kind in _BLOBS:
        return _led(told[0])
    if kind == 16:  # bits
        return _always((told[1] * 8 + told[0] + 7) // 8)
    if kind == 246:
        return _always(_decimal(told[0], told[1]))
    if kind in (_ENUM, _SET) or (kind == _STRING and told[0] in (_ENUM, _SET)):
        return _always(told[1])
    if kind == _STRING:
        # Two bits of a length above 255 are hidden in the type.
        return _led(2 if (((told[0] >> 4) & 3) ^ 3) << 8 | told[1] > 255 else 1)
    if kind in _WIDE:
        return _led(1 if int.from_bytes(told, "little") < 256 else 2)
    raise Invalid(text("the log holds a type that is not read: {number}", number=kind))


def _decimal(digits: int, scale: int) -> int:
    """Return the bytes of a decimal number.

    >>> _decimal(10, 2), _decimal(18, 0)
    (5, 8)
    """
    whole = digits - scale
    return whole // 9 * 4 + _LEADING[whole % 9] + scale // 9 * 4 + _LEADING[scale % 9]


def _always(size: int) -> Callable[[bytes, int], int]:
    return lambda _data, at: at + size


def _led(size: int) -> Callable[[bytes, int], int]:
    return lambda data, at: at + size + int.from_bytes(data[at : at + size], "little")


def _word(column: KeyColumn, value: bytes) -> str:
    if not column.is_text:
        return str(int.from_bytes(value, "little", signed=column.signed))
    # The text of a column of up to 255 bytes has one byte of length before it; the others have two.
    lead = 1 if len(value) - 1 == value[0] and len(value) < 257 else 2
    return value[lead:].hex().upper()
