"""Makes a Python closure of an expression; what has no value leaves through ``Wrong``, and no text is ever run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from .tree import Binary, Call, Expr, Get, Has, If, Is, Like, Lit, RecordOf, Scope, SetOf, Unary, Var, walk
from .values import (
    LEAST,
    MOST,
    Address,
    Decimal,
    Entity,
    Record,
    Set,
    Uid,
    Value,
    Wrong,
    address_of,
    decimal_of,
    key_of,
    kind_of,
    set_of,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who wants to do what with what, in which circumstances; and what is known of entities."""

    principal: Uid
    action: Uid
    resource: Uid
    context: Record
    entities: Mapping[Uid, Entity] = field(default_factory=dict)

    def is_in(self, one: Uid, other: Uid) -> bool:
        """Say whether an entity is another, or in it."""
        if one == other:
            return True
        known = self.entities.get(one)
        return known is not None and other in known.ancestors


Closure = Callable[[Request], Value]
Matcher = Callable[[Request], bool]
V4_LOOPBACK, V4_MULTICAST, V6_MULTICAST = Address(4, 127 << 24, 8), Address(4, 224 << 24, 4), Address(6, 255 << 120, 8)
V6_LOOPBACK = Address(6, 1, 128)


def closure_of(expr: Expr) -> Closure:
    """Return the closure of an expression; what depends on no request is computed once."""
    made = _made(expr)
    if isinstance(expr, Lit | Var) or not steady(expr):
        return made
    try:
        value = made(NOBODY)
    except Wrong:
        return made
    return lambda _: value


def steady(expr: Expr) -> bool:
    """Say whether an expression has one value whatever is asked, and whatever is known of entities."""
    return not any(isinstance(one, Var) or (isinstance(one, Lit) and isinstance(one.value, Uid)) for one in walk(expr))


def matcher_of(scope: Scope, variable: str) -> Matcher | None:
    """Return what says whether a head matches; None where it always does."""
    if scope.equal is not None:
        equal = scope.equal
        return lambda request: getattr(request, variable) == equal
    kind, within = scope.is_type, scope.within
    if within is None:
        return (lambda request: getattr(request, variable).type == kind) if kind else None
    wanted = within

    def match(request: Request) -> bool:
        one: Uid = getattr(request, variable)
        return (not kind or one.type == kind) and any(request.is_in(one, other) for other in wanted)

    return match


def _made(expr: Expr) -> Closure:
    match expr:
        case Lit(value):
            return lambda _: value
        case Var(name):
            return lambda request: getattr(request, name)
        case Unary():
            return _unary(expr)
        case Binary():
            return _binary(expr)
        case If():
            test, then, other = _flag(expr.test), closure_of(expr.then), closure_of(expr.other)
            return lambda request: then(request) if test(request) else other(request)
        case Get():
            return _get(expr)
        case Has():
            return _has(expr)
        case Like():
            of, pieces = _words(expr.of), expr.pieces
            return lambda request: alike(of(request), pieces)
        case Is():
            entity, kind = _entity(expr.of), expr.type
            return lambda request: entity(request).type == kind
        case SetOf():
            members = [closure_of(one) for one in expr.members]
            return lambda request: set_of([one(request) for one in members])
        case RecordOf():
            held = [(name, closure_of(one)) for name, one in expr.held]
            return lambda request: Record({name: one(request) for name, one in held})
        case Call():
            return _call(expr)


def _flag(expr: Expr) -> Callable[[Request], bool]:
    made = closure_of(expr)

    def flag(request: Request) -> bool:
        value = made(request)
        if value is True or value is False:
            return value
        raise Wrong(f"{kind_of(value)} is no Bool")

    return flag


def _number(expr: Expr) -> Callable[[Request], int]:
    made = closure_of(expr)

    def number(request: Request) -> int:
        value = made(request)
        if type(value) is int:
            return value
        raise Wrong(f"{kind_of(value)} is no Long")

    return number


def _words(expr: Expr) -> Callable[[Request], str]:
    return _typed(expr, str)


def _entity(expr: Expr) -> Callable[[Request], Uid]:
    return _typed(expr, Uid)


def _typed(expr: Expr, kind: type[T]) -> Callable[[Request], T]:
    made = closure_of(expr)

    def typed(request: Request) -> T:
        value = made(request)
        if isinstance(value, kind):
            return value
        raise Wrong(f"{kind_of(value)} is no {kind.__name__}")

    return typed


def within_bounds(value: int) -> int:
    """Return a number of 64 bits, or have no value."""
    if LEAST <= value <= MOST:
        return value
    raise Wrong("overflow")


def _unary(expr: Unary) -> Closure:
    if expr.op == "!":
        flag = _flag(expr.of)
        return lambda request: not flag(request)
    number = _number(expr.of)
    return lambda request: within_bounds(-number(request))


