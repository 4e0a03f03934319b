"""The search's tables: synonyms of this node, kept questions, questions that found nothing, demand candidates."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from jutong.kernel.db import Db, Instant, Json, keyset, metadata, upsert
from jutong.kernel.errors import NotFound

from .wish import Candidate, Kept, KeptGroup, Missed

GROUPS_MOST, MISSED_MOST = 5000, 10_000
KEPT_MOST = 200  # of one body

synonym = sa.Table(
    "search_synonym",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("line", sa.String(300), nullable=False),
    sa.Column("body", sa.String(18), nullable=False),
    sa.Column("changed", Instant, nullable=False),
)
kept = sa.Table(
    "search_kept",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("body", sa.String(18), nullable=False, index=True),
    sa.Column("asked", sa.String(100), nullable=False),
    sa.Column("facets", Json, nullable=False),
    sa.Column("kept", Instant, nullable=False),
)
told = sa.Table(
    "search_told",
    metadata,
    sa.Column("kept", sa.String(26), primary_key=True),
    sa.Column("entry", sa.String(26), primary_key=True),
)
missed = sa.Table(
    "search_missed",
    metadata,
    sa.Column("words", sa.String(30), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("first", sa.Date, nullable=False),
    sa.Column("last", sa.Date, nullable=False),
)
candidate = sa.Table(
    "search_candidate",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("words", sa.String(30), nullable=False, unique=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("body", sa.String(18), nullable=False),
    sa.Column("noted", Instant, nullable=False),
)


def groups(db: Db) -> tuple[KeptGroup, ...]:
    """Return the synonyms that this node's officers added, the newest first."""
    query = sa.select(synonym).order_by(synonym.c.id.desc()).limit(GROUPS_MOST)
    return tuple(KeptGroup(**row) for row in db.execute(query).mappings())


