"""The registers in the control database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from jutong.guard import Label
from jutong.kernel.crypto import PublicKey
from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.public_key import read_public_key
from jutong.kernel.shape import learn
from jutong.kernel.sm2 import Sm2PublicKey
from jutong.terms.actor import Actor
from jutong.terms.calendar import Calendar, YearNotice
from jutong.terms.codeset import CodeSet
from jutong.terms.deadline import Deadline, DeadlineRule, choose
from jutong.terms.duty import Duty
from jutong.terms.element import StandardElement
from jutong.terms.grade import Grade
from jutong.terms.org import BodyKind, Org

from . import shipped
from .credential import Credential, credential_id_in, unknown_caller
from .node import Node, Relation
from .post import Person, Post
from .system import System, SystemKey, SystemName

T = TypeVar("T")

body = sa.Table(
    "registers_body",
    metadata,
    sa.Column("code", sa.String(18), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("short_name", sa.String(40), nullable=False),
    sa.Column("division", sa.String(6), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
)
person = sa.Table(
    "registers_person",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("account", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(80), nullable=False),
)
post = sa.Table(
    "registers_post",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("person", sa.String(26), nullable=False, index=True),
    sa.Column("body", sa.String(18), nullable=False, index=True),
    sa.Column("title", sa.String(80), nullable=False),
    sa.Column("duties", Json, nullable=False),
    sa.Column("cleared", sa.Integer, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=True),
)
credential = sa.Table(
    "registers_credential",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("post", sa.String(26), nullable=False, index=True),
    sa.Column("token_digest", sa.String(64), nullable=False),
    sa.Column("issued", Instant, nullable=False),
    sa.Column("expires", Instant, nullable=False, index=True),
    sa.Column("revoked", Instant, nullable=True),
)
system = sa.Table(
    "registers_system",
    metadata,
    sa.Column("name", sa.String(260), primary_key=True),
    sa.Column("body", sa.String(64), nullable=False, index=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ix_registers_system_title", "title", "name"),
)
system_key = sa.Table(
    "registers_system_key",
    metadata,
    sa.Column("system", sa.String(260), primary_key=True),
    sa.Column("key", sa.String(44), primary_key=True),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=True),
)
node = sa.Table(
    "registers_node",
    metadata,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("url", sa.String(1100), nullable=False),
    sa.Column("key", sa.String(44), nullable=False),
    sa.Column("sm2_key", sa.String(44), nullable=False),  # empty: none
    sa.Column("relation", sa.String(10), nullable=False),
    sa.Column("body", sa.String(18), nullable=False),
)
calendar_year = sa.Table(
    "registers_calendar_year",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("notice", sa.String(200), nullable=False),
    sa.Column("days", Json, nullable=False),
)
standard = sa.Table(
    "registers_standard",
    metadata,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("key", sa.String(120), primary_key=True),
    sa.Column("facts", Json, nullable=False),
)

MANY = 1000  # names in one question

learn(DeadlineRule)


def save_body(db: Db, org: Org) -> None:
    """Keep a body."""
    upsert(db, body, {**msgspec.to_builtins(org)}, key=("code",))


def find_body(db: Db, code: str) -> Org:
    """Return the body with this credit code."""
    return _body(_one(db, body, body.c.code == code, NotFound("body", code)))


def bodies(db: Db) -> tuple[Org, ...]:
    """Return all bodies, by division and code."""
    return tuple(map(_body, _all(db, body, body.c.division, body.c.code)))


def bodies_page(
    db: Db,
    *,
    sought: str = "",
    kind: str = "",
    sort: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 100,
) -> tuple[Org, ...]:
    """Return bodies whose name holds ``sought``: by division and code, or by name."""
    query = sa.select(body)
    if sought:
        query = query.where(body.c.name.contains(sought, autoescape=True))
    if kind:
        query = query.where(body.c.kind == kind)
    order = (*((body.c.name,) if sort == "name" else ()), body.c.division, body.c.code)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return tuple(map(_body, db.execute(page).mappings()))


def label_of(db: Db, code: str, *, by: Actor) -> Label:
    """Return the label of what a body's administrators look after.

    A tier's authority administers every body on its node, and so does the node itself, which sets them up.
    """
    authorities = set(db.execute(sa.select(body.c.code).where(body.c.kind == BodyKind.AUTHORITY.value)).scalars())
    house = {by.org} if Duty.HOUSE in by.duties else set()
    return Label(owner=code, parties=frozenset(authorities | house))


def save_person(db: Db, who: Person) -> None:
    """Keep a person."""
    upsert(db, person, {**msgspec.to_builtins(who)}, key=("id",))


def find_person(db: Db, person_id: str) -> Person:
    """Return the person with this identifier."""
    return Person(**_one(db, person, person.c.id == person_id, NotFound("person", person_id)))


def person_with(db: Db, account: str) -> Person | None:
    """Return who has this account, if anybody."""
    row = db.execute(sa.select(person).where(person.c.account == account)).mappings().first()
    return Person(**row) if row else None


def save_post(db: Db, held: Post) -> None:
    """Keep a post."""
    values = {name: getattr(held, name) for name in ("id", "person", "body", "title", "since", "until")}
    upsert(db, post, {**values, "duties": sorted(held.duties), "cleared": int(held.cleared)}, key=("id",))


def find_post(db: Db, post_id: str) -> Post:
    """Return the post with this identifier."""
    return _post(_one(db, post, post.c.id == post_id, NotFound("post", post_id)))


def posts_held_by(db: Db, person_id: str) -> tuple[Post, ...]:
    """Return the posts that a person holds, in whichever bodies, the oldest first."""
    return tuple(map(_post, _all(db, post, post.c.id, where=(post.c.person == person_id) & post.c.until.is_(None))))


def posts_in(db: Db, code: str) -> tuple[Post, ...]:
    """Return all posts of a body, ended ones too, the oldest first."""
    return tuple(map(_post, _all(db, post, post.c.id, where=post.c.body == code)))


def save_credential(db: Db, kept: Credential) -> None:
    """Keep a credential."""
    names = ("id", "post", "token_digest", "issued", "expires", "revoked")
    upsert(db, credential, {name: getattr(kept, name) for name in names}, key=("id",))


def find_credential(db: Db, credential_id: str) -> Credential:
    """Return the credential with this identifier."""
    return Credential(**_one(db, credential, credential.c.id == credential_id, NotFound("credential", credential_id)))


def actor_of(db: Db, bearer: str, now: datetime) -> Actor:
    """Return who holds the post for which the token ``bearer`` was issued, or refuse as ``NotKnown``."""
    claimed = credential_id_in(bearer)
    try:
        kept = find_credential(db, claimed)
    except NotFound as error:
        raise unknown_caller() from error
    return kept.admit(bearer, find_post(db, kept.post), now)


def credentials_of(db: Db, post_id: str) -> tuple[Credential, ...]:
    """Return all credentials of a post, the oldest first."""
    rows = _all(db, credential, credential.c.id, where=credential.c.post == post_id)
    return tuple(Credential(**row) for row in rows)


def save_system(db: Db, one: System) -> None:
    """Keep a system and the history of its keys."""
    upsert(db, system, {"name": str(one.name), "body": one.body, "title": one.title}, key=("name",))
    db.execute(sa.update(system).where(system.c.name == str(one.name)).values(version=system.c.version + 1))
    for held in one.keys:
        values = {"system": str(one.name), "key": str(held.key), "since": held.since, "until": held.until}
        upsert(db, system_key, values, key=("system", "key"))


def find_system(db: Db, name: SystemName) -> System:
    """Return the system with this name."""
    return systems_of(db, [_one(db, system, system.c.name == str(name), NotFound("system", name))])[0]


def systems(db: Db, code: str | None = None) -> tuple[System, ...]:
    """Return all systems, or those of one body, by name."""
    where = sa.true() if code is None else system.c.body == code
    return systems_of(db, _all(db, system, system.c.name, where=where))


def save_node(db: Db, one: Node) -> None:
    """Keep a node."""
    values = {"name": one.name, "url": one.url, "key": str(one.key), "relation": one.relation.value, "body": one.body}
    values["sm2_key"] = str(one.sm2_key or "")
    upsert(db, node, values, key=("name",))


def find_node(db: Db, name: str) -> Node:
    """Return the node with this name."""
    return node_of(_one(db, node, node.c.name == name, NotFound("node", name)))


def nodes(db: Db) -> tuple[Node, ...]:
    """Return all nodes that this one trusts, by name."""
    return tuple(map(node_of, _all(db, node, node.c.name)))


def save_year(db: Db, year: YearNotice) -> None:
    """Keep a year's notice in place of the one before."""
    days = {day.isoformat(): working for day, working in sorted(year.days.items())}
    upsert(db, calendar_year, {"year": year.year, "notice": year.notice, "days": days}, key=("year",))


