"""The lake: Delta tables in a folder or under an S3 URL; what lands there lands once, whole, under a mark."""

from __future__ import annotations

import contextlib
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, WriterProperties
from deltalake.exceptions import CommitFailedError, DeltaError
from pyarrow import fs

from jutong.kernel.errors import Invalid, NotFound, Unavailable
from jutong.kernel.text import text

from .files import Writing
from .history import OURS, History, entry_path
from .layout import table_name
from .place import answering, place_at
from .snapshot import Digest, Snapshot, normal

Rows: TypeAlias = pa.RecordBatchReader | pa.Table

ATTEMPTS = 60  # at a commit, while other writers come first
MERGE_SPILL_BYTES = 1 << 30
_LOST = re.compile(r"Failed to commit transaction: \d+$|already exists|Concurrent|conflict", re.IGNORECASE)
_CONFIGURATION = {
    "delta.enableChangeDataFeed": "true",
    # How long old versions stay is declared by layer and kept by our own upkeep, which first notes what had landed;
    # neither delta-rs nor another writer cleans anything away by itself.
    "delta.enableExpiredLogCleanup": "false",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.checkpointInterval": "20",
}


class Lake:
    """All tables of one node; every landing has a ``mark``, and a mark lands once, however often it is tried.

    The mark travels inside the Delta commit (an application transaction), so "landed" and "marked" are one write:
    of two processes that land the same mark at once one is refused by the log and finds the other's snapshot.
    """

    def __init__(self, url: str, options: Mapping[str, str], scratch: Path) -> None:
        self.place = place_at(url, options)
        self._scratch = scratch

    def append(self, table: str, batches: Rows, *, mark: str, digested: Digest | None = None) -> Snapshot:
        """Add rows once per mark, or give the first landing's snapshot; ``digested`` takes them in on their way here."""
        return self._land(table, batches, mark, "append", digested)

    def replace(self, table: str, batches: Rows, *, mark: str) -> Snapshot:
        """Put these rows (and their columns) in place of all that the table held, once per mark."""
        return self._land(table, batches, mark, "overwrite")

    def merge(self, table: str, batches: Rows, *, key: tuple[str, ...], mark: str) -> Snapshot:
        """Insert the rows whose key is new, replace those whose key is known and which differ, once per mark.

        A row without its full key, or a key that comes twice, is refused: nobody could say which row survives.
        """
        if landed := self.snapshot_of(table_name(table), mark):
            return landed
        rows = normal(batches)
        _refuse_unknown(key, rows.schema)
        self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._scratch, prefix="merge-") as folder:
            source, digest = self._spool(rows, Path(folder) / "rows.arrow", table)
            _refuse_unclear_keys(source, key)

            def commit(delta: DeltaTable, said: CommitProperties) -> None:
                _check_columns(delta, source.schema)
                delta_rows = pa.RecordBatchReader.from_batches(source.schema, source.to_batches())
                self._merge_into(delta, delta_rows, key, said)

            return self._commit(table, mark, digest, commit)[0]

    def exists(self, table: str) -> bool:
        """Say whether the table is there."""
        try:
            self.delta(table)
        except NotFound:
            return False
        return True

    def version(self, table: str) -> int:
        """Return the table's newest version, or refuse with ``NotFound``."""
        return int(self.delta(table).version())

    def snapshot_of(self, table: str, mark: str) -> Snapshot | None:
        """Return what landed under ``mark``, or None."""
        try:
            delta = self.delta(table)
        except NotFound:
            return None
        return self._landed(delta, table, mark)

    def read(
        self,
        table: str,
        *,
        version: int | None = None,
        columns: Sequence[str] | None = None,
        where: pc.Expression | None = None,
    ) -> pa.RecordBatchReader:
        """Stream the table's rows at ``version`` (the newest if None), those alone for which ``where`` holds."""
        dataset = self.dataset(table, version=version)
        scanner = dataset.scanner(
            columns=None if columns is None else list(columns),
            filter=where,
            batch_readahead=4,
            fragment_readahead=1,
        )
        return scanner.to_reader()

    def changes(self, table: str, *, after: int) -> pa.RecordBatchReader:
        """Stream what changed after version ``after``.

        The rows carry ``_change_type`` (insert, delete, update_preimage, update_postimage), ``_commit_version``
        and ``_commit_timestamp``.
        """
        delta = self.delta(table)
        with answering(table, self.place.options):
            History(self.place, table).check_kept(after)
            feed = pa.RecordBatchReader.from_stream(delta.load_cdf(starting_version=after + 1, allow_out_of_range=True))
        place = feed.schema.get_field_index("_commit_version")
        signed = feed.schema.set(place, pa.field("_commit_version", pa.int64()))
        return normal(feed.cast(signed))

    def dataset(self, table: str, *, version: int | None = None) -> ds.Dataset:
        """Return the table at ``version`` as an Arrow dataset over its files."""
        files, schema = self.files(table, version=version)
        fragments_of = ds.ParquetFileFormat(
            default_fragment_scan_options=ds.ParquetFragmentScanOptions(pre_buffer=True)
        )
        fragments = [fragments_of.make_fragment(f"{table}/{name}", self.place.files) for name in files]
        return ds.FileSystemDataset(fragments, schema, fragments_of, self.place.files)

    def files(self, table: str, *, version: int | None = None) -> tuple[list[str], pa.Schema]:
        """Return the names of the table's files at ``version``, oldest first, and its columns."""
        delta = self.delta(table, version)
        with answering(table, self.place.options):
            added = pa.table(delta.get_add_actions())
            schema = pa.schema(delta.schema().to_arrow())
            features = set(delta.protocol().reader_features or ())
            if delta.metadata().partition_columns or features & {"deletionVectors", "columnMapping"}:
                raise Invalid(
                    text("table {table} was written by others in a form that this lake does not read", table=table),
                    remedy=text("rewrite it without partitions, deletion vectors and column mapping"),
                )
        order = added.sort_by([("modification_time", "ascending"), ("path", "ascending")])
        return order["path"].to_pylist(), schema

    def history(self, table: str) -> History:
        """Return what the table's log holds, or refuse with ``NotFound``."""
        self.delta(table)
        with answering(table, self.place.options):
            return History(self.place, table)

    def version_at(self, table: str, instant: datetime) -> int:
        """Return the version that stood at an instant; refuse one before the table, or one that is no longer kept."""
        history = self.history(table)
        with answering(table, self.place.options):
            version = history.at(instant)
            if version is None and history.oldest:
                raise history.gone()
        if version is None:
            raise NotFound("table", table)
        return version

    def kept(self, table: str, version: int) -> int:
        """Return ``version``, or the oldest one that is kept if retention has taken that one away.

        For rows that only come on top of others: what landed at ``version`` stands in every later one, too.
        """
        return max(version, self.history(table).oldest)

    def sweep(self, table: str, *, before: datetime) -> int:
        """Delete files that no version of the table knows and that are older than ``before``; return their number.

        Such files are what a landing leaves that was killed before its commit, and what stood in versions that are
        no longer kept.
        """
        unknown = self.unknown_files(table, before=before)
        with answering(table, self.place.options):
            for found in unknown:
                self.place.files.delete_file(found.path)
        return len(unknown)

    def unknown_files(self, table: str, *, before: datetime, since: int | None = None) -> list[fs.FileInfo]:
        """Return the files older than ``before`` that no version from ``since`` on (the oldest if None) knows."""
        history = self.history(table)
        with answering(table, self.place.options):
            known = self._known_files(history, history.oldest if since is None else since)
            return [
                found
                for folder in (table, f"{table}/_change_data")
                for found in self.place.files.get_file_info(fs.FileSelector(folder, allow_not_found=True))
                if found.type == fs.FileType.File
                and found.path.removeprefix(f"{table}/") not in known
                and found.mtime < before
            ]

    def _land(self, table: str, batches: Rows, mark: str, mode: str, digested: Digest | None = None) -> Snapshot:
        if landed := self.snapshot_of(table_name(table), mark):
            return landed
        rows = normal(batches)
        writing, digest, committing = Writing(self.place, table, rows.schema), digested or Digest(rows.schema), False
        try:
            for batch in rows:
                if digested is None:
                    digest.add(batch)
                writing.add(batch)
            actions = writing.finish()

            def commit(delta: DeltaTable, said: CommitProperties) -> None:
                if mode == "append":
                    _check_columns(delta, rows.schema)
                delta.create_write_transaction(list(actions), mode, rows.schema, commit_properties=said)

            committing = True
            snapshot, ours = self._commit(table, mark, digest, commit)
        except BaseException:
            # The commit may have been made although its answer was lost: then the files are the table's.
            if not committing or self._certainly_unmarked(table, mark):
                writing.abandon()
            raise
        if not ours:
            writing.abandon()
        return snapshot

    def _commit(
        self, table: str, mark: str, digest: Digest, commit: Callable[[DeltaTable, CommitProperties], None]
    ) -> tuple[Snapshot, bool]:
        """Commit against the newest version until no other writer comes first; say whether it was this commit."""
        facts = {"mark": mark, "rows": digest.rows, "digest": digest.hex()}
        for attempt in range(ATTEMPTS):
            delta = self._open_or_create(table, digest.schema)
            if landed := self._landed(delta, table, mark):
                return landed, False
            base = int(delta.version())
            said = CommitProperties(
                custom_metadata={OURS: facts},
                # No second try inside delta-rs: what was decided on this version is decided anew on the next.
                max_commit_retries=0,
                app_transactions=[Transaction(mark, base + 1)],
            )
            try:
                with answering(table, self.place.options), _contended():
                    commit(delta, said)
            except _Contended:
                time.sleep(random.uniform(0.005, min(0.5, 0.01 * 2**attempt)))  # noqa: S311
                continue
            with answering(table, self.place.options):
                self.place.make_durable(entry_path(table, base + 1))
            return Snapshot(table=table, version=base + 1, rows=digest.rows, digest=digest.hex()), True
        raise Unavailable(
            text("table {table} is being written by too many at once", table=table), remedy=text("repeat the act")
        )

    def _merge_into(
        self, delta: DeltaTable, rows: pa.RecordBatchReader, key: tuple[str, ...], said: CommitProperties
    ) -> None:
        before = delta.version()
        rest = [field.name for field in rows.schema if field.name not in key]
        merger = delta.merge(
            rows,
            predicate=" AND ".join(f"(here.{_quoted(name)} = given.{_quoted(name)})" for name in key),
            source_alias="given",
            target_alias="here",
            writer_properties=WriterProperties(compression="ZSTD", compression_level=1),
            max_spill_size=MERGE_SPILL_BYTES,
            commit_properties=said,
        )
        if rest:
            differs = " OR ".join(f"(here.{_quoted(name)} IS DISTINCT FROM given.{_quoted(name)})" for name in rest)
            merger = merger.when_matched_update_all(predicate=differs)
        merger.when_not_matched_insert_all().execute()
        if delta.version() == before:
            # Nothing differed, so delta-rs wrote nothing; the mark must stand all the same.
            delta.create_write_transaction([], "append", rows.schema, commit_properties=said)

    def _spool(self, rows: pa.RecordBatchReader, path: Path, table: str) -> tuple[ds.Dataset, Digest]:
        """Put the rows into a local file: a merge reads them more than once and must know their digest before."""
        digest = Digest(rows.schema)
        stream = pa.OSFile(str(path), "wb")
        with answering(table, {}):
            writer = pa.ipc.new_file(stream, rows.schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))
        for batch in rows:
            digest.add(batch)
            with answering(table, {}):
                writer.write_batch(batch)
        with answering(table, {}), stream:
            writer.close()
        return ds.dataset(path, format="ipc", schema=rows.schema), digest

    def delta(self, table: str, version: int | None = None) -> DeltaTable:
        """Open the table at ``version`` (the newest if None) for what only its log knows; refuse with ``NotFound``."""
        with answering(table_name(table), self.place.options):
            try:
                return DeltaTable(self.place.url(table), version=version, storage_options=self.place.options)
            except DeltaError:
                if version is not None and (history := History(self.place, table)).entries:
                    history.check_kept(version)
                raise

    def _open_or_create(self, table: str, schema: pa.Schema) -> DeltaTable:
        try:
            return self.delta(table)
        except NotFound:
            self.place.make_room(table)
        with contextlib.suppress(_Contended), answering(table, self.place.options), _contended():
            DeltaTable.create(
                self.place.url(table),
                Schema.from_arrow(schema),
                mode="ignore",
                configuration=_CONFIGURATION,
                storage_options=self.place.options,
                commit_properties=CommitProperties(max_commit_retries=0),
            )
            self.place.make_durable(entry_path(table, 0))
        return self.delta(table)

    def _landed(self, delta: DeltaTable, table: str, mark: str) -> Snapshot | None:
        with answering(table, self.place.options):
            version = delta.transaction_version(mark)
            if version is None:
                return None
            if landing := History(self.place, table).landing(int(version), mark):
                return landing
        raise Unavailable(text("the log of table {table} has lost an entry", table=table))

    def _known_files(self, history: History, since: int) -> set[str]:
        """Return the files of all versions from ``since`` on: those that stood there, and those that came later."""
        stood = set(pa.table(self.delta(history.table, since).get_add_actions())["path"].to_pylist())
        later = (action for version in range(since + 1, history.newest + 1) for action in history.actions(version))
        return stood | {action[kind]["path"] for action in later for kind in ("add", "cdc") if kind in action}

    def _certainly_unmarked(self, table: str, mark: str) -> bool:
        try:
            return self.place.settled and self.snapshot_of(table, mark) is None
        except Unavailable:
            return False


