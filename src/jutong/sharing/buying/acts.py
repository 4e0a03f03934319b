"""What is done about data that was bought: it is declared, shared under an entry, and ends with its licence."""

from __future__ import annotations

from jutong import catalogue
from jutong.catalogue.stage import Stage as EntryStage
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.errors import Invalid, NotAllowed, NotFound
from jutong.kernel.text import text

from .. import clocks
from .. import store as sharing
from . import store
from .purchase import LICENCE, Purchase, Terms


def declare_purchase(desk: Desk, terms: Terms) -> Purchase:
    """Declare, as the buyer, what was bought; the same contract again is the same purchase."""
    desk.allow("sharing.declare_purchase", Label(owner=desk.actor.org))
    terms.check()
    if known := store.purchase_by(desk.db, terms.contract):
        if known.buyer == desk.actor.org and known.terms == terms:
            return known
        raise Invalid(
            text("a purchase by this contract has been declared already"),
            basis=LICENCE,
            remedy=text("look for it among the purchases"),
        )
    purchase = Purchase(id=desk.new_id(), buyer=desk.actor.org, terms=terms, declared=desk.today)
    store.save_purchase(desk.db, purchase)
    desk.record("sharing.purchase_declared", on=purchase.id, **purchase.facts())
    return purchase


def share_purchase(desk: Desk, purchase_id: str, entry_id: str) -> Purchase:
    """Share what was bought under an entry of the buyer: others ask for it there, within the licence."""
    purchase = store.find_purchase(desk.db, purchase_id, hold=True)
    desk.allow("sharing.share_purchase", Label(owner=purchase.buyer))
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    if entry.provider != purchase.buyer:
        raise NotAllowed(
            text("bought data is shared under an entry of its buyer"),
            basis=LICENCE,
            remedy=text("catalogue it, and have the entry published"),
        )
    if entry.stage is not EntryStage.PUBLISHED:
        raise NotFound("catalogue entry", entry_id)
    if purchase.entry == entry_id:
        return purchase
    purchase = purchase.share(entry_id)
    store.save_purchase(desk.db, purchase)
    desk.record("sharing.purchase_shared", on=purchase.id, **purchase.facts())
    return purchase


def end_purchases(desk: Desk) -> tuple[str, ...]:
    """End each licence that has run out, and with the last one of an entry what rests on it: the house, every day."""
    desk.allow("sharing.end_purchases", Label(owner=desk.actor.org))
    ended = []
    for purchase in store.purchases_past(desk.db, desk.today):
        purchase = purchase.end(desk.today)
        store.save_purchase(desk.db, purchase)
        licensed = any(one.stands(desk.today) for one in store.purchases_of_entry(desk.db, purchase.entry))
        resting = sharing.agreements_of_entry(desk.db, purchase.entry) if purchase.entry and not licensed else ()
        standing = [one for one in resting if not one.over]
        for agreement in standing:
            clock = clocks.of(desk, "DISPOSAL_CERTIFIED", agreement.provider, desk.today)
            agreement = sharing.save_agreement(desk.db, agreement.conclude("the licence of bought data ended", clock))
            desk.record("sharing.expired", on=agreement.id, dispose_by=clock.due.isoformat(), **agreement.facts())
        desk.record("sharing.purchase_ended", on=purchase.id, agreements=len(standing), **purchase.facts())
        ended.append(purchase.id)
    return tuple(ended)
