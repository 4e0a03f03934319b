"""A policy as a tree: what it says about whom, which act and what, under which conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from .values import Uid, Value


class Effect(StrEnum):
    """What a policy does where it applies."""

    PERMIT = "permit"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True)
class Lit:
    """A value that is written out."""

    value: Value


@dataclass(frozen=True, slots=True)
class Var:
    """One of the four: principal, action, resource, context."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """``!`` or ``-``."""

    op: str
    of: Expr


@dataclass(frozen=True, slots=True)
class Binary:
    """``&& || == != < <= > >= + - * in``, and of sets ``contains containsAll containsAny``."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class If:
    """One of two, by a condition."""

    test: Expr
    then: Expr
    other: Expr


@dataclass(frozen=True, slots=True)
class Get:
    """An attribute of an entity or a record."""

    of: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Has:
    """Whether there is such an attribute."""

    of: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Like:
    """Whether a string is of a form; the pieces stand with anything between them."""

    of: Expr
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Is:
    """Whether an entity is of a type."""

    of: Expr
    type: str


@dataclass(frozen=True, slots=True)
class SetOf:
    """A set, written out."""

    members: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class RecordOf:
    """A record, written out."""

    held: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of an extension, or a method that is no operator: the first argument is what it is called on."""

    name: str
    args: tuple[Expr, ...]


Expr = Lit | Var | Unary | Binary | If | Get | Has | Like | Is | SetOf | RecordOf | Call


@dataclass(frozen=True, slots=True)
class Scope:
    """What a head says of principal, action or resource: ``==`` one, ``in`` one of some, ``is`` of a type."""

    is_type: str = ""
    equal: Uid | None = None
    within: tuple[Uid, ...] | None = None

    @property
    def kind(self) -> str:
        """The type that it names outright; empty where it lets through more than one."""
        return self.equal.type if self.equal is not None else self.is_type


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy."""

    effect: Effect
    principal: Scope
    action: Scope
    resource: Scope
    when: Expr | None = None  # all conditions in one, or none
    notes: Mapping[str, str] = field(default_factory=dict)  # its annotations


def parts_of(expr: Expr) -> Iterator[Expr]:
    """Yield what an expression is directly made of."""
    match expr:
        case SetOf():
            yield from expr.members
        case RecordOf():
            for _, part in expr.held:
                yield part
        case Call():
            yield from expr.args
        case Lit() | Var():
            return
        case _:
            for one in fields(expr):
                part = getattr(expr, one.name)
                if isinstance(part, Expr):
                    yield part


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield an expression and all that is in it."""
    yield expr
    for part in parts_of(expr):
        yield from walk(part)


def asked_of_context(expr: Expr) -> frozenset[str] | None:
    """Return which attributes of the context an expression asks for; None where it takes the context as a whole.

    >>> asked_of_context(Binary("==", Get(Var("context"), "hour"), Lit(8)))
    frozenset({'hour'})
    """
    named = [one.name for one in walk(expr) if isinstance(one, Get | Has) and one.of == Var("context")]
    return frozenset(named) if sum(one == Var("context") for one in walk(expr)) == len(named) else None
