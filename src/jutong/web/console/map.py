"""Pages of the data map: what stands on it, and who is hurt if one thing stops."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from jutong import atlas, registers
from jutong.atlas import Kind, Node
from jutong.kernel.text import text

from .frame import Answer, Crumb, TheVisit, page, shown
from .table import Asked, Column, Table, table_page

FIRST: Crumb = ("/", text("First page"))
MAP: Crumb = ("/map", text("Data map"))
NODE_MOST = 900


@shown("/map", guard="pages.map")
def show_map(visit: TheVisit) -> Answer:
    """List what stands on the map, to begin from anywhere."""
    with visit.house.reading() as db:
        names = {one.code: one.name for one in registers.bodies(db)}

    def fetch(ask: Asked) -> tuple[Node, ...]:
        kind = ask.filter("kind")
        with visit.house.reading() as db:
            return atlas.nodes_for(
                db,
                visit.acting,
                kind=Kind(kind) if kind else None,
                title=ask.filter("title"),
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    table: Table[Node] = Table(
        name="map",
        title=text("Data map"),
        columns=(
            Column(
                key="title",
                title=text("Title"),
                value=lambda one: one.title,
                href=lambda one: address_of(one.id),
                options="text",
                sort=True,
            ),
            Column(key="kind", title=text("Kind"), value=lambda one: one.kind, options=Kind),
            Column(key="body", title=text("Body"), value=lambda one: names.get(one.body, one.body)),
        ),
        key=lambda one: (one.title, one.id),
        sort="title",
        empty=text("Nothing that you may see stands on the map yet; it is drawn from what is published and delivered."),
    )
    return table_page(visit, table, fetch, "atlas/map.html", title=table.title, crumbs=(FIRST,))


@shown("/map/impact", guard="pages.map")
def show_impact(visit: TheVisit) -> Answer:
    """Show who is hurt if one thing stops, and what it rests on itself."""
    with visit.house.reading() as db:
        found = atlas.impact_for(db, visit.asked("node")[:NODE_MOST], visit.acting)
        names = {one.code: one.name for one in registers.bodies(db)}
    nodes: Mapping[str, Node] = {
        found.node.id: found.node,
        **{one.node.id: one.node for one in (*found.hurt, *found.rests_on)},
    }
    return page(
        visit,
        "atlas/impact.html",
        title=text("If {title} stops", title=found.node.title),
        crumbs=(FIRST, MAP),
        found=found,
        names=names,
        nodes=nodes,
        address_of=address_of,
        bodies=sorted({one.node.body for one in found.hurt if one.node.body} - {found.node.body}),
    )


def address_of(node: str) -> str:
    """Return the page of a node."""
    return f"/map/impact?node={quote(node, safe='')}"


PAGES = [show_map, show_impact]
