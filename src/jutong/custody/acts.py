"""What is done for the lake's keeping: small files put together, old versions let go, old versions read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jutong import catalogue, guard, library, quality, registers
from jutong.catalogue.entry import Entry
from jutong.desk import Desk
from jutong.guard import Label, Masked
from jutong.kernel.errors import Invalid, NotFound, WrongMoment
from jutong.kernel.text import text
from jutong.pools import TableRef
from jutong.pools.layout import layer_of
from jutong.pools.upkeep import Trimmed, Wear, compact, tables, trim, wear
from jutong.terms import Duty, Grade

from . import store
from .erasure import Erasure, Ground, Outcome, Phase, digest_of_subject, subject_of
from .retention import UNUSED, Retention, kept_since

SHOWN_MOST = 100
_OF_ENTRIES = frozenset({"raw", "standard", "finding"})
_OF_THE_TIER = frozenset({"library", "theme"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What upkeep did to a table: files before and after it, and what retention took away."""

    table: str
    files_before: int
    files: int
    trimmed: Trimmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The first rows of a table as it stood at a version."""

    table: str
    version: int
    came: datetime
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


def look_over(desk: Desk, declared: Mapping[str, Retention]) -> tuple[Wear, ...]:
    """Return how all tables stand and what upkeep would do now; nothing is changed."""
    desk.allow("custody.look_over", _whole_lake(desk))
    with desk.released():
        found = tuple(
            wear(desk.pools.lake, table, before=kept_since(table, declared, desk.now), unused_since=desk.now - UNUSED)
            for table in tables(desk.pools.lake)
        )
    desk.record("custody.looked_over", on="lake", tables=len(found), due=sum(one.due for one in found))
    return found


def order_upkeep(desk: Desk, table: str, declared: Mapping[str, Retention]) -> Wear | None:
    """Order the upkeep of a table, if any is due: what will go is on record before it goes."""
    desk.allow("custody.tend", _whole_lake(desk))
    before = kept_since(table, declared, desk.now)
    with desk.released():
        found = wear(desk.pools.lake, table, before=before, unused_since=desk.now - UNUSED)
    if not found.due:
        return None
    desk.record(
        "custody.upkeep_ordered",
        on=table,
        days=declared[table.partition("/")[0]].days,
        oldest=found.start,
        compacting=found.compacting,
        entries=found.entries,
        files=found.dead_files,
        bytes=found.dead_bytes,
    )
    return found


def tend(desk: Desk, table: str, declared: Mapping[str, Retention]) -> Kept:
    """Carry out the upkeep of a table; cut short at any moment, the same again completes it."""
    desk.allow("custody.tend", _whole_lake(desk))
    lake = desk.pools.lake
    with desk.released():
        before, files = compact(lake, table)
        trimmed = trim(lake, table, before=kept_since(table, declared, desk.now), unused_since=desk.now - UNUSED)
    desk.record(
        "custody.tended",
        on=table,
        files_before=before,
        files=files,
        oldest=trimmed.oldest,
        entries=trimmed.entries,
        dead_files=trimmed.files,
        dead_bytes=trimmed.bytes,
    )
    return Kept(table=table, files_before=before, files=files, trimmed=trimmed)


def look_back(
    desk: Desk, table: str, *, version: int | None = None, at: datetime | None = None, limit: int = 20
) -> Past:
    """Show an official the first rows of a table as it stood at a version or an instant, masked as ever.

    What retention has taken away is refused, with the oldest version that can be read.
    """
    entry = _entry_of(desk, table)
    desk.allow("custody.look_back", _label_of(desk, entry, table))
    kinds = _kinds_of(desk, table)
    for kind in kinds:
        library.check_listed(kind)
    if layer_of(table) not in _OF_ENTRIES | _OF_THE_TIER:
        raise NotFound("table", table[:60])
    lake = desk.pools.lake
    with desk.released():
        if version is None:
            version = lake.version(table) if at is None else lake.version_at(table, at)
        history = lake.history(table)
        history.check_kept(version)
        if version > history.newest:
            raise NotFound("version", version)
        came = history.came(version)
        sql = f"SELECT * FROM past LIMIT {min(max(limit, 1), SHOWN_MOST)}"  # noqa: S608 (a number)
        found = desk.pools.engine.query(sql, {"past": TableRef(table, version)}).read_all()
    shown = _shown_of(entry, found.column_names, desk.actor.cleared) if entry else _masks_of(table)
    rows = tuple(
        tuple(shown[name](_spelled(value)) if name in shown else _spelled(value) for name, value in row.items())
        for row in found.to_pylist()
    )
    desk.record("custody.looked_back", on=table, version=version, rows=len(rows))
    return Past(table=table, version=version, came=came, columns=tuple(found.column_names), rows=rows)


def ask_erasure(desk: Desk, value: str, *, ground: Ground, basis: str, key: bytes) -> Erasure:
    """Ask that everything on one subject be erased (PIPL, art. 47); its identifier is not kept, only a keyed digest."""
    desk.allow("custody.ask_erasure", _whole_lake(desk))
    subject = subject_of(value)
    if subject in basis.upper():
        raise Invalid(
            text("the basis spells the subject's identifier, and the basis is kept"),
            basis=text("PIPL, art. 47"),
            remedy=text("name the request or the decision, by its number and date"),
        )
    asked = Erasure(
        id=desk.new_id(),
        digest=digest_of_subject(subject, key),
        ground=ground,
        basis=basis,
        asked_by=desk.actor.id,
        asked_at=desk.now,
    )
    store.save(desk.db, asked)
    desk.record("custody.erasure_asked", on=asked.id, ground=ground.value, subject=asked.digest)
    return asked


def confirm_erasure(desk: Desk, erasure_id: str, value: str, *, key: bytes) -> Erasure:
    """Confirm an erasure as a second person, who types the identifier again; again is no change."""
    desk.allow("custody.confirm_erasure", _whole_lake(desk))
    asked = store.find_erasure(desk.db, erasure_id)
    asked.check_subject(value, key)
    confirmed = asked.confirm(desk.actor.id, desk.now)
    if confirmed != asked:
        store.save(desk.db, confirmed)
        desk.record("custody.erasure_confirmed", on=asked.id, ground=asked.ground.value, subject=asked.digest)
    return confirmed


def check_confirmed(desk: Desk, erasure_id: str, value: str, key: bytes) -> str:
    """Return the identifier to be erased if a second person has confirmed it; that it begins is on record."""
    desk.allow("custody.confirm_erasure", _whole_lake(desk))
    asked = store.find_erasure(desk.db, erasure_id)
    if asked.phase is Phase.ASKED:
        raise WrongMoment(text("the erasure is not confirmed"), remedy=text("have a second person confirm it"))
    subject = asked.check_subject(value, key)
    desk.record("custody.erasure_begun", on=asked.id, subject=asked.digest)
    return subject


def erasure_done(desk: Desk, erasure_id: str, outcome: Outcome) -> Erasure:
    """Note that a subject was erased: from which tables how many rows, and what this node could not reach."""
    desk.allow("custody.confirm_erasure", _whole_lake(desk))
    asked = store.find_erasure(desk.db, erasure_id)
    finished = asked.done(asked.outcome.joined(outcome), desk.now)
    store.save(desk.db, finished)
    desk.record(
        "custody.erased",
        on=asked.id,
        subject=asked.digest,
        rows=dict(outcome.rows),
        cells=dict(outcome.cells),
        neighbours=list(outcome.neighbours),
        consumers=list(outcome.consumers),
        decisions=outcome.decisions,
    )
    return finished


def _spelled(value: object) -> str | None:
    return None if value is None else str(value)


def _whole_lake(desk: Desk) -> Label:
    """Return what the guard needs for the upkeep of all tables: they are the authority's, and the node's own."""
    own = {desk.actor.org} if Duty.HOUSE in desk.actor.duties else set[str]()
    return Label(owner="", parties=registers.authorities(desk.db) | own)


def _entry_of(desk: Desk, table: str) -> Entry | None:
    """Return the entry whose rows a table holds, if the actor may see it; None for the tier's own tables."""
    layer, _, name = table.partition("/")
    return catalogue.visible_to(desk.db, name[:26], desk.actor) if layer in _OF_ENTRIES else None


