"""Looking things up on the map: one's own body's edges and the open ones; those who oversee see all."""

from __future__ import annotations

from dataclasses import dataclass

from jutong import census
from jutong.kernel.db import Db
from jutong.terms import Actor

from . import store
from .edge import Edge, Kind, Node
from .openlineage import RunEvent
from .store import Reached

DRAWN_MOST = 150  # nodes of a picture; the list has all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Who is hurt if a node stops, what it rests on itself, and the edges between the nearest of them."""

    node: Node
    hurt: tuple[Reached, ...]
    rests_on: tuple[Reached, ...]
    edges: tuple[Edge, ...]


def impact_for(db: Db, node_id: str, actor: Actor) -> Impact:
    """Return a node with all that depends on it and all that it depends on, as the actor may see it."""
    org = seen_org(actor)
    node = store.find_node(db, node_id, org)
    hurt = store.impact(db, node_id, org)
    rests_on = store.impact(db, node_id, org, against=True)
    near = sorted((*hurt, *rests_on), key=lambda one: one.steps)[:DRAWN_MOST]
    edges = store.edges_among(db, (node_id, *(one.node.id for one in near)), org)
    return Impact(node=node, hurt=hurt, rests_on=rests_on, edges=edges)


def nodes_for(
    db: Db,
    actor: Actor,
    *,
    kind: Kind | None = None,
    title: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Node, ...]:
    """Return a page of the nodes that the actor may see."""
    return store.nodes_listed(
        db, seen_org(actor), kind=kind, title=title, descending=descending, after=after, limit=limit
    )


def events_for(db: Db, actor: Actor, *, after: str = "", limit: int = 50) -> tuple[RunEvent, ...]:
    """Return the run events that the actor may see, in the order of their arrival."""
    return store.events(db, seen_org(actor), after=after, limit=limit)


def seen_org(actor: Actor) -> str | None:
    """Return the body whose edges the actor sees beside the open ones; None for those who see all."""
    return census.own_only(actor) or None
