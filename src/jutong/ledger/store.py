"""The control database's half of the ledger: lines wait here, in the act's own transaction, for the sequencer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import Db, Json, metadata, upsert
from jutong.kernel.errors import Invalid, NotFound, Unavailable
from jutong.kernel.ids import instant_of, is_ulid
from jutong.kernel.text import text

from .calls import CallBatch, CallCount
from .evidence import Evidence, Kept, Search
from .merkle import EMPTY_ROOT
from .witness import Witnessed

_COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

evidence = sa.Table(
    "ledger_evidence",
    metadata,
    sa.Column("seq", _COUNTER, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(26), nullable=False, unique=True),
    sa.Column("act", sa.String(80), nullable=False),
    sa.Column("on", sa.String(200), nullable=False, index=True),
    sa.Column("actor", sa.String(200), nullable=False, server_default=""),
    sa.Column("day", sa.String(10), nullable=False, server_default=""),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    # The leaf's place in the log; NULL until the sequencer has put it there.
    sa.Column("place", sa.BigInteger, nullable=True, unique=True),
    sa.Index("ix_ledger_evidence_act_place", "act", "place"),
    sa.Index("ix_ledger_evidence_act_seq", "act", "seq"),
    sa.Index("ix_ledger_evidence_actor_seq", "actor", "seq"),
    sa.Index("ix_ledger_evidence_day_seq", "day", "seq"),
)

# Which bodies a line concerns, so that each of them finds its own lines without reading all.
concern = sa.Table(
    "ledger_concern",
    metadata,
    sa.Column("body", sa.String(200), primary_key=True),
    sa.Column("seq", sa.ForeignKey(evidence.c.seq, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("act", sa.String(80), nullable=False),
    sa.Index("ix_ledger_concern_body_act_seq", "body", "act", "seq"),
)

_INSERT_LINE, _INSERT_CONCERN = evidence.insert(), concern.insert()

positions = sa.Table(
    "ledger_position",
    metadata,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("place", sa.BigInteger, nullable=False),
)

call_batches = sa.Table(
    "ledger_call_batch",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("worker", sa.String(40), nullable=False),
    sa.Column("file", sa.String(100), nullable=False),
    sa.Column("starts", sa.BigInteger, nullable=False),
    sa.Column("ends", sa.BigInteger, nullable=False),
    sa.Column("first", sa.String(64), nullable=False),
    sa.Column("last", sa.String(64), nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("counts", Json, nullable=False),
    sa.UniqueConstraint("file", "starts"),
    sa.Index("ix_ledger_call_batch_range", "first", "last"),
)

# Calls counted when their batch is sealed, so that nobody reads batches for a sum.
call_counts = sa.Table(
    "ledger_call_count",
    metadata,
    sa.Column("agreement", sa.String(64), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("code", sa.String(40), primary_key=True),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Index("ix_ledger_call_count_day", "day", "agreement", "code"),
)

witnessed = sa.Table(
    "ledger_witnessed",
    metadata,
    sa.Column("origin", sa.String(200), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
)


def append(db: Db, line: Evidence) -> str:
    """Leave one line in the caller's transaction and return its identifier."""
    _insert(db, line, None)
    return line.id


def read(
    db: Db, *, after: int = -1, acts: Collection[str] | None = None, limit: int = 1000
) -> Iterator[tuple[int, Evidence]]:
    """Yield sequenced lines (of some ``acts``) whose place is above ``after``, in the log's order."""
    query = sa.select(evidence.c.place, evidence.c.leaf).where(evidence.c.place > after)
    if acts is not None:
        query = query.where(evidence.c.act.in_(acts))
    for place, leaf in db.execute(query.order_by(evidence.c.place).limit(limit)).all():
        yield place, Evidence.of_leaf(leaf)


def read_about(
    db: Db, *, on: str | None = None, act: str | None = None, after: int = 0, limit: int = 100
) -> Iterator[Kept]:
    """Yield lines on one thing, or of one act, oldest first, waiting ones too; page on from the last one's number."""
    query = sa.select(evidence.c.seq, evidence.c.place, evidence.c.leaf).where(evidence.c.seq > after)
    if on is not None:
        query = query.where(evidence.c.on == on)
    if act is not None:
        query = query.where(evidence.c.act == act)
    for number, place, leaf in db.execute(query.order_by(evidence.c.seq).limit(limit)).all():
        yield Kept(number, place, Evidence.of_leaf(leaf))


