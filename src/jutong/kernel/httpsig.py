"""HTTP message signatures (RFC 9421) in one fixed profile: fresh, used once, bound to one target.

By Ed25519, or by SM2 with SM3 under our own name for it, ``sm2-sm3``: RFC 9421 has registered none (ADR 0050).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .errors import NotKnown, TooMuch
from .suite import sm3
from .text import Text, text

TAG = "jutong"
ED25519, SM2 = "ed25519", "sm2-sm3"
LABEL = "sig1"
PAST_SECONDS = 300
FUTURE_SECONDS = 30

# The target is bound by authority, path and query rather than by "@target-uri": behind a proxy that ends TLS the
# scheme is hearsay, all else of the target is what the client meant. An absent query is signed too (as "?").
_TARGET = ("@method", "@authority", "@path", "@query")
# Covered whenever the message carries them, so that none can be taken away, added or changed on the way.
_FIELDS = ("content-digest", "x-road-client", "jutong-agreement", "jutong-purpose")
_RESPONSE_FIELDS = ("content-digest", "jutong-call")
_QUOTED = {name: f'"{name}"' for name in (*_TARGET, *_FIELDS, *_RESPONSE_FIELDS)}

_PLAIN = r"[\x20\x21\x23-\x5b\x5d-\x7e]"  # what a structured string may hold without escapes
_INPUT = re.compile(
    rf'([a-z*][a-z0-9_.*-]{{0,63}})=((\([\x20-\x27\x2a-\x5b\x5d-\x7e]{{0,400}}\))((?:;[a-z]+=(?:[0-9]{{1,12}}|"{_PLAIN}{{1,256}}"))*))'
)
_PARAMETER = re.compile(rf';([a-z]+)=(?:([0-9]{{1,12}})|"({_PLAIN}{{1,256}})")')
_PARAMETERS = frozenset({"created", "keyid", "nonce", "alg", "tag"})
_SIGNATURE = re.compile(r"([a-z*][a-z0-9_.*-]{0,63})=:([A-Za-z0-9+/]{86}==):")

_ANOTHER_BODY = text("the body is not the one that was signed (Content-Digest)")


class Signs(Protocol):
    """A private key."""

    @property
    def alg(self) -> str:
        """The algorithm's name in a signature's parameters."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data``."""
        ...


