"""Collection endpoints: deliver rows of an entry, see what landed and what was kept apart."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.concurrency import sync_to_thread
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import Parameter

from jutong import catalogue, collection
from jutong.collection import Batch, Layout, Limits
from jutong.desk import House
from jutong.kernel.errors import Invalid, NotFound, TooMuch
from jutong.kernel.files import refusing_full_disk
from jutong.kernel.text import text
from jutong.terms import Actor

from .problems import REFUSALS
from .wiring import SLACK, AfterUlid, Limit, TheActor, TheHouse, Ulid, look

TAGS = ["collection"]


@dataclass
class Delivery(Operation):
    """The document's words for a body that is a file."""

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody({"application/octet-stream": file}, required=True)


class BatchView(msgspec.Struct, kw_only=True):
    """What one delivery brought."""

    id: str
    entry: str
    kind: str
    rows_read: int
    rows_landed: int
    rows_quarantined: int
    rows_withdrawn: int
    quarantined: Mapping[str, int]
    digest: str
    table: str
    version: int
    collected_at: datetime
    tier: str
    origin: str


@post(
    "/api/entries/{entry_id:str}/batches",
    responses=REFUSALS,
    tags=TAGS,
    operation_class=Delivery,
    request_max_body_size=Limits().max_bytes + SLACK,
)
async def deliver(
    request: Request[Any, Any, Any],
    house: TheHouse,
    actor: TheActor,
    entry_id: Ulid,
    layout: Annotated[str, Parameter(max_length=60, description="a shipped layout; empty: the entry's own")] = "",
    encoding: Annotated[str, Parameter(max_length=20, description="of text: utf-8, gb18030 or big5")] = "",
    delimiter: Annotated[str, Parameter(max_length=3, description="of CSV: , ; | or tab")] = "",
    table: Annotated[str, Parameter(max_length=200, description="of an SQLite file, or a sheet of a workbook")] = "",
    rows_at: Annotated[str, Parameter(max_length=200, description="path of the list in a JSON document")] = "",
) -> BatchView:
    """Deliver a file of rows as the request's body: CSV, JSON, DBF, Parquet, XLSX or SQLite, by its first bytes."""
    await sync_to_thread(_may_deliver, house, actor, entry_id)
    known_layout = _layout(layout).declaring(encoding=encoding, delimiter=delimiter, table=table, rows_at=rows_at)
    inbox = house.home.folder / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=inbox, prefix="delivery-") as spool:
        size, limit = 0, Limits().max_bytes
        async for block in request.stream():
            size += len(block)
            if size > limit:
                raise TooMuch(
                    text("the delivery is larger than {limit} MiB", limit=limit >> 20),
                    remedy=text("deliver it in parts, or have the node's limit raised"),
                )
            with refusing_full_disk():
                spool.write(block)
        with refusing_full_disk():
            spool.flush()
        return _view(await sync_to_thread(_collect, house, actor, entry_id, Path(spool.name), known_layout))


@look("/api/entries/{entry_id:str}/batches", tags=TAGS)
def list_batches(
    house: TheHouse, actor: TheActor, entry_id: Ulid, after: AfterUlid = "", limit: Limit = 100
) -> list[BatchView]:
    """List the deliveries of an entry that you may see, oldest first."""
    with house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, actor)
        return [_view(batch) for batch in collection.batches_of(db, entry.id, after=after, limit=limit)]


@look("/api/batches/{batch_id:str}", tags=TAGS)
def show_batch(house: TheHouse, actor: TheActor, batch_id: Ulid) -> BatchView:
    """Show one delivery."""
    with house.reading() as db:
        return _view(visible_batch(house, actor, batch_id, db))


def visible_batch(house: House, actor: Actor, batch_id: str, db: Any) -> Batch:
    """Return a batch of an entry that the actor may see; of others not even that they are there."""
    batch = collection.find_batch(db, batch_id)
    try:
        catalogue.visible_to(db, batch.entry, actor)
    except NotFound:
        raise NotFound("batch", batch_id) from None
    return batch


def _may_deliver(house: House, actor: Actor, entry_id: str) -> None:
    # Before the body is taken: gigabytes of somebody who may not deliver would fill the disk of those who may.
    with house.desk(actor) as desk:
        desk.allow("collection.collect", catalogue.visible_to(desk.db, entry_id, actor).label)


def _collect(house: House, actor: Actor, entry_id: str, path: Path, layout: Layout) -> Batch:
    source = collection.source_at(path, layout, Limits())
    with collection.under_way(house.home.folder, entry_id, house.clock) as told, house.desk(actor) as desk:
        return collection.collect(desk, entry_id, source, progress=told.progress)


def _layout(name: str) -> Layout:
    if not name:
        return Layout()
    if name not in collection.LAYOUTS:
        raise Invalid(
            text("there is no layout {name}", name=name),
            remedy=text("use one of: {names}", names=", ".join(collection.LAYOUTS)),
        )
    return collection.LAYOUTS[name]


def _view(batch: Batch) -> BatchView:
    return BatchView(
        id=batch.id,
        entry=batch.entry,
        kind=batch.kind,
        rows_read=batch.rows_read,
        rows_landed=batch.rows_landed,
        rows_quarantined=batch.rows_quarantined,
        rows_withdrawn=batch.rows_withdrawn,
        quarantined={reason.value: count for reason, count in batch.quarantined.items()},
        digest=batch.rows_digest,
        table=batch.snapshot.table,
        version=batch.snapshot.version,
        collected_at=batch.collected_at,
        tier=batch.tier,
        origin=batch.origin,
    )


ENDPOINTS = [deliver, list_batches, show_batch]