def search(
    db: Db, wanted: Search, *, beyond: int | None = None, descending: bool = True, limit: int = 100
) -> list[Kept]:
    """Return the lines that were looked for, newest first, waiting ones too; page on from the last one's number."""
    turned = sa.desc if descending else sa.asc
    parts = _parts(wanted, beyond, descending=descending)
    some = [part.order_by(turned(part.selected_columns.seq)).limit(limit).subquery() for part in parts]
    numbers = sa.union(*(sa.select(part.c.seq) for part in some)).subquery()
    query = sa.select(evidence.c.seq, evidence.c.place, evidence.c.leaf).where(
        evidence.c.seq.in_(sa.select(numbers.c.seq))
    )
    rows = db.execute(query.order_by(turned(evidence.c.seq)).limit(limit)).all()
    return [Kept(number, place, Evidence.of_leaf(leaf)) for number, place, leaf in rows]


def _parts(wanted: Search, beyond: int | None, *, descending: bool) -> Iterator[sa.Select[Any]]:
    """Yield the searches whose answers together are the answer; an index gives each of them in order."""
    whose = [body for body in dict.fromkeys((wanted.body, wanted.seen_by)) if body]
    direct = wanted.on or wanted.person or wanted.day
    if whose and not direct:
        numbers: sa.Select[Any] = sa.select(concern.c.seq).where(concern.c.body == whose.pop(0))
        column, act = concern.c.seq, concern.c.act
    else:
        numbers, column, act = sa.select(evidence.c.seq), evidence.c.seq, evidence.c.act
        if wanted.on:
            numbers = numbers.where(evidence.c.on == wanted.on)
        if wanted.day:
            numbers = numbers.where(evidence.c.day == wanted.day.isoformat())
    if beyond is not None:
        numbers = numbers.where(column < beyond if descending else column > beyond)
    for body in whose:
        other = concern.alias()
        numbers = numbers.where(sa.exists().where(other.c.body == body, other.c.seq == column))
    if wanted.person:
        if wanted.acts:
            numbers = numbers.where(act.in_(wanted.acts))
        yield numbers.where(evidence.c.actor == wanted.person)
        yield numbers.where(evidence.c.on == wanted.person)
    elif wanted.acts and not direct:
        yield from (numbers.where(act == one) for one in wanted.acts)
    else:
        yield numbers.where(act.in_(wanted.acts)) if wanted.acts else numbers


def find_at(db: Db, place: int) -> Evidence:
    """Return the line that stands at a place of the log."""
    leaf = db.execute(sa.select(evidence.c.leaf).where(evidence.c.place == place)).scalar()
    if leaf is None:
        raise NotFound("evidence line", place)
    return Evidence.of_leaf(leaf)


def find_all(db: Db, places: Collection[int]) -> dict[int, Evidence]:
    """Return the lines that stand at some places of the log, by place."""
    query = sa.select(evidence.c.place, evidence.c.leaf).where(evidence.c.place.in_(list(places)))
    return {place: Evidence.of_leaf(leaf) for place, leaf in db.execute(query).all()}


def newest(db: Db, acts: Collection[str], *, before: int | None = None, limit: int = 100) -> tuple[Kept, ...]:
    """Return sequenced lines of some acts, the newest first; page back from the last one's place.

    Each act is asked for by itself, because its index gives it in order; there are never many of them.
    """
    found: list[Kept] = []
    for act in acts:
        query = sa.select(evidence.c.seq, evidence.c.place, evidence.c.leaf).where(
            evidence.c.act == act, evidence.c.place.is_not(None)
        )
        if before is not None:
            query = query.where(evidence.c.place < before)
        rows = db.execute(query.order_by(evidence.c.place.desc()).limit(limit)).all()
        found += [Kept(number, place, Evidence.of_leaf(leaf)) for number, place, leaf in rows]
    return tuple(sorted(found, key=lambda kept: -(kept.place or 0))[:limit])


