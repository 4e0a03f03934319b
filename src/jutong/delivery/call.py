"""What is asked for: by whom, by which method, for which purpose, when and from where."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from jutong.guard.grades import Method
from jutong.kernel.clock import LEGAL_TIME


class Person(msgspec.Struct, frozen=True, gc=False):
    """An official who has something handed over; ``acr`` is how surely it was seen who it is, 0 where nobody knows."""

    id: str
    duties: frozenset[str]
    acr: int = 0


class Call(msgspec.Struct, frozen=True, gc=False):
    """What is asked for, on which legal day and in which hour of it; one is made a call, so it is a cheap kind.

    ``way`` names what the rows leave by where the method alone does not tell: a subscription, an outflow. Who asks is
    a system (``client``), else a person, else the consuming body itself.
    """

    client: str
    method: Method
    purpose: str
    items: tuple[str, ...]  # none: all that were agreed
    day: date
    hour: int = 0
    way: str = ""
    records: int = 0  # keys that are asked for; 0: the whole
    address: str = ""
    person: Person | None = None
    by_secret: bool = False  # the caller is known by a shared secret, not by a key of its own
    alg: str = ""  # by which the call itself is signed; empty for a token or a secret


def bulk_call(
    method: Method,
    purpose: str,
    now: datetime,
    *,
    client: str = "",
    way: str = "",
    address: str = "",
    person: Person | None = None,
) -> Call:
    """Return the wish for the whole of an agreement."""
    at = now.astimezone(LEGAL_TIME)
    return Call(client, method, purpose, (), at.date(), at.hour, way=way, address=address, person=person)
