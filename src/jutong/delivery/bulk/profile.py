"""A recipient's profile: by which secret a consumer's system reads shares, for which purpose, until when."""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jutong.kernel.canon import Fact, canonical, digest
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text

SECRET_BYTES = 32
LONGEST_DAYS = 90
OVERLAP = timedelta(hours=1)  # so long the profile before a new one still serves: a read that runs can end
_SHAPE = re.compile("jts_(?P<id>[0-7][0-9A-HJKMNP-TV-Z]{25})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is kept of a profile: whose it is, for what, until when, and the digest of its token."""

    id: str
    system: str
    body: str
    purpose: str
    token_digest: str = field(repr=False)
    issued: datetime
    expires: datetime
    revoked: datetime | None = None

    def live(self, now: datetime) -> bool:
        """Say whether it can still be used."""
        return self.revoked is None and self.issued <= now < self.expires

    def opened_by(self, token: str) -> bool:
        """Say whether ``token`` is the one; takes as long for a nearly right one as for a wrong one."""
        return hmac.compare_digest(self.token_digest, digest(token.encode()))

    def ended(self, now: datetime) -> Profile:
        """Return the profile as revoked; the first revocation counts."""
        return self if self.revoked else replace(self, revoked=now)

    def followed(self, now: datetime) -> Profile:
        """Return the profile as one that a newer one has followed: it serves a little longer."""
        return replace(self, expires=min(self.expires, now + OVERLAP))


def new_profile(
    profile_id: str, system: str, body: str, purpose: str, secret: bytes, *, now: datetime, days: int
) -> tuple[Profile, str]:
    """Return a profile and its token; the token is nowhere else."""
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(text("a profile lives 1 to {most} days", most=LONGEST_DAYS))
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes")
    token = f"jts_{profile_id}_{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"
    kept = Profile(
        id=profile_id,
        system=system,
        body=body,
        purpose=purpose,
        token_digest=digest(token.encode()),
        issued=now,
        expires=now + timedelta(days=days),
    )
    return kept, token


def profile_in(token: str) -> str | None:
    """Return the profile that a token claims to be of, or None."""
    shape = _SHAPE.fullmatch(token)
    return shape["id"] if shape else None


def profile_file(endpoint: str, token: str, expires: datetime) -> bytes:
    """Return the file that clients of Delta Sharing take (``.share``, version 1 of its form)."""
    told: dict[str, Fact] = {
        "shareCredentialsVersion": 1,
        "endpoint": endpoint,
        "bearerToken": token,
        "expirationTime": expires.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return canonical(told)
