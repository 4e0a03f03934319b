"""Signed messages: what is covered cannot be changed, moved, kept back or used twice."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, algorithms
from hypothesis import given
from hypothesis import strategies as st

from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import NotKnown, TooMuch
from jutong.kernel.httpsig import (
    ReplayWindow,
    Target,
    claim_of,
    content_digest,
    sign_request,
    sign_response,
    verify_request,
    verify_response,
)

SEED = bytes(range(32))
KEY = SigningKey.of_seed(SEED)
NOW = 1_770_000_000
NONCE = "0123456789abcdef"
TARGET = Target("POST", "node.example:8700", "/r1/CN-500000/GOV/x/pool/firms/verify", "items=a%2Cb")
FIELDS = {"x-road-client": "CN-500000/GOV/x/app", "jutong-agreement": "01JZ", "jutong-purpose": "subsidy"}
BODY = '{"key":"重庆"}'.encode()


class Resolver:
    """The oracle's key ring: one key."""

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(SEED)

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        return Ed25519PrivateKey.from_private_bytes(SEED).public_key()


def signed(
    target: Target = TARGET, fields: dict[str, str] = FIELDS, body: bytes = BODY, at: int = NOW
) -> dict[str, str]:
    return fields | sign_request(KEY, target, fields, body, keyid="k", nonce=NONCE, created=at)


def check(headers: dict[str, str], target: Target = TARGET, body: bytes = BODY, now: int = NOW) -> None:
    verify_request(claim_of(headers), KEY.public, target, headers, body, now=now)


def message(headers: dict[str, str], target: Target = TARGET) -> SimpleNamespace:
    return SimpleNamespace(
        method=target.method, url=f"https://{target.authority}{target.path}?{target.query}", headers=dict(headers)
    )


def test_what_was_signed_is_accepted() -> None:
    """A request that nobody touched passes, with and without a body."""
    check(signed())
    get = Target("GET", "n", "/r1/a", "")
    check(signed(get, {}, b""), get, b"")


def test_the_library_accepts_what_we_sign() -> None:
    """Our signatures are RFC 9421 and not a dialect of it."""
    headers = FIELDS | sign_request(KEY, TARGET, FIELDS, BODY, keyid="k", nonce=NONCE, created=int(time.time()))
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Resolver())
    (result,) = verifier.verify(message(headers), expect_tag="jutong", body=BODY)
    assert '"@authority"' in result.covered_components


def test_we_accept_what_the_library_signs() -> None:
    """A consumer may sign with the tool of its choice."""
    request = message(FIELDS | {"content-digest": content_digest(BODY)})
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=Resolver()).sign(
        request,
        key_id="k",
        nonce=NONCE,
        tag="jutong",
        label="mine",
        use_existing_digest=True,
        covered_component_ids=(
            "x-road-client",
            "@method",
            "@query",
            "@path",
            "@authority",
            "content-digest",
            *list(FIELDS)[1:],
        ),
    )
    check({name.lower(): value for name, value in request.headers.items()}, now=int(time.time()))


def test_the_library_accepts_our_answers() -> None:
    """An answer's signature says which request it answers."""
    asked = signed()
    fields = {"jutong-call": "01JZ"}
    answer = fields | sign_response(
        KEY,
        200,
        fields,
        b"{}",
        method="POST",
        request_signature=asked["signature"],
        keyid="n",
        created=int(time.time()),
    )
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Resolver())
    response = SimpleNamespace(status_code=200, headers=answer, request=message(asked), url=message(asked).url)
    verifier.verify(response, expect_tag="jutong", body=b"{}")


def change(words: str, place: int) -> str:
    place %= len(words)
    return words[:place] + ("A" if words[place] != "A" else "B") + words[place + 1 :]


@given(st.sampled_from(["method", "authority", "path", "query"]), st.integers(0, 200))
def test_any_changed_byte_of_the_target_is_noticed(part: str, place: int) -> None:
    """A signature for one node, method, path or query is worth nothing for another."""
    old = getattr(TARGET, part)
    other = change(old, place).replace("A", "#") if part == "authority" else change(old, place)
    with pytest.raises(NotKnown):
        check(signed(), replace(TARGET, **{part: other}))


