"""Requests that a key signed (RFC 9421): proven to be meant for this very node, and good for one time."""

from __future__ import annotations

from threading import Lock
from typing import Any

from litestar import Request

from jutong import delivery
from jutong.desk import House
from jutong.kernel import httpsig
from jutong.kernel.errors import NotKnown
from jutong.kernel.text import text

_turn = Lock()  # the file of spent signatures keeps other processes out, this the other threads


def fields_of(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Return the header fields of a request by their names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}


def check_signed(
    request: Request[Any, Any, Any],
    house: House,
    spent: delivery.Spent,
    claim: httpsig.Claim,
    key: httpsig.Verifies,
    body: bytes | None = b"",
) -> None:
    """Refuse a request that ``key`` did not sign, that was meant for another node, or that was used before.

    With ``body`` None the body is still to come; whoever takes it compares its digest.
    """
    headers, scope = fields_of(request), request.scope
    authority = headers.get("host", "").lower()
    if authority not in house.home.authorities:
        raise NotKnown(
            text("this request was signed for another node than this one"),
            basis=text("RFC 9421, the profile of this node"),
            remedy=text("call the node by its own address, which its administrators set as `address` in jutong.toml"),
        )
    path = scope.get("raw_path", b"").decode("ascii").partition("?")[0] or scope["path"]
    target = httpsig.Target(request.method, authority, path, scope["query_string"].decode("ascii"))
    now = int(house.clock().timestamp())
    if body is None:
        httpsig.verify_fields(claim, key, target, headers, now=now)
    else:
        httpsig.verify_request(claim, key, target, headers, body, now=now)
    with _turn:
        fresh = spent.admit(claim.mark, created=claim.created, now=now)
    if not fresh:
        raise NotKnown(text("this signed request was used before"), basis=text("RFC 9421, replay"))
