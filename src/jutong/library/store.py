"""The library room's tables: who is believed on which field, who was merged with whom, which batches were laid in."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.db import Db, Instant, keyset, metadata, upsert
from jutong.kernel.errors import NotFound, Unavailable
from jutong.kernel.text import text

from .bond import Bond, Bonds, Verdict
from .decision import Decision, Standing
from .golden import Matching, Merge
from .kind import LEGAL_PERSON, Kind
from .survive import Authority
from .theme import Making, Theme

authority = sa.Table(
    "library_authority",
    metadata,
    sa.Column("field", sa.String(63), primary_key=True),
    sa.Column("entry", sa.String(26), primary_key=True),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("basis", sa.String(400), nullable=False),
    sa.Column("about", sa.String(20), nullable=False, server_default=LEGAL_PERSON.name),
)

decision = sa.Table(
    "library_decision",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", sa.String(26), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("basis", sa.String(400), nullable=False),
    sa.Column("org", sa.String(18), nullable=False),
    sa.Column("at", Instant, nullable=False),
    # of an authority
    sa.Column("field", sa.String(63), nullable=False),
    sa.Column("entry", sa.String(26), nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    # of a bond
    sa.Column("kept", sa.String(160), nullable=False, index=True),
    sa.Column("other", sa.String(160), nullable=False, index=True),
    sa.Column("about", sa.String(20), nullable=False, server_default=LEGAL_PERSON.name),
)

settled = sa.Table(
    "library_settled",
    metadata,
    sa.Column("decision", sa.String(26), primary_key=True),
    sa.Column("subjects", sa.BigInteger, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

theme = sa.Table(
    "library_theme",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("title", sa.String(100), nullable=False),
    sa.Column("sql", sa.Text, nullable=False),
    sa.Column("basis", sa.String(400), nullable=False),
)

making = sa.Table(
    "library_making",
    metadata,
    sa.Column("theme", sa.String(40), primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("base", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False),
)

matched = sa.Table(
    "library_matched",
    metadata,
    sa.Column("asker", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("matched", sa.BigInteger, nullable=False),
    sa.Column("in_review", sa.BigInteger, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

merged = sa.Table(
    "library_merge",
    metadata,
    sa.Column("batch", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), nullable=False, index=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("touched", sa.BigInteger, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("conflicts", sa.BigInteger, nullable=False),
    sa.Column("unkeyed", sa.BigInteger, nullable=False),
    sa.Column("doubtful", sa.BigInteger, nullable=False),
    sa.Column("merged_at", Instant, nullable=False, index=True),
)


def save_authority(db: Db, named: Authority) -> None:
    """Keep who is believed on a field."""
    upsert(db, authority, asdict(named), key=("field", "entry"))


def authorities(db: Db) -> tuple[Authority, ...]:
    """Return who is believed on which field of which kind, the highest first."""
    order = (authority.c.field, authority.c.rank, authority.c.entry)
    query = sa.select(authority).order_by(*order)
    return tuple(Authority(**row) for row in db.execute(query).mappings())


def authorities_listed(
    db: Db,
    *,
    field: str = "",
    sort: str = "field",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Authority, ...]:
    """Return a page of who is believed, by ``field`` or by ``rank``; the key is field, rank and entry."""
    query = sa.select(authority)
    if field:
        query = query.where(authority.c.field == field)
    # By field, the one who is believed first stands first.
    by_field = (authority.c.field, authority.c.rank, authority.c.entry)
    order = (authority.c.rank, *by_field) if sort == "rank" else by_field
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return tuple(Authority(**row) for row in db.execute(page).mappings())


def save_decision(db: Db, taken: Decision) -> None:
    """Keep a decision for good, under the next number; of two at the same moment one is told to come again."""
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    row = insert(decision).values(number=newest_decision(db) + 1, **asdict(taken))
    if db.execute(row.on_conflict_do_nothing().returning(decision.c.number)).first() is None:
        raise Unavailable(text("another decision was taken at the same moment"), remedy=text("repeat the act"))


def newest_decision(db: Db) -> int:
    """Return the number of the last decision."""
    return int(db.execute(sa.select(sa.func.coalesce(sa.func.max(decision.c.number), 0))).scalar_one())


def find_decision(db: Db, decision_id: str) -> Decision:
    """Return a decision, or refuse."""
    row = db.execute(sa.select(decision).where(decision.c.id == decision_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("decision", decision_id[:26])
    return _decision(row)


def decisions(db: Db, *, limit: int = 50) -> tuple[tuple[int, Decision], ...]:
    """Return decisions with their numbers, the newest first."""
    query = sa.select(decision).order_by(decision.c.number.desc()).limit(limit)
    return tuple((row["number"], _decision(row)) for row in db.execute(query).mappings())


def count_decisions_on(db: Db, code: str) -> int:
    """Return how many decisions name a subject."""
    query = sa.select(sa.func.count()).where(sa.or_(decision.c.kept == code, decision.c.other == code))
    return int(db.execute(query).scalar_one())


def decided_pairs(
    db: Db, *, kind: str = "", descending: bool = False, after: tuple[str, ...] = (), limit: int = 50
) -> tuple[tuple[int, Decision, int | None], ...]:
    """Return a page of the decisions on pairs, in their order: number, decision, and how many records follow it."""
    query = sa.select(decision, settled.c.subjects).outerjoin(settled, settled.c.decision == decision.c.id)
    query = query.where(decision.c.kept != "")
    if kind:
        query = query.where(decision.c.kind == kind)
    page = keyset(query, (decision.c.number,), after=after, descending=descending, limit=limit)
    found = (dict(row) for row in db.execute(page).mappings())
    return tuple(
        (row["number"], _decision({n: v for n, v in row.items() if n != "subjects"}), row["subjects"]) for row in found
    )


def bonds(db: Db, kind: Kind = LEGAL_PERSON) -> Bonds:
    """Return who of a kind was merged with whom, and who was told apart."""
    columns = (decision.c.kept, decision.c.other, decision.c.kind, decision.c.basis)
    query = sa.select(*columns).where(decision.c.kept != "", decision.c.about == kind.name).order_by(decision.c.number)
    return Bonds(
        tuple(
            Bond(kept=kept, other=other, verdict=Verdict(kind), basis=basis)
            for kept, other, kind, basis in db.execute(query)
        )
    )


def standing(db: Db, kind: Kind = LEGAL_PERSON) -> Standing:
    """Return all that is decided now of a kind."""
    return Standing(number=newest_decision(db), authorities=authorities(db), bonds=bonds(db, kind), kind=kind)


def save_settled(db: Db, decision_id: str, subjects: int, at: datetime) -> None:
    """Note that the golden records follow a decision, and how many it changed."""
    db.execute(sa.insert(settled).values(decision=decision_id, subjects=subjects, at=at))


def settled_subjects(db: Db, decision_id: str) -> int | None:
    """Return how many records a decision changed, or nothing while they do not follow it yet."""
    query = sa.select(settled.c.subjects).where(settled.c.decision == decision_id)
    return db.execute(query).scalar_one_or_none()


def save_matching(db: Db, done: Matching) -> bool:
    """Keep what a search for matches found unless it was kept before, and say whether it was new."""
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    unless = insert(matched).values(**asdict(done)).on_conflict_do_nothing(index_elements=["asker"])
    return db.execute(unless.returning(matched.c.asker)).first() is not None


def known_matching(db: Db, asker: str) -> Matching | None:
    """Return what a search for matches found, or nothing."""
    row = db.execute(sa.select(matched).where(matched.c.asker == asker)).mappings().one_or_none()
    return None if row is None else Matching(**row)


def save_theme(db: Db, declared: Theme) -> None:
    """Keep a declared theme, or put it in place of the one of its name."""
    upsert(db, theme, asdict(declared), key=("name",))


def themes(db: Db) -> tuple[Theme, ...]:
    """Return the declared themes by name."""
    return tuple(Theme(**row) for row in db.execute(sa.select(theme).order_by(theme.c.name)).mappings())


def find_theme(db: Db, name: str) -> Theme:
    """Return a theme, or refuse."""
    row = db.execute(sa.select(theme).where(theme.c.name == name)).mappings().one_or_none()
    if row is None:
        raise NotFound("theme library", name[:40])
    return Theme(**row)


def save_making(db: Db, made: Making) -> bool:
    """Keep that a theme was made unless it was kept before, and say whether it was new."""
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    unless = insert(making).values(**asdict(made)).on_conflict_do_nothing(index_elements=["theme", "version"])
    return db.execute(unless.returning(making.c.version)).first() is not None


def makings(db: Db, name: str, *, limit: int = 20) -> tuple[Making, ...]:
    """Return when a theme was made, the newest first."""
    query = sa.select(making).where(making.c.theme == name).order_by(making.c.version.desc()).limit(limit)
    return tuple(Making(**row) for row in db.execute(query).mappings())


def _decision(row: Any) -> Decision:
    return Decision(**{name: value for name, value in row.items() if name != "number"})


def save_merge(db: Db, done: Merge) -> bool:
    """Keep what a merge did unless its batch was merged before, and say whether it was new."""
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    unless = insert(merged).values(**asdict(done)).on_conflict_do_nothing(index_elements=["batch"])
    # Not by the row count: of an insert, not every driver tells it.
    return db.execute(unless.returning(merged.c.batch)).first() is not None


def newest_merges(db: Db, *, limit: int = 100) -> tuple[Merge, ...]:
    """Return the newest merge of each entry, among the last ``limit`` merges."""
    query = sa.select(merged).order_by(merged.c.merged_at.desc()).limit(limit)
    newest: dict[str, Merge] = {}
    for row in db.execute(query).mappings():
        newest.setdefault(row["entry"], Merge(**row))
    return tuple(newest.values())


def merged_entries(db: Db) -> tuple[str, ...]:
    """Return the entries of which a batch was ever laid into the library."""
    return tuple(db.execute(sa.select(merged.c.entry).distinct().order_by(merged.c.entry)).scalars())


def known_merge(db: Db, batch_id: str) -> Merge | None:
    """Return what the merge of a batch did, or nothing."""
    row = db.execute(sa.select(merged).where(merged.c.batch == batch_id)).mappings().one_or_none()
    return None if row is None else Merge(**row)


def find_merge(db: Db, batch_id: str) -> Merge:
    """Return what the merge of a batch did, or refuse."""
    found = known_merge(db, batch_id)
    if found is None:
        raise NotFound("merge", batch_id[:26])
    return found
