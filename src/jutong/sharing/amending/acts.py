"""What a consumer does to have a running agreement otherwise: it applies, and goes the whole way of a request."""

from __future__ import annotations

from dataclasses import replace

from jutong import catalogue, registers
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.errors import WrongMoment
from jutong.kernel.text import text

from .. import store
from ..buying import store as buying
from ..buying.purchase import check_licences
from ..granting import terms_of
from ..request import Request, Stage, request_of
from ..wish import must_differ
from .delta import Delta


def draft_amendment(desk: Desk, agreement_id: str, delta: Delta) -> Request:
    """Draft an application to use more, or otherwise, than was agreed; until it is answered the old terms run on.

    It is a request of the same kind: signed, submitted, answered by the same clocks. One change at a time.
    """
    agreement = store.find_agreement(desk.db, agreement_id, desk.actor, hold=True)
    desk.allow("sharing.draft_amendment", Label(owner=agreement.consumer))
    agreement.must_be_amendable()
    before = terms_of(agreement, replace(store.find_request(desk.db, agreement.worded_by).wish, papers=()))
    wish = delta.on(before)
    must_differ(wish, before)
    for name in wish.systems:
        registers.find_system(desk.db, registers.SystemName.parse(name))
    for other in store.changes_of(desk.db, agreement_id):
        if other.stage is Stage.DRAFT and other.wish == wish:
            return other
        raise WrongMoment(
            text("another change of this agreement is under way: {request}", request=other.id),
            remedy=text("wait for its answer, or take it back"),
        )
    entry = catalogue.find(desk.db, agreement.entry)
    check_licences(buying.purchases_of_entry(desk.db, entry.id), wish, desk.actor.org, desk.today)
    request = request_of(wish, entry, id=desk.new_id(), consumer=desk.actor.org, today=desk.today)
    request = replace(request, amends=agreement.id, before=before)
    store.save_request(desk.db, request)
    desk.record("sharing.drafted", on=request.id, **request.facts())
    return request


def drop_amendments(desk: Desk, agreement_id: str) -> tuple[str, ...]:
    """Take back what is still applied for of an agreement that has ended: what the house does when it hears of it."""
    desk.allow("sharing.drop_amendments", Label(owner=desk.actor.org))
    if not store.find_agreement(desk.db, agreement_id).over:
        return ()
    dropped = []
    for seen in store.changes_of(desk.db, agreement_id):
        request = store.find_request(desk.db, seen.id, hold=True).withdraw(desk.today)
        store.save_request(desk.db, request)
        desk.record("sharing.withdrawn", on=request.id, **request.facts())
        dropped.append(request.id)
    return tuple(dropped)
