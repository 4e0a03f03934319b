"""Who sees what: of each item of an agreement, whether it leaves open, masked or not at all, and by which policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jutong import catalogue, sharing
from jutong.catalogue.entry import Entry
from jutong.guard.grades import Method
from jutong.guard.mask import Clear
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import Db
from jutong.kernel.errors import NotFound
from jutong.sharing.agreement import Agreement

from ..call import Call
from ..plan import Plan, compile, judge, plan_for
from ..ruling import InForce
from ..subjects import OUTFLOW
from .store import in_force

_NO_SECRET = bytes(32)  # masks are compiled with the plan, but no value meets them here


class Sight(StrEnum):
    """What of an item leaves, from most to least."""

    OPEN = "open"
    MASKED = "masked"
    DROPPED = "dropped"
    REFUSED = "refused"  # the delivery as a whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One item of one agreement for one purpose: what the consumer sees of it one by one, and in the whole.

    None: that way was not agreed. ``policies`` are those that hide it, by identifier and title.
    """

    agreement: str
    entry: str
    consumer: str
    item: str
    title: str
    grade: str
    purpose: str
    single: Sight | None
    whole: Sight | None
    policies: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """By which the list goes on after it."""
        return self.agreement, self.purpose, self.item


def items_seen(
    db: Db,
    *,
    body: str,
    every: bool,
    now: datetime,
    agreement_id: str = "",
    hidden: bool = False,
    after: tuple[str, ...] = (),
    descending: bool = False,
    limit: int = 50,
) -> tuple[Seen, ...]:
    """Return a page of who sees what at this hour, by agreement, purpose and item.

    A body reads it of agreements on either side of which it stands, the tier (``every``) of all. ``hidden`` leaves
    those out that no policy hides.
    """
    standing = in_force(db, now.astimezone(LEGAL_TIME).date())
    found: list[Seen] = []
    for agreement in sorted(sharing.agreements_in_force(db), key=lambda one: one.id, reverse=descending):
        if agreement_id not in ("", agreement.id) or not (every or body in (agreement.provider, agreement.consumer)):
            continue
        if after and (agreement.id > after[0] if descending else agreement.id < after[0]):
            continue
        try:
            entry = catalogue.find(db, agreement.entry)
        except NotFound:
            continue
        rows = sorted(seen_of(agreement, entry, standing, now), key=lambda one: one.key, reverse=descending)
        found += [
            one
            for one in rows
            if (one.policies or not hidden) and (not after or (one.key < after if descending else one.key > after))
        ]
        if len(found) >= limit:
            break
    return tuple(found[:limit])


def seen_of(agreement: Agreement, entry: Entry, standing: Sequence[InForce], now: datetime) -> Iterator[Seen]:
    """Yield who sees what of one agreement; of its systems the one that sees least is told."""
    plan = compile(agreement, entry, secret=_NO_SECRET, policies=standing)
    for purpose in agreement.purposes:
        single = [_call(agreement, system, purpose.value, now) for system in agreement.systems]
        whole = Call("", Method.TABLE, purpose.value, (), now.astimezone(LEGAL_TIME).date(), way=OUTFLOW)
        by_record = bool(agreement.methods & {Method.QUERY, Method.VERIFY})
        in_batch = bool(agreement.methods & {Method.TABLE, Method.FILE})
        for item in entry.items:
            if item.name in plan.columns:
                calls = [*(single if by_record else ()), *((whole,) if in_batch else ())]
                yield Seen(
                    agreement=agreement.id,
                    entry=entry.id,
                    consumer=agreement.consumer,
                    item=item.name,
                    title=item.title,
                    grade=item.grade.name,
                    purpose=purpose.value,
                    single=max((sight_of(plan, one, item.name) for one in single), key=_RANK) if by_record else None,
                    whole=sight_of(plan, whole, item.name) if in_batch else None,
                    policies=tuple(dict.fromkeys(one for call in calls for one in _by(plan, call, item.name))),
                )


def sight_of(plan: Plan, call: Call, item: str) -> Sight:
    """Return what of an item leaves by a delivery."""
    refusal = judge(plan, call)
    cut = plan.cuts.of(call) if plan.cuts else None
    if cut is not None and item in cut.dropped:
        return Sight.DROPPED
    if refusal is not None:
        return Sight.REFUSED
    return Sight.OPEN if isinstance(plan_for(plan, call).masks[item], Clear) else Sight.MASKED


def _by(plan: Plan, call: Call, item: str) -> Iterator[tuple[str, str]]:
    cut = plan.cuts.of(call) if plan.cuts else None
    for one in cut.items if cut else ():
        if one.item == item:
            yield from ((each.id, each.title) for each in one.by)


def _call(agreement: Agreement, system: str, purpose: str, now: datetime) -> Call:
    at = now.astimezone(LEGAL_TIME)
    method = Method.QUERY if Method.QUERY in agreement.methods else Method.VERIFY
    return Call(system, method, purpose, (), at.date(), at.hour, records=1)


_RANK = list(Sight).index
