"""The census in the control database: tables, editions, proposals of the assistant, projects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.shape import learn

from .edition import Edition
from .grading import Proposal, Verdict
from .project import Project
from .table import Stage, Table

PAGE = 500

table = sa.Table(
    "census_table",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("body", sa.String(18), nullable=False),
    sa.Column("system", sa.String(260), nullable=False),
    sa.Column("place", sa.String(200), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("gone", sa.Boolean, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.UniqueConstraint("system", "place", "name"),
    sa.Index("ix_census_table_body_name", "body", "name", "id"),
    sa.Index("ix_census_table_name", "name", "id"),
)
edition = sa.Table(
    "census_edition",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False, unique=True),
    sa.Column("frozen", Instant, nullable=False),
    sa.Column("facts", Json, nullable=False),
)
proposal = sa.Table(
    "census_proposal",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("verdict", sa.String(20), nullable=False),
    sa.Column("contradiction", sa.Boolean, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Index("ix_census_proposal_provider_verdict", "provider", "verdict", "id"),
    sa.Index("ix_census_proposal_verdict", "verdict", "id"),
)
project = sa.Table(
    "census_project",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("body", sa.String(18), nullable=False),
    sa.Column("opinion", sa.String(20), nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Index("ix_census_project_body", "body", "id"),
)

learn(Table, Edition, Proposal, Project)


def save_table(db: Db, one: Table) -> None:
    """Keep a table."""
    upsert(
        db,
        table,
        {
            **_columns(one, "id", "body", "system", "stage", "entry", "gone"),
            "place": one.found.place,
            "name": one.found.name,
            "rows": one.found.rows or 0,
            "facts": msgspec.to_builtins(one),
        },
        key=("id",),
    )


def known_tables(db: Db, system: str) -> Mapping[tuple[str, str], Table]:
    """Return the tables of a system by place and name."""
    rows = db.execute(sa.select(table.c.facts).where(table.c.system == system)).scalars()
    return {(one.found.place, one.found.name): one for one in (_as_table(row) for row in rows)}


def find_table(db: Db, table_id: str) -> Table:
    """Return one table."""
    return _as_table(_found(db, table, table_id, NotFound("table", table_id)))


def tables_of(db: Db, body: str) -> Iterator[Table]:
    """Yield all tables of a body, by name."""
    query = sa.select(table.c.facts).where(table.c.body == body).order_by(table.c.name, table.c.id)
    for row in db.execute(query).scalars():
        yield _as_table(row)


def tables_on(db: Db, entry: str) -> tuple[Table, ...]:
    """Return the tables that are hung on an entry and live."""
    query = sa.select(table.c.facts).where(table.c.entry == entry, table.c.gone == sa.false()).order_by(table.c.id)
    return tuple(_as_table(row) for row in db.execute(query).scalars())


def tables_listed(
    db: Db,
    *,
    body: str = "",
    stage: Stage | None = None,
    name: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Table, ...]:
    """Return a page of tables by name: of one body, or of all."""
    query = sa.select(table.c.facts)
    if body:
        query = query.where(table.c.body == body)
    if stage is not None:
        query = query.where(table.c.stage == stage.value)
    if name:
        query = query.where(table.c.name.contains(name, autoescape=True))
    page = keyset(query, (table.c.name, table.c.id), after=after, descending=descending, limit=limit)
    return tuple(_as_table(row) for row in db.execute(page).scalars())


def save_edition(db: Db, one: Edition) -> None:
    """Keep an edition; it does not change any more."""
    db.execute(sa.insert(edition).values(**_columns(one, "id", "name", "frozen"), facts=msgspec.to_builtins(one)))


def editions(db: Db) -> tuple[Edition, ...]:
    """Return all editions, the newest first."""
    rows = db.execute(sa.select(edition.c.facts).order_by(edition.c.frozen.desc(), edition.c.id)).scalars()
    return tuple(_as_edition(row) for row in rows)


def editions_listed(
    db: Db,
    *,
    name: str = "",
    sort: str = "frozen",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Edition, ...]:
    """Return a page of the editions, by ``name`` or by when they were ``frozen``; their key is the id."""
    query = sa.select(edition.c.facts)
    if name:
        query = query.where(edition.c.name.contains(name, autoescape=True))
    order = (edition.c.name if sort == "name" else edition.c.frozen, edition.c.id)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return tuple(_as_edition(row) for row in db.execute(page).scalars())


def find_edition(db: Db, edition_id: str) -> Edition:
    """Return one edition."""
    return _as_edition(_found(db, edition, edition_id, NotFound("edition", edition_id)))


def save_proposal(db: Db, one: Proposal) -> None:
    """Keep a proposal."""
    values = _columns(one, "id", "entry", "provider", "verdict", "contradiction")
    upsert(db, proposal, {**values, "facts": msgspec.to_builtins(one)}, key=("id",))


def find_proposal(db: Db, proposal_id: str) -> Proposal:
    """Return one proposal."""
    return _as_proposal(_found(db, proposal, proposal_id, NotFound("proposal", proposal_id)))


def proposals_on(db: Db, entry: str) -> tuple[Proposal, ...]:
    """Return every proposal on an entry, answered or not, oldest first."""
    query = sa.select(proposal.c.facts).where(proposal.c.entry == entry).order_by(proposal.c.id)
    return tuple(_as_proposal(row) for row in db.execute(query).scalars())


def proposals_listed(
    db: Db,
    *,
    provider: str = "",
    verdict: Verdict | None = None,
    contradiction: bool | None = None,
    descending: bool = True,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Proposal, ...]:
    """Return a page of proposals, the newest first unless told otherwise: to one body, or to all."""
    query = sa.select(proposal.c.facts)
    if provider:
        query = query.where(proposal.c.provider == provider)
    if verdict is not None:
        query = query.where(proposal.c.verdict == verdict.value)
    if contradiction is not None:
        query = query.where(proposal.c.contradiction == contradiction)
    page = keyset(query, (proposal.c.id,), after=after, descending=descending, limit=limit)
    return tuple(_as_proposal(row) for row in db.execute(page).scalars())


def save_project(db: Db, one: Project) -> None:
    """Keep a project."""
    values = {**_columns(one, "id", "body"), "opinion": one.opinion.value if one.opinion else ""}
    upsert(db, project, {**values, "facts": msgspec.to_builtins(one)}, key=("id",))


def find_project(db: Db, project_id: str) -> Project:
    """Return one project."""
    return _as_project(_found(db, project, project_id, NotFound("project", project_id)))


def projects_listed(
    db: Db,
    *,
    body: str = "",
    opinion: str | None = None,
    descending: bool = True,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Project, ...]:
    """Return a page of projects, the newest first unless told otherwise: of one body, or of all.

    ``opinion`` is the authority's; the empty one leaves those that wait for it.
    """
    query = sa.select(project.c.facts)
    if opinion is not None:
        query = query.where(project.c.opinion == opinion)
    if body:
        query = query.where(project.c.body == body)
    page = keyset(query, (project.c.id,), after=after, descending=descending, limit=limit)
    return tuple(_as_project(row) for row in db.execute(page).scalars())


def _columns(one: Any, *names: str) -> dict[str, Any]:
    values = ((name, getattr(one, name)) for name in names)
    return {name: str(value) if isinstance(value, Stage | Verdict) else value for name, value in values}


def _found(db: Db, kept: sa.Table, key: str, refusal: NotFound) -> object:
    row = db.execute(sa.select(kept.c.facts).where(kept.c.id == key)).scalar_one_or_none()
    if row is None:
        raise refusal
    return row


def _as_table(facts: object) -> Table:
    return msgspec.convert(facts, Table)


def _as_edition(facts: object) -> Edition:
    return msgspec.convert(facts, Edition)


def _as_proposal(facts: object) -> Proposal:
    return msgspec.convert(facts, Proposal)


def _as_project(facts: object) -> Project:
    return msgspec.convert(facts, Project)
