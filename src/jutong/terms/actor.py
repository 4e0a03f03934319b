"""Who acts: a person in a post of a body, a consumer's system, or the node itself."""

from __future__ import annotations

from dataclasses import dataclass

from .assurance import Assurance
from .duty import Duty
from .grade import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The attributes on which the guard decides; ``id`` is what the ledger shows, never a person's name.

    ``assured`` is less than two factors only where a session says so: a program's credential is of chance, was issued
    by an administrator who had shown two factors, and ends by itself; systems and nodes sign by keys.
    """

    id: str
    org: str
    duties: frozenset[Duty]
    cleared: Grade = Grade.L2
    assured: Assurance = Assurance.TWO
    lent_by: str = ""  # the holder of the post, where it was lent: who answers for what is done in it


def house_of(body: str) -> Actor:
    """Return the node itself as an actor: what follows from an act is done in its name."""
    return Actor(id="house", org=body, duties=frozenset({Duty.HOUSE}), cleared=Grade.L4, assured=Assurance.THREE)
