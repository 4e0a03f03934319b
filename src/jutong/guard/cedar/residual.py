"""What is left of a condition when all but the row is known: partial evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .authorise import Compiled
from .evaluate import NOBODY, Request, closure_of
from .tree import Binary, Call, Expr, Get, Has, If, Like, Lit, Unary, Var, walk
from .values import Record, Value, Wrong

ROW, NUMBER = "row", "number"  # attributes of the context: the row's values as words, and those that are whole numbers
FAILS = Call("error", ())  # what has no value, whatever the row


@dataclass(frozen=True, slots=True)
class Residual:
    """A condition on a row alone."""

    expr: Expr

    @property
    def names(self) -> frozenset[str]:
        """The values of the row that are asked for."""
        return frozenset(one.name for one in walk(self.expr) if isinstance(one, Get | Has) and row_part(one.of))

    def holds(self, row: Mapping[str, str]) -> bool:
        """Say whether it holds for a row's values as words; where it has no value, it does not."""
        return Asked(self.expr).holds(row)


class Asked:
    """A residual compiled, for many rows."""

    def __init__(self, expr: Expr) -> None:
        self._closure = closure_of(expr)

    def holds(self, row: Mapping[str, str]) -> bool:
        """Say whether it holds for a row."""
        held: dict[str, Value] = dict(row)
        numbers: dict[str, Value] = {
            name: told for name, words in row.items() if (told := number_of(words)) is not None
        }
        context = Record({ROW: Record(held), NUMBER: Record(numbers)})
        try:
            return self._closure(replace(NOBODY, context=context)) is True
        except Wrong:
            return False


def number_of(words: str) -> int | None:
    """Return the whole number of at most 18 digits that words spell, or None.

    >>> number_of("-07"), number_of("1.0")
    (-7, None)
    """
    digits = words[1:] if words.startswith("-") else words
    return int(words) if 0 < len(digits) <= 18 and digits.isascii() and digits.isdigit() else None


def row_part(expr: Expr) -> str:
    """Return ``row`` or ``number``, where an expression is just that part of the context; else nothing."""
    at = isinstance(expr, Get) and expr.of == Var("context") and expr.name in (ROW, NUMBER)
    return expr.name if at and isinstance(expr, Get) else ""


def of_rows(expr: Expr) -> bool:
    """Say whether an expression depends on a row."""
    return any(row_part(one) for one in walk(expr))


def residual_of(one: Compiled, request: Request) -> bool | Residual | None:
    """Return whether a policy applies to every row, or to none, or its residual; None where it fails for all."""
    for head in one.heads:
        if not head(request):
            return False
    if one.policy.when is None:
        return True
    left = _left(one.policy.when, request)
    if left == FAILS:
        return None
    if isinstance(left, Lit):
        return left.value if isinstance(left.value, bool) else None
    return Residual(left)


def _left(expr: Expr, request: Request) -> Expr:
    if not of_rows(expr):
        try:
            return Lit(closure_of(expr)(request))
        except Wrong:
            return FAILS
    match expr:
        case Get(of, name) | Has(of, name) if row_part(of):
            return type(expr)(of, name)
        case Unary(op, of):
            return _settled(Unary(op, _left(of, request)))
        case Binary("&&" | "||"):
            return _short(expr, request)
        case Binary(op, left, right):
            return _settled(Binary(op, _left(left, request), _left(right, request)))
        case Like(of, pieces):
            return _settled(Like(_left(of, request), pieces))
        case If():
            return _if(expr, request)
        case _:
            # ``row_faults`` keeps all else from being about rows.
            return FAILS


def _short(expr: Binary, request: Request) -> Expr:
    left = _left(expr.left, request)
    if left == FAILS:
        return FAILS
    if isinstance(left, Lit):
        if not isinstance(left.value, bool):
            return FAILS
        decided = left.value is (expr.op == "||")
        return left if decided else _left(expr.right, request)
    return Binary(expr.op, left, _left(expr.right, request))


def _if(expr: If, request: Request) -> Expr:
    test = _left(expr.test, request)
    if test == FAILS:
        return FAILS
    if isinstance(test, Lit):
        if not isinstance(test.value, bool):
            return FAILS
        return _left(expr.then if test.value else expr.other, request)
    return If(test, _left(expr.then, request), _left(expr.other, request))


def _settled(expr: Unary | Binary | Like) -> Expr:
    """Return the expression, or what it comes to where its parts are known."""
    parts = (expr.left, expr.right) if isinstance(expr, Binary) else (expr.of,)
    if FAILS in parts:
        return FAILS
    if not all(isinstance(part, Lit) for part in parts):
        return expr
    try:
        return Lit(closure_of(expr)(NOBODY))
    except Wrong:
        return FAILS
