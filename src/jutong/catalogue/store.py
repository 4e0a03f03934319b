"""The tables of the catalogue: each entry's head, and every version of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from enum import Enum
from typing import Any

import msgspec
import sqlalchemy as sa

from jutong.kernel.canon import canonical
from jutong.kernel.db import Db, Instant, metadata, upsert
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import text
from jutong.terms import Actor, Duty, Grade

from .document import digest_of, entry_of_document, entry_to_document
from .entry import Entry
from .item import Format
from .stage import Stage
from .summary import MARKS, Order, Search, Summary, by_sound, marks, summary_of, words_of
from .terms_of_use import OpenType, ShareType, UpdateCycle

PAGE = 500
AUDITING = frozenset({Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT, Duty.OVERSIGHT, Duty.HOUSE, Duty.PEER})

# A head points at the version that each of three kinds of reader sees; NULL hides the entry from that kind.
head = sa.Table(
    "catalogue_entry",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("provider", sa.String(18), nullable=False, index=True),
    sa.Column("service", sa.String(63), nullable=True),
    sa.Column("version", sa.Integer, nullable=False),  # its provider
    sa.Column("authority_version", sa.Integer, nullable=True),  # the authority, and neighbour tiers
    sa.Column("public_version", sa.Integer, nullable=True),  # every department
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    sa.UniqueConstraint("provider", "service"),
)

# Beside its document, a version has in columns what lists show, sort and narrow by: no list reads documents.
version = sa.Table(
    "catalogue_version",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("title_order", sa.String(320), nullable=False),
    sa.Column("format", sa.String(20), nullable=False),
    sa.Column("share_type", sa.String(20), nullable=False),
    sa.Column("update_cycle", sa.String(20), nullable=False),
    sa.Column("open_type", sa.String(20), nullable=False),
    sa.Column("grade", sa.Integer, nullable=False),
    sa.Column("item_count", sa.Integer, nullable=False),
    sa.Column("refusing", sa.Boolean, nullable=False),
    sa.Column("changed", Instant, nullable=False),
    sa.Column("audit_due", sa.Date, nullable=True),
    sa.Column("ready", sa.Boolean, nullable=False),  # fit to be signed
    # Whether this is the version that a reader of each kind sees: what the head says, where lists can use it.
    sa.Column("seen_by_owner", sa.Boolean, nullable=False),
    sa.Column("seen_by_authority", sa.Boolean, nullable=False),
    sa.Column("seen_by_all", sa.Boolean, nullable=False),
    *(sa.Column(f"mark{place}", sa.BigInteger, nullable=False) for place in range(MARKS)),
    sa.Column("words", sa.Text, nullable=False),  # what a reader may search, case folded
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # canonical JSON, byte for byte what the digest was made over
)

# Each list is read along one of these, in its order; what narrows it stands there too, so that no other entry is read.
_NARROWING = ("stage", "share_type", "update_cycle", *(f"mark{place}" for place in range(MARKS)))
for _name, _columns in {
    "own_changed": ("provider", "seen_by_owner", "changed", "id", *_NARROWING),
    "own_title": ("provider", "seen_by_owner", "title_order", "id", *_NARROWING),
    "authority_changed": ("seen_by_authority", "changed", "id", "provider", *_NARROWING),
    "authority_title": ("seen_by_authority", "title_order", "id", "provider", *_NARROWING),
    "authority_due": ("seen_by_authority", "audit_due", "id", "provider", *_NARROWING),
    "all_changed": ("seen_by_all", "changed", "id", "provider", *_NARROWING),
    "all_provider": ("seen_by_all", "stage", "provider"),
    "all_refusing": ("seen_by_all", "refusing", "title_order", "id", "provider", "stage"),
    "all_title": ("seen_by_all", "title_order", "id", "provider", *_NARROWING),
    "body_title": ("provider", "seen_by_all", "title_order", "id", "stage", "share_type"),
}.items():
    sa.Index(f"ix_catalogue_version_{_name}", *(version.c[one] for one in _columns))

# What waits for a desk: few of many.
sa.Index(
    "ix_catalogue_version_own_stage", *(version.c[n] for n in ("provider", "seen_by_owner", "stage", "id", "ready"))
)
sa.Index(
    "ix_catalogue_version_authority_stage",
    *(version.c[n] for n in ("seen_by_authority", "stage", "audit_due", "id", "provider")),
)

_ORDERS: Mapping[Order, sa.Column[Any]] = {
    Order.CHANGED: version.c.changed,
    Order.TITLE: version.c.title_order,
    Order.DUE: version.c.audit_due,
}
_SUMMARY = tuple(version.c[one.name] for one in fields(Summary))


def save(db: Db, entry: Entry) -> None:
    """Keep this state of this version, and point its head at what each reader may now see."""
    before = db.execute(sa.select(head).where(head.c.id == entry.id)).one_or_none()
    shown = asdict(summary_of(entry))
    words = words_of(entry)
    upsert(
        db,
        version,
        {
            **{name: value.value if isinstance(value, Enum) else value for name, value in shown.items()},
            "title_order": by_sound(entry.title),
            "ready": entry.ready,
            "seen_by_owner": False,
            "seen_by_authority": False,
            "seen_by_all": False,
            **{f"mark{place}": mark for place, mark in enumerate(marks([words]))},
            "words": words,
            "digest": digest_of(entry),
            "body": canonical(entry_to_document(entry)).decode(),
        },
        key=("id", "version"),
    )
    if before is None or not before.withdrawn:
        _point(db, entry, before)
    standing = _head(db, entry.id)
    db.execute(
        sa.update(version)
        .where(version.c.id == entry.id)
        .values(
            seen_by_owner=version.c.version == standing.version,
            seen_by_authority=sa.func.coalesce(version.c.version == standing.authority_version, sa.false()),
            seen_by_all=sa.func.coalesce(version.c.version == standing.public_version, sa.false()),
        )
    )


def _point(db: Db, entry: Entry, before: sa.Row[Any] | None) -> None:
    withdrawn = entry.stage is Stage.WITHDRAWN
    working, public = entry, entry.version if entry.shown_to_all else None
    if before is not None and not withdrawn:
        working = entry if entry.version >= before.version else at_version(db, entry.id, before.version)
        public = max(public or 0, before.public_version or 0) or None
    values = {
        "id": entry.id,
        "provider": entry.provider,
        "service": working.service or None,
        "version": working.version,
        "authority_version": working.version if working.shown_to_authority else public,
        "public_version": public,
        "withdrawn": withdrawn,
    }
    if withdrawn and public is None:
        values["service"] = None  # never published: the name is free again
    try:
        upsert(db, head, values, key=("id",))
    except sa.exc.IntegrityError as error:
        raise Invalid(
            text("the service name {service} is taken by another entry of this provider", service=entry.service),
            remedy=text("choose another service name"),
        ) from error


def find(db: Db, entry_id: str) -> Entry:
    """Return the version that stands: the published (or withdrawn) one, else the one in work."""
    row = _head(db, entry_id)
    return at_version(db, entry_id, row.public_version or row.version)


def at_version(db: Db, entry_id: str, number: int) -> Entry:
    """Return one version."""
    if (entry := known_version(db, entry_id, number)) is None:
        raise NotFound("catalogue entry", entry_id)
    return entry


def known_version(db: Db, entry_id: str, number: int) -> Entry | None:
    """Return one version, or nothing."""
    query = sa.select(version.c.body).where(version.c.id == entry_id, version.c.version == number)
    body = db.execute(query).scalar_one_or_none()
    return None if body is None else _entry(body)


def in_work(db: Db, entry_id: str) -> Entry | None:
    """Return the version that its provider works on, or nothing; other transactions wait for this one."""
    row = db.execute(sa.select(head).where(head.c.id == entry_id).with_for_update()).one_or_none()
    return None if row is None else at_version(db, entry_id, row.version)


def visible_to(db: Db, entry_id: str, actor: Actor, *, hold: bool = False) -> Entry:
    """Return the version that ``actor`` may see; with ``hold``, other transactions wait for this one.

    An entry of another body that is not published is as absent as one that never was.
    """
    query = sa.select(_shown_to(actor)).where(head.c.id == entry_id)
    if (number := db.execute(query.with_for_update() if hold else query).scalar_one_or_none()) is None:
        raise NotFound("catalogue entry", entry_id)
    return at_version(db, entry_id, number)


def find_by_service(db: Db, provider: str, service: str) -> Entry:
    """Return the entry in force that a gateway path names."""
    query = sa.select(version.c.body).join(head, _points(head.c.public_version))
    query = query.where(head.c.provider == provider, head.c.service == service)
    body = db.execute(query.where(version.c.stage == Stage.PUBLISHED.value)).scalar_one_or_none()
    if body is None:
        raise NotFound("service", f"{provider}/{service}")
    return _entry(body)


def id_of_service(db: Db, provider: str, service: str) -> str | None:
    """Return the identifier of the provider's entry of that service name, in any stage."""
    query = sa.select(head.c.id).where(head.c.provider == provider, head.c.service == service)
    return db.execute(query).scalar_one_or_none()


