"""The quality room's tables: what examinations found, and the objections that follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.db import Db, Instant, Json, Piling, keyset, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.pile import Pile
from jutong.kernel.strands import Strand
from jutong.terms.element import Dimension, Severity

from .examination import Examination
from .objection import ANSWERED, OPEN, Objection, Queue, Stage
from .profile import ItemProfile, Profile
from .rule import NONE_FAILS, Operator, RuleCount, Target

SORTS = frozenset({"due", "opened", "count"})

examination = sa.Table(
    "quality_examination",
    metadata,
    sa.Column("batch", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("score", sa.Integer, nullable=False),
    sa.Column("band", sa.String(1), nullable=False),
    sa.Column("counts", Json, nullable=False),
    sa.Column("dimensions", Json, nullable=False),
    sa.Column("unasked", Json, nullable=False),
    sa.Column("examined_at", Instant, nullable=False),
    sa.Column("rulebook", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ix_quality_examination_entry_examined_at", "entry", "examined_at", "batch"),
)

profile = sa.Table(
    "quality_profile",
    metadata,
    sa.Column("batch", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("items", Json, nullable=False),
    sa.Column("profiled_at", Instant, nullable=False),
    sa.Index("ix_quality_profile_entry_profiled_at", "entry", "profiled_at", "batch"),
)

objection = sa.Table(
    "quality_objection",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("provider", sa.String(18), nullable=False, index=True),
    sa.Column("batch", sa.String(26), nullable=False, index=True),
    sa.Column("rule", sa.String(200), nullable=False),
    sa.Column("item", sa.String(63), nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("opened", sa.Date, nullable=False),
    sa.Column("due", sa.Date, nullable=False),
    sa.Column("provisional", sa.Boolean, nullable=False),
    sa.Column("basis", sa.String(200), nullable=False),
    sa.Column("stage", sa.String(24), nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("resolved_by", sa.String(26), nullable=False),
    sa.Column("closed", sa.Date, nullable=True),
    sa.Column("queue", sa.String(16), nullable=False, server_default="correction"),
    sa.Column("reopened", sa.Integer, nullable=False, server_default="0"),
    sa.Column("raised_by", sa.String(18), nullable=False, server_default=""),
    sa.Column("row", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("doubt", sa.Text, nullable=False, server_default=""),
    sa.Index("ix_quality_objection_stage_due", "stage", "due", "id"),
    sa.Index("ix_quality_objection_provider_stage_due", "provider", "stage", "due", "id"),
    sa.Index("ix_quality_objection_due", "due", "id"),
    sa.Index("ix_quality_objection_provider_due", "provider", "due", "id"),
)
_OBJECTION = tuple(objection.c.keys())


def save_examination(db: Db, done: Examination) -> bool:
    """Keep an examination unless its batch has one, and say whether it was new."""
    values = {
        "batch": done.batch,
        "entry": done.entry,
        "rows": done.rows,
        "score": done.score,
        "band": done.band.value,
        "counts": [asdict(count) for count in done.counts],
        "dimensions": {dimension.value: value for dimension, value in done.dimensions.items()},
        "unasked": list(done.unasked),
        "examined_at": done.examined_at,
        "rulebook": done.rulebook,
    }
    return _insert_new(db, examination, values, key="batch")


def known_examination(db: Db, batch_id: str) -> Examination | None:
    """Return the examination of a batch, or nothing."""
    row = db.execute(sa.select(examination).where(examination.c.batch == batch_id)).mappings().one_or_none()
    return None if row is None else _examination_of(row)


def find_examination(db: Db, batch_id: str) -> Examination:
    """Return the examination of a batch, or refuse."""
    found = known_examination(db, batch_id)
    if found is None:
        raise NotFound("examination", batch_id[:26])
    return found


def examinations(db: Db, entry: str) -> tuple[Examination, ...]:
    """Return the examinations of an entry's batches, oldest first."""
    query = sa.select(examination).where(examination.c.entry == entry)
    query = query.order_by(examination.c.examined_at, examination.c.batch)
    return tuple(_examination_of(row) for row in db.execute(query).mappings())


