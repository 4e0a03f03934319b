"""Session tokens: ten minutes of calls for one signature, bound to one system and to the key that it signed with."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from jutong.kernel.canon import Fact, canonical
from jutong.kernel.httpsig import Signs
from jutong.kernel.shape import learn

SESSION_SECONDS = 600
ALGORITHM = "Ed25519"  # EdDSA under its own name (RFC 9864)
_HELD = 10_000
_LONGEST = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Session:
    """Who may call with a token, until when (seconds since 1970), and by which public key it was opened."""

    client: str
    expires: int
    key: str


class Sessions:
    """Issues tokens and knows its own again; what was verified once is kept in memory until it expires."""

    def __init__(self, key: Signs, public: bytes, node: str) -> None:
        self._key, self._node = key, node
        self._public = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _spell(public)})
        self._known: dict[str, Session] = {}

    def open(self, client: str, key: str, now: int) -> tuple[str, Session]:
        """Return a new token for ``client``, whose registered public key is ``key``, and what it stands for."""
        session = Session(client, now + SESSION_SECONDS, key)
        claims: dict[str, Fact] = {
            "aud": self._node,
            "exp": session.expires,
            "iat": now,
            "jti": secrets.token_hex(16),
            "key": key,
            "sub": client,
        }
        signed = f"{_spell(canonical({'alg': ALGORITHM, 'typ': 'JWT'}))}.{_spell(canonical(claims))}"
        return f"{signed}.{_spell(self._key.sign(signed.encode()))}", session

    def known(self, token: str, now: int) -> Session | None:
        """Return the session of a token that this node issued and that has not expired, else None."""
        session = self._known.get(token)
        if session is None:
            session = self._read(token)
            if session is None:
                return None
            if len(self._known) >= _HELD:
                self._known = {one: held for one, held in self._known.items() if held.expires > now}
            if len(self._known) < _HELD:
                self._known[token] = session
        if session.expires <= now:
            self._known.pop(token, None)
            return None
        return session

    def _read(self, token: str) -> Session | None:
        if len(token) > _LONGEST:
            return None
        try:
            # One algorithm and one key, named here: nothing in the token's header is asked.
            claims: Mapping[str, object] = jwt.decode(token, self._public, algorithms=[ALGORITHM]).claims
            stated = msgspec.convert(claims, _Claims)
        except (JoseError, ValueError, TypeError, KeyError):
            return None
        return Session(stated.sub, stated.exp, stated.key) if stated.aud == self._node else None


class _Claims(msgspec.Struct):
    aud: str
    exp: int
    sub: str
    key: str


learn(_Claims)


def _spell(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
