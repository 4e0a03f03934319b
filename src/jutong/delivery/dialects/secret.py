"""A shared secret: by which a system is known in one of the domestic header profiles, and until when."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jutong.kernel.crypto import SigningKey, opened, sealed
from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.httpmac import HeaderProfile
from jutong.kernel.text import text

SECRET_BYTES = 32
LONGEST_DAYS = 180
OVERLAP_DAYS = 7  # at most so long the secret before a new one goes on counting


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSecret:
    """What is kept of a secret: whose it is, in which profile it counts, until when, and itself, sealed."""

    id: str
    system: str
    body: str
    profile: HeaderProfile
    sealed: bytes = field(repr=False)
    issued: datetime
    expires: datetime
    revoked: datetime | None = None
    version: int = 0  # how often it was changed

    def live(self, now: datetime) -> bool:
        """Say whether calls by it count."""
        return self.revoked is None and self.issued <= now < self.expires

    def ended(self, now: datetime) -> SharedSecret:
        """Return the secret as revoked; the first revocation counts."""
        return self if self.revoked else replace(self, revoked=now, version=self.version + 1)

    def followed(self, now: datetime, *, overlap_days: int) -> SharedSecret:
        """Return the secret as one that a newer one has followed: it counts for the overlap, or not at all."""
        if not overlap_days:
            return self.ended(now)
        return replace(self, expires=min(self.expires, now + timedelta(days=overlap_days)), version=self.version + 1)

    def opened(self, sealing: bytes) -> bytes:
        """Return the key of the codes: the secret's letters, as its holder writes them down."""
        found = opened(sealing, self.sealed, of=_of(self.id, self.system))
        if found is None:
            raise Unavailable(
                text("a shared secret on record was sealed by another key than this node's"),
                remedy=text("issue a new secret for this system"),
            )
        return found


def sealing_of(key: SigningKey) -> bytes:
    """Return the key under which a node keeps shared secrets: derived from its own, used for nothing else."""
    return key.secret_for("shared secrets of systems")


def new_secret(
    secret_id: str,
    system: str,
    body: str,
    profile: HeaderProfile,
    chance: bytes,
    *,
    sealing: bytes,
    now: datetime,
    days: int,
) -> tuple[SharedSecret, str]:
    """Return a secret as it is kept, and its letters, which are nowhere else in the open."""
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(text("a shared secret lives 1 to {most} days", most=LONGEST_DAYS))
    if len(chance) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes")
    letters = base64.urlsafe_b64encode(chance).decode().rstrip("=")
    kept = SharedSecret(
        id=secret_id,
        system=system,
        body=body,
        profile=profile,
        sealed=sealed(sealing, letters.encode(), of=_of(secret_id, system)),
        issued=now,
        expires=now + timedelta(days=days),
    )
    return kept, letters


def checked_overlap(days: int) -> int:
    """Return the days for which two secrets count, or refuse them."""
    if not 0 <= days <= OVERLAP_DAYS:
        raise Invalid(text("two secrets count together for at most {most} days", most=OVERLAP_DAYS))
    return days


def _of(secret_id: str, system: str) -> str:
    return f"{secret_id}\n{system}"