def _binary(expr: Binary) -> Closure:
    match expr.op:
        case "&&":
            left, right = _flag(expr.left), _flag(expr.right)
            return lambda request: left(request) and right(request)
        case "||":
            left, right = _flag(expr.left), _flag(expr.right)
            return lambda request: left(request) or right(request)
        case "==":
            one, other = closure_of(expr.left), closure_of(expr.right)
            return lambda request: key_of(one(request)) == key_of(other(request))
        case "!=":
            one, other = closure_of(expr.left), closure_of(expr.right)
            return lambda request: key_of(one(request)) != key_of(other(request))
        case "in":
            return _in(expr)
        case "contains" | "containsAll" | "containsAny":
            return _of_sets(expr)
        case _:
            return _of_numbers(expr)


_NUMBERS: Mapping[str, Callable[[int, int], Value]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "+": lambda one, other: within_bounds(one + other),
    "-": lambda one, other: within_bounds(one - other),
    "*": lambda one, other: within_bounds(one * other),
}


def _of_numbers(expr: Binary) -> Closure:
    left, right, told = _number(expr.left), _number(expr.right), _NUMBERS[expr.op]
    return lambda request: told(left(request), right(request))


def _of_sets(expr: Binary) -> Closure:
    held = _typed(expr.left, Set)
    if expr.op == "contains":
        one = closure_of(expr.right)
        return lambda request: key_of(one(request)) in held(request).keys
    other = _typed(expr.right, Set)
    if expr.op == "containsAll":
        return lambda request: held(request).keys >= other(request).keys
    return lambda request: not held(request).keys.isdisjoint(other(request).keys)


def _in(expr: Binary) -> Closure:
    left, right = _entity(expr.left), closure_of(expr.right)

    def inside(request: Request) -> bool:
        one, other = left(request), right(request)
        if isinstance(other, Uid):
            return request.is_in(one, other)
        if not isinstance(other, Set):
            raise Wrong(f"{kind_of(other)} is no entity")
        wanted = [key for key in other.keys if isinstance(key, Uid)]
        if len(wanted) != len(other.keys):
            raise Wrong("not all of the set are entities")
        return any(request.is_in(one, each) for each in wanted)

    return inside


def attrs_of(request: Request, value: Value) -> Record | None:
    """Return the attributes of a record or an entity; None where the entity is not known."""
    if isinstance(value, Record):
        return value
    if isinstance(value, Uid):
        known = request.entities.get(value)
        return None if known is None else known.attrs
    raise Wrong(f"{kind_of(value)} has no attributes")


def _get(expr: Get) -> Closure:
    of, name = closure_of(expr.of), expr.name

    def get(request: Request) -> Value:
        attrs = attrs_of(request, of(request))
        if attrs is None or name not in attrs:
            raise Wrong("there is no such attribute")
        return attrs[name]

    return get


def _has(expr: Has) -> Closure:
    of, name = closure_of(expr.of), expr.name

    def has(request: Request) -> bool:
        attrs = attrs_of(request, of(request))
        return attrs is not None and name in attrs

    return has


def alike(words: str, pieces: tuple[str, ...]) -> bool:
    """Say whether a string is of a form, in one pass and without a step back.

    >>> alike("abcabc", ("a", "c", "c")), alike("ab", ("ab",)), alike("ab", ("a", "ab"))
    (True, True, False)
    """
    first, *middle = pieces
    if not middle:
        return words == first
    last = middle.pop()
    if len(words) < len(first) + len(last) or not (words.startswith(first) and words.endswith(last)):
        return False
    at, end = len(first), len(words) - len(last)
    for piece in middle:
        found = words.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _loopback(one: Address) -> bool:
    return one.within(V4_LOOPBACK) or one.within(V6_LOOPBACK)


def _multicast(one: Address) -> bool:
    return one.within(V4_MULTICAST) or one.within(V6_MULTICAST)


_OF_ADDRESS: Mapping[str, Callable[[Address], bool]] = {
    "isIpv4": lambda one: one.version == 4,
    "isIpv6": lambda one: one.version == 6,
    "isLoopback": _loopback,
    "isMulticast": _multicast,
}
_OF_DECIMALS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "lessThan": lambda one, other: one < other,
    "lessThanOrEqual": lambda one, other: one <= other,
    "greaterThan": lambda one, other: one > other,
    "greaterThanOrEqual": lambda one, other: one >= other,
}


def _fails(_: Request) -> Value:
    raise Wrong("this has no value")


def _call(expr: Call) -> Closure:
    name = expr.name
    if name == "error":
        return _fails
    if name in ("decimal", "ip"):
        words, read = _words(expr.args[0]), decimal_of if name == "decimal" else address_of
        return lambda request: read(words(request))
    if name == "isEmpty":
        held = _typed(expr.args[0], Set)
        return lambda request: not held(request).keys
    if name in _OF_ADDRESS:
        address, told = _typed(expr.args[0], Address), _OF_ADDRESS[name]
        return lambda request: told(address(request))
    if name == "isInRange":
        one, other = _typed(expr.args[0], Address), _typed(expr.args[1], Address)
        return lambda request: one(request).within(other(request))
    left, right, compare = _typed(expr.args[0], Decimal), _typed(expr.args[1], Decimal), _OF_DECIMALS[name]
    return lambda request: compare(left(request), right(request))


NOBODY = Request(principal=Uid("", ""), action=Uid("", ""), resource=Uid("", ""), context=Record({}))
