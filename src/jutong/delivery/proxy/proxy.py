"""A department's own HTTP service as it is declared: where it is, which operations it offers, what may leave."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

import msgspec

from ..opening import State, must_rest_on_none
from .operation import Operation

MOST_PROXIES = 20  # live ones of one entry
MOST_OPERATIONS, MOST_FIELDS = 50, 500
TITLE_MOST, BASE_MOST = 200, 500
MOST_QUESTION = 64 << 10  # bytes; what the gateway takes in at all
MOST_ANSWER = 8 << 20
MOST_SECONDS = 60
MOST_AT_ONCE = 64  # questions under way, of one worker


class Asks(StrEnum):
    """Which credential the department's service asks for."""

    NOTHING = "nothing"
    HEADER = "header"  # a secret in a field of its own
    BASIC = "basic"  # name and password (RFC 7617)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where in an answer an item stands: a JSON pointer (RFC 6901) in which ``*`` is every element of a list."""

    pointer: str
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """One declared service of a department over one entry, called under its ``name``.

    Where ``fields`` are named, nothing else of an answer leaves. Times are in seconds, sizes in bytes.
    """

    id: str = ""
    entry: str = ""
    provider: str = ""
    name: str
    title: str
    base: str  # the address beneath which the operations' paths stand
    operations: tuple[Operation, ...] = ()
    document: str = ""  # digest of the OpenAPI document as it was handed in
    fields: tuple[Field, ...] = ()
    first_seconds: int = 5  # until the answer begins
    whole_seconds: int = 15
    most_question: int = MOST_QUESTION
    most_answer: int = 1 << 20
    at_once: int = 8
    hedge_ms: int = 0  # after so long a GET is asked a second time; 0: never
    asks: Asks = Asks.NOTHING
    header: str = ""  # the field that carries the secret
    made: datetime | None = None
    by: str = ""
    state: State = State.LIVE
    secret: bytes = field(default=b"", repr=False)  # sealed
    secret_set: datetime | None = None

    def begun(self, proxy_id: str, *, entry: str, provider: str, by: str, now: datetime) -> Proxy:
        """Return what somebody wishes as a new service over an entry."""
        return replace(self, id=proxy_id, entry=entry, provider=provider, by=by, made=now)

    def ended(self, opened_for: int) -> Proxy:
        """Return the service as over; while an agreement rests on it, its provider alone does not end it."""
        must_rest_on_none(opened_for)
        return replace(self, state=State.ENDED, secret=b"")

    def given(self, secret: bytes, now: datetime) -> Proxy:
        """Return the service with another sealed secret; it is no part of what was declared."""
        self.state.must_be_live()
        return replace(self, secret=secret, secret_set=now)

    def operation(self, key: str) -> Operation | None:
        """Return the operation called ``key`` (method and path), if it is offered."""
        return next((one for one in self.operations if one.key == key), None)

    def said(self) -> bytes:
        """Return what it declares, apart from who declared it when and by which secret it is asked."""
        apart = ("id", "provider", "made", "by", "state", "secret", "secret_set")
        told = {name: getattr(self, name) for name in sorted(self.__dataclass_fields__) if name not in apart}
        return msgspec.json.encode(told, order="sorted")

    def digest(self) -> str:
        """Return the digest of what it declares."""
        return sha256(self.said()).hexdigest()
