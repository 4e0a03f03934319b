"""Calls like one that was judged before: same caller, same fields, same service; only the key is new.

What was judged once is remembered as long as what it was judged by: it goes with the board when any right changes,
with the session, and with the legal day. The quota is counted at every call all the same; and where each call is
signed, each signature is verified.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from jutong.guard.grades import Durability

from ..board import Board, Client
from ..likeness import KEY_LIMIT
from ..plan import Plan
from ..ruling import RowRule
from ..service import Service
from ..wire import HEADERS_LIMIT, Asked, own_lines
from .case import Case
from .head import ALWAYS, template_of
from .instant import Instant
from .listen import Scope

Pairs = tuple[tuple[bytes, bytes], ...]

_HELD_AT_MOST = 1024  # sets of fields
_PLACES_AT_MOST = 256  # services a set
# What differs from call to call; each of them is read anew.
_SIGNATURE = frozenset({b"signature-input", b"signature"})
_OF_THE_CALL = _SIGNATURE | {b"x-road-id", b"x-road-issue", b"x-road-userid"}
_OF_THE_CALL_LIMIT = 2048  # bytes of them, that all the fields stay under their limit
_NEVER = frozenset({b"content-length", b"transfer-encoding"})
_NO_END = 1 << 62


class Place(msgspec.Struct, frozen=True):
    """A service where such calls are allowed on one day, under which plan, and what the heads of answers share."""

    plan: Plan
    service: Service
    day: date
    waits: bool
    lasting: Pairs
    heads: dict[int, bytes]
    kept: RowRule | None = None


def place_of(plan: Plan, service: Service, day: date, client: bytes, kept: RowRule | None = None) -> Place:
    """Return a service where a client's calls are allowed on a day."""
    lasting = (*ALWAYS, (b"x-road-client", client), (b"x-road-service", service.path.encode()))
    heads = {status: template_of(status, lasting) for status in (200, 404)}
    return Place(plan, service, day, plan.durability is Durability.BEFORE_ANSWER, lasting, heads, kept)


class Alike(msgspec.Struct, frozen=True):
    """What all calls with one set of fields have in common."""

    client: Client
    alg: str  # by which each of them is signed; empty where a session tells who calls
    until: int  # seconds since 1970, when the session ends
    purpose: str
    fields: Mapping[bytes, bytes]
    own: bytes
    places: dict[bytes, Place]


class Found(msgspec.Struct, frozen=True, gc=False):
    """A call that is allowed like one before it: by whom, where, and for which key."""

    alike: Alike
    place: Place
    key: bytes
    target: bytes
    fields: Mapping[bytes, bytes] | None  # where some are new

    @property
    def signed(self) -> bool:
        """Say whether it still has to be shown that the call is the caller's."""
        return bool(self.alike.alg)

    @property
    def asked(self) -> Asked:
        """The request."""
        own = b"" if self.fields else self.alike.own
        return Asked("GET", self.target.decode("ascii"), "", self.fields or self.alike.fields, b"", own)


class Standing:
    """The rights that stand, and the calls that were judged by just these rights; replaced as a whole."""

    def __init__(self, board: Board | None = None) -> None:
        self.board = board or Board()
        self._alike: dict[Pairs, Alike] = {}

    def find(self, scope: Scope, at: Instant) -> Found | None:
        """Return what is known of a call from one like it; None means that it must be judged."""
        if scope["method"] != "GET" or scope["query_string"]:
            return None
        pairs = tuple(scope["headers"])
        alike, fields = self._alike.get(pairs), None
        if alike is None:
            # Perhaps only the numbers of call, case and person are new.
            alike = self._alike.get(_lasting(pairs))
            if alike is None or (fields := _with(alike, pairs)) is None:
                return None
        target: bytes = scope["raw_path"]
        path, _, key = target.rpartition(b"/")
        place = alike.places.get(path)
        if place is None or place.day is not at.day or alike.until <= at.seconds:
            return None
        # A key of plain letters and digits is spelled as its row is kept but for capitals; others are read with care.
        if not key.isalnum() or len(key) > KEY_LIMIT:
            return None
        return Found(alike, place, key.upper(), target, fields)

    def learn(self, scope: Scope, case: Case, until: int) -> None:
        """Remember that a query was allowed: until a second since 1970, or with 0 as long as its kind is signed."""
        if case.plan is None or case.service is None or not (until or case.alg):
            return
        pairs, until = _lasting(tuple(scope["headers"])), until or _NO_END
        alike = self._alike.get(pairs)
        if alike is None or (alike.until, alike.alg) != (until, case.alg):
            fields = dict(pairs)
            if not fields.keys().isdisjoint(_NEVER) or _size(pairs) > HEADERS_LIMIT - _OF_THE_CALL_LIMIT:
                return
            if len(self._alike) >= _HELD_AT_MOST:
                self._alike.clear()
            own = own_lines(fields)
            alike = self._alike[pairs] = Alike(case.client, case.alg, until, case.purpose, fields, own, {})
        if len(alike.places) >= _PLACES_AT_MOST:
            alike.places.clear()
        path = scope["raw_path"].rpartition(b"/")[0]
        client = case.client.name.encode()
        alike.places[path] = place_of(case.plan, case.service, case.at.day, client, case.kept)


def _lasting(pairs: Pairs) -> Pairs:
    return tuple([pair for pair in pairs if pair[0] not in _OF_THE_CALL])


def _with(alike: Alike, pairs: Pairs) -> Mapping[bytes, bytes] | None:
    own = [pair for pair in pairs if pair[0] in _OF_THE_CALL]
    said = dict(own)
    if len(said) != len(own) or _size(own) > _OF_THE_CALL_LIMIT:
        return None
    # Whoever is known by a session signs nothing, and whoever signs has both fields.
    known = said.keys() >= _SIGNATURE if alike.alg else said.keys().isdisjoint(_SIGNATURE)
    return {**alike.fields, **said} if known else None


def _size(pairs: Sequence[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) for name, value in pairs)
