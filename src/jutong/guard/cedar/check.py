"""Checks a policy by a schema before anybody relies on it: for every kind of request that its head lets through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jutong.kernel.text import Text, text

from .evaluate import NOBODY, closure_of
from .tree import Binary, Call, Expr, Get, Has, If, Is, Like, Lit, Policy, RecordOf, Scope, SetOf, Unary, Var
from .values import Uid, Wrong

Known = frozenset[tuple[Expr, str]]  # attributes that were asked for with ``has`` before
NOTHING: Known = frozenset()


@dataclass(frozen=True, slots=True)
class Kind:
    """A type; of a set its members', of a record its attributes'. ``any_name``: any name may be there, of this."""

    name: str
    of: Kind | None = None
    attrs: tuple[tuple[str, Attr], ...] = ()
    any_name: Kind | None = None

    def attr(self, name: str) -> Attr | None:
        """Return what is known of an attribute."""
        found = next((attr for key, attr in self.attrs if key == name), None)
        return found or (Attr(self.any_name, required=False) if self.any_name else None)


@dataclass(frozen=True, slots=True)
class Attr:
    """An attribute: of which type, and whether it is always there."""

    kind: Kind
    required: bool = True


BOOL, TRUE, FALSE, LONG, STRING = Kind("Bool"), Kind("True"), Kind("False"), Kind("Long"), Kind("String")
DECIMAL, ADDRESS, EMPTY = Kind("decimal"), Kind("ipaddr"), Kind("")
_FLAGS = (BOOL, TRUE, FALSE)


def record(**attrs: Kind | Attr) -> Kind:
    """Return the type of a record of these attributes."""
    return Kind(
        "Record", attrs=tuple((name, one if isinstance(one, Attr) else Attr(one)) for name, one in attrs.items())
    )


@dataclass(frozen=True, slots=True)
class EntityType:
    """A type of entities: its attributes, and of which types those are that it may be in, however far above."""

    attrs: Kind = field(default_factory=record)
    within: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ActionType:
    """An action: its groups, who may want it of what, and in which circumstances.

    Of ``parts`` only those policies are asked whose head names their type.
    """

    principals: tuple[str, ...]
    resources: tuple[str, ...]
    context: Kind
    parts: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Schema:
    """All that policies may speak of."""

    entities: Mapping[str, EntityType]
    actions: Mapping[str, ActionType]

    @property
    def groups(self) -> frozenset[str]:
        """The names of all groups of actions."""
        return frozenset().union(*(one.groups for one in self.actions.values()))

    def inside(self, one: str, other: str) -> bool:
        """Say whether an entity of one type can be one of another, or in it."""
        return one == other or other in self.entities[one].within


class _Fault(Exception):
    def __init__(self, said: Text) -> None:
        super().__init__(str(said))
        self.said = said


@dataclass(frozen=True, slots=True)
class _Asked:
    """One kind of request."""

    schema: Schema
    kinds: Mapping[str, Kind]
    action: str


def faults_of(policy: Policy, schema: Schema) -> tuple[Text, ...]:
    """Return what is wrong with a policy; nothing, if it can be asked of every request without an error of types."""
    said: dict[str, Text] = {str(one): one for one in _named(policy, schema)}
    applies = False
    for asked in () if said else _requests(policy, schema):
        try:
            kind = TRUE if policy.when is None else _flag(policy.when, asked, NOTHING)[0]
            applies = applies or kind != FALSE
        except _Fault as fault:
            said.setdefault(str(fault.said), fault.said)
            applies = True
    if not (said or applies):
        return (text("this policy can never apply"),)
    return tuple(said.values())


def _named(policy: Policy, schema: Schema) -> Iterator[Text]:
    """Yield what a head names that the schema does not know."""
    for scope in (policy.principal, policy.resource):
        for name in (scope.is_type, *(uid.type for uid in (scope.equal, *(scope.within or ())) if uid)):
            if name and name not in schema.entities:
                yield _no_type(name)
    for uid in (policy.action.equal, *(policy.action.within or ())):
        if uid and not _is_action(uid, schema):
            yield _no_action(uid)


def _requests(policy: Policy, schema: Schema) -> Iterator[_Asked]:
    for name, action in schema.actions.items():
        named = (policy.action.equal,) if policy.action.equal else policy.action.within
        if named is not None and not {uid.id for uid in named if uid} & {name, *action.groups}:
            continue
        if policy.action.equal and policy.action.equal.id != name:
            continue
        for principal in action.principals:
            for resource in action.parts if policy.resource.kind in action.parts else action.resources:
                if _fits(policy.principal, principal, schema) and _fits(policy.resource, resource, schema):
                    who, what = Kind(principal), Kind(resource)
                    kinds = {"principal": who, "action": Kind("Action"), "resource": what, "context": action.context}
                    yield _Asked(schema, kinds, name)


def _fits(scope: Scope, kind: str, schema: Schema) -> bool:
    if scope.equal is not None:
        return scope.equal.type == kind
    if scope.is_type and scope.is_type != kind:
        return False
    return scope.within is None or any(schema.inside(kind, uid.type) for uid in scope.within)


def _is_action(uid: Uid, schema: Schema) -> bool:
    return uid.type == "Action" and (uid.id in schema.actions or uid.id in schema.groups)


def _no_type(name: str) -> Text:
    return text("there is no type {name} in the schema", name=name)


def _no_action(uid: Uid) -> Text:
    return text("there is no action {name} in the schema", name=str(uid))


def _kind(expr: Expr, asked: _Asked, known: Known) -> tuple[Kind, Known]:
    """Return an expression's type, and which attributes are there where it is true."""
    match expr:
        case Lit(value):
            return _of_literal(value, asked), NOTHING
        case Var(name):
            return asked.kinds[name], NOTHING
        case Unary("!", of):
            kind, _ = _flag(of, asked, known)
            return {TRUE: FALSE, FALSE: TRUE}.get(kind, BOOL), NOTHING
        case Unary(_, of):
            return _need(of, LONG, asked, known), NOTHING
        case Binary("&&" | "||"):
            return _joined(expr, asked, known)
        case Binary():
            return _binary(expr, asked, known), NOTHING
        case If():
            return _if(expr, asked, known)
        case Get():
            return _get(expr, asked, known), NOTHING
        case Has():
            return _has(expr, asked, known)
        case Like(of, _):
            _need(of, STRING, asked, known)
            return BOOL, NOTHING
        case Is(of, name):
            if name not in asked.schema.entities:
                raise _Fault(_no_type(name))
            return (TRUE if _entity(of, asked, known).name == name else FALSE), NOTHING
        case SetOf(members):
            return Kind("Set", of=_alike([_kind(one, asked, known)[0] for one in members])), NOTHING
        case RecordOf(held):
            return record(**{name: _kind(one, asked, known)[0] for name, one in held}), NOTHING
        case Call():
            return _call(expr, asked, known), NOTHING


