"""Shared secrets of systems that cannot sign: issued once, and ended."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar.params import JSONBody

from jutong.delivery import dialects
from jutong.delivery.dialects import HeaderProfile

from .wiring import Name, TheActor, TheHouse, Ulid, act, removing

TAGS = ["registers"]


class SecretForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """For which system and header profile a secret is, for how long, and how long the one before goes on counting."""

    system: Name
    profile: HeaderProfile
    days: Annotated[int, msgspec.Meta(ge=1, le=dialects.LONGEST_DAYS)] = 90
    overlap_days: Annotated[int, msgspec.Meta(ge=0, le=dialects.OVERLAP_DAYS)] = 0


class IssuedSecret(msgspec.Struct, kw_only=True):
    """A new secret, which is shown this once; the requester's name is the system's."""

    id: str
    system: str
    profile: HeaderProfile
    expires: datetime
    secret: str


@act("/api/secrets", tags=TAGS)
def issue_secret(house: TheHouse, actor: TheActor, data: JSONBody[SecretForm]) -> IssuedSecret:
    """Issue a shared secret for a system that cannot sign; it is shown this once."""
    with house.desk(actor) as desk:
        kept, letters = dialects.issue_secret(
            *(desk, data.system, data.profile), key=house.key, days=data.days, overlap_days=data.overlap_days
        )
    return IssuedSecret(id=kept.id, system=kept.system, profile=kept.profile, expires=kept.expires, secret=letters)


@removing("/api/secrets/{secret_id:str}", tags=TAGS)
def revoke_secret(house: TheHouse, actor: TheActor, secret_id: Ulid) -> None:
    """End a shared secret at once."""
    with house.desk(actor) as desk:
        dialects.revoke_secret(desk, secret_id)


ENDPOINTS = [issue_secret, revoke_secret]
