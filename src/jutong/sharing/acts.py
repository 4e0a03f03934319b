"""What officials do about sharing: ask, sign, submit, complete, extend, urge, deliver; answers are in ``answering``."""

from __future__ import annotations

from collections.abc import Sequence

from jutong import catalogue, registers
from jutong.catalogue.stage import Stage as EntryStage
from jutong.desk import Desk
from jutong.guard import Label
from jutong.terms import Duty
from jutong.terms.deadline import Deadline

from . import clocks, store, waiting
from .agreement import Agreement
from .buying import store as buying
from .buying.purchase import check_licences
from .drafting import drafted
from .request import Request, Stage
from .sketching import store as sketching
from .standing import Standing
from .wish import Paper, Wish

NO_BODY = ""  # owns what is for the tier's authority alone to do


def draft_request(desk: Desk, wish: Wish, *, sketched: str = "") -> Request:
    """Write down what the actor's body wishes of a published entry; the same wish again is the same draft.

    ``sketched`` is the digest of the form that the draft was made of; a form that a colleague went on with stays.
    """
    entry = catalogue.visible_to(desk.db, wish.entry, desk.actor)
    desk.allow("sharing.draft_request", Label(owner=entry.provider))
    request = drafted(desk, wish, entry)
    if twin := store.draft_like(desk.db, request.consumer, wish.digest()):
        return twin
    store.save_request(desk.db, request)
    if (kept := sketching.sketch_for(desk.db, desk.actor, request.entry)) and kept.digest() == sketched:
        sketching.drop_sketch(desk.db, request.consumer, request.entry)
    desk.record("sharing.drafted", on=request.id, **request.facts())
    return request


def redraft_request(desk: Desk, request_id: str, wish: Wish, *, seen: str = "") -> Request:
    """Change a draft that nobody has signed yet."""
    request = _held(desk, request_id)
    desk.allow("sharing.redraft_request", Label(owner=request.consumer))
    entry = catalogue.visible_to(desk.db, request.entry, desk.actor)
    for name in wish.systems:
        registers.find_system(desk.db, registers.SystemName.parse(name))
    check_licences(buying.purchases_of_entry(desk.db, entry.id), wish, request.consumer, desk.today)
    redrafted = request.redraft(wish, entry, desk.today, seen=seen)
    if redrafted == request:
        return request
    store.save_request(desk.db, redrafted)
    desk.record("sharing.redrafted", on=request.id, was=request.wish.digest(), **redrafted.facts())
    return redrafted


def sign_request(desk: Desk, request_id: str, *, seen: str = "") -> Request:
    """Sign a draft as head of the consumer's sharing office (art. 20); without that it cannot leave the house."""
    request = _held(desk, request_id)
    desk.allow("sharing.sign_request", Label(owner=request.consumer))
    if request.stage is Stage.CONSUMER_OFFICE_SIGNED:
        return request
    request = request.sign(seen=seen)
    store.save_request(desk.db, request)
    desk.record("sharing.signed", on=request.id, **request.facts())
    return request


def submit_request(desk: Desk, request_id: str) -> Request:
    """Hand a signed request to its provider, whose clock starts (art. 21), or first to a check that a rule sets."""
    request = _held(desk, request_id)
    desk.allow("sharing.submit_request", Label(owner=request.consumer))
    if request.stage in {Stage.SUBMITTED, Stage.PRECHECK}:
        return request
    if check := clocks.of_precheck(desk, request):
        request = request.hand_to_authority(check)
        store.save_request(desk.db, request)
        desk.record("sharing.precheck_asked", on=request.id, check_due=check.due.isoformat(), **request.facts())
        return request
    request = request.submit(clocks.of(desk, request.answer_rule, request.provider, desk.today))
    store.save_request(desk.db, request)
    desk.record("sharing.submitted", on=request.id, **request.facts())
    return request


def require_supplement(desk: Desk, request_id: str, missing: Sequence[str]) -> Request:
    """Tell the consumer, once and completely, which papers are missing (art. 21); the answer clock stands still."""
    request = _held(desk, request_id)
    desk.allow("sharing.require_supplement", Label(owner=request.provider))
    if request.stage is Stage.SUPPLEMENT_REQUIRED and request.missing == tuple(missing):
        return request
    used = clocks.used(desk, request.clock)
    request = request.require_supplement(missing, desk.today)
    store.save_request(desk.db, request)
    desk.record("sharing.supplement_required", on=request.id, missing=len(missing), used=used, **request.facts())
    return request


