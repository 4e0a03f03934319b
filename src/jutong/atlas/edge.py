"""The data map's parts: nodes of every kind, and edges that say: if the source stops, the target is hurt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from jutong.catalogue.entry import Entry
from jutong.census.table import Table
from jutong.kernel.canon import digest
from jutong.registers.inventory.duties import Power, ServiceItem
from jutong.sharing.agreement import Agreement

NAME_BYTES = 200  # three names stand in one index, whose rows are bounded


class Kind(StrEnum):
    """What a node is, in the order of the map: from the duty down to the table, and up to the consumer."""

    POWER = "power"
    SERVICE_ITEM = "service-item"
    REQUIREMENT = "requirement"
    ENTRY = "entry"
    ITEM = "item"
    TABLE = "table"
    COLUMN = "column"
    FIELD = "field"  # of a table of the lake, or of a data set of another program
    DATA_SET = "data-set"
    SERVICE = "service"  # of the gateway, for one agreement
    CONSUMER = "consumer"  # a system that calls it


class How(StrEnum):
    """Why a target depends on its source."""

    HOLDS = "holds"  # a table its columns, an entry its items
    HUNG = "hung"  # an item on a column
    SHOWS = "shows"  # an item a requirement
    ASKED = "asked"  # a requirement by a service item
    RESTS = "rests"  # a service item and the power that it carries out
    DELIVERED = "delivered"  # an item by a service
    CALLED = "called"  # a service by a system
    COMPUTED = "computed"  # a field from fields, by SQL that the product runs
    OPAQUE = "opaque"  # from somewhere in a table: the SQL does not say from where
    RUN = "run"  # told by another program's run


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Something on the map."""

    id: str
    kind: Kind
    title: str
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One dependency; it is shown to its two bodies, or to all where it is open."""

    source: str
    target: str
    how: How
    body: str
    other: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All that one origin puts on the map; drawn again, it takes the place of what it drew before."""

    origin: str
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()


def node_name(plain: str) -> str:
    """Return the name of a node: as it is spelled, or its digest where that would be too long for an index.

    >>> node_name("item:e/姓名"), len(node_name("field:" + "名" * 300))
    ('item:e/姓名', 46)
    """
    if len(plain.encode()) <= NAME_BYTES:
        return plain
    return f"{plain.partition(':')[0]}:{digest(plain.encode())[:40]}"


def item_node(entry: str, item: str) -> str:
    """Return the name of an item's node."""
    return node_name(f"item:{entry}/{item}")


def drawing_of_entry(entry: Entry) -> Drawing:
    """Return what a published entry puts on the map."""
    top = Node(id=node_name(f"entry:{entry.id}"), kind=Kind.ENTRY, title=entry.title, body=entry.provider)
    items = tuple(
        Node(id=item_node(entry.id, item.name), kind=Kind.ITEM, title=item.title, body=entry.provider)
        for item in entry.items
    )
    edges = (Edge(source=top.id, target=one.id, how=How.HOLDS, body=entry.provider, open=True) for one in items)
    return Drawing(origin=top.id, nodes=(top, *items), edges=tuple(edges))


def drawing_of_table(table: Table) -> Drawing:
    """Return what a table that is hung on an entry puts on the map."""
    top = Node(id=node_name(f"table:{table.id}"), kind=Kind.TABLE, title=table.found.name, body=table.body)
    nodes, edges = [top], []
    for column in table.found.columns:
        node = Node(
            id=node_name(f"column:{table.id}/{column.name}"), kind=Kind.COLUMN, title=column.name, body=table.body
        )
        nodes.append(node)
        edges.append(Edge(source=top.id, target=node.id, how=How.HOLDS, body=table.body))
        if column.item and not table.gone:
            item = item_node(table.entry, column.item)
            edges.append(Edge(source=node.id, target=item, how=How.HUNG, body=table.body))
    return Drawing(origin=top.id, nodes=tuple(nodes), edges=tuple(edges))


def drawing_of_service_item(item: ServiceItem, power: Power | None) -> Drawing:
    """Return what a service item puts on the map: the power, the item, its requirements, and what shows them."""
    top = Node(
        id=node_name(f"service-item:{item.body}/{item.code}"), kind=Kind.SERVICE_ITEM, title=item.title, body=item.body
    )
    return Drawing(
        origin=top.id,
        nodes=(top, *_powers(power), *_requirements(item)),
        edges=tuple(replace(one, body=item.body, open=True) for one in _asked(item, top, power)),
    )


def _powers(power: Power | None) -> Iterator[Node]:
    if power is not None:
        yield Node(
            id=node_name(f"power:{power.body}/{power.code}"), kind=Kind.POWER, title=power.title, body=power.body
        )


def _requirements(item: ServiceItem) -> Iterator[Node]:
    for one in item.requirements:
        node = node_name(f"requirement:{item.body}/{one.code}")
        yield Node(id=node, kind=Kind.REQUIREMENT, title=one.title, body=item.body)


def _asked(item: ServiceItem, top: Node, power: Power | None) -> Iterator[Edge]:
    for one in item.requirements:
        node = node_name(f"requirement:{item.body}/{one.code}")
        yield Edge(source=node, target=top.id, how=How.ASKED, body="")
        for name in one.items if one.entry else ():
            yield Edge(source=item_node(one.entry, name), target=node, how=How.SHOWS, body="")
    for each in _powers(power):
        yield Edge(source=top.id, target=each.id, how=How.RESTS, body="")


def drawing_of_agreement(agreement: Agreement, path: str) -> Drawing:
    """Return what a service that was opened puts on the map: the items it gives, and the systems that may call it."""
    top = Node(id=node_name(f"service:{agreement.id}"), kind=Kind.SERVICE, title=path, body=agreement.provider)
    systems = tuple(
        Node(id=node_name(f"consumer:{name}"), kind=Kind.CONSUMER, title=name, body=agreement.consumer)
        for name in agreement.systems
    )
    between = Edge(source="", target=top.id, how=How.DELIVERED, body=agreement.provider, other=agreement.consumer)
    given = (replace(between, source=item_node(agreement.entry, one.name)) for one in agreement.items)
    called = (replace(between, source=top.id, target=one.id, how=How.CALLED) for one in systems)
    return Drawing(origin=top.id, nodes=(top, *systems), edges=(*given, *called))
