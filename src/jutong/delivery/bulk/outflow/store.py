"""Outflows, their runs and leases in the control database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from jutong.collection.plans.schedule import Schedule
from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.shape import learn
from jutong.kernel.text import spelled, told_again

from ..store import view
from .outflow import Outcome, Outflow, Run, State
from .target import Target

outflow = sa.Table(
    "delivery_outflow",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("agreement", sa.String(26), nullable=False),
    sa.Column("entry", sa.String(26), nullable=False),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("consumer", sa.String(18), nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("target", Json, nullable=False),
    sa.Column("purpose", sa.String(63), nullable=False),
    sa.Column("schedule", sa.String(100), nullable=False),
    sa.Column("made", Instant, nullable=False),
    sa.Column("by", sa.String(300), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("tried", Instant, nullable=True),
    sa.Column("next_at", Instant, nullable=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("anew", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("delivered", Instant, nullable=True),
    sa.Index("ix_delivery_outflow_agreement_id", "agreement", "id"),
    sa.Index("ix_delivery_outflow_state", "state", "next_at"),
)
run = sa.Table(
    "delivery_outflow_run",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("outflow", sa.String(26), nullable=False),
    sa.Column("began", Instant, nullable=False),
    sa.Column("ended", Instant, nullable=True),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("base", sa.Integer, nullable=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("manifest", sa.String(64), nullable=False),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("reason", Json, nullable=False),
    sa.Column("remedy", Json, nullable=False),
    sa.Index("ix_delivery_outflow_run_outflow_id", "outflow", "id"),
)
lease = sa.Table(
    "delivery_outflow_lease",
    metadata,
    sa.Column("outflow", sa.String(26), primary_key=True),
    sa.Column("run", sa.String(26), nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("sent", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
)
_SAME = tuple(one.name for one in outflow.c if one.name not in ("target", "schedule", "state"))
_SAME_OF_RUN = tuple(one.name for one in run.c if one.name not in ("outcome", "reason", "remedy"))


def save_outflow(db: Db, kept: Outflow) -> None:
    """Keep an outflow as it stands."""
    values = {name: getattr(kept, name) for name in _SAME} | {
        "target": msgspec.to_builtins(kept.target),
        "schedule": kept.schedule.spelled,
        "state": kept.state.value,
    }
    upsert(db, outflow, values, key=("id",))


def find_outflow(db: Db, outflow_id: str, agreement_id: str = "") -> Outflow:
    """Return an outflow (of an agreement, if one is named), or refuse with ``NotFound``."""
    row = db.execute(sa.select(outflow).where(outflow.c.id == outflow_id)).mappings().one_or_none()
    if row is None or (agreement_id and row["agreement"] != agreement_id):
        raise NotFound("outflow", outflow_id[:26])
    return _outflow_of(row)


def outflows_of(
    db: Db, agreement_id: str, *, after: tuple[str, ...] = (), descending: bool = False, limit: int = 50
) -> tuple[Outflow, ...]:
    """Return a page of an agreement's outflows, the oldest first."""
    query = sa.select(outflow).where(outflow.c.agreement == agreement_id)
    page = keyset(query, (outflow.c.id,), after=after, descending=descending, limit=limit)
    return tuple(_outflow_of(row) for row in db.execute(page).mappings())


def live_outflows(db: Db, agreement_id: str) -> tuple[Outflow, ...]:
    """Return the outflows of an agreement that have not ended."""
    query = sa.select(outflow).where(outflow.c.agreement == agreement_id, outflow.c.state != State.ENDED.value)
    return tuple(_outflow_of(row) for row in db.execute(query.order_by(outflow.c.id)).mappings())


