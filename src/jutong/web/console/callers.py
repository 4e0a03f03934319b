"""What a system is known by: its key, two of them in a rotation, and shared secrets where it cannot sign."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jutong import registers
from jutong.delivery import dialects
from jutong.delivery.dialects import HeaderProfile
from jutong.kernel.crypto import PublicKey
from jutong.registers import SystemName

from ..wiring import Name, Ulid
from .frame import Answer, TheVisit, acted, done
from .network import address_of, list_systems, systems_page

OverlapDays = Annotated[int, msgspec.Meta(ge=0, le=registers.OVERLAP_DAYS)]


class Key(msgspec.Struct, kw_only=True):
    """A system's public key, and for how many days the one before goes on counting."""

    name: Name
    public_key: Name
    overlap_days: OverlapDays = 0


class Named(msgspec.Struct, kw_only=True):
    """A system by its name in the network."""

    name: Name


class NewSecret(msgspec.Struct, kw_only=True):
    """For which system and header profile a secret is, and for how long."""

    name: Name
    profile: HeaderProfile
    days: Annotated[int, msgspec.Meta(ge=1, le=dialects.LONGEST_DAYS)] = 90
    secret_overlap: OverlapDays = 0


@acted("/systems/key", guard="pages.systems", again=list_systems)
def set_key(visit: TheVisit) -> Answer:
    """Give a system its key, or a new one."""
    given = visit.form.read(Key)
    with visit.desk() as desk:
        key = PublicKey.read(given.public_key)
        name = SystemName.parse(given.name)
        made = registers.set_key(desk, name, key, overlap_days=given.overlap_days, seen=visit.form.seen)
    return done(desk, address_of(made))


@acted("/systems/key/overlap", guard="pages.systems", again=list_systems)
def end_overlap(visit: TheVisit) -> Answer:
    """Let a system's newest key count alone."""
    given = visit.form.read(Named)
    with visit.desk() as desk:
        made = registers.end_overlap(desk, SystemName.parse(given.name))
    return done(desk, address_of(made))


@acted("/systems/key/withdrawal", guard="pages.systems", again=list_systems)
def withdraw_key(visit: TheVisit) -> Answer:
    """Take a system's keys from it."""
    given = visit.form.read(Named)
    with visit.desk() as desk:
        made = registers.withdraw_key(desk, SystemName.parse(given.name))
    return done(desk, address_of(made))


@acted("/systems/secrets", guard="pages.systems", again=list_systems)
def issue_secret(visit: TheVisit) -> Answer:
    """Issue a shared secret for a system; it is shown this once."""
    given = visit.form.read(NewSecret)
    with visit.desk() as desk:
        _, letters = dialects.issue_secret(
            *(desk, given.name, given.profile),
            key=visit.house.key,
            days=given.days,
            overlap_days=given.secret_overlap,
        )
    return systems_page(visit, issued=letters)


@acted("/systems/secrets/{secret_id:str}/revocation", guard="pages.systems", again=list_systems)
def revoke_secret(visit: TheVisit, secret_id: Ulid) -> Answer:
    """End a shared secret at once."""
    with visit.desk() as desk:
        kept = dialects.revoke_secret(desk, secret_id)
        system = registers.find_system(desk.db, SystemName.parse(kept.system))
    return done(desk, address_of(system))


PAGES = [set_key, end_overlap, withdraw_key, issue_secret, revoke_secret]
