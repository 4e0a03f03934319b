"""The tables of the lists: demands, responsibilities, and what bodies answer for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.pile import Pile
from jutong.kernel.shape import learn
from jutong.kernel.strands import Strand, fact

from ..demand import Demand, DemandStage, Standing
from ..document import entry_of_document
from ..entry import Entry
from ..responsibility import Progress, Responsibility
from ..stage import Stage
from ..store import version
from ..summary import marks

learn(Demand, Responsibility)

ALIKE_AMONG = 500  # the newest open demands, among which alike ones are looked for
ITEMS_SOUGHT = 20
HOLDERS_MOST = 20

demand = sa.Table(
    "catalogue_demand",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("consumer", sa.String(18), nullable=False),
    sa.Column("owner", sa.String(18), nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("standing", sa.String(20), nullable=False),
    sa.Column("lead", sa.String(26), nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Index("ix_catalogue_demand_stage_id", "stage", "id"),
    sa.Index("ix_catalogue_demand_consumer_stage_id", "consumer", "stage", "id"),
    sa.Index("ix_catalogue_demand_owner_standing_id", "owner", "standing", "id"),
    sa.Index("ix_catalogue_demand_lead", "lead"),
    sa.Index("ix_catalogue_demand_title", "title", "id"),
)
responsibility = sa.Table(
    "catalogue_responsibility",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("demand", sa.String(26), nullable=False, index=True),
    sa.Column("owner", sa.String(18), nullable=False),
    sa.Column("progress", sa.String(20), nullable=False),
    sa.Column("due", sa.Date, nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Index("ix_catalogue_responsibility_progress_due", "progress", "due", "id"),
    sa.Index("ix_catalogue_responsibility_owner_progress_due", "owner", "progress", "due", "id"),
)
duties = sa.Table(
    "catalogue_duties",
    metadata,
    sa.Column("body", sa.String(18), primary_key=True),
    sa.Column("words", sa.Text, nullable=False),
)
# Demands -----------------------------------------------------------------------------------------------------------


def save_demand(db: Db, one: Demand) -> None:
    """Keep a demand as it now stands."""
    columns = {
        "id": one.id,
        "consumer": one.consumer,
        "owner": one.owner,
        "stage": one.stage.value,
        "standing": one.standing.value,
        "lead": one.into,
        "title": one.need.title,
        "at": one.at,
    }
    upsert(db, demand, {**columns, "body": msgspec.to_builtins(one)}, key=("id",))


def find_demand(db: Db, demand_id: str, *, hold: bool = False) -> Demand:
    """Return a demand; with ``hold`` other transactions wait for this one."""
    query = sa.select(demand.c.body).where(demand.c.id == demand_id)
    found = db.execute(query.with_for_update() if hold else query).scalar_one_or_none()
    if found is None:
        raise NotFound("demand", demand_id)
    return msgspec.convert(found, Demand)


def demands(
    db: Db,
    *,
    consumer: str = "",
    owner: str = "",
    stages: Collection[DemandStage] = (),
    standings: Collection[Standing] = (),
    contains: str = "",
    sort: str = "",
    descending: bool = True,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Demand, ...]:
    """Return a page of demands, the newest first unless told otherwise."""
    order = (demand.c.title, demand.c.id) if sort == "title" else (demand.c.id,)
    query = sa.select(demand.c.body)
    if consumer:
        query = query.where(demand.c.consumer == consumer)
    if owner:
        query = query.where(demand.c.owner == owner)
    if stages:
        query = query.where(demand.c.stage.in_([one.value for one in stages]))
    if standings:
        query = query.where(demand.c.standing.in_([one.value for one in standings]))
    if contains:
        query = query.where(demand.c.title.contains(contains, autoescape=True))
    return _demands(db, keyset(query, order, after=after, descending=descending, limit=limit))


def demands_waiting(
    db: Db, stage: DemandStage, *, consumer: str = "", asked: str = "", unsplit: bool = False, limit: int = 20
) -> Pile[Demand]:
    """Return the demands that wait for somebody in a stage, the oldest first, and how many there are.

    ``asked`` is the presumed owner who has not answered; ``unsplit`` leaves out what bodies are responsible for.
    """
    wanted = _waiting_in(stage, consumer=consumer, asked=asked, unsplit=unsplit)
    size = db.execute(sa.select(sa.func.count()).select_from(demand).where(*wanted)).scalar_one()
    query = sa.select(demand.c.body).where(*wanted).order_by(demand.c.id).limit(limit)
    return Pile(_demands(db, query) if size else (), int(size))


def demands_strand(stage: DemandStage, *, consumer: str = "", asked: str = "", unsplit: bool = False) -> Strand:
    """Return the same demands as a strand of one list of all that waits; no day is set for them."""
    return Strand(
        of=demand,
        where=tuple(_waiting_in(stage, consumer=consumer, asked=asked, unsplit=unsplit)),
        due=None,
        id=demand.c.id,
        facts={
            "entry": sa.literal(""),
            "title": demand.c.title,
            "party": sa.literal("") if consumer else demand.c.consumer,
            "since": sa.type_coerce(demand.c.at, sa.String(32)),
        },
    )


def responsibilities_strand(owner: str) -> Strand:
    """Return the open responsibilities of a body as a strand of one list of all that waits."""
    return Strand(
        of=responsibility,
        where=(responsibility.c.owner == owner, responsibility.c.progress == Progress.OPEN.value),
        due=responsibility.c.due,
        id=responsibility.c.id,
        facts={
            "entry": sa.literal(""),
            "title": fact(responsibility, "title"),
            "party": fact(responsibility, "consumer"),
            "since": sa.literal(""),
        },
    )


def _waiting_in(stage: DemandStage, *, consumer: str, asked: str, unsplit: bool) -> list[sa.ColumnElement[bool]]:
    wanted: list[sa.ColumnElement[bool]] = [demand.c.stage == stage.value]
    wanted += [demand.c.consumer == consumer] if consumer else []
    if asked:
        wanted += [demand.c.owner == asked, demand.c.standing == Standing.ASKED.value]
    if unsplit:
        kept = sa.select(responsibility.c.id).where(
            responsibility.c.demand == demand.c.id, responsibility.c.progress != Progress.DROPPED.value
        )
        wanted += [demand.c.standing != Standing.ASKED.value, ~kept.exists()]
    return wanted


def merged_into(db: Db, demand_id: str) -> tuple[Demand, ...]:
    """Return the demands that are met together with one."""
    return _demands(db, sa.select(demand.c.body).where(demand.c.lead == demand_id).order_by(demand.c.id))


def save_duties(db: Db, body: str, words: str) -> None:
    """Keep what a body answers for."""
    upsert(db, duties, {"body": body, "words": words}, key=("body",))


def duties_stated(db: Db) -> Mapping[str, str]:
    """Return what bodies answer for, in the words of their duties."""
    return {row.body: row.words for row in db.execute(sa.select(duties).order_by(duties.c.body))}


def holders_of(db: Db, items: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the bodies in whose published entries wanted items stand, with those items."""
    found: dict[str, list[str]] = {}
    for item in list(items)[:ITEMS_SOUGHT]:
        words = item.casefold().strip()
        if len(words) < 2:
            continue
        marked = [
            version.c[f"mark{place}"].bitwise_and(mark) == mark for place, mark in enumerate(marks([words])) if mark
        ]
        query = sa.select(version.c.provider).where(
            version.c.seen_by_all == sa.true(),
            version.c.stage == Stage.PUBLISHED.value,
            *marked,
            version.c.words.contains(words, autoescape=True),
        )
        for body in db.execute(query.distinct().limit(HOLDERS_MOST)).scalars():
            found.setdefault(body, []).append(item)
    return {body: tuple(held) for body, held in found.items()}


