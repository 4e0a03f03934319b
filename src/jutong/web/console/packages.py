"""The page of packages: which came from which edge agent, which wait for which number, and why one was refused."""

from __future__ import annotations

import msgspec
from litestar.di import Provide

from jutong import catalogue
from jutong.collection import packages
from jutong.collection.packages import Package, Stage
from jutong.guard import Label
from jutong.kernel.text import text

from ..plans import own_only
from .collection import FIRST, bodies_first, names_of_bodies
from .form import Misfilled
from .frame import Answer, TheVisit, acted, see, shown
from .table import Asked, Column, Table, table_page
from .upload import UPLOAD_MOST, medium_form


class Carried(msgspec.Struct, kw_only=True):
    """The form beside a package: the file says all."""


Row = tuple[Package, str, int]  # its entry's title, the number that is missing before it


@shown("/packages", guard="pages.packages")
def list_packages(visit: TheVisit) -> Answer:
    """List the packages of one's own body's edge agents, or of all bodies for those who oversee the tier."""
    names = names_of_bodies(visit)
    with visit.house.reading() as db:
        own = own_only(db, visit.acting)

    def fetch(ask: Asked) -> list[Row]:
        with visit.house.reading() as db:
            found = packages.packages_listed(
                db,
                provider=own or ask.filter("provider"),
                stage=ask.filter("stage"),
                after=ask.after,
                limit=ask.limit,
                descending=ask.descending,
            )
            titles = catalogue.titles(db, [one.entry for one in found])
            following = packages.next_numbers(db, {(one.system, one.entry) for one in found})
        return [(one, titles.get(one.entry, one.entry), _missing(one, following)) for one in found]

    provider: Column[Row] = Column(
        key="provider",
        title=text("Provider"),
        value=lambda row: names.get(row[0].provider, row[0].provider),
        options=None if own else bodies_first(names, visit.acting.org),
    )
    table: Table[Row] = Table(
        name="packages",
        title=text("Packages of edge agents"),
        columns=(*_PACKAGES[:6], provider, *_PACKAGES[6:]),
        key=lambda row: (row[0].came.isoformat(), row[0].id),
        empty=text("No package of an edge agent has come yet."),
        sort="-came",
    )
    may = visit.may("collection.take_packages", Label(owner=visit.acting.org))
    return table_page(visit, table, fetch, "collection/packages.html", title=table.title, crumbs=(FIRST,), may_take=may)


@acted(
    "/packages",
    guard="pages.packages",
    again=list_packages,
    request_max_body_size=UPLOAD_MOST,
    dependencies={"form": Provide(medium_form)},
)
def take_package(visit: TheVisit) -> Answer:
    """Take in a package that somebody carried here; it lands when every earlier number has."""
    visit.form.read(Carried)
    spooled = visit.form.spooled.get("package")
    if spooled is None:
        raise Misfilled({"package": text("choose the package that is to be taken in")})
    packages.take_file(visit.house, visit.acting, spooled.path)
    return see("/packages")


def _missing(package: Package, following: dict[tuple[str, str], int]) -> int:
    number = following[package.system, package.entry]
    return number if not package.over and number < package.number else 0


def _tone(row: Row) -> str:
    return {Stage.WAITING: "blue", Stage.LANDED: "green", Stage.STOPPED: "red", Stage.SKIPPED: ""}[row[0].stage]


_PACKAGES: tuple[Column[Row], ...] = (
    Column(key="came", title=text("Came"), value=lambda row: row[0].came, kind="instant", sort=True),
    Column(key="number", title=text("Number"), value=lambda row: row[0].number, kind="number"),
    Column(key="stage", title=text("State"), value=lambda row: row[0].stage, tone=_tone, options=Stage),
    Column(key="waits", title=text("Waits for number"), value=lambda row: row[2] or "", kind="number"),
    Column(key="reason", title=text("Reason"), value=lambda row: row[0].reason or ""),
    Column(
        key="entry",
        title=text("Entry"),
        value=lambda row: row[1],
        href=lambda row: f"/entries/{row[0].entry}/batches",
    ),
    # Its body stands beside it; the whole name is as long as a line.
    Column(key="system", title=text("System"), value=lambda row: row[0].system.rpartition("/")[2]),
    Column(
        key="batch",
        title=text("Batch"),
        value=lambda row: row[0].batch[-6:],
        href=lambda row: f"/batches/{row[0].batch}" if row[0].batch else "",
    ),
    Column(
        key="receipt",
        title=text("Receipt"),
        value=lambda row: text("Open the receipt") if row[0].line else None,
        href=lambda row: f"/receipts/{row[0].line}" if row[0].line else "",
    ),
    Column(key="id", title=text("Package"), value=lambda row: row[0].id, shown=False),
    Column(key="size", title=text("Bytes"), value=lambda row: row[0].size, kind="number", shown=False),
)

PAGES = [list_packages, take_package]