def _of_literal(value: object, asked: _Asked) -> Kind:
    if isinstance(value, Uid):
        if value.type == "Action" and not _is_action(value, asked.schema):
            raise _Fault(_no_action(value))
        if value.type != "Action" and value.type not in asked.schema.entities:
            raise _Fault(_no_type(value.type))
        return Kind(value.type)
    if isinstance(value, bool):
        return TRUE if value else FALSE
    return LONG if isinstance(value, int) else STRING


def _flag(expr: Expr, asked: _Asked, known: Known) -> tuple[Kind, Known]:
    kind, there = _kind(expr, asked, known)
    if kind not in _FLAGS:
        raise _unfit(BOOL, kind)
    return kind, there


def _need(expr: Expr, wanted: Kind, asked: _Asked, known: Known) -> Kind:
    kind, _ = _kind(expr, asked, known)
    if kind != wanted:
        raise _unfit(wanted, kind)
    return kind


def _entity(expr: Expr, asked: _Asked, known: Known) -> Kind:
    kind, _ = _kind(expr, asked, known)
    if not _is_entity(kind, asked):
        raise _unfit(Kind("entity"), kind)
    return kind


def _is_entity(kind: Kind, asked: _Asked) -> bool:
    return kind.name in asked.schema.entities or kind.name == "Action"


def _set(expr: Expr, asked: _Asked, known: Known) -> Kind:
    kind, _ = _kind(expr, asked, known)
    if kind.name != "Set":
        raise _unfit(Kind("Set"), kind)
    return kind.of or EMPTY


def _joined(expr: Binary, asked: _Asked, known: Known) -> tuple[Kind, Known]:
    left, there = _flag(expr.left, asked, known)
    if expr.op == "&&":
        if left == FALSE:
            return FALSE, NOTHING
        right, more = _flag(expr.right, asked, known | there)
        if right == FALSE:
            return FALSE, NOTHING
        return (TRUE if left == right == TRUE else BOOL), there | more
    if left == TRUE:
        return TRUE, there
    right, more = _flag(expr.right, asked, known)
    if left == FALSE:
        return right, more
    return (TRUE if right == TRUE else BOOL), (there if right == FALSE else there & more)


def _if(expr: If, asked: _Asked, known: Known) -> tuple[Kind, Known]:
    test, there = _flag(expr.test, asked, known)
    if test == TRUE:
        kind, more = _kind(expr.then, asked, known | there)
        return kind, there | more
    if test == FALSE:
        return _kind(expr.other, asked, known)
    one, more = _kind(expr.then, asked, known | there)
    other, less = _kind(expr.other, asked, known)
    return _alike([one, other]), (there | more) & less