def versions(db: Db, entry_id: str) -> tuple[Entry, ...]:
    """Return every version, oldest first."""
    _head(db, entry_id)
    query = sa.select(version.c.body).where(version.c.id == entry_id).order_by(version.c.version)
    return tuple(_entry(body) for body in db.execute(query).scalars())


def versions_visible_to(db: Db, entry_id: str, actor: Actor) -> tuple[Entry, ...]:
    """Return the versions that ``actor`` may see, oldest first; at least one, or the entry is absent."""
    seen = visible_to(db, entry_id, actor)
    if seen.provider == actor.org:
        return versions(db, entry_id)
    audits = bool(actor.duties & AUDITING)
    until = (one for one in versions(db, entry_id) if one.version <= seen.version)
    return tuple(one for one in until if (one.shown_to_authority if audits else one.shown_to_all))


def find_published(db: Db, entry_id: str) -> Entry:
    """Return the version in force, as everybody may see it."""
    query = sa.select(version.c.body).join(head, _points(head.c.public_version)).where(head.c.id == entry_id)
    body = db.execute(query.where(version.c.stage == Stage.PUBLISHED.value)).scalar_one_or_none()
    if body is None:
        raise NotFound("catalogue entry", entry_id)
    return _entry(body)


def summaries(db: Db, actor: Actor | None, search: Search) -> tuple[Summary, ...]:
    """Return a page of the entries that ``actor`` may see, or of what is published for everybody if it is nobody.

    Each stands in the version that others see, or with ``own`` in the version that its body works on.
    """
    order = _ORDERS[search.order]
    query = sa.select(*_SUMMARY).where(*_seen(actor, search), *_narrowed(search))
    if search.order is Order.DUE:
        query = query.where(order.is_not(None))
    if (start := search.start) is not None:
        here = sa.tuple_(order, version.c.id)
        there = sa.tuple_(sa.literal(start[0], order.type), sa.literal(start[1], version.c.id.type))
        query = query.where(here < there if search.descending else here > there)
    turned = sa.desc if search.descending else sa.asc
    rows = db.execute(query.order_by(turned(order), turned(version.c.id)).limit(search.limit)).mappings()
    return tuple(_summary(row) for row in rows)


