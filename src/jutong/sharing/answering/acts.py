"""What a provider answers: yes, wholly or in part, for a new agreement or a change of one; or no, with its reason."""

from __future__ import annotations

from collections.abc import Mapping

from jutong import catalogue
from jutong.catalogue.entry import Entry
from jutong.catalogue.stage import Stage as EntryStage
from jutong.catalogue.terms_of_use import ShareType
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import canonical, digest
from jutong.kernel.errors import Refused

from .. import clocks, store, waiting
from ..agreement import Agreement
from ..buying import store as buying
from ..buying.purchase import check_licences
from ..granting import agreement_of, amended_by
from ..request import Request, Stage


def approve(
    desk: Desk, request_id: str, *, masks: Mapping[str, str] | None = None, quota_per_day: int | None = None
) -> Agreement:
    """Say yes as head of the provider's sharing office; the agreement stands, and the delivery clock runs (art. 22)."""
    request = _held(desk, request_id)
    entry = catalogue.find(desk.db, request.entry)
    desk.allow("sharing.approve", entry.label)
    if standing := store.agreement_from(desk.db, request.id):
        return standing
    request = request.agree(desk.today)
    return _agreed(desk, request, _granted(desk, request, entry, masks or {}, quota_per_day))


def answer_unconditional(desk: Desk) -> tuple[str, ...]:
    """Say yes at once where the law leaves no other answer: data that is shared without condition (arts 14 and 21).

    What the house may not give by itself, such as clear text that a second person must allow, waits for the head.
    """
    desk.allow("sharing.answer_unconditional", Label(owner=desk.actor.org))
    answered = []
    for seen in waiting.open_requests(desk.db, hold=False):
        if seen.share_type is not ShareType.UNCONDITIONAL or seen.stage is not Stage.SUBMITTED:
            continue
        request = _held(desk, seen.id)
        if request.stage is not Stage.SUBMITTED:
            continue  # somebody came first
        entry = catalogue.find(desk.db, request.entry)
        try:
            if entry.stage is not EntryStage.PUBLISHED or entry.share_type_of(request.wish.items) != request.share_type:
                continue
            request = request.agree(desk.today)
            agreement = _granted(desk, request, entry, {}, None)
        except Refused:
            continue  # a person answers by the clock that runs anyway
        answered.append(_agreed(desk, request, agreement).id)
    return tuple(answered)


def refuse(desk: Desk, request_id: str, *, reason: str, basis: str) -> Request:
    """Say no as head of the provider's sharing office, with reason and basis (art. 21)."""
    request = _held(desk, request_id)
    desk.allow("sharing.refuse", Label(owner=request.provider))
    if request.stage is Stage.REFUSED and (request.reason, request.basis) == (reason, basis):
        return request
    request = request.refuse(reason, basis, desk.today)
    store.save_request(desk.db, request)
    used, told = clocks.used(desk, request.clock), digest(canonical({"reason": reason, "basis": basis}))
    desk.record("sharing.refused", on=request.id, used=used, told=told, **request.facts())
    return request


def _granted(
    desk: Desk, request: Request, entry: Entry, masks: Mapping[str, str], quota_per_day: int | None
) -> Agreement:
    """Return the agreement that a request leads to: a new one, or the one that it changes, as it wants it."""
    licences = buying.purchases_of_entry(desk.db, entry.id)
    check_licences(licences, request.wish, request.consumer, desk.today)
    delivery = clocks.of(desk, "DELIVER", request.provider, desk.today)
    if request.amends:
        standing = store.find_agreement(desk.db, request.amends, hold=True)
        return amended_by(request, entry, standing, masks=masks, quota_per_day=quota_per_day, delivery=delivery)
    return agreement_of(request, entry, id=desk.new_id(), masks=masks, quota_per_day=quota_per_day, delivery=delivery)


def _agreed(desk: Desk, request: Request, agreement: Agreement) -> Agreement:
    was = store.find_agreement(desk.db, request.amends).digest() if request.amends else ""
    store.save_request(desk.db, request)
    agreement = store.save_agreement(desk.db, agreement)
    used = clocks.used(desk, request.clock)
    desk.record("sharing.approved", on=request.id, used=used, **request.facts(), **agreement.grant())
    if request.amends:
        agreed = agreement.digest()
        desk.record("sharing.amended", on=agreement.id, by=request.id, was=was, agreed=agreed, **agreement.facts())
    return agreement


def _held(desk: Desk, request_id: str) -> Request:
    return store.find_request(desk.db, request_id, desk.actor, hold=True)
