"""What is kept of the harvest, and how it changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, upsert
from jutong.kernel.errors import NotFound

from .. import store as entries
from ..entry import Entry
from .gather import Gather, Source
from .kinship import Decision, Kin, Relative, Standing
from .portion import Known, Sorted
from .reading import decision_of, formats_of, gather_of, listed_by, source_of
from .record import Record, State
from .tables import alias_table, decision_table, flaw_table, gather_table, record_table, source_table

KEYS = 500  # of one question


def save_source(db: Db, source: Source) -> None:
    """Keep a source."""
    values = {
        "name": source.name,
        "division": source.division,
        "owner": source.owner,
        "identity": source.identity.value,
        "mapped": {name: idea.value for name, idea in source.mapped.items()},
        "accepted_by": source.accepted_by,
        "accepted_at": source.accepted_at,
    }
    upsert(db, source_table, values, key=("name",))


def known_source(db: Db, name: str, *, hold: bool = False) -> Source | None:
    """Return a source, or nothing."""
    query = sa.select(source_table).where(source_table.c.name == name)
    row = db.execute(query.with_for_update() if hold else query).mappings().one_or_none()
    return source_of(row) if row else None


def find_source(db: Db, name: str) -> Source:
    """Return a source."""
    found = known_source(db, name)
    if found is None:
        raise NotFound("source", name[:80])
    return found


def save_gather(db: Db, gather: Gather) -> None:
    """Keep how far a gather has come."""
    values = {
        **{name: getattr(gather, name) for name in ("id", "source", "content", "rules", "file", "rows", "complete")},
        **{name: getattr(gather, name) for name in ("many", "position", "began", "ended")},
        "guesses": msgspec.to_builtins(gather.guesses),
        "stage": gather.stage.value,
        "identity": gather.identity.value,
        "counts": msgspec.to_builtins(gather.counts),
        "flaws": dict(gather.flaws),
        "kin": dict(gather.kin),
    }
    upsert(db, gather_table, values, key=("id",))


def find_gather(db: Db, gather_id: str, *, hold: bool = False) -> Gather:
    """Return a gather; with ``hold``, other transactions wait for this one."""
    query = sa.select(gather_table).where(gather_table.c.id == gather_id)
    row = db.execute(query.with_for_update() if hold else query).mappings().one_or_none()
    if row is None:
        raise NotFound("gather", gather_id)
    return gather_of(row)


def latest_gather(db: Db, source: str) -> Gather | None:
    """Return the gather of a source that was begun last, or nothing."""
    of_source = gather_table.c.source == source
    row = db.execute(sa.select(gather_table).where(of_source).order_by(gather_table.c.id.desc()).limit(1))
    found = row.mappings().one_or_none()
    return gather_of(found) if found else None


def save_flaws(db: Db, gather: str, flaws: Sequence[tuple[int, str]]) -> None:
    """Keep which rows were refused."""
    if flaws:
        db.execute(sa.insert(flaw_table), [{"gather": gather, "line": line, "flaw": flaw} for line, flaw in flaws])


def known_records(db: Db, source: str, keys: Sequence[str]) -> Mapping[str, Known]:
    """Return what is kept under these keys of a source."""
    found: dict[str, Known] = {}
    columns = (record_table.c.key, record_table.c.id, record_table.c.digest, record_table.c.state)
    for at in range(0, len(keys), KEYS):
        asked = record_table.c.key.in_(keys[at : at + KEYS])
        for row in db.execute(sa.select(*columns).where(record_table.c.source == source, asked)):
            found[row.key] = Known(row.id, row.digest, State(row.state))
    return found


def add_records(db: Db, rows: Iterable[Sorted], source: str, gather: str, now: datetime) -> None:
    """Keep new records, each under its identifier and with its digest."""
    kept = {"source": source, "state": State.LISTED.value, "gather": gather, "first_seen": now, "changed": now}
    empty = {"kin": "", "leader": "", "entry": ""}
    values = [
        {"id": id_, "key": record.key, "digest": digest, **_values(record), **kept, **empty}
        for id_, digest, record in rows
    ]
    if values:
        db.execute(sa.insert(record_table), values)


def change_records(db: Db, rows: Iterable[Sorted], gather: str, now: datetime) -> None:
    """Let kept records say what they say now."""
    kept = {"state": State.LISTED.value, "gather": gather, "changed": now}
    values = [{"b_id": id_, "digest": digest, **_values(record), **kept} for id_, digest, record in rows]
    if values:
        db.execute(sa.update(record_table).where(record_table.c.id == sa.bindparam("b_id")), values)


def mark_seen(db: Db, ids: Sequence[str], gather: str) -> None:
    """Note which gather saw unchanged records last."""
    for at in range(0, len(ids), KEYS):
        asked = record_table.c.id.in_(ids[at : at + KEYS])
        db.execute(sa.update(record_table).where(asked).values(gather=gather))


def missing(db: Db, source: str, gather: str) -> tuple[int, int]:
    """Return how many records of a source are listed, and how many of them this gather did not see."""
    unseen = sa.func.sum(sa.case((record_table.c.gather != gather, 1), else_=0))
    query = sa.select(sa.func.count(), sa.func.coalesce(unseen, 0)).where(*listed_by(source))
    listed, gone = db.execute(query).one()
    return int(listed), int(gone)


def let_vanish(db: Db, source: str, gather: str, now: datetime) -> None:
    """Mark as vanished what a gather did not see."""
    gone = (*listed_by(source), record_table.c.gather != gather)
    db.execute(sa.update(record_table).where(*gone).values(state=State.VANISHED.value, changed=now))


def set_state(db: Db, record_id: str, state: State, now: datetime) -> None:
    """Set whether a record is listed."""
    of_record = record_table.c.id == record_id
    db.execute(sa.update(record_table).where(of_record).values(state=state.value, changed=now))


def set_entry(db: Db, record_id: str, entry: str) -> None:
    """Note the draft that was made of a record."""
    db.execute(sa.update(record_table).where(record_table.c.id == record_id).values(entry=entry))


def relatives(db: Db, source: str) -> Iterator[Relative]:
    """Yield what kinship is told by, of all that a source lists."""
    names = ("id", "source", "title", "department", "formats", "content", "published", "updated")
    for row in db.execute(sa.select(*(record_table.c[name] for name in names)).where(*listed_by(source))).mappings():
        yield Relative(**{**row, "formats": formats_of(row["formats"])})


def decisions_of(db: Db, source: str) -> tuple[Decision, ...]:
    """Return every decision on a source's records."""
    query = sa.select(decision_table).where(decision_table.c.source == source)
    return tuple(map(decision_of, db.execute(query).mappings()))


