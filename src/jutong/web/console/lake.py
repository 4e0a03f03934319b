"""Pages of the lake: how its tables stand, what upkeep would do, and one table, which its keeper tends."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from functools import cache
from typing import Annotated

from litestar.params import PathParameter

from jutong import custody, ledger, registers
from jutong.custody import Retention
from jutong.guard import Label
from jutong.kernel.text import Text, text
from jutong.pools.upkeep import Wear

from .custody_words import LAYERS
from .erasures import titles_of_tables
from .frame import Answer, TheVisit, acted, page, see, shown
from .table import Asked, Column, Table, table_page
from .visit import Visit

TITLE = text("The lake's tables")
PATIENCE_SECONDS = 20.0  # well below the minute after which a proxy gives an answer up
AT_ONCE = 2  # the lock lets one of them work; the other is told so at once
Layer = Annotated[str, PathParameter(pattern="^[a-z]{1,20}$")]
TableName = Annotated[str, PathParameter(pattern="^[A-Za-z0-9_-]{1,60}$")]

# How a table stands, and what it is of.
Row = tuple[Wear, str]


@shown("/lake", guard="pages.lake")
def list_tables(visit: TheVisit) -> Answer:
    """List the lake's tables with what upkeep would do to each."""
    declared = _declared(visit)

    def fetch(ask: Asked) -> list[Row]:
        with visit.house.reading() as db:
            found = custody.list_wear(
                db,
                visit.acting,
                visit.house.pools.lake,
                declared,
                now=visit.house.now(),
                layer=ask.filter("layer"),
                after=ask.after[0] if ask.after else "",
                descending=ask.descending,
                limit=ask.limit,
            )
        titles = titles_of_tables(visit, [one.table for one in found])
        return [(one, titles[one.table]) for one in found]

    return table_page(
        visit,
        TABLES,
        fetch,
        "custody/lake.html",
        title=TITLE,
        resting=custody.resting(visit.house),
        retentions=[(LAYERS[one.layer], one.days, one.basis) for one in declared.values()],
    )


@shown("/lake/{layer:str}/{name:str}", guard="pages.lake")
def show_table(visit: TheVisit, layer: Layer, name: TableName) -> Answer:
    """Show how one table stands, what upkeep would take away, and when it was last tended."""
    table, declared = f"{layer}/{name}", _declared(visit)
    with visit.house.reading() as db:
        lake = visit.house.pools.lake
        found = custody.find_wear(db, visit.acting, lake, declared, table, now=visit.house.now())
        ordered, tended = (ledger.newest_on(db, table, f"custody.{act}") for act in ("upkeep_ordered", "tended"))
        label = Label(owner="", parties=registers.authorities(db))
    return page(
        visit,
        "custody/table.html",
        title=titles_of_tables(visit, [table])[table],
        crumbs=(("/lake", TITLE),),
        one=found,
        layer=LAYERS[layer],
        retention=declared[layer],
        tended=tended,
        under_way=ordered if ordered and (tended is None or tended.at < ordered.at) else None,
        may_tend=visit.may("custody.tend", label),
    )


@acted("/lake/{layer:str}/{name:str}/upkeep", guard="pages.lake", again=show_table)
def tend_table(visit: TheVisit, layer: Layer, name: TableName) -> Answer:
    """Tend a table now; what takes longer than one waits goes on, and its page says how it stands."""
    table = f"{layer}/{name}"
    with visit.house.reading() as db:
        lake = visit.house.pools.lake
        custody.find_wear(db, visit.acting, lake, _declared(visit), table, now=visit.house.now())
    tending = _tending().submit(custody.tend_table, visit.house, visit.acting, table)
    try:
        kept = tending.result(PATIENCE_SECONDS)
    except StillRunning:
        return see(f"/lake/{table}")
    with visit.house.reading() as db:
        line = ledger.newest_on(db, table, "custody.tended") if kept else None
    return see(f"/lake/{table}", done="custody.tended" if line else "", line=line.id if line else "")


@cache
def _tending() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="lake")


def _declared(visit: Visit) -> Mapping[str, Retention]:
    return custody.retentions(visit.house.home.settings.retention)


def _due(row: Row) -> Text:
    return text("due") if row[0].due else text("nothing to do")


TABLES: Table[Row] = Table(
    name="lake",
    title=TITLE,
    columns=(
        Column(
            key="table",
            title=text("Table"),
            value=lambda row: row[1],
            href=lambda row: f"/lake/{row[0].table}",
            sort=True,
        ),
        Column(
            key="layer",
            title=text("Layer"),
            value=lambda row: LAYERS[row[0].table.partition("/")[0]],
            options=tuple(LAYERS.items()),
        ),
        Column(key="files", title=text("Files"), value=lambda row: row[0].files, kind="number"),
        Column(key="bytes", title=text("Bytes"), value=lambda row: row[0].bytes, kind="number"),
        Column(key="oldest", title=text("Oldest version"), value=lambda row: row[0].oldest, kind="number", shown=False),
        Column(key="newest", title=text("Newest version"), value=lambda row: row[0].newest, kind="number"),
        Column(key="since", title=text("Can be read since"), value=lambda row: row[0].since, kind="instant"),
        Column(
            key="due",
            title=text("Upkeep"),
            value=_due,
            tone=lambda row: "amber" if row[0].due else "green",
        ),
    ),
    key=lambda row: (row[0].table,),
    sort="table",
    rows=20,
    empty=text("No table stands in the lake yet."),
)

PAGES = [list_tables, show_table, tend_table]
