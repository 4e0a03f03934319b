"""Which files may hold what a reader looks for, by the bounds of their columns; hints only ever leave files out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlglot
from sqlglot import exp

HINTS_MOST = 64  # of a query; more are not looked at
_DEEPEST = 32
_JSON_OPS = {
    "equal": "=",
    "lessThan": "<",
    "lessThanOrEqual": "<=",
    "greaterThan": ">",
    "greaterThanOrEqual": ">=",
}
_SQL_OPS: Mapping[type[exp.Expression], str] = {exp.EQ: "=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
Bound = int | str


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the log says of a file's columns: rows, lowest, highest, how many are null."""

    rows: int
    lowest: Mapping[str, Any]
    highest: Mapping[str, Any]
    nulls: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One condition; what is not understood is no condition: it may hold anywhere."""

    may: Callable[[Bounds], bool]


ANYWHERE = Wanted(lambda _: True)


def bounds_of(stats: str, rows: int) -> Bounds:
    """Read Delta's statistics of a file."""
    told = msgspec.json.decode(stats) if stats else {}
    return Bounds(rows, told.get("minValues", {}), told.get("maxValues", {}), told.get("nullCount", {}))


def wanted_of(sql: Sequence[str], tree: str) -> Wanted:
    """Return the condition that SQL hints and a JSON hint make together (Delta Sharing, "data skipping")."""
    found = [_of_sql(one) for one in sql[:HINTS_MOST]]
    if tree:
        try:
            found.append(_of_json(msgspec.json.decode(tree), 0))
        except (msgspec.MsgspecError, RecursionError):
            found.append(ANYWHERE)
    return _all(found)


def _of_sql(hint: str) -> Wanted:
    try:
        return _of_tree(sqlglot.parse_one(hint[:10_000], dialect="spark"), 0)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return ANYWHERE


def _of_tree(node: Any, depth: int) -> Wanted:
    if depth > _DEEPEST:
        return ANYWHERE
    if isinstance(node, exp.Paren):
        return _of_tree(node.this, depth + 1)
    if isinstance(node, exp.And):
        return _all([_of_tree(node.left, depth + 1), _of_tree(node.right, depth + 1)])
    if isinstance(node, exp.Or):
        return _any([_of_tree(node.left, depth + 1), _of_tree(node.right, depth + 1)])
    if isinstance(node, exp.Is) and isinstance(node.this, exp.Column) and isinstance(node.expression, exp.Null):
        return _null(node.this.name)
    for kind, sign in _SQL_OPS.items():
        if type(node) is kind:
            left, right = node.this, node.expression
            if isinstance(left, exp.Column) and isinstance(right, exp.Literal):
                return _compared(left.name, sign, _literal(right))
            if isinstance(right, exp.Column) and isinstance(left, exp.Literal):
                return _compared(right.name, _TURNED[sign], _literal(left))
    return ANYWHERE


def _of_json(node: Any, depth: int) -> Wanted:
    if depth > _DEEPEST or not isinstance(node, dict):
        return ANYWHERE
    kind, children = node.get("op"), node.get("children")
    parts = children if isinstance(children, list) else []
    if kind == "and":
        return _all([_of_json(one, depth + 1) for one in parts])
    if kind == "or" and parts:
        return _any([_of_json(one, depth + 1) for one in parts])
    if kind == "isNull" and len(parts) == 1 and _is(parts[0], "column"):
        return _null(str(parts[0].get("name")))
    if kind in _JSON_OPS and len(parts) == 2:
        sign = _JSON_OPS[kind]
        if _is(parts[0], "column") and _is(parts[1], "literal"):
            return _compared(str(parts[0].get("name")), sign, _typed(parts[1]))
        if _is(parts[1], "column") and _is(parts[0], "literal"):
            return _compared(str(parts[1].get("name")), _TURNED[sign], _typed(parts[0]))
    return ANYWHERE


def _is(node: Any, kind: str) -> bool:
    return isinstance(node, dict) and node.get("op") == kind


def _typed(node: Mapping[str, Any]) -> Bound | None:
    value, kind = str(node.get("value")), node.get("valueType")
    if kind in ("int", "long"):
        try:
            return int(value)
        except ValueError:
            return None
    return value if kind in ("string", "date") else None


def _literal(node: exp.Literal) -> Bound | None:
    if node.is_string:
        return str(node.this)
    try:
        return int(node.this)
    except ValueError:
        return None


def _compared(column: str, sign: str, value: Bound | None) -> Wanted:
    if value is None:
        return ANYWHERE
    sought: Any = value

    def may(bounds: Bounds) -> bool:
        low: Any = bounds.lowest.get(column)
        high: Any = bounds.highest.get(column)
        if type(low) is not type(sought) or type(high) is not type(sought):
            return True
        if sign == "=":
            return bool(low <= sought <= high)
        return bool({"<": low < sought, "<=": low <= sought, ">": high > sought, ">=": high >= sought}[sign])

    return Wanted(may)


def _null(column: str) -> Wanted:
    return Wanted(lambda bounds: bounds.nulls.get(column, 1) > 0)


def _all(found: Iterable[Wanted]) -> Wanted:
    parts = tuple(found)
    return Wanted(lambda bounds: all(one.may(bounds) for one in parts))


def _any(found: Iterable[Wanted]) -> Wanted:
    parts = tuple(found)
    return Wanted(lambda bounds: any(one.may(bounds) for one in parts))
