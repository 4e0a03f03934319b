"""A theme library: a table that is declared as one question over the base library, and made again when that grows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text
from jutong.quality.capital import CAPITAL_COLUMNS

from .basis import check_basis
from .kind import LEGAL_PERSON

BASE = LEGAL_PERSON.name
SQL_LIMIT, TITLE_LIMIT, COLUMNS_MOST = 20_000, 100, 200
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NUMBERS = {"capital_amount": "DECIMAL(28, 8)", "capital_unit": "BIGINT"}
COLUMNS: Mapping[str, str] = {
    name: _NUMBERS.get(name, "VARCHAR")
    for name in (
        LEGAL_PERSON.key,
        *(field.name for field in LEGAL_PERSON.fields),
        *(f"capital_{part}" for part in CAPITAL_COLUMNS),
    )
}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """One time that a theme was made: from which version of the base library, and what came out."""

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
        tree = qualify(parsed[0], schema={BASE: dict(COLUMNS)}, dialect="duckdb", quote_identifiers=False)
    except (SqlglotError, RecursionError) as error:
        raise _refused(text("the question names a column that is not there, or that two tables have")) from error
    _check_columns([one.alias_or_name for one in tree.selects])
    return str(tree.sql(dialect="duckdb"))


def _faults(tree: exp.Query) -> Iterator[Text]:
    own = {one.alias for one in tree.find_all(exp.CTE)}
    if BASE in own:
        yield text("a WITH takes the name of the base library")
    for node in tree.walk():
        if isinstance(node, exp.Table):
            if not isinstance(node.this, exp.Identifier):
                yield text("the question holds a table function, which no theme may use")
            elif node.db or node.catalog or node.name not in own | {BASE}:
                yield text("the question reads {table}; a theme reads {base} alone", table=node.name[:63], base=BASE)
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


def _check_columns(names: list[str]) -> None:
    if not 1 <= len(names) <= COLUMNS_MOST or len(set(names)) < len(names):
        raise _refused(text("a theme has 1 to {most} columns, each with a name of its own", most=COLUMNS_MOST))
    if not all(_NAME.fullmatch(name) for name in names):
        raise _refused(text("a column's name is 1 to 40 of a-z, 0-9 and _: give it one by AS"))


def _refused(why: Text) -> Invalid:
    return Invalid(
        why,
        basis=text("a theme library reads base libraries and nothing else"),
        remedy=text("write one SELECT over {base} with plain functions", base=BASE),
    )
