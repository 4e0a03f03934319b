"""Changes of a MySQL or MariaDB table: which rows changed comes from the binary log, how they stand from the table.

The log tells values otherwise than a reading of the table does; so only the keys of changed rows are taken from it,
and the rows that stand under these keys are read in the server's own text, in one snapshot. A position is the place
behind the last whole transaction that was read, with the server and the birth of the file, so that another server's
log, or one that was begun anew, is never taken for it. Nothing at the source waits for us: what the server has thrown
away unread is known by its list of files, and refused. MariaDB tells the place in the log at which a snapshot was
taken. MySQL does not, and a change may stand in its log before it is seen in the table: there a run ends its position
at what is a minute old, and rows of that minute may land twice, as the same rows. Memory: one event of the log, one
portion of keys and their rows; the keys of a run lie in a file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql
from pymysql.constants import COMMAND, ER
from pymysql.cursors import Cursor

from jutong.kernel.errors import Invalid, TooMuch, WrongMoment
from jutong.kernel.foreign import Connection, Mysql, reading_mysql
from jutong.kernel.text import Text, text

from ..contract import Contract, Limits
from ..layout import Layout
from ..reach import Reading
from .binlog import Born, Committed, Decoder, Emptied, Rotated, Spot, Touched
from .database import STATEMENT_SECONDS, WIDEST, Look, Progress, Snapshot, batches_of, pull, refuse_inexact
from .keys import Keys, keys_beside, write_gone
from .mysql import cell_of, mysql_table, quoted, text_of
from .mysql_key import KeyColumn, among, spelled, word_of
from .pulled import Pulled, broke_off, spooling

CHANGES_MOST = 200_000  # after that many the transaction under way is the last one of a run
LATE_SECONDS = 60  # for so long a change may stand in MySQL's log before it is seen in the table
_NON_BLOCK = 1  # the log is read to its end, and nobody waits there for more
_KEY = "_key"
_DENIED = (ER.SPECIFIC_ACCESS_DENIED_ERROR, ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR)
_STATUS = ("SHOW BINARY LOG STATUS", "SHOW MASTER STATUS")  # the new words, and those of MariaDB and MySQL before 8.2
_FACTS = (
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN"
    " ('log_bin', 'binlog_format', 'server_id', 'server_uuid', 'binlog_checksum')"
)
_COLUMNS = """
SELECT column_name, data_type, column_type, COALESCE(character_set_name, '') FROM information_schema.columns
WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""
_KEYS = """
SELECT column_name FROM information_schema.key_column_usage
WHERE table_schema = %s AND table_name = %s AND constraint_name = 'PRIMARY' ORDER BY ordinal_position
"""


@dataclass(slots=True)
class _Course:
    """How far the log was read."""

    spot: Spot
    old: Spot  # behind what is seen in the table for certain


