"""The page of pushes: which system sends which file, how far it has come, and why one was refused."""

from __future__ import annotations

from jutong import catalogue
from jutong.collection import pushes
from jutong.collection.pushes import Push, Stage, Tray
from jutong.kernel.text import text

from ..plans import own_only
from .collection import FIRST, bodies_first, names_of_bodies
from .frame import Answer, TheVisit, shown
from .table import Asked, Column, Table, table_page


@shown("/pushes", guard="pages.pushes")
def list_pushes(visit: TheVisit) -> Answer:
    """List the files that systems of one's own body push, or of all bodies for those who oversee the tier."""
    names, home = names_of_bodies(visit), visit.house.home.folder
    with visit.house.reading() as db:
        own = own_only(db, visit.acting)

    def fetch(ask: Asked) -> list[tuple[Push, str, int]]:
        with visit.house.reading() as db:
            found = pushes.pushes_listed(
                db,
                provider=own or ask.filter("provider"),
                stage=ask.filter("stage"),
                after=ask.after,
                limit=ask.limit,
                descending=ask.descending,
            )
            titles = catalogue.titles(db, [one.entry for one in found])
        return [(one, titles.get(one.entry, one.entry), _there(one, Tray.of(home, one))) for one in found]

    provider: Column[tuple[Push, str, int]] = Column(
        key="provider",
        title=text("Provider"),
        value=lambda row: names.get(row[0].provider, row[0].provider),
        options=None if own else bodies_first(names, visit.acting.org),
    )
    table: Table[tuple[Push, str, int]] = Table(
        name="pushes",
        title=text("Pushed files"),
        columns=(*_PUSHES[:7], provider, *_PUSHES[7:]),
        key=lambda row: (row[0].opened.isoformat(), row[0].id),
        empty=text("No system has pushed a file yet."),
        sort="-opened",
    )
    return table_page(visit, table, fetch, "collection/pushes.html", title=table.title, crumbs=(FIRST,))


def _there(push: Push, tray: Tray) -> int:
    if push.stage is Stage.OPEN:
        return 100 * tray.offset // push.parcel.size
    return 0 if push.stage is Stage.GIVEN_UP else 100


def _tone(row: tuple[Push, str, int]) -> str:
    return {Stage.OPEN: "blue", Stage.LANDED: "green", Stage.REFUSED: "red"}.get(row[0].stage, "")


_PUSHES: tuple[Column[tuple[Push, str, int]], ...] = (
    Column(key="opened", title=text("Announced"), value=lambda row: row[0].opened, kind="instant", sort=True),
    Column(key="name", title=text("File"), value=lambda row: row[0].parcel.name),
    Column(key="stage", title=text("State"), value=lambda row: row[0].stage, tone=_tone, options=Stage),
    Column(key="reason", title=text("Reason"), value=lambda row: row[0].reason or ""),
    Column(key="there", title=text("Arrived, %"), value=lambda row: row[2], kind="number"),
    Column(
        key="batch",
        title=text("Batch"),
        value=lambda row: row[0].batch[-6:],
        href=lambda row: f"/batches/{row[0].batch}" if row[0].batch else "",
    ),
    Column(
        key="entry",
        title=text("Entry"),
        value=lambda row: row[1],
        href=lambda row: f"/entries/{row[0].entry}/batches",
    ),
    # Its body stands beside it; the whole name is as long as a line.
    Column(key="system", title=text("System"), value=lambda row: row[0].system.rpartition("/")[2]),
    Column(key="size", title=text("Bytes"), value=lambda row: row[0].parcel.size, kind="number", shown=False),
)

PAGES = [list_pushes]
