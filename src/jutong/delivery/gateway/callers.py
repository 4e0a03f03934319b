"""Who calls: known by a session token, a signature (RFC 9421), or a shared secret in a domestic header profile."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping

import msgspec

from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import NotKnown, TooMuch
from jutong.kernel.httpmac import (
    FIELDS,
    HeaderProfile,
    MacClaim,
    check_fresh,
    check_mac,
    mac_claim_of,
    refused,
    request_digest,
)
from jutong.kernel.httpsig import Claim, Target, claim_of, verify_request
from jutong.kernel.sm2 import Sm2SigningKey
from jutong.kernel.text import text

from ..board import Board, Client, ClientKey
from ..quota import Spent
from ..refusal import Refusal
from ..session import Sessions
from ..wire import Asked, Turned, invalid, no_sm2_key, not_known, segments_of
from .naming import Names

_SIGNED_FIELDS = tuple(
    (name, name.encode()) for name in ("content-digest", "x-road-client", "jutong-agreement", "jutong-purpose")
)
_MAC_FIELDS = (*(name for names in FIELDS.values() for name in names), "authorization", "signature-input")
_MAC_KEYS = tuple(names[3].encode() for names in FIELDS.values())
_MOST = 2  # keys, or secrets of a profile, that count at one time


class Known(msgspec.Struct, frozen=True):
    """A caller who has shown who it is, and how."""

    client: Client
    key: str = ""  # the public key, as it is spelled
    signature: str = ""  # to which the answer binds itself
    until: int = 0  # seconds since 1970, for which a session goes on telling the same
    by_secret: bool = False
    alg: str = ""  # by which the call itself is signed


class Callers:
    """Knows callers by what they show; a signed call counts once in all processes of the node."""

    def __init__(self, sessions: Sessions, spent: Spent, names: Names, algs: Collection[str]) -> None:
        self._sessions, self._spent, self._names = sessions, spent, names
        # Of these nobody has the other half: a name that is not known is refused after the same work as a known one.
        keys = (one.new() for one in (SigningKey, Sm2SigningKey) if one.alg in algs)
        self._nobodys = {one.alg: ClientKey(one.public, "") for one in keys}
        self._nobodys_secret = secrets.token_bytes(32)

    def identify(self, board: Board, asked: Asked, now: int) -> Known:
        """Return who calls, or leave through ``Turned``."""
        try:
            if any(name in asked.fields for name in _MAC_KEYS):
                return self._by_secret(board, asked, now)
            # GovStack's mediator names the same field otherwise.
            name = asked.field(b"x-road-client") or asked.field(b"information-mediator-client")
            if not name:
                raise invalid(text("the field {field} is missing", field="X-Road-Client"))
            client = board.clients.get(name)
            if b"signature-input" in asked.fields:
                return self._by_signature(asked, client, now)
        except NotKnown as error:
            raise not_known(error.reason, error.basis, error.remedy) from error
        except TooMuch as error:
            raise Turned(Refusal("too-much", error.reason, error.basis, error.remedy)) from error
        return self._by_session(asked, client, now)

    def _by_session(self, asked: Asked, client: Client | None, now: int) -> Known:
        token = asked.fields.get(b"authorization", b"").decode("latin-1")
        session = self._sessions.known(token[7:], now) if token[:7].lower() == "bearer " else None
        if client is not None and session is not None and session.client == client.name:
            key = client.key_spelled(session.key, now)
            if key is not None:
                return Known(client, key.spelled, until=min(session.expires, key.until))
        raise not_known(
            text("the caller is not known"),
            text("every call carries a session token or a signature (RFC 9421) of the system that it names"),
            text("open a session with a signed POST to /r1/session"),
        )

    def _by_signature(self, asked: Asked, client: Client | None, now: int) -> Known:
        headers = {name: value for name, sent in _SIGNED_FIELDS if (value := asked.field(sent))}
        # No two calls have the same, and their form is strict.
        headers["signature-input"] = asked.fields[b"signature-input"].decode("latin-1").strip(" ")
        headers["signature"] = asked.fields.get(b"signature", b"").decode("latin-1").strip(" ")
        authority = asked.field(b"host").lower()
        claim = claim_of(headers)
        if claim.alg not in self._nobodys:
            raise no_sm2_key()
        keys = () if client is None else client.keys_at(now)
        tried = (*(one for one in keys if one.key.alg == claim.alg), *[self._nobodys[claim.alg]] * _MOST)[:_MOST]
        key = _signer(tried, claim, Target(asked.method, authority, asked.path, asked.query), headers, asked.body, now)
        if client is None or not keys or claim.keyid != client.name or authority not in self._names.authorities:
            raise NotKnown(text("the signature does not belong to this message and this key"))
        if not self._spent.admit(claim.mark, created=claim.created, now=now):
            raise NotKnown(text("the signature was used before"), remedy=text("sign every call anew"))
        return Known(client, key.spelled, claim.spelled, alg=claim.alg)

    def _by_secret(self, board: Board, asked: Asked, now: int) -> Known:
        claim = mac_claim_of({name: value for name in _MAC_FIELDS if (value := asked.field(name.encode()))})
        if claim is None or asked.field(b"x-road-client") not in ("", claim.client):
            raise refused(text("the call names its caller in more than one way"))
        check_fresh(claim, now)
        client = board.clients.get(claim.client)
        held = () if client is None else client.secrets_at(claim.profile, now)
        right = [check_mac(claim, secret) for secret in (*held, *[self._nobodys_secret] * _MOST)[:_MOST]]
        if client is None or not any(right[: len(held)]):
            raise refused(text("the code does not belong to this call and this secret"))
        _check_bound(claim, asked)
        if not self._spent.admit(claim.mark, created=claim.created, now=now):
            raise refused(text("the call was sent before"), remedy=text("make every call anew"))
        return Known(client, by_secret=True)


def _signer(
    keys: tuple[ClientKey, ...], claim: Claim, target: Target, headers: Mapping[str, str], body: bytes, now: int
) -> ClientKey:
    """Return the key by which the call was signed: in a rotation the newest is tried first, then the one before."""
    for key in keys[:-1]:
        try:
            verify_request(claim, key.key, target, headers, body, now=now)
        except NotKnown:
            continue
        return key
    verify_request(claim, keys[-1].key, target, headers, body, now=now)
    return keys[-1]


def _check_bound(claim: MacClaim, asked: Asked) -> None:
    """Refuse a call whose signed words belong to another: to another service, or to another request."""
    if claim.profile is HeaderProfile.NATIONAL:
        path = "/".join(segments_of(asked.path)[2:-1])
        if claim.told != path:
            raise refused(
                text("the service in {field} is not the one at this address", field="gjgxjhpt_sid"),
                remedy=text("name the service by its path: instance/class/member/system/service"),
            )
    elif claim.bound:
        target = f"{asked.path}?{asked.query}" if asked.query else asked.path
        if claim.bound != request_digest(asked.method, target, asked.body):
            raise refused(text("the nonce is bound to another request"))