def groups_listed(
    db: Db,
    *,
    words: str = "",
    sort: str = "changed",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[KeptGroup, ...]:
    """Return a page of the added synonyms, by their ``line`` or by when they ``changed``; their key is the id."""
    query = sa.select(synonym)
    if words:
        query = query.where(synonym.c.line.contains(words, autoescape=True))
    order = (synonym.c.line if sort == "line" else synonym.c.changed, synonym.c.id)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return tuple(KeptGroup(**row) for row in db.execute(page).mappings())


def find_group(db: Db, group_id: str) -> KeptGroup:
    """Return one group."""
    row = _one(db, synonym, group_id)
    if row is None:
        raise NotFound("group of synonyms", group_id)
    return KeptGroup(**row)


def state_of_groups(db: Db) -> tuple[int, str]:
    """Return what changes whenever the synonyms do."""
    row = db.execute(sa.select(sa.func.count(), sa.func.max(synonym.c.changed))).one()
    return int(row[0]), str(row[1])


def save_group(db: Db, group: KeptGroup) -> None:
    """Keep a group."""
    upsert(db, synonym, {n: getattr(group, n) for n in ("id", "line", "body", "changed")}, key=("id",))


def remove_group(db: Db, group_id: str) -> None:
    """Let go of a group."""
    db.execute(sa.delete(synonym).where(synonym.c.id == group_id))


def questions(db: Db, body: str | None = None) -> tuple[Kept, ...]:
    """Return the questions that a body keeps, or all bodies, the newest first."""
    query = sa.select(kept).order_by(kept.c.id.desc())
    if body is not None:
        query = query.where(kept.c.body == body)
    return tuple(Kept(**row) for row in db.execute(query).mappings())


def questions_listed(
    db: Db,
    body: str,
    *,
    words: str = "",
    sort: str = "kept",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Kept, ...]:
    """Return a page of a body's questions, by what is ``asked`` or by when they were ``kept``; their key is the id."""
    query = sa.select(kept).where(kept.c.body == body)
    if words:
        query = query.where(kept.c.asked.contains(words, autoescape=True))
    order = (kept.c.asked if sort == "asked" else kept.c.kept, kept.c.id)
    page = keyset(query, order, after=after, descending=descending, limit=limit)
    return tuple(Kept(**row) for row in db.execute(page).mappings())


def find_question(db: Db, question_id: str, body: str) -> Kept:
    """Return a question of a body; one of another body is as absent as one that never was."""
    row = _one(db, kept, question_id)
    if row is None or row["body"] != body:
        raise NotFound("saved search", question_id)
    return Kept(**row)


def save_question(db: Db, one: Kept) -> None:
    """Keep a question."""
    values = {"id": one.id, "body": one.body, "asked": one.asked, "facets": dict(one.facets), "kept": one.kept}
    upsert(db, kept, values, key=("id",))


def remove_question(db: Db, question_id: str) -> None:
    """Let go of a question, and of what was told about it."""
    db.execute(sa.delete(told).where(told.c.kept == question_id))
    db.execute(sa.delete(kept).where(kept.c.id == question_id))


def was_told(db: Db, question_id: str, entry: str) -> bool:
    """Say whether a body was told that an entry answers its question."""
    query = sa.select(sa.literal(1)).where(told.c.kept == question_id, told.c.entry == entry)
    return db.execute(query).first() is not None


def save_told(db: Db, question_id: str, entry: str) -> None:
    """Keep that a body was told."""
    db.execute(sa.insert(told).values(kept=question_id, entry=entry))


def count_missed(db: Db, words: str, day: date) -> None:
    """Count a question that found nothing; new ones only while there is room, so that nobody can fill the table."""
    again = sa.update(missed).where(missed.c.words == words).values(count=missed.c.count + 1, last=day)
    if db.execute(again).rowcount:
        return
    if db.execute(sa.select(sa.func.count()).select_from(missed)).scalar_one() < MISSED_MOST:
        upsert(db, missed, {"words": words, "count": 1, "first": day, "last": day}, key=("words",))


def missed_most(db: Db, *, limit: int = 200) -> tuple[Missed, ...]:
    """Return the questions that found nothing, the most frequent first."""
    query = sa.select(missed).order_by(missed.c.count.desc(), missed.c.last.desc(), missed.c.words).limit(limit)
    return tuple(Missed(**row) for row in db.execute(query).mappings())


def missed_listed(
    db: Db,
    *,
    contains: str = "",
    sort: str = "count",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Missed, ...]:
    """Return a page of the questions that found nothing, by ``count``, ``first``, ``last`` or ``words``, their key."""
    query = sa.select(missed)
    if contains:
        query = query.where(missed.c.words.contains(contains, autoescape=True))
    first = (missed.c[sort],) if sort in ("count", "first", "last") else ()
    page = keyset(query, (*first, missed.c.words), after=after, descending=descending, limit=limit)
    return tuple(Missed(**row) for row in db.execute(page).mappings())


def find_missed(db: Db, words: str) -> Missed:
    """Return one question that found nothing."""
    row = db.execute(sa.select(missed).where(missed.c.words == words)).mappings().one_or_none()
    if row is None:
        raise NotFound("question without an answer", words)
    return Missed(**row)


def forget_missed(db: Db, words: str) -> None:
    """Let go of a question that was put forward."""
    db.execute(sa.delete(missed).where(missed.c.words == words))


def candidates_listed(
    db: Db,
    *,
    contains: str = "",
    sort: str = "noted",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> tuple[Candidate, ...]:
    """Return a page of what was put forward, by ``count``, ``noted`` or ``words``; their key is the id."""
    query = sa.select(candidate)
    if contains:
        query = query.where(candidate.c.words.contains(contains, autoescape=True))
    first = candidate.c[sort] if sort in ("count", "words") else candidate.c.noted
    page = keyset(query, (first, candidate.c.id), after=after, descending=descending, limit=limit)
    return tuple(Candidate(**row) for row in db.execute(page).mappings())


def candidate_of(db: Db, words: str) -> Candidate | None:
    """Return the candidate of these words, if they were put forward."""
    row = db.execute(sa.select(candidate).where(candidate.c.words == words)).mappings().one_or_none()
    return None if row is None else Candidate(**row)


def save_candidate(db: Db, one: Candidate) -> None:
    """Keep a candidate."""
    names = ("id", "words", "count", "reason", "body", "noted")
    upsert(db, candidate, {name: getattr(one, name) for name in names}, key=("id",))


def _one(db: Db, table: sa.Table, key: str) -> sa.RowMapping | None:
    return db.execute(sa.select(table).where(table.c.id == key)).mappings().one_or_none()
