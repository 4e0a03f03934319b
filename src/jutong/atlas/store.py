"""The data map in the control database: nodes, edges, and the run events that other programs told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.shape import learn

from .edge import Drawing, Edge, How, Kind, Node
from .openlineage import RunEvent

FAR = 16  # steps of an impact; the longest way of the map has nine
SHOWN = 1000
WIDE = 260

node = sa.Table(
    "atlas_node",
    metadata,
    sa.Column("id", sa.String(WIDE), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("title", sa.String(300), nullable=False),
    sa.Column("body", sa.String(64), nullable=False),
    sa.Index("ix_atlas_node_title", "title", "id"),
)
edge = sa.Table(
    "atlas_edge",
    metadata,
    sa.Column("origin", sa.String(WIDE), primary_key=True),
    sa.Column("source", sa.String(WIDE), primary_key=True),
    sa.Column("target", sa.String(WIDE), primary_key=True),
    sa.Column("how", sa.String(20), nullable=False),
    sa.Column("body", sa.String(64), nullable=False),
    sa.Column("other", sa.String(64), nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Index("ix_atlas_edge_source", "source", "target"),
    sa.Index("ix_atlas_edge_target", "target", "source"),
)
event = sa.Table(
    "atlas_event",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("org", sa.String(64), nullable=False, index=True),
    sa.Column("run", sa.String(36), nullable=False),
    sa.Column("type", sa.String(20), nullable=False),
    sa.Column("time", Instant, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.UniqueConstraint("org", "run", "type", "time"),
)

learn(RunEvent)


@dataclass(frozen=True, slots=True)
class Reached:
    """A node that a stop reaches, and in how many steps."""

    node: Node
    steps: int


def draw(db: Db, drawing: Drawing, *, add: bool = False) -> bool:
    """Put a drawing in the place of the origin's last one, or ``add`` to it; say whether anything changed."""
    own = sa.select(edge.c.source, edge.c.target).where(edge.c.origin == drawing.origin)
    before = {(row.source, row.target) for row in db.execute(own)}
    wanted = {_key(one): one for one in drawing.edges}
    if not add and (gone := before - set(wanted)):
        for source, target in gone:
            mine = (edge.c.origin == drawing.origin) & (edge.c.source == source) & (edge.c.target == target)
            db.execute(sa.delete(edge).where(mine))
    new = [one for key, one in wanted.items() if key not in before]
    if new:
        # Another process may draw the same line of the log at the same time: whoever is second changes nothing.
        insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(edge)
        rows = [{"origin": drawing.origin, **msgspec.to_builtins(one)} for one in new]
        db.execute(insert.on_conflict_do_nothing(), rows)
    _keep_nodes(db, drawing.nodes)
    return bool(new) or (not add and before != set(wanted))


def find_node(db: Db, node_id: str, org: str | None) -> Node:
    """Return a node that somebody may see: it has an open edge, or one of their own body's."""
    row = db.execute(sa.select(node).where(node.c.id == node_id)).mappings().first()
    touches = sa.or_(edge.c.source == node_id, edge.c.target == node_id)
    if row is None or db.execute(sa.select(edge.c.origin).where(touches, _seen(org)).limit(1)).first() is None:
        raise NotFound("node of the map", node_id[:100])
    return _node(row)


def impact(db: Db, start: str, org: str | None, *, against: bool = False) -> tuple[Reached, ...]:
    """Return who is hurt if this stops, the nearest first, in one recursive question; ``against``: what it rests on."""
    here, there = (edge.c.target, edge.c.source) if against else (edge.c.source, edge.c.target)
    reach = sa.select(sa.cast(sa.literal(start), sa.Text).label("node"), sa.literal(0).label("steps")).cte(
        "reach", recursive=True
    )
    step = sa.select(sa.cast(there, sa.Text), reach.c.steps + 1).join(reach, here == reach.c.node)
    reach = reach.union(step.where(reach.c.steps < FAR, _seen(org)))
    nearest = sa.select(reach.c.node, sa.func.min(reach.c.steps).label("steps")).group_by(reach.c.node).subquery()
    found = (
        sa.select(node, nearest.c.steps)
        .join(nearest, node.c.id == nearest.c.node)
        .where(nearest.c.steps > 0, node.c.id != start)
        .order_by(nearest.c.steps, node.c.kind, node.c.title, node.c.id)
        .limit(SHOWN)
    )
    return tuple(Reached(_node(row), row["steps"]) for row in db.execute(found).mappings())


