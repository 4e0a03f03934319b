"""Who stands at each rung of the ladder: the authority of one tier, the common superior one, and its government."""

from __future__ import annotations

from collections.abc import Iterable

from jutong.kernel.errors import Refused
from jutong.kernel.text import text
from jutong.terms.division import WHOLE_COUNTRY, lies_in
from jutong.terms.org import BodyKind, Org


def arbiter_of(parties: Iterable[Org], bodies: Iterable[Org]) -> Org:
    """Return the authority that mediates: that of the parties' own tier and area, or the nearest above both.

    An authority that is a party itself does not judge its own case.
    """
    sides = tuple(parties)
    above = [
        one
        for one in bodies
        if one.kind is BodyKind.AUTHORITY
        and one.code not in {side.code for side in sides}
        and all(lies_in(side.division, one.division) for side in sides)
    ]
    if not above:
        raise Refused(
            text("no sharing authority that stands above both bodies is in this node's register"),
            basis=text("Order 809, art. 28: across tiers or areas the common superior authority mediates"),
            remedy=text("have the system administrator register the common superior authority"),
        )
    return min(above, key=lambda one: (_height(one.division), one.code))


def government_of(arbiter: Org, bodies: Iterable[Org]) -> Org | None:
    """Return the government of the authority's own tier, if it sits at this node; None: its paper is entered."""
    found = [one for one in bodies if one.kind is BodyKind.GOVERNMENT and one.division == arbiter.division]
    return min(found, key=lambda one: one.code, default=None)


def _height(division: str) -> int:
    if division in WHOLE_COUNTRY:
        return 3
    return sum(division[place : place + 2] == "00" for place in (2, 4))