def years(db: Db) -> tuple[YearNotice, ...]:
    """Return all years that have a notice, in order."""
    return tuple(_year(*row) for row in db.execute(_YEARS))


def calendar(db: Db) -> Calendar:
    """Return the working-day calendar as it stands."""
    return _calendar(tuple(tuple(row) for row in db.execute(_YEARS)))


# Every desk counts by the calendar, and it changes once a year: it is read as text, and taken apart once.
_YEARS = sa.select(calendar_year.c.year, calendar_year.c.notice, sa.cast(calendar_year.c.days, sa.Text)).order_by(
    calendar_year.c.year
)


@lru_cache(maxsize=4)
def _calendar(rows: tuple[tuple[int, str, str], ...]) -> Calendar:
    return Calendar.of_years(_year(*row) for row in rows)


def _year(year: int, notice: str, days: str) -> YearNotice:
    told: dict[str, bool] = msgspec.json.decode(days)
    return YearNotice(
        year=year, notice=notice, days={date.fromisoformat(day): working for day, working in sorted(told.items())}
    )


def save_rule(db: Db, rule: DeadlineRule) -> None:
    """Keep a deadline rule, in place of the one with the same name, jurisdiction and first day."""
    _save_standard(db, "deadline", f"{rule.id}/{rule.jurisdiction}/{rule.since}", msgspec.to_builtins(rule))