def published_counts(db: Db) -> tuple[int, int]:
    """Return how many entries are in force, and of how many bodies."""
    in_force = sa.and_(version.c.seen_by_all == sa.true(), version.c.stage == Stage.PUBLISHED.value)
    each = sa.select(sa.func.count().label("size")).where(in_force).group_by(version.c.provider).subquery()
    both = sa.select(sa.func.coalesce(sa.func.sum(each.c.size), 0), sa.func.count()).select_from(each)
    found = db.execute(both).one()
    return int(found[0]), int(found[1])


def count_of_grade(db: Db, grade: Grade) -> int:
    """Return how many entries are of this grade or a graver one, as their providers see them."""
    query = sa.select(sa.func.count()).where(version.c.seen_by_owner == sa.true(), version.c.grade >= grade.value)
    return int(db.execute(query).scalar_one())


def published(
    db: Db, *, provider: str | None = None, contains: str = "", after: str = "", limit: int | None = None
) -> Iterator[Entry]:
    """Yield the entries in force, in the order of their identifiers, from the one after ``after``."""
    return _page(db, head.c.public_version, Stage.PUBLISHED, provider, contains, after, limit)


def entries(
    db: Db,
    *,
    stage: Stage | None = None,
    provider: str | None = None,
    contains: str = "",
    after: str = "",
    limit: int | None = None,
) -> Iterator[Entry]:
    """Yield every entry as its provider sees it, in the order of their identifiers."""
    return _page(db, head.c.version, stage, provider, contains, after, limit)


