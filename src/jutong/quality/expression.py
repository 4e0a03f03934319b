"""Expressions that people write about a row: read as a tree, allowed node by node, and written anew as SQL of ours.

Nothing of what was typed reaches an engine but checked names of items and escaped literals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

from .reading import column, literal, quoted

MOST_CHARACTERS, MOST_NODES, MOST_PATTERN = 2000, 300, 500
NUMBER_FORM = "^-?[0-9]{1,15}([.][0-9]{1,8})?$"


class Kind(StrEnum):
    """What an expression is: the four kinds never mix without being told to."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    TRUTH = "truth"


@dataclass(slots=True)
class Lifted:
    """Columns that several rules read: each value is read as a number or a day once a row."""

    columns: dict[str, str] = field(default_factory=dict)

    def day(self, item: str) -> str:
        """Return the column of an item's value as a day; NULL unless it is spelled YYYY-MM-DD and exists."""
        return self._named(f"{item} day", day_sql(column(item)))

    def number(self, item: str) -> str:
        """Return the column of an item's value as a number; NULL unless it is written as a plain decimal."""
        return self._named(f"{item} number", number_sql(column(item)))

    def _named(self, name: str, sql: str) -> str:
        self.columns[name] = sql
        return quoted(name)


def day_sql(value: str) -> str:
    """Return the SQL of a text as a day; NULL unless it is spelled YYYY-MM-DD and exists."""
    return f"CASE WHEN regexp_matches({value}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$') THEN try_cast({value} AS DATE) END"


