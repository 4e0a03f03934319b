"""Changes of a PostgreSQL table from its write-ahead log: peeked at a slot, kept, and let go once they have landed.

The slot is read by SQL (``pg_logical_slot_peek_binary_changes``, plug-in pgoutput, protocol 1), so that nothing moves
at the source until the rows stand here; a position is the LSN behind the last whole transaction that was read. The
first run makes the slot, then reads the table in one snapshot; what that snapshot had seen is known by its transaction
ids (``pg_current_snapshot``) and is not taken from the log again. Rows that were inserted or updated land; the keys of
rows that were deleted or given another key go with them. Where the log does not tell a lost row's key (it is not in the
replica identity), the reading stops before its transaction. Memory: a portion of 16 MiB, and the largest row.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import LiteralString

import pyarrow as pa
from psycopg import errors

from jutong.kernel.errors import Invalid, TooMuch, Unavailable, WrongMoment
from jutong.kernel.foreign import Connection, Postgres, reading_postgres
from jutong.kernel.text import text

from ..contract import Contract, Limits
from ..layout import Layout
from ..reach import Reading
from .database import STATEMENT_SECONDS, WIDEST, Look, Progress, Snapshot, pull
from .decoding import Begun, Changed, Committed, Decoder, Emptied, Lost
from .keys import keys_beside, plain, write_gone
from .postgres import postgres_table
from .pulled import Pulled, spooling

CHANGES_MOST = 200_000  # after that many the transaction under way is the last one of a run
ROWS, BYTES = 4_096, 16 * 1024**2  # of a portion in memory
PLACE_MOST = 400
_SEEN = "SELECT pg_current_snapshot()::text || ' ' || pg_current_wal_insert_lsn()::text"


class _Halt(Exception):
    """A row was lost in the transaction behind this LSN; 0 where no transaction came before it."""

    def __init__(self, end: int) -> None:
        super().__init__(end)
        self.end = end


@dataclass(frozen=True, slots=True)
class Place:
    """How far a stream was read: an LSN, and the snapshot in which the table was first read, with the LSN of then."""

    lsn: int
    snapshot: str = ""
    then: int = 0

    @classmethod
    def read(cls, spelled: str) -> Place:
        """Read the spelling.

        >>> str(Place.read("0/1A 10:12:10 0/FF"))
        '0/1A 10:12:10 0/FF'
        """
        lsn, _, rest = spelled.partition(" ")
        snapshot, _, then = rest.partition(" ")
        return cls(_number(lsn), snapshot, _number(then) if then else 0)

    def __str__(self) -> str:
        return _lsn(self.lsn) + (f" {self.snapshot} {_lsn(self.then)}" if self.snapshot else "")

    def moved(self, lsn: int) -> Place:
        """Return the place further on; the snapshot goes once it says nothing any more."""
        return replace(self, lsn=lsn) if lsn < self.then else Place(lsn)

    def saw(self, xid: int, commit: int) -> bool:
        """Say whether the first reading had seen a transaction (32 bits of its id, LSN of its end) already.

        >>> place = Place(1, "10:14:12", 100)
        >>> [place.saw(xid, 50) for xid in (9, 11, 12, 14)], place.saw(9, 101)
        ([True, True, False, False], False)
        """
        if not self.snapshot or commit > self.then:
            return False
        least, most, under_way = self.snapshot.split(":")
        if _before(xid, int(least)) or not _before(xid, int(most)):
            return _before(xid, int(least))
        return xid not in {int(one) & 0xFFFFFFFF for one in under_way.split(",") if one}


def _before(xid: int, other: int) -> bool:
    # Transaction ids of 32 bits go round in a circle: half of it is before.
    return 0 < (other - xid) & 0xFFFFFFFF < 1 << 31


def _number(lsn: str) -> int:
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def _lsn(number: int) -> str:
    return f"{number >> 32:X}/{number & 0xFFFFFFFF:X}"


@dataclass(slots=True)
class _Portion:
    """Rows on their way into the spool."""

    names: Sequence[str]
    rows: list[tuple[str | None, ...]] = field(default_factory=list)
    size: int = 0

    def add(self, row: tuple[str | None, ...]) -> None:
        self.rows.append(row)
        self.size += sum(len(value) for value in row if value)

    @property
    def full(self) -> bool:
        return len(self.rows) >= ROWS or self.size >= BYTES

    def taken(self) -> pa.RecordBatch:
        columns = zip(*self.rows, strict=True)
        arrays = [pa.array(column, pa.string()) for column in columns]
        self.rows, self.size = [], 0
        return pa.RecordBatch.from_arrays(arrays, names=list(self.names))


@dataclass(frozen=True, slots=True)
class _Told:
    """What a part of the log told: rows, the LSN behind it, keys that are gone, whether all rows went at once."""

    rows: int
    end: int
    gone: int
    emptied: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """A table's changes, read at a slot of one plan through a publication that the source's owner made."""

    told: Connection
    table: str
    publication: str
    slot: str
    name: str

    def pull(
        self,
        contract: Contract,
        path: Path,
        *,
        layout: Layout,
        limits: Limits,
        since: str = "",
        look: Look | None = None,
        progress: Progress | None = None,
    ) -> Pulled:
        """Read what changed since a position, or everything and begin the stream where there is none."""
        path.unlink(missing_ok=True)
        with self._connected() as db:
            self._check(db)
            if not since:
                return self._begun(db, contract, path, layout=layout, limits=limits, look=look, progress=progress)
            place = Place.read(since)
            self._settle(db, place)
            with postgres_table(self.told, self.table) as snapshot:
                keys = [one[0] for one in snapshot.found if one[2]]  # type: ignore[attr-defined]
                found = snapshot.columns()
            if look:
                look({one.name: one.spelled for one in found})
            columns, aside = contract.columns_in([one.name for one in found], layout.headers)
            known = columns.get(contract.key, "")
            decoder = Decoder(self.told.schema or "public", self.table, list(columns.values()), keys, known)
            pulled = self._followed(db, place, contract, decoder, path, limits=limits)
            return replace(pulled, left_aside=aside)

    def settle(self, position: str) -> None:
        """Let the source go on from a position whose rows have landed."""
        with self._connected() as db:
            self._settle(db, Place.read(position))

    def drop(self) -> None:
        """Take the slot away, so that the source keeps no log for us."""
        with self._connected() as db:
            self._drop(db)

    @contextmanager
    def _connected(self) -> Iterator[Postgres]:
        with reading_postgres(self.told, seconds=STATEMENT_SECONDS, name="jutong collect") as db:
            try:
                yield db
            except errors.InsufficientPrivilege as error:
                raise Invalid(
                    text("the account may not read the log of {name}", name=self.name),
                    remedy=text("have the source's administrator give it REPLICATION and SELECT on the table"),
                ) from error
            except errors.ObjectInUse as error:
                raise Unavailable(text("another process reads the slot {slot}", slot=self.slot)) from error

    def _check(self, db: Postgres) -> None:
        if _one(db, "SHOW wal_level") != "logical":
            raise Invalid(
                text("the log of {name} does not carry changes: wal_level is not logical", name=self.name),
                remedy=text("have the source's administrator set wal_level = logical, or read by a watermark"),
            )
        schema = self.told.schema or "public"
        # One that leaves deletions out would hide them; of a partitioned table changes come under other names.
        named = (
            "SELECT count(*) FROM pg_publication_tables t JOIN pg_publication p USING (pubname)"
            " JOIN pg_class c ON c.relname = t.tablename JOIN pg_namespace n ON n.oid = c.relnamespace"
            " AND n.nspname = t.schemaname WHERE pubname = %s AND schemaname = %s AND tablename = %s"
            " AND pubinsert AND pubupdate AND pubdelete AND pubtruncate AND c.relkind = 'r'"
        )
        if not int(_one(db, named, (self.publication, schema, self.table))):
            raise Invalid(
                text("the publication {name} does not hold all changes of the table", name=self.publication),
                remedy=text("have the owner run: CREATE PUBLICATION {publication} FOR TABLE {table}",
                            publication=self.publication, table=self.table),
            )  # fmt: skip

    def _begun(
        self,
        db: Postgres,
        contract: Contract,
        path: Path,
        *,
        layout: Layout,
        limits: Limits,
        look: Look | None,
        progress: Progress | None,
    ) -> Pulled:
        """Make the slot, then read the table in full: what changes from here on is in the log."""
        self._drop(db)
        lsn = _one(db, "SELECT lsn::text FROM pg_create_logical_replication_slot(%s, 'pgoutput')", (self.slot,))
        seen: list[str] = []

        @contextmanager
        def opened() -> Iterator[Snapshot]:
            with postgres_table(self.told, self.table) as snapshot:
                seen.append(_one(snapshot.db, _SEEN))  # type: ignore[attr-defined]
                yield snapshot

        try:
            pulled = pull(
                opened,
                self.name,
                contract,
                path,
                layout=layout,
                reading=Reading(),
                limits=limits,
                look=look,
                progress=progress,
            )
            snapshot, _, then = seen[-1].partition(" ")
            place = self._kept(Place(_number(lsn), snapshot, _number(then)))
        except BaseException:
            self._drop(db)
            raise
        return Pulled(path=path, rows=pulled.rows, left_aside=pulled.left_aside, until=place)

    def _kept(self, place: Place) -> str:
        told = str(place)
        if len(told) > PLACE_MOST:
            raise Unavailable(
                text("too many transactions are under way at {name}", name=self.name),
                remedy=text("run the plan again at a quieter hour"),
            )
        return told

    def _followed(
        self, db: Postgres, place: Place, contract: Contract, decoder: Decoder, path: Path, *, limits: Limits
    ) -> Pulled:
        """Read whole transactions, up to one in which a row was lost; that one is told by the next run."""
        here = _number(_one(db, "SELECT pg_current_wal_flush_lsn()::text"))
        try:
            told = self._spooled(db, place, here, contract, decoder, path, limits, stop=0)
        except _Halt as halt:
            if not halt.end:
                raise WrongMoment(
                    text(
                        "rows of {name} were deleted or given another key, and its log does not tell which ones",
                        name=self.name,
                    ),
                    basis=text("a row is taken back by the entry's key item"),
                    remedy=text(
                        "have the owner make the key item's column the primary key, or run ALTER TABLE {table} REPLICA"
                        " IDENTITY FULL; then begin the stream anew with `jutong plan restart`",
                        table=self.table,
                    ),
                ) from None
            told = self._spooled(db, place, here, contract, decoder, path, limits, stop=halt.end)
        end = told.end
        until = place.moved(max(end, place.lsn))
        behind = max(_number(_one(db, "SELECT pg_current_wal_flush_lsn()::text")) - until.lsn, 0)
        pulled = Pulled(path=path, rows=told.rows, until=str(until), behind=behind, gone=told.gone, whole=told.emptied)
        if not pulled.says:
            path.unlink(missing_ok=True)
        return pulled

    def _spooled(
        self,
        db: Postgres,
        place: Place,
        here: int,
        contract: Contract,
        decoder: Decoder,
        path: Path,
        limits: Limits,
        *,
        stop: int,
    ) -> _Told:
        """Fill the spool with changes up to ``here``, or up to ``stop``; return what was told up to there."""
        portion, end, changes, known = _Portion(contract.names), 0, 0, False
        place_of_key = contract.names.index(contract.key) if contract.key in contract.names else None
        with (
            keys_beside(path) as keys,
            spooling(path, contract, limits) as spool,
            closing(self._peeked(db, stop or here)) as messages,
        ):
            for data in messages:
                changes += 1
                match decoder.read(data):
                    case Begun(xid=xid, commit=commit):
                        known = place.saw(xid, commit)
                    case Changed(values=values, lost=lost) if not known:
                        self._refuse_wide(values)
                        portion.add(values)
                        keys.lose([plain(lost)] if lost is not None else [])
                        if place_of_key is not None and (own := values[place_of_key]) is not None:
                            keys.touch([plain(own)])
                    case Lost(key=None) if not known:
                        raise _Halt(end)
                    case Lost(key=str(lost)) if not known:
                        keys.lose([plain(lost)])
                    case Emptied() if not known and not contract.key:
                        raise _Halt(end)
                    case Emptied() if not known:
                        keys.empty()
                    case Committed(end=behind):
                        end = behind
                        if stop and end >= stop:
                            break
                if portion.full:
                    spool.add(portion.taken())
            if portion.rows:
                spool.add(portion.taken())
            # All up to here was read, though the last change is older: else a quiet table would hold the log back.
            gone = write_gone(path, keys.gone_portions())
            return _Told(spool.rows, end if stop or changes >= CHANGES_MOST else max(end, here), gone, keys.emptied)

    def _refuse_wide(self, values: tuple[str | None, ...]) -> None:
        if sum(len(value) for value in values if value) > WIDEST:
            raise TooMuch(
                text("a row of {name} is larger than {limit} MiB", name=self.name, limit=WIDEST // 1024**2),
                remedy=text("leave large texts and pictures out: have the source offer a view without them"),
            )

    def _peeked(self, db: Postgres, upto: int) -> Generator[bytes]:
        asked = (
            "SELECT data FROM pg_logical_slot_peek_binary_changes(%s, %s::pg_lsn, %s::int,"
            " 'proto_version', '1', 'publication_names', %s)"
        )
        with db.cursor(binary=True) as cursor:
            told = cursor.stream(asked, (self.slot, _lsn(upto), CHANGES_MOST, f'"{self.publication}"'))
            for (data,) in told:
                assert isinstance(data, bytes)
                yield data

    def _settle(self, db: Postgres, place: Place) -> None:
        found = db.execute(
            "SELECT confirmed_flush_lsn::text, wal_status FROM pg_replication_slots WHERE slot_name = %s", (self.slot,)
        ).fetchone()
        if found is None or found[1] == "lost":
            raise WrongMoment(
                text("the slot of this plan is gone at {name}: what changed meanwhile is not known", name=self.name),
                remedy=text("begin the stream anew with `jutong plan restart`: the next run reads all rows"),
            )
        if _number(str(found[0])) < place.lsn:
            db.execute("SELECT pg_replication_slot_advance(%s, %s::pg_lsn)", (self.slot, _lsn(place.lsn)))

    def _drop(self, db: Postgres) -> None:
        db.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", (self.slot,)
        )


def slot_of(plan: str) -> str:
    """Return the name of a plan's slot at its source.

    >>> slot_of("01JZ0000000000000000000000")
    'jutong_01jz0000000000000000000000'
    """
    return f"jutong_{plan.lower()}"


def _one(db: Postgres, asked: LiteralString, values: tuple[object, ...] = ()) -> str:
    told = db.execute(asked, values).fetchone()
    return str(told[0]) if told and told[0] is not None else ""
