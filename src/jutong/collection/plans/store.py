"""The tables of plans: what is collected from where, who is at it, and what came of every run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.shape import learn
from jutong.kernel.text import spelled, told_again
from jutong.terms import Actor

from ..layout import Layout
from ..reach import Reach, Reading
from .drift import Difference
from .plan import Outcome, Plan, Run, State, sees
from .schedule import Schedule

plan = sa.Table(
    "collection_plan",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("provider", sa.String(18), nullable=False, index=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("reach", Json, nullable=False),
    sa.Column("layout", Json, nullable=False),
    sa.Column("reading", Json, nullable=False),
    sa.Column("schedule", sa.String(60), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("next_at", Instant, index=True),
    sa.Column("until", sa.String(400), nullable=False),
    sa.Column("seen", sa.String(26), nullable=False),
    sa.Column("columns", Json, nullable=False),
    sa.Column("drift", Json, nullable=False),
    sa.Column("drifted", Json, nullable=False),
    sa.Column("granted", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("made", Instant, nullable=False),
)
# Who is at a plan, apart from the plan itself: it is renewed while the plan is read.
lease = sa.Table(
    "collection_lease",
    metadata,
    sa.Column("plan", sa.String(26), primary_key=True),
    sa.Column("run", sa.String(26), nullable=False),
    sa.Column("until", Instant, nullable=False),
)
run = sa.Table(
    "collection_run",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("plan", sa.String(26), nullable=False),
    sa.Column("began", Instant, nullable=False),
    sa.Column("ended", Instant),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("again", sa.BigInteger, nullable=False),
    sa.Column("batch", sa.String(26), nullable=False),
    sa.Column("withdrawn", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("behind", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("reason", Json, nullable=False),
    sa.Column("remedy", Json, nullable=False),
    sa.Index("ix_collection_run_plan_id", "plan", "id"),
)


def save_plan(db: Db, kept: Plan) -> None:
    """Keep a plan as it stands."""
    values = {
        "id": kept.id,
        "entry": kept.entry,
        "provider": kept.provider,
        "title": kept.title,
        "reach": msgspec.to_builtins(kept.reach),
        "layout": msgspec.to_builtins(kept.layout),
        "reading": msgspec.to_builtins(kept.reading),
        "schedule": kept.schedule.spelled,
        "state": kept.state.value,
        "next_at": kept.next_at,
        "until": kept.until,
        "seen": kept.seen,
        "columns": list(map(list, kept.columns.items())),
        "drift": msgspec.to_builtins(kept.drift),
        "drifted": list(map(list, kept.drifted.items())),
        "granted": kept.granted,
        "made": kept.made,
    }
    upsert(db, plan, values, key=("id",))


def find_plan(db: Db, plan_id: str) -> Plan:
    """Return a plan, or refuse with ``NotFound``."""
    row = db.execute(sa.select(plan).where(plan.c.id == plan_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("plan of collection", plan_id[:26])
    return _plan_of(row)


def visible_plan(db: Db, plan_id: str, actor: Actor, *, over_all: bool) -> Plan:
    """Return a plan that the actor may see; of another not even that it is there."""
    found = find_plan(db, plan_id)
    if not sees(actor, found.provider, over_all=over_all):
        raise NotFound("plan of collection", plan_id[:26])
    return found


def plans_listed(
    db: Db,
    *,
    provider: str = "",
    entry: str = "",
    state: str = "",
    sort: str = "",
    after: tuple[str, ...] = (),
    limit: int = 50,
    descending: bool = False,
) -> tuple[Plan, ...]:
    """Return a page of plans: the oldest first, or by title."""
    query = sa.select(plan)
    for column, wanted in ((plan.c.provider, provider), (plan.c.entry, entry), (plan.c.state, state)):
        if wanted:
            query = query.where(column == wanted)
    order = (plan.c.title, plan.c.id) if sort == "title" else (plan.c.id,)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return tuple(_plan_of(row) for row in db.execute(page).mappings())


def due_plans(db: Db, now: datetime, *, limit: int) -> tuple[str, ...]:
    """Return the plans whose hour has come, the longest waiting first."""
    query = sa.select(plan.c.id).where(plan.c.state == State.ACTIVE.value, plan.c.next_at <= now)
    return tuple(db.execute(query.order_by(plan.c.next_at, plan.c.id).limit(limit)).scalars())


def take_lease(db: Db, plan_id: str, run_id: str, *, now: datetime, until: datetime) -> bool:
    """Take a plan for one run unless another run has it; one statement, so that two cannot both have it."""
    mine = {"plan": plan_id, "run": run_id, "until": until}
    db.execute(sa.delete(lease).where(lease.c.plan == plan_id, lease.c.until < now))
    free = ~sa.exists().where(lease.c.plan == plan_id)
    given = [sa.literal(mine[one.name], one.type) for one in lease.columns]
    try:
        with db.begin_nested():
            return db.execute(lease.insert().from_select(list(mine), sa.select(*given).where(free))).rowcount == 1
    except sa.exc.IntegrityError:
        return False


def renew_lease(db: Db, run_id: str, *, until: datetime) -> bool:
    """Keep a plan for longer; False if another run has taken it."""
    return db.execute(sa.update(lease).where(lease.c.run == run_id).values(until=until)).rowcount == 1


def holds_lease(db: Db, run_id: str) -> bool:
    """Say whether a run still has its plan, and keep others from taking it until this transaction ends."""
    return db.execute(sa.update(lease).where(lease.c.run == run_id).values(run=run_id)).rowcount == 1


def give_back(db: Db, run_id: str) -> None:
    """Let others have the plan."""
    db.execute(sa.delete(lease).where(lease.c.run == run_id))


def save_run(db: Db, kept: Run) -> None:
    """Keep a run as it stands."""
    values = {
        **{
            name: getattr(kept, name)
            for name in ("id", "plan", "began", "ended", "rows", "again", "batch", "withdrawn", "behind", "code")
        },
        "outcome": kept.outcome.value,
        "reason": spelled(kept.reason),
        "remedy": spelled(kept.remedy),
    }
    upsert(db, run, values, key=("id",))


def find_run(db: Db, run_id: str) -> Run:
    """Return a run, or refuse with ``NotFound``."""
    row = db.execute(sa.select(run).where(run.c.id == run_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("run of a plan", run_id[:26])
    return _run_of(row)


def open_runs(db: Db, plan_id: str) -> tuple[Run, ...]:
    """Return the runs of a plan that have not ended."""
    query = sa.select(run).where(run.c.plan == plan_id, run.c.ended.is_(None))
    return tuple(_run_of(row) for row in db.execute(query.order_by(run.c.id)).mappings())


def runs_of(
    db: Db,
    plan_id: str,
    *,
    outcome: str = "",
    after: tuple[str, ...] = (),
    limit: int = 50,
    descending: bool = True,
) -> tuple[Run, ...]:
    """Return a page of a plan's runs, the newest first; those of one outcome alone, if asked."""
    query = sa.select(run).where(run.c.plan == plan_id)
    if outcome:
        query = query.where(run.c.outcome == outcome)
    page = keyset(query, (run.c.id,), after=after, descending=descending, limit=limit)
    return tuple(_run_of(row) for row in db.execute(page).mappings())


def _plan_of(row: sa.RowMapping) -> Plan:
    told: dict[str, Any] = {
        name: row[name] for name in ("id", "entry", "provider", "title", "next_at", "until", "seen", "granted", "made")
    }
    return Plan(
        **told,
        reach=msgspec.convert(row["reach"], Reach),
        layout=msgspec.convert(row["layout"], Layout),
        reading=msgspec.convert(row["reading"], Reading),
        schedule=Schedule(row["schedule"]),
        state=State(row["state"]),
        columns=dict(row["columns"]),
        drift=tuple(msgspec.convert(one, Difference) for one in row["drift"]),
        drifted=dict(row["drifted"]),
    )


def _run_of(row: sa.RowMapping) -> Run:
    told: dict[str, Any] = {
        name: row[name]
        for name in ("id", "plan", "began", "ended", "rows", "again", "batch", "withdrawn", "behind", "code")
    }
    return Run(
        **told, outcome=Outcome(row["outcome"]), reason=told_again(row["reason"]), remedy=told_again(row["remedy"])
    )


learn(Reach, Layout, Reading, Difference)
