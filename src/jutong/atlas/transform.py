"""The transforms that the product itself runs, traced column by column through their own SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jutong.catalogue.entry import Entry
from jutong.library.hiding import SCHEMA
from jutong.library.kind import LEGAL_PERSON
from jutong.library.kind import Kind as Subjects
from jutong.library.standard import standard_of
from jutong.library.subject import items_of, key_item_of, kind_of
from jutong.library.survive import Authority, belief_of, golden_sql, touched_sql
from jutong.library.theme import Theme
from jutong.quality.reading import BATCH, ROW
from jutong.terms.element import StandardElement

from .edge import Drawing, Edge, How, Kind, Node, item_node, node_name
from .lineage import Traced, traced

ANY_BATCH = "00000000000000000000000000"


def drawing_of_merge(
    entry: Entry, elements: Mapping[str, StandardElement], authorities: Iterable[Authority]
) -> Drawing:
    """Return from which items which fields of the base library come: raw rows, standard form, golden records."""
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []

    def field(table: str, name: str) -> str:
        node = node_name(f"field:{table}/{name}")
        nodes[node] = Node(id=node, kind=Kind.FIELD, title=name, body=entry.provider)
        return node

    def draw(target: str, came: Traced, sources: Mapping[str, str], whole: str) -> None:
        edges.extend(
            Edge(source=sources[column], target=target, how=How.COMPUTED, body=entry.provider)
            for _, column in sorted(came.columns)
            if column in sources
        )
        if came.opaque:
            edges.append(Edge(source=whole, target=target, how=How.OPAQUE, body=entry.provider))

    names = [item.name for item in entry.items]
    table = f"standard/{entry.id}"
    standard = standard_of(entry, elements, ANY_BATCH)
    schema = {"raw": dict.fromkeys((*names, BATCH), "VARCHAR") | {ROW: "BIGINT"}}
    schema |= {name: {column.name: "VARCHAR" for column in one.schema} for name, one in standard.tables.items()}
    items = {name: item_node(entry.id, name) for name in names}
    for name, came in traced(standard.sql, schema).items():
        if name in items:
            draw(field(table, name), came, items, f"entry:{entry.id}")
    if key_item_of(entry) is not None:
        for made, item in items_of(entry).items():
            said = field("source", made)
            edges.append(Edge(source=field(table, item), target=said, how=How.COMPUTED, body=entry.provider))
        edges += _golden(entry, kind_of(entry) or LEGAL_PERSON, authorities, nodes)
    return Drawing(origin=f"merge:{entry.id}", nodes=tuple(nodes.values()), edges=tuple(dict.fromkeys(edges)))


def drawing_of_theme(theme: Theme, body: str) -> Drawing:
    """Return from which fields of which base libraries the columns of a theme come.

    Where the question does not say it, a column hangs on the key of every library that is read.
    """
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    for name, came in traced(theme.question(), SCHEMA).items():
        target = node_name(f"field:theme.{theme.name}/{name}")
        nodes[target] = Node(id=target, kind=Kind.FIELD, title=name, body=body)
        drawn = [(How.COMPUTED, *field) for field in sorted(came.columns)]
        drawn += [(How.OPAQUE, kind.name, kind.key) for kind in theme.kinds if came.opaque]
        for how, table, column in drawn:
            source = f"field:{table}/{column}"
            nodes.setdefault(source, Node(id=source, kind=Kind.FIELD, title=column, body=body))
            edges.append(Edge(source=source, target=target, how=how, body=body))
    return Drawing(origin=f"theme:{theme.name}", nodes=tuple(nodes.values()), edges=tuple(dict.fromkeys(edges)))


def _golden(
    entry: Entry, subjects: Subjects, authorities: Iterable[Authority], nodes: dict[str, Node]
) -> Iterable[Edge]:
    belief = belief_of(authorities, subjects)
    said = dict.fromkeys(
        (subjects.key, *(one.name for one in subjects.fields), "_entry", "_source", "_batch"), "VARCHAR"
    )
    schema = {"source": said | {"_row": "BIGINT", "_at": "BIGINT"}}
    schema |= {name: {column.name: "VARCHAR" for column in one.schema} for name, one in belief.tables(()).items()}
    filled = items_of(entry)
    schema["roots"] = dict.fromkeys((subjects.key, "root"), "VARCHAR")
    for name, came in traced(golden_sql(belief, touched_sql(subjects, ANY_BATCH)), schema).items():
        if name not in filled:
            continue
        target = f"field:{subjects.name}/{name}"
        nodes[target] = Node(id=target, kind=Kind.FIELD, title=name, body=entry.provider)
        for table, column in sorted(came.columns):
            if table == "source" and column in filled:
                yield Edge(source=f"field:source/{column}", target=target, how=How.COMPUTED, body=entry.provider)
        if came.opaque:
            yield Edge(source=f"entry:{entry.id}", target=target, how=How.OPAQUE, body=entry.provider)
