"""Engines answer SQL over tables of the lake and Arrow data; SQL is always written in DuckDB's dialect."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import TINYINT, VARCHAR

from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.text import text

from .lake import Lake
from .place import Folder
from .vector import VectorFunction

Value = str | int | float | bool | bytes | None
Rows: TypeAlias = pa.Table | pa.RecordBatchReader
ROWS_A_BATCH = 65_536


@dataclass(frozen=True, slots=True)
class TableRef:
    """A table of the lake at a version (the newest if None).

    ``lasting`` says that rows only come on top: where retention has taken the version away, the oldest kept one serves.
    """

    table: str
    version: int | None = None
    lasting: bool = False

    def version_in(self, lake: Lake) -> int | None:
        """Return the version to be read."""
        return lake.kept(self.table, self.version) if self.lasting and self.version is not None else self.version


@dataclass(frozen=True, slots=True)
class FileRef:
    """A Parquet file outside the lake: every column as text, and each row's place as ``_row``, from 1 on."""

    path: Path


class Engine(Protocol):
    """Whatever runs SQL for the house."""

    def learn(self, functions: Iterable[VectorFunction]) -> bool:
        """Say whether SQL may call these functions from now on; an engine elsewhere cannot, and is asked in SQL."""
        ...

    def query(
        self, sql: str, tables: Mapping[str, TableRef | Rows] | None = None, parameters: Sequence[Value] = ()
    ) -> pa.RecordBatchReader:
        """Stream the answer to ``sql``, which names its inputs as ``tables`` does and its parameters by ``?``.

        A ``RecordBatchReader`` among the inputs is read once, so name it once; a ``pa.Table`` may be named often.
        """
        ...


class DuckEngine:
    """DuckDB inside this process; it sees the lake's files and what it is handed, nothing else of the machine.

    One database (one memory limit, one spill folder) and a cursor per query: names given to one query are
    temporary views of its cursor, so queries of many threads do not meet.
    """

    def __init__(
        self, lake: Lake, scratch: Path, *, memory_bytes: int = 0, threads: int = 0, readable: Sequence[Path] = ()
    ) -> None:
        self._lake = lake
        scratch.mkdir(parents=True, exist_ok=True)
        self._duck = duckdb.connect(":memory:")
        # A connection that knows functions of ours must be closed before the interpreter goes.
        weakref.finalize(self, self._duck.close)
        self._known: set[str] = set()
        self._learning = threading.Lock()
        inside = [str(lake.place.folder) + "/"] if isinstance(lake.place, Folder) else []
        for setting in (
            f"memory_limit = '{memory_bytes or _half_of_memory()}B'",
            f"threads = {threads or os.cpu_count() or 1}",
            f"temp_directory = {_literal(str(scratch))}",
            "preserve_insertion_order = true",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "python_enable_replacements = false",
            "TimeZone = 'UTC'",
            f"disabled_optimizers = {_literal(','.join(self._refused_optimizers()))}",
            f"allowed_directories = [{', '.join(map(_literal, inside))}]",
            f"allowed_paths = [{', '.join(_literal(str(path)) for path in readable)}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._duck.execute(f"SET GLOBAL {setting}")

    def _refused_optimizers(self) -> list[str]:
        # It counts rows before a join and again after it; what its groups are made of (a hundred rules) is then
        # computed for each mention anew: a pass with a join in its last step took three times as long.
        known = {name for (name,) in self._duck.execute("SELECT name FROM duckdb_optimizers()").fetchall()}
        return sorted(known & {"partial_aggregate_pushdown"})

    def learn(self, functions: Iterable[VectorFunction]) -> bool:
        """Lend functions to the SQL of this database."""
        with self._learning:
            for function in functions:
                if function.name not in self._known:
                    self._duck.create_function(
                        function.name, _whole_column(function.of), [VARCHAR], TINYINT, type=PythonUDFType.ARROW,
                        null_handling=FunctionNullHandling.SPECIAL, side_effects=False,
                    )  # fmt: skip
                    self._known.add(function.name)
        return True

    def query(
        self, sql: str, tables: Mapping[str, TableRef | FileRef | Rows] | None = None, parameters: Sequence[Value] = ()
    ) -> pa.RecordBatchReader:
        """Stream the answer to ``sql``."""
        cursor = self._duck.cursor()
        try:
            with _Answering():
                _refuse_all_but_a_question(cursor, sql)
                for name, source in (tables or {}).items():
                    self._name(cursor, name, source)
                answer = cursor.sql(sql, params=list(parameters) or None)
                reader = answer.to_arrow_reader(ROWS_A_BATCH)
        except BaseException:
            cursor.close()
            raise
        return pa.RecordBatchReader.from_batches(reader.schema, _stream(reader, cursor))

    def _name(self, cursor: duckdb.DuckDBPyConnection, name: str, source: TableRef | FileRef | Rows) -> None:
        if isinstance(source, FileRef):
            names = map(_identifier, pq.read_schema(source.path).names)
            columns = "".join(f", CAST({column} AS VARCHAR) AS {column}" for column in names)
            cursor.execute(
                f"CREATE TEMP VIEW {_identifier(name)} AS SELECT file_row_number + 1 AS _row{columns} "  # noqa: S608
                f"FROM read_parquet({_literal(str(source.path))}, file_row_number = true)"
            )
            return
        if not isinstance(source, TableRef):
            cursor.register(name, source)
            return
        place, version = self._lake.place, source.version_in(self._lake)
        files, schema = self._lake.files(source.table, version=version)
        if not files:
            cursor.register(name, schema.empty_table())
        elif isinstance(place, Folder):
            paths = ", ".join(_literal(str(place.folder / source.table / file)) for file in files)
            columns = ", ".join(_identifier(field.name) for field in schema)
            cursor.execute(
                f"CREATE TEMP VIEW {_identifier(name)} AS SELECT {columns} "  # noqa: S608 (all parts are escaped)
                f"FROM read_parquet([{paths}], union_by_name = true)"
            )
        else:
            # No httpfs: Arrow reads the bucket, DuckDB hands columns and filters down to it.
            cursor.register(name, self._lake.dataset(source.table, version=version))


class _Answering:
    """Say in the house's words what DuckDB failed at; its own words may hold values of rows."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, duckdb.OutOfMemoryException):
            raise Unavailable(
                text("the engine has no memory or spill space left for this question"),
                remedy=text("free disk space on the node, or ask for less at once"),
            ) from None
        if isinstance(error, duckdb.IOException):
            raise Unavailable(
                text("the engine could not read or spill: files are missing, or the disk is full"),
                remedy=text("run `jutong doctor`, then repeat the act"),
            ) from None
        if isinstance(error, (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException)):
            raise Invalid(
                text("a value does not fit the type that the question gives it ({kind})", kind=type(error).__name__),
                remedy=text("use try_cast where rows may hold anything"),
            ) from None


def _stream(reader: pa.RecordBatchReader, cursor: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
    try:
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
            except OSError as error:
                raise Unavailable(text("the engine stopped in the middle of an answer")) from error
            yield batch
    finally:
        cursor.close()


def _refuse_all_but_a_question(cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
    if [statement.type for statement in cursor.extract_statements(sql)] != [duckdb.StatementType.SELECT]:
        raise Invalid(text("an engine answers one question; this statement asks nothing, or more than one thing"))


def _whole_column(of: Callable[[pa.Array], pa.Array]) -> Callable[[pa.ChunkedArray], pa.Array]:
    def column(values: pa.ChunkedArray) -> pa.Array:
        return of(values.chunk(0) if values.num_chunks == 1 else values.combine_chunks())

    return column


def _half_of_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _literal(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
