"""Which items of a delivery the node's policies take out, or mask, while the rest of it goes on.

A policy speaks of items where its head names them: ``resource is Item``, or one item by name. It forbids; annotated
``@mask("keep:1:1")`` it lets the item leave behind that mask. What an agreement holds of items is permitted by it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jutong.catalogue.entry import Entry
from jutong.guard.cedar import Effect, OfMany, Policy, Request, Uid, slice_of, view_faults
from jutong.guard.cedar.residual import of_rows
from jutong.guard.cedar.tree import asked_of_context
from jutong.guard.mask import Clear, Mask, parse_mask
from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text
from jutong.sharing.agreement import Agreement
from jutong.sharing.granting import hides

from .call import Call
from .refusal import Refusal
from .ruling import InForce, basis_of, steady
from .subjects import ACTIONS, BATCH, BATCH_SCOPE, Subjects, subjects_of

ITEM, MASK = "Item", "mask"
KNOWN_MOST = 4096  # decisions that are remembered for one agreement
# What of a call decides an attribute of the context.
_OF_CALL: Mapping[str, Callable[[Call], Hashable]] = {
    "purpose": lambda call: call.purpose,
    "day": lambda call: call.day,
    "weekday": lambda call: call.day,
    "hour": lambda call: call.hour,
    "items": lambda call: call.items,
    "rows": lambda call: call.records,
    "address": lambda call: call.address,
    "assurance": lambda call: (call.records, call.by_secret, call.alg),
}


@dataclass(frozen=True, slots=True)
class ItemCut:
    """What becomes of one item: it is taken out (no mask), or leaves behind another mask; by which policies."""

    item: str
    mask: Mask | None
    by: tuple[InForce, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What policies take out of a delivery; one there is of each, so it is known by what it is."""

    items: tuple[ItemCut, ...]
    dropped: frozenset[str]
    withheld: str  # on record: which policies took something out or masked it, as ``id/version``

    @property
    def masks(self) -> dict[str, Mask]:
        """The items that leave behind another mask."""
        return {one.item: one.mask for one in self.items if one.mask is not None}


_UNASKED = Cut((), frozenset(), "")


class Cuts:
    """The policies on items of one agreement, ready to be asked; what was decided once is remembered."""

    def __init__(self, policies: Sequence[InForce], subjects: Subjects, agreement: Agreement) -> None:
        self._policies, self._subjects = tuple(policies), subjects
        items = subjects.items.values()
        self._asked = tuple(OfMany(one.compiled, items, subjects.entities) for one in self._policies)
        self._masks = {one.name: parse_mask(one.mask) for one in agreement.items if one.name in subjects.items}
        self._wanted = tuple(map(mask_of, _read(self._policies)))
        self._purposes = tuple(purpose.value for purpose in agreement.purposes)
        conditions = [one.when for one in _read(self._policies) if one.when is not None]
        self.steady = all(steady(when) for when in conditions)
        asked = [asked_of_context(when) for when in conditions]
        names = frozenset(_OF_CALL) if None in asked else frozenset().union(*(one for one in asked if one is not None))
        self._asks = tuple(told for name, told in _OF_CALL.items() if name in names)
        self._known: dict[Hashable, Cut | None] = {}
        self._view: Cut | None = _UNASKED
        self._cuts: dict[tuple[frozenset[Uid], ...], Cut | None] = {}  # by what each policy hits

    def of(self, call: Call) -> Cut | None:
        """Return what is taken out of a delivery; None: nothing."""
        if BATCH in ACTIONS[call.way or call.method.value]:
            return self.of_view()
        key = (call.client, call.person, call.way or call.method, *[ask(call) for ask in self._asks])
        try:
            return self._known[key]
        except KeyError:
            found = self._cut([self._subjects.request(call)])
        if len(self._known) >= KNOWN_MOST:
            self._known.clear()
        self._known[key] = found
        return found

    def of_view(self) -> Cut | None:
        """Return what is taken out of the view of an agreement: what any reading, for any agreed purpose, may not see.

        One view serves all who read it.
        """
        if self._view is _UNASKED:
            self._view = self._cut([self._subjects.request_of_view(purpose) for purpose in self._purposes])
        return self._view

    def refusal(self, call: Call) -> Refusal | None:
        """Return why a call is refused: it names an item that is taken out, or nothing is left; else None."""
        cut = self.of(call)
        if cut is None:
            return None
        named = [one for one in cut.items if one.mask is None and one.item in call.items]
        if named:
            return Refusal(
                "scope",
                text(
                    "policy {title} withholds items that the call names: {items}",
                    title=named[0].by[0].title,
                    items=", ".join(one.item for one in named),
                ),
                basis_of(named[0].by[0]),
                text("leave them out, or ask the body that wrote the policy: {body}", body=named[0].by[0].body),
            )
        if len(cut.dropped) < len(self._subjects.items):
            return None
        first = cut.items[0].by[0]
        return Refusal(
            "policy",
            text("policy {title} leaves no item of this delivery", title=first.title),
            basis_of(first),
            text("ask the body that wrote the policy: {body}", body=first.body),
        )

    def _cut(self, requests: Sequence[Request]) -> Cut | None:
        """Return what is taken out by any of the requests."""
        hits = tuple(_any([asked.hit(one) for one in requests]) for asked in self._asked)
        if hits not in self._cuts:
            self._cuts[hits] = self._made(hits)
        return self._cuts[hits]

    def _made(self, hits: Sequence[frozenset[Uid]]) -> Cut | None:
        """Return the cut where each policy hits these items; None where that takes nothing away."""
        told = (
            self._item_cut(item, [place for place, hit in enumerate(hits) if uid in hit])
            for item, uid in self._subjects.items.items()
        )
        items = tuple(one for one in told if one is not None)
        by = sorted({f"{one.id}/{one.version}" for each in items for one in each.by})
        dropped = frozenset(one.item for one in items if one.mask is None)
        return Cut(items, dropped, ",".join(by)) if items else None

    def _item_cut(self, item: str, hits: Sequence[int]) -> ItemCut | None:
        """Return what becomes of an item by the policies that hit it, of two masks the stricter; None: it stays."""
        mask: Mask | None = self._masks[item]
        by: list[InForce] = []
        for place in hits:
            wanted = self._wanted[place]
            if wanted is not None and (mask is None or hides(mask, what=wanted)):
                continue
            # Of masks of which neither is the stricter none shows little enough.
            mask = wanted if wanted is not None and mask is not None and hides(wanted, what=mask) else None
            by.append(self._policies[place])
        return ItemCut(item, mask, tuple(by)) if by else None