@dataclass(frozen=True, slots=True)
class BinaryLog:
    """A table's changes, read from the binary log of its server; nothing is kept there for us."""

    told: Connection
    table: str
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
            server, keys, columns = self._checked(db)
            here = self._here(db, server)
            if not since:
                return self._begun(here, contract, path, layout=layout, limits=limits, look=look, progress=progress)
            spot = Spot.read(since)
            files = self._files(db)
            self._refuse_lost(spot, server, files)
            decoder = Decoder(self.told.database, self.table, keys, columns)
            with mysql_table(self.told, self.table) as snapshot, keys_beside(path) as changed:
                found = snapshot.columns()
                if look:
                    look({one.name: one.spelled for one in found})
                items, aside = contract.columns_in([one.name for one in found], layout.headers)
                refuse_inexact(items, {one.name: one.kind for one in found}, layout)
                exact = self._taken_at(snapshot, server)
                course = self._followed(db, spot, exact or here, decoder, changed)
                with spooling(path, contract, limits) as spool:
                    lines = self._lines(snapshot, list(items.values()), keys, changed)
                    for batch in batches_of(lines, [*contract.names, _KEY], self.name):
                        spool.add(batch.select(list(contract.names)))
                        if progress:
                            progress(spool.rows, changed.changes)
                    rows = spool.rows
                gone = self._gone(snapshot, items.get(contract.key, ""), keys, changed, path)
            until = course.spot if exact or course.spot == spot else course.old
            pulled = Pulled(
                path=path,
                rows=rows,
                left_aside=aside,
                until=str(until),
                behind=_behind(until, files),
                gone=gone,
                whole=changed.emptied,
            )
            if not pulled.says:
                path.unlink(missing_ok=True)
            return pulled

    def settle(self, position: str) -> None:
        """Let the source go on: it holds nothing for us."""

    def drop(self) -> None:
        """Take away what the source keeps for us, which is nothing."""

    @contextmanager
    def _connected(self) -> Iterator[Mysql]:
        with reading_mysql(self.told, seconds=STATEMENT_SECONDS) as db:
            try:
                yield db
            except pymysql.MySQLError as error:
                if error.args[:1] and error.args[0] in _DENIED:
                    raise Invalid(
                        text("the account may not read the log of {name}", name=self.name),
                        remedy=text(
                            "have the source's administrator give it SELECT on the table, REPLICATION SLAVE, and"
                            " BINLOG MONITOR (MariaDB) or REPLICATION CLIENT (MySQL), and nothing more"
                        ),
                    ) from error
                if error.args[:1] == (ER.MASTER_FATAL_ERROR_READING_BINLOG,):
                    raise self._restart(
                        text("the binary log of {name} cannot be read on from there", name=self.name)
                    ) from error
                raise

    def _checked(self, db: Mysql) -> tuple[str, tuple[KeyColumn, ...], int]:
        """Return what the server calls itself, the table's key, and how many columns it has; or refuse it."""
        facts = {str(name): str(value) for name, value in _all(db, _FACTS)}
        if facts.get("log_bin", "OFF") != "ON" or facts.get("binlog_format", "ROW") != "ROW":
            raise Invalid(
                text(
                    "the binary log of {name} does not carry rows: log_bin is off, or binlog_format is not ROW",
                    name=self.name,
                ),
                remedy=text(
                    "have the source's administrator set log_bin and binlog_format = ROW, or read by a watermark"
                ),
            )
        where = (self.told.database, self.table)
        columns = [tuple(map(str, row)) for row in _all(db, _COLUMNS, where)]
        places = {row[0]: place for place, row in enumerate(columns)}
        keys = tuple(
            KeyColumn(
                name=name,
                place=places[name],
                kind=columns[places[name]][1].lower(),
                signed="unsigned" not in columns[places[name]][2].lower(),
                charset=columns[places[name]][3],
                padded="zerofill" in columns[places[name]][2].lower(),
            )
            for (name,) in (map(str, row) for row in _all(db, _KEYS, where))
        )
        if not keys or not all(key.known for key in keys):
            raise Invalid(
                text(
                    "{name} has no primary key of whole numbers or texts, by which the log could tell its rows",
                    name=self.name,
                ),
                remedy=text("read the table by a watermark, or in full"),
            )
        return facts.get("server_uuid") or facts["server_id"], keys, len(columns)

    def _here(self, db: Mysql, server: str) -> Spot:
        for number, asked in enumerate(_STATUS):
            try:
                file, offset = _all(db, asked)[0][:2]
            except pymysql.MySQLError as error:
                if error.args[:1] != (ER.PARSE_ERROR,) or number + 1 == len(_STATUS):
                    raise
            else:
                return Spot(server, str(file), int(str(offset)), 0)
        raise AssertionError("one of the words is known")

    def _files(self, db: Mysql) -> dict[str, int]:
        return {str(row[0]): int(str(row[1])) for row in _all(db, "SHOW BINARY LOGS")}

    def _refuse_lost(self, spot: Spot, server: str, files: Mapping[str, int]) -> None:
        if spot.server != server:
            raise self._restart(
                text("{name} is another server now: its log is not the one that was read", name=self.name)
            )
        if spot.file not in files or spot.offset > files[spot.file]:
            raise self._restart(
                text("the server of {name} has thrown away the log that was not read yet", name=self.name)
            )

    def _taken_at(self, snapshot: Snapshot, server: str) -> Spot | None:
        """Return the place in the log at which a snapshot was taken, where the server tells it (MariaDB)."""
        told = _all(snapshot.db, "SHOW STATUS LIKE 'binlog_snapshot_%%'")  # type: ignore[attr-defined]
        facts = {bytes(name).decode().lower(): bytes(value).decode() for name, value in told if value}  # type: ignore[call-overload]
        if not facts.get("binlog_snapshot_file"):
            return None
        return Spot(server, facts["binlog_snapshot_file"], int(facts["binlog_snapshot_position"]), 0)

    def _begun(
        self,
        here: Spot,
        contract: Contract,
        path: Path,
        *,
        layout: Layout,
        limits: Limits,
        look: Look | None,
        progress: Progress | None,
    ) -> Pulled:
        """Read the table in full, and begin at the place of its snapshot: what is told twice is looked at twice."""
        taken = [here]

        @contextmanager
        def opened() -> Iterator[Snapshot]:
            with mysql_table(self.told, self.table) as snapshot:
                taken.append(self._taken_at(snapshot, here.server) or here)
                yield snapshot

        # The right to read the log is asked for first, not after an hour.
        self._born(here.file)
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
        spot = taken[-1]
        until = Spot(spot.server, spot.file, spot.offset, self._born(spot.file))
        return Pulled(path=path, rows=pulled.rows, left_aside=pulled.left_aside, until=str(until))

    def _born(self, file: str) -> int:
        decoder = Decoder(self.told.database, self.table, (), 0)
        with self._connected() as db:
            for event in self._events(db, file, 4):
                told = decoder.read(event)
                if isinstance(told, Born):
                    return told.at
        raise broke_off(self.name)

    def _followed(self, db: Mysql, since: Spot, until: Spot, decoder: Decoder, changed: Keys) -> _Course:
        """Read the log up to ``until``, or to the transaction in which the most changes of a run are reached."""
        ((now,),) = _all(db, "SELECT UNIX_TIMESTAMP()")
        file, born = since.file, since.born
        spot = old = since
        late = False
        with self._connected() as reading:
            for event in self._events(reading, since.file, since.offset):
                end = int.from_bytes(event[13:17], "little")
                if file == until.file and end > until.offset:
                    break
                match decoder.read(event):
                    case Rotated(file=other) if other != file:
                        file, spot = other, Spot(since.server, other, 4, 0)
                    case Born(at=at):
                        if file == since.file and at != since.born:
                            raise self._restart(text("the server of {name} has begun its log anew", name=self.name))
                        born = at
                        spot = Spot(spot.server, spot.file, spot.offset, born)
                        old = old if late else spot
                    case Touched() as touched:
                        changed.touch([",".join(key) for key in touched.keys])
                    case Emptied(end=behind):
                        changed.empty()
                        spot = Spot(since.server, file, behind, born)
                        late = True
                    case Committed(end=behind, at=at):
                        spot = Spot(since.server, file, behind, born)
                        late = late or at > int(str(now)) - LATE_SECONDS
                        old = old if late else spot
                        if changed.changes >= CHANGES_MOST:
                            return _Course(spot, old)
        if file == until.file and until.offset >= spot.offset:
            spot = Spot(since.server, file, until.offset, born)
            old = old if late else spot
        return _Course(spot, old)

    def _events(self, db: Mysql, file: str, offset: int) -> Iterator[bytes]:
        """Yield the events of the log from a place on, to its end."""
        with db.cursor(Cursor) as cursor:
            cursor.execute("SET @master_binlog_checksum = @@global.binlog_checksum, @mariadb_slave_capability = 4")
        # By number 0 any number of readers may ask, and none pushes another away.
        db._execute_command(COMMAND.COM_BINLOG_DUMP, struct.pack("<IHI", offset, _NON_BLOCK, 0) + file.encode())
        while True:
            packet = db._read_packet()
            if packet.is_eof_packet():
                return
            yield packet.get_all_data()[1:]

    def _lines(
        self, snapshot: Snapshot, columns: Sequence[str], keys: Sequence[KeyColumn], changed: Keys
    ) -> Iterator[bytes]:
        """Yield the rows that stand under the changed keys, and note the keys under which none does."""
        words = ", ',', ".join(word_of(key) for key in keys)
        cells = [*(cell_of(text_of(quoted(name))) for name in columns), cell_of(f"CONCAT({words})")]
        line = "CONCAT({})".format(", ',', ".join(cells))
        for portion in changed.portions():
            where = f"FROM {quoted(self.table)} WHERE {among(keys, portion)}"
            asked = f"SELECT {line}, CONCAT({words}), {text_of(quoted(keys[0].name))} {where}"
            wanted, found, lines = set(portion), dict[str, str](), []
            with snapshot.db.cursor(Cursor) as cursor:  # type: ignore[attr-defined]
                cursor.execute(asked, ())
                for row, key, told in cursor:
                    if row is None:
                        raise broke_off(self.name)
                    # Under a collation that takes small letters for capital ones another row may have answered.
                    if key.decode() in wanted:
                        wanted.discard(key.decode())
                        found[key.decode()] = told.decode()
                        lines.append(self._bounded(row))
            changed.find(found)
            changed.lose(wanted)
            if lines:
                yield b"\n".join(lines) + b"\n"

    def _gone(self, snapshot: Snapshot, column: str, keys: Sequence[KeyColumn], changed: Keys, path: Path) -> int:
        """Keep the keys that are gone in the text in which the table told them, and return how many they are."""
        if changed.emptied:
            return 0  # whatever is not among the rows has gone
        if changed.gone() and [key.name for key in keys] != [column]:
            raise WrongMoment(
                text(
                    "rows of {name} were deleted or given another key, and its log does not tell which ones",
                    name=self.name,
                ),
                basis=text("a row is taken back by the entry's key item"),
                remedy=text(
                    "have the owner make the key item's column the primary key; then begin the stream anew with"
                    " `jutong plan restart`"
                ),
            )

        def texts() -> Iterator[list[str]]:
            for portion in changed.gone_portions():
                asked = " UNION ALL ".join(f"SELECT {spelled(keys[0], word)}" for word in portion)
                told = _all(snapshot.db, asked)  # type: ignore[attr-defined]
                yield changed.lacking([bytes(word).decode() for (word,) in told])  # type: ignore[call-overload]

        return write_gone(path, texts())

    def _bounded(self, row: bytes) -> bytes:
        if len(row) > WIDEST:
            raise TooMuch(
                text("a row of {name} is larger than {limit} MiB", name=self.name, limit=WIDEST // 1024**2),
                remedy=text("leave large texts and pictures out: have the source offer a view without them"),
            )
        return row

    def _restart(self, why: Text) -> WrongMoment:
        return WrongMoment(
            why, remedy=text("begin the stream anew with `jutong plan restart`: the next run reads all rows")
        )


def _all(db: Mysql, asked: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    with db.cursor(Cursor) as cursor:
        cursor.execute(asked, values)
        return list(cursor.fetchall())


def _behind(until: Spot, files: Mapping[str, int]) -> int:
    names = list(files)
    unread = sum(files[name] for name in names[names.index(until.file) + 1 :]) if until.file in files else 0
    return unread + max(files.get(until.file, 0) - until.offset, 0)