def save_decisions(db: Db, new: Iterable[Decision], changed: Iterable[Decision], now: datetime) -> None:
    """Keep new decisions, and the standing of known ones."""
    added = [
        {
            **{name: getattr(one, name) for name in ("id", "source", "leader", "member")},
            "kin": one.kin.value,
            "why": one.why.value,
            "standing": one.standing.value,
            "decided": now,
        }
        for one in new
    ]
    if added:
        db.execute(sa.insert(decision_table), added)
    update = sa.update(decision_table).where(decision_table.c.id == sa.bindparam("b_id"))
    altered = [
        {"b_id": one.id, "standing": one.standing.value, "why": one.why.value, "decided": now} for one in changed
    ]
    if altered:
        db.execute(update, altered)


def point_members(db: Db, source: str, decisions: Iterable[Decision]) -> None:
    """Let each record of a source point at the one it belongs to: a duplicate first, then a twin, then a series."""
    db.execute(sa.update(record_table).where(record_table.c.source == source).values(kin="", leader=""))
    rank = {Kin.SERIES: 0, Kin.TWIN: 1, Kin.DUPLICATE: 2}
    standing = sorted((one for one in decisions if one.standing is Standing.STANDS), key=lambda one: rank[one.kin])
    pointed = {one.member: {"b_id": one.member, "kin": one.kin.value, "leader": one.leader} for one in standing}
    if pointed:
        update = sa.update(record_table).where(record_table.c.id == sa.bindparam("b_id"))
        db.execute(update, list(pointed.values()))


def entry_of(db: Db, entry_id: str) -> Entry:
    """Return the draft that was made of a record, as it stands now."""
    return entries.find(db, entry_id)


def find_decision(db: Db, decision_id: str) -> Decision:
    """Return a decision."""
    row = db.execute(sa.select(decision_table).where(decision_table.c.id == decision_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("decision", decision_id)
    return decision_of(row)


def aliases(db: Db) -> Mapping[str, str]:
    """Return the names of bodies that officers have added."""
    return {row.name: row.body for row in db.execute(sa.select(alias_table).order_by(alias_table.c.name))}


def save_alias(db: Db, name: str, body: str) -> int:
    """Keep a name of a body, give it to every record that bears the name, and return how many there are."""
    upsert(db, alias_table, {"name": name, "body": body}, key=("name",))
    return db.execute(sa.update(record_table).where(record_table.c.department == name).values(body=body)).rowcount


def _values(record: Record) -> dict[str, Any]:
    same = (
        *("identifier", "title", "description", "department", "body", "category", "theme", "industry", "tags"),
        *("open_words", "cycle_words", "published", "updated", "due", "formats_unknown", "volume", "telephone"),
        *("email", "url", "fields"),
    )
    return {
        **{name: getattr(record, name) for name in same},
        "open_type": record.open_type and record.open_type.value,
        "update_cycle": record.update_cycle and record.update_cycle.value,
        "formats": ",".join(record.formats)[:400],
        "aside": dict(record.aside),
        "content": record.content,
    }
