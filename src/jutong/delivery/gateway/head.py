"""The head of an answer: its status and fields, as pairs for any ASGI server or as bytes for our own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus

Pairs = Sequence[tuple[bytes, bytes]]

ALWAYS = (
    (b"content-type", b"application/json; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
# What differs from answer to answer, in this order.
OF_THE_ANSWER = (b"content-length", b"x-road-id", b"x-road-request-id", b"x-road-request-hash", b"jutong-call")
# A line break in a value could pose as a field, or as a whole answer.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_STATUS = {one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n".encode() for one in HTTPStatus}


def head_of(status: int, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    r"""Return a head as it is written.

    >>> head_of(200, [(b"a", b"1")])
    b'HTTP/1.1 200 OK\r\na: 1\r\n\r\n'
    """
    return b"%b%b\r\n" % (_STATUS[status], _lines(pairs))


def with_fields(head: bytes, pairs: Pairs) -> bytes:
    r"""Return a head with further fields at its end.

    >>> with_fields(head_of(200, []), [(b"a", b"1")])
    b'HTTP/1.1 200 OK\r\na: 1\r\n\r\n'
    """
    return b"%b%b\r\n" % (head[:-2], _lines(pairs)) if pairs else head


def template_of(status: int, lasting: Pairs) -> bytes:
    """Return a head with a place for the value of each field that differs from answer to answer."""
    spelled = [(name, value.replace(b"%", b"%%")) for name, value in lasting]
    return head_of(status, [*spelled, *((name, b"%b") for name in OF_THE_ANSWER)])


def _lines(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines = b"".join([b"%b: %b\r\n" % pair for pair in pairs])
    if _CONTROL.search(lines.replace(b"\r\n", b"")):
        raise ValueError("a field of an answer holds a control character")
    return lines
