"""Who may know of a declared service: its provider, whoever oversees, and the bodies whose agreements rest on it."""

from __future__ import annotations

from jutong import sharing
from jutong.kernel.db import Db
from jutong.kernel.errors import NotFound
from jutong.terms import Actor, Duty

from . import store
from .listing import Listing

_OVER_ALL = frozenset({Duty.OVERSIGHT, Duty.HOUSE})


def sees_all(actor: Actor, provider: str) -> bool:
    """Say whether somebody sees all services of a provider, also those that are open to nobody."""
    return actor.org == provider or bool(actor.duties & _OVER_ALL)


def listing_shown(db: Db, listing_id: str, actor: Actor) -> Listing:
    """Return a declared service to those who may know of it; to others it is as if it were not there."""
    kept = store.find_listing(db, listing_id)
    if sees_all(actor, kept.provider):
        return kept
    for agreement_id in store.agreements_of(db, kept.id):
        if sharing.find_agreement(db, agreement_id).consumer == actor.org:
            return kept
    raise NotFound("declared service", listing_id[:26])