def due_outflows(db: Db, now: datetime, *, limit: int) -> tuple[str, ...]:
    """Return the outflows that are to run: their hour has come, or there is a version that they have not brought."""
    newer = sa.exists().where(view.c.agreement == outflow.c.agreement, view.c.version > outflow.c.version)
    due = sa.or_(outflow.c.next_at <= now, sa.and_(outflow.c.next_at.is_(None), outflow.c.schedule == "", newer))
    query = sa.select(outflow.c.id).where(outflow.c.state == State.ACTIVE.value, due)
    return tuple(db.execute(query.order_by(outflow.c.next_at, outflow.c.id).limit(limit)).scalars())


def take_lease(db: Db, outflow_id: str, run_id: str, *, now: datetime, until: datetime) -> bool:
    """Take an outflow for one run unless another run has it; one statement, so that two cannot both have it."""
    mine = {"outflow": outflow_id, "run": run_id, "until": until, "sent": 0, "total": 0}
    db.execute(sa.delete(lease).where(lease.c.outflow == outflow_id, lease.c.until < now))
    free = ~sa.exists().where(lease.c.outflow == outflow_id)
    given = [sa.literal(mine[one.name], one.type) for one in lease.columns]
    try:
        with db.begin_nested():
            return db.execute(lease.insert().from_select(list(mine), sa.select(*given).where(free))).rowcount == 1
    except sa.exc.IntegrityError:
        return False


def renew_lease(db: Db, run_id: str, *, until: datetime, sent: int, total: int) -> bool:
    """Keep an outflow for longer and say how far it has come; False if another run has taken it."""
    update = sa.update(lease).where(lease.c.run == run_id)
    return db.execute(update.values(until=until, sent=sent, total=total)).rowcount == 1


def holds_lease(db: Db, run_id: str) -> bool:
    """Say whether a run still has its outflow."""
    return db.execute(sa.select(lease.c.run).where(lease.c.run == run_id)).scalar() is not None


def give_back(db: Db, run_id: str) -> None:
    """Let others have the outflow."""
    db.execute(sa.delete(lease).where(lease.c.run == run_id))


def progress_of(db: Db, outflow_id: str) -> tuple[int, int] | None:
    """Return how many rows of how many were sent by the run that is under way, or nothing."""
    row = db.execute(sa.select(lease.c.sent, lease.c.total).where(lease.c.outflow == outflow_id)).one_or_none()
    return None if row is None else (int(row[0]), int(row[1]))


def save_run(db: Db, kept: Run) -> None:
    """Keep a run as it stands."""
    values = {name: getattr(kept, name) for name in _SAME_OF_RUN} | {
        "outcome": kept.outcome.value,
        "reason": spelled(kept.reason),
        "remedy": spelled(kept.remedy),
    }
    upsert(db, run, values, key=("id",))


def open_runs(db: Db, outflow_id: str) -> tuple[Run, ...]:
    """Return the runs of an outflow that have not ended."""
    query = sa.select(run).where(run.c.outflow == outflow_id, run.c.ended.is_(None)).order_by(run.c.id)
    return tuple(_run_of(row) for row in db.execute(query).mappings())


def runs_of(
    db: Db, outflow_id: str, *, after: tuple[str, ...] = (), descending: bool = True, limit: int = 50
) -> tuple[Run, ...]:
    """Return a page of an outflow's runs, the newest first."""
    query = sa.select(run).where(run.c.outflow == outflow_id)
    page = keyset(query, (run.c.id,), after=after, descending=descending, limit=limit)
    return tuple(_run_of(row) for row in db.execute(page).mappings())


def _outflow_of(row: sa.RowMapping) -> Outflow:
    told: dict[str, Any] = {name: row[name] for name in _SAME}
    return Outflow(
        **told,
        target=msgspec.convert(row["target"], Target),
        schedule=Schedule(row["schedule"]),
        state=State(row["state"]),
    )


def _run_of(row: sa.RowMapping) -> Run:
    told: dict[str, Any] = {name: row[name] for name in _SAME_OF_RUN}
    return Run(
        **told, outcome=Outcome(row["outcome"]), reason=told_again(row["reason"]), remedy=told_again(row["remedy"])
    )


learn(Target)