def supplement(desk: Desk, request_id: str, papers: Sequence[Paper]) -> Request:
    """Hand in the missing papers; the answer clock starts anew, and both days of receipt stay on record."""
    request = _held(desk, request_id)
    desk.allow("sharing.supplement", Label(owner=request.consumer))
    again = request.supplemented or (request.precheck and request.precheck.completed)
    handed_in = request.stage in {Stage.SUBMITTED, Stage.PRECHECK} and set(papers) <= set(request.wish.papers)
    if again and handed_in:
        return request
    if request.stage is Stage.PRECHECK_RETURNED and (check := clocks.of_precheck(desk, request)):
        request = request.complete_precheck(tuple(papers), check)
        store.save_request(desk.db, request)
        desk.record("sharing.precheck_completed", on=request.id, check_due=check.due.isoformat(), **request.facts())
        return request
    request = request.supplement(tuple(papers), clocks.of(desk, request.answer_rule, request.provider, desk.today))
    store.save_request(desk.db, request)
    desk.record("sharing.supplemented", on=request.id, **request.facts())
    return request


def withdraw(desk: Desk, request_id: str) -> Request:
    """Take back a request that has not been answered."""
    request = _held(desk, request_id)
    desk.allow("sharing.withdraw", Label(owner=request.consumer))
    if request.stage is Stage.WITHDRAWN:
        return request
    request = request.withdraw(desk.today)
    store.save_request(desk.db, request)
    desk.record("sharing.withdrawn", on=request.id, **request.facts())
    return request


def ask_extension(desk: Desk, request_id: str, days: int, reason: str) -> Request:
    """Ask the provider's authority for more working days to answer (art. 21); until it agrees, the clock runs on."""
    request = _held(desk, request_id)
    desk.allow("sharing.ask_extension", Label(owner=request.provider))
    if request.stage is Stage.EXTENSION_ASKED and request.extension and request.extension.days == days:
        return request
    request = request.ask_extension(days, reason, desk.today)
    store.save_request(desk.db, request)
    desk.record("sharing.extension_asked", on=request.id, days=days, **request.facts())
    return request


def extend(desk: Desk, request_id: str) -> Request:
    """Agree, as the authority, to the extension that the provider asked for; this line is the consumer's notice."""
    request = _held(desk, request_id)
    desk.allow("sharing.extend", Label(owner=NO_BODY, parties=registers.authorities(desk.db)))
    if request.stage is Stage.EXTENDED:
        return request
    was, days = request.facts()["due"], 0 if request.extension is None else request.extension.days
    request = request.extend(clocks.of_answer(desk, request, days), desk.today)
    store.save_request(desk.db, request)
    desk.record("sharing.extended", on=request.id, days=days, was=was, **request.facts())
    return request


def urge(desk: Desk, request_id: str) -> Request:
    """Remind the provider of an answer that it owes, as the consumer or the authority; told once a working day."""
    request = _held(desk, request_id)
    desk.allow("sharing.urge", Label(owner=request.consumer, parties=registers.authorities(desk.db)))
    calendar = registers.calendar(desk.db)
    # Nobody answers on a day off: what is urged then is urged for the next working day.
    urged = request.urge(desk.today if calendar.is_working(desk.today) else calendar.after(desk.today, 1).day)
    if urged == request:
        return request
    store.save_request(desk.db, urged)
    desk.record("sharing.urged", on=urged.id, times=len(urged.urged), **urged.facts())
    return urged


def record_delivery(desk: Desk, agreement_id: str) -> Agreement:
    """Note that the service answers: the provider has shared (art. 22)."""
    agreement = _held_agreement(desk, agreement_id)
    desk.allow("sharing.record_delivery", Label(owner=agreement.provider, parties=_house(desk)))
    if not agreement.awaits_delivery:
        return agreement
    agreement = store.save_agreement(desk.db, agreement.deliver(desk.today))
    used = clocks.used(desk, agreement.delivery)
    desk.record("sharing.delivered", on=agreement.id, used=used, **agreement.facts())
    return agreement


def suspend_all(desk: Desk, entry_id: str) -> tuple[Agreement, ...]:
    """Suspend all that rests on an entry that was withdrawn: what the house does when it hears of it."""
    desk.allow("sharing.suspend_all", Label(owner=desk.actor.org))
    suspended = []
    for agreement in store.agreements_of_entry(desk.db, entry_id):
        if agreement.stage is Standing.IN_FORCE:
            agreement = agreement.suspend("its catalogue entry was withdrawn", None)
            suspended.append(store.save_agreement(desk.db, agreement))
            desk.record("sharing.suspended", on=agreement.id, rectify_by=None, **suspended[-1].facts())
    return tuple(suspended)


