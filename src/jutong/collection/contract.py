"""What a delivery must look like: the entry's columns, the marks of a broken row, and how large it may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from jutong.catalogue.entry import Entry
from jutong.catalogue.item import DataType, Item
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

# Put in place of bytes that the declared encoding does not know. A noncharacter (Unicode 23.7) is never text, so that
# a row which holds one is known by it, and U+FFFD stays what it was: the trace of somebody else's lossy reading.
UNREADABLE = "\ufdd0"
REPLACEMENT = "\ufffd"


class Reason(StrEnum):
    """Why a row is kept apart; a row has one reason, the first that applies in this order."""

    NOT_A_RECORD = "not-a-record"
    TOO_FEW_FIELDS = "too-few-fields"
    TOO_MANY_FIELDS = "too-many-fields"
    BAD_ENCODING = "bad-encoding"
    FIELD_TOO_LONG = "field-too-long"
    COLUMN_ORDER_LOST = "column-order-lost"
    REPLACEMENT_CHARACTER = "replacement-character"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a source may ask of the machine; a delivery above a limit is refused whole."""

    max_bytes: int = 4 * 1024**3  # unpacked
    max_ratio: int = 200  # unpacked to packed, once ``ratio_from`` bytes are unpacked
    ratio_from: int = 64 * 1024**2
    max_field: int = 1024**2  # bytes of one field; a longer one is quarantined
    max_workbook: int = 256 * 1024**2  # unpacked; a workbook keeps its strings in memory
    max_cells: int = 20_000_000  # of a sheet, which must be read cell by cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One item of the entry as a column of a delivery.

    ``shape`` is a pattern (RE2) that the item's whole value has in every intact row of any register; it is only ever
    used to recognise a value that stands in another item's column.
    """

    name: str
    title: str
    shape: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The columns that every delivery of an entry has."""

    columns: tuple[Column, ...]
    key: str = ""  # the item by which a row is known, and taken back

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def names_of(self, header: Sequence[str], headers: Mapping[str, str]) -> tuple[str, ...]:
        """Return the item behind each cell of a header, or refuse and list both sides.

        A cell is an item's title or name, or a word that the deliverer declared in ``headers`` (word -> item name).

        >>> Contract(columns=(Column(name="name", title="企业名称"),)).names_of([" 企业名称 "], {})
        ('name',)
        """
        known = self._known(headers)
        cells = [cell.strip() for cell in header]
        found = tuple(known.get(cell, "") for cell in cells)
        # A line of which no cell is known is a row of a file without a header: its values are not repeated.
        words = cells if any(found) else [str(place) for place in range(1, len(cells) + 1)]
        unknown = [word for word, name in zip(words, found, strict=True) if not name]
        twice = sorted({name for name in found if name and found.count(name) > 1})
        if unknown or twice or len(found) != len(self.columns):
            raise self.wrong_schema(found, unknown, twice)
        return found

    def columns_in(self, names: Iterable[str], headers: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return item -> column for a table that may hold more columns than the entry, and the columns left aside."""
        there, known = list(names), self._known(headers)
        pairs = [(known[word], word) for word in there if word in known]
        items = [item for item, _ in pairs]
        twice = sorted({item for item in items if items.count(item) > 1} | {n for n in there if there.count(n) > 1})
        if twice or len(pairs) != len(self.columns):
            raise self.wrong_schema(items, [], twice)
        found = dict(pairs)
        columns = {name: found[name] for name in self.names}
        return columns, tuple(word for word in there if word not in known)

    def _known(self, headers: Mapping[str, str]) -> dict[str, str]:
        own = {word: column.name for column in self.columns for word in (column.title, column.name)}
        return {**own, **{word: name for word, name in headers.items() if name in self.names}}

    def wrong_schema(self, found: Iterable[str], unknown: Sequence[str], twice: Sequence[str] = ()) -> Invalid:
        """Say which columns a delivery lacks and which nobody declared."""
        there = set(found)
        missing = [column.title for column in self.columns if column.name not in there]
        return Invalid(
            text(
                "the columns are not those of the entry: missing {missing}; unknown {unknown}; repeated {twice}",
                missing=_listed(missing),
                unknown=_listed(unknown),
                twice=_listed(twice),
            ),
            basis=text("catalogue entry, items"),
            remedy=text(
                "name each column by its item's title or name, change the entry, or check the declared encoding"
            ),
        )


# A value that has one of these shapes from end to end is a credit code or a day, whichever column it stands in.
_SHAPES = {
    "credit-code": "[0-9A-Za-z]{15}|[0-9A-Za-z]{18}",
    DataType.DATE: "[12][0-9]{3}[-/.][01]?[0-9][-/.][0-3]?[0-9]",
}


def contract_of(entry: Entry) -> Contract:
    """Return what every delivery of an entry must look like."""
    columns = tuple(Column(name=item.name, title=item.title, shape=_shape(item)) for item in entry.items)
    return Contract(columns=columns, key=entry.key_item or "")


def _shape(item: Item) -> str:
    return _SHAPES.get(item.element or "") or _SHAPES.get(item.data_type) or ""


def _listed(names: Sequence[str]) -> str:
    # A header comes from outside: what is shown of it is short, printable and in one line.
    shown = ["".join(c for c in name if c.isprintable())[:40] for name in names[:20]]
    return ", ".join(shown) + (" …" if len(names) > 20 else "") if shown else "—"
