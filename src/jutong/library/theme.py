"""A theme library: a table that is declared as one question over base libraries, and made again when they grow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text
from jutong.terms.grade import Grade

from .basis import check_basis
from .hiding import SCHEMA, WRITTEN, kinds_read, tied
from .kind import KINDS, Kind

SQL_LIMIT, TITLE_LIMIT, COLUMNS_MOST = 20_000, 100, 200
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Whatever a question may be made of; all else is refused, known or not. No function that reads a file, a setting or
# another table, that makes rows out of nothing, or that answers otherwise the next time is among them.
_ALLOWED: tuple[type[exp.Expression], ...] = (
    *(exp.Select, exp.Union, exp.Except, exp.Intersect, exp.Subquery, exp.CTE, exp.With, exp.Table, exp.TableAlias),
    *(exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Distinct),
    *(exp.Column, exp.Identifier, exp.Alias, exp.Star, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Tuple),
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between),
    *(exp.NullSafeEQ, exp.NullSafeNEQ, exp.Like, exp.StartsWith, exp.EndsWith, exp.Contains),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe, exp.Concat),
    *(exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam),
    *(exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg, exp.Exists),
    *(exp.Upper, exp.Lower, exp.Trim, exp.Length, exp.Substring, exp.Left, exp.Right, exp.Replace, exp.StrPosition),
    *(exp.Round, exp.Abs, exp.Floor, exp.Ceil, exp.Year, exp.Month, exp.Day),
)
_TYPES = {"VARCHAR", "TEXT", "BIGINT", "INT", "DECIMAL", "DOUBLE", "DATE", "BOOLEAN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """What the table is called, the question that makes it, and on which basis the theme is kept."""

    name: str
    title: str
    sql: str
    basis: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise Invalid(text("a theme's name is 1 to 40 of a-z, 0-9 and _, and begins with a letter"))
        title = self.title.strip()
        if not title or len(title) > TITLE_LIMIT or any(ord(character) < 32 for character in self.title):
            raise Invalid(text("a title has 1 to {most} characters and no control characters", most=TITLE_LIMIT))
        check_basis(self.basis)

    def question(self) -> str:
        """Return the question as it is asked: every name resolved, no star left; or refuse it and say why."""
        return question_of(self.sql)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The base libraries that the question reads, in the order of their names."""
        return kinds_read(_resolved(self.sql))

    @property
    def grade(self) -> Grade:
        """How grave the theme is: as the gravest library it reads, though it only counts or joins that one's rows.

        No column is less grave than what it comes from, and of what decides which rows there are nothing is forgotten.
        """
        return max(kind.grade for kind in self.kinds)

    def asked(self) -> str:
        """Return the question as it is put to records of which hidden values are masked; see ``hiding``."""
        return str(tied(_resolved(self.sql)).sql(dialect="duckdb"))

    def check_follows(self, known: Theme) -> None:
        """Refuse a question that is less grave than the one before: rows of earlier makings stay readable."""
        if any(kind not in self.secrets for kind in known.secrets) or self.grade < known.grade:
            raise Invalid(
                text("earlier makings hold rows of graver libraries than the new question reads"),
                basis=text("a theme is as grave as the gravest library it reads"),
                remedy=text("declare it under another name"),
            )

    @property
    def secrets(self) -> tuple[Kind, ...]:
        """The libraries it reads of which no list shows anybody."""
        return tuple(kind for kind in self.kinds if kind.secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """One time that a theme was made: from which version of the (first) base library, and what came out."""

    theme: str
    base: int
    version: int
    rows: int
    digest: str
    at: datetime


def question_of(sql: str) -> str:
    """Return a declared question in its resolved form, or refuse it.

    >>> question_of("SELECT city, count(*) AS firms FROM legal_person GROUP BY city")[:58]
    'SELECT legal_person.city AS city, COUNT(*) AS firms FROM l'
    >>> question_of("SELECT * FROM read_csv('/etc/passwd')")
    Traceback (most recent call last):
    jutong.kernel.errors.Invalid: the question holds a table function, which no theme may use
    """
    return str(_resolved(sql).sql(dialect="duckdb"))


@lru_cache(maxsize=256)
def _resolved(sql: str) -> exp.Query:
    """Return the resolved question; whoever changes it takes a copy."""
    if len(sql) > SQL_LIMIT or "\0" in sql:
        raise _refused(text("a question has at most {most} characters and no NUL", most=SQL_LIMIT))
    try:
        parsed = sqlglot.parse(sql, read="duckdb")
    except (SqlglotError, RecursionError, ValueError) as error:
        raise _refused(text("the question cannot be read as SQL")) from error
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
        raise _refused(text("a theme is declared by one SELECT"))
    for fault in _faults(parsed[0]):
        raise _refused(fault)
    try:
        schema: dict[str, object] = {name: dict(columns) for name, columns in SCHEMA.items()}
        tree = qualify(parsed[0], schema=schema, dialect="duckdb", quote_identifiers=False)
    except (SqlglotError, RecursionError) as error:
        raise _refused(text("the question names a column that is not there, or that two tables have")) from error
    if not isinstance(tree, exp.Query) or not kinds_read(tree):
        raise _refused(text("the question reads no base library"))
    # A row as a whole would hold what only an equality may read.
    if any(isinstance(node, exp.TableColumn) or _is_whole(node) for node in tree.walk()):
        raise _refused(text("the question takes a row as one value"))
    _check_columns([one.alias_or_name for one in tree.selects])
    tied(tree)
    return tree


def _faults(tree: exp.Query) -> Iterator[Text]:
    own = {one.alias for one in tree.find_all(exp.CTE)}
    if {name.lower() for name in own} & set(KINDS):
        yield text("a WITH takes the name of a base library")
    for node in tree.walk():
        if isinstance(node, exp.Table):
            if not isinstance(node.this, exp.Identifier):
                yield text("the question holds a table function, which no theme may use")
            elif node.db or node.catalog or node.name not in own | set(KINDS):
                names = ", ".join(KINDS)
                yield text("the question reads {table}; a theme reads {bases} alone", table=node.name[:63], bases=names)
            elif node.args.get("alias") is not None and node.args["alias"].columns:
                yield text("the columns of a base library keep their names: give others by AS")
        elif isinstance(node, exp.Identifier) and node.name.lower().endswith(WRITTEN):
            yield text("the question names a column that is not there, or that two tables have")
        elif isinstance(node, exp.With) and node.recursive:
            yield text("a question does not call itself")
        elif isinstance(node, exp.Join) and not _bound(node):
            yield text("a join says by which equal columns it joins")
        elif isinstance(node, exp.DataType) and node.this.name not in _TYPES:
            yield text("the question casts to a type that no theme may use")
        elif not isinstance(node, _ALLOWED):
            yield text("the question holds {part}, which no theme may use", part=type(node).__name__)


def _bound(join: exp.Join) -> bool:
    """Say whether a join pairs rows by equal columns: any other pairs each row with all."""
    if join.args.get("using"):
        return True
    on = join.args.get("on")
    parts = on.flatten() if isinstance(on, exp.And) else [on]
    equal = [one for one in parts if isinstance(one, exp.EQ)]
    return any(isinstance(one.left, exp.Column) and isinstance(one.right, exp.Column) for one in equal)


def _is_whole(node: exp.Expr) -> bool:
    """Say whether a node is a row's star; the one of ``count(*)`` counts and shows nothing."""
    if isinstance(node, exp.Column):
        return isinstance(node.this, exp.Star)
    return isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count | exp.Column)


def _check_columns(names: list[str]) -> None:
    if not 1 <= len(names) <= COLUMNS_MOST or len(set(names)) < len(names):
        raise _refused(text("a theme has 1 to {most} columns, each with a name of its own", most=COLUMNS_MOST))
    if not all(_NAME.fullmatch(name) for name in names):
        raise _refused(text("a column's name is 1 to 40 of a-z, 0-9 and _: give it one by AS"))


def _refused(why: Text) -> Invalid:
    return Invalid(
        why,
        basis=text("a theme library reads base libraries and nothing else"),
        remedy=text("write one SELECT over {bases} with plain functions", bases=", ".join(KINDS)),
    )