class _Contended(Exception):
    """Another writer came first."""


@contextlib.contextmanager
def _contended() -> Iterator[None]:
    try:
        yield
    except CommitFailedError as error:
        if not _LOST.search(str(error)):
            raise
        raise _Contended from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _check_columns(delta: DeltaTable, schema: pa.Schema) -> None:
    kept = pa.schema(delta.schema().to_arrow())
    if {field.name: field.type for field in kept} == {field.name: field.type for field in schema}:
        return
    raise Invalid(
        text(
            "the rows have the columns {given}, the table has {kept}",
            given=", ".join(f"{field.name} {field.type}" for field in schema),
            kept=", ".join(f"{field.name} {field.type}" for field in kept),
        ),
        remedy=text("land them in the table's columns, or replace the table"),
    )


def _refuse_unknown(key: tuple[str, ...], schema: pa.Schema) -> None:
    missing = [name for name in key if name not in schema.names]
    if missing or not key:
        raise Invalid(text("the rows do not have the key columns {names}", names=", ".join(missing)))


def _refuse_unclear_keys(rows: ds.Dataset, key: tuple[str, ...]) -> None:
    keys = rows.to_table(columns=list(key))
    empty = sum(column.null_count for column in keys.columns)
    twice = len(keys) - len(keys.group_by(list(key)).aggregate([]))
    if empty or twice:
        raise Invalid(
            text("{empty} key values are empty and {twice} rows repeat a key", empty=empty, twice=twice),
            remedy=text("leave one row a key before merging"),
        )