def number_sql(value: str) -> str:
    """Return the SQL of a text as a number; engines differ in what else they would take for one."""
    return f"CASE WHEN regexp_matches({value}, '{NUMBER_FORM}') THEN try_cast({value} AS DOUBLE) END"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A true-or-false expression in SQL, and the items and parameters that it speaks of, the first named first."""

    sql: str
    items: tuple[str, ...]
    parameters: tuple[str, ...] = ()


def compiled(expression: str, items: Sequence[str], lifted: Lifted) -> Compiled:
    """Return an expression over these items as SQL, or refuse it.

    >>> compiled("number(a) <= 5 OR b IS NULL", ["a", "b"], Lifted()).sql
    '(("a number" <= CAST(5 AS DOUBLE)) OR ("b" IS NULL))'
    """
    return _of_tree(_tree_of(expression), items, lifted, {})


def conditions(
    expression: str, items: Sequence[str], lifted: Lifted, parameters: Mapping[str, Kind]
) -> tuple[Compiled, ...]:
    """Return the parts of an expression that must all hold; ``:name`` in it stands for a value that is handed in later.

    >>> [(part.sql, part.parameters) for part in conditions("a = :b AND c IS NULL", ["a", "c"], Lifted(), {"b": _T})]
    [('("a" = CAST($b AS VARCHAR))', ('b',)), ('("c" IS NULL)', ())]
    """
    return tuple(_of_tree(part, items, lifted, parameters) for part in _parts(_tree_of(expression)))


def handed_in(name: str, kind: Kind) -> str:
    """Return the SQL of a parameter: its value travels beside the SQL, never in it."""
    return f"CAST(${name} AS { {Kind.NUMBER: 'DOUBLE', Kind.DAY: 'DATE'}.get(kind, 'VARCHAR') })"


def _parts(tree: exp.Expr) -> Iterator[exp.Expr]:
    while isinstance(tree, exp.Paren):
        tree = tree.this
    if isinstance(tree, exp.And):
        yield from _parts(tree.this)
        yield from _parts(tree.expression)
    else:
        yield tree


def _of_tree(tree: exp.Expr, items: Sequence[str], lifted: Lifted, parameters: Mapping[str, Kind]) -> Compiled:
    writer = _Writer(items, lifted, parameters)
    sql, kind = writer.write(tree)
    if kind is not Kind.TRUTH:
        raise _refused(text("an expression of a rule says yes or no; this one is a {kind}", kind=kind.value))
    return Compiled(sql, tuple(writer.used), tuple(writer.handed))


def checked_pattern(expression: str) -> str:
    """Return a regular expression that every engine understands alike, or refuse it."""
    if len(expression) > MOST_PATTERN:
        raise _refused(text("a pattern has at most {most} characters", most=MOST_PATTERN))
    try:
        pc.match_substring_regex(pa.array([""]), expression)
    except pa.ArrowInvalid:
        raise _refused(text("a pattern is not understood")) from None
    return expression


def _tree_of(expression: str) -> exp.Expr:
    if len(expression) > MOST_CHARACTERS or "\0" in expression:
        raise _refused(text("an expression has at most {most} characters, and no NUL", most=MOST_CHARACTERS))
    try:
        trees = sqlglot.parse(expression, read="duckdb")
    except (SqlglotError, RecursionError):
        raise _refused(text("the expression cannot be read")) from None
    tree = trees[0] if len(trees) == 1 else None
    if tree is None or sum(1 for _ in tree.walk()) > MOST_NODES:
        raise _refused(text("a rule is one expression of at most {most} parts", most=MOST_NODES))
    return tree


def _refused(reason: Text) -> Invalid:
    return Invalid(reason, remedy=text("write it with items, plain values, comparisons and the functions of the list"))


Written = tuple[str, Kind]

_COMPARED: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
_ADDED: Mapping[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_T, _N, _D = Kind.TEXT, Kind.NUMBER, Kind.DAY
# Function -> kinds of its arguments, the kind of its answer, its SQL.
_FUNCTIONS: Mapping[str, tuple[tuple[Kind, ...], Kind, str]] = {
    "number": ((_T,), _N, ""),
    "day": ((_T,), _D, ""),
    "length": ((_T,), _N, "CAST(length({0}) AS DOUBLE)"),
    "lower": ((_T,), _T, "lower({0})"),
    "upper": ((_T,), _T, "upper({0})"),
    "trim": ((_T,), _T, "trim({0})"),
    "left": ((_T, _N), _T, "left({0}, CAST({1} AS INTEGER))"),
    "right": ((_T, _N), _T, "right({0}, CAST({1} AS INTEGER))"),
    "substr": ((_T, _N, _N), _T, "substr({0}, CAST({1} AS INTEGER), CAST({2} AS INTEGER))"),
    "starts_with": ((_T, _T), Kind.TRUTH, "starts_with({0}, {1})"),
    "contains": ((_T, _T), Kind.TRUTH, "(strpos({0}, {1}) > 0)"),
    "matches": ((_T, _T), Kind.TRUTH, "regexp_matches({0}, {1})"),
    "abs": ((_N,), _N, "abs({0})"),
    "round": ((_N, _N), _N, "round({0}, CAST({1} AS INTEGER))"),
    "year": ((_D,), _N, "CAST(year({0}) AS DOUBLE)"),
    "month": ((_D,), _N, "CAST(month({0}) AS DOUBLE)"),
    "days": ((_D, _D), _N, "CAST(date_diff('day', {0}, {1}) AS DOUBLE)"),
}
FUNCTIONS = tuple(_FUNCTIONS)
# What sqlglot makes of those of the names that it knows itself, with its arguments in order.
_KNOWN: Mapping[type[exp.Expr], tuple[str, tuple[str, ...]]] = {
    exp.Length: ("length", ("this",)),
    exp.Lower: ("lower", ("this",)),
    exp.Upper: ("upper", ("this",)),
    exp.Trim: ("trim", ("this",)),
    exp.Left: ("left", ("this", "expression")),
    exp.Right: ("right", ("this", "expression")),
    exp.Substring: ("substr", ("this", "start", "length")),
    exp.StartsWith: ("starts_with", ("this", "expression")),
    exp.Contains: ("contains", ("this", "expression")),
    exp.RegexpLike: ("matches", ("this", "expression")),
    exp.Abs: ("abs", ("this",)),
    exp.Round: ("round", ("this", "decimals")),
    exp.Year: ("year", ("this",)),
    exp.Month: ("month", ("this",)),
    exp.Day: ("day", ("this",)),
}


class _Writer:
    """One walk through one tree."""

    def __init__(self, items: Sequence[str], lifted: Lifted, parameters: Mapping[str, Kind]) -> None:
        self._items, self._lifted, self._parameters = frozenset(items), lifted, parameters
        self.used: dict[str, None] = {}
        self.handed: dict[str, None] = {}
        self._by_type: Mapping[type[exp.Expr], Callable[..., Written]] = {
            exp.Paren: lambda node: self.write(node.this),
            exp.Column: self._column,
            exp.Placeholder: self._parameter,
            exp.Literal: self._literal,
            exp.Neg: lambda node: (f"(-{self._of(node.this, _N)})", _N),
            exp.Boolean: lambda node: ("true" if node.this else "false", Kind.TRUTH),
            exp.And: lambda node: self._joined(node, "AND"),
            exp.Or: lambda node: self._joined(node, "OR"),
            exp.Not: lambda node: (f"(NOT {self._of(node.this, Kind.TRUTH)})", Kind.TRUTH),
            exp.Is: self._is,
            exp.Between: self._between,
            exp.In: self._in,
            exp.Like: self._like,
            exp.DPipe: self._concatenated,
            exp.Div: self._divided,
            exp.Coalesce: self._coalesced,
            exp.Case: self._case,
            exp.Anonymous: lambda node: self._call(str(node.this).lower(), node.expressions),
        }

    def write(self, node: exp.Expr) -> Written:
        """Return the SQL of a node and its kind, or refuse the node."""
        kind = type(node)
        if kind in _COMPARED:
            left, right = self._pair(node.this, node.expression)
            return f"({left} {_COMPARED[kind]} {right})", Kind.TRUTH
        if kind in _ADDED:
            return f"({self._of(node.this, _N)} {_ADDED[kind]} {self._of(node.expression, _N)})", _N
        if kind in _KNOWN:
            name, slots = _KNOWN[kind]
            told = {slot for slot, value in node.args.items() if value}
            if told - set(slots):
                raise _refused(text("the function {name} takes other arguments", name=name))
            return self._call(name, [node.args[slot] for slot in slots if slot in told])
        if kind not in self._by_type:
            raise _refused(text("an expression may not use {what}", what=node.key))
        return self._by_type[kind](node)

    def _of(self, node: exp.Expr, kind: Kind) -> str:
        sql, is_kind = self.write(node)
        if is_kind is not kind:
            raise _refused(text("a {kind} is wanted where a {other} stands", kind=kind.value, other=is_kind.value))
        return sql

    def _column(self, node: exp.Column) -> Written:
        name = node.name
        if node.table or name not in self._items:
            raise _refused(text("there is no item {name}", name=name[:63]))
        self.used[name] = None
        return column(name), _T

    def _parameter(self, node: exp.Placeholder) -> Written:
        name = str(node.this or "")
        if name not in self._parameters:
            raise _refused(text("there is no parameter {name}", name=name[:63]))
        self.handed[name] = None
        return handed_in(name, self._parameters[name]), self._parameters[name]

    def _literal(self, node: exp.Literal) -> Written:
        if node.is_string:
            return literal(node.name), _T
        try:
            float(node.name)
        except ValueError:
            raise _refused(text("a number is not written as one")) from None
        return f"CAST({node.name} AS DOUBLE)", _N

    def _pair(self, left: exp.Expr, right: exp.Expr) -> tuple[str, str]:
        (one, kind), (other, other_kind) = self.write(left), self.write(right)
        if kind is _D and isinstance(right, exp.Literal) and right.is_string:
            return one, _day_literal(right.name)
        if other_kind is _D and isinstance(left, exp.Literal) and left.is_string:
            return _day_literal(left.name), other
        if kind is not other_kind:
            raise _refused(text("a {kind} is compared with a {other}", kind=kind.value, other=other_kind.value))
        return one, other

    def _joined(self, node: exp.Binary, word: str) -> Written:
        return f"({self._of(node.this, Kind.TRUTH)} {word} {self._of(node.expression, Kind.TRUTH)})", Kind.TRUTH

    def _is(self, node: exp.Is) -> Written:
        if not isinstance(node.expression, exp.Null):
            raise _refused(text("IS asks for NULL only"))
        return f"({self.write(node.this)[0]} IS NULL)", Kind.TRUTH

    def _between(self, node: exp.Between) -> Written:
        one, low = self._pair(node.this, node.args["low"])
        _, high = self._pair(node.this, node.args["high"])
        return f"({one} BETWEEN {low} AND {high})", Kind.TRUTH

    def _in(self, node: exp.In) -> Written:
        if not node.expressions or not all(isinstance(one, exp.Literal) for one in node.expressions):
            raise _refused(text("IN takes a list of plain values"))
        pairs = [self._pair(node.this, one) for one in node.expressions]
        return f"({pairs[0][0]} IN ({', '.join(value for _, value in pairs)}))", Kind.TRUTH

    def _like(self, node: exp.Like) -> Written:
        return f"({self._of(node.this, _T)} LIKE {self._plain(node.expression)})", Kind.TRUTH

    def _concatenated(self, node: exp.DPipe) -> Written:
        return f"({self._of(node.this, _T)} || {self._of(node.expression, _T)})", _T

    def _divided(self, node: exp.Div) -> Written:
        return f"({self._of(node.this, _N)} / nullif({self._of(node.expression, _N)}, CAST(0 AS DOUBLE)))", _N

    def _coalesced(self, node: exp.Coalesce) -> Written:
        return self._alike([self.write(one) for one in (node.this, *node.expressions)], "coalesce({})")

    def _case(self, node: exp.Case) -> Written:
        if node.this is not None or node.args.get("default") is None:
            raise _refused(text("a CASE asks conditions, and has an ELSE"))
        whens = [self._of(one.this, Kind.TRUTH) for one in node.args["ifs"]]
        written = [self.write(one) for one in (*(one.args["true"] for one in node.args["ifs"]), node.args["default"])]
        _, kind = self._alike(written, "{}")
        arms = " ".join(f"WHEN {when} THEN {then}" for when, (then, _) in zip(whens, written, strict=False))
        return f"(CASE {arms} ELSE {written[-1][0]} END)", kind

    def _alike(self, written: Sequence[Written], form: str) -> Written:
        kinds = {kind for _, kind in written}
        if len(kinds) != 1:
            raise _refused(text("all values of a choice are of one kind"))
        return form.format(", ".join(sql for sql, _ in written)), kinds.pop()

    def _plain(self, node: exp.Expr) -> str:
        if not (isinstance(node, exp.Literal) and node.is_string):
            raise _refused(text("a pattern is written out as plain text"))
        return literal(node.name)

    def _call(self, name: str, given: Sequence[exp.Expr]) -> Written:
        name = {"regexp_matches": "matches"}.get(name, name)
        if name not in _FUNCTIONS:
            raise _refused(text("there is no function {name}", name=name[:40]))
        kinds, answer, form = _FUNCTIONS[name]
        if len(given) != len(kinds):
            raise _refused(text("the function {name} takes other arguments", name=name))
        if name in ("day", "number"):
            return self._read(name, given[0]), answer
        if name == "matches":
            pattern = literal(checked_pattern(given[1].name)) if self._plain(given[1]) else ""
            return form.format(self._of(given[0], _T), pattern), answer
        return form.format(*(self._of(one, kind) for one, kind in zip(given, kinds, strict=True))), answer

    def _read(self, name: str, node: exp.Expr) -> str:
        if isinstance(node, exp.Column):
            self._column(node)
            return self._lifted.day(node.name) if name == "day" else self._lifted.number(node.name)
        value = self._of(node, _T)
        return f"({day_sql(value) if name == 'day' else number_sql(value)})"


def _day_literal(written: str) -> str:
    try:
        return f"DATE '{date.fromisoformat(written).isoformat()}'"
    except ValueError:
        raise _refused(text("a day is written YYYY-MM-DD")) from None
