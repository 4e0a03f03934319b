"""What the security administrator does for systems that cannot sign: issue shared secrets, and end them."""

from __future__ import annotations

import secrets

from jutong import registers
from jutong.desk import Desk
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import NotFound
from jutong.kernel.httpmac import HeaderProfile
from jutong.registers import SystemName

from . import store
from .secret import SECRET_BYTES, SharedSecret, checked_overlap, new_secret, sealing_of


def issue_secret(
    desk: Desk, system: str, profile: HeaderProfile, *, key: SigningKey, days: int = 90, overlap_days: int = 0
) -> tuple[SharedSecret, str]:
    """Issue a secret for a system, and return it with its letters, which are shown this once.

    Those before it in the same profile end at once, or after the overlap; never do more than two count.
    """
    known = registers.find_system(desk.db, SystemName.parse(system))
    desk.allow("delivery.issue_secret", registers.label_of(desk.db, known.body, by=desk.actor))
    overlap = checked_overlap(overlap_days)
    chance = secrets.token_bytes(SECRET_BYTES)
    new, letters = new_secret(
        *(desk.new_id(), str(known.name), known.body, profile, chance), sealing=sealing_of(key), now=desk.now, days=days
    )
    older = [one for one in store.live_secrets(desk.db, desk.now, str(known.name)) if one.profile is profile]
    for place, one in enumerate(older):
        store.save(desk.db, one.followed(desk.now, overlap_days=0 if place else overlap))
    store.save(desk.db, new)
    desk.record(
        "delivery.secret_issued",
        on=new.id,
        system=new.system,
        body=new.body,
        profile=profile.value,
        expires=new.expires.isoformat(),
        followed=[one.id for one in older],
        overlap_days=overlap,
    )
    return new, letters


def revoke_secret(desk: Desk, secret_id: str) -> SharedSecret:
    """End a secret at once: it is lost, stolen or no longer needed."""
    kept = store.find(desk.db, secret_id)
    label = registers.label_of(desk.db, kept.body, by=desk.actor)
    if desk.actor.org not in {label.owner, *label.parties}:
        raise NotFound("shared secret", secret_id)
    desk.allow("delivery.revoke_secret", label)
    if kept.revoked:
        return kept
    ended = kept.ended(desk.now)
    store.save(desk.db, ended)
    desk.record("delivery.secret_revoked", on=kept.id, system=kept.system, body=kept.body)
    return ended
