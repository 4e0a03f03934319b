"""Administrators' pages about what speaks in the network: systems with their keys, and nodes of other tiers."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import msgspec

from jutong import registers
from jutong.delivery import dialects
from jutong.delivery.dialects import HeaderProfile
from jutong.kernel.crypto import PublicKey
from jutong.kernel.errors import Overtaken
from jutong.kernel.sm2 import Sm2PublicKey
from jutong.kernel.text import text
from jutong.registers import Node, Relation, System

from ..wiring import CodeField, Name, Words
from .frame import Answer, Crumb, TheVisit, acted, done, shown
from .overtaken import noun_overtaken, seen_of
from .table import Asked, Column, Table, table_page
from .visit import Visit
from .words import word_of

HOME: tuple[Crumb, ...] = (("/", text("First page")),)
OF_NODE = {
    "url": text("Address"),
    "key": text("Public key"),
    "sm2_key": text("SM2 public key"),
    "relation": text("Relation"),
    "body": text("Run by"),
}
KEYED = (("yes", text("has a key")), ("no", text("no key")))


class NewSystem(msgspec.Struct, kw_only=True):
    """A body's system: its code in the network and its title."""

    body: CodeField
    code: Name
    title: Name


class NewNode(msgspec.Struct, kw_only=True):
    """Another tier's node."""

    name: Name
    url: Words
    key: Name
    relation: Relation
    body: CodeField
    sm2_key: Words = ""


SYSTEMS: Table[System] = Table(
    name="systems",
    title=text("Systems"),
    columns=(
        Column(
            key="title",
            title=text("System"),
            value=lambda row: row.title,
            href=lambda row: f"/systems?system={quote(str(row.name), safe='')}",
            options="text",
            sort=True,
            place=lambda row: row.title,
        ),
        Column(
            key="keyed",
            title=text("Public key"),
            value=lambda row: KEYED[0][1] if row.key else KEYED[1][1],
            tone=lambda row: "green" if row.key else "amber",
            options=KEYED,
        ),
        Column(key="name", title=text("Name in the network"), value=lambda row: str(row.name), kind="code", sort=True),
    ),
    key=lambda row: (str(row.name),),
    sort="name",
    empty=text("No system is registered yet."),
    then=text("A body's program needs one to ask for data through the gateway."),
)
NODES: Table[Node] = Table(
    name="nodes",
    title=text("Neighbouring nodes"),
    columns=(
        Column(
            key="name",
            title=text("Name in the network"),
            value=lambda row: row.name,
            href=lambda row: f"/nodes?node={quote(row.name, safe='')}#enrol",
            options="text",
            sort=True,
        ),
        Column(key="relation", title=text("Relation"), value=lambda row: row.relation, options=Relation),
        Column(key="url", title=text("Address"), value=lambda row: row.url, kind="code"),
        Column(key="key", title=text("Public key"), value=lambda row: str(row.key), kind="code", shown=False),
    ),
    key=lambda row: (row.name,),
    sort="name",
    empty=text("No neighbouring node is trusted yet."),
    then=text("Feeds between tiers begin when both sides have enrolled each other."),
)


@shown("/systems", guard="pages.systems")
def list_systems(visit: TheVisit) -> Answer:
    """List the systems that the visitor looks after; one that is chosen stands above, with its keys."""
    return systems_page(visit)