def negative_list(
    db: Db,
    *,
    provider: str = "",
    contains: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Entry, ...]:
    """Return a page of the entries in force that refuse to share something, in the order of their titles."""
    query = sa.select(version.c.body).where(
        version.c.seen_by_all == sa.true(),
        version.c.refusing == sa.true(),
        version.c.stage == Stage.PUBLISHED.value,
    )
    if provider:
        query = query.where(version.c.provider == provider)
    if contains:
        query = query.where(version.c.words.contains(contains.casefold(), autoescape=True))
    page = keyset(query, (version.c.title_order, version.c.id), after=after, descending=descending, limit=limit)
    return tuple(entry_of_document(msgspec.json.decode(body)) for body in db.execute(page).scalars())


# Responsibilities --------------------------------------------------------------------------------------------------


def save_responsibility(db: Db, one: Responsibility) -> None:
    """Keep a responsibility as it now stands."""
    columns = {
        "id": one.id,
        "demand": one.demand,
        "owner": one.owner,
        "progress": one.progress.value,
        "due": one.task.due,
    }
    upsert(db, responsibility, {**columns, "body": msgspec.to_builtins(one)}, key=("id",))


def find_responsibility(db: Db, responsibility_id: str, *, hold: bool = False) -> Responsibility:
    """Return a responsibility; with ``hold`` other transactions wait for this one."""
    query = sa.select(responsibility.c.body).where(responsibility.c.id == responsibility_id)
    found = db.execute(query.with_for_update() if hold else query).scalar_one_or_none()
    if found is None:
        raise NotFound("responsibility", responsibility_id)
    return msgspec.convert(found, Responsibility)


