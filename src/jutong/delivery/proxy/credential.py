"""The secret that a department's service asks for: sealed under the node's key, and shown to nobody again."""

from __future__ import annotations

import base64
import re

from jutong.kernel.crypto import SigningKey, opened, sealed
from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.text import text

from .proxy import Asks, Proxy

MOST = 4_000  # characters
_LETTERS = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


def sealed_secret(proxy: Proxy, secret: str, *, user: str = "", key: SigningKey) -> bytes:
    """Return what is kept of a secret: the whole value of its field, sealed for this one service."""
    if proxy.asks is Asks.NOTHING:
        if secret or user:
            raise Invalid(
                text("the service is declared to ask for no credential"),
                remedy=text("declare it with one, or leave the secret out"),
            )
        return b""
    if (proxy.asks is Asks.BASIC) != bool(user) or ":" in user:
        raise Invalid(
            text("a name and a password belong together (RFC 7617); a secret in a field of its own has no name"),
            remedy=text("correct the credential"),
        )
    if len(secret) + len(user) > MOST or not _LETTERS.fullmatch(secret):
        raise Invalid(
            text("a secret is 1 to {most} printable ASCII characters, and no blank at its ends", most=MOST),
            remedy=text("correct the credential"),
        )
    value = secret
    if proxy.asks is Asks.BASIC:
        value = "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()
    return sealed(_sealing(key), value.encode(), of=_of(proxy))


def field_of(proxy: Proxy, key: SigningKey) -> tuple[str, str] | None:
    """Return the field that carries the secret, or None where the service asks for none."""
    if proxy.asks is Asks.NOTHING:
        return None
    found = opened(_sealing(key), proxy.secret, of=_of(proxy))
    if found is None:
        raise Unavailable(
            text("the secret of the service was sealed by another key than this node's"),
            remedy=text("have its provider enter the secret again"),
        )
    return ("authorization" if proxy.asks is Asks.BASIC else proxy.header.lower()), found.decode()


def _sealing(key: SigningKey) -> bytes:
    return key.secret_for("credentials of departments' own services")


def _of(proxy: Proxy) -> str:
    return f"{proxy.id}\n{proxy.base}"
