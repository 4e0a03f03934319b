"""Conditions on rows as SQL, and what a condition on rows may be made of so that SQL can say it.

NULL stands for what has no value, as ``Wrong`` does in closures. So ``AND`` and ``OR`` are spelled by ``CASE``: in SQL
``NULL AND FALSE`` is false, in Cedar the whole has no value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from jutong.kernel.text import Text, text

from .residual import FAILS, NUMBER, ROW, Residual, of_rows, row_part
from .tree import Binary, Expr, Get, Has, If, Like, Lit, Policy, Scope, Unary, Var, asked_of_context, walk
from .values import Set, members

Column = Callable[[str], str]  # the SQL of a row's value by name, empty where there is none
_COMPARED = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ESCAPE = "!"
_NOTHING = "CAST(NULL AS BOOLEAN)"


def row_sql(residual: Residual, column: Column) -> str:
    """Return the SQL of a residual: true where it holds for a row, false or NULL where it does not.

    >>> asked = Residual(Binary("==", Get(Get(Var("context"), "row"), "town"), Lit("a'b")))
    >>> print(row_sql(asked, lambda name: f'"{name}"'))
    (CAST("town" AS VARCHAR) = 'a''b')
    """
    return _sql(residual.expr, column)


def row_faults(policy: Policy, *, batch: Scope) -> Iterator[Text]:
    """Yield why a policy cannot be asked of rows; ``batch`` is the scope of the ways on which one view serves all."""
    if policy.when is None or not of_rows(policy.when):
        return
    yield from _faults(policy.when)
    for one in walk(policy.when):
        words = one.value if isinstance(one, Lit) else one.pieces if isinstance(one, Like) else ""
        if isinstance(words, str | tuple) and any("\0" in word for word in words):
            yield text("no value of a row holds a NUL")
    yield from view_faults(policy, batch=batch, asked=frozenset({ROW, NUMBER}))


def view_faults(policy: Policy, *, batch: Scope, asked: Collection[str]) -> Iterator[Text]:
    """Yield why a policy cannot cut what leaves as a whole; of the context it may ask for ``asked`` there.

    What leaves as a whole is cut once for all who may read it, so a policy that cuts it may not distinguish them.
    """
    if not _whole(policy.action, batch):
        yield text("a policy about rows or items speaks of all ways of batch delivery alike, or of none")
    elif _reaches(policy.action, batch):
        if policy.principal.equal is not None or policy.principal.is_type:
            yield text("a policy about rows or items of batch delivery names its principal as: principal in Body")
        if policy.when is None:
            return
        if any(one in (Var("principal"), Var("action")) for one in walk(policy.when)):
            yield text("a policy about rows or items of batch delivery has no condition on who asks")
        of_context = asked_of_context(policy.when)
        if of_context is None or not of_context <= frozenset(asked):
            yield text("a policy about rows or items of batch delivery has no condition on the single reading")


def _whole(action: Scope, batch: Scope) -> bool:
    """Say whether an action's scope holds all batch ways or none of them; ``batch.within`` is their group and they."""
    group, *ways = batch.within or ()
    if action.equal is None and action.within is None:
        return True
    named = {action.equal, *(action.within or ())}
    return group in named or not set(ways) & named or set(ways) <= named


def _reaches(action: Scope, batch: Scope) -> bool:
    if action.equal is None and action.within is None:
        return True
    return bool({action.equal, *(action.within or ())} & set(batch.within or ()))


def _faults(expr: Expr) -> Iterator[Text]:
    if expr == Var("context"):
        yield text("the context as a whole is not asked of rows")
        return
    if not of_rows(expr):
        return
    match expr:
        case Get(of, _) | Has(of, _) if row_part(of):
            return
        case Unary("!", of) | Like(of, _):
            yield from _faults(of)
        case Binary(op, left, right) if op in ("&&", "||", *_COMPARED):
            yield from _faults(left)
            yield from _faults(right)
        case Binary("contains", held, one) if not of_rows(held):
            yield from _faults(one)
        case If(test, then, other):
            for part in (test, then, other):
                yield from _faults(part)
        case _:
            yield text("of rows may be asked: has, ==, !=, <, <=, >, >=, like, contains, !, &&, ||, if")


def _sql(expr: Expr, column: Column) -> str:
    match expr:
        case Lit(value):
            return _literal(value)
        case Get(of, name) if row_part(of):
            return _value(row_part(of), column(name)) or "NULL"
        case Has(of, name) if row_part(of):
            told = _value(row_part(of), column(name))
            return f"({told} IS NOT NULL)" if told else "FALSE"
        case Unary("!", of):
            return f"(NOT {_sql(of, column)})"
        case Binary("&&", left, right):
            return _case(_sql(left, column), _sql(right, column), "FALSE")
        case Binary("||", left, right):
            return _case(_sql(left, column), "TRUE", _sql(right, column))
        case If(test, then, other):
            return _case(_sql(test, column), _sql(then, column), _sql(other, column))
        case Binary("contains", Lit(Set() as held), one):
            return _among(held, one, column)
        case Binary(op, left, right):
            return _compared(op, left, right, column)
        case Like(of, pieces):
            form = "%".join(_escaped(piece) for piece in pieces)
            return f"({_sql(of, column)} LIKE '{form}' ESCAPE '{_ESCAPE}')"
        case _:
            assert expr == FAILS, "row_faults lets nothing else through"
            return _NOTHING


def _case(test: str, then: str, other: str) -> str:
    return f"(CASE {test} WHEN TRUE THEN {then} WHEN FALSE THEN {other} END)"


def _compared(op: str, left: Expr, right: Expr, column: Column) -> str:
    one, other = _sql(left, column), _sql(right, column)
    if _kind(left) != _kind(right):
        # Of different kinds, so never equal; but what has no value still has none.
        return f"(CASE WHEN {one} IS NOT NULL AND {other} IS NOT NULL THEN {'TRUE' if op == '!=' else 'FALSE'} END)"
    return f"({one} {_COMPARED[op]} {other})"


def _among(held: Set, one: Expr, column: Column) -> str:
    told, kind = _sql(one, column), _kind(one)
    listed = sorted(_literal(each) for each in members(held) if _kind_of(each) == kind)
    if not listed:
        return f"(CASE WHEN {told} IS NOT NULL THEN FALSE END)"
    return f"({told} IN ({', '.join(listed)}))"


def _kind(expr: Expr) -> str:
    match expr:
        case Lit(value):
            return _kind_of(value)
        case Get(of, _) if row_part(of):
            return "Long" if row_part(of) == NUMBER else "String"
        case If(_, then, _):
            return _kind(then)
        case _:
            return "Bool"


def _kind_of(value: object) -> str:
    kinds: Mapping[type, str] = {bool: "Bool", int: "Long", str: "String"}
    return kinds.get(type(value), "")


def _value(part: str, column: str) -> str:
    words = f"CAST({column} AS VARCHAR)" if column else ""
    if part != NUMBER or not words:
        return words
    # As ``number_of``: at most 18 digits, so no cast can fail.
    return f"(CASE WHEN regexp_full_match({words}, '-?[0-9]{{1,18}}') THEN CAST({words} AS BIGINT) END)"


def _literal(value: object) -> str:
    if value is True or value is False:
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return f"CAST({value} AS BIGINT)"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "0"  # of a kind that no row holds: ``_compared`` says that it is not equal


def _escaped(piece: str) -> str:
    for sign in (_ESCAPE, "%", "_"):
        piece = piece.replace(sign, _ESCAPE + sign)
    return piece.replace("'", "''")