def _read(policies: Iterable[InForce]) -> list[Policy]:
    return [one.compiled.policy for one in policies]


def _any(hits: Sequence[frozenset[Uid]]) -> frozenset[Uid]:
    return hits[0] if len(hits) == 1 else frozenset[Uid]().union(*hits)


def cuts_of(policies: Sequence[InForce], agreement: Agreement, entry: Entry) -> Cuts | None:
    """Return the policies on items whose head can match one of an agreement's; None: there are none."""
    ours = [one for one in policies if (one.whole or one.body == agreement.provider) and of_items(one.compiled.policy)]
    if not ours:
        return None
    subjects = subjects_of(agreement, entry)
    places: set[int] = set()
    for uid in subjects.items.values():
        places.update(
            slice_of(
                [one.compiled for one in ours],
                resource=subjects.entities[uid],
                principals=subjects.principals,
                actions=subjects.actions,
                any_of="Person",
            )
        )
    return Cuts([ours[place] for place in sorted(places)], subjects, agreement) if places else None


def of_items(policy: Policy) -> bool:
    """Say whether a policy speaks of items one by one."""
    return policy.resource.kind == ITEM


def mask_of(policy: Policy) -> Mask | None:
    """Return the mask behind which a policy lets items leave; None: they do not leave."""
    return parse_mask(policy.notes[MASK]) if MASK in policy.notes else None


def item_faults(policy: Policy) -> Iterator[Text]:
    """Yield why a policy cannot decide items one by one."""
    if not of_items(policy):
        if MASK in policy.notes:
            yield text("only a policy on items has a mask: resource is Item")
        return
    if policy.effect is not Effect.FORBID:
        yield text("a policy on items forbids: what an agreement holds of them is permitted")
    if policy.when is not None and of_rows(policy.when):
        yield text("a policy on items does not ask for rows")
    yield from view_faults(policy, batch=BATCH_SCOPE, asked=frozenset({"purpose"}))
    if MASK in policy.notes:
        try:
            mask = parse_mask(policy.notes[MASK])
        except Invalid as error:
            yield error.reason
        else:
            if isinstance(mask, Clear):
                yield text("a mask that hides nothing forbids nothing")
