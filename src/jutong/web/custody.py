"""Endpoints of the lake: how its tables stand, and a table as it stood at a version or an instant."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar.params import Parameter

from jutong import custody
from jutong.custody import Past

from .wiring import TheActor, TheHouse, look

TAGS = ["lake"]
TableName = Annotated[
    str,
    Parameter(
        pattern="^([a-z]{1,20}/[A-Za-z0-9_-]{1,60})?$",
        description="the table: its layer, /, an entry's identifier or name",
    ),
]
VersionNumber = Annotated[
    str,
    Parameter(pattern="^[0-9]{0,15}$", description="as it stood at this version; empty: the newest, or that of `at`"),
]


class TableView(msgspec.Struct, kw_only=True):
    """How a table stands, and what upkeep would do to it now."""

    table: str
    oldest: int
    newest: int
    since: datetime
    files: int
    bytes: int
    compacting: int
    entries: int
    dead_files: int
    dead_bytes: int
    days: int


@look("/api/lake/tables", tags=TAGS)
def list_tables(house: TheHouse, actor: TheActor) -> list[TableView]:
    """List the lake's tables with their retention and what is due; for the node's system administrator."""
    declared = custody.retentions(house.home.settings.retention)
    with house.desk(actor) as desk:
        found = custody.look_over(desk, declared)
    return [
        TableView(
            table=one.table,
            oldest=one.oldest,
            newest=one.newest,
            since=one.since,
            files=one.files,
            bytes=one.bytes,
            compacting=one.compacting,
            entries=one.entries,
            dead_files=one.dead_files,
            dead_bytes=one.dead_bytes,
            days=declared[one.table.partition("/")[0]].days,
        )
        for one in found
    ]


@look("/api/lake/rows", tags=TAGS)
def show_past(
    house: TheHouse,
    actor: TheActor,
    table: TableName = "",
    version: VersionNumber = "",
    at: Annotated[datetime | None, Parameter(description="as it stood at this instant, with its offset")] = None,
    limit: Annotated[int, Parameter(ge=1, le=100, description="at most so many rows")] = 20,
) -> Past:
    """Show the first rows of a table as it stood at a version or an instant; what is no longer kept is refused."""
    with house.desk(actor) as desk:
        return custody.look_back(desk, table, version=int(version) if version else None, at=at, limit=limit)


ENDPOINTS = [list_tables, show_past]
