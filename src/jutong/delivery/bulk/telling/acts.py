"""What is done about subscriptions: subscribed, ended, given up as a dead letter, sent again."""

from __future__ import annotations

from jutong import catalogue, sharing
from jutong.catalogue import Purpose
from jutong.desk import Desk
from jutong.guard import Label, Method
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, NotFound, Overtaken, TooMuch
from jutong.kernel.text import text
from jutong.terms import Duty

from ... import policies
from ...call import bulk_call
from ...plan import compile, judge
from ...secrecy import node_secret
from ...subjects import SUBSCRIBE
from .. import store as views
from . import store
from .event import event_of
from .subscription import MOST, Subscription, check_address


def subscribe(
    desk: Desk, agreement_id: str, system: str, url: str, purpose: Purpose, *, key: SigningKey
) -> Subscription:
    """Let a system of the consumer be told of each new version of an agreement's view, from the newest one on.

    The same system at the same address is subscribed once.
    """
    agreement = sharing.find_agreement(desk.db, agreement_id, desk.actor)
    desk.allow("delivery.subscribe", Label(owner=agreement.consumer))
    check_address(url)
    if system not in agreement.systems:
        raise Invalid(text("the agreement does not name this system"))
    entry, in_force = catalogue.find(desk.db, agreement.entry), policies.in_force(desk.db, desk.today)
    plan = compile(agreement, entry, secret=node_secret(key), policies=in_force)
    refusal = judge(plan, bulk_call(Method.TABLE, purpose.value, desk.now, client=system, way=SUBSCRIBE))
    if refusal is not None:
        raise refusal.error()
    live = store.live_subscriptions(desk.db, agreement.id)
    for one in live:
        if (one.system, one.url, one.purpose) == (system, url, purpose.value):
            return one
    if len(live) >= MOST:
        raise TooMuch(
            text("an agreement has {most} subscriptions at most", most=MOST), remedy=text("end one that is not needed")
        )
    newest, view = store.newest_number(desk.db, agreement.id), views.newest_view(desk.db, agreement.id)
    if not newest and view is not None:  # a view from before there were events
        newest = 1
        store.add_event(desk.db, event_of(view, newest, desk.now))
    new = Subscription(
        id=desk.new_id(),
        agreement=agreement.id,
        system=system,
        body=agreement.consumer,
        purpose=purpose.value,
        url=url,
        made=desk.now,
        by=desk.actor.id,
        told=max(newest - 1, 0),
    )
    store.add_subscription(desk.db, new)
    desk.record(
        "delivery.subscribed",
        on=agreement.id,
        subscription=new.id,
        system=system,
        consumer=agreement.consumer,
        provider=agreement.provider,
        purpose=new.purpose,
        receiver=new.host,
        told=new.told,
    )
    return new


def end_subscription(desk: Desk, agreement_id: str, subscription_id: str) -> Subscription:
    """End a subscription at once; nothing more is told."""
    kept = _known(desk, agreement_id, subscription_id)
    desk.allow("delivery.end_subscription", Label(owner=kept.body))
    return kept if kept.ended else _ended(desk, kept)


def end_subscriptions(desk: Desk, agreement_id: str) -> None:
    """End all subscriptions of an agreement that gives no rights any more."""
    agreement = sharing.find_agreement(desk.db, agreement_id)
    desk.allow("delivery.end_subscription", Label(owner=agreement.consumer, parties=_house(desk)))
    if agreement.over:
        for one in store.live_subscriptions(desk.db, agreement_id):
            _ended(desk, one)


def give_up(desk: Desk, before: Subscription, after: Subscription) -> None:
    """Let an event lie as a dead letter: it was tried too long, or its receiver wants to hear nothing more."""
    desk.allow("delivery.give_up", Label(owner=before.body, parties=_house(desk)))
    if store.save_progress(desk.db, before, after):
        agreement = sharing.find_agreement(desk.db, before.agreement)
        desk.record(
            "delivery.given_up",
            on=agreement.id,
            subscription=before.id,
            entry=agreement.entry,
            consumer=agreement.consumer,
            provider=agreement.provider,
            number=before.told + 1,
            tries=after.tries,
            failure=after.failure.value if after.failure else "",
            status=after.status,
        )


def send_again(desk: Desk, agreement_id: str, subscription_id: str) -> Subscription:
    """Send a dead letter again, and after it what waits behind it."""
    kept = _known(desk, agreement_id, subscription_id)
    desk.allow("delivery.send_again", Label(owner=kept.body))
    again = kept.again()
    if not store.save_progress(desk.db, kept, again):
        raise Overtaken
    desk.record(
        "delivery.sent_again",
        on=kept.agreement,
        subscription=kept.id,
        consumer=kept.body,
        number=kept.told + 1,
    )
    return again


def _ended(desk: Desk, kept: Subscription) -> Subscription:
    store.end(desk.db, kept.id, desk.now)
    desk.record(
        "delivery.unsubscribed",
        on=kept.agreement,
        subscription=kept.id,
        system=kept.system,
        consumer=kept.body,
        told=kept.told,
    )
    found = store.subscription_with(desk.db, kept.id)
    assert found is not None
    return found


def _known(desk: Desk, agreement_id: str, subscription_id: str) -> Subscription:
    kept = store.subscription_with(desk.db, subscription_id)
    if kept is None or kept.body != desk.actor.org or kept.agreement != agreement_id:
        raise NotFound("subscription", subscription_id)
    return kept


def _house(desk: Desk) -> frozenset[str]:
    return frozenset({desk.actor.org} if desk.actor.duties & {Duty.HOUSE} else ())