def find(db: Db, evidence_id: str) -> tuple[int | None, Evidence]:
    """Return a line and its place in the log, None while it waits."""
    row = db.execute(sa.select(evidence.c.place, evidence.c.leaf).where(evidence.c.id == evidence_id)).one_or_none()
    if row is None:
        raise NotFound("evidence line", evidence_id)
    return row.place, Evidence.of_leaf(row.leaf)


def place_of(db: Db, evidence_id: str) -> int | None:
    """Return a line's place in the log, None while it waits."""
    return find(db, evidence_id)[0]


def newest_instant(db: Db) -> datetime | None:
    """Return when the newest line was written; None in a new house."""
    leaf = db.execute(sa.select(evidence.c.leaf).order_by(evidence.c.seq.desc()).limit(1)).scalar()
    return None if leaf is None else Evidence.of_leaf(leaf).at


def waiting(db: Db, *, limit: int) -> Sequence[tuple[int, bytes]]:
    """Return numbers and leaves of lines that are not in the log yet, oldest first."""
    query = sa.select(evidence.c.seq, evidence.c.leaf).where(evidence.c.place.is_(None))
    return [(row.seq, row.leaf) for row in db.execute(query.order_by(evidence.c.seq).limit(limit))]


def placed(db: Db) -> int:
    """Return how many places of the log this database knows of."""
    highest = db.execute(sa.select(sa.func.max(evidence.c.place))).scalar()
    return 0 if highest is None else highest + 1


def newest_place(db: Db) -> int:
    """Return the place of the newest line in the log; -1 in an empty one."""
    return placed(db) - 1


def set_places(db: Db, places: Iterable[tuple[int, int]]) -> None:
    """Write down the places (number, place) that lines got in the log."""
    update = evidence.update().where(evidence.c.seq == sa.bindparam("number"), evidence.c.place.is_(None))
    db.execute(update.values(place=sa.bindparam("at")), [{"number": number, "at": at} for number, at in places])


def adopt(db: Db, place: int, line: Evidence) -> None:
    """Write down that the log holds a line at ``place``; a line that this database has lost comes back from there."""
    update = evidence.update().where(evidence.c.id == line.id, evidence.c.place.is_(None))
    if db.execute(update.values(place=place)).rowcount == 0:
        _insert(db, line, place)


def position(db: Db, name: str) -> int:
    """Return up to which place a follower has come; -1 before its first line."""
    found = db.execute(sa.select(positions.c.place).where(positions.c.name == name)).scalar()
    return -1 if found is None else found


def advance(db: Db, name: str, *, after: int, to: int) -> None:
    """Move a follower on from ``after``; when another process has moved it, this transaction must not stand."""
    if after == -1:
        _insert_missing(db, positions, {"name": name, "place": -1})
    update = positions.update().where(positions.c.name == name, positions.c.place == after)
    if db.execute(update.values(place=to)).rowcount != 1:
        raise Unavailable(text("another process already follows {name}", name=name))


def save_batch(db: Db, batch: CallBatch) -> None:
    """Keep where a batch's calls came from and which it holds."""
    db.execute(
        call_batches.insert().values(
            id=batch.id,
            worker=batch.worker,
            file=batch.file,
            starts=batch.starts,
            ends=batch.ends,
            first=batch.first,
            last=batch.last,
            count=batch.count,
            root=batch.root,
            counts={"agreements": dict(batch.agreements), "refused": dict(batch.refused), "codes": dict(batch.codes)},
        )
    )


def sealed(db: Db, file: str) -> int:
    """Return up to which byte a journal's calls are in batches."""
    return db.execute(sa.select(sa.func.max(call_batches.c.ends)).where(call_batches.c.file == file)).scalar() or 0


def count_calls(db: Db, batch: CallBatch) -> None:
    """Add a batch's calls to the counts of the day of its first call; in the transaction that keeps the batch."""
    first = batch.first if is_ulid(batch.first) else batch.id
    day = instant_of(first).astimezone(LEGAL_TIME).date().isoformat()
    rows = [
        {"agreement": agreement, "day": day, "code": code, "calls": calls}
        for (agreement, code), calls in sorted(batch.answers.items())
        if agreement
    ]
    if rows:
        insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(call_counts)
        more = {"calls": call_counts.c.calls + insert.excluded.calls}
        db.execute(insert.on_conflict_do_update(index_elements=["agreement", "day", "code"], set_=more), rows)


