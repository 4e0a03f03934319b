"""A physical table of a system: reported by its department, checked by the authority, hung on a catalogue entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import DataType
from jutong.guard.permit import Label
from jutong.kernel.canon import canonical, digest
from jutong.kernel.errors import Invalid, WrongMoment
from jutong.kernel.text import text

from .recognise import Guess, Profile

COLUMNS_LIMIT = 1000
NAME_LIMIT = 200
REASON_LIMIT = 2000


class Stage(StrEnum):
    """How far the census has come with a table."""

    REPORTED = "reported"
    CHECKED = "checked"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column as it stands in the database, and what its sample showed."""

    name: str
    type: str  # as the database spells it
    data_type: DataType
    nullable: bool = True
    key: bool = False
    comment: str = ""
    profile: Profile | None = None
    guess: Guess = field(default_factory=Guess)
    item: str = ""  # the catalogue item that is hung on it


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A table as a harvest finds it: nobody's yet."""

    place: str  # schema, or the file's name
    name: str
    columns: tuple[Column, ...]
    comment: str = ""
    rows: int | None = None
    rows_exact: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.columns) <= COLUMNS_LIMIT or not 0 < len(self.name) <= NAME_LIMIT:
            raise Invalid(text("a table has a name and 1 to {most} columns", most=COLUMNS_LIMIT))
        if any("\0" in one for one in (self.place, self.name, self.comment, *(each.name for each in self.columns))):
            raise Invalid(text("a name in the table holds a character that cannot be kept"))
        if len(self.place) > NAME_LIMIT or len({one.name for one in self.columns}) < len(self.columns):
            raise Invalid(text("a column stands once in its table"))

    @property
    def schema_digest(self) -> str:
        """The digest of what must not drift: names, types and keys of the columns."""
        return digest(canonical([[one.name, one.type, one.key] for one in self.columns]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table in the census."""

    id: str
    body: str
    system: str
    found: Found
    seen: datetime
    gone: bool = False  # a later complete harvest did not find it any more
    stage: Stage = Stage.REPORTED
    checked_schema: str = ""  # the digest that the authority checked
    reason: str = ""
    entry: str = ""  # the catalogue entry that it is hung on

    @property
    def label(self) -> Label:
        """What the guard needs."""
        return Label(owner=self.body)

    @property
    def drifted(self) -> bool:
        """Say whether the schema is another one than the authority checked."""
        return bool(self.checked_schema) and self.checked_schema != self.found.schema_digest

    def seen_again(self, found: Found, at: datetime) -> Table:
        """Return the table as the newest harvest found it; a changed schema must be checked anew, and stays hung."""
        items = {one.name: one.item for one in self.found.columns}
        columns = tuple(replace(one, item=items.get(one.name, "")) for one in found.columns)
        told = replace(found, columns=columns)
        same = told.schema_digest == self.found.schema_digest
        stage = self.stage if same else Stage.REPORTED
        return replace(self, found=told, seen=at, gone=False, stage=stage, reason=self.reason if same else "")

    def checked(self) -> Table:
        """Return the table as the authority found it right."""
        if self.gone:
            raise WrongMoment(text("the table is gone from its system"), remedy=text("harvest the system again"))
        return replace(self, stage=Stage.CHECKED, checked_schema=self.found.schema_digest, reason="")

    def returned(self, reason: str) -> Table:
        """Return the table as sent back to its department."""
        if not 1 <= len(reason.strip()) <= REASON_LIMIT:
            raise Invalid(text("give 1 to {count} reasons", count=1))
        return replace(self, stage=Stage.RETURNED, reason=reason.strip())

    def hung_on(self, entry: Entry, named: Mapping[str, str] | None = None) -> Table:
        """Return the table hung on an entry of its own body: column by column, by the item's name."""
        if entry.provider != self.body:
            raise Invalid(text("a table is hung on an entry of its own body"))
        known = {item.name for item in entry.items}
        told = named or {one.name: one.name.lower() for one in self.found.columns}
        columns = tuple(
            replace(one, item=item if (item := told.get(one.name, "")) in known else "") for one in self.found.columns
        )
        if not any(one.item for one in columns):
            raise Invalid(
                text("no column of the table has the name of an item of the entry"),
                remedy=text("propose an entry from the table, or name its items as the columns are"),
            )
        return replace(self, entry=entry.id, found=replace(self.found, columns=columns))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How a table and the entry that it is hung on came apart."""

    missing: tuple[str, ...] = ()  # items without a column
    surplus: tuple[str, ...] = ()  # columns without an item
    retyped: tuple[str, ...] = ()  # items of another kind than their column
    unchecked: bool = False  # the schema is another one than the authority checked

    def __bool__(self) -> bool:
        return bool(self.missing or self.surplus or self.retyped or self.unchecked)


def drift_of(table: Table, entry: Entry) -> Drift:
    """Return how a table differs from its entry; a surplus column is drift too: nobody has said who may have it."""
    hung = {one.item: one for one in table.found.columns if one.item}
    return Drift(
        missing=tuple(item.name for item in entry.items if item.name not in hung),
        surplus=tuple(one.name for one in table.found.columns if not one.item),
        retyped=tuple(
            item.name
            for item in entry.items
            if item.name in hung and _kind(item.data_type) != _kind(hung[item.name].data_type)
        ),
        unchecked=table.drifted,
    )


def _kind(data_type: DataType) -> str:
    # Text may hold anything, and sources keep codes, days and amounts in it: only two typed kinds can disagree.
    if data_type in (DataType.DATE, DataType.DATETIME):
        return "time"
    if data_type in (DataType.NUMERIC, DataType.CURRENCY, DataType.DOUBLE, DataType.INTEGER, DataType.FLOAT):
        return "number"
    return "text"


_TYPES: Mapping[str, DataType] = {
    "timestamp": DataType.DATETIME,
    "datetime": DataType.DATETIME,
    "date": DataType.DATE,
    "bool": DataType.LOGICAL,
    "bigint": DataType.INTEGER,
    "smallint": DataType.INTEGER,
    "int": DataType.INTEGER,
    "money": DataType.CURRENCY,
    "numeric": DataType.NUMERIC,
    "decimal": DataType.NUMERIC,
    "double": DataType.DOUBLE,
    "real": DataType.FLOAT,
    "float": DataType.FLOAT,
    "blob": DataType.GENERAL,
    "bytea": DataType.GENERAL,
    "binary": DataType.GENERAL,
    "text": DataType.MEMO,
    "clob": DataType.MEMO,
}


def data_type_of(spelled: str) -> DataType:
    """Return the catalogue's letter for a database's type.

    >>> data_type_of("timestamp without time zone").value, data_type_of("varchar(18)").value
    ('T', 'C')
    """
    return next((kind for word, kind in _TYPES.items() if word in spelled.lower()), DataType.CHAR)


def names_of(columns: tuple[Column, ...]) -> Iterator[tuple[Column, str]]:
    """Yield each column with a name that an item may have: what cannot stand in SQL unquoted is named by its place."""
    taken: set[str] = set()
    for place, one in enumerate(columns, start=1):
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in one.name.lower())
        plain = plain.strip("_")[:55]
        if not plain or not plain[0].isalpha():
            plain = one.guess.element.replace("-", "_") or f"column_{place}"
        name = plain if plain not in taken else f"{plain}_{place}"
        taken.add(name)
        yield one, name
