"""Pages of erasure: requests that name nobody, and one of them, which a second person confirms and carries out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from functools import cache
from typing import Annotated

import msgspec

from jutong import catalogue, custody, guard, ledger, registers
from jutong.custody import Erasure, Ground, Outcome, Phase
from jutong.kernel.text import Text, text

from ..wiring import Ulid
from .custody_words import LAYERS
from .deeds import Names
from .form import Form
from .frame import Answer, TheVisit, acted, done, page, see, shown
from .table import Asked, Column, Table, table_page
from .visit import Visit

TITLE = text("Erasure of one subject")
PATIENCE_SECONDS = 20.0  # well below the minute after which a proxy gives an answer up
AT_ONCE = 2  # the lock lets one of them work; the other is told so at once
Identifier = Annotated[str, msgspec.Meta(max_length=40)]


class Asking(msgspec.Struct, kw_only=True):
    """Whom an erasure is about, on which ground and basis; the identifier goes no further than its digest."""

    identifier: Identifier
    ground: Ground
    basis: Annotated[str, msgspec.Meta(max_length=400)]


class Confirming(msgspec.Struct, kw_only=True):
    """The identifier, typed again by the second person."""

    identifier: Identifier


# A request, and the posts of who asked.
Row = tuple[Erasure, Text]


@shown("/erasures", guard="pages.erasures")
def list_erasures(visit: TheVisit) -> Answer:
    """List the requests for erasure, and let one be asked for."""
    names = Names(visit.house)

    def fetch(ask: Asked) -> list[Row]:
        with visit.house.reading() as db:
            found = custody.list_erasures(
                db,
                visit.acting,
                phase=ask.filter("phase"),
                after=ask.after[0] if ask.after else "",
                descending=ask.descending,
                limit=ask.limit,
            )
        return [(one, names.who(one.asked_by)) for one in found]

    return table_page(
        visit,
        ERASURES,
        fetch,
        "custody/erasures.html",
        title=TITLE,
        may_ask=visit.may("custody.ask_erasure", _whole_lake(visit)),
        grounds=Ground,
    )


@acted("/erasures", guard="pages.erasures", again=list_erasures)
def ask_erasure(visit: TheVisit) -> Answer:
    """Ask that everything on one subject be erased."""
    whole, identifier = visit.form, visit.form.get("identifier").strip().upper()
    if identifier and identifier in whole.get("basis").upper():
        # A basis that spells the identifier does not come back with the refused form.
        visit.form = Form({name: values for name, values in whole.fields.items() if name != "basis"})
    given = whole.read(Asking)
    key = visit.house.key.secret_for(custody.PURPOSE)
    with visit.desk() as desk:
        asked = custody.ask_erasure(desk, given.identifier, ground=given.ground, basis=given.basis, key=key)
    return done(desk, f"/erasures/{asked.id}")


@shown("/erasures/{erasure_id:str}", guard="pages.erasures")
def show_erasure(visit: TheVisit, erasure_id: Ulid) -> Answer:
    """Show a request and what was erased, as counts; whoever may confirm it does so here."""
    with visit.house.reading() as db:
        asked = custody.find_erasure(db, visit.acting, erasure_id)
    names = Names(visit.house)
    return page(
        visit,
        "custody/erasure.html",
        title=text("Erasure {id}", id=asked.id[-6:]),
        crumbs=(("/erasures", TITLE),),
        one=asked,
        asked=asked.phase is Phase.ASKED,
        is_done=asked.phase is Phase.DONE,
        asked_by=names.who(asked.asked_by),
        confirmed_by=names.who(asked.confirmed_by) if asked.confirmed_by else "",
        counts=_counts(visit, asked.outcome),
        consumers=[names.body(one) for one in asked.outcome.consumers],
        may_confirm=visit.may("custody.confirm_erasure", _whole_lake(visit)),
        is_own=asked.asked_by == visit.acting.id,
    )


@acted("/erasures/{erasure_id:str}/carrying-out", guard="pages.erasures", again=show_erasure)
def carry_out(visit: TheVisit, erasure_id: Ulid) -> Answer:
    """Confirm a request and carry it out; what takes longer than one waits goes on, and its page says how it stands."""
    given = visit.form.read(Confirming)
    erasing = _erasing().submit(custody.confirm_and_erase, visit.house, visit.acting, erasure_id, given.identifier)
    try:
        erasing.result(PATIENCE_SECONDS)
    except StillRunning:
        return see(f"/erasures/{erasure_id}")
    with visit.house.reading() as db:
        line = ledger.newest_on(db, erasure_id, "custody.erased")
    return see(f"/erasures/{erasure_id}", done="custody.erased", line=line.id if line else "")


@cache
def _erasing() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="erasure")


def _whole_lake(visit: Visit) -> guard.Label:
    with visit.house.reading() as db:
        return guard.Label(owner="", parties=registers.authorities(db))


def _counts(visit: Visit, outcome: Outcome) -> list[tuple[Text, str, int, int]]:
    """Return, table by table, its layer, what it is of, rows that went and rows of others that were cleared."""
    tables = sorted({*outcome.rows, *outcome.cells})
    titles = titles_of_tables(visit, tables)
    return [
        (LAYERS[one.partition("/")[0]], titles[one], outcome.rows.get(one, 0), outcome.cells.get(one, 0))
        for one in tables
    ]


def titles_of_tables(visit: Visit, tables: Iterable[str]) -> Mapping[str, str]:
    """Return what each table of the lake is of: its entry's title (and what of it), or its own name."""
    names = {one: one.partition("/")[2].partition("_") for one in tables}
    with visit.house.reading() as db:
        titles = catalogue.titles(db, [entry for entry, _, _ in names.values()])
    return {
        one: f"{titles[name[0]]}{' · ' if name[2] else ''}{name[2]}" if name[0] in titles else "".join(name)
        for one, name in names.items()
    }


def _tone(row: Row) -> str:
    return {Phase.ASKED: "amber", Phase.CONFIRMED: "blue", Phase.DONE: "green"}[row[0].phase]


ERASURES: Table[Row] = Table(
    name="erasures",
    title=TITLE,
    columns=(
        Column(
            key="id",
            title=text("Request"),
            value=lambda row: row[0].id[-6:],
            href=lambda row: f"/erasures/{row[0].id}",
        ),
        Column(key="asked", title=text("Asked for"), value=lambda row: row[0].asked_at, kind="instant", sort=True),
        Column(key="phase", title=text("State"), value=lambda row: row[0].phase, tone=_tone, options=Phase),
        Column(key="ground", title=text("Ground"), value=lambda row: row[0].ground),
        Column(key="basis", title=text("Basis"), value=lambda row: row[0].basis),
        Column(key="by", title=text("Asked by"), value=lambda row: row[1], shown=False),
        Column(key="done", title=text("Carried out"), value=lambda row: row[0].done_at or "", kind="instant"),
        Column(
            key="rows",
            title=text("Rows erased"),
            value=lambda row: sum(row[0].outcome.rows.values()),
            kind="number",
        ),
    ),
    key=lambda row: (row[0].id,),
    sort="-asked",
    path="/erasures",
    empty=text("No erasure was asked for."),
)

PAGES = [list_erasures, ask_erasure, show_erasure, carry_out]
