"""Endpoints of subscriptions: which of a consumer's systems is told of new versions, how far, and what lies dead."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar.params import JSONBody

from jutong import sharing
from jutong.catalogue import Purpose
from jutong.delivery.bulk import telling
from jutong.delivery.bulk.telling import Failure, State, Subscription

from .wiring import AfterUlid, Limit, Name, TheActor, TheHouse, Ulid, act, look

TAGS = ["delivery"]


class SubscriptionSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which system is told, at which address it takes webhooks (CloudEvents 1.0), and for which agreed purpose."""

    system: Name
    receiver: Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\u0000]*$")]
    purpose: Purpose


class SubscriptionView(msgspec.Struct, kw_only=True):
    """A subscription as it stands: events up to ``told`` were taken, ``waiting`` are behind them."""

    id: str
    agreement: str
    system: str
    receiver: str
    purpose: str
    state: State
    told: int
    waiting: int
    tries: int
    failure: Failure | None
    status: int
    due: datetime | None
    made: datetime
    ended: datetime | None


@look("/api/agreements/{agreement_id:str}/subscriptions", tags=TAGS)
def list_subscriptions(
    house: TheHouse, actor: TheActor, agreement_id: Ulid, after: AfterUlid = "", limit: Limit = 50
) -> list[SubscriptionView]:
    """List, as the using body, the subscriptions of an agreement, the oldest first; another body sees none."""
    with house.reading() as db:
        known = sharing.find_agreement(db, agreement_id, actor)
        newest = telling.newest_number(db, known.id)
        own = known.consumer == actor.org
        found = telling.subscriptions_of(db, known.id, after=(after,) if after else (), limit=limit) if own else ()
    return [_view(one, newest) for one in found]


@act("/api/agreements/{agreement_id:str}/subscriptions", tags=TAGS)
def subscribe(
    house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[SubscriptionSheet]
) -> SubscriptionView:
    """Let a system be told of each new version of the whole, in order, from the newest one on."""
    with house.desk(actor) as desk:
        kept = telling.subscribe(desk, agreement_id, data.system, data.receiver, data.purpose, key=house.key)
        return _view(kept, telling.newest_number(desk.db, agreement_id))


@act("/api/agreements/{agreement_id:str}/subscriptions/{subscription_id:str}/ending", tags=TAGS)
def end_subscription(house: TheHouse, actor: TheActor, agreement_id: Ulid, subscription_id: Ulid) -> SubscriptionView:
    """End a subscription at once."""
    with house.desk(actor) as desk:
        kept = telling.end_subscription(desk, agreement_id, subscription_id)
    return _view(kept, kept.told)


@act("/api/agreements/{agreement_id:str}/subscriptions/{subscription_id:str}/repetition", tags=TAGS)
def send_again(house: TheHouse, actor: TheActor, agreement_id: Ulid, subscription_id: Ulid) -> SubscriptionView:
    """Send a dead letter again, and after it what waits behind it."""
    with house.desk(actor) as desk:
        kept = telling.send_again(desk, agreement_id, subscription_id)
        return _view(kept, telling.newest_number(desk.db, agreement_id))


def _view(one: Subscription, newest: int) -> SubscriptionView:
    return SubscriptionView(
        id=one.id,
        agreement=one.agreement,
        system=one.system,
        receiver=one.url,
        purpose=one.purpose,
        state=one.state(newest),
        told=one.told,
        waiting=one.waiting(newest),
        tries=one.tries,
        failure=one.failure,
        status=one.status,
        due=one.due,
        made=one.made,
        ended=one.ended,
    )


ENDPOINTS = [list_subscriptions, subscribe, end_subscription, send_again]
