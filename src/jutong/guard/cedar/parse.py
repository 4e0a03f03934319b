"""Reads a policy: Cedar's grammar without templates and tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn, TypeVar

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

from .lex import CEDAR, Word, fault, pattern_of, string_of, words_of
from .tree import Binary, Call, Effect, Expr, Get, Has, If, Is, Like, Lit, Policy, RecordOf, Scope, SetOf, Unary, Var
from .values import MOST, Uid

T = TypeVar("T")
SOURCE_LIMIT = 20_000  # characters
NEST_LIMIT, OPERATORS_LIMIT = 40, 200
UNARY_LIMIT = 4
FUNCTIONS = frozenset({"decimal", "ip"})
_RESERVED = frozenset({"true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar"})
_VARS = frozenset({"principal", "action", "resource", "context"})
_SETS = frozenset({"contains", "containsAll", "containsAny"})
# Methods by how many arguments they take.
METHODS = {
    **dict.fromkeys(("isEmpty", "isIpv4", "isIpv6", "isLoopback", "isMulticast"), 0),
    **dict.fromkeys(("lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual", "isInRange", *_SETS), 1),
}


def parse(source: str) -> Policy:
    """Return the one policy of a source, or refuse and say where it is wrong.

    >>> parse('permit (principal, action, resource);').effect
    <Effect.PERMIT: 'permit'>
    """
    if len(source) > SOURCE_LIMIT:
        raise Invalid(text("a policy has at most {limit} characters", limit=SOURCE_LIMIT), basis=CEDAR)
    reader = _Reader(words_of(source))
    policy = reader.policy()
    reader.end()
    return policy


class _Reader:
    def __init__(self, words: Iterator[Word]) -> None:
        self._words = words
        self._next = next(words)
        self._after: Word | None = None
        self._nested = self._operators = 0

    def policy(self) -> Policy:
        notes: dict[str, str] = {}
        while self._take("@"):
            name = self._name(reserved=True)
            if name in notes:
                self._wrong(text("this annotation stands twice"))
            notes[name] = ""
            if self._take("("):
                notes[name] = string_of(self._kind("string"))
                self._expect(")")
        effect = self._effect()
        self._expect("(")
        principal = self._scope("principal")
        self._expect(",")
        action = self._action()
        self._expect(",")
        resource = self._scope("resource")
        self._take(",")
        self._expect(")")
        when = self._conditions()
        self._expect(";")
        return Policy(effect=effect, principal=principal, action=action, resource=resource, when=when, notes=notes)

    def end(self) -> None:
        if self._next.kind != "end":
            self._wrong(text("one policy at a time"))

    def _effect(self) -> Effect:
        word = self._kind("name")
        if word.spelled not in tuple(Effect):
            raise fault(text("a policy begins with permit or forbid"), word)
        return Effect(word.spelled)

    def _conditions(self) -> Expr | None:
        found: Expr | None = None
        while self._sees("when") or self._sees("unless"):
            refuses = self._advance().spelled == "unless"
            self._expect("{")
            one = self._expr()
            self._expect("}")
            one = Unary("!", one) if refuses else one
            found = one if found is None else Binary("&&", found, one)
        return found

    def _scope(self, name: str) -> Scope:
        self._expect(name)
        if self._take("=="):
            return Scope(equal=self._uid())
        is_type = self._path() if self._take("is") else ""
        return Scope(is_type=is_type, within=(self._uid(),) if self._take("in") else None)

    def _action(self) -> Scope:
        self._expect("action")
        if self._take("=="):
            return Scope(equal=self._action_uid())
        if not self._take("in"):
            return Scope()
        if not self._take("["):
            return Scope(within=(self._action_uid(),))
        return Scope(within=tuple(self._list(self._action_uid, "]")))

    def _action_uid(self) -> Uid:
        word, uid = self._next, self._uid()
        if uid.type.rpartition("::")[2] != "Action":
            raise fault(text("an action is named as in {form}", form='Action::"query"'), word)
        return uid

    def _uid(self) -> Uid:
        path = self._path()
        self._expect("::")
        return Uid(path, string_of(self._kind("string")))

    def _path(self) -> str:
        parts = [self._name()]
        while self._sees("::") and self._peek().kind == "name":
            self._advance()
            parts.append(self._name())
        return "::".join(parts)

    def _expr(self) -> Expr:
        self._nested += 1
        if self._nested > NEST_LIMIT:
            self._wrong(text("this is nested more than {limit} deep", limit=NEST_LIMIT))
        if self._take("if"):
            test = self._expr()
            self._expect("then")
            then = self._expr()
            self._expect("else")
            found: Expr = self._op(If(test, then, self._expr()))
        else:
            found = self._chain(("||",), lambda: self._chain(("&&",), self._relation))
        self._nested -= 1
        return found

    def _chain(self, signs: tuple[str, ...], part: Callable[[], Expr]) -> Expr:
        found = part()
        while self._next.kind == "sign" and self._next.spelled in signs:
            sign = self._advance().spelled
            found = self._op(Binary(sign, found, part()))
        return found

    def _relation(self) -> Expr:
        left = self._sum()
        sign = self._next.spelled if self._next.kind in ("sign", "name") else ""
        if sign in ("<", "<=", ">", ">=", "==", "!=", "in"):
            self._advance()
            return self._op(Binary(sign, left, self._sum()))
        if sign == "has":
            self._advance()
            return self._has(left)
        if sign == "like":
            self._advance()
            return self._op(Like(left, pattern_of(self._kind("string"))))
        if sign == "is":
            self._advance()
            known = self._op(Is(left, self._path()))
            return self._op(Binary("&&", known, Binary("in", left, self._sum()))) if self._take("in") else known
        return left

    def _has(self, left: Expr) -> Expr:
        if self._next.kind == "string":
            return self._op(Has(left, string_of(self._advance())))
        name = self._name()
        found: Expr = self._op(Has(left, name))
        while self._take("."):
            left, name = Get(left, name), self._name()
            found = self._op(Binary("&&", found, Has(left, name)))
        return found

    def _sum(self) -> Expr:
        return self._chain(("+", "-"), lambda: self._chain(("*",), self._unary))

    def _unary(self) -> Expr:
        first, signs = self._next, 0
        while self._next.kind == "sign" and self._next.spelled == first.spelled and first.spelled in ("!", "-"):
            self._advance()
            signs += 1
        if signs > UNARY_LIMIT:
            raise fault(text("at most {limit} of these in a row", limit=UNARY_LIMIT), first)
        number = self._next
        if signs and first.spelled == "-" and number.kind == "number" and self._peek().spelled not in (".", "["):
            self._advance()
            signs -= 1
            found: Expr = Lit(-self._number(number, most=MOST + 1))
        else:
            found = self._member()
        for _ in range(signs):
            found = self._op(Unary(first.spelled, found))
        return found

    def _member(self) -> Expr:
        found = self._primary()
        while True:
            if self._take("["):
                found = self._op(Get(found, string_of(self._kind("string"))))
                self._expect("]")
            elif self._take("."):
                word = self._next
                name = self._name()
                found = self._op(self._method(found, name, word) if self._take("(") else Get(found, name))
            else:
                return found

    def _method(self, on: Expr, name: str, word: Word) -> Expr:
        args = self._list(self._expr, ")")
        if METHODS.get(name) != len(args):
            raise fault(text("there is no method of this name with so many arguments"), word)
        return Binary(name, on, args[0]) if name in _SETS else Call(name, (on, *args))

    def _primary(self) -> Expr:
        word = self._next
        if word.kind == "number":
            return Lit(self._number(self._advance(), most=MOST))
        if word.kind == "string":
            return Lit(string_of(self._advance()))
        if self._take("("):
            found = self._expr()
            self._expect(")")
            return found
        if self._take("["):
            return SetOf(tuple(self._list(self._expr, "]")))
        if self._take("{"):
            return self._record()
        if word.kind == "name":
            return self._named()
        return self._wrong(text("something is missing here"))

    def _named(self) -> Expr:
        word = self._next
        if word.spelled in ("true", "false"):
            self._advance()
            return Lit(word.spelled == "true")
        if word.spelled in _VARS and self._peek().spelled != "::":
            self._advance()
            return Var(word.spelled)
        path = self._path()
        if self._take("("):
            args = self._list(self._expr, ")")
            if path not in FUNCTIONS or len(args) != 1:
                raise fault(text("there is no function of this name with so many arguments"), word)
            return self._op(Call(path, tuple(args)))
        if self._take("::"):
            return Lit(Uid(path, string_of(self._kind("string"))))
        raise fault(text("this name means nothing here"), word)

    def _record(self) -> Expr:
        def one() -> tuple[str, Expr]:
            word = self._next
            name = string_of(self._advance()) if word.kind == "string" else self._name()
            self._expect(":")
            return name, self._expr()

        held = self._list(one, "}")
        if len({name for name, _ in held}) != len(held):
            self._wrong(text("an attribute of this record stands twice"))
        return RecordOf(tuple(held))

    def _list(self, one: Callable[[], T], end: str) -> list[T]:
        found: list[T] = []
        while not self._take(end):
            found.append(one())
            if not self._take(","):
                self._expect(end)
                break
        return found

    def _number(self, word: Word, *, most: int) -> int:
        if len(word.spelled) > len(str(MOST)) or int(word.spelled) > most:
            raise fault(text("a number has 64 bits at most"), word)
        return int(word.spelled)

    def _op(self, made: T) -> T:
        self._operators += 1
        if self._operators > OPERATORS_LIMIT:
            self._wrong(text("a policy has at most {limit} operators", limit=OPERATORS_LIMIT))
        return made

    def _name(self, *, reserved: bool = False) -> str:
        word = self._kind("name")
        if word.spelled in _RESERVED and not reserved:
            raise fault(text("this word is Cedar's own"), word)
        return word.spelled

    def _kind(self, kind: str) -> Word:
        if self._next.kind != kind:
            wanted = text("a name is missing here") if kind == "name" else text("a string is missing here")
            raise fault(wanted, self._next)
        return self._advance()

    def _sees(self, spelled: str) -> bool:
        return self._next.kind in ("sign", "name") and self._next.spelled == spelled

    def _take(self, spelled: str) -> bool:
        if self._sees(spelled):
            self._advance()
            return True
        return False

    def _expect(self, spelled: str) -> None:
        if not self._take(spelled):
            self._wrong(text("{sign} is missing here", sign=spelled))

    def _peek(self) -> Word:
        if self._after is None:
            self._after = next(self._words)
        return self._after

    def _advance(self) -> Word:
        word = self._next
        if word.kind != "end":
            self._next, self._after = (self._after or next(self._words)), None
        return word

    def _wrong(self, reason: Text) -> NoReturn:
        raise fault(reason, self._next)
