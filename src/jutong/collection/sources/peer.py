"""Rows that another tier hands over: an Arrow stream and its manifest, checked row by row before anything lands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.pools import Pools, TableRef
from jutong.pools.snapshot import Digest

from ..batch import Batch
from ..contract import Contract, Limits
from ..manifest import Manifest
from ..sift import landed_schema
from ..source import ROW, Portion, Survey, schema_of
from .packed import checked_size, damaged, too_large


@dataclass(slots=True)
class PeerSource:
    """A batch of another tier, as it lies in an Arrow stream file."""

    path: Path
    manifest: Manifest
    limits: Limits = field(default_factory=Limits)
    kind: str = "peer"

    @property
    def name(self) -> str:
        """The giving tier's batch."""
        return self.manifest.batch

    def survey(self, contract: Contract) -> Survey:
        """Read the whole stream once; its rows must be those of the manifest, every one."""
        if set(self.manifest.columns) != set(contract.names):
            raise contract.wrong_schema(self.manifest.columns, sorted({*self.manifest.columns} - {*contract.names}))
        digest = Digest(landed_schema(self.manifest.columns))
        for batch in self._batches():
            digest.add(batch)
        if (digest.rows, digest.hex()) != (self.manifest.rows, self.manifest.rows_digest):
            raise Invalid(
                text("the rows handed over are not those of the manifest of batch {batch}", batch=self.name[:26]),
                remedy=text("have the giving tier hand the batch over again"),
            )
        return Survey(self.manifest.rows_digest, self.manifest.rows)

    def portions(self, contract: Contract) -> Iterator[Portion]:
        """Yield the rows under the positions that they had in the giving tier's source."""
        for batch in self._batches():
            place = batch.column(ROW)
            items = [batch.column(name) for name in contract.names]
            yield Portion(pa.RecordBatch.from_arrays([place, place, *items], schema=schema_of(contract)))

    def _batches(self) -> Iterator[pa.RecordBatch]:
        checked_size(self.path, self.limits)
        wanted, total = landed_schema(self.manifest.columns), 0
        try:
            with pa.OSFile(str(self.path)) as stream, pa.ipc.open_stream(stream) as reader:
                if not reader.schema.equals(wanted):
                    raise damaged(self.name[:26])
                for batch in reader:
                    batch.validate(full=True)
                    total += batch.nbytes
                    if total > self.limits.max_bytes:
                        raise too_large(self.limits.max_bytes)
                    yield batch
        except (pa.ArrowException, OSError) as error:
            raise damaged(self.name[:26]) from error


def export_batch(pools: Pools, batch: Batch, columns: tuple[str, ...]) -> tuple[pa.RecordBatchReader, Manifest]:
    """Return a batch's rows in their order, and the manifest by which the receiver checks them."""
    told, rows_digest = batch.rows_landed, batch.rows_digest
    if pools.lake.kept(batch.snapshot.table, batch.snapshot.version) != batch.snapshot.version:
        # Its first version is gone: by retention, or because a subject was erased. What stands is counted anew.
        counted = Digest(landed_schema(columns))
        for part in _rows_of(pools, batch, columns):
            counted.add(part.cast(counted.schema))
        told, rows_digest = counted.rows, counted.hex()
    manifest = Manifest(entry=batch.entry, batch=batch.id, rows=told, rows_digest=rows_digest, columns=columns)
    return _rows_of(pools, batch, columns), manifest


def _rows_of(pools: Pools, batch: Batch, columns: tuple[str, ...]) -> pa.RecordBatchReader:
    names = ", ".join(columns)
    return pools.engine.query(
        f"SELECT {ROW}, {names} FROM raw WHERE _batch = ? ORDER BY {ROW}",  # noqa: S608 (item names are [a-z0-9_])
        {"raw": TableRef(batch.snapshot.table, batch.snapshot.version, lasting=True)},
        (batch.id,),
    )


def write_export(path: Path, rows: pa.RecordBatchReader, manifest: Manifest) -> None:
    """Write rows as the stream file that ``PeerSource`` reads."""
    schema = landed_schema(manifest.columns)
    with pa.OSFile(str(path), "wb") as stream, pa.ipc.new_stream(stream, schema) as writer:
        for batch in rows:
            writer.write_batch(batch.cast(schema))
