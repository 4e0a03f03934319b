"""An identity at the provider that this node trusts, and whose account it opens here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from jutong.kernel.canon import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who at which issuer is which person here; never found by a name or an e-mail address."""

    id: str
    person: str
    digest: str = field(repr=False)
    issuer: str
    subject: str = field(repr=False)
    made: datetime
    used: datetime | None = None


def identity_digest(issuer: str, subject: str) -> str:
    """Return under what an identity is found: both parts, so that no other issuer can speak for it.

    >>> identity_digest("https://a", "bc") == identity_digest("https://ab", "c")
    False
    """
    return digest(f"{issuer}\0{subject}".encode())
