"""A passkey: a key pair in a device that signs for this node alone, after it has verified its user (WebAuthn)."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from jutong.kernel.canon import digest
from jutong.kernel.errors import Invalid, NotKnown, WrongMoment
from jutong.kernel.text import text

from .second_factor import Vault

CHALLENGE_LIFE = timedelta(minutes=5)
MOST = 10  # passkeys of one person
GIVEN_LONGEST = 16 << 10  # characters of what a browser hands in
ALGORITHMS = (-7, -8, -257)  # ES256, EdDSA, RS256 (COSE)
BASIS = text("W3C Web Authentication, level 2; GB/T 22239-2019 level 3, identification by two factors")
# What a library says of bytes that no honest browser made.
_NONSENSE = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, OverflowError),
    *(RecursionError, NotImplementedError, struct.error, UnsupportedAlgorithm),
)
_NONCE_BYTES, _TIME_BYTES, _MARK_BYTES = 16, 8, 32


@dataclass(frozen=True, slots=True)
class Party:
    """For whom keys sign: the host of the node's address, and the origin that a browser shows."""

    host: str
    origin: str

    def server(self) -> Fido2Server:
        """Return the library's checks for this party and no other."""
        made = Fido2Server(PublicKeyCredentialRpEntity(name="Jutong", id=self.host), verify_origin=self._is_ours)
        made.allowed_algorithms = [one for one in made.allowed_algorithms if one.alg in ALGORITHMS]
        return made

    def _is_ours(self, origin: str) -> bool:
        return hmac.compare_digest(origin.encode("utf-8", "replace"), self.origin.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """What is kept of one: the public key, the name that its person gave it, and how often it says it signed."""

    id: str
    person: str
    digest: str = field(repr=False)  # of the credential's identifier
    credential: bytes = field(repr=False)  # identifier and public key, as the device attested them
    name: str
    made: datetime
    used: datetime | None = None
    count: int = 0
    backed: bool = False  # its maker keeps a copy, so that it opens from another device too

    def signed(self, count: int, now: datetime) -> Passkey:
        """Return the passkey after one more signature; one whose count does not grow was copied (WebAuthn, 6.1.1)."""
        if (count or self.count) and count <= self.count:
            raise NotKnown(
                text("this passkey has signed fewer times than it had before: there may be a copy of it"),
                basis=BASIS,
                remedy=text("sign in by another way, remove the passkey and tell the security administrator"),
            )
        return replace(self, count=count, used=now)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a device said in an answer that was checked."""

    person: str  # the user handle; empty where the device gives none
    count: int


def party_of(address: str) -> Party | None:
    """Return for whom passkeys of a node sign; None where browsers give none: without TLS, or without a name.

    >>> party_of("https://data.example.gov.cn/").host, party_of("http://localhost:8700").origin
    ('data.example.gov.cn', 'http://localhost:8700')
    >>> party_of("http://data.example.gov.cn"), party_of("https://192.0.2.7")
    (None, None)
    """
    parts = urlsplit(address.lower())
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        safe = parts.scheme == "https" or (parts.scheme == "http" and host == "localhost")
        return Party(host, f"{parts.scheme}://{parts.netloc}") if host and safe else None
    return None


def new_challenge(vault: Vault, purpose: str, binder: str, now: datetime) -> bytes:
    """Return what a device is to sign: for one purpose and one session alone, for five minutes, kept nowhere."""
    ends = int((now + CHALLENGE_LIFE).timestamp())
    head = ends.to_bytes(_TIME_BYTES, "big") + secrets.token_bytes(_NONCE_BYTES)
    return head + _mark(vault, purpose, binder, head)


def challenge_ends(vault: Vault, purpose: str, binder: str, challenge: bytes, now: datetime) -> datetime:
    """Return when a challenge ends that this node gave to this very session, or refuse it."""
    head, mark = challenge[:-_MARK_BYTES], challenge[-_MARK_BYTES:]
    ours = len(challenge) == _TIME_BYTES + _NONCE_BYTES + _MARK_BYTES and hmac.compare_digest(
        mark, _mark(vault, purpose, binder, head)
    )
    ends = datetime.fromtimestamp(int.from_bytes(head[:_TIME_BYTES], "big"), UTC) if ours else now
    if now >= ends:
        raise no_passkey()
    return ends


def creation_options(
    party: Party, challenge: bytes, *, person: str, account: str, name: str, known: Iterable[Passkey]
) -> Mapping[str, Any]:
    """Return what a browser is asked to make: a passkey that is found without a name and verifies its user."""
    options, _ = party.server().register_begin(
        PublicKeyCredentialUserEntity(id=person.encode(), name=account, display_name=name),
        [AttestedCredentialData(one.credential) for one in known],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
        challenge=challenge,
    )
    return dict(options)


def request_options(party: Party, challenge: bytes) -> Mapping[str, Any]:
    """Return what a browser is asked to sign with any passkey that it has for this node."""
    options, _ = party.server().authenticate_begin(
        user_verification=UserVerificationRequirement.REQUIRED, challenge=challenge
    )
    return dict(options)


def challenge_in(given: str) -> bytes:
    """Return the challenge that an answer of a browser says it signed; nothing of it is believed yet."""
    try:
        return CollectedClientData(_bytes_in(given, "clientDataJSON")).challenge
    except _NONSENSE as error:
        raise no_passkey() from error


def credential_digest_in(given: str) -> str:
    """Return the digest of the credential that an answer names."""
    try:
        return digest(AuthenticationResponse.from_dict(_read(given)).raw_id)
    except _NONSENSE as error:
        raise no_passkey() from error


def made(
    party: Party, challenge: bytes, given: str, *, passkey_id: str, person: str, name: str, now: datetime
) -> Passkey:
    """Return the passkey that a browser made for this challenge, party and person, or refuse it."""
    try:
        response = RegistrationResponse.from_dict(_read(given))
        found = party.server().register_complete(_state(challenge), response)
        data = found.credential_data
        if data is None or response.response.client_data.cross_origin:
            raise no_passkey()
        if CoseKey.parse(data.public_key).get(3) not in ALGORITHMS or data.credential_id != response.raw_id:
            raise no_passkey()
        backed = bool(found.flags & AuthenticatorData.FLAG.BS)
        return Passkey(
            id=passkey_id,
            person=person,
            digest=digest(data.credential_id),
            credential=bytes(data),
            name=name,
            made=now,
            count=found.counter,
            backed=backed,
        )
    except _NONSENSE as error:
        raise no_passkey() from error


def signed(party: Party, challenge: bytes, given: str, by: Passkey) -> Signed:
    """Return what a passkey said when it signed this challenge for this party, or refuse it."""
    try:
        response = AuthenticationResponse.from_dict(_read(given))
        if response.response.client_data.cross_origin:
            raise no_passkey()
        party.server().authenticate_complete(_state(challenge), [AttestedCredentialData(by.credential)], response)
        handle = response.response.user_handle
        return Signed((handle or b"").decode(), response.response.authenticator_data.counter)
    except _NONSENSE as error:
        raise no_passkey() from error


def checked_name(name: str, known: Iterable[Passkey]) -> str:
    """Return the name of a new passkey, or refuse one that is taken, or one passkey too many."""
    names = [one.name for one in known]
    if len(names) >= MOST:
        raise WrongMoment(text("a person has at most {most} passkeys", most=MOST), remedy=text("remove one first"))
    if not name.strip() or name in names:
        raise Invalid(text("each of your passkeys has a name of its own"), remedy=text("name the device that holds it"))
    return name.strip()


def no_passkey() -> NotKnown:
    """Return the one refusal of a passkey: it does not tell what was wrong with it."""
    return NotKnown(
        text("this passkey does not open here, or what it signed is too old or was used before"),
        basis=BASIS,
        remedy=text("open the page anew and try again, or sign in with your password"),
    )


def _mark(vault: Vault, purpose: str, binder: str, head: bytes) -> bytes:
    return vault.mark("challenge", f"{purpose}:{binder}:{head.hex()}").encode()


def _state(challenge: bytes) -> Mapping[str, object]:
    return {"challenge": websafe_encode(challenge), "user_verification": UserVerificationRequirement.REQUIRED}


def _read(given: str) -> Mapping[str, Any]:
    if len(given) > GIVEN_LONGEST:
        raise no_passkey()
    return msgspec.json.decode(given.encode("utf-8", "replace"), type=dict[str, Any])


def _bytes_in(given: str, name: str) -> bytes:
    return websafe_decode(_read(given)["response"][name])
