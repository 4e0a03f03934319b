"""Any Spark Connect endpoint as an engine: the house's SQL is translated, tables are read as Delta."""

from __future__ import annotations

import importlib
import itertools
import secrets
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import sqlglot
from sqlglot import TokenType, exp

from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.text import text

from .engine import Rows, TableRef, Value
from .lake import Lake
from .vector import VectorFunction

_SECONDS = 10
_PORT = 15002
_MARK = "jutong_mark_"
_AWAY = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "INVALID_HANDLE", "failed to connect", "session not found")


class SparkEngine:
    """The engine behind ``sc://host:port``; it must reach the lake under the same URL as this node does."""

    def __init__(self, lake: Lake, url: str) -> None:
        self._lake, self._url, self._lock = lake, url, threading.Lock()
        self._session: Any = None

    def learn(self, functions: Iterable[VectorFunction]) -> bool:
        """Say no: the endpoint has no Python of ours."""
        del functions
        return False

    def query(
        self, sql: str, tables: Mapping[str, TableRef | Rows] | None = None, parameters: Sequence[Value] = ()
    ) -> pa.RecordBatchReader:
        """Stream the answer to ``sql``; inputs that are not tables of the lake travel to the endpoint."""
        inputs = {
            name: self._pinned(source) if isinstance(source, TableRef) else _whole(source)
            for name, source in (tables or {}).items()
        }
        views = {name: f"jutong_{secrets.token_hex(8)}" for name in inputs}
        statement = spark_sql(sql, views, parameters)
        try:
            return self._ask(statement, inputs, views)
        except Unavailable:
            # The endpoint may have forgotten us while we were idle; a new session tells.
            self._session = None
            return self._ask(statement, inputs, views)

    def _pinned(self, ref: TableRef) -> TableRef:
        """Give both engines the same rows, whoever lands something meanwhile."""
        version = ref.version_in(self._lake)
        return TableRef(ref.table, self._lake.version(ref.table) if version is None else version)

    def _ask(
        self, statement: str, inputs: Mapping[str, TableRef | pa.Table], views: Mapping[str, str]
    ) -> pa.RecordBatchReader:
        session = self._connected()
        with _Answering():
            for name, source in inputs.items():
                if isinstance(source, TableRef):
                    table = session.read.format("delta").option("versionAsOf", source.version)
                    frame = table.load(self._lake.place.url(source.table))
                else:
                    frame = session.createDataFrame(source) if len(source) else _without_rows(session, source.schema)
                frame.createOrReplaceTempView(views[name])
            frame = session.sql(statement)
            schema = _types().to_arrow_schema(frame.schema, timezone="UTC")
            parts = session.client.to_table_as_iterator(frame._plan.to_proto(session.client), {})
            first = list(itertools.islice(parts, 2))  # the schema, then the first rows: errors come out here
        rest = _stream(itertools.chain(first, parts), schema, session, list(views.values()))
        return pa.RecordBatchReader.from_batches(schema, rest)

    def _connected(self) -> Any:
        with self._lock:
            # The client itself would go on trying for ten minutes.
            _knock(self._url)
            if self._session is None:
                self._session = _session_at(self._url)
            return self._session


def _knock(url: str) -> None:
    at = urlsplit(url)
    try:
        socket.create_connection((at.hostname or "", at.port or _PORT), _SECONDS).close()
    except OSError as error:
        raise Unavailable(
            text("the engine at {host}:{port} does not answer", host=at.hostname, port=at.port),
            remedy=text("start it, or correct `engine` in jutong.toml; then repeat the act"),
        ) from error


def _session_at(url: str) -> Any:
    """Open a session; the client is optional and slow to import, so only those who use it pay for it."""
    try:
        sessions = importlib.import_module("pyspark.sql.connect.session")
        retries = importlib.import_module("pyspark.sql.connect.client.retries")
    except ImportError as error:
        raise Unavailable(
            text("the Spark Connect client is not installed"), remedy=text("pip install 'jutong[spark]'")
        ) from error
    with _Answering():
        session = sessions.SparkSession.builder.remote(url).create()
        session.client.set_retry_policies([retries.DefaultPolicy(max_retries=4, max_backoff=2000)])
        session.conf.set("spark.sql.session.timeZone", "UTC")
    return session


