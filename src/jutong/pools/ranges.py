"""Copies that are asked by what rows say: one sorted Parquet file each, in SQL within bounds of memory and time."""

from __future__ import annotations

import fcntl
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from jutong.kernel.errors import Invalid, TooMuch, Unavailable
from jutong.kernel.files import refusing_full_disk, sync_folder, write_whole
from jutong.kernel.text import text

from .handed import Handed, Row
from .layout import table_name

MEMORY_BYTES = 256 << 20  # of one reader, for all questions that it answers at once
THREADS = 2
SECONDS = 5.0  # of one question
GROUP_ROWS = 20_000  # of a row group: what a page reads at least
_ROWS_A_STEP = 100
_VERSION = re.compile(r"[0-9a-f]{1,64}")
_NO_COPY = text("the copy of this service is being made")


class RangeCopies:
    """Sorted copies in ``folder/<name>/<version>.parquet``; the file ``current`` says which one is asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def build(self, name: str, batches: pa.RecordBatchReader, *, version: str) -> int:
        """Write a copy beside the present one, swap it in, and return its rows; readers see the one or the other."""
        if not _VERSION.fullmatch(version):
            raise Invalid(text("{version} cannot be the version of a serving copy", version=version[:100]))
        home = self._home(name)
        home.mkdir(parents=True, exist_ok=True)
        with _alone(home):
            beside, rows = home / f".{version}.parquet", 0
            try:
                with refusing_full_disk(), pq.ParquetWriter(beside, batches.schema, compression="zstd") as writer:
                    for batch in batches:
                        writer.write_table(pa.Table.from_batches([batch]), row_group_size=GROUP_ROWS)
                        rows += batch.num_rows
                beside.chmod(0o600)
                beside.replace(home / f"{version}.parquet")
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
            sync_folder(home)
            write_whole(home / "current", version.encode(), mode=0o600)
            self._clear(home, keep=version)
        return rows

    def version(self, name: str) -> str | None:
        """Return the version that is asked, None if there is no copy."""
        return _current(self._home(name))

    def remove(self, name: str) -> None:
        """Take a copy away; a question that is being answered ends first or finds nothing."""
        home = self._home(name)
        if home.exists():
            with _alone(home):
                (home / "current").unlink(missing_ok=True)
                self._clear(home, keep="")
                sync_folder(home)

    def names(self) -> frozenset[str]:
        """Return the names of all copies."""
        return frozenset(path.parent.name for path in self._folder.glob("*/current"))

    def open(self, *, seconds: float = SECONDS) -> RangeReader:
        """Open the copies for questions; one reader serves several threads."""
        return RangeReader(self._folder, seconds=seconds)

    def _home(self, name: str) -> Path:
        return self._folder / table_name(name)

    def _clear(self, home: Path, *, keep: str) -> None:
        for path in home.glob("*.parquet"):
            if path.name != f"{keep}.parquet":
                path.unlink(missing_ok=True)


class RangeReader:
    """DuckDB over the copies and nothing else of the machine; a question ends in time, or is refused."""

    def __init__(self, folder: Path, *, seconds: float = SECONDS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._seconds = folder, seconds
        self._duck = duckdb.connect(":memory:")
        for setting in (
            f"memory_limit = '{MEMORY_BYTES}B'",
            f"threads = {THREADS}",
            "temp_directory = ''",  # what does not fit into memory is refused, not spilled
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "python_enable_replacements = false",
            "TimeZone = 'UTC'",
            f"allowed_directories = [{_literal(f'{folder}/')}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._duck.execute(f"SET GLOBAL {setting}")

    def ask(
        self, name: str, sql: str, handed: Mapping[str, Handed], *, enough: Callable[[Row], bool] = lambda _: False
    ) -> list[Row]:
        """Return the rows of ``sql`` over the copy, which it calls ``t``, until one of them is ``enough``.

        Values travel beside the SQL, which names each by ``$name``. What takes too long or too much is refused.
        """
        for _ in range(2):
            version = _current(self._folder / table_name(name))
            if version is None:
                break
            try:
                return self._answer(self._folder / name / f"{version}.parquet", sql, handed, enough)
            except FileNotFoundError:
                continue  # it was swapped between the look and the reading
        raise Unavailable(_NO_COPY, remedy=text("ask again in a moment"))

    def close(self) -> None:
        """Let go of the database."""
        self._duck.close()

    def _answer(self, path: Path, sql: str, handed: Mapping[str, Handed], enough: Callable[[Row], bool]) -> list[Row]:
        cursor = self._duck.cursor()
        late = threading.Event()
        timer = threading.Timer(self._seconds, _stop, (cursor, late))
        timer.daemon = True
        timer.start()
        try:
            cursor.execute(f"CREATE TEMP VIEW t AS SELECT * FROM read_parquet({_literal(str(path))})")  # noqa: S608
            cursor.execute(sql, dict(handed))
            return _taken(cursor, enough, late)
        except duckdb.InterruptException:
            raise _too_long(self._seconds) from None
        except duckdb.OutOfMemoryException:
            raise TooMuch(
                text("the question needs more memory than one question may have"), remedy=text("ask for less at once")
            ) from None
        except duckdb.IOException:
            if not path.exists():
                raise FileNotFoundError from None
            raise Unavailable(text("the copy of this service cannot be read")) from None
        except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException) as error:
            # The engine's own words could repeat a value.
            raise Invalid(
                text("a value does not fit the type that the question gives it ({kind})", kind=type(error).__name__),
                remedy=text("correct the message"),
            ) from None
        finally:
            timer.cancel()
            cursor.close()


def _taken(cursor: duckdb.DuckDBPyConnection, enough: Callable[[Row], bool], late: threading.Event) -> list[Row]:
    rows: list[Row] = []
    while step := cursor.fetchmany(_ROWS_A_STEP):
        if late.is_set():
            raise duckdb.InterruptException
        for row in step:
            rows.append(row)
            if enough(row):
                return rows
    return rows


def _stop(cursor: duckdb.DuckDBPyConnection, late: threading.Event) -> None:
    late.set()
    with suppress(duckdb.Error):
        cursor.interrupt()


def _too_long(seconds: float) -> Unavailable:
    return Unavailable(
        text("the question was not answered within {seconds} seconds", seconds=round(seconds)),
        remedy=text("narrow it by its parameters, or ask for smaller pages"),
    )


def _current(home: Path) -> str | None:
    try:
        version = (home / "current").read_text("ascii")
    except FileNotFoundError:
        return None
    return version if _VERSION.fullmatch(version) else None


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    with (home / ".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _literal(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
