"""The gateway's own session tokens: every one that this node did not issue, or not for this, is a stranger's."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from jutong.delivery.session import SESSION_SECONDS, Sessions
from jutong.kernel.crypto import SigningKey

NODE, NOW = "cn-500000", 1_780_000_000
OURS, THEIRS = SigningKey.of_seed(b"ours----" * 4), SigningKey.of_seed(b"theirs--" * 4)
CLAIMS = {"aud": NODE, "exp": NOW + 600, "iat": NOW, "jti": "a", "key": "ed25519:a", "sub": "500000/b/s"}
Forge = Callable[[], str]


def spell(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def made(head: dict[str, Any], claims: object, sign: Callable[[bytes], bytes]) -> str:
    """Return a token with any head and any body, under whatever signs."""
    body = f"{spell(head)}.{spell(claims)}"
    return f"{body}.{spell(sign(body.encode()))}"


def right(**changes: Any) -> str:
    """Return a token that this node's key has signed, with claims changed."""
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not ...}
    return made({"alg": "Ed25519", "typ": "JWT"}, claims, OURS.sign)


def sessions() -> Sessions:
    return Sessions(OURS, OURS.public.raw, NODE)


def by_public_key(message: bytes) -> bytes:
    return hmac.digest(OURS.public.raw, message, "sha256")


def traveling(name: str) -> str:
    """Return a stranger's token that brings its key along, or says where to find it."""
    public = {"kty": "OKP", "crv": "Ed25519", "x": spell(THEIRS.public.raw)}
    place = {"jwk": public, "jku": "https://evil.example/k", "x5u": "https://evil.example/c", "kid": "../node.pem"}
    return made({"alg": "Ed25519", "typ": "JWT", name: place[name]}, CLAIMS, THEIRS.sign)


def swapped() -> str:
    head, _, signature = right().split(".")
    return f"{head}.{spell({**CLAIMS, 'sub': '500000/b/other'})}.{signature}"


FORGED: dict[str, Forge] = {
    "no algorithm": lambda: made({"alg": "none"}, CLAIMS, lambda _: b""),
    "no algorithm, in capitals": lambda: made({"alg": "None"}, CLAIMS, lambda _: b""),
    "no algorithm, rightly signed": lambda: made({"alg": "none"}, CLAIMS, OURS.sign),
    "no signature": lambda: right().rpartition(".")[0] + ".",
    "the public key as a password": lambda: made({"alg": "HS256", "typ": "JWT"}, CLAIMS, by_public_key),
    "another key": lambda: made({"alg": "Ed25519", "typ": "JWT"}, CLAIMS, THEIRS.sign),
    "a key that travels along": lambda: traveling("jwk"),
    "a key at an address": lambda: traveling("jku"),
    "a certificate at an address": lambda: traveling("x5u"),
    "a key that is a path": lambda: traveling("kid"),
    "the old name of the algorithm": lambda: made({"alg": "EdDSA", "typ": "JWT"}, CLAIMS, OURS.sign),
    "another algorithm": lambda: made({"alg": "RS256", "typ": "JWT"}, CLAIMS, OURS.sign),
    "an extension that must be understood": lambda: made({"alg": "Ed25519", "crit": ["b"], "b": 1}, CLAIMS, OURS.sign),
    "no head": lambda: f".{spell(CLAIMS)}.{spell(b'x' * 64)}",
    "a list for a body": lambda: made({"alg": "Ed25519"}, [CLAIMS], OURS.sign),
    "text for a body": lambda: made({"alg": "Ed25519"}, "claims", OURS.sign),
    "another body under the signature": swapped,
    "two parts": lambda: right().rpartition(".")[0],
    "five parts": lambda: f"{right()}.a.b",
    "nothing": lambda: "",
    "half a character": lambda: "\udcff.\udcff.\udcff",
    "a very long one": lambda: right(more="x" * 5000),
    "another node": lambda: right(aud="cn-500103"),
    "several nodes": lambda: right(aud=[NODE, "cn-500103"]),
    "no node": lambda: right(aud=...),
    "no client": lambda: right(sub=...),
    "a client that is a number": lambda: right(sub=7),
    "no key": lambda: right(key=...),
    "no end": lambda: right(exp=...),
    "an end in words": lambda: right(exp="never"),
    "an end when true": lambda: right(exp=True),
    "expired": lambda: right(exp=NOW),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_token_with_one_thing_wrong_opens_nothing(name: str) -> None:
    """Nothing in a token's head is asked, and everything in its body must be as this node writes it."""
    known = sessions()
    assert known.known(right(), NOW) is not None
    assert known.known(FORGED[name](), NOW) is None


def test_a_token_ends_when_it_says_also_when_it_was_known() -> None:
    """Ten minutes after it was issued, in the worker that issued it and in any other."""
    issuing, other = sessions(), sessions()
    token, session = issuing.open("500000/b/s", "ed25519:a", NOW)
    for known in (issuing, other):
        assert known.known(token, NOW + SESSION_SECONDS - 1) == session
        assert known.known(token, NOW + SESSION_SECONDS) is None
        assert known.known(token, NOW + SESSION_SECONDS + 3600) is None


def test_a_token_is_what_any_other_reader_of_the_standard_sees() -> None:
    """RFC 8037 and 9864: the signature stands under the node's public key, read by the library alone."""
    token, _ = sessions().open("500000/b/s", "ed25519:a", NOW)
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": spell(OURS.public.raw)})
    assert json.loads(jws.deserialize_compact(token, key, algorithms=["Ed25519"]).payload)["aud"] == NODE
