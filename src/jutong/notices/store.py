"""The notices' tables: what each side of a body was told, who has read it, and letters that are to be sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong import catalogue, registers
from jutong.kernel.db import Db, Instant, metadata, upsert
from jutong.ledger import Evidence

from .letter import TRIES, wait_after
from .notice import SIDES, Notice, Side, Thing, notices_of

UNREAD_MOST = 100  # nobody counts further

notice = sa.Table(
    "notices_notice",
    metadata,
    sa.Column("line", sa.String(26), primary_key=True),
    sa.Column("body", sa.String(18), primary_key=True),
    sa.Column("side", sa.String(12), primary_key=True),
    sa.Column("word", sa.String(80), nullable=False),
    sa.Column("thing", sa.String(12), nullable=False),
    sa.Column("on", sa.String(200), nullable=False),
    sa.Column("entry", sa.String(26), nullable=False),
    sa.Column("other", sa.String(18), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("due", sa.Date, nullable=True),
    sa.Index("ix_notices_notice_body_line", "body", "line"),
)
# All up to a line is read, and some after it.
read_until = sa.Table(
    "notices_read_until",
    metadata,
    sa.Column("person", sa.String(26), primary_key=True),
    sa.Column("body", sa.String(18), primary_key=True),
    sa.Column("line", sa.String(26), nullable=False),
)
read_mark = sa.Table(
    "notices_read",
    metadata,
    sa.Column("person", sa.String(26), primary_key=True),
    sa.Column("line", sa.String(26), primary_key=True),
)
address = sa.Table(
    "notices_address",
    metadata,
    sa.Column("person", sa.String(26), primary_key=True),
    sa.Column("address", sa.String(254), nullable=False),
)
outbox = sa.Table(
    "notices_outbox",
    metadata,
    sa.Column("line", sa.String(26), primary_key=True),
    sa.Column("person", sa.String(26), primary_key=True),
    sa.Column("body", sa.String(18), nullable=False),
    sa.Column("side", sa.String(12), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next", Instant, nullable=True, index=True),  # NULL: sent, or given up
    sa.Column("sent", Instant, nullable=True),
)

# Asked at every page: made once.
_UNTIL = (
    sa.select(read_until.c.line)
    .where(read_until.c.person == sa.bindparam("person"), read_until.c.body == sa.bindparam("body"))
    .scalar_subquery()
)
_NEWS = (
    sa.select(notice.c.line)
    .distinct()
    .where(
        notice.c.body == sa.bindparam("body"),
        notice.c.side.in_(sa.bindparam("sides", expanding=True)),
        notice.c.line > sa.func.coalesce(_UNTIL, ""),
        ~sa.exists().where(read_mark.c.person == sa.bindparam("person"), read_mark.c.line == notice.c.line),
    )
    .order_by(notice.c.line.desc())
    .limit(UNREAD_MOST)
)
_UNREAD = sa.select(sa.func.count()).select_from(_NEWS.subquery())


@cache
def _latest(*, only_unread: bool, narrowed: bool, paged: bool, oldest: bool) -> sa.Select[Any]:
    marked = sa.exists().where(read_mark.c.person == sa.bindparam("person"), read_mark.c.line == notice.c.line)
    read = sa.or_(notice.c.line <= sa.func.coalesce(_UNTIL, ""), marked)
    query = sa.select(notice, read.label("read")).where(
        notice.c.body == sa.bindparam("body"), notice.c.side.in_(sa.bindparam("sides", expanding=True))
    )
    if only_unread:
        query = query.where(~read)
    if narrowed:
        query = query.where(notice.c.thing == sa.bindparam("thing"))
    beyond: sa.BindParameter[str] = sa.bindparam("beyond")
    if paged:
        query = query.where(notice.c.line > beyond if oldest else notice.c.line < beyond)
    first = notice.c.line.asc() if oldest else notice.c.line.desc()
    return query.order_by(first, notice.c.side).limit(sa.bindparam("limit"))


def tell(db: Db, line: Evidence) -> tuple[Notice, ...]:
    """Keep what a line tells to whom, once, and put it into the letters of those who want them."""
    new = []
    for told in notices_of(line, registers.authorities(db)):
        names = ("line", "body", "side", "word", "thing", "on", "entry", "other", "at", "due")
        values = {name: getattr(told, name) for name in names}
        if _insert_new(db, notice, {**values, "side": told.side.value, "thing": told.thing.value}):
            new.append(told)
    for told in new:
        for person in _wanting(db, told):
            values = {"line": told.line, "person": person, "body": told.body, "side": told.side.value}
            _insert_new(db, outbox, {**values, "tries": 0, "next": told.at, "sent": None})
    return tuple(new)


def unread(db: Db, person: str, body: str, sides: Collection[Side]) -> int:
    """Return how many notices somebody has not read, up to a hundred."""
    if not sides:
        return 0
    return int(db.execute(_UNREAD, {"person": person, "body": body, "sides": list(sides)}).scalar_one())


def latest(
    db: Db,
    person: str,
    body: str,
    sides: Collection[Side],
    *,
    only_unread: bool = False,
    thing: Thing | None = None,
    beyond: str = "",
    oldest: bool = False,
    limit: int = 50,
) -> tuple[Notice, ...]:
    """Return notices, the newest first or the ``oldest``, from the one after the line ``beyond`` on."""
    values: dict[str, object] = {"person": person, "body": body, "sides": list(sides), "beyond": beyond}
    asked = _latest(only_unread=only_unread, narrowed=thing is not None, paged=bool(beyond), oldest=oldest)
    # A line may be told to two sides of one desk; a page asks for one row more than it shows, and shows it once.
    rows = db.execute(asked, {**values, "thing": thing and thing.value, "limit": 2 * limit}).mappings().all()
    once = {row["line"]: row for row in reversed(rows)}
    return named(db, [_notice(row) for row in reversed(once.values())][:limit])


def named(db: Db, told: Sequence[Notice]) -> tuple[Notice, ...]:
    """Return notices with the titles of their entries and the names of the other bodies."""
    titles = catalogue.titles(db, {one.entry for one in told})
    names = registers.body_names(db, {one.other for one in told})
    return tuple(one.named(titles.get(one.entry, ""), names.get(one.other, one.other)) for one in told)


def mark(db: Db, person: str, body: str, lines: Collection[str]) -> int:
    """Remember which notices somebody has read; return how many of them were new."""
    known = sa.select(notice.c.line).where(notice.c.body == body, notice.c.line.in_(sorted(set(lines)))).distinct()
    found = db.execute(known).scalars().all()
    return sum(_insert_new(db, read_mark, {"person": person, "line": line}) for line in found)


def mark_all(db: Db, person: str, body: str) -> str:
    """Remember that somebody has read all notices of a body that there are now; return the newest."""
    newest = db.execute(sa.select(sa.func.max(notice.c.line)).where(notice.c.body == body)).scalar() or ""
    if newest:
        upsert(db, read_until, {"person": person, "body": body, "line": newest}, key=("person", "body"))
        old = sa.select(notice.c.line).where(notice.c.body == body, notice.c.line <= newest)
        db.execute(sa.delete(read_mark).where(read_mark.c.person == person, read_mark.c.line.in_(old)))
    return newest


def address_of(db: Db, person: str) -> str:
    """Return where somebody wants letters; empty for nowhere."""
    return db.execute(sa.select(address.c.address).where(address.c.person == person)).scalar() or ""


def save_address(db: Db, person: str, given: str) -> None:
    """Keep where somebody wants letters, or forget it, and the letters that wait with it."""
    if given:
        upsert(db, address, {"person": person, "address": given}, key=("person",))
        return
    db.execute(sa.delete(address).where(address.c.person == person))
    db.execute(sa.delete(outbox).where(outbox.c.person == person))


def take_due(db: Db, now: datetime, *, again: datetime, limit: int = 200) -> dict[str, tuple[Notice, ...]]:
    """Return what is to be sent, by person, and let nobody else take it before ``again``."""
    due = sa.select(outbox.c.line, outbox.c.person, outbox.c.body, outbox.c.side).where(outbox.c.next <= now)
    found: dict[str, list[Notice]] = {}
    for row in db.execute(due.order_by(outbox.c.next, outbox.c.line).limit(limit).with_for_update()).all():
        told = sa.select(notice, sa.false().label("read")).where(
            notice.c.line == row.line, notice.c.body == row.body, notice.c.side == row.side
        )
        found.setdefault(row.person, []).append(_notice(db.execute(told).mappings().one()))
        db.execute(sa.update(outbox).where(_letter(row.person, [row.line])).values(next=again))
    return {person: named(db, told) for person, told in found.items()}


def sent(db: Db, person: str, lines: Collection[str], now: datetime) -> None:
    """Remember that notices went out to somebody."""
    db.execute(sa.update(outbox).where(_letter(person, lines)).values(next=None, sent=now))


def not_sent(db: Db, person: str, lines: Collection[str], now: datetime) -> None:
    """Let notices wait longer after each failure, and give up in the end."""
    query = sa.select(outbox.c.line, outbox.c.tries).where(_letter(person, lines))
    for row in db.execute(query).all():
        tries = row.tries + 1
        later = now + wait_after(tries) if tries < TRIES else None
        db.execute(sa.update(outbox).where(_letter(person, [row.line])).values(tries=tries, next=later))


def _letter(person: str, lines: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.and_(outbox.c.person == person, outbox.c.line.in_(sorted(lines)))


def _wanting(db: Db, told: Notice) -> list[str]:
    if told.side is Side.PERSON:
        return [told.on] if address_of(db, told.on) else []
    held = [post.person for post in registers.posts_in(db, told.body) if post.held and post.duties & SIDES[told.side]]
    query = sa.select(address.c.person).where(address.c.person.in_(sorted(set(held))))
    return list(db.execute(query.order_by(address.c.person)).scalars()) if held else []


def _insert_new(db: Db, table: sa.Table, values: dict[str, Any]) -> bool:
    insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(table).values(values)
    unless = insert.on_conflict_do_nothing()
    # Not by the row count: of an insert, not every driver tells it.
    return db.execute(unless.returning(table.c.line)).first() is not None


def _notice(row: sa.RowMapping) -> Notice:
    return Notice(**{**row, "side": Side(row["side"]), "thing": Thing(row["thing"]), "read": bool(row["read"])})
