"""One delivery on its way into the pools: surveyed, landed once by its content, reconciled; not yet recorded."""

from __future__ import annotations

import tempfile

import pyarrow as pa

from jutong import catalogue
from jutong.catalogue.entry import Entry
from jutong.catalogue.stage import Stage
from jutong.desk import Desk
from jutong.kernel.errors import WrongMoment
from jutong.kernel.files import refusing_full_disk
from jutong.kernel.text import text
from jutong.pools import Pools
from jutong.pools.lake import Lake
from jutong.pools.layout import quarantine_table, raw_table, withdrawn_table
from jutong.pools.snapshot import Snapshot, digest_of

from . import store
from .batch import Batch, batch_id
from .contract import contract_of
from .flow import Flow, Progress
from .source import Source
from .sources import PeerSource, PulledSource
from .taken_back import WITHDRAWN, Tables, standing_tables, withdrawn_keys


def landed(desk: Desk, entry: Entry, source: Source, *, tier: str = "", progress: Progress | None = None) -> Batch:
    """Return the batch of this delivery, landed in the pools if it was not yet known."""
    contract = contract_of(in_force(entry))
    with desk.released():
        survey = source.survey(contract)
    identifier = batch_id(entry.id, survey.content)
    if store.known(desk.db, identifier):
        return store.find_batch(desk.db, identifier)
    takes_back = isinstance(source, PulledSource | PeerSource) and (source.gone > 0 or source.whole)
    tables = standing_tables(desk.db, desk.pools.lake, entry.id) if takes_back else {}
    withdrawn = 0
    with desk.released(), tempfile.TemporaryFile() as aside, refusing_full_disk():
        flow = Flow(source, survey, contract, batch=identifier, aside=aside)
        if isinstance(source, PulledSource | PeerSource) and takes_back:
            withdrawn = _take_back(desk.pools, entry, source, tables, identifier)
        snapshot = _land(desk.pools.lake, entry.id, flow, identifier, progress or _silent)
    if contract_of(in_force(catalogue.find(desk.db, entry.id))) != contract:
        raise WrongMoment(
            text("the entry changed while its rows were collected; they were not recorded"),
            remedy=text("collect them again"),
        )
    return Batch(
        id=identifier,
        entry=entry.id,
        provider=entry.provider,
        kind=source.kind,
        source=source.name[:400],
        content=survey.content,
        rows_digest=flow.rows_digest,
        snapshot=snapshot,
        rows_read=flow.rows_read,
        rows_landed=flow.rows_landed,
        rows_quarantined=flow.quarantined.total(),
        rows_withdrawn=withdrawn,
        quarantined=dict(flow.quarantined),
        tier=tier,
        origin=source.manifest.batch if isinstance(source, PeerSource) else "",
        left_aside=survey.left_aside,
        collected_at=desk.now,
    )


def _land(lake: Lake, entry: str, flow: Flow, mark: str, progress: Progress) -> Snapshot:
    """Land intact and broken rows, each table once by the batch's mark; a landing that was cut short is taken up."""
    rows = flow.intact(progress)
    try:
        snapshot = lake.append(raw_table(entry), rows, mark=mark, digested=flow.digest)
        # The rows stand from another try, so nobody has read these: they still have to be counted and compared.
        if not flow.finished:
            _refuse_other_rows(snapshot, digest_of(rows))
    except Exception:
        if flow.refusal is not None:
            raise flow.refusal from None
        raise
    if flow.quarantined:
        lake.append(quarantine_table(entry), flow.broken(), mark=mark)
    return snapshot


def _take_back(pools: Pools, entry: Entry, source: PulledSource | PeerSource, tables: Tables, mark: str) -> int:
    """Land the keys that the source took back, before the rows: who sees the rows sees what went with them."""
    taken = withdrawn_keys(pools, entry, tables, source)
    labelled = (
        pa.RecordBatch.from_arrays([pa.repeat(pa.scalar(mark, pa.string()), len(one)), one.column(0)], schema=WITHDRAWN)
        for one in taken
    )
    reader = pa.RecordBatchReader.from_batches(WITHDRAWN, labelled)
    return pools.lake.append(withdrawn_table(entry.id), reader, mark=mark).rows


def _refuse_other_rows(snapshot: Snapshot, digest: str) -> None:
    if snapshot.digest != digest:
        raise WrongMoment(
            text("an unfinished landing of this delivery had read it under another form of the entry"),
            remedy=text("have the source export the rows anew, and collect that"),
        )


def in_force(entry: Entry) -> Entry:
    """Return the entry if its rows may be collected."""
    if entry.stage is not Stage.PUBLISHED:
        raise WrongMoment(
            text("{title} is not published, so its rows are not collected", title=entry.title),
            basis=text("Order 809, arts 13-17"),
            remedy=text("have the entry published first"),
        )
    return entry


def _silent(rows: int, of: int) -> None:
    del rows, of
