"""One question put to a declared service: its values, its page, and the SQL that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.pools.handed import Handed, Row
from jutong.quality.expression import Kind, Lifted, handed_in

from ..ruling import RowRule
from .clause import Prepared, clause
from .cursor import Place
from .value import read

RECORD, WHOLE, REGION, TIE = "_record", "_whole", "_region", "_tie"


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """What a caller says; the page is the declared one where no size is named."""

    parameters: dict[str, str | int | float | list[str]] = {}
    items: list[str] = []
    page_size: int = 0
    cursor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A wish that fits its declaration."""

    prepared: Prepared
    values: Mapping[str, Handed]
    page: int

    def digest(self) -> str:
        """Return the digest of what is asked, apart from the page: a place in one answer is none in another."""
        listing = self.prepared.listing
        told: dict[str, Fact] = {name: _spelled(value) for name, value in sorted(self.values.items())}
        return digest(canonical([listing.id, told]))

    def sql(
        self, regions: Sequence[str], place: Place | None, kept: RowRule | None = None
    ) -> tuple[str, dict[str, Handed]]:
        """Return the SQL over the copy ``t`` and what is handed in beside it; a row more than the page tells of more.

        ``regions`` are beginnings of division codes; none mean the whole area. ``kept`` are the rows that policies let
        be seen; None means all.
        """
        handed: dict[str, Handed] = dict(self.values)
        lifted = Lifted()
        where = [clause(one, lifted) for one in self.prepared.listing.parameters if one.item and one.name in handed]
        where += [part.sql for part in self.prepared.parts if part.parameters]
        if regions:
            heads = {f"region_{number}_": head for number, head in enumerate(regions)}
            where.append("(" + " OR ".join(f"starts_with({REGION}, ${name})" for name in heads) + ")")
            handed |= heads
        if kept is not None:
            where.append(f"({kept.sql(_of_whole)})")
        columns = _ordered(self.prepared)
        if place is not None:
            after, told = _after(columns, place)
            where.append(after)
            handed |= told
        order = ", ".join(f"{name}{' DESC' if down else ''}" for name, _, down in columns)
        names = ", ".join(name for name, _, _ in columns)
        filtered = f" WHERE {' AND '.join(where)}" if where else ""
        return f"SELECT {RECORD}, {names} FROM t{filtered} ORDER BY {order} LIMIT {self.page + 1:d}", handed  # noqa: S608


def _of_whole(item: str) -> str:
    return f"json_extract_string({WHOLE}, '$.{item}')" if item.isidentifier() and item.isascii() else ""


def question_of(prepared: Prepared, wish: Wish) -> Question:
    """Return a wish as a question, or refuse it; of what a caller typed only declared names are repeated."""
    listing = prepared.listing
    values: dict[str, Handed] = {}
    if any(listing.parameter(name) is None for name in wish.parameters):
        raise Invalid(
            text(
                "the service takes the parameters: {names}",
                names=", ".join(one.name for one in listing.parameters) or "-",
            )
        )
    for one in listing.parameters:
        said = wish.parameters.get(one.name)
        if said is not None:
            values[one.name] = read(one, said if isinstance(said, list) else [_written(said)])
        elif one.default:
            values[one.name] = read(one, one.defaults)
        elif one.required:
            raise Invalid(text("the parameter {name} is missing", name=one.name))
    if not 0 <= wish.page_size <= listing.page_rows:
        raise Invalid(text("a page of this service has 1 to {most} rows", most=listing.page_rows))
    return Question(prepared=prepared, values=values, page=wish.page_size or listing.page_rows)


def place_of(row: Row, given: int, until: int) -> Place:
    """Return the place of a row (as ``sql`` returns it) in the answer; ``given`` rows end with it."""
    return Place(
        values=[value.isoformat() if isinstance(value, date) else value for value in row[1:]],  # type: ignore[misc]
        given=given,
        until=until,
    )


def _written(said: str | float) -> str:
    return (
        said
        if isinstance(said, str)
        else f"{said:.8f}".rstrip("0").rstrip(".")
        if isinstance(said, float)
        else str(said)
    )


def _spelled(value: Handed) -> Fact:
    if isinstance(value, (str, int, float, date)):
        return str(value)
    return [str(one) for one in value]


def _ordered(prepared: Prepared) -> list[tuple[str, Kind, bool]]:
    told = [
        (f"_o{number}", kind, order.descending)
        for number, (order, kind) in enumerate(zip(prepared.listing.order, prepared.kinds, strict=True))
    ]
    return [*told, (TIE, Kind.TEXT, False)]


def _after(columns: Sequence[tuple[str, Kind, bool]], place: Place) -> tuple[str, dict[str, Handed]]:
    """Return the condition of the rows after a place: a later first column, or the same one and a later second."""
    handed: dict[str, Handed] = {}
    same: list[str] = []
    later: list[str] = []
    for number, ((name, kind, down), value) in enumerate(zip(columns, place.values, strict=True)):
        slot = f"place_{number}_"
        handed[slot] = date.fromisoformat(str(value)) if kind is Kind.DAY else value
        stands = handed_in(slot, kind)
        later.append(" AND ".join([*same, f"{name} {'<' if down else '>'} {stands}"]))
        same.append(f"{name} = {stands}")
    first, kind, down = columns[0]
    # Said once more of the first column alone: by its bounds whole groups of rows are passed over.
    bound = f"{first} {'<=' if down else '>='} {handed_in('place_0_', kind)}"
    return f"{bound} AND ({' OR '.join(f'({one})' for one in later)})", handed