class Verifies(Protocol):
    """A public key."""

    @property
    def alg(self) -> str:
        """The algorithm's name in a signature's parameters."""
        ...

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Say whether ``signature`` was made over ``data`` by the private half."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: method, authority (host and port), path and query as they stand on the wire."""

    method: str
    authority: str
    path: str
    query: str = ""

    def components(self) -> dict[str, str]:
        """Return the derived components of RFC 9421, 2.2."""
        return {
            "@method": self.method,
            "@authority": self.authority.lower(),
            "@path": self.path or "/",
            "@query": "?" + self.query,
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """What a message says of its own signature, before anybody has checked it."""

    keyid: str
    nonce: str
    created: int
    covered: tuple[str, ...]
    parameters: str
    signature: bytes
    spelled: str  # the Signature field as sent: an answer binds itself to it
    alg: str = ED25519

    @property
    def mark(self) -> bytes:
        """Sixteen bytes that tell this use of the key from every other; two uses of one nonce have one mark."""
        return hashlib.sha256(f"{self.created}\n{self.keyid}\n{self.nonce}".encode()).digest()[:16]


def content_digest(body: bytes, alg: str = ED25519) -> str:
    """Return the Content-Digest of ``body`` (RFC 9530); a message that SM2 signs carries its SM3 beside its SHA-256.

    >>> content_digest(b"")
    'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'
    """
    return digest_field(hashlib.sha256(body).digest(), sm3(body) if alg == SM2 else b"")


def digest_field(sha256: bytes, of_sm3: bytes = b"") -> str:
    """Return the Content-Digest of a body of which only the digests are at hand."""
    field = f"sha-256=:{base64.b64encode(sha256).decode()}:"
    return f"{field}, sm3=:{base64.b64encode(of_sm3).decode()}:" if of_sm3 else field


def check_digest(headers: Mapping[str, str], sha256: bytes, of_sm3: bytes = b"") -> None:
    """Refuse a body that is not the one whose digest was signed; of what SM2 signed, both must be right."""
    if headers.get("content-digest", "") != digest_field(sha256, of_sm3):
        raise _refused(_ANOTHER_BODY)


def sign_request(
    key: Signs, target: Target, headers: Mapping[str, str], body: bytes = b"", *, keyid: str, nonce: str, created: int
) -> dict[str, str]:
    """Return the fields to add to a request; ``headers`` are the ones that it has, by lower-case name."""
    added = {"content-digest": content_digest(body, key.alg)} if body else {}
    values = {**headers, **added, **target.components()}
    covered = _request_values(values)
    parameters = f'({" ".join(covered)});created={created};keyid="{keyid}";nonce="{nonce}";alg="{key.alg}";tag="{TAG}"'
    return added | _signed(key, _base(covered, parameters), parameters)


def sign_response(
    key: Signs,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    method: str,
    request_signature: str,
    keyid: str,
    created: int,
) -> dict[str, str]:
    """Return the fields to add to an answer, which is bound to the one signed request that it answers."""
    added = {"content-digest": content_digest(body, key.alg)}
    covered = _response_values(status, {**headers, **added}, method, request_signature)
    parameters = f'({" ".join(covered)});created={created};keyid="{keyid}";alg="{key.alg}";tag="{TAG}"'
    return added | _signed(key, _base(covered, parameters), parameters)


def claim_of(headers: Mapping[str, str]) -> Claim:
    """Read what a request or an answer claims; a form outside the profile is refused with ``NotKnown``."""
    stated = _INPUT.fullmatch(headers.get("signature-input", ""))
    signed = _SIGNATURE.fullmatch(headers.get("signature", ""))
    if stated is None or signed is None or stated[1] != signed[1]:
        raise _refused(text("the message does not carry one signature in the form of the profile"))
    found = [(name, number or words) for name, number, words in _PARAMETER.findall(stated[4])]
    said = dict(found)
    if len(said) != len(found) or not said.keys() <= _PARAMETERS:
        raise _refused(text("the signature has parameters outside the profile"))
    if said.get("alg") not in (ED25519, SM2) or said.get("tag") != TAG:
        raise _refused(text("the signature is not made with alg ed25519 or sm2-sm3, and tag jutong"))
    if not said.get("created", "").isdigit() or "keyid" not in said:
        raise _refused(text("the signature does not say when and with which key it was made"))
    signature = base64.b64decode(signed[2])
    if base64.b64encode(signature).decode() != signed[2]:
        raise _refused(text("the signature is not spelled as base64 spells it"))
    return Claim(
        keyid=said["keyid"],
        nonce=said.get("nonce", ""),
        created=int(said["created"]),
        covered=tuple(stated[3][1:-1].split(" ")),
        parameters=stated[2],
        signature=signature,
        spelled=headers["signature"],
        alg=said["alg"],
    )


def verify_request(
    claim: Claim, key: Verifies, target: Target, headers: Mapping[str, str], body: bytes = b"", *, now: int
) -> None:
    """Refuse with ``NotKnown`` unless the key's holder made exactly this request within the window.

    Whether the nonce was used before is the caller's next question, to a ``ReplayWindow``: only what is proven
    may use up memory.
    """
    _whole(headers, body, claim.alg)
    verify_fields(claim, key, target, headers, now=now)


def verify_fields(claim: Claim, key: Verifies, target: Target, headers: Mapping[str, str], *, now: int) -> None:
    """Refuse as ``verify_request`` does, before a byte of the body was read.

    The body still has to be compared with the Content-Digest that was signed (``digest_field`` of what came).
    """
    if not 16 <= len(claim.nonce) <= 128:
        raise _refused(text("the signature needs a nonce of 16 to 128 characters"))
    _fresh(claim, now)
    _check(claim, key, _request_values({**headers, **target.components()}))


def verify_response(
    key: Verifies,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    method: str,
    request_signature: str,
    now: int,
) -> Claim:
    """Refuse with ``NotKnown`` unless the key's holder gave exactly this answer to exactly that request."""
    claim = claim_of(headers)
    _fresh(claim, now)
    if "content-digest" not in headers:
        raise _refused(text("the answer carries no digest of its body"))
    _whole(headers, body, claim.alg)
    _check(claim, key, _response_values(status, headers, method, request_signature))
    return claim


class ReplayWindow:
    """Remembers which marks were used while they could still be fresh; memory is bounded, and full means refuse.

    Marks are kept by the minute in which they were made, so that what is too old to be fresh is dropped whole.

    >>> window = ReplayWindow(limit=10)
    >>> window.admit(b"mark", created=1000, now=1000), window.admit(b"mark", created=1000, now=1001)
    (True, False)
    """

    def __init__(self, *, limit: int = 1_000_000) -> None:
        self._limit = limit
        self._held = 0
        self._minutes: dict[int, set[bytes]] = {}

    def admit(self, mark: bytes, *, created: int, now: int) -> bool:
        """Say whether ``mark`` is used for the first time, and remember it."""
        for minute in [minute for minute in self._minutes if (minute + 1) * 60 + PAST_SECONDS < now]:
            self._held -= len(self._minutes.pop(minute))
        if created + PAST_SECONDS < now:
            return False
        marks = self._minutes.setdefault(created // 60, set())
        if mark in marks:
            return False
        if self._held >= self._limit:
            raise full()
        marks.add(mark)
        self._held += 1
        return True


def full() -> TooMuch:
    """Return the refusal of a replay window that has no place left: what cannot be told from a replay is not let in."""
    return TooMuch(
        text("more signed calls arrived in five minutes than this node can tell from replays"),
        remedy=text("open a session and call with its token, or slow down"),
    )


def _signed(key: Signs, base: bytes, parameters: str) -> dict[str, str]:
    signature = base64.b64encode(key.sign(base)).decode()
    return {"signature-input": f"{LABEL}={parameters}", "signature": f"{LABEL}=:{signature}:"}


def _base(covered: Mapping[str, str], parameters: str) -> bytes:
    """Return what is signed: each component that is covered, in this order, and the parameters."""
    lines = [f"{name}: {value}" for name, value in covered.items()]
    words = "".join(lines)
    if not (words.isascii() and words.isprintable()):
        # A line break inside a value could pose as a further component.
        field = next(name for name, value in covered.items() if not (value.isascii() and value.isprintable()))
        raise _refused(text("{field} holds characters that cannot be signed", field=field.strip('"')))
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii")


def _check(claim: Claim, key: Verifies, wanted: Mapping[str, str]) -> None:
    """Refuse unless the key's holder signed exactly these components, in whatever order."""
    try:
        covered = {name: wanted[name] for name in claim.covered}
    except KeyError:
        covered = {}
    if not len(covered) == len(claim.covered) == len(wanted):
        raise _refused(text("the signature must cover exactly {components}", components=" ".join(wanted)))
    # A key counts by its own algorithm alone: what a message says of it must be so.
    if claim.alg != key.alg or not key.verifies(claim.signature, _base(covered, claim.parameters)):
        raise _refused(text("the signature does not belong to this message and this key"))


def _fresh(claim: Claim, now: int) -> None:
    if not now - PAST_SECONDS <= claim.created <= now + FUTURE_SECONDS:
        raise _refused(text("the signature is stale, or from the future"), remedy=text("set the clock; sign again"))


def _whole(headers: Mapping[str, str], body: bytes, alg: str) -> None:
    stated = headers.get("content-digest")
    if (stated is not None or body) and stated != content_digest(body, alg):
        raise _refused(_ANOTHER_BODY)


def _request_values(values: Mapping[str, str]) -> dict[str, str]:
    return {_QUOTED[name]: values[name] for name in (*_TARGET, *_FIELDS) if name in values}


def _response_values(status: int, headers: Mapping[str, str], method: str, request_signature: str) -> dict[str, str]:
    fields = {_QUOTED[name]: headers[name] for name in _RESPONSE_FIELDS if name in headers}
    return {'"@status"': str(status), **fields, '"@method";req': method, '"signature";req': request_signature}


def _refused(reason: Text, *, remedy: Text | None = None) -> NotKnown:
    return NotKnown(
        reason,
        basis=text("RFC 9421, the profile of this node"),
        remedy=remedy or text("sign the request as the manual shows, with the key that was registered"),
    )