def _label_of(desk: Desk, entry: Entry | None, table: str) -> Label:
    """Return what the guard needs for looking into a table."""
    if entry is None:
        gravest = max(_kinds_of(desk, table), key=lambda kind: kind.grade)
        return library.whole_library(registers.bodies(desk.db), gravest)
    return replace(entry.label, parties=registers.authorities(desk.db))


def _shown_of(entry: Entry, columns: Sequence[str], cleared: Grade) -> dict[str, Masked]:
    """Return column -> how its values are shown; what was read out of an item is as grave as the item."""
    items = {item.name: quality.shown_of(item, cleared) for item in entry.items}
    read = {
        column: items[max((name for name in items if column.startswith(f"{name}_")), key=len)]
        for column in columns
        if column not in items and any(column.startswith(f"{name}_") for name in items)
    }
    key = library.key_item_of(entry)
    return {"_key": items[key], **read, **items} if key else {**read, **items}


def _kinds_of(desk: Desk, table: str) -> tuple[library.Kind, ...]:
    """Return of which base libraries rows stand in a table of the tier; in a theme that nobody declared, of any."""
    layer, _, name = table.partition("/")
    if layer != "theme":
        return (library.kind_of_table(table),)
    return next((one.kinds for one in library.themes(desk.db) if one.name == name), tuple(library.KINDS.values()))


def _masks_of(table: str) -> dict[str, Masked]:
    """Return column -> its mask, of a table of the base library; a theme holds what its masks left."""
    if layer_of(table) == "theme":
        return {}
    return {one.name: guard.parse_mask(one.mask).compile() for one in library.kind_of_table(table).fields}
