"""Pages of data that was bought: what there is, who may use it, and what is declared anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import msgspec

from jutong import registers
from jutong.catalogue import Purpose
from jutong.desk import Reading
from jutong.guard import Label
from jutong.kernel.text import text
from jutong.sharing import buying
from jutong.sharing.buying import PriceClass, Purchase, Terms

from ..wiring import Name, Ulid, UlidField, Words
from .frame import Answer, TheVisit, acted, done, page, shown
from .known_names import entry_page, names_of_bodies
from .sharing import FIRST
from .table import Asked, Column, Table, table_page
from .visit import Visit

PURCHASES = ("/purchases", text("Bought data"))


class Declaration(msgspec.Struct, kw_only=True):
    """What was bought."""

    title: Words
    supplier: Words
    contract: Name
    price: PriceClass
    purposes: tuple[Purpose, ...]
    starts: date
    ends: date
    users: Words = ""


class Sharing(msgspec.Struct, kw_only=True):
    """Under which entry it is shared."""

    entry: UlidField


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A purchase as a row of the list."""

    purchase: Purchase
    buyer: str
    stands: bool


TABLE: Table[Listed] = Table(
    name="purchases",
    title=text("Bought data"),
    columns=(
        Column(
            key="title",
            title=text("Bought data"),
            value=lambda row: row.purchase.terms.title,
            href=lambda row: f"/purchases/{row.purchase.id}",
        ),
        Column(key="buyer", title=text("Bought by"), value=lambda row: row.buyer),
        Column(key="supplier", title=text("Supplier"), value=lambda row: row.purchase.terms.supplier),
        Column(key="ends", title=text("Licence ends"), value=lambda row: row.purchase.terms.ends, kind="day"),
        Column(
            key="stands",
            title=text("Licence"),
            value=lambda row: text("licence in force") if row.stands else text("licence not in force"),
            tone=lambda row: "green" if row.stands else "plain",
        ),
        Column(key="id", title=text("Declared"), value=lambda row: row.purchase.declared, kind="day", sort=True),
    ),
    key=lambda row: (row.purchase.id,),
    sort="-id",
    empty=text("Nothing has been declared as bought."),
    then=text("Whoever buys data declares it here, so that it is bought once and used by many."),
)


@shown("/purchases", guard="pages.purchases")
def list_purchases(visit: TheVisit) -> Answer:
    """List what bodies bought."""

    def fetch(ask: Asked) -> list[Listed]:
        after = ask.after[0] if ask.after else ""
        with visit.house.reading() as db:
            found = buying.purchases(db, after=after, limit=ask.limit, descending=ask.descending)
            return _rows(db, visit, found)

    may = visit.may("pages.purchase_form")
    return table_page(
        visit, TABLE, fetch, "sharing/purchases.html", title=TABLE.title, crumbs=(FIRST,), may_declare=may
    )


@shown("/purchases/new", guard="pages.purchase_form")
def new_purchase(visit: TheVisit) -> Answer:
    """Show the form of a declaration."""
    return page(
        visit,
        "sharing/purchase_form.html",
        title=text("Declare a purchase of data"),
        crumbs=(FIRST, PURCHASES),
        prices=tuple(PriceClass),
        purposes=tuple(Purpose),
    )


@acted("/purchases/new", guard="pages.purchase_form", again=new_purchase)
def declare_purchase(visit: TheVisit) -> Answer:
    """Declare a purchase."""
    given = visit.form.read(Declaration)
    terms = Terms(
        title=given.title,
        supplier=given.supplier,
        contract=given.contract.lower(),
        price=given.price,
        purposes=given.purposes,
        starts=given.starts,
        ends=given.ends,
        users=tuple(dict.fromkeys(given.users.split())),
    )
    with visit.desk() as desk:
        purchase = buying.declare_purchase(desk, terms)
    return done(desk, f"/purchases/{purchase.id}")


@shown("/purchases/{purchase_id:str}", guard="pages.purchases")
def show_purchase(visit: TheVisit, purchase_id: Ulid) -> Answer:
    """Show what was bought, who may use it, and where it is asked for."""
    with visit.house.reading() as db:
        purchase = buying.find_purchase(db, purchase_id)
        names = names_of_bodies(db, (purchase.buyer, *purchase.terms.users))
        similar = [
            one for one in buying.purchases_like(db, (purchase.terms.title,), visit.today) if one.id != purchase_id
        ]
    return page(
        visit,
        "sharing/purchase.html",
        title=purchase.terms.title,
        crumbs=(FIRST, PURCHASES),
        purchase=purchase,
        names=names,
        users=[names[one] for one in purchase.terms.users],
        stands=purchase.stands(visit.today),
        similar=similar,
        entry_page=entry_page(purchase.entry) if purchase.entry else "",
        may_share=purchase.over is None and visit.may("sharing.share_purchase", Label(owner=purchase.buyer)),
    )


@acted("/purchases/{purchase_id:str}/entry", guard="pages.purchases", again=show_purchase)
def share_purchase(visit: TheVisit, purchase_id: Ulid) -> Answer:
    """Share it under an entry."""
    given = visit.form.read(Sharing)
    with visit.desk() as desk:
        buying.share_purchase(desk, purchase_id, given.entry)
    return done(desk, f"/purchases/{purchase_id}")


def _rows(db: Reading, visit: Visit, found: Iterable[Purchase]) -> list[Listed]:
    known = tuple(found)
    names = registers.body_names(db, sorted({one.buyer for one in known}))
    return [
        Listed(purchase=one, buyer=names.get(one.buyer, one.buyer), stands=one.stands(visit.today)) for one in known
    ]


PAGES = [list_purchases, new_purchase, declare_purchase, show_purchase, share_purchase]
