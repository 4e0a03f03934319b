"""Pages of single calls: those under an agreement on one day, each with its receipt, never whom it concerned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar.params import Parameter

from jutong import ledger, sharing
from jutong.catalogue import Purpose
from jutong.delivery import CallRecord
from jutong.kernel.shape import learn
from jutong.kernel.text import plain, text

from ..wiring import Ulid
from .delivery import CODES
from .frame import Answer, TheVisit, shown
from .known_names import titles_of_entries
from .sharing import FIRST
from .table import Asked, Column, Table, table_page
from .words import word_of

Day = Annotated[date, Parameter(description="a legal day")]


learn(CallRecord)


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One call as a row of the list."""

    key: tuple[str, str, str]
    record: CallRecord
    at: datetime


def _purpose(row: Called) -> object:
    known = {one.value: one for one in Purpose}
    return word_of(known[row.record.purpose]) if row.record.purpose in known else ""


TABLE: Table[Called] = Table(
    name="day",
    title=text("Calls"),
    columns=(
        Column(key="at", title=text("When"), value=lambda row: row.at, kind="instant", sort=True),
        Column(
            key="code",
            title=text("Outcome"),
            value=lambda row: CODES.get(row.record.code) or plain(row.record.code),
            tone=lambda row: "green" if row.record.code == "ok" else "amber",
        ),
        Column(key="rows", title=text("Records"), value=lambda row: row.record.rows, kind="number"),
        Column(key="purpose", title=text("Purpose"), value=_purpose),
        Column(key="system", title=text("System"), value=lambda row: row.record.client.rpartition("/")[2], kind="code"),
        Column(
            key="id",
            title=text("Receipt"),
            value=lambda row: row.record.id,
            kind="code",
            href=lambda row: f"/receipts/{row.record.id}",
        ),
        Column(key="service", title=text("Path"), value=lambda row: row.record.service, kind="code", shown=False),
    ),
    key=lambda row: row.key,
    sort="at",
    empty=text("No call is on record for this day."),
)


@shown("/calls/{agreement_id:str}/{day:date}", guard="pages.calls")
def list_calls_of_day(visit: TheVisit, agreement_id: Ulid, day: Day) -> Answer:
    """List the calls under an agreement on a day, in the order in which they were sealed."""
    with visit.house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, visit.acting)
        title = titles_of_entries(db, (agreement.entry,))[agreement.entry]

    def fetch(ask: Asked) -> list[Called]:
        house = visit.house
        found = ledger.calls_on(
            house.engine,
            house.home.ledger,
            agreement.id,
            day,
            descending=ask.descending,
            after=ask.after,
            limit=ask.limit,
        )
        records = [(key, msgspec.json.decode(record, type=CallRecord)) for key, record in found]
        return [Called(key=key, record=one, at=datetime.fromisoformat(one.at)) for key, one in records]

    return table_page(
        visit,
        TABLE,
        fetch,
        "delivery/day.html",
        title=text("Calls: {title}, {day}", title=title, day=day),
        crumbs=(FIRST, ("/calls", text("Calls"))),
        agreement=agreement,
    )


PAGES = [list_calls_of_day]