def spark_sql(sql: str, views: Mapping[str, str], parameters: Sequence[Value] = ()) -> str:
    """Translate from DuckDB's dialect; tables take the names of ``views``, parameters become literals.

    >>> spark_sql("SELECT a.x FROM a WHERE regexp_matches(x, ?)", {"a": "v1"}, ["^9"])
    "SELECT a.x FROM v1 AS `a` WHERE x RLIKE '^9'"
    """
    tree = sqlglot.parse_one(_with_named_marks(sql, len(parameters)), read="duckdb")
    if not isinstance(tree, exp.Query):
        raise Invalid(text("an engine answers one question; this statement asks nothing, or more than one thing"))
    shadowed = {cte.alias for cte in tree.find_all(exp.CTE)} & set(views)
    if shadowed:
        raise Invalid(text("a WITH takes the name of an input: {names}", names=", ".join(sorted(shadowed))))
    for table in list(tree.find_all(exp.Table)):
        if not table.db and table.name in views:
            alias = table.alias or table.name
            table.set("this", exp.to_identifier(views[table.name]))
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    for match in list(tree.find_all(exp.RegexpLike, exp.RegexpFullMatch)):
        _say_wholly(match)
    for taken in list(tree.find_all(exp.RegexpExtract)):
        _say_each_group(taken)
    for fold in list(tree.find_all(exp.Reduce)):
        # DuckDB names what is done before what it begins with, Spark the other way round.
        if isinstance(fold.args.get("initial"), exp.Lambda):
            merge, initial = fold.args["initial"], fold.args["merge"]
            fold.set("initial", initial)
            fold.set("merge", merge)
    for mark in list(tree.find_all(exp.Parameter, exp.Placeholder)):
        mark.replace(exp.convert(parameters[int(mark.name.removeprefix(_MARK))]))
    return tree.sql(dialect="spark")


def _say_wholly(match: exp.Binary) -> None:
    """Put into the pattern what ``RLIKE`` has no argument for: flags, and that the whole text must match."""
    flags = "".join(letter for letter in match.text("flag") or match.text("options") if letter in "ism")
    before, after = (f"(?{flags})" if flags else ""), ""
    if isinstance(match, exp.RegexpFullMatch):
        before, after = f"{before}^(?:", ")$"
    if not before:
        return
    parts = [exp.Literal.string(before), match.expression, exp.Literal.string(after)]
    pattern = exp.Concat(expressions=parts, safe=False, coalesce=False)
    match.replace(exp.RegexpLike(this=match.this, expression=pattern))


def _say_each_group(taken: exp.RegexpExtract) -> None:
    """Take the groups that are named in a list one by one: Spark has no way to take them at once."""
    names = taken.args.get("group")
    if not isinstance(names, exp.Array):
        return
    groups = [
        exp.PropertyEQ(
            this=exp.to_identifier(name.name),
            expression=exp.RegexpExtract(
                this=taken.this.copy(), expression=taken.expression.copy(), group=exp.Literal.number(number)
            ),
        )
        for number, name in enumerate(names.expressions, start=1)
    ]
    taken.replace(exp.Struct(expressions=groups))


def _with_named_marks(sql: str, given: int) -> str:
    """Number the marks by their place in the text: a parsed tree no longer knows which came first."""
    marks = [token for token in sqlglot.tokenize(sql, read="duckdb") if token.token_type is TokenType.PLACEHOLDER]
    if len(marks) != given:
        raise Invalid(text("the question has {marks} marks for {given} values", marks=len(marks), given=given))
    for number, mark in reversed(list(enumerate(marks))):
        sql = f"{sql[: mark.start]}${_MARK}{number}{sql[mark.end + 1 :]}"
    return sql


class _Answering:
    """Say in the house's words what the endpoint failed at; its own words may hold values of rows."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or not _is_sparks(error):
            return
        words = str(error)
        if any(sign in words for sign in _AWAY):
            raise Unavailable(
                text("the engine went away in the middle of an answer"), remedy=text("repeat the act")
            ) from None
        if type(error).__name__ in {"AnalysisException", "ParseException"}:
            return  # names and syntax, no rows: a bug of ours, shown as it is
        raise Invalid(
            text("a value does not fit the type that the question gives it ({kind})", kind=type(error).__name__),
            remedy=text("use try_cast where rows may hold anything"),
        ) from None


def _is_sparks(error: BaseException) -> bool:
    return type(error).__module__.startswith(("pyspark.", "grpc."))


def _types() -> Any:
    return importlib.import_module("pyspark.sql.pandas.types")


def _without_rows(session: Any, schema: pa.Schema) -> Any:
    return session.createDataFrame([], _types().from_arrow_schema(schema))


def _whole(rows: Rows) -> pa.Table:
    return rows if isinstance(rows, pa.Table) else rows.read_all()


def _stream(parts: Iterator[Any], schema: pa.Schema, session: Any, views: list[str]) -> Iterator[pa.RecordBatch]:
    try:
        while True:
            with _Answering():
                part = next(parts, None)
            if part is None:
                return
            if isinstance(part, pa.Table):
                yield from part.cast(schema).to_batches()
    finally:
        for view in views:
            session.catalog.dropTempView(view)
