"""Credentials: a secret that is shown once, of which only a digest is kept."""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jutong.kernel.canon import digest
from jutong.kernel.errors import Invalid, NotKnown
from jutong.kernel.text import text
from jutong.terms.actor import Actor

from .post import Post

SECRET_BYTES = 32
LONGEST_DAYS = 366
_SHAPE = re.compile("jt_(?P<id>[0-7][0-9A-HJKMNP-TV-Z]{25})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What is kept of a credential: for which post, until when, and the digest of its token."""

    id: str
    post: str
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

    def admit(self, token: str, post: Post, now: datetime) -> Actor:
        """Return the post's holder if ``token`` opens this credential now, or refuse the caller."""
        if not (self.opened_by(token) and self.live(now) and post.held):
            raise unknown_caller()
        return post.actor()

    def ended(self, now: datetime) -> Credential:
        """Return the credential as revoked; the first revocation counts."""
        return self if self.revoked else replace(self, revoked=now)


def new_credential(credential_id: str, post: str, secret: bytes, *, now: datetime, days: int) -> tuple[Credential, str]:
    """Return a credential and its token; the token is nowhere else."""
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(text("a credential lives 1 to {most} days", most=LONGEST_DAYS))
    token = token_of(credential_id, secret)
    kept = Credential(
        id=credential_id,
        post=post,
        token_digest=digest(token.encode()),
        issued=now,
        expires=now + timedelta(days=days),
    )
    return kept, token


def token_of(credential_id: str, secret: bytes) -> str:
    """Spell a token.

    >>> token_of("0" * 26, bytes(32))
    'jt_00000000000000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes")
    return f"jt_{credential_id}_{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


def credential_id_in(token: str) -> str:
    """Return the credential that a token claims to be, or refuse what is not spelled as one."""
    shape = _SHAPE.fullmatch(token)
    if shape is None:
        raise unknown_caller()
    return shape["id"]


def unknown_caller() -> NotKnown:
    """Return the one refusal for every bad token: it does not tell a forger how near it came."""
    return NotKnown(
        text("the credential is unknown, has expired or was revoked"),
        remedy=text("ask the security administrator of your body for a new one"),
    )
