"""How far somebody sees into the log: all of it, or what concerns one body."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.ledger.evidence import Evidence
from jutong.terms.actor import Actor
from jutong.terms.duty import Duty

LOOKING_OVER = frozenset({Duty.AUDIT_ADMIN, Duty.OVERSIGHT})


@dataclass(frozen=True, slots=True)
class Sight:
    """The body whose lines alone are shown; empty when all are."""

    body: str

    def shows(self, line: Evidence) -> bool:
        """Say whether a line is shown: all are, or it is of the body or names it as a party."""
        return not self.body or self.body in line.bodies


def sight_for(actor: Actor, *, of_authority: bool) -> Sight:
    """Return how far an actor sees: the node and whoever looks over the tier see all, others what concerns their body.

    Overseers and audit administrators look over the tier at its sharing authority; at another body they look over
    that body, as with scorecards.
    """
    over_all = Duty.HOUSE in actor.duties or (of_authority and bool(actor.duties & LOOKING_OVER))
    return Sight("" if over_all else actor.org)