def _binary(expr: Binary, asked: _Asked, known: Known) -> Kind:
    match expr.op:
        case "==" | "!=":
            one, other = _kind(expr.left, asked, known)[0], _kind(expr.right, asked, known)[0]
            if _is_entity(one, asked) and _is_entity(other, asked) and one != other:
                return FALSE if expr.op == "==" else TRUE
            _alike([one, other])
            return BOOL
        case "in":
            return _in(expr, asked, known)
        case "contains":
            _alike([_set(expr.left, asked, known), _kind(expr.right, asked, known)[0]])
            return BOOL
        case "containsAll" | "containsAny":
            _alike([_set(expr.left, asked, known), _set(expr.right, asked, known)])
            return BOOL
        case op:
            _need(expr.left, LONG, asked, known)
            _need(expr.right, LONG, asked, known)
            return LONG if op in ("+", "-", "*") else BOOL


def _in(expr: Binary, asked: _Asked, known: Known) -> Kind:
    one, other = _entity(expr.left, asked, known), _kind(expr.right, asked, known)[0]
    other = (other.of or EMPTY) if other.name == "Set" else other
    if other != EMPTY and not _is_entity(other, asked):
        raise _unfit(Kind("entity"), other)
    if "Action" in (one.name, other.name):
        return BOOL if one == other else FALSE
    return BOOL if other != EMPTY and asked.schema.inside(one.name, other.name) else FALSE


def _attrs(expr: Expr, asked: _Asked, known: Known) -> Kind:
    kind, _ = _kind(expr, asked, known)
    if kind.name in asked.schema.entities:
        return asked.schema.entities[kind.name].attrs
    if kind.name not in ("Record", "Action"):
        raise _unfit(Kind("Record"), kind)
    return kind


def _get(expr: Get, asked: _Asked, known: Known) -> Kind:
    attr = _attrs(expr.of, asked, known).attr(expr.name)
    if attr is None:
        raise _Fault(text("there is no attribute {name} here", name=expr.name))
    if not attr.required and (expr.of, expr.name) not in known:
        raise _Fault(text("{name} is not always there: ask with has first", name=expr.name))
    return attr.kind


def _has(expr: Has, asked: _Asked, known: Known) -> tuple[Kind, Known]:
    attr = _attrs(expr.of, asked, known).attr(expr.name)
    if attr is None:
        return FALSE, NOTHING
    there: Known = frozenset({(expr.of, expr.name)})
    # An entity of the request itself is always known; of others it may be that nothing is known.
    return (TRUE if attr.required and isinstance(expr.of, Var) else BOOL), there


_CALLS: Mapping[str, tuple[tuple[Kind, ...], Kind]] = {
    "decimal": ((STRING,), DECIMAL),
    "ip": ((STRING,), ADDRESS),
    **dict.fromkeys(("isIpv4", "isIpv6", "isLoopback", "isMulticast"), ((ADDRESS,), BOOL)),
    "isInRange": ((ADDRESS, ADDRESS), BOOL),
    **dict.fromkeys(("lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"), ((DECIMAL, DECIMAL), BOOL)),
}


def _call(expr: Call, asked: _Asked, known: Known) -> Kind:
    if expr.name == "isEmpty":
        _set(expr.args[0], asked, known)
        return BOOL
    wanted, given = _CALLS[expr.name]
    for one, kind in zip(expr.args, wanted, strict=True):
        _need(one, kind, asked, known)
    if expr.name in ("decimal", "ip"):
        if not isinstance(expr.args[0], Lit):
            raise _Fault(text("{name} is written out, not computed", name=expr.name))
        try:
            closure_of(expr)(NOBODY)
        except Wrong as wrong:
            raise _Fault(text("{value} is no {kind}", value=str(expr.args[0].value), kind=given.name)) from wrong
    return given


def _alike(kinds: list[Kind]) -> Kind:
    """Return the one type of all, or leave through a fault; of an empty set nothing is known."""
    found = EMPTY
    for kind in kinds:
        found = _both(found, kind)
    return found


def _both(one: Kind, other: Kind) -> Kind:
    if EMPTY in (one, other) or one == other:
        return other if one == EMPTY else one
    if one in _FLAGS and other in _FLAGS:
        return BOOL
    if one.name == other.name == "Set":
        return Kind("Set", of=_both(one.of or EMPTY, other.of or EMPTY))
    raise _unfit(one, other)


def _unfit(wanted: Kind, kind: Kind) -> _Fault:
    return _Fault(text("a {wanted} is wanted here, not a {kind}", wanted=wanted.name, kind=kind.name or "Set"))
