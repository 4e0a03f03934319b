"""The tables of a catalogue's upkeep: the codes that were given, the revisions that are due, audits that were late."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.db import Db, Json, keyset, metadata, upsert
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.pile import Pile
from jutong.kernel.shape import learn
from jutong.kernel.text import text

from ..code_scheme import CodeScheme, read_code
from ..entry import Entry
from ..revision import OPEN, Revision, Step
from ..stage import Stage
from ..store import version

learn(Revision)
LATE_AT_ONCE = 500


class LateAudit(NamedTuple):
    """An entry whose audit was not done by its day."""

    entry: str
    version: int
    due: date
    provider: str


code = sa.Table(
    "catalogue_code",
    metadata,
    sa.Column("code", sa.String(100), primary_key=True),
    sa.Column("scheme", sa.String(40), nullable=False),
    sa.Column("stem", sa.String(80), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
)
# The greatest number of each stem that was given or typed: counted up in one statement, so that nobody gets the same.
counter = sa.Table(
    "catalogue_code_counter",
    metadata,
    sa.Column("scheme", sa.String(40), primary_key=True),
    sa.Column("stem", sa.String(80), primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
)
revision = sa.Table(
    "catalogue_revision",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("provider", sa.String(18), nullable=False),
    sa.Column("entry", sa.String(26), nullable=False),
    sa.Column("step", sa.String(20), nullable=False),
    sa.Column("due", sa.Date, nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Index("ix_catalogue_revision_step_due", "step", "due", "id"),
    sa.Index("ix_catalogue_revision_provider_step_due", "provider", "step", "due", "id"),
    sa.Index("ix_catalogue_revision_entry_step", "entry", "step"),
)
# Audits that were reported overdue: each once.
late_audit = sa.Table(
    "catalogue_late_audit",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("due", sa.Date, primary_key=True),
)


# Codes -------------------------------------------------------------------------------------------------------------


def claim_codes(db: Db, entry: Entry) -> None:
    """Keep an entry's codes as its own; refuse one that is another entry's."""
    insert = _insert(db)
    for spelled in entry.resource_codes:
        found = read_code(spelled)
        if found is None:
            continue
        row = {"code": spelled, "scheme": found.scheme, "stem": found.stem, "number": found.number, "entry": entry.id}
        db.execute(insert(code).values(row).on_conflict_do_nothing(index_elements=["code"]))
        if db.execute(sa.select(code.c.entry).where(code.c.code == spelled)).scalar_one() != entry.id:
            raise Invalid(
                text("the resource code {code} is another entry's", code=spelled),
                remedy=text("have a code issued, or check the number"),
            )
        raised = insert(counter).values(scheme=found.scheme, stem=found.stem, last=found.number)
        greater = sa.case((counter.c.last > found.number, counter.c.last), else_=found.number)
        db.execute(raised.on_conflict_do_update(index_elements=["scheme", "stem"], set_={"last": greater}))


def next_number(db: Db, scheme: CodeScheme, stem: str) -> int:
    """Count a stem up, and return the number; others who want one wait for this transaction."""
    counted = _insert(db)(counter).values(scheme=scheme.id, stem=stem, last=1)
    counted = counted.on_conflict_do_update(
        index_elements=["scheme", "stem"], set_={"last": counter.c.last + 1}
    ).returning(counter.c.last)
    return int(db.execute(counted).scalar_one())


def _insert(db: Db) -> Any:
    return postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert


# Revisions ---------------------------------------------------------------------------------------------------------


def save_revision(db: Db, one: Revision) -> None:
    """Keep a revision as it now stands."""
    columns = {"id": one.id, "provider": one.provider, "entry": one.entry, "step": one.step.value, "due": one.due}
    upsert(db, revision, {**columns, "body": msgspec.to_builtins(one)}, key=("id",))


def find_revision(db: Db, revision_id: str, *, hold: bool = False) -> Revision:
    """Return a revision; with ``hold`` other transactions wait for this one."""
    query = sa.select(revision.c.body).where(revision.c.id == revision_id)
    found = db.execute(query.with_for_update() if hold else query).scalar_one_or_none()
    if found is None:
        raise NotFound("revision", revision_id)
    return msgspec.convert(found, Revision)


def open_revisions_of(db: Db, entry: str) -> tuple[Revision, ...]:
    """Return the revisions of an entry whose clocks run."""
    query = sa.select(revision.c.body).where(revision.c.entry == entry, revision.c.step.in_(OPEN))
    return _all(db, query.order_by(revision.c.id))


def running_revisions(db: Db) -> tuple[Revision, ...]:
    """Return every revision whose clock runs, the first due first."""
    query = sa.select(revision.c.body).where(revision.c.step.in_(OPEN))
    return _all(db, query.order_by(revision.c.due, revision.c.id))


def revisions(
    db: Db,
    *,
    provider: str = "",
    steps: Collection[Step] = (),
    before: date | None = None,
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Revision, ...]:
    """Return a page of revisions, the first due first unless told otherwise: of one body or of all."""
    query = sa.select(revision.c.body)
    if provider:
        query = query.where(revision.c.provider == provider)
    if steps:
        query = query.where(revision.c.step.in_([one.value for one in steps]))
    if before is not None:
        query = query.where(revision.c.due < before)
    order = (revision.c.due, revision.c.id)
    return _all(db, keyset(query, order, after=after, descending=descending, limit=limit))


def revisions_waiting(
    db: Db, *, provider: str = "", steps: Collection[Step] = OPEN, before: date | None = None, limit: int = 20
) -> Pile[Revision]:
    """Return the revisions whose clocks run, the first due first, and how many there are."""
    wanted: list[sa.ColumnElement[bool]] = [revision.c.step.in_([one.value for one in steps])]
    wanted += [revision.c.provider == provider] if provider else []
    wanted += [revision.c.due < before] if before is not None else []
    size = db.execute(sa.select(sa.func.count()).select_from(revision).where(*wanted)).scalar_one()
    top = revisions(db, provider=provider, steps=steps, before=before, limit=limit) if size else ()
    return Pile(top, int(size))


def late_audits(db: Db, today: date) -> tuple[LateAudit, ...]:
    """Return what the authority should have audited by now and was not reported yet, some of it at a time."""
    reported = sa.select(late_audit.c.id).where(
        late_audit.c.id == version.c.id,
        late_audit.c.version == version.c.version,
        late_audit.c.due == version.c.audit_due,
    )
    query = sa.select(version.c.id, version.c.version, version.c.audit_due, version.c.provider).where(
        version.c.seen_by_authority == sa.true(),
        version.c.stage.in_((Stage.SUBMITTED.value, Stage.REGISTERED.value)),
        version.c.audit_due < today,
        ~reported.exists(),
    )
    rows = db.execute(query.order_by(version.c.audit_due, version.c.id).limit(LATE_AT_ONCE))
    return tuple(LateAudit(*row) for row in rows)


def note_late_audit(db: Db, late: LateAudit) -> None:
    """Keep that an overdue audit was reported."""
    values = {"id": late.entry, "version": late.version, "due": late.due}
    upsert(db, late_audit, values, key=("id", "version", "due"))


def _all(db: Db, query: sa.Select[Any]) -> tuple[Revision, ...]:
    return tuple(msgspec.convert(found, Revision) for found in db.execute(query).scalars())
