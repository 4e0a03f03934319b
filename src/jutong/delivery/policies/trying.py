"""What a draft would change: the answer to one sample, and who would be refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from jutong import catalogue, sharing
from jutong.catalogue.entry import Entry
from jutong.guard.grades import Method
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import Db
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.text import text
from jutong.sharing.agreement import Agreement
from jutong.sharing.granting import hides

from ..call import Call, Person
from ..plan import Plan, compile, judge, plan_for
from ..refusal import Refusal
from ..ruling import InForce
from ..subjects import ACTIONS, OUTFLOW, SUBSCRIBE
from .store import in_force

_NO_SECRET = bytes(32)  # masks are compiled with the plan, but no value meets them here
CALLS_MOST = 20_000  # that are judged for one draft
TOLD_MOST = 200  # consequences


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A delivery that somebody might ask for; what is not said is taken from the agreement and the clock."""

    agreement: str
    action: str = "query"
    system: str = ""
    purpose: str = ""
    hour: int | None = None
    rows: int = 1
    address: str = ""
    items: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()  # of the official who has a file handed over
    acr: int = 0

    def call(self, agreement: Agreement, now: datetime) -> Call:
        """Return it as a call under an agreement."""
        if self.action not in ACTIONS:
            raise Invalid(text("there is no action {name} in the schema", name=self.action[:40]))
        at = now.astimezone(LEGAL_TIME)
        way = self.action if self.action in (SUBSCRIBE, OUTFLOW) else ""
        method = Method.TABLE if way else Method(self.action)
        person = Person("sample", frozenset(self.duties), self.acr) if self.duties else None
        named = self.system or next(iter(agreement.systems), "")
        return Call(
            "" if person or way == OUTFLOW else named,
            method,
            self.purpose or next((one.value for one in agreement.purposes), ""),
            self.items,
            at.date(),
            at.hour if self.hour is None else self.hour,
            way=way,
            records=self.rows if method in (Method.QUERY, Method.VERIFY) else 0,
            address=self.address,
            person=person,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is decided of a sample now, and with the draft; by which policies, and which could not be asked."""

    before: Refusal | None
    refusal: Refusal | None
    reasons: tuple[str, ...]
    errors: tuple[str, ...]
    of_rows: bool  # beyond this, each row is asked
    dropped: tuple[str, ...] = ()  # items that would not leave
    masked: tuple[str, ...] = ()  # items that would leave behind the mask of a policy, as ``item: mask``


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """A delivery that would be decided otherwise."""

    agreement: str
    entry: str
    consumer: str
    system: str
    action: str
    purpose: str
    refused: bool  # with the draft; else it would be allowed now
    of_rows: bool  # only some of the rows would be kept back
    dropped: tuple[str, ...] = ()  # items that would leave no more
    masked: tuple[str, ...] = ()  # items of which less would be seen, or something else
    opened: tuple[str, ...] = ()  # items of which policies would hide nothing more, or no longer all


def answer_to(
    sample: Sample,
    agreement: Agreement,
    entry: Entry,
    standing: Sequence[InForce],
    source: str,
    *,
    body: str,
    whole: bool,
    policy_id: str,
    now: datetime,
) -> Answer:
    """Return what would be decided of a sample."""
    call = sample.call(agreement, now)
    before = compile(agreement, entry, secret=_NO_SECRET, policies=standing)
    after = compile(
        agreement, entry, secret=_NO_SECRET, policies=_with(standing, source, body, policy_id, now, whole=whole)
    )
    rules, cut = after.rules, after.cuts.of(call) if after.cuts else None
    by_items = dict.fromkeys(each.title for one in cut.items for each in one.by) if cut else {}
    return Answer(
        before=judge(before, call),
        refusal=judge(after, call),
        reasons=(*((one.title for one in rules.reasons(call)) if rules else ()), *by_items),
        errors=tuple(one.title for one in rules.errors(call)) if rules else (),
        of_rows=rules is not None and rules.rows(call) is not None,
        dropped=tuple(one.item for one in cut.items if one.mask is None) if cut else (),
        masked=tuple(f"{one.item}: {one.mask}" for one in cut.items if one.mask is not None) if cut else (),
    )


def consequences(
    db: Db, source: str, *, body: str, whole: bool, policy_id: str, now: datetime
) -> tuple[Consequence, ...]:
    """Return what a draft would change at this hour of what agreements in force allow; at most 200 deliveries."""
    standing = in_force(db, now.astimezone(LEGAL_TIME).date())
    drafted = _with(standing, source, body, policy_id, now, whole=whole)
    found: list[Consequence] = []
    asked = 0
    for agreement in sharing.agreements_in_force(db):
        if not whole and agreement.provider != body:
            continue
        try:
            entry = catalogue.find(db, agreement.entry)
        except NotFound:
            continue
        before = compile(agreement, entry, secret=_NO_SECRET, policies=standing)
        after = compile(agreement, entry, secret=_NO_SECRET, policies=drafted)
        for sample in _samples(agreement) if any((before.rules, after.rules, before.cuts, after.cuts)) else ():
            asked += 1
            if (told := _changed(sample, agreement, before, after, now)) is not None:
                found.append(told)
            if asked >= CALLS_MOST or len(found) >= TOLD_MOST:
                return tuple(found)
    return tuple(found)


def _changed(sample: Sample, agreement: Agreement, before: Plan, after: Plan, now: datetime) -> Consequence | None:
    call = sample.call(agreement, now)
    was, becomes = judge(before, call), judge(after, call)
    rows = after.rules.rows(call) if after.rules and becomes is None else None
    fewer = rows is not None and rows != (before.rules.rows(call) if before.rules else None)
    dropped, masked, opened = _items(before, after, call) if becomes is None and was is None else ((), (), ())
    if (was is None) == (becomes is None) and not (fewer and was is None) and not (dropped or masked or opened):
        return None
    return Consequence(
        agreement=agreement.id,
        entry=agreement.entry,
        consumer=agreement.consumer,
        system=call.client,
        action=sample.action,
        purpose=call.purpose,
        refused=becomes is not None,
        of_rows=becomes is None and was is None and fewer,
        dropped=dropped,
        masked=masked,
        opened=opened,
    )


def _items(before: Plan, after: Plan, call: Call) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return which items go, which are seen otherwise, and which are seen again."""
    was, becomes = plan_for(before, call).masks, plan_for(after, call).masks
    gone = tuple(name for name in was if name not in becomes)
    back = [name for name in becomes if name not in was]
    other = [name for name in becomes if name in was and becomes[name] != was[name]]
    less = tuple(name for name in other if not hides(was[name], what=becomes[name]))
    return gone, less, (*back, *(name for name in other if name not in less))


def _samples(agreement: Agreement) -> Iterator[Sample]:
    """Yield every way in which an agreement's systems may ask."""
    names = sorted(method.value for method in agreement.methods)
    for action in (*names, *((SUBSCRIBE, OUTFLOW) if Method.TABLE in agreement.methods else ())):
        for purpose in agreement.purposes:
            for system in agreement.systems[:1] if action == OUTFLOW else agreement.systems:
                yield Sample(agreement=agreement.id, action=action, system=system, purpose=purpose.value)


def _with(
    standing: Sequence[InForce], source: str, body: str, policy_id: str, now: datetime, *, whole: bool
) -> tuple[InForce, ...]:
    """Return the policies with a draft among them, in place of the version in force before it."""
    today: date = now.astimezone(LEGAL_TIME).date()
    draft = InForce(
        id=policy_id or "draft",
        version=0,
        title="draft",
        basis="draft",
        source=source,
        body=body,
        whole=whole,
        starts=today,
    )
    return (*(one for one in standing if one.id != policy_id), draft)
