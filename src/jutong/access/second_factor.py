"""The second factor: codes that change every thirty seconds (RFC 6238), and codes for the day the phone is lost."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote, urlencode

from jutong.kernel.canon import digest
from jutong.kernel.crypto import SigningKey, opened, sealed
from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.text import text

STEP_SECONDS, DIGITS, SECRET_BYTES = 30, 6, 20
DRIFT = 1  # steps that a phone's clock may be off
RECOVERY_CODES = 8
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_READ_AS = str.maketrans("OILU", "011V", " -")


@dataclass(frozen=True, slots=True)
class Vault:
    """Secrets of this node that are kept sealed, and marks by which it knows a thing without keeping it."""

    sealing: bytes
    marking: bytes

    def seal(self, secret: bytes, *, of: str) -> bytes:
        """Return ``secret`` as it may lie in the database; it opens only as that of the same person."""
        return sealed(self.sealing, secret, of=of)

    def opened(self, kept: bytes, *, of: str) -> bytes:
        """Return what was sealed."""
        secret = opened(self.sealing, kept, of=of)
        if secret is None:
            raise Unavailable(
                text("a second factor on record was sealed by another key than this node's"),
                remedy=text("ask the security administrator to reset the second factor, then enrol it again"),
            )
        return secret

    def mark(self, kind: str, value: str) -> str:
        """Return 32 characters that stand for ``value``; without this node's key they tell nothing."""
        return hmac.digest(self.marking, f"{kind}:{value}".encode("utf-8", "replace"), hashlib.sha256).hex()[:32]

    def offered(self, person: str, session: str) -> bytes:
        """Return the secret that a session may enrol for a person: the same until it is enrolled, kept nowhere."""
        return hmac.digest(self.marking, f"offer:{person}:{session}".encode(), hashlib.sha256)[:SECRET_BYTES]


def vault_of(key: SigningKey) -> Vault:
    """Return the vault of the node with this key."""
    return Vault(key.secret_for("access sealing"), key.secret_for("access marking"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """What is kept: the sealed secret, the last step that was used, and digests of unused recovery codes."""

    sealed: bytes
    last_step: int = -1
    recovery: tuple[str, ...] = ()

    def spent(self, code: str, secret: bytes, now: datetime) -> SecondFactor | None:
        """Return the factor after ``code`` was used, or None where it does not open; a code opens once."""
        given = code.upper().translate(_READ_AS)
        step = matching_step(secret, given, now, after=self.last_step)
        if step is not None:
            return replace(self, last_step=step)
        kept = digest(given.encode())
        if len(given) != DIGITS and kept in self.recovery:
            return replace(self, recovery=tuple(one for one in self.recovery if one != kept))
        return None


def code_at(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """Return the code of a step (RFC 4226, 5.3).

    >>> code_at(b"12345678901234567890", 59 // 30, digits=8)      # RFC 6238, appendix B
    '94287082'
    """
    mac = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    place = mac[-1] & 15
    number = int.from_bytes(mac[place : place + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(now: datetime) -> int:
    """Return the step in which an instant lies."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: bytes, code: str, now: datetime, *, after: int) -> int | None:
    """Return the step that ``code`` belongs to, near ``now`` and later than the last one used; or None."""
    if re.fullmatch(f"[0-9]{{{DIGITS}}}", code) is None:
        return None
    here = step_of(now)
    found = None
    for step in range(here - DRIFT, here + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step), code) and step > after and found is None:
            found = step
    return found


def spelled(secret: bytes) -> str:
    """Return a secret as one types it into a phone: base 32, in groups of four."""
    letters = base64.b32encode(secret).decode()
    return " ".join(letters[place : place + 4] for place in range(0, len(letters), 4))


def address_of(secret: bytes, *, account: str, issuer: str) -> str:
    """Return the ``otpauth`` address that a phone reads from a picture."""
    query = urlencode({"secret": base64.b32encode(secret).decode(), "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{query}"


def new_secret() -> bytes:
    """Return a secret of chance."""
    return secrets.token_bytes(SECRET_BYTES)


def new_recovery_codes() -> tuple[str, ...]:
    """Return codes for the day the phone is lost, 80 bits each, so that a plain digest of one is enough."""
    return tuple(new_code(groups=4) for _ in range(RECOVERY_CODES))


def new_code(*, groups: int) -> str:
    """Return a code of chance that a person can copy from paper: groups of four, no letters that look like digits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(groups))


def digest_of(code: str) -> str:
    """Return what is kept of a code, however it was typed.

    >>> digest_of("abcd-0123") == digest_of(" ABCD O123 ")
    True
    """
    return digest(code.upper().translate(_READ_AS).encode())


def read_secret(spelled_secret: str) -> bytes:
    """Return a secret from its spelling, or refuse it.

    >>> read_secret("gezd gnbv gy3t qojq gezd gnbv gy3t qojq")
    b'12345678901234567890'
    """
    letters = "".join(spelled_secret.split()).upper()
    try:
        return base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError as error:
        raise Invalid(text("a second factor's secret is spelled in base 32")) from error
