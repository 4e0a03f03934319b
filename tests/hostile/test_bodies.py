"""Bodies of ten megabytes and of a gigabyte: refused early at every face, held by nobody, and not read to their end."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.hostile.standing import Standing, head, memory, status_of, taken

MEGABYTE, GIGABYTE = 1 << 20, 1 << 30
READ_MOST = 24 * MEGABYTE  # what two systems' buffers hold on the way, and a little after the answer
GROWTH_MOST = 48 * MEGABYTE
FACES = {
    "gateway": ("POST", "/r1/{service}/verify", ""),
    "session": ("POST", "/r1/session", ""),
    "gateway by GET": ("GET", "/r1/{service}/{code}", ""),
    "shares": ("POST", "/sharing{table}/query", "profile"),
    "shares by GET": ("GET", "/sharing/shares", "profile"),
    "management API": ("POST", "/api/entries", "officer"),
    "sign-in": ("POST", "/login", "form"),
    "witness": ("POST", "/witness/add-checkpoint", ""),
}


def request_to(node: Standing, face: str) -> tuple[str, str, dict[str, str]]:
    """Return method, path and fields of a request to a face, by somebody who may ask there."""
    method, path, who = FACES[face]
    fields = {"host": node.authority, "content-type": "application/json"}
    if who == "profile":
        fields["authorization"] = f"Bearer {node.token}"
    elif who == "form":
        fields["content-type"] = "application/x-www-form-urlencoded"
    elif who:
        fields |= node.shared.city.bearer(who)
    return method, path.format(service=node.service, code=node.code, table=node.shared.table()), fields


@pytest.mark.parametrize("size", [10 * MEGABYTE, GIGABYTE, 1 << 60], ids=["10 MB", "1 GB", "1 EB"])
@pytest.mark.parametrize("face", FACES)
def test_a_body_that_is_declared_too_large_is_refused_unsent(node: Standing, face: str, size: int) -> None:
    """By its declared length alone: 413 before a byte of it is asked for, also of one who waits to be asked."""
    method, path, fields = request_to(node, face)
    with node.open() as connection:
        connection.sendall(head(method, path, {**fields, "Content-Length": str(size), "Expect": "100-continue"}))
        assert status_of(connection.recv(1 << 16)) == 413


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "declared"])
@pytest.mark.parametrize("face", FACES)
def test_a_body_without_end_is_cut_off(node: Standing, face: str, chunked: bool) -> None:
    """Whoever goes on sending a gigabyte is answered 413 and cut off; the node's memory does not grow with it."""
    method, path, fields = request_to(node, face)
    framing = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(GIGABYTE)}
    piece = b"x" * MEGABYTE if not chunked else b"%x\r\n%s\r\n" % (MEGABYTE, b"x" * MEGABYTE)
    before, sent = memory(), 0
    with node.open() as connection:
        connection.sendall(head(method, path, {**fields, **framing}))
        try:
            while sent < GIGABYTE:
                connection.sendall(piece)
                sent += MEGABYTE
        except OSError:
            pass
        answer = taken(connection)
    assert sent <= READ_MOST
    # Whoever writes on into a closed connection may find the answer gone with it; what is left of it is a refusal.
    assert status_of(answer) in (413, 0)
    assert memory() - before < GROWTH_MOST


def test_a_delivery_larger_than_any_may_be_is_refused_unsent(node: Standing) -> None:
    """Uploads have a bound of their own, and a body that declares to pass it is not begun."""
    entry = node.shared.city.found["entry"]
    officer, authority = node.shared.city.bearer("officer"), node.shared.city.bearer("auditor")
    for path, who, most in (
        (f"/api/entries/{entry}/batches", officer, 4 << 30),
        ("/api/harvest/sources/portal/gathers", authority, 256 << 20),
    ):
        with node.open() as connection:
            fields = {"Host": node.authority, **who, "Content-Length": str(most + (2 << 20)), "Expect": "100-continue"}
            connection.sendall(head("POST", path, fields))
            assert status_of(connection.recv(1 << 16)) in (403, 413)
            assert path.endswith("gathers") or status_of(node.ask(head("POST", path, fields))) == 413


@pytest.mark.parametrize("face", ["gateway", "shares", "management API"])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_a_packed_request_is_not_unpacked(node: Standing, face: str, coding: str) -> None:
    """A megabyte that would unpack to a gigabyte is what it is: no message, refused as one."""
    method, path, fields = request_to(node, face)
    bomb = gzip.compress(b"[" * (32 * MEGABYTE), compresslevel=9)
    assert len(bomb) < 40_000
    before = memory()
    fields |= {"Content-Encoding": coding, "Content-Length": str(len(bomb)), "Connection": "close"}
    if face == "gateway":
        fields = node.signed("POST", path, bomb) | fields
    answer = node.ask(head(method, path, fields) + bomb)
    assert 400 <= status_of(answer) < 500
    assert memory() - before < GROWTH_MOST


@pytest.mark.parametrize("face", ["gateway", "shares", "management API"])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b'{"key":' + b"9" * 60_000 + b"}",
        b'{"key":1e' + b"9" * 50_000 + b"}",
        b'{"key":"' + rb"\u0000" * 10_000 + b'"}',
        b'{"version":' + b"9" * 50_000 + b"}",
        b'"' + b"\xed\xa0\x80" * 10 + b'"',
        b'{"key":"\xff","facts":{"name":"\xff"},"limitHint":0,"predicateHints":["\xff"],"title":"\xff"}',
        json.dumps({f"m{number}": 0 for number in range(5_000)}).encode(),
    ],
    ids=[
        "deep lists",
        "deep objects",
        "huge integer",
        "huge exponent",
        "nulls",
        "huge version",
        "surrogates",
        "no text",
        "wide",
    ],
)
def test_a_message_that_is_made_to_hurt_is_refused(node: Standing, face: str, body: bytes) -> None:
    """Depth, numbers and names beyond all reason end in a refusal, never in a failure of ours, and at once."""
    method, path, fields = request_to(node, face)
    fields |= {"Content-Length": str(len(body)), "Connection": "close"}
    if face == "gateway":
        fields = node.signed("POST", path, body) | fields
    answer = node.ask(head(method, path, fields) + body)
    # The protocol of shares has its readers leave aside what they do not know.
    assert 400 <= status_of(answer) < 500 or (face == "shares" and status_of(answer) == 200)
