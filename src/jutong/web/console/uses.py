"""Pages of records of use: the book of one agreement, and all that a body made or may inspect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import msgspec

from jutong import guard, registers, sharing
from jutong.kernel.text import text
from jutong.sharing import Side, use
from jutong.sharing.use import Usage, UseRecord

from ..wiring import Ulid, Words
from .agreements import AGREEMENTS
from .frame import Answer, TheVisit, acted, done, shown
from .known_names import names_of_bodies, titles_of_entries
from .sharing import FIRST
from .sides import side_column
from .table import Act, Asked, Column, Table, table_page
from .visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A record of use as a row of a list."""

    record: UseRecord
    title: str
    consumer: str
    provider: str
    act: Act | None


class Use(msgspec.Struct, kw_only=True):
    """How the data was used in a period."""

    since: date
    until: date
    scene: Words
    process: Words
    effect: Words
    storage: Words
    destruction: Words = ""


TABLE: Table[Listed] = Table(
    name="use-records",
    title=text("Records of use"),
    columns=(
        Column(
            key="title",
            title=text("Data"),
            value=lambda row: row.title,
            href=lambda row: f"/agreements/{row.record.agreement}/use",
        ),
        Column(key="consumer", title=text("Used by"), value=lambda row: row.consumer),
        Column(key="provider", title=text("Provided by"), value=lambda row: row.provider),
        Column(key="since", title=text("Used from"), value=lambda row: row.record.usage.since, kind="day"),
        Column(key="until", title=text("Used until"), value=lambda row: row.record.usage.until, kind="day"),
        Column(key="scene", title=text("Scene of use"), value=lambda row: row.record.usage.scene),
        Column(key="process", title=text("Process of use"), value=lambda row: row.record.usage.process, shown=False),
        Column(key="effect", title=text("Effect of use"), value=lambda row: row.record.usage.effect, shown=False),
        Column(key="storage", title=text("Storage"), value=lambda row: row.record.usage.storage, shown=False),
        Column(
            key="destruction", title=text("Destruction"), value=lambda row: row.record.usage.destruction, shown=False
        ),
        Column(key="recorded", title=text("Recorded on"), value=lambda row: row.record.recorded, kind="day", sort=True),
        Column(key="kept", title=text("Kept through"), value=lambda row: row.record.kept.due, kind="day"),
        side_column(),
        Column(key="number", title=text("Number"), value=lambda row: row.record.id, kind="code", shown=False),
        Column(key="act", title=text("Let go"), value=lambda row: row.act, kind="act"),
    ),
    key=lambda row: use.key_of_use(row.record),
    sort="-recorded",
    empty=text("No use is recorded yet."),
    then=text("The using body records it on the page of the agreement."),
)
BOOK = replace(
    TABLE,
    name="use-of-agreement",
    columns=tuple(
        replace(one, shown=True) if one.key in {"process", "effect", "storage", "destruction"} else one
        for one in TABLE.columns
        if one.key not in {"title", "consumer", "provider", "side"}
    ),
)


@shown("/use-records", guard="pages.agreements")
def list_uses(visit: TheVisit) -> Answer:
    """List the records of use that the visitor may see, the newest first."""

    def fetch(ask: Asked) -> list[Listed]:
        side = ask.filter("side")
        return _found(visit, ask, side=Side(side) if side else None)

    return table_page(visit, TABLE, fetch, "sharing/uses.html", title=TABLE.title, crumbs=(FIRST,))


@shown("/agreements/{agreement_id:str}/use", guard="pages.agreements")
def show_use(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Show the book of one agreement's use, with the form for a further record."""
    with visit.house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, visit.acting)
        title = titles_of_entries(db, [agreement.entry])[agreement.entry]
        names = names_of_bodies(db, (agreement.consumer, agreement.provider))
        division = registers.find_body(db, agreement.consumer).division
        rule = registers.deadline(db, "USE_RECORD", visit.today, division)
    may = agreement.delivered is not None and visit.may("sharing.record_use", guard.Label(owner=agreement.consumer))

    def fetch(ask: Asked) -> list[Listed]:
        return _found(visit, ask, agreement_id=agreement_id)

    return table_page(
        visit,
        replace(BOOK, path=f"/agreements/{agreement_id}/use"),
        fetch,
        "sharing/use.html",
        title=text("Records of use: {title}", title=title),
        crumbs=(FIRST, AGREEMENTS, (f"/agreements/{agreement_id}", title)),
        agreement=agreement,
        names=names,
        rule=rule,
        may_record=may,
    )


@acted("/agreements/{agreement_id:str}/use", guard="pages.agreements", again=show_use)
def record_use(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Record how the data was used in a period."""
    given = visit.form.read(Use)
    with visit.desk() as desk:
        use.record_use(desk, agreement_id, Usage(**msgspec.structs.asdict(given)))
    return done(desk, f"/agreements/{agreement_id}/use")


@acted("/use-records/{use_id:str}/discarding", guard="pages.agreements", again=list_uses)
def discard_use(visit: TheVisit, use_id: Ulid) -> Answer:
    """Let a record go whose years are over."""
    with visit.desk() as desk:
        use.discard_use(desk, use_id)
    return done(desk, "/use-records")


def _found(visit: Visit, ask: Asked, *, agreement_id: str = "", side: Side | None = None) -> list[Listed]:
    with visit.house.reading() as db:
        found = use.uses_listed(
            db,
            visit.acting,
            agreement_id=agreement_id,
            side=side,
            after=ask.after,
            descending=ask.descending,
            limit=ask.limit,
        )
        titles = titles_of_entries(db, (one.entry for one in found))
        names = names_of_bodies(db, (code for one in found for code in (one.consumer, one.provider)))
    return [
        Listed(
            record=one,
            title=titles[one.entry],
            consumer=names[one.consumer],
            provider=names[one.provider],
            act=_act(visit, one),
        )
        for one in found
    ]


def _act(visit: Visit, one: UseRecord) -> Act | None:
    may = one.kept.overdue(visit.today) and visit.may("sharing.discard_use", guard.Label(owner=one.consumer))
    return Act(action=f"/use-records/{one.id}/discarding", words=text("Let the record go"), kind="") if may else None


PAGES = [list_uses, show_use, record_use, discard_use]
