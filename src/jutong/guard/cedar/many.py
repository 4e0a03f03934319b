"""One policy asked of many resources: once of the call, once for all of what is said of a resource alone.

A policy applies where every part of its conjunction is true; where one is false, or has no value, it does not, in
whatever order they are asked. So the parts may be sorted by what they are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .authorise import Compiled
from .evaluate import NOBODY, Closure, Request, closure_of, matcher_of
from .tree import Binary, Expr, Var, walk
from .values import Entity, Uid, Wrong


class OfMany:
    """A policy, ready to be asked of some resources.

    >>> from jutong.guard.cedar import Record, compiled
    >>> e, f = (Entity(Uid("Item", name), Record({"grade": grade})) for name, grade in (("e", 3), ("f", 1)))
    >>> held = {one.uid: one for one in (e, f)}
    >>> source = "forbid (principal, action, resource is Item) when { resource.grade > 2 };"
    >>> sorted(one.id for one in OfMany(compiled(source), held, held).hit(NOBODY))
    ['e']
    """

    def __init__(self, one: Compiled, resources: Iterable[Uid], entities: Mapping[Uid, Entity]) -> None:
        policy = one.policy
        heads = (matcher_of(policy.principal, "principal"), matcher_of(policy.action, "action"))
        self._heads = tuple(head for head in heads if head is not None)
        of_resource = matcher_of(policy.resource, "resource")
        alone: list[Closure] = []
        of_call: list[Closure] = []
        of_both: list[Closure] = []
        for part in _conjunction(policy.when) if policy.when is not None else ():
            about = {each.name for each in walk(part) if isinstance(each, Var)}
            kept = of_call if "resource" not in about else alone if about == {"resource"} else of_both
            kept.append(closure_of(part))
        self._of_call, self._of_both = tuple(of_call), tuple(of_both)
        found = [_of(NOBODY, uid, entities) for uid in resources]
        self._can = frozenset(
            each.resource
            for each in found
            if (of_resource is None or of_resource(each)) and all(_true(part, each) for part in alone)
        )

    def hit(self, request: Request) -> frozenset[Uid]:
        """Return the resources to which it applies; the request's own is not looked at."""
        if not (self._can and all(head(request) for head in self._heads)):
            return frozenset()
        if not all(_true(part, request) for part in self._of_call):
            return frozenset()
        if not self._of_both:
            return self._can
        each = [_of(request, uid, request.entities) for uid in self._can]
        return frozenset(one.resource for one in each if all(_true(part, one) for part in self._of_both))


def _conjunction(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Binary) and expr.op == "&&":
        yield from _conjunction(expr.left)
        yield from _conjunction(expr.right)
    else:
        yield expr


def _true(part: Closure, request: Request) -> bool:
    try:
        return part(request) is True
    except Wrong:
        return False


def _of(request: Request, resource: Uid, entities: Mapping[Uid, Entity]) -> Request:
    return Request(
        principal=request.principal,
        action=request.action,
        resource=resource,
        context=request.context,
        entities=entities,
    )
