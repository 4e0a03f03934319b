"""Who holds which posts, and which systems and nodes there are, as pages and administrators read it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from jutong.kernel.db import Db, keyset
from jutong.kernel.errors import Invalid, NotFound
from jutong.terms.actor import Actor
from jutong.terms.duty import Duty
from jutong.terms.grade import Grade
from jutong.terms.org import BodyKind

from .node import Node
from .post import Holding, Person, Post
from .store import body, find_node, find_system, node, node_of, person, post, system, system_key, systems_of
from .system import System, SystemName

_holder = person.alias("holder")
_HELD = (
    sa.select(post, body.c.name, body.c.short_name, _holder.c.name.label("holder_name"))
    .select_from(post.outerjoin(body, body.c.code == post.c.body).outerjoin(_holder, _holder.c.id == post.c.person))
    .where(post.c.until.is_(None))
)
# Asked at every page: made once, so that neither its text nor its key in the statement cache is made again.
_HOLDINGS = (
    sa.select(
        person.c.id.label("who_id"),
        person.c.account.label("who_account"),
        person.c.name.label("who_name"),
        post,
        body.c.name,
        body.c.short_name,
        _holder.c.name.label("holder_name"),
    )
    .select_from(
        person.outerjoin(
            post,
            ((post.c.person == sa.bindparam("person")) | post.c.id.in_(sa.bindparam("also", expanding=True)))
            & post.c.until.is_(None),
        )
        .outerjoin(body, body.c.code == post.c.body)
        .outerjoin(_holder, _holder.c.id == post.c.person)
    )
    .where(person.c.id == sa.bindparam("person"))
    .order_by(post.c.id)
)


def holdings(db: Db, person_id: str, *, also: Collection[str] = ()) -> tuple[Person | None, tuple[Holding, ...]]:
    """Return a person with the posts that it holds, in one look; ``also`` names posts of others that are wanted too."""
    rows = db.execute(_HOLDINGS, {"person": person_id, "also": list(also) or [""]}).all()
    if not rows:
        return None, ()
    who = Person(id=rows[0].who_id, account=rows[0].who_account, name=rows[0].who_name)
    return who, tuple(_holding(row) for row in rows if row.id is not None)


def holdings_of(db: Db, people: Collection[str]) -> Mapping[str, tuple[Holding, ...]]:
    """Return the posts that several people hold, by person."""
    found: dict[str, tuple[Holding, ...]] = {}
    for row in db.execute(_HELD.where(post.c.person.in_(list(people))).order_by(post.c.id)):
        found[row.person] = (*found.get(row.person, ()), _holding(row))
    return found


def people(
    db: Db, by: Actor, *, sought: str = "", descending: bool = False, after: str = "", limit: int = 100
) -> tuple[Person, ...]:
    """Return those whom an administrator looks after, by account; page on from the last one's account.

    Those of a tier's authority look after everybody; others after who holds a post in their body, or none at all.
    """
    query = sa.select(person).where(_looked_after(db, by))
    if after:
        query = query.where(person.c.account < after if descending else person.c.account > after)
    if sought:
        begins = person.c.account.startswith(sought, autoescape=True) | person.c.name.contains(sought, autoescape=True)
        query = query.where(begins)
    order = person.c.account.desc() if descending else person.c.account
    return tuple(Person(**row) for row in db.execute(query.order_by(order).limit(limit)).mappings())


def person_under(db: Db, person_id: str, by: Actor) -> Person:
    """Return a person whom this administrator looks after."""
    query = sa.select(person).where(person.c.id == person_id).where(_looked_after(db, by))
    row = db.execute(query).mappings().first()
    if row is None:
        raise NotFound("person", person_id)
    return Person(**row)


def people_with(db: Db, ids: Collection[str]) -> Mapping[str, Person]:
    """Return people by their identifiers."""
    rows = db.execute(sa.select(person).where(person.c.id.in_(list(ids)))).mappings()
    return {row["id"]: Person(**row) for row in rows}


def over_all(db: Db, by: Actor) -> bool:
    """Say whether an administrator looks after every body of the tier."""
    kind = db.execute(sa.select(body.c.kind).where(body.c.code == by.org)).scalar()
    return Duty.HOUSE in by.duties or kind == BodyKind.AUTHORITY.value


def _looked_after(db: Db, by: Actor) -> sa.ColumnElement[bool]:
    if over_all(db, by):
        return sa.true()
    held = sa.select(post.c.id).where(post.c.person == person.c.id, post.c.until.is_(None))
    return held.where(post.c.body == by.org).exists() | ~held.exists()


def _holding(row: sa.Row[tuple[object, ...]]) -> Holding:
    kept = row._mapping
    held = Post(
        id=kept["id"],
        person=kept["person"],
        body=kept["body"],
        title=kept["title"],
        duties=frozenset(map(Duty, kept["duties"])),
        cleared=Grade(kept["cleared"]),
        since=kept["since"],
        until=kept["until"],
    )
    return Holding(post=held, body_name=kept["short_name"] or kept["name"] or "", holder_name=kept["holder_name"] or "")


def systems_page(
    db: Db,
    *,
    body: str = "",
    sought: str = "",
    keyed: bool | None = None,
    sort: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[System, ...]:
    """Return a page of systems by name in the network, or by title: of one body, with or without a key that counts."""
    query = sa.select(system)
    if body:
        query = query.where(system.c.body == body)
    if sought:
        query = query.where(system.c.title.contains(sought, autoescape=True))
    if keyed is not None:
        counts = sa.exists().where(system_key.c.system == system.c.name, system_key.c.until.is_(None))
        query = query.where(counts if keyed else ~counts)
    order = (system.c.title, system.c.name) if sort == "title" else (system.c.name,)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return systems_of(db, [dict(row) for row in db.execute(page).mappings()])


def systems_epoch(db: Db) -> tuple[int, int]:
    """Return what differs after every change of any system or key, in whatever order changes were committed."""
    count, changes = db.execute(sa.select(sa.func.count(), sa.func.sum(system.c.version))).one()
    return int(count), int(changes or 0)


def nodes_page(
    db: Db,
    *,
    sought: str = "",
    relation: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Node, ...]:
    """Return a page of the nodes that this one trusts, by name."""
    query = sa.select(node)
    if sought:
        query = query.where(node.c.name.contains(sought, autoescape=True))
    if relation:
        query = query.where(node.c.relation == relation)
    page = keyset(query, (node.c.name,), after=after, descending=descending, limit=limit)
    return tuple(node_of(dict(row)) for row in db.execute(page).mappings())


def known_system(db: Db, name: str, body: str | None = None) -> System | None:
    """Return the system of this name, if there is one and it is this body's."""
    try:
        found = find_system(db, SystemName.parse(name))
    except (Invalid, NotFound):
        return None
    return found if body in (None, found.body) else None


def known_node(db: Db, name: str) -> Node | None:
    """Return the node of this name, if there is one."""
    try:
        return find_node(db, name)
    except NotFound:
        return None
