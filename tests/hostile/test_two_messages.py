"""Two messages in one: whatever two readers could part in two ways reaches neither the gateway nor the pages."""

from __future__ import annotations

import pytest

from tests.hostile.standing import Standing, head, status_of

HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
FACES = {"gateway": "/r1/{service}/verify", "shares": "/sharing/shares", "management API": "/api/entries"}
FRAMINGS = {
    "length and chunked": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
    "chunked and length": b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
    "two lengths": b"Content-Length: 6\r\nContent-Length: 0\r\n",
    "a list of lengths": b"Content-Length: 6, 0\r\n",
    "a length with a sign": b"Content-Length: +6\r\n",
    "two codings": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "chunked not last": b"Transfer-Encoding: chunked, identity\r\n",
    "no known coding": b"Transfer-Encoding: xchunked\r\n",
    "space before the colon": b"Transfer-Encoding : chunked\r\n",
    "a folded field": b"X: a\r\n Transfer-Encoding: chunked\r\n",
    "a bare return": b"X: a\rTransfer-Encoding: chunked\r\n",
    "a NUL in a name": b"X\x00: a\r\nTransfer-Encoding: chunked\r\n",
    "a NUL in a value": b"X: a\x00\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n",
    "a field without a name": b": a\r\nTransfer-Encoding: chunked\r\n",
}


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("face", FACES)
def test_what_hides_behind_a_message_is_never_a_call(node: Standing, face: str, framing: str) -> None:
    """The message is refused, and so is all that came behind it on the same connection."""
    path = FACES[face].format(service=node.service).encode()
    told = node.ask(
        b"POST " + path + b" HTTP/1.1\r\nHost: " + node.authority.encode() + b"\r\n" + FRAMINGS[framing]
        + b"\r\n0\r\n\r\n" + HIDDEN
    )  # fmt: skip
    assert b"HTTP/1.1 2" not in told
    assert told.startswith(b"HTTP/1.1 4") or told == b""


@pytest.mark.parametrize(
    "line",
    [
        b"GET http://elsewhere.example/healthz HTTP/1.1",
        b"GET https://elsewhere.example/healthz HTTP/1.1",
        b"GET healthz HTTP/1.1",
        b"GET /healthz\x00/r1/x HTTP/1.1",
        b"GET /healthz\tx HTTP/1.1",
        b"GET /healthz HTTP/1.1 x",
        b"GET /healthz HTTP/2.0",
        b"CONNECT 127.0.0.1:22 HTTP/1.1",
        b"GET /r1/../healthz HTTP/1.1",
        b"GET /r1/%2e%2e/healthz HTTP/1.1",
        b"GET //healthz HTTP/1.1",
        b"GET /sharing/..%2f..%2fhealthz HTTP/1.1",
        b"GET /%72%31/healthz HTTP/1.1",
    ],
)
def test_a_target_that_two_readers_see_differently_leads_nowhere(node: Standing, line: bytes) -> None:
    """Targets of other hosts, with bytes that end a text, with dots and doubled slashes open nothing."""
    told = node.ask(line + b"\r\nHost: " + node.authority.encode() + b"\r\nConnection: close\r\n\r\n")
    assert b"HTTP/1.1 2" not in told
    assert status_of(told) in (0, 400, 401, 404, 405)


@pytest.mark.parametrize("hosts", [b"", b"Host: {}\r\nHost: elsewhere.example\r\n"], ids=["no host", "two hosts"])
@pytest.mark.parametrize("path", [b"/healthz", b"/r1/x", b"/sharing/shares", b"/login"])
def test_a_request_names_one_host(node: Standing, hosts: bytes, path: bytes) -> None:
    """None, or two, and it is refused before any face sees it (RFC 9112, 3.2)."""
    fields = hosts.replace(b"{}", node.authority.encode())
    assert status_of(node.ask(b"GET " + path + b" HTTP/1.1\r\n" + fields + b"Connection: close\r\n\r\n")) == 400


def test_a_whole_target_of_this_host_is_what_it_says(node: Standing) -> None:
    """The absolute form is to be understood (RFC 9112, 3.2.2), where it says what Host says."""
    line = f"GET http://{node.authority}/healthz HTTP/1.1\r\nHost: {node.authority}\r\nConnection: close\r\n\r\n"
    assert status_of(node.ask(line.encode())) == 200


@pytest.mark.parametrize("ending", [b"\n", b"\r"], ids=["bare LF", "bare CR"])
def test_a_line_ends_in_one_way(node: Standing, ending: bytes) -> None:
    """A field that another reader would see as two is no field that this node acts upon."""
    sent = b"POST /api/entries HTTP/1.1\r\nHost: " + node.authority.encode() + b"\r\nX: a" + ending
    told = node.ask(sent + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + HIDDEN)
    assert b"HTTP/1.1 2" not in told


def test_one_who_is_known_lends_nothing_to_the_next_call(node: Standing) -> None:
    """Two calls in one piece, the first signed and the second not: the second is a stranger's."""
    path = f"/r1/{node.service}/{node.code}"
    good = head("GET", path, node.signed("GET", path))
    told = node.ask(good + head("GET", path, {"Host": node.authority, "Connection": "close"}))
    assert [part[:3] for part in told.split(b"HTTP/1.1 ")[1:]] == [b"200", b"400"]
    told = node.ask(
        head("GET", "/api/agreements", {"Host": node.authority, **node.shared.city.bearer("asker")})
        + head("GET", "/api/agreements", {"Host": node.authority, "Connection": "close"})
    )
    assert [part[:3] for part in told.split(b"HTTP/1.1 ")[1:]] == [b"200", b"401"]