def newest_examinations(db: Db, entry: str, *, limit: int = 12) -> tuple[Examination, ...]:
    """Return the newest examinations of an entry's batches, the newest first."""
    query = sa.select(examination).where(examination.c.entry == entry)
    query = query.order_by(examination.c.examined_at.desc(), examination.c.batch.desc()).limit(limit)
    return tuple(_examination_of(row) for row in db.execute(query).mappings())


def scores(db: Db, batches: Collection[str]) -> Mapping[str, int]:
    """Return the scores of those batches that were examined."""
    query = sa.select(examination.c.batch, examination.c.score).where(examination.c.batch.in_(sorted(set(batches))))
    return {row.batch: row.score for row in db.execute(query)}


def save_profile(db: Db, done: Profile) -> bool:
    """Keep a profile unless its batch has one, and say whether it was new."""
    items = [{**asdict(one), "newest": one.newest.isoformat() if one.newest else None} for one in done.items]
    values = {"batch": done.batch, "entry": done.entry, "rows": done.rows, "items": items}
    return _insert_new(db, profile, {**values, "profiled_at": done.profiled_at}, key="batch")


def profiles(db: Db, entry: str, *, limit: int = 12) -> tuple[Profile, ...]:
    """Return the newest profiles of an entry's batches, the newest first."""
    query = sa.select(profile).where(profile.c.entry == entry)
    query = query.order_by(profile.c.profiled_at.desc(), profile.c.batch.desc()).limit(limit)
    return tuple(_profile_of(row) for row in db.execute(query).mappings())


def known_profile(db: Db, batch_id: str) -> Profile | None:
    """Return the profile of a batch, or nothing."""
    row = db.execute(sa.select(profile).where(profile.c.batch == batch_id)).mappings().one_or_none()
    return None if row is None else _profile_of(row)


def save_new_objection(db: Db, filed: Objection) -> bool:
    """Keep an objection unless it is kept already, and say whether it was new."""
    return _insert_new(db, objection, _values(filed), key="id")


def save_objection(db: Db, changed: Objection) -> None:
    """Keep this state of an objection."""
    upsert(db, objection, _values(changed), key=("id",))


def find_objection(db: Db, objection_id: str) -> Objection:
    """Return an objection, or refuse; other transactions that would change it wait for this one."""
    query = sa.select(objection).where(objection.c.id == objection_id).with_for_update()
    row = db.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound("objection", objection_id[:26])
    return _objection_of(row)


def known_objection(db: Db, objection_id: str) -> Objection | None:
    """Return an objection to look at, or nothing."""
    row = db.execute(sa.select(objection).where(objection.c.id == objection_id)).mappings().one_or_none()
    return None if row is None else _objection_of(row)


def objections_listed(
    db: Db,
    *,
    provider: str = "",
    stage: Stage | None = None,
    queue: Queue | None = None,
    raised_by: str = "",
    sort: str = "due",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Objection, ...]:
    """Return a page of objections: of one provider, in one stage, in the order asked for."""
    query = sa.select(objection)
    if provider:
        own = objection.c.provider == provider
        query = query.where(sa.or_(own, objection.c.raised_by == raised_by) if raised_by else own)
    if queue is not None:
        query = query.where(objection.c.queue == queue.value)
    if stage is not None:
        query = query.where(objection.c.stage == stage.value)
    order = (objection.c[sort if sort in SORTS else "due"], objection.c.id)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return tuple(_objection_of(row) for row in db.execute(page).mappings())


def objections(
    db: Db,
    *,
    provider: str | None = None,
    entry: str | None = None,
    batch: str | None = None,
    only_open: bool = False,
    after: str = "",
    limit: int | None = 1000,
) -> tuple[Objection, ...]:
    """Return objections in the order of their identifiers, from the one after ``after``."""
    query = sa.select(objection).where(objection.c.id > after)
    for column, wanted in ((objection.c.provider, provider), (objection.c.entry, entry), (objection.c.batch, batch)):
        if wanted is not None:
            query = query.where(column == wanted)
    if only_open:
        query = query.where(objection.c.stage.in_([stage.value for stage in OPEN]))
    return tuple(_objection_of(row) for row in db.execute(query.order_by(objection.c.id).limit(limit)).mappings())


