"""What a set of policies decides: forbid wins, what no policy permits is denied, a policy that fails is left aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .evaluate import Closure, Matcher, Request, closure_of, matcher_of
from .parse import parse
from .tree import Effect, Policy, Scope
from .values import Entity, Uid, Wrong

_HELD_AT_MOST = 4096  # policies


@dataclass(frozen=True, slots=True)
class Compiled:
    """A policy that can be asked."""

    policy: Policy
    heads: tuple[Matcher, ...]
    condition: Closure | None

    def applies(self, request: Request) -> bool:
        """Say whether it applies; ``Wrong`` where its condition has no truth value."""
        for head in self.heads:
            if not head(request):
                return False
        if self.condition is None:
            return True
        value = self.condition(request)
        if value is True or value is False:
            return value
        raise Wrong("a condition is no Bool")


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it is allowed, by which policies (their places in the set), and which could not be asked."""

    allowed: bool
    reasons: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()


@lru_cache(maxsize=_HELD_AT_MOST)
def compiled(source: str) -> Compiled:
    """Return the policy of a source, read and compiled once."""
    return compiled_of(parse(source))


def compiled_of(policy: Policy) -> Compiled:
    """Return a policy that can be asked."""
    scopes = {"action": policy.action, "principal": policy.principal, "resource": policy.resource}
    heads = [matcher_of(scope, name) for name, scope in scopes.items()]
    condition = None if policy.when is None else closure_of(policy.when)
    return Compiled(policy, tuple(head for head in heads if head is not None), condition)


def decide(policies: Sequence[Compiled], request: Request) -> Decision:
    """Decide a request.

    >>> from jutong.guard.cedar import Record
    >>> ask = Request(principal=Uid("A", "a"), action=Uid("Action", "b"), resource=Uid("C", "c"), context=Record({}))
    >>> decide([compiled("permit (principal, action, resource) unless { 1 + true == 2 };")], ask)
    Decision(allowed=False, reasons=(), errors=(0,))
    """
    permits: list[int] = []
    forbids: list[int] = []
    errors: list[int] = []
    for place, one in enumerate(policies):
        try:
            if one.applies(request):
                (permits if one.policy.effect is Effect.PERMIT else forbids).append(place)
        except Wrong:
            errors.append(place)
    if forbids:
        return Decision(False, tuple(forbids), tuple(errors))
    return Decision(bool(permits), tuple(permits), tuple(errors))


def slice_of(
    policies: Iterable[Compiled],
    *,
    resource: Entity,
    principals: Iterable[Entity],
    actions: Iterable[Entity],
    any_of: str = "",
) -> tuple[int, ...]:
    """Return the places of the policies whose head can match any of these; all others never apply.

    Of the type ``any_of`` there may be principals that nobody can list.
    """
    who, acts = tuple(principals), tuple(actions)
    return tuple(
        place
        for place, one in enumerate(policies)
        if _can(one.policy.resource, resource)
        and any(_can(one.policy.action, act) for act in acts)
        and (_names(one.policy.principal, any_of) or any(_can(one.policy.principal, each) for each in who))
    )


def _names(scope: Scope, kind: str) -> bool:
    return scope.equal is not None and scope.equal.type == kind


def _can(scope: Scope, one: Entity) -> bool:
    uid: Uid = one.uid
    if scope.equal is not None:
        return uid == scope.equal
    if scope.is_type and scope.is_type != uid.type:
        return False
    return scope.within is None or any(other == uid or other in one.ancestors for other in scope.within)