def entries_visible_to(
    db: Db,
    actor: Actor,
    *,
    stage: Stage | None = None,
    provider: str | None = None,
    contains: str = "",
    after: str = "",
    limit: int | None = None,
) -> Iterator[Entry]:
    """Yield the entries that ``actor`` may see, each in the version that it may see."""
    return _page(db, _shown_to(actor), stage, provider, contains, after, limit)


def _page(
    db: Db,
    pointer: sa.ColumnElement[int | None],
    stage: Stage | None,
    provider: str | None,
    contains: str,
    after: str,
    limit: int | None,
) -> Iterator[Entry]:
    query = sa.select(head.c.id, version.c.body).join(head, _points(pointer)).order_by(head.c.id)
    if stage is not None:
        query = query.where(version.c.stage == stage.value)
    if provider is not None:
        query = query.where(head.c.provider == provider)
    if contains.strip():
        query = query.where(version.c.words.contains(contains.strip().casefold(), autoescape=True))
    left = limit
    while left is None or left > 0:
        rows = db.execute(query.where(head.c.id > after).limit(PAGE if left is None else min(PAGE, left))).all()
        for _, body in rows:
            yield _entry(body)
        if len(rows) < PAGE:
            return
        after, left = rows[-1].id, None if left is None else left - len(rows)


def _seen(actor: Actor | None, search: Search) -> Iterator[sa.ColumnElement[bool]]:
    if actor is None:
        yield version.c.seen_by_all == sa.true()
        yield version.c.stage == Stage.PUBLISHED.value
    elif search.own:
        yield version.c.provider == actor.org
        yield version.c.seen_by_owner == sa.true()
    elif actor.duties & AUDITING:
        yield version.c.seen_by_authority == sa.true()
    else:
        yield version.c.seen_by_all == sa.true()


def _narrowed(search: Search) -> Iterator[sa.ColumnElement[bool]]:
    if search.providers is not None:
        yield version.c.provider.in_(search.providers)
    if search.stages:
        yield version.c.stage.in_([stage.value for stage in search.stages])
    if search.share_type is not None:
        yield version.c.share_type == search.share_type.value
    if search.update_cycle is not None:
        yield version.c.update_cycle == search.update_cycle.value
    if search.sought:
        needed = [(version.c[f"mark{place}"], mark) for place, mark in enumerate(marks(search.sought)) if mark]
        marked = (column.bitwise_and(mark) == mark for column, mark in needed)
        stands = (version.c.words.contains(one, autoescape=True) for one in search.sought)
        found = sa.and_(*marked, *stands)
        yield sa.or_(found, version.c.provider.in_(search.or_providers)) if search.or_providers else found


def _shown_to(actor: Actor) -> sa.ColumnElement[int | None]:
    others = head.c.authority_version if actor.duties & AUDITING else head.c.public_version
    return sa.case((head.c.provider == actor.org, head.c.version), else_=others)


def _points(pointer: sa.ColumnElement[int | None]) -> sa.ColumnElement[bool]:
    return sa.and_(version.c.id == head.c.id, version.c.version == pointer)


def _head(db: Db, entry_id: str) -> sa.Row[Any]:
    if (row := db.execute(sa.select(head).where(head.c.id == entry_id)).one_or_none()) is None:
        raise NotFound("catalogue entry", entry_id)
    return row


def _entry(body: str) -> Entry:
    return entry_of_document(msgspec.json.decode(body))


def _summary(row: sa.RowMapping) -> Summary:
    return Summary(
        **{
            **row,
            "stage": Stage(row["stage"]),
            "format": Format(row["format"]),
            "share_type": ShareType(row["share_type"]),
            "update_cycle": UpdateCycle(row["update_cycle"]),
            "open_type": OpenType(row["open_type"]),
            "grade": Grade(row["grade"]),
        }
    )