def overdue(db: Db, today: date) -> tuple[Objection, ...]:
    """Return the objections whose last day has passed without an answer, the longest waiting first."""
    query = sa.select(objection).where(objection.c.due < today).order_by(objection.c.due, objection.c.id)
    found = (_objection_of(row) for row in db.execute(query).mappings())
    return tuple(each for each in found if each.overdue(today))


def objections_at(
    db: Db, stage: Stage, *, provider: str = "", before: date | None = None, limit: int = 20
) -> Pile[Objection]:
    """Return objections that stand in ``stage``, the first due first: at a provider, due before a day, or all."""
    asked = _objections_at(own=bool(provider), late=before is not None)
    rows, size = asked.read(db, limit=limit, stage=stage.value, provider=provider, before=before)
    return Pile(tuple(_objection_of(row._mapping) for row in rows), size)


def objections_strand(stages: Collection[Stage], provider: str = "") -> Strand:
    """Return objections that stand in some stages, of a provider or of all, as a strand of one list of all that waits.

    What has been answered is closed without a day by which to do so.
    """
    own = (objection.c.provider == provider,) if provider else ()
    return Strand(
        of=objection,
        where=(*own, objection.c.stage.in_([one.value for one in stages])),
        due=None if set(stages) <= set(ANSWERED) else objection.c.due,
        id=objection.c.id,
        facts={
            "entry": objection.c.entry,
            "title": sa.literal(""),
            "party": objection.c.raised_by if provider else objection.c.provider,
            "since": sa.cast(objection.c.opened, sa.String(10)),
        },
    )


@cache
def _objections_at(*, own: bool, late: bool) -> Piling:
    query = sa.select(objection).where(objection.c.stage == sa.bindparam("stage"))
    if own:
        query = query.where(objection.c.provider == sa.bindparam("provider"))
    if late:
        query = query.where(objection.c.due < sa.bindparam("before"))
    return Piling.of(query, objection.c.due, objection.c.id)


def _insert_new(db: Db, table: sa.Table, values: Mapping[str, Any], *, key: str) -> bool:
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    unless = insert(table).values(**values).on_conflict_do_nothing(index_elements=[key])
    # Not by the row count: of an insert, not every driver tells it.
    return db.execute(unless.returning(table.c[key])).first() is not None


def _examination_of(row: sa.RowMapping) -> Examination:
    counts = tuple(
        RuleCount(
            rule=each["rule"],
            item=each["item"],
            dimension=Dimension(each["dimension"]),
            severity=Severity(each["severity"]),
            asked=each["asked"],
            failed=each["failed"],
            target=_target_of(each.get("target")),
        )
        for each in row["counts"]
    )
    return Examination(
        batch=row["batch"],
        entry=row["entry"],
        rows=row["rows"],
        counts=counts,
        dimensions={name: row["dimensions"][name] for name in Dimension if name in row["dimensions"]},
        unasked=tuple(row["unasked"]),
        examined_at=row["examined_at"],
        rulebook=row["rulebook"],
    )


def _target_of(told: Mapping[str, Any] | None) -> Target:
    return NONE_FAILS if told is None else Target(**{**told, "operator": Operator(told["operator"])})


def _profile_of(row: sa.RowMapping) -> Profile:
    items = tuple(
        ItemProfile(**{**one, "newest": date.fromisoformat(one["newest"]) if one["newest"] else None})
        for one in row["items"]
    )
    return Profile(
        batch=row["batch"], entry=row["entry"], rows=row["rows"], items=items, profiled_at=row["profiled_at"]
    )  # fmt: skip


def _values(filed: Objection) -> dict[str, Any]:
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in asdict(filed).items()}


def _objection_of(row: sa.RowMapping) -> Objection:
    told = {name: row[name] for name in _OBJECTION}
    return Objection(**{**told, "stage": Stage(row["stage"]), "queue": Queue(row["queue"])})
