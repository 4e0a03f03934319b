"""One pass over a source: rows on their way into the pools, counted, digested, the broken ones put aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO

import pyarrow as pa

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.pools.snapshot import Digest

from .contract import Contract, Reason
from .sift import REASON, broken_schema, landed_schema, sift
from .source import Source, Survey

BATCH, SOURCE = "_batch", "_source"
Progress = Callable[[int, int], None]  # rows read, of how many


class Flow:
    """The rows of one delivery; broken ones go to ``aside`` (a file of the caller's), so that memory stays bounded.

    What passes depends on the delivery's content alone, not on its name or the hour: trying again gives the same rows.
    """

    def __init__(self, source: Source, survey: Survey, contract: Contract, *, batch: str, aside: IO[bytes]) -> None:
        self.contract, self._source, self._survey = contract, source, survey
        self._label = [(BATCH, batch), (SOURCE, f"{source.kind}:{survey.content[:16]}")]
        self._labels: list[pa.Array] = []
        self._aside = aside
        self.digest = Digest(self._labelled(landed_schema(contract.names)))
        self.rows_read = self.rows_landed = 0
        self.quarantined: Counter[Reason] = Counter()
        self.finished = False
        self.refusal: Exception | None = None

    @property
    def rows_digest(self) -> str:
        """The digest of the intact rows that have passed, whatever batch and source are written beside them."""
        return self.digest.hex(without=(BATCH, SOURCE))

    def intact(self, progress: Progress) -> pa.RecordBatchReader:
        """Return the intact rows with their batch and source; the last is followed by the reckoning."""
        return pa.RecordBatchReader.from_batches(self.digest.schema, self._pass(progress))

    def broken(self) -> pa.RecordBatchReader:
        """Return the rows put aside, once all have passed."""
        self._aside.seek(0)
        rows = pa.ipc.open_stream(self._aside)
        schema = self._labelled(broken_schema(self.contract))
        return pa.RecordBatchReader.from_batches(schema, (self._with_label(batch, schema) for batch in rows))

    def _pass(self, progress: Progress) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._sifted(progress)
        except Exception as error:
            # On its way through Arrow an error may lose its kind; the caller finds it here.
            self.refusal = error
            raise

    def _sifted(self, progress: Progress) -> Iterator[pa.RecordBatch]:
        progress(0, self._survey.rows)
        with pa.ipc.new_stream(self._aside, broken_schema(self.contract)) as aside:
            for portion in self._source.portions(self.contract):
                told = sift(portion, self.contract, self._source.limits)
                self.rows_landed += len(told.intact)
                self.rows_read += len(told.intact) + len(told.broken)
                self.quarantined.update(Reason(reason) for reason in told.broken.column(REASON).to_pylist())
                if len(told.broken):
                    aside.write_batch(told.broken)
                progress(self.rows_read, self._survey.rows)
                if len(told.intact):
                    intact = self._with_label(told.intact, self.digest.schema)
                    self.digest.add(intact)
                    yield intact
        self._reckon()
        self.finished = True

    def _reckon(self) -> None:
        if self.rows_read != self._survey.rows:
            raise Invalid(
                text(
                    "the source counts {counted} rows, but {read} were read: nothing was kept",
                    counted=self._survey.rows,
                    read=self.rows_read,
                ),
                basis=text("reconciliation of counts"),
                remedy=text("deliver the file again; if it happens again, have its quotes and line ends looked at"),
            )

    def _labelled(self, schema: pa.Schema) -> pa.Schema:
        return pa.schema([*(pa.field(name, pa.string()) for name, _ in self._label), *schema])

    def _with_label(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        if not self._labels or len(self._labels[0]) < len(batch):
            # Made once for the longest batch; each batch takes as much of them as it has rows.
            self._labels = [pa.repeat(pa.scalar(word, pa.string()), len(batch)) for _, word in self._label]
        labels = [column.slice(0, len(batch)) for column in self._labels]
        return pa.RecordBatch.from_arrays([*labels, *batch.columns], schema=schema)
