"""Register endpoints: bodies, people and posts, credentials, systems, nodes, calendar and clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar.params import FromQuery, JSONBody, Parameter

from jutong import registers
from jutong.kernel.crypto import PublicKey
from jutong.kernel.public_key import read_public_key
from jutong.kernel.sm2 import Sm2PublicKey
from jutong.registers import Node, Person, Post, Relation, System, SystemName
from jutong.terms import Duty, Grade, Org
from jutong.terms.deadline import LOCAL_DAYS_MOST, Deadline, DeadlineRule

from .exact import refuse_strangers
from .wiring import (
    NO_NUL,
    Code,
    CodeField,
    Name,
    TheActor,
    TheHouse,
    TheMessage,
    Ulid,
    UlidField,
    Words,
    act,
    look,
    removing,
    replacing,
)

TAGS = ["registers"]
RuleId = Annotated[str, Parameter(pattern="^[A-Z0-9_]{1,40}$", description="a statutory clock")]
Part = Annotated[str, Parameter(min_length=1, max_length=64, description="a part of a system's name")]


class PersonForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Somebody who may hold posts."""

    account: Name
    name: Name


class PostForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a person is to do in a body."""

    person: UlidField
    body: CodeField
    title: Name
    duties: frozenset[Duty]
    cleared: Grade = Grade.L2


class Clearance(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Up to which grade a post may see."""

    cleared: Grade


class CredentialForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """For how many days a credential counts."""

    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 90


class Issued(msgspec.Struct, kw_only=True):
    """A new credential; the token is shown this once."""

    id: str
    token: str


class SystemForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A body's system: code in the network, title, and public key (Ed25519 in base64; SM2 in base64, hex or PEM)."""

    body: CodeField
    code: Name
    title: Name
    public_key: Name | None = None


class SystemView(msgspec.Struct, kw_only=True):
    """A system under its name in the network."""

    name: str
    title: str
    body: str
    public_key: str | None


class RuleForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A place's own term: of which rule, where, how many working days, from when on, and by which instrument."""

    rule: Annotated[str, msgspec.Meta(pattern="^[A-Z0-9_]{1,40}$")]
    division: Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$")]
    working_days: Annotated[int, msgspec.Meta(ge=1, le=LOCAL_DAYS_MOST)]
    since: date
    until: date | None = None
    instrument: Name
    article: Annotated[str, msgspec.Meta(max_length=40, pattern=NO_NUL)] = ""


class PublicKeyForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A public key (Ed25519 in base64; SM2 in base64, hex or PEM), and for how many days the one before counts."""

    public_key: Name
    overlap_days: Annotated[int, msgspec.Meta(ge=0, le=registers.OVERLAP_DAYS)] = 0


class NodeForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Another tier's node: where it is reached, and the keys (Ed25519; also SM2) by which it is known."""

    name: Name
    url: Words
    key: Name
    relation: Relation = Relation.PEER
    body: str = ""
    sm2_key: Words = ""