def tell_change(desk: Desk, entry_id: str, version: int) -> tuple[str, ...]:
    """Tell each user of an entry that a new version of it is in force, or that it ended: what changed, since when."""
    desk.allow("sharing.tell_change", Label(owner=desk.actor.org))
    known = [one for one in catalogue.versions(desk.db, entry_id) if one.shown_to_all and one.version <= version]
    if not known or known[-1].version != version:
        return ()
    newer, older = known[-1], known[-2] if len(known) > 1 else known[-1]
    found = catalogue.differences(older, newer)
    touched = {one.item for one in found if one.item}
    told = []
    for agreement in store.agreements_of_entry(desk.db, entry_id):
        if agreement.over or (newer is older and newer.stage is EntryStage.PUBLISHED):
            continue
        desk.record(
            "sharing.change_told",
            on=agreement.id,
            version=newer.version,
            before=older.version,
            since=newer.moves[-1].at.isoformat(),
            stage=newer.stage.value,
            differences=len(found),
            agreed_items=len(touched & {item.name for item in agreement.items}),
            **{name: fact for name, fact in agreement.facts().items() if name in ("entry", "provider", "consumer")},
        )
        told.append(agreement.id)
    return tuple(told)


def escalate_overdue(desk: Desk) -> tuple[str, ...]:
    """Report each answer and delivery whose day has passed, once a breach (art. 39, 4); nothing is deemed agreed."""
    desk.allow("sharing.escalate_overdue", Label(owner=desk.actor.org))
    told = []
    for request in waiting.open_requests(desk.db):
        if request.overdue(desk.today) and not request.escalated:
            request = request.escalate()
            store.save_request(desk.db, request)
            desk.record("sharing.escalated", on=request.id, clock="answer", **request.facts())
            told.append(request.id)
    for agreement in waiting.undelivered(desk.db):
        if agreement.overdue(desk.today) and not agreement.escalated:
            agreement = store.save_agreement(desk.db, agreement.escalate())
            desk.record("sharing.escalated", on=agreement.id, clock="delivery", **agreement.facts())
            told.append(agreement.id)
    for agreement in waiting.agreements_owing(desk.db, before=desk.today):
        for one in agreement.overdue_tasks(desk.today):
            agreement = store.save_agreement(desk.db, agreement.report_overdue(one.task))
            facts = agreement.owed_facts(one.task)
            desk.record("sharing.escalated", on=agreement.id, clock=one.task.value, owing=one.body, **facts)
            told.append(agreement.id)
    return tuple(told)


def recompute_deadlines(desk: Desk, year: int) -> tuple[str, ...]:
    """Count anew the running clocks that touch ``year``, once its calendar is in; the old day stays in evidence."""
    desk.allow("sharing.recompute_deadlines", Label(owner=desk.actor.org))
    moved = []
    for request in waiting.open_requests(desk.db):
        clock = clocks.of_answer(desk, request, request.extension_days)
        if request.clock is not None and _touches(request.clock, year) and clock != request.clock:
            was, request = request.clock.due.isoformat(), request.reclocked(clock)
            store.save_request(desk.db, request)
            desk.record("sharing.deadline_recomputed", on=request.id, clock="answer", was=was, **request.facts())
            moved.append(request.id)
    for agreement in waiting.undelivered(desk.db):
        clock = clocks.of(desk, "DELIVER", agreement.provider, agreement.delivery.started)
        if _touches(agreement.delivery, year) and clock != agreement.delivery:
            was = agreement.delivery.due.isoformat()
            agreement = store.save_agreement(desk.db, agreement.reclocked(clock))
            desk.record("sharing.deadline_recomputed", on=agreement.id, clock="delivery", was=was, **agreement.facts())
            moved.append(agreement.id)
    for agreement in waiting.agreements_owing(desk.db):
        for one in agreement.owed:
            if one.clock is None or not (one.clock.provisional and _touches(one.clock, year)):
                continue
            clock = clocks.of(desk, one.clock.rule_id, agreement.provider, one.clock.started)
            if clock == one.clock:
                continue
            agreement = store.save_agreement(desk.db, agreement.with_clock(one.task, clock))
            was, facts = one.clock.due.isoformat(), agreement.owed_facts(one.task)
            desk.record("sharing.deadline_recomputed", on=agreement.id, clock=one.task.value, was=was, **facts)
            moved.append(agreement.id)
    return tuple(moved)


def _held(desk: Desk, request_id: str) -> Request:
    return store.find_request(desk.db, request_id, desk.actor, hold=True)


def _held_agreement(desk: Desk, agreement_id: str) -> Agreement:
    return store.find_agreement(desk.db, agreement_id, desk.actor, hold=True)


def _touches(clock: Deadline, year: int) -> bool:
    # A year's notice may also name days at the end of the year before.
    return clock.started.year <= year <= clock.due.year + 1


def _house(desk: Desk) -> frozenset[str]:
    return frozenset({desk.actor.org} if Duty.HOUSE in desk.actor.duties else ())
