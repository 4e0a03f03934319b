"""Lists of what the census holds beside tables: editions, a body's powers, its service items."""

from __future__ import annotations

from jutong import census, registers
from jutong.census import Edition
from jutong.kernel.text import text
from jutong.registers import Power, PowerKind, ServiceItem

from .census import CENSUS, FIRST
from .frame import Answer, TheVisit, shown
from .table import Asked, Column, Table, table_page

INVENTORY = ("/census/inventory", text("What my body has and does"))
EDITIONS: Table[Edition] = Table(
    name="editions",
    title=text("Editions of the census"),
    columns=(
        Column(
            key="name",
            title=text("Name of the edition"),
            value=lambda one: one.name,
            href=lambda one: f"/census/editions/{one.id}",
            options="text",
            sort=True,
            place=lambda one: one.name,
        ),
        Column(
            key="frozen",
            title=text("Frozen"),
            value=lambda one: one.frozen,
            kind="instant",
            sort=True,
            place=lambda one: one.frozen.isoformat(),
        ),
        Column(key="bodies", title=text("Bodies"), value=lambda one: len(one.counts), kind="number"),
        Column(key="digest", title=text("Digest"), value=lambda one: one.digest, kind="code", shown=False),
    ),
    key=lambda one: (one.id,),
    sort="-frozen",
    empty=text("No edition was frozen yet."),
)
POWERS: Table[Power] = Table(
    name="powers",
    title=text("Powers and responsibilities"),
    columns=(
        Column(key="code", title=text("Code"), value=lambda one: one.code, kind="code", sort=True),
        Column(
            key="title",
            title=text("Title"),
            value=lambda one: one.title,
            options="text",
            sort=True,
            place=lambda one: one.title,
        ),
        Column(key="kind", title=text("Kind"), value=lambda one: one.kind, options=PowerKind),
        Column(key="basis", title=text("Basis"), value=lambda one: one.basis),
    ),
    key=lambda one: (one.code,),
    sort="code",
    empty=text("No power is listed yet."),
)
SERVICE_ITEMS: Table[ServiceItem] = Table(
    name="service-items",
    title=text("Service items"),
    columns=(
        Column(key="code", title=text("Code"), value=lambda one: one.code, kind="code", sort=True),
        Column(
            key="title",
            title=text("Title"),
            value=lambda one: one.title,
            options="text",
            sort=True,
            place=lambda one: one.title,
        ),
        Column(key="power", title=text("Rests on the power"), value=lambda one: one.power, kind="code"),
        Column(
            key="requirements",
            title=text("Requirements"),
            value=lambda one: "; ".join(each.title for each in one.requirements),
        ),
        Column(
            key="paper",
            title=text("Requirements on paper"),
            value=lambda one: sum(not each.entry for each in one.requirements),
            kind="number",
        ),
    ),
    key=lambda one: (one.code,),
    sort="code",
    empty=text("No service item is listed yet."),
)


@shown("/census/editions", guard="pages.census")
def list_editions(visit: TheVisit) -> Answer:
    """List the editions of the census."""

    def fetch(ask: Asked) -> tuple[Edition, ...]:
        with visit.house.reading() as db:
            return census.editions_listed(
                db,
                name=ask.filter("name"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    return table_page(visit, EDITIONS, fetch, "census/listed.html", title=EDITIONS.title, crumbs=(FIRST, CENSUS))


@shown("/census/inventory/powers", guard="pages.census")
def list_powers(visit: TheVisit) -> Answer:
    """List the powers of one's own body."""

    def fetch(ask: Asked) -> tuple[Power, ...]:
        with visit.house.reading() as db:
            return registers.powers_listed(
                db,
                visit.acting.org,
                title=ask.filter("title"),
                kind=ask.filter("kind"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    crumbs = (FIRST, CENSUS, INVENTORY)
    return table_page(visit, POWERS, fetch, "census/listed.html", title=POWERS.title, crumbs=crumbs)


@shown("/census/inventory/service-items", guard="pages.census")
def list_service_items(visit: TheVisit) -> Answer:
    """List the service items of one's own body."""

    def fetch(ask: Asked) -> tuple[ServiceItem, ...]:
        with visit.house.reading() as db:
            return registers.service_items_listed(
                db,
                visit.acting.org,
                title=ask.filter("title"),
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    crumbs = (FIRST, CENSUS, INVENTORY)
    return table_page(visit, SERVICE_ITEMS, fetch, "census/listed.html", title=SERVICE_ITEMS.title, crumbs=crumbs)


PAGES = [list_editions, list_powers, list_service_items]
