"""Who may know of a proxied service: its provider, whoever oversees, and the bodies whose agreements rest on it."""

from __future__ import annotations

from jutong import registers, sharing
from jutong.catalogue import Entry
from jutong.kernel.db import Db
from jutong.kernel.errors import NotFound
from jutong.registers.system import class_of, instance_of
from jutong.terms import Actor, Duty

from ..service import Service, bare_service
from ..store import service_for
from . import store
from .proxy import Proxy

_OVER_ALL = frozenset({Duty.OVERSIGHT, Duty.HOUSE})


def sees_all(actor: Actor, provider: str) -> bool:
    """Say whether somebody sees all services of a provider, also those that are open to nobody."""
    return actor.org == provider or bool(actor.duties & _OVER_ALL)


def proxy_shown(db: Db, proxy_id: str, actor: Actor) -> Proxy:
    """Return a proxied service to those who may know of it; to others it is as if it were not there."""
    kept = store.find_proxy(db, proxy_id)
    if sees_all(actor, kept.provider):
        return kept
    for agreement_id in store.agreements_of(db, kept.id):
        if sharing.find_agreement(db, agreement_id).consumer == actor.org:
            return kept
    raise NotFound("proxied service", proxy_id[:26])


def service_at(db: Db, entry: Entry) -> Service:
    """Return the service of an entry under whose path its proxied services are called, with rows here or without."""
    found = service_for(db, entry.id)
    if found is not None:
        return found
    provider = registers.find_body(db, entry.provider)
    return bare_service(
        entry, instance=instance_of(provider.division), member_class=class_of(provider.kind, provider.code)
    )