class YearForm(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A year's notice: weekdays that rest (false) and weekend days that work (true)."""

    notice: str
    days: Mapping[date, bool]


class PostView(msgspec.Struct, kw_only=True):
    """A post as it stands."""

    id: str
    person: UlidField
    body: CodeField
    title: Name
    duties: tuple[Duty, ...]
    cleared: Grade
    since: datetime
    until: datetime | None


@act("/api/bodies", tags=TAGS)
def register_body(house: TheHouse, actor: TheActor, data: JSONBody[Org], message: TheMessage) -> Org:
    """Enter a body under its unified social credit code, or change its entry."""
    refuse_strangers(message, data)
    with house.desk(actor) as desk:
        return registers.register_body(desk, data)


@look("/api/bodies", tags=TAGS)
def list_bodies(house: TheHouse, actor: TheActor) -> list[Org]:
    """List the bodies of this node."""
    with house.reading() as db:
        return list(registers.bodies(db))


@look("/api/bodies/{code:str}", tags=TAGS)
def show_body(house: TheHouse, actor: TheActor, code: Code) -> Org:
    """Show one body."""
    with house.reading() as db:
        return registers.find_body(db, code)


@act("/api/people", tags=TAGS)
def register_person(house: TheHouse, actor: TheActor, data: JSONBody[PersonForm]) -> Person:
    """Enter somebody who may hold posts."""
    with house.desk(actor) as desk:
        return registers.register_person(desk, data.name, data.account)


@act("/api/posts", tags=TAGS)
def appoint(house: TheHouse, actor: TheActor, data: JSONBody[PostForm]) -> PostView:
    """Give a person a post with duties."""
    with house.desk(actor) as desk:
        return _post(registers.appoint(desk, data.person, data.body, data.title, data.duties, data.cleared))


@act("/api/posts/{post_id:str}/clearance", tags=TAGS)
def clear(house: TheHouse, actor: TheActor, post_id: Ulid, data: JSONBody[Clearance]) -> PostView:
    """Set up to which grade a post may see."""
    with house.desk(actor) as desk:
        return _post(registers.clear(desk, post_id, data.cleared))


@removing("/api/posts/{post_id:str}", tags=TAGS, status_code=200)
def dismiss(house: TheHouse, actor: TheActor, post_id: Ulid) -> PostView:
    """End a post; its credentials stop counting with it."""
    with house.desk(actor) as desk:
        return _post(registers.dismiss(desk, post_id))


@act("/api/posts/{post_id:str}/credentials", tags=TAGS)
def issue_credential(house: TheHouse, actor: TheActor, post_id: Ulid, data: JSONBody[CredentialForm]) -> Issued:
    """Make a credential for a post; the token is shown this once."""
    with house.desk(actor) as desk:
        identifier, token = registers.issue_credential(desk, post_id, days=data.days)
        return Issued(id=identifier, token=token)


@removing("/api/credentials/{credential_id:str}", tags=TAGS)
def revoke_credential(house: TheHouse, actor: TheActor, credential_id: Ulid) -> None:
    """End a credential at once."""
    with house.desk(actor) as desk:
        registers.revoke_credential(desk, credential_id)


@act("/api/systems", tags=TAGS)
def register_system(house: TheHouse, actor: TheActor, data: JSONBody[SystemForm]) -> SystemView:
    """Enter a body's system; a key given with it is the security administrator's act."""
    key = None if data.public_key is None else read_public_key(data.public_key)
    with house.desk(actor) as desk:
        return _system(registers.register_system(desk, data.body, data.code, data.title, key))


@look("/api/systems", tags=TAGS)
def list_systems(house: TheHouse, actor: TheActor) -> list[SystemView]:
    """List the systems of this node."""
    with house.reading() as db:
        return [_system(system) for system in registers.systems(db)]


@replacing("/api/systems/{instance:str}/{member_class:str}/{member:str}/{system:str}/key", tags=TAGS)
def set_key(
    house: TheHouse,
    actor: TheActor,
    instance: Part,
    member_class: Part,
    member: Part,
    system: Part,
    data: JSONBody[PublicKeyForm],
) -> SystemView:
    """Give a system its key, or a new one: the old one ends at once, or after the overlap."""
    with house.desk(actor) as desk:
        name = SystemName(instance, member_class, member, system)
        key = read_public_key(data.public_key)
        return _system(registers.set_key(desk, name, key, overlap_days=data.overlap_days))


@removing("/api/systems/{instance:str}/{member_class:str}/{member:str}/{system:str}/key/overlap", tags=TAGS)
def end_overlap(
    house: TheHouse, actor: TheActor, instance: Part, member_class: Part, member: Part, system: Part
) -> None:
    """Let a system's newest key count alone from now on."""
    with house.desk(actor) as desk:
        registers.end_overlap(desk, SystemName(instance, member_class, member, system))


@act("/api/nodes", tags=TAGS)
def enrol_node(house: TheHouse, actor: TheActor, data: JSONBody[NodeForm]) -> NodeForm:
    """Trust another tier's node under its key."""
    node = Node(
        name=data.name,
        url=data.url,
        key=PublicKey.read(data.key),
        relation=data.relation,
        body=data.body,
        sm2_key=Sm2PublicKey.read(data.sm2_key) if data.sm2_key else None,
    )
    with house.desk(actor) as desk:
        return _node(registers.enrol_node(desk, node))


@look("/api/nodes", tags=TAGS)
def list_nodes(house: TheHouse, actor: TheActor) -> list[NodeForm]:
    """List the nodes that this one trusts."""
    with house.reading() as db:
        return [_node(node) for node in registers.nodes(db)]


@replacing("/api/calendar/{year:int}", tags=TAGS)
def enter_calendar(
    house: TheHouse, actor: TheActor, year: Annotated[int, Parameter(ge=2000, le=2100)], data: JSONBody[YearForm]
) -> YearForm:
    """Enter a year's notice; open deadlines that it touches are counted anew."""
    with house.desk(actor) as desk:
        entered = registers.enter_calendar(desk, year, data.days, data.notice)
        return YearForm(notice=entered.notice, days=entered.days)


@look("/api/deadlines", tags=TAGS)
def list_deadlines(house: TheHouse, actor: TheActor) -> list[DeadlineRule]:
    """List the statutory clocks that this node keeps."""
    with house.reading() as db:
        return list(registers.deadline_rules(db))


@act("/api/deadlines", tags=TAGS)
def enter_rule(house: TheHouse, actor: TheActor, data: JSONBody[RuleForm]) -> DeadlineRule:
    """Enter a place's own, stricter term for something that has one; it binds what begins from its first day on."""
    with house.desk(actor) as desk:
        return registers.enter_rule(
            desk,
            data.rule,
            division=data.division,
            working_days=data.working_days,
            since=data.since,
            until=data.until,
            instrument=data.instrument,
            article=data.article,
        )


@look("/api/deadlines/{rule_id:str}", tags=TAGS)
def count_deadline(house: TheHouse, actor: TheActor, rule_id: RuleId, start: FromQuery[date]) -> Deadline:
    """Say when a term that began on a day ends, by which rule, and whether the year's calendar is firm yet."""
    with house.reading() as db:
        return registers.deadline(db, rule_id, start, house.home.settings.division)


def _post(post: Post) -> PostView:
    return PostView(
        id=post.id,
        person=post.person,
        body=post.body,
        title=post.title,
        duties=tuple(sorted(post.duties)),
        cleared=post.cleared,
        since=post.since,
        until=post.until,
    )


def _system(system: System) -> SystemView:
    key = None if system.key is None else str(system.key)
    return SystemView(name=str(system.name), title=system.title, body=system.body, public_key=key)


def _node(node: Node) -> NodeForm:
    return NodeForm(
        name=node.name,
        url=node.url,
        key=str(node.key),
        relation=node.relation,
        body=node.body,
        sm2_key=str(node.sm2_key or ""),
    )


ENDPOINTS = [
    register_body,
    list_bodies,
    show_body,
    register_person,
    appoint,
    clear,
    dismiss,
    issue_credential,
    revoke_credential,
    register_system,
    list_systems,
    set_key,
    end_overlap,
    enrol_node,
    list_nodes,
    enter_calendar,
    list_deadlines,
    enter_rule,
    count_deadline,
]
