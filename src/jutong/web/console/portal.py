"""The public face: the first page, the catalogue of what is published, and its entries."""

from __future__ import annotations

import json
from dataclasses import replace

from jutong import catalogue, registers
from jutong.catalogue import Entry, OpenType, Search
from jutong.kernel.text import text

from ..wiring import Ulid
from .catalogue import legal
from .entries import (
    Line,
    body_column,
    changed_column,
    cycle_column,
    line_key,
    named_bodies,
    searched,
    share_column,
    title_column,
)
from .frame import Answer, TheVisit, page, shown
from .results import results
from .table import Asked, Column, Table, table_page
from .visit import Visit

LATEST = 6


@shown("/", guard=None)
def first(visit: TheVisit) -> Answer:
    """Show everybody where they are, what there is, and the ways in."""
    with visit.house.reading() as db:
        entries, bodies = catalogue.published_counts(db)
        latest = catalogue.summaries(db, None, Search(descending=True, limit=LATEST))
        names = {one.code: one.name for one in registers.bodies(db)}
    settings = visit.house.home.settings
    return page(
        visit,
        "portal/first.html",
        title=text("Government data, shared by law"),
        entries=entries,
        bodies=bodies,
        latest=tuple((one, names.get(one.provider, one.provider)) for one in latest),
        authority=names.get(settings.body, settings.body),
        division=settings.division,
    )


@shown("/catalogue", guard=None)
def search(visit: TheVisit) -> Answer:
    """List what is published, for everybody to search; with ``q`` show what answers that question."""
    if asked := visit.asked("q").strip():
        return results(visit, asked)
    with visit.house.reading() as db:
        bodies = registers.bodies(db)
    names = {one.code: one.name for one in bodies}
    table: Table[Line] = Table(
        name="catalogue",
        title=text("Catalogue of government data"),
        columns=(
            title_column("/catalogue"),
            body_column(bodies),
            share_column(),
            cycle_column(),
            Column(key="items", title=text("Items"), value=lambda line: line.summary.item_count, kind="number"),
            replace(changed_column(), title=text("Published")),
        ),
        key=line_key,
        sort="-changed",
        empty=text("No entry is published yet."),
    )

    def fetch(ask: Asked) -> list[Line]:
        wanted = searched(ask, bodies)
        if wanted.words:
            wanted = replace(wanted, or_providers=named_bodies(bodies, wanted.words) or ())
        with visit.house.reading() as db:
            found = catalogue.summaries(db, None, wanted)
        return [Line(summary=one, body=names.get(one.provider, one.provider)) for one in found]

    return table_page(visit, table, fetch, "portal/search.html", title=table.title, crumbs=(("/", text("First page")),))


@shown("/catalogue/{entry_id:str}", guard=None)
def show_published(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show everybody an entry in force: what it holds and on what terms, and no more than that."""
    with visit.house.reading() as db:
        entry = catalogue.find_published(db, entry_id)
        body = registers.find_body(db, entry.provider).name
    return page(
        visit,
        "portal/entry.html",
        title=entry.title,
        crumbs=(("/", text("First page")), ("/catalogue", text("Catalogue of government data"))),
        entry=entry,
        body=body,
        published=entry.moves[-1].at,
        citations=tuple(legal(one) for one in entry.legal_basis),
        dataset=_dataset(visit, entry, body),
    )


def _dataset(visit: Visit, entry: Entry, body: str) -> str:
    """Return the entry as a schema.org Dataset for search engines, safe to stand within HTML."""
    address = f"{visit.house.home.settings.address.rstrip('/')}/catalogue"
    facts = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": f"{address}/{entry.id}",
        "identifier": entry.id,
        "name": entry.title,
        "description": entry.abstract or entry.title,
        "version": entry.version,
        "inLanguage": "zh-CN",
        "dateModified": entry.moves[-1].at.isoformat() if entry.moves else None,
        "creator": {"@type": "GovernmentOrganization", "name": body, "identifier": entry.provider},
        "variableMeasured": [
            {"@type": "PropertyValue", "name": one.title, "alternateName": one.name} for one in entry.items
        ],
        "isAccessibleForFree": entry.open_type is not OpenType.CLOSED,
        "includedInDataCatalog": {"@type": "DataCatalog", "name": visit.house.home.settings.name, "url": address},
    }
    written = json.dumps(facts, ensure_ascii=False)
    for sign in "<>&":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return written


PAGES = [first, search, show_published]