def deadline_rules(db: Db) -> tuple[DeadlineRule, ...]:
    """Return all deadline rules, by name."""
    return _standards(db, "deadline", lambda facts: msgspec.convert(facts, DeadlineRule))


def deadline(
    db: Db, rule_id: str, started: date, division: str = "", *, extension_days: int = 0, on: date | None = None
) -> Deadline:
    """Return when a term that began on ``started`` ends, by the strictest rule that binds ``division`` on that day.

    ``on`` names an earlier day whose rule counts, where a clock starts anew for what was asked then.
    """
    rules = deadline_rules(db)
    if rules and all(rule.id != rule_id for rule in rules):
        rules = shipped.deadline_rules()  # a home that was made before the rule came
    rule = choose(rules, rule_id, division=division, on=on or started)
    return rule.due(calendar(db), started, extension_days=extension_days)


def save_element(db: Db, element: StandardElement) -> None:
    """Keep a standard element."""
    _save_standard(db, "element", element.id, element.facts())


def elements(db: Db) -> tuple[StandardElement, ...]:
    """Return all standard elements, by identifier."""
    return _standards(db, "element", StandardElement.of_facts)


def find_element(db: Db, element_id: str) -> StandardElement:
    """Return the standard element with this identifier."""
    where = (standard.c.kind == "element") & (standard.c.key == element_id)
    return StandardElement.of_facts(_one(db, standard, where, NotFound("standard element", element_id))["facts"])


def save_code_set(db: Db, codes: CodeSet) -> None:
    """Keep a code set; its order is kept too."""
    _save_standard(db, "code-set", codes.id, {**msgspec.to_builtins(codes), "codes": list(codes.codes.items())})


def code_sets(db: Db) -> tuple[CodeSet, ...]:
    """Return all code sets, by identifier."""
    return _standards(db, "code-set", lambda facts: CodeSet(**{**facts, "codes": dict(facts["codes"])}))


def _save_standard(db: Db, kind: str, key: str, facts: Mapping[str, Any]) -> None:
    upsert(db, standard, {"kind": kind, "key": key, "facts": facts}, key=("kind", "key"))


def _standards(db: Db, kind: str, read: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    rows = _all(db, standard, standard.c.key, where=standard.c.kind == kind)
    return tuple(read(row["facts"]) for row in rows)


def _one(db: Db, table: sa.Table, where: sa.ColumnElement[bool], refusal: NotFound) -> dict[str, Any]:
    row = db.execute(sa.select(table).where(where)).mappings().first()
    if row is None:
        raise refusal
    return dict(row)


def _all(
    db: Db, table: sa.Table, *order: sa.ColumnElement[Any], where: sa.ColumnElement[bool] | None = None
) -> list[dict[str, Any]]:
    query = sa.select(table).order_by(*order)
    return [dict(row) for row in db.execute(query if where is None else query.where(where)).mappings()]


def _body(row: Mapping[Any, Any]) -> Org:
    return Org(**{**row, "kind": BodyKind(row["kind"])})


def _post(row: Mapping[str, Any]) -> Post:
    return Post(**{**row, "duties": frozenset(map(Duty, row["duties"])), "cleared": Grade(row["cleared"])})


def systems_of(db: Db, rows: Sequence[Mapping[str, Any]]) -> tuple[System, ...]:
    """Return systems of their rows, with the keys of all of them read at once."""
    keys: dict[str, tuple[SystemKey, ...]] = {}
    names = [row["name"] for row in rows]
    wanted = system_key.c.system.in_(names) if len(names) <= MANY else sa.true()
    for one in _all(db, system_key, system_key.c.since, where=wanted):
        held = SystemKey(key=read_public_key(one["key"]), since=one["since"], until=one["until"])
        keys[one["system"]] = (*keys.get(one["system"], ()), held)
    return tuple(
        System(name=SystemName.parse(row["name"]), title=row["title"], keys=keys.get(row["name"], ())) for row in rows
    )


def node_of(row: Mapping[str, Any]) -> Node:
    """Return a node of its row."""
    sm2_key = Sm2PublicKey.read(row["sm2_key"]) if row["sm2_key"] else None
    return Node(**{**row, "key": PublicKey.read(row["key"]), "sm2_key": sm2_key, "relation": Relation(row["relation"])})
