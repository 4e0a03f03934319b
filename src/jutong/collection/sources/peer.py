"""Rows that another tier hands over: an Arrow stream and its manifest, checked row by row before anything lands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from jutong.kernel.canon import canonical
from jutong.kernel.canon import digest as hashed
from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.pools import Pools, TableRef
from jutong.pools.layout import withdrawn_table
from jutong.pools.snapshot import Digest

from ..batch import Batch, batch_id
from ..contract import Contract, Limits
from ..manifest import Manifest
from ..sift import landed_schema
from ..source import ROW, Portion, Survey, schema_of
from .keys import GONE
from .packed import checked_size, damaged, too_large


@dataclass(slots=True)
class PeerSource:
    """A batch of another tier, as it lies in an Arrow stream file."""

    path: Path
    manifest: Manifest
    limits: Limits = field(default_factory=Limits)
    kind: str = "peer"

    whole: bool = False

    @property
    def name(self) -> str:
        """The giving tier's source, under the name by which its batches belong together."""
        return self.manifest.feed or self.manifest.batch

    @property
    def gone(self) -> int:
        """How many keys the giving tier's source took back."""
        return self.manifest.taken_back

    def survey(self, contract: Contract) -> Survey:
        """Read the file once; its rows and keys must be those of the manifest, every one.

        The same rows in another batch are another delivery: a row that goes to and fro comes each time.
        """
        if set(self.manifest.columns) != set(contract.names):
            raise contract.wrong_schema(self.manifest.columns, sorted({*self.manifest.columns} - {*contract.names}))
        told = self.manifest
        rows, keys = Digest(landed_schema(told.columns)), Digest(GONE)
        for batch in self._batches():
            rows.add(batch)
        for batch in self.keys_gone():
            keys.add(batch)
        taken_back = keys.hex() if told.taken_back else ""
        if (rows.rows, rows.hex(), keys.rows, taken_back) != (
            *(told.rows, told.rows_digest),
            *(told.taken_back, told.keys_digest),
        ):
            raise Invalid(
                text("the rows handed over are not those of the manifest of batch {batch}", batch=told.batch[:26]),
                remedy=text("have the giving tier hand the batch over again"),
            )
        content = {"batch": told.batch, "rows": told.rows_digest, "taken_back": told.keys_digest}
        return Survey(hashed(canonical(content)), told.rows)

    def portions(self, contract: Contract) -> Iterator[Portion]:
        """Yield the rows under the positions that they had in the giving tier's source."""
        for batch in self._batches():
            place = batch.column(ROW)
            items = [batch.column(name) for name in contract.names]
            yield Portion(pa.RecordBatch.from_arrays([place, place, *items], schema=schema_of(contract)))

    def keys_gone(self) -> Iterator[pa.RecordBatch]:
        """Yield the keys that were taken back; they stand behind the rows."""
        yield from self._streams(GONE) if self.gone else ()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        yield from self._streams()

    def _streams(self, behind: pa.Schema | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the first stream of the file, or that ``behind`` it."""
        checked_size(self.path, self.limits)
        total = 0
        try:
            with pa.OSFile(str(self.path)) as file:
                for wanted in (landed_schema(self.manifest.columns), behind):
                    if wanted is None:
                        return
                    with pa.ipc.open_stream(file) as reader:
                        if not reader.schema.equals(wanted):
                            raise damaged(self.manifest.batch[:26])
                        for batch in reader:
                            batch.validate(full=True)
                            total += batch.nbytes
                            if total > self.limits.max_bytes:
                                raise too_large(self.limits.max_bytes)
                            if wanted is behind or behind is None:
                                yield batch
        except (pa.ArrowException, OSError) as error:
            raise damaged(self.manifest.batch[:26]) from error


@dataclass(frozen=True, slots=True)
class Handed:
    """What leaves for the tier above: rows, keys taken back, and the manifest of both."""

    rows: pa.RecordBatchReader
    keys: pa.RecordBatchReader
    manifest: Manifest


def export_batch(pools: Pools, batch: Batch, columns: tuple[str, ...]) -> Handed:
    """Return a batch's rows in their order, the keys taken back, and the manifest by which the receiver checks both."""
    told, rows_digest = batch.rows_landed, batch.rows_digest
    if pools.lake.kept(batch.snapshot.table, batch.snapshot.version) != batch.snapshot.version:
        # Its first version is gone: by retention, or because a subject was erased. What stands is counted anew.
        counted = Digest(landed_schema(columns))
        for part in _rows_of(pools, batch, columns):
            counted.add(part.cast(counted.schema))
        told, rows_digest = counted.rows, counted.hex()
    taken = Digest(GONE)
    for part in _keys_of(pools, batch):
        taken.add(part.cast(GONE))
    manifest = Manifest(
        entry=batch.entry,
        batch=batch.id,
        rows=told,
        rows_digest=rows_digest,
        columns=columns,
        feed=batch_id(batch.entry, hashed(batch.source.encode())),
        taken_back=taken.rows,
        keys_digest=taken.hex() if taken.rows else "",
    )
    return Handed(_rows_of(pools, batch, columns), _keys_of(pools, batch), manifest)


def _rows_of(pools: Pools, batch: Batch, columns: tuple[str, ...]) -> pa.RecordBatchReader:
    names = ", ".join(columns)
    return pools.engine.query(
        f"SELECT {ROW}, {names} FROM raw WHERE _batch = ? ORDER BY {ROW}",  # noqa: S608 (item names are [a-z0-9_])
        {"raw": TableRef(batch.snapshot.table, batch.snapshot.version, lasting=True)},
        (batch.id,),
    )


def _keys_of(pools: Pools, batch: Batch) -> pa.RecordBatchReader:
    table = withdrawn_table(batch.entry)
    if not (batch.rows_withdrawn and pools.lake.exists(table)):
        return GONE.empty_table().to_reader()
    sql = "SELECT key FROM withdrawn WHERE _batch = ? ORDER BY key"
    return pools.engine.query(sql, {"withdrawn": TableRef(table)}, (batch.id,))


def write_export(path: Path, handed: Handed) -> None:
    """Write rows, and keys behind them, as the file that ``PeerSource`` reads: two Arrow streams, or one."""
    told = handed.manifest
    with pa.OSFile(str(path), "wb") as file:
        _write(file, handed.rows, landed_schema(told.columns))
        if told.taken_back:
            _write(file, handed.keys, GONE)


def _write(file: pa.OSFile, rows: pa.RecordBatchReader, schema: pa.Schema) -> None:
    with pa.ipc.new_stream(file, schema) as writer:
        for batch in rows:
            writer.write_batch(batch.cast(schema))
