"""What is done for the lake's keeping: small files put together, old versions let go, old versions read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from jutong import catalogue, library, quality, registers
from jutong.catalogue.entry import Entry
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.errors import NotFound
from jutong.pools import TableRef
from jutong.pools.layout import layer_of
from jutong.pools.upkeep import Trimmed, Wear, compact, tables, trim, wear
from jutong.terms import Duty

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
    desk.allow("custody.look_back", _label_of(desk, entry))
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
    shown = {item.name: quality.shown_of(item, desk.actor.cleared) for item in entry.items} if entry else {}
    rows = tuple(
        tuple(shown[name](_spelled(value)) if name in shown else _spelled(value) for name, value in row.items())
        for row in found.to_pylist()
    )
    desk.record("custody.looked_back", on=table, version=version, rows=len(rows))
    return Past(table=table, version=version, came=came, columns=tuple(found.column_names), rows=rows)


def _spelled(value: object) -> str | None:
    return None if value is None else str(value)


def _whole_lake(desk: Desk) -> Label:
    """Return what the guard needs for the upkeep of all tables: they are the authority's, and the node's own."""
    own = {desk.actor.org} if Duty.HOUSE in desk.actor.duties else set[str]()
    return Label(owner="", parties=registers.authorities(desk.db) | own)


def _entry_of(desk: Desk, table: str) -> Entry | None:
    """Return the entry whose rows a table holds, if the actor may see it; None for the tier's own tables."""
    layer, _, name = table.partition("/")
    if layer_of(table) in _OF_ENTRIES:
        return catalogue.visible_to(desk.db, name[:26], desk.actor)
    if layer in _OF_THE_TIER:
        return None
    raise NotFound("table", table[:60])


def _label_of(desk: Desk, entry: Entry | None) -> Label:
    """Return what the guard needs for looking into a table."""
    if entry is None:
        return library.whole_library(registers.bodies(desk.db))
    return replace(entry.label, parties=registers.authorities(desk.db))