@given(
    st.sampled_from([*FIELDS, "content-digest", "signature", "signature-input"]),
    st.integers(0, 400),
    st.characters(min_codepoint=33, max_codepoint=126),
)
def test_any_changed_byte_of_a_covered_field_is_noticed(field: str, place: int, other: str) -> None:
    """No client, agreement, purpose, digest or parameter can be put in the place of the signed one."""
    headers = signed()
    place %= len(headers[field])
    changed = headers[field][:place] + other + headers[field][place + 1 :]
    if changed == headers[field] or (
        field.startswith("signature") and changed.partition("=")[2] == headers[field].partition("=")[2]
    ):
        return
    with pytest.raises(NotKnown):
        check(headers | {field: changed})


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_any_changed_byte_of_the_body_is_noticed(place: int, flip: int) -> None:
    """The body is bound through its digest."""
    body = BODY[:place] + bytes([BODY[place] ^ flip]) + BODY[place + 1 :]
    with pytest.raises(NotKnown):
        check(signed(), body=body)


@pytest.mark.parametrize("field", [*FIELDS, "content-digest"])
def test_a_covered_field_cannot_be_taken_away_or_slipped_in(field: str) -> None:
    """Adding a purpose to a signed request, or dropping one, breaks the signature."""
    headers = signed()
    with pytest.raises(NotKnown):
        check({name: value for name, value in headers.items() if name != field})
    without = signed(fields={name: value for name, value in FIELDS.items() if name != field}, body=b"")
    with pytest.raises(NotKnown):
        check(without | {field: headers[field]}, body=BODY if field == "content-digest" else b"")


@pytest.mark.parametrize(("age", "fresh"), [(300, True), (301, False), (-30, True), (-31, False)])
def test_a_signature_lives_five_minutes(age: int, fresh: bool) -> None:
    """A stale signature is refused, and so is one from a clock that runs ahead."""
    headers = signed(at=NOW - age)
    if fresh:
        check(headers)
    else:
        with pytest.raises(NotKnown):
            check(headers)


def test_a_line_break_cannot_pose_as_a_component() -> None:
    """A value that would begin a new line of the signature base is not signed and not accepted."""
    with pytest.raises(NotKnown):
        signed(fields={"jutong-purpose": 'a\n"@status": 200'})
    with pytest.raises(NotKnown):
        check(signed() | {"jutong-purpose": "a\nb"})


@given(st.text(max_size=300), st.text(max_size=120))
def test_nonsense_is_refused_not_a_crash(stated: str, signature: str) -> None:
    """Whatever stands in the two fields, the answer is a refusal."""
    with pytest.raises(NotKnown):
        claim_of({"signature-input": stated, "signature": signature})


def test_an_answer_belongs_to_one_request() -> None:
    """An answer to another request, with another status or body, is not accepted."""
    asked, other = signed(), signed(replace(TARGET, path="/other"))
    fields = {"jutong-call": "01JZ"}
    answer = fields | sign_response(
        KEY, 200, fields, b"{}", method="POST", request_signature=asked["signature"], keyid="n", created=NOW
    )

    def holds(
        status: int = 200, headers: dict[str, str] = answer, body: bytes = b"{}", request: str = asked["signature"]
    ) -> bool:
        try:
            verify_response(KEY.public, status, headers, body, method="POST", request_signature=request, now=NOW)
        except NotKnown:
            return False
        return True

    assert holds()
    assert not holds(status=404)
    assert not holds(body=b"[]")
    assert not holds(request=other["signature"])
    assert not holds(headers=answer | {"jutong-call": "01JX"})


def test_a_mark_is_admitted_once_and_memory_is_bounded() -> None:
    """A replay is noticed for as long as it could pass as fresh; a full memory lets nothing in."""
    window = ReplayWindow(limit=2)
    assert window.admit(b"1", created=NOW, now=NOW)
    assert not window.admit(b"1", created=NOW, now=NOW + 300)
    assert window.admit(b"2", created=NOW, now=NOW)
    with pytest.raises(TooMuch):
        window.admit(b"3", created=NOW, now=NOW)
    assert window.admit(b"3", created=NOW + 400, now=NOW + 400)
