"""Takes a request in, and no more of it than the limits allow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from jutong.kernel.text import text

from ..wire import BODY_LIMIT, BODY_TOO_LARGE, Asked, Turned, fields_of, invalid

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def listened(scope: Scope, receive: Receive) -> Asked:
    """Return the request, or leave through ``Turned``."""
    fields = fields_of(scope["headers"])
    try:
        path, query = scope["raw_path"].decode("ascii"), scope["query_string"].decode("ascii")
    except UnicodeDecodeError as error:
        raise invalid(text("the path is not UTF-8 in percent-encoding")) from error
    body = b""
    if b"content-length" in fields or b"transfer-encoding" in fields:
        stated = fields.get(b"content-length", b"0")
        if stated.isdigit() and int(stated[:20]) > BODY_LIMIT:
            raise Turned(BODY_TOO_LARGE)
        body = await _body(receive)
    peer = scope.get("client")
    return Asked(scope["method"], path, query, fields, body, peer=str(peer[0]) if peer else "")


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            raise invalid(text("the message ended before its body did"))
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if size > BODY_LIMIT:
            raise Turned(BODY_TOO_LARGE)
        if not event.get("more_body", False):
            return b"".join(parts)
