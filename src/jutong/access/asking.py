"""What was asked of the identity provider, and in whose browser: kept sealed in that browser until it comes back."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from jutong.kernel.crypto import opened, sealed
from jutong.kernel.shape import learn

from .claims import Claims, not_believed
from .second_factor import Vault

LIFE = timedelta(minutes=10)
LONGEST = 8 << 10
SECRET_BYTES = 32
ASKED, ANSWERED = "asked of the provider", "answered by the provider"


class Purpose(StrEnum):
    """Why somebody was sent to the provider."""

    SIGN_IN = "sign-in"
    LINK = "link"  # the identity to the account that one sits in
    ACCEPT = "accept"  # an invitation


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """One way to the provider and back; ``binder`` is the session or the stranger's form that began it."""

    purpose: Purpose
    binder: str
    ends: datetime
    state: str
    nonce: str
    verifier: str
    onward: str = ""
    invitation: str = ""  # the digest of its code

    def check_back(self, state: str, binder: str, now: datetime) -> None:
        """Refuse what comes back in another browser or session, with another state, or too late."""
        same = hmac.compare_digest(self.state.encode(), state.encode("utf-8", "replace"))
        if not same or not _same(self.binder, binder) or now >= self.ends:
            raise not_believed()


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An identity that was proven, and waits for its person to say that it is meant."""

    purpose: Purpose
    binder: str
    ends: datetime
    issuer: str
    subject: str
    invitation: str = ""

    @property
    def claims(self) -> Claims:
        """Who was proven."""
        return Claims(issuer=self.issuer, subject=self.subject)

    def check_meant(self, purpose: Purpose, binder: str, now: datetime) -> None:
        """Refuse it in another session, for another purpose, or too late."""
        if self.purpose is not purpose or not _same(self.binder, binder) or now >= self.ends:
            raise not_believed()


learn(Asking, Answered)


def new_asking(purpose: Purpose, *, binder: str, now: datetime, onward: str = "", invitation: str = "") -> Asking:
    """Return a new way to the provider: state, nonce and verifier are of chance."""
    return Asking(
        purpose=purpose,
        binder=binder,
        ends=now + LIFE,
        state=secrets.token_urlsafe(SECRET_BYTES),
        nonce=secrets.token_urlsafe(SECRET_BYTES),
        verifier=secrets.token_urlsafe(SECRET_BYTES),
        onward=onward,
        invitation=invitation,
    )


def answered(asking: Asking, claims: Claims, now: datetime) -> Answered:
    """Return the proven identity as it waits for its person's word."""
    return Answered(
        purpose=asking.purpose,
        binder=asking.binder,
        ends=now + LIFE,
        issuer=claims.issuer,
        subject=claims.subject,
        invitation=asking.invitation,
    )


def packed(vault: Vault, kept: Asking | Answered) -> str:
    """Return something as a browser may hold it: nobody but this node reads it or makes another."""
    of = ASKED if isinstance(kept, Asking) else ANSWERED
    return base64.urlsafe_b64encode(sealed(vault.sealing, msgspec.json.encode(kept), of=of)).decode()


def asking_in(vault: Vault, given: str) -> Asking:
    """Return what was asked, or refuse what this node did not seal."""
    return msgspec.json.decode(_unpacked(vault, given, of=ASKED), type=Asking)


def answered_in(vault: Vault, given: str) -> Answered:
    """Return the proven identity, or refuse what this node did not seal."""
    return msgspec.json.decode(_unpacked(vault, given, of=ANSWERED), type=Answered)


def _unpacked(vault: Vault, given: str, *, of: str) -> bytes:
    try:
        found = opened(vault.sealing, base64.urlsafe_b64decode(given[:LONGEST]), of=of)
    except ValueError as error:
        raise not_believed() from error
    if found is None:
        raise not_believed()
    return found


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "replace"))
