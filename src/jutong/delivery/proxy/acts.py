"""What is done about departments' own services: declared, tried and opened by the provider, given up, ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from jutong import catalogue, sharing
from jutong.catalogue import Entry, Stage
from jutong.desk import Desk
from jutong.guard import Label, Method
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import Invalid, NotAllowed, Refused, TooMuch, WrongMoment
from jutong.kernel.text import text
from jutong.quality.example import shown_of
from jutong.sharing import Agreement

from ..call import Call, Person
from ..opening import State, must_grant_queries
from ..plan import Plan, compile, judge, over_quota, plan_for
from ..policies import in_force
from ..quota import Counters
from ..refusal import Refusal
from ..secrecy import node_secret
from . import store
from .checking import check
from .credential import sealed_secret
from .declaring import offered_in
from .proxy import MOST_PROXIES, Asks, Proxy
from .reply import cut_of
from .right import Offer, cut_under, offer_of, refusal_of
from .sight import proxy_shown
from .trying import ANSWERED, Door, Tried, Wish, asked_by_hand, question_by_hand

_NO_SECRET = bytes(32)  # masks are compiled with the plan, but no value meets them here


def declare_proxy(
    desk: Desk,
    entry_id: str,
    wish: Proxy,
    *,
    door: Door,
    written: bytes = b"",
    offered: Collection[str] = (),
    secret: str = "",
    user: str = "",
) -> Proxy:
    """Declare, as the provider, an own service over an entry; nobody may ask it before it is opened to an agreement.

    ``written`` is the OpenAPI document and ``offered`` what is offered of it, where the wish does not hold it yet.
    """
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    desk.allow("delivery.declare_proxy", entry.label)
    entry = catalogue.find(desk.db, entry.id)
    _must_be_published(entry)
    if written:
        operations, digest = offered_in(written, offered)
        wish = replace(wish, operations=operations, document=digest)
    new = wish.begun(desk.new_id(), entry=entry.id, provider=entry.provider, by=desk.actor.id, now=desk.now)
    check(new, entry, door.ways)
    kept = sealed_secret(new, secret, user=user, key=door.key)
    live = store.live_proxies(desk.db, entry.id)
    for one in live:
        if one.said() == new.said():
            return one
    if len(live) >= MOST_PROXIES:
        raise TooMuch(
            text("an entry has {most} declared services at most", most=MOST_PROXIES),
            remedy=text("end one that is not needed"),
        )
    if new.asks is not Asks.NOTHING:
        new = new.given(kept, desk.now)
    store.add_proxy(desk.db, new)
    desk.record("delivery.proxy_declared", on=entry.id, **_facts(new), operations=len(new.operations))
    return new


def renew_secret(desk: Desk, proxy_id: str, *, door: Door, secret: str, user: str = "") -> Proxy:
    """Enter another secret for a service of one's own, as the department's side has changed it."""
    kept = proxy_shown(desk.db, proxy_id, desk.actor)
    desk.allow("delivery.renew_proxy_secret", Label(owner=kept.provider))
    renewed = kept.given(sealed_secret(kept, secret, user=user, key=door.key), desk.now)
    store.save_proxy(desk.db, renewed)
    desk.record("delivery.proxy_secret_renewed", on=kept.entry, **_facts(kept))
    return renewed


def try_proxy(desk: Desk, proxy_id: str, wish: Wish, *, door: Door) -> Tried:
    """Ask a service as its provider, in a trial that says so to the service; what comes back is shown masked."""
    kept = proxy_shown(desk.db, proxy_id, desk.actor)
    entry = catalogue.find(desk.db, kept.entry)
    desk.allow("delivery.try_proxy", entry.label)
    kept.state.must_be_live()
    check(kept, entry, door.ways)
    question = question_by_hand(kept, wish)
    shown = {one.item: shown_of(entry.item(one.item), desk.actor.cleared) for one in kept.fields}
    cut = cut_of(kept.fields, shown) if kept.fields else None
    if cut is None and entry.grade > desk.actor.cleared:
        raise NotAllowed(
            text("your clearance does not reach data of grade {grade}", grade=entry.grade.name),
            remedy=text("have somebody with that clearance try it"),
        )
    own = {"jutong-trial": "1", "x-road-id": desk.new_id()}
    with desk.released():
        tried = asked_by_hand(kept, question, cut, own, door)
    desk.record("delivery.proxy_tried", on=kept.entry, **_facts(kept), **_outcome(wish, tried))
    return tried


def ask_proxy(desk: Desk, proxy_id: str, agreement_id: str, wish: Wish, *, door: Door, quota: Path) -> Tried:
    """Ask a service by hand under an own agreement: judged, counted, cut, masked and on record as any call of it.

    ``quota`` is the folder in which the gateway counts the day's records.
    """
    kept = proxy_shown(desk.db, proxy_id, desk.actor)
    agreement = sharing.find_agreement(desk.db, agreement_id, desk.actor)
    desk.allow("delivery.ask_proxy", Label(owner=agreement.consumer))
    plan, offer = _granted(desk, kept, agreement, door)
    question = question_by_hand(kept, wish)
    own = {
        "jutong-agreement": agreement.id,
        "jutong-purpose": agreement.purposes[0].value,
        "jutong-trial": "1",
        "x-road-id": desk.new_id(),
    }
    counters, counts = Counters(quota), False
    taken = counters.take(agreement.id, desk.today, 1, plan.quota_per_day)
    try:
        if not taken:
            raise _refused(over_quota(plan))
        with desk.released():
            tried = asked_by_hand(kept, question, cut_under(plan, offer), own, door)
        if not _stands(desk, proxy_id, agreement_id, door, plan):
            tried = Tried(code="suspended", received=tried.received, milliseconds=tried.milliseconds)
        counts = tried.code == ANSWERED
    finally:
        if taken and not counts:
            counters.give_back(agreement.id, desk.today, 1)
        counters.close()
    desk.record(
        "delivery.proxy_asked",
        on=agreement.id,
        **_facts(kept),
        consumer=agreement.consumer,
        withheld=plan.withheld,
        **_outcome(wish, tried),
    )
    return tried


def open_proxy(desk: Desk, proxy_id: str, agreement_id: str) -> Proxy:
    """Open a service to an agreement that grants queries, as the office that approves requests.

    Where the entry has no rows here, this is how the agreement is delivered.
    """
    kept = proxy_shown(desk.db, proxy_id, desk.actor)
    agreement = sharing.find_agreement(desk.db, agreement_id, desk.actor)
    desk.allow("delivery.open_proxy", Label(owner=kept.provider))
    kept.state.must_be_live()
    must_grant_queries(agreement, kept.entry)
    entry = catalogue.find(desk.db, kept.entry)
    # Policies are asked at each call: what they say today is no reason to open a service, or not to.
    refusal = refusal_of(compile(agreement, entry, secret=_NO_SECRET, policies=()), offer_of(kept, entry))
    if refusal is not None:
        raise _refused(refusal)
    if agreement.id in store.agreements_of(desk.db, kept.id):
        return kept
    store.add_opening(desk.db, kept.id, agreement.id, opened=desk.now, by=desk.actor.id)
    if agreement.awaits_delivery:
        sharing.record_delivery(desk, agreement.id)
    desk.record(
        "delivery.proxy_opened",
        on=agreement.id,
        **_facts(kept),
        consumer=agreement.consumer,
        declaration=kept.digest(),
    )
    return kept


def release_proxy(desk: Desk, proxy_id: str, agreement_id: str) -> Proxy:
    """Give a service up, as the consumer: its agreement rests on it no longer."""
    agreement = sharing.find_agreement(desk.db, agreement_id, desk.actor)
    kept = proxy_shown(desk.db, proxy_id, desk.actor)
    desk.allow("delivery.release_proxy", Label(owner=agreement.consumer))
    if agreement.id in store.agreements_of(desk.db, kept.id):
        store.remove_opening(desk.db, kept.id, agreement.id)
        desk.record("delivery.proxy_released", on=agreement.id, **_facts(kept), consumer=agreement.consumer)
    return kept


def end_proxy(desk: Desk, proxy_id: str) -> Proxy:
    """End a service on which no agreement rests any more; its secret is forgotten."""
    kept = proxy_shown(desk.db, proxy_id, desk.actor)
    desk.allow("delivery.end_proxy", Label(owner=kept.provider))
    if kept.state is State.ENDED:
        return kept
    resting = [sharing.find_agreement(desk.db, one) for one in store.agreements_of(desk.db, kept.id)]
    ended = kept.ended(sum(not one.over for one in resting))
    store.save_proxy(desk.db, ended)
    desk.record("delivery.proxy_ended", on=kept.entry, **_facts(kept))
    return ended


def _granted(desk: Desk, kept: Proxy, agreement: Agreement, door: Door) -> tuple[Plan, Offer]:
    """Return what an official of the consumer is judged by, or refuse."""
    entry = catalogue.find(desk.db, kept.entry)
    if kept.state is State.ENDED or agreement.id not in store.agreements_of(desk.db, kept.id):
        raise NotAllowed(
            text("the service is not open to this agreement"),
            basis=text("sharing agreement"),
            remedy=text("ask the provider's office to open it"),
        )
    check(kept, entry, door.ways)
    plan = compile(agreement, entry, secret=node_secret(door.key), policies=in_force(desk.db, desk.today))
    at = desk.now.astimezone(LEGAL_TIME)
    person = Person(desk.actor.id, frozenset(map(str, desk.actor.duties)), int(desk.actor.assured))
    call = Call("", Method.QUERY, agreement.purposes[0].value, (), at.date(), at.hour, records=1, person=person)
    offer = offer_of(kept, entry)
    kept_rows = plan.rules.rows(call) if plan.rules else None
    refusal = judge(plan, call)
    allowed = plan if refusal is not None else plan_for(plan, call)
    refusal = refusal or refusal_of(allowed, offer, kept_rows)
    if refusal is not None:
        raise _refused(refusal)
    return allowed, offer


def _stands(desk: Desk, proxy_id: str, agreement_id: str, door: Door, plan: Plan) -> bool:
    """Say whether what was judged before the question went out is so still: else the answer is shown to nobody."""
    try:
        agreement = sharing.find_agreement(desk.db, agreement_id, desk.actor)
        standing, _ = _granted(desk, store.find_proxy(desk.db, proxy_id), agreement, door)
    except Refused:
        return False
    return (standing.epoch, standing.masks) == (plan.epoch, plan.masks)


def _must_be_published(entry: Entry) -> None:
    if entry.stage is not Stage.PUBLISHED:
        raise WrongMoment(text("the entry is {stage}", stage=entry.stage.value), remedy=text("publish it first"))
    if not entry.service:
        raise Invalid(
            text("{entry} has no service name, so it has no address", entry=entry.title),
            remedy=text("complete the entry and publish it again"),
        )


def _refused(refusal: Refusal) -> NotAllowed:
    return NotAllowed(refusal.reason, basis=refusal.basis, remedy=refusal.remedy)


def _outcome(wish: Wish, tried: Tried) -> dict[str, str | int]:
    return {
        "operation": wish.operation,
        "code": tried.code,
        "status": tried.status,
        "sent": len(wish.body),
        "received": tried.received,
        "milliseconds": tried.milliseconds,
    }


def _facts(kept: Proxy) -> dict[str, str]:
    return {"proxy": kept.id, "entry": kept.entry, "provider": kept.provider, "name": kept.name}