def call_counts_of(
    db: Db,
    agreements: Collection[str] | None,
    *,
    code: str = "",
    descending: bool = True,
    after: Sequence[str] = (),
    limit: int = 50,
) -> tuple[CallCount, ...]:
    """Return counts of calls under some agreements (None: all), by day; ``after`` is the last one's key."""
    kept = call_counts.c
    columns = (kept.day, kept.agreement, kept.code)
    query = sa.select(*columns, kept.calls)
    if agreements is not None:
        query = query.where(kept.agreement.in_(agreements))
    if code:
        query = query.where(kept.code == code)
    if after:
        if len(after) != len(columns):
            raise no_such_place()
        last = sa.tuple_(*map(sa.literal, after))
        query = query.where(sa.tuple_(*columns) < last if descending else sa.tuple_(*columns) > last)
    query = query.order_by(*(one.desc() if descending else one for one in columns)).limit(limit)
    return tuple(
        CallCount(day=date.fromisoformat(row.day), agreement=row.agreement, code=row.code, calls=row.calls)
        for row in db.execute(query)
    )


def no_such_place() -> Invalid:
    """Return the refusal of a place in a list that no page of it has given out."""
    return Invalid(text("the list has no such place"), remedy=text("begin at the first page of the list"))


def batches_between(
    db: Db, first: str, last: str, *, after: tuple[str, str] | None = None, descending: bool = False, limit: int = 500
) -> Sequence[tuple[str, str, Mapping[str, int]]]:
    """Return batches whose first call lies in a span of identifiers: first call, batch, and counts by agreement."""
    kept = call_batches.c
    query = sa.select(kept.first, kept.id, kept.counts).where(kept.first >= first, kept.first < last)
    if after is not None:
        here, there = sa.tuple_(kept.first, kept.id), sa.tuple_(*map(sa.literal, after))
        query = query.where(here < there if descending else here > there)
    turned = sa.desc if descending else sa.asc
    rows = db.execute(query.order_by(turned(kept.first), turned(kept.id)).limit(limit))
    return [(row.first, row.id, row.counts["agreements"]) for row in rows]


def newest_on(db: Db, on: str, act: str) -> Evidence | None:
    """Return the newest line of one act on one thing."""
    query = sa.select(evidence.c.leaf).where(evidence.c.on == on, evidence.c.act == act)
    leaf = db.execute(query.order_by(evidence.c.seq.desc()).limit(1)).scalar()
    return None if leaf is None else Evidence.of_leaf(leaf)


def batches_around(db: Db, call_id: str) -> Iterator[str]:
    """Yield the batches whose range holds ``call_id``, newest first; batches of several workers overlap."""
    query = sa.select(call_batches.c.id).where(call_batches.c.first <= call_id, call_batches.c.last >= call_id)
    yield from db.execute(query.order_by(call_batches.c.first.desc())).scalars()


def hold_witnessed(db: Db, origin: str) -> Witnessed:
    """Return the newest checkpoint of a log that we cosigned; nobody else can move it before this transaction ends."""
    _insert_missing(db, witnessed, {"origin": origin, "size": 0, "root": EMPTY_ROOT})
    row = db.execute(sa.select(witnessed).where(witnessed.c.origin == origin).with_for_update()).one()
    return Witnessed(row.origin, row.size, row.root)


def save_witnessed(db: Db, seen: Witnessed) -> None:
    """Remember a checkpoint as the newest that we cosigned."""
    upsert(db, witnessed, {"origin": seen.origin, "size": seen.size, "root": seen.root}, key=("origin",))


def _insert(db: Db, line: Evidence, place: int | None) -> None:
    row = {
        "id": line.id,
        "act": line.act,
        "on": line.on,
        "actor": line.actor,
        "day": line.day.isoformat(),
        "leaf": line.leaf(),
        "place": place,
    }
    made = db.execute(_INSERT_LINE, row).inserted_primary_key
    assert made is not None
    db.execute(_INSERT_CONCERN, [{"body": body, "seq": made[0], "act": line.act} for body in sorted(line.bodies)])


def _insert_missing(db: Db, table: sa.Table, values: dict[str, Any]) -> None:
    insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(table)
    db.execute(insert.values(values).on_conflict_do_nothing())
