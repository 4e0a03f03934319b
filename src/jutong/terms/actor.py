"""Who acts: a person in a post of a body, a consumer's system, or the node itself."""

from __future__ import annotations

from dataclasses import dataclass

from .duty import Duty
from .grade import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The attributes on which the guard decides; ``id`` is what the ledger shows, never a person's name."""

    id: str
    org: str
    duties: frozenset[Duty]
    cleared: Grade = Grade.L2
    lent_by: str = ""  # the holder of the post, where it was lent: who answers for what is done in it


def house_of(body: str) -> Actor:
    """Return the node itself as an actor: what follows from an act is done in its name."""
    return Actor(id="house", org=body, duties=frozenset({Duty.HOUSE}), cleared=Grade.L4)
