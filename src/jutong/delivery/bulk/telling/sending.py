"""Tells subscribers of new versions by webhook: in order, again until it was taken, only while the right stands."""

from __future__ import annotations

import ipaddress
import logging
import secrets
from contextlib import closing
from urllib.parse import urlsplit

from jutong import catalogue, registers, sharing
from jutong.desk import House
from jutong.guard import Method
from jutong.kernel.canon import canonical
from jutong.kernel.db import Db, transaction
from jutong.kernel.errors import Invalid, Refused, Unavailable
from jutong.kernel.httpsig import Signs, Target, sign_request
from jutong.kernel.lock import exclusive
from jutong.kernel.outward import Outward, Resolver, is_own, resolve
from jutong.registers import SystemName

from ... import policies
from ...call import bulk_call
from ...plan import compile, judge
from ...secrecy import node_secret
from ...subjects import SUBSCRIBE
from ..rights import day_of
from . import store
from .acts import give_up
from .event import Event, cloud_event
from .subscription import Failure, Subscription

log = logging.getLogger(__name__)
ANSWER_SECONDS = 5
AT_ONCE = 20  # events that one receiver is told before the next one has its turn
GONE = 410
MEDIA = "application/cloudevents+json; charset=utf-8"


def teller(house: House, resolver: Resolver = resolve) -> Outward:
    """Return the client by which receivers are told.

    Unlike neighbours and sources, receivers are named by other bodies: none of them is on this machine, unless
    people reach the node itself only from there.
    """
    at_home = _is_local(urlsplit(house.home.address).hostname or "")

    def looked_up(host: str, port: int) -> list[str]:
        found = resolver(host, port)
        return [] if not at_home and any(map(is_own, found)) else found

    return Outward(inside=True, timeout_seconds=ANSWER_SECONDS, resolver=looked_up)


def tell_subscribers(house: House, outward: Outward | None = None) -> int:
    """Tell every subscriber what is due, and return how many events were taken."""
    with house.reading() as db:
        due = store.untold(db, house.clock())
    if not due:
        return 0
    if outward is not None:
        return sum(_patiently(house, one, outward) for one in due)
    with closing(teller(house)) as own:
        return sum(_patiently(house, one, own) for one in due)


def _patiently(house: House, subscription_id: str, outward: Outward) -> int:
    """One subscription at which something is wrong does not hold up the others."""
    try:
        with exclusive(house.engine, house.home.locks, f"subscription-{subscription_id.lower()}") as ours:
            return _told(house, subscription_id, outward) if ours else 0
    except (Refused, Unavailable) as error:
        log.warning("subscription %s was not told: %s", subscription_id, error.reason)
    except Exception:
        log.exception("telling subscription %s failed; it is tried again", subscription_id)
    return 0


def _told(house: House, subscription_id: str, outward: Outward) -> int:
    """Tell one subscriber, event by event; what was sent but not noted is sent again under the same identifier."""
    for count in range(AT_ONCE):
        with house.reading() as db:
            kept = store.subscription_with(db, subscription_id)
            if kept is None or not kept.ready(house.clock()) or not _stands(db, house, kept):
                return count
            event = store.event_at(db, kept.agreement, kept.told + 1)
        if event is None:
            return count
        after = _tried(house, kept, event, outward)
        if after.dead:
            with house.desk(house.itself) as desk:
                give_up(desk, kept, after)
            return count
        with transaction(house.engine) as db:
            noted = store.save_progress(db, kept, after)
        if not noted or after.told == kept.told:
            return count
    return AT_ONCE


def _stands(db: Db, house: House, kept: Subscription) -> bool:
    """Say whether the agreement gives the right to be told now: asked anew before each event."""
    agreement = sharing.find_agreement(db, kept.agreement)
    if agreement.over or kept.system not in agreement.systems or agreement.consumer != kept.body:
        return False
    now = house.clock()
    entry, in_force = catalogue.find(db, agreement.entry), policies.in_force(db, day_of(now))
    plan = compile(agreement, entry, secret=node_secret(house.key), policies=in_force)
    return judge(plan, bulk_call(Method.TABLE, kept.purpose, now, client=kept.system, way=SUBSCRIBE)) is None


def _tried(house: House, kept: Subscription, event: Event, outward: Outward) -> Subscription:
    """Return the subscription after one try: its receiver is asked once whether it is willing, then told."""
    try:
        if kept.willing is None:
            failure, status = _asked(house, kept, outward)
            if failure is not None:
                return kept.failed(failure, status, house.clock())
            kept = kept.agreed(house.clock())
        failure, status = _sent(house, kept, event, outward)
    except Unavailable:
        failure, status = Failure.SILENT, 0
    except Invalid:
        failure, status = Failure.ADDRESS, 0
    return kept.heard() if failure is None else kept.failed(failure, status, house.clock())


def _asked(house: House, kept: Subscription, outward: Outward) -> tuple[Failure | None, int]:
    """Ask a receiver whether it takes webhooks of this node (HTTP 1.1 Web Hooks for Event Delivery, 4).

    Unsigned: nothing that carries the node's name reaches a place that never asked for it.
    """
    origin = urlsplit(house.home.address).hostname or house.home.settings.name
    answer = outward.stream("OPTIONS", kept.url, headers={"webhook-request-origin": origin})
    answer.close()
    if not answer.is_success:
        return _failure_of(answer.status_code), answer.status_code
    if answer.headers.get("webhook-allowed-origin", "").strip().lower() not in ("*", origin.lower()):
        return Failure.UNWILLING, answer.status_code
    return None, answer.status_code


def _sent(house: House, kept: Subscription, event: Event, outward: Outward) -> tuple[Failure | None, int]:
    """Send an event, signed by the node; of the answer only its status is read."""
    body, parts = canonical(cloud_event(event, house.home.address)), urlsplit(kept.url)
    headers = {"content-type": MEDIA}
    added = sign_request(
        _signing(house, kept),
        Target("POST", parts.netloc, parts.path),
        headers,
        body,
        keyid=house.home.settings.name,
        nonce=secrets.token_urlsafe(18),
        created=int(house.clock().timestamp()),
    )
    answer = outward.stream("POST", kept.url, headers={**headers, **added}, content=body)
    answer.close()
    return (None if answer.is_success else _failure_of(answer.status_code)), answer.status_code


def _signing(house: House, kept: Subscription) -> Signs:
    """Return the key by which a receiver is told: by the suite ``sm``, of the family of its system's own."""
    with house.reading() as db:
        return house.signs_for(registers.find_system(db, SystemName.parse(kept.system)).key)


def _failure_of(status: int) -> Failure:
    return Failure.GONE if status == GONE else Failure.REFUSED


def _is_local(host: str) -> bool:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host.lower() == "localhost"
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback
