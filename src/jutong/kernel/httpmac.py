"""Two domestic header profiles, by which calls are known by a shared secret: HMAC-SHA256 (RFC 2104) in base64.

``gjgxjhpt`` is the national exchange platform's: requester, service and instant in milliseconds are authenticated.
``x-client`` is that of provincial open portals: client, instant and nonce. Neither profile covers method, path, query
or body. The nonce of ``x-client`` is the caller's to choose, though: where it ends with the digest of the request, the
whole request is bound; ``gjgxjhpt`` has no such place.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .errors import NotKnown
from .httpsig import FUTURE_SECONDS, PAST_SECONDS
from .text import Text, text


class HeaderProfile(StrEnum):
    """By which header fields a caller is known."""

    NATIONAL = "gjgxjhpt"
    PORTAL = "x-client"


# Who calls, when in milliseconds, what else is told (the service, or a nonce), and the signature.
FIELDS: Mapping[HeaderProfile, tuple[str, str, str, str]] = {
    HeaderProfile.NATIONAL: ("gjgxjhpt_rid", "gjgxjhpt_rtime", "gjgxjhpt_sid", "gjgxjhpt_sign"),
    HeaderProfile.PORTAL: ("x-client-id", "x-timestamp", "x-nonce", "x-signature"),
}
_INSTANT = re.compile(r"[0-9]{13}")
_NONCE = re.compile(r"[A-Za-z0-9_.\-]{16,128}")
_BOUND = re.compile(r"[A-Za-z0-9_\-]{16,84}\.([A-Za-z0-9_\-]{43})")


@dataclass(frozen=True, slots=True)
class MacClaim:
    """What a request says of its caller, before anybody has checked it."""

    profile: HeaderProfile
    client: str
    milliseconds: int
    told: str  # the service (gjgxjhpt) or the nonce (x-client)
    code: str

    @property
    def created(self) -> int:
        """Return the instant in seconds since 1970."""
        return self.milliseconds // 1000

    @property
    def mark(self) -> bytes:
        """Sixteen bytes that tell this call from every other; one sent twice has one mark."""
        said = f"{self.profile}\n{self.client}\n{self.milliseconds}\n{self.told}"
        return hashlib.sha256(said.encode()).digest()[:16]

    @property
    def bound(self) -> str:
        """Return the digest of the request that its nonce carries; empty for one that is bound to none."""
        found = _BOUND.fullmatch(self.told) if self.profile is HeaderProfile.PORTAL else None
        return found[1] if found else ""

    def base(self) -> str:
        """Return what the code is made over, in the order of the profile."""
        if self.profile is HeaderProfile.NATIONAL:
            return f"{self.told}{self.client}{self.milliseconds}"
        return f"{self.client}{self.milliseconds}{self.told}"


def mac_of(secret: bytes, claim: MacClaim) -> str:
    """Return the code of a claim.

    >>> claim = MacClaim(HeaderProfile.NATIONAL, "rid", 1700000000000, "sid", "")
    >>> mac_of(b"secret", claim)
    '2/e8nyOQto/LdaZOMqek0PU6fZpjBXR8i3cj3oZ3a1Q='
    """
    return base64.b64encode(hmac.digest(secret, claim.base().encode(), "sha256")).decode()


def request_digest(method: str, target: str, body: bytes) -> str:
    """Return what binds a nonce to one request: SHA-256 over method, target (path and query) and body, in base64url.

    >>> len(request_digest("GET", "/r1/a?items=b", b""))
    43
    """
    hashed = hashlib.sha256(f"{method}\n{target}\n".encode() + body).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def bound_nonce(chance: str, method: str, target: str, body: bytes) -> str:
    """Return a nonce that ends with the digest of the request; ``chance`` is 16 to 84 letters and digits."""
    return f"{chance}.{request_digest(method, target, body)}"


def mac_fields(secret: bytes, profile: HeaderProfile, *, client: str, milliseconds: int, told: str) -> dict[str, str]:
    """Return the header fields of one call; ``told`` is the service (gjgxjhpt) or a nonce (x-client)."""
    claim = MacClaim(profile, client, milliseconds, told, "")
    return dict(zip(FIELDS[profile], (client, str(milliseconds), told, mac_of(secret, claim)), strict=True))


def mac_claim_of(headers: Mapping[str, str]) -> MacClaim | None:
    """Return what a request claims by its fields; None where it uses neither profile; a malformed one is refused."""
    used = [profile for profile, names in FIELDS.items() if names[3] in headers]
    if not used:
        return None
    if len(used) > 1 or "signature-input" in headers or "authorization" in headers:
        raise refused(text("the call names its caller in more than one way"))
    profile = used[0]
    client, instant, told, code = (headers.get(name, "") for name in FIELDS[profile])
    if not (client and told) or _INSTANT.fullmatch(instant) is None:
        raise refused(text("the call lacks one of the fields {fields}", fields=", ".join(FIELDS[profile])))
    if profile is HeaderProfile.PORTAL and _NONCE.fullmatch(told) is None:
        raise refused(text("a nonce has 16 to 128 letters, digits, hyphens, underscores or points"))
    return MacClaim(profile, client, int(instant), told, code)


def check_mac(claim: MacClaim, secret: bytes) -> bool:
    """Say whether the code is the secret's; takes as long for a nearly right one as for a wrong one."""
    return hmac.compare_digest(mac_of(secret, claim).encode(), claim.code.encode())


def check_fresh(claim: MacClaim, now: int) -> None:
    """Refuse a claim from outside the window, which is that of signed calls (RFC 9421)."""
    if not now - PAST_SECONDS <= claim.created <= now + FUTURE_SECONDS:
        raise refused(text("the call is stale, or from the future"), remedy=text("set the clock; sign again"))


def refused(reason: Text, *, remedy: Text | None = None) -> NotKnown:
    """Return the refusal of a caller who is not known by a shared secret."""
    return NotKnown(
        reason,
        basis=text("header profiles with a shared secret, as this node takes them"),
        remedy=remedy or text("sign the call with the secret that was issued for this profile"),
    )