def systems_page(visit: Visit, *, issued: str = "") -> Answer:
    """Return the page of systems; a secret that was issued just now is shown this once."""
    with visit.house.reading() as db:
        over_all = registers.over_all(db, visit.acting)
        names = {one.code: one.short_name or one.name for one in registers.bodies(db)}
        own = None if over_all else visit.acting.org
        chosen = registers.known_system(db, visit.form.get("name") or visit.asked("system"), own)
        standing = _standing_system(visit)
        secrets = dialects.live_secrets(db, visit.house.clock(), str(chosen.name)) if chosen else ()
    bodies = names if over_all else {visit.acting.org: names.get(visit.acting.org, visit.acting.org)}

    def fetch(ask: Asked) -> tuple[System, ...]:
        keyed = ask.filter("keyed")
        with visit.house.reading() as db:
            return registers.systems_page(
                db,
                body=own or ask.filter("body"),
                sought=ask.filter("title"),
                keyed=keyed == "yes" if keyed else None,
                sort=ask.sort,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    body: Column[System] = Column(
        key="body",
        title=text("Body"),
        value=lambda row: names.get(row.body, row.body),
        options=tuple(bodies.items()) if over_all else None,
    )
    return table_page(
        visit,
        replace(SYSTEMS, columns=(SYSTEMS.columns[0], body, *SYSTEMS.columns[1:])),
        fetch,
        "people/systems.html",
        title=SYSTEMS.title,
        crumbs=HOME,
        chosen=chosen,
        counting=chosen.counting(visit.house.clock()) if chosen else (),
        secrets=[(one, word_of(one.profile)) for one in secrets],
        issued=issued,
        profiles=HeaderProfile,
        most_days=dialects.LONGEST_DAYS,
        most_overlap=registers.OVERLAP_DAYS,
        names=names,
        bodies=tuple(bodies.items()),
        standing=standing,
        may_register=visit.may("registers.register_system"),
        may_key=visit.may("registers.set_key"),
        may_issue=visit.may("delivery.issue_secret"),
    )


@acted("/systems", guard="pages.systems", again=list_systems)
def register_system(visit: TheVisit) -> Answer:
    """Enter a body's system."""
    given = visit.form.read(NewSystem)
    with visit.desk() as desk:
        made = registers.register_system(desk, given.body, given.code, given.title, seen=visit.form.seen)
    return done(desk, address_of(made))


@shown("/nodes", guard="pages.nodes")
def list_nodes(visit: TheVisit) -> Answer:
    """List the nodes of other tiers that this one trusts; one that is chosen stands in the form."""
    with visit.house.reading() as db:
        names = {one.code: one.name for one in registers.bodies(db)}
        known = registers.known_node(db, visit.form.get("name") or visit.asked("node"))

    def fetch(ask: Asked) -> tuple[Node, ...]:
        with visit.house.reading() as db:
            return registers.nodes_page(
                db,
                sought=ask.filter("name"),
                relation=ask.filter("relation"),
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    body: Column[Node] = Column(key="body", title=text("Run by"), value=lambda row: names.get(row.body, row.body))
    return table_page(
        visit,
        replace(NODES, columns=(*NODES.columns[:2], body, *NODES.columns[2:])),
        fetch,
        "people/nodes.html",
        title=NODES.title,
        crumbs=HOME,
        known=known,
        seen=seen_of(visit, known),
        overtaken=noun_overtaken(
            visit, known, lambda: _node(visit), OF_NODE, on=known.name if known else "", word="registers.node_enrolled"
        ),
        relations=Relation,
        may_enrol=visit.may("registers.enrol_node"),
    )


@acted("/nodes", guard="pages.nodes", again=list_nodes)
def enrol_node(visit: TheVisit) -> Answer:
    """Trust another tier's node under its key."""
    node = _node(visit)
    with visit.desk() as desk:
        registers.enrol_node(desk, node, seen=visit.form.mark)
    return done(desk, "/nodes")


def _node(visit: Visit) -> Node:
    given = visit.form.read(NewNode)
    return Node(
        name=given.name,
        url=given.url,
        key=PublicKey.read(given.key),
        relation=given.relation,
        body=given.body,
        sm2_key=Sm2PublicKey.read(given.sm2_key) if given.sm2_key else None,
    )


def address_of(one: System) -> str:
    """Return where a system is shown."""
    return f"/systems?system={quote(str(one.name), safe='')}"


def _standing_system(visit: Visit) -> str:
    """Return the title that stands under the body and the code that a refused form names."""
    if not isinstance(visit.refusal, Overtaken) or not visit.form.get("code"):
        return ""
    body, code = visit.form.get("body"), visit.form.get("code")
    with visit.house.reading() as db:
        return next((one.title for one in registers.systems(db, body) if one.name.system == code), "")


PAGES = [list_systems, register_system, list_nodes, enrol_node]
