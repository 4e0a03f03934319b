"""Who may see an objection: the source that it is made at, and the authority of the tier that makes it."""

from __future__ import annotations

from collections.abc import Iterable

from jutong.terms.actor import Actor
from jutong.terms.duty import Duty
from jutong.terms.org import BodyKind, Org


def objectors(actor: Actor, bodies: Iterable[Org]) -> frozenset[str]:
    """Return the bodies in whose name objections are made here; a node's own work counts as its body's."""
    authorities = {body.code for body in bodies if body.kind is BodyKind.AUTHORITY}
    return frozenset(authorities | ({actor.org} if Duty.HOUSE in actor.duties else set()))


def answering_body(actor: Actor, bodies: Iterable[Org]) -> str:
    """Return the one body whose objections the actor may see; empty where all are shown."""
    return "" if actor.org in objectors(actor, bodies) else actor.org
