"""What goes back to a client of Delta Sharing, and what of it goes on record."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Refused, TooMuch, Unavailable
from jutong.kernel.text import text

from ..plan import ANSWERED, Plan
from ..refusal import Refusal
from ..wire import STATUS, Asked
from .asking import range_of

JSON = "application/json; charset=utf-8"
LINES = "application/x-ndjson; charset=utf-8"
PARQUET = "application/vnd.apache.parquet"
AGAIN_SECONDS = 5  # after which a client asks again for what is being made
# The protocol's own words for what went wrong, by ours.
CODES = {
    "invalid": "INVALID_PARAMETER_VALUE",
    "not-known": "UNAUTHENTICATED",
    "not-found": "RESOURCE_DOES_NOT_EXIST",
    "method": "METHOD_NOT_ALLOWED",
    "quota": "RESOURCE_EXHAUSTED",
    "too-much": "RESOURCE_EXHAUSTED",
    "unavailable": "TEMPORARILY_UNAVAILABLE",
    "range": "RANGE_NOT_SATISFIABLE",
}
encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file that is sent as the body."""

    path: str
    first: int
    length: int


@dataclass(slots=True)
class Reply:
    """An answer; what stands below ``piece`` is for the record."""

    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    piece: Piece | None = None
    code: str = ANSWERED
    plan: Plan | None = None
    client: str = ""
    purpose: str = ""
    service: str = ""
    rows: int = 0
    handed: str = ""  # digest of the file, where one is handed over


class Stopped(Exception):
    """The request goes no further: here is why."""

    def __init__(self, refusal: Refusal, *, again: int = 0) -> None:
        super().__init__(refusal.code)
        self.refusal, self.again = refusal, again


def stop(error: Refused | Unavailable) -> Stopped:
    """Return the refusal of one of the house's families."""
    code = "invalid"
    for family, word in ((NotFound, "not-found"), (NotAllowed, "scope"), (TooMuch, "too-much"), (Invalid, "invalid")):
        if isinstance(error, family):
            code = word
            break
    if isinstance(error, Unavailable):
        return Stopped(Refusal("unavailable", error.reason, error.basis, error.remedy), again=AGAIN_SECONDS)
    return Stopped(Refusal(code, error.reason, error.basis, error.remedy))


def refused(reply: Reply, stopped: Stopped, language: str) -> Reply:
    """Make a reply of a refusal: the protocol's two words, and by which rule and what to do."""
    refusal = stopped.refusal
    told: dict[str, Any] = {
        "errorCode": CODES.get(refusal.code, "PERMISSION_DENIED"),
        "message": refusal.reason.said_in(language),
    }
    for name, words in (("basis", refusal.basis), ("remedy", refusal.remedy)):
        if words:
            told[name] = words.said_in(language)
    reply.status = 416 if refusal.code == "range" else STATUS[refusal.code]
    reply.code, reply.rows, reply.piece, reply.handed = refusal.code, 0, None, ""
    reply.body = encode(told)
    reply.headers = [*reply.headers, (b"content-type", JSON.encode())]
    if refusal.code == "not-known":
        reply.headers.append((b"www-authenticate", b"Bearer"))
    if stopped.again:
        reply.headers.append((b"retry-after", b"%d" % stopped.again))
    return reply


def as_piece(reply: Reply, asked: Asked, piece: Piece, digest: str, media_type: str) -> None:
    """Answer with a file, or the range of it that is asked for (RFC 9110, 14)."""
    size, tag = piece.length, f'"{digest}"'
    reply.headers += [
        (b"content-type", media_type.encode()),
        (b"accept-ranges", b"bytes"),
        (b"etag", tag.encode()),
        (b"repr-digest", b"sha-256=:" + base64.b64encode(bytes.fromhex(digest)) + b":"),
    ]
    same = asked.fields.get(b"if-range", tag.encode()) == tag.encode()
    given = asked.fields.get(b"range", b"").decode("latin-1") if same else ""
    reply.handed = f"{digest} {given}" if given else digest
    found = range_of(given, size) if given else None
    if found is None:
        reply.piece = piece
        return
    first, length = found
    if not length:
        reply.headers.append((b"content-range", b"bytes */%d" % size))
        raise Stopped(Refusal("range", text("the range lies beyond the end of the file")))
    reply.status, reply.piece = 206, Piece(piece.path, first, length)
    reply.headers.append((b"content-range", b"bytes %d-%d/%d" % (first, first + length - 1, size)))


def as_json(reply: Reply, told: Mapping[str, Any], *, version: int | None = None) -> None:
    """Answer with one JSON object."""
    reply.body = encode(told)
    reply.headers.append((b"content-type", JSON.encode()))
    if version is not None:
        reply.headers.append((b"delta-table-version", b"%d" % version))


def as_lines(reply: Reply, lines: Sequence[Mapping[str, Any]], *, version: int) -> None:
    """Answer with one JSON object a line."""
    reply.body = b"".join(encode(line) + b"\n" for line in lines)
    reply.headers += [(b"content-type", LINES.encode()), (b"delta-table-version", b"%d" % version)]