def edges_among(db: Db, nodes: Iterable[str], org: str | None) -> tuple[Edge, ...]:
    """Return the edges between these nodes that somebody may see."""
    ids = sorted(set(nodes))[:SHOWN]
    query = sa.select(edge).where(edge.c.source.in_(ids), edge.c.target.in_(ids), _seen(org))
    rows = db.execute(query.order_by(edge.c.source, edge.c.target)).mappings()
    found = (
        Edge(
            source=row["source"],
            target=row["target"],
            how=How(row["how"]),
            body=row["body"],
            other=row["other"],
            open=row["open"],
        )
        for row in rows
    )
    return tuple({(one.source, one.target): one for one in found}.values())


def nodes_listed(
    db: Db,
    org: str | None,
    *,
    kind: Kind | None = None,
    title: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Node, ...]:
    """Return a page of the nodes that somebody may see, by title."""
    touches = sa.or_(edge.c.source == node.c.id, edge.c.target == node.c.id)
    query = sa.select(node).where(sa.exists().where(touches, _seen(org)))
    if kind is not None:
        query = query.where(node.c.kind == kind.value)
    if title:
        query = query.where(node.c.title.contains(title, autoescape=True))
    page = keyset(query, (node.c.title, node.c.id), after=after, descending=descending, limit=limit)
    return tuple(map(_node, db.execute(page).mappings()))


def keep_event(db: Db, one: RunEvent) -> bool:
    """Keep an event; say whether it is new by its run, type and time."""
    same = (event.c.org == one.org, event.c.run == one.run, event.c.type == one.type, event.c.time == one.time)
    if db.execute(sa.select(event.c.id).where(*same)).first() is not None:
        return False
    values = {"id": one.id, "org": one.org, "run": one.run, "type": one.type, "time": one.time}
    insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(event)
    kept = insert.values(**values, facts=msgspec.to_builtins(one)).on_conflict_do_nothing()
    return db.execute(kept).rowcount == 1


def run_known(db: Db, org: str, run: str) -> bool:
    """Say whether a run has been told of."""
    return db.execute(sa.select(event.c.id).where(event.c.org == org, event.c.run == run).limit(1)).first() is not None


def events(db: Db, org: str | None, *, after: str = "", limit: int = 50) -> tuple[RunEvent, ...]:
    """Return events in the order of their arrival: those of one body, or all."""
    query = sa.select(event.c.facts).where(event.c.id > after)
    if org is not None:
        query = query.where(event.c.org == org)
    rows = db.execute(query.order_by(event.c.id).limit(limit)).scalars()
    return tuple(msgspec.convert(row, RunEvent) for row in rows)


def _seen(org: str | None) -> sa.ColumnElement[bool]:
    if org is None:
        return sa.true()
    return sa.or_(edge.c.open == sa.true(), edge.c.body == org, edge.c.other == org)


def _key(one: Edge) -> tuple[str, str]:
    return one.source, one.target


def _keep_nodes(db: Db, nodes: Iterable[Node]) -> None:
    for one in nodes:
        upsert(db, node, {**msgspec.to_builtins(one), "title": one.title[:300]}, key=("id",))


def _node(row: sa.RowMapping) -> Node:
    return Node(id=row["id"], kind=Kind(row["kind"]), title=row["title"], body=row["body"])