def responsibilities_of(db: Db, demand_id: str) -> tuple[Responsibility, ...]:
    """Return what a demand was split into."""
    query = sa.select(responsibility.c.body).where(responsibility.c.demand == demand_id)
    return _responsibilities(db, query.order_by(responsibility.c.id))


def responsibilities(
    db: Db,
    *,
    owner: str = "",
    progress: Progress | None = None,
    before: date | None = None,
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Responsibility, ...]:
    """Return a page of the responsibility list, the first due first unless told otherwise."""
    query = sa.select(responsibility.c.body)
    if owner:
        query = query.where(responsibility.c.owner == owner)
    if progress is not None:
        query = query.where(responsibility.c.progress == progress.value)
    if before is not None:
        query = query.where(responsibility.c.due < before)
    order = (responsibility.c.due, responsibility.c.id)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return _responsibilities(db, page)


def responsibilities_waiting(
    db: Db, *, owner: str = "", before: date | None = None, limit: int = 20
) -> Pile[Responsibility]:
    """Return the open responsibilities of a body, or those of all that are late, and how many there are."""
    wanted: list[sa.ColumnElement[bool]] = [responsibility.c.progress == Progress.OPEN.value]
    wanted += [responsibility.c.owner == owner] if owner else []
    wanted += [responsibility.c.due < before] if before is not None else []
    size = db.execute(sa.select(sa.func.count()).select_from(responsibility).where(*wanted)).scalar_one()
    top = responsibilities(db, owner=owner, progress=Progress.OPEN, before=before, limit=limit) if size else ()
    return Pile(top, int(size))


def overdue_responsibilities(db: Db, today: date) -> tuple[Responsibility, ...]:
    """Return the responsibilities whose day has passed."""
    query = sa.select(responsibility.c.body).where(
        responsibility.c.progress == Progress.OPEN.value, responsibility.c.due < today
    )
    return _responsibilities(db, query.order_by(responsibility.c.id))


def _demands(db: Db, query: sa.Select[Any]) -> tuple[Demand, ...]:
    return tuple(msgspec.convert(found, Demand) for found in db.execute(query).scalars())


def _responsibilities(db: Db, query: sa.Select[Any]) -> tuple[Responsibility, ...]:
    return tuple(msgspec.convert(found, Responsibility) for found in db.execute(query).scalars())
