"""Pages of who is believed on which field of the base libraries."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jutong import catalogue, library
from jutong.kernel.text import Text, text
from jutong.library import ALL_FIELDS, Authority

from ..wiring import Name, UlidField
from .form import Misfilled
from .frame import Answer, TheVisit, acted, done, shown
from .library import FIRST, titles_of_all
from .overtaken import noun_overtaken, seen_of
from .table import Asked, Column, Table, table_page
from .visit import Visit


class Naming(msgspec.Struct, kw_only=True):
    """How far an entry's source is believed on a field."""

    field: Annotated[str, msgspec.Meta(pattern=r"^([a-z][a-z0-9_]{0,62}|\*)$")]
    entry: UlidField
    rank: Annotated[int, msgspec.Meta(ge=1, le=99)]
    basis: Name


@shown("/authorities", guard="pages.authorities")
def list_authorities(visit: TheVisit) -> Answer:
    """List which source is believed on which field, and let it be named."""
    with visit.house.reading() as db:
        merged = library.merged_entries(db)
        titles = catalogue.titles(db, merged)
        fields = titles_of_all(visit, db)
        typed = (visit.form.get("field"), visit.form.get("entry"))
        standing = next((one for one in library.authorities(db) if (one.field, one.entry) == typed), None)
    choices: tuple[tuple[str, Text | str], ...] = ((ALL_FIELDS, text("all fields")), *fields.items())

    def fetch(ask: Asked) -> list[tuple[Authority, str]]:
        with visit.house.reading() as db:
            found = library.authorities_listed(
                db,
                field=ask.filter("field"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )
            named = catalogue.titles(db, [one.entry for one in found])
        return [(one, named.get(one.entry, one.entry)) for one in found]

    field: Column[tuple[Authority, str]] = Column(
        key="field",
        title=text("Field"),
        value=lambda row: fields.get(row[0].field, text("all fields")),
        options=choices,
        sort=True,
    )
    table: Table[tuple[Authority, str]] = Table(
        name="authorities",
        title=text("Named so far"),
        columns=(field, *_NAMED),
        key=lambda row: (row[0].field, str(row[0].rank), row[0].entry),
        sort="field",
        path="/authorities",
        empty=text("Nobody is named yet."),
        then=text("Until then what identifies is kept as first said, and what changes is taken as last said."),
    )
    return table_page(
        visit,
        table,
        fetch,
        "library/authorities.html",
        title=text("Who is believed on which field"),
        crumbs=(FIRST,),
        fields=choices,
        entries=sorted(((one, titles.get(one, one)) for one in merged), key=lambda pair: pair[1]),
        may_set=visit.may("library.set_authority"),
        seen=seen_of(visit, standing),
        overtaken=noun_overtaken(
            visit,
            standing,
            lambda: _named(visit),
            {"rank": text("Rank"), "basis": text("Basis")},
            on=standing.entry if standing else "",
            word="library.authority_set",
        ),
    )


@acted("/authorities", guard="pages.authorities", again=list_authorities)
def set_authority(visit: TheVisit) -> Answer:
    """Name how far an entry's source is believed on a field."""
    named = _named(visit)
    with visit.house.reading() as db:
        if named.entry not in library.merged_entries(db):
            raise Misfilled({"entry": text("choose from the list")})
    with visit.desk() as desk:
        library.set_authority(desk, named, seen=visit.form.mark)
    return done(desk, "/authorities")


def _named(visit: Visit) -> Authority:
    given = visit.form.read(Naming)
    return Authority(field=given.field, entry=given.entry, rank=given.rank, basis=given.basis)


_NAMED: tuple[Column[tuple[Authority, str]], ...] = (
    Column(
        key="rank",
        title=text("Rank"),
        value=lambda row: row[0].rank,
        kind="number",
        sort=True,
        place=lambda row: str(row[0].rank),
    ),
    Column(key="entry", title=text("Entry"), value=lambda row: row[1], href=lambda row: f"/entries/{row[0].entry}"),
    Column(key="basis", title=text("Basis"), value=lambda row: row[0].basis),
)

PAGES = [list_authorities, set_authority]
