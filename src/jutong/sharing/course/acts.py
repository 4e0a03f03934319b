"""What officials do about an agreement that stands: suspend, put right, judge, change by two keys, end, dispose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from jutong import registers
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import Fact, canonical, digest
from jutong.terms import BodyKind
from jutong.terms.deadline import Deadline

from .. import store, waiting
from ..agreement import Agreement
from ..change import Change, Outcome
from ..disposal import Disposal, Manner
from ..rectification import Rectification, until
from ..standing import Standing


def suspend(desk: Desk, agreement_id: str, *, reason: str, rectify_by: date | None = None) -> Agreement:
    """Take the rights away until a misuse has been put right: the provider's or the authority's act (art. 27).

    Without a day of its own the rule ``RECTIFY`` sets one. The gateway hears of it within a second.
    """
    agreement = _held(desk, agreement_id)
    desk.allow("sharing.suspend", Label(owner=agreement.provider, parties=_authorities(desk)))
    if agreement.stage is Standing.SUSPENDED:
        return agreement
    wrong = Rectification(clock=until(rectify_by, _clock(desk, "RECTIFY", agreement)), demanded_by=desk.actor.org)
    agreement = store.save_agreement(desk.db, agreement.suspend(reason, wrong))
    told = _digest(reason=reason)
    desk.record(
        "sharing.suspended", on=agreement.id, rectify_by=wrong.clock.due.isoformat(), told=told, **agreement.facts()
    )
    return agreement


def rectify(desk: Desk, agreement_id: str, *, report: str) -> Agreement:
    """Report, as the consumer, what has been put right; whoever suspended judges it by a clock of its own."""
    agreement = _held(desk, agreement_id)
    desk.allow("sharing.rectify", Label(owner=agreement.consumer))
    wrong = agreement.rectification
    if wrong is not None and wrong.reported is not None and wrong.report == report:
        return agreement
    agreement = store.save_agreement(desk.db, agreement.rectify(report, _clock(desk, "RECTIFY_JUDGED", agreement)))
    missed = agreement.rectification is not None and agreement.rectification.late
    due = [one.clock.due.isoformat() for one in agreement.owed if one.clock is not None]
    desk.record(
        "sharing.rectified",
        on=agreement.id,
        missed=missed,
        judged_by=due[0] if due else None,
        told=_digest(report=report),
        **agreement.facts(),
    )
    return agreement


def judge_rectification(desk: Desk, agreement_id: str, *, why: str, rectify_by: date | None = None) -> Agreement:
    """Say that what was put right is not enough: with a new day, or for good, so that sharing may be ended."""
    agreement = _held(desk, agreement_id)
    desk.allow("sharing.judge_rectification", Label(owner=agreement.provider, parties=_authorities(desk)))
    wrong = agreement.rectification
    if wrong is not None and wrong.why == why and wrong.reported is None and agreement.rectify_by == rectify_by:
        return agreement
    clock = None if rectify_by is None else until(rectify_by, _clock(desk, "RECTIFY", agreement))
    agreement = agreement.judge_short(why, clock, by=desk.actor.org, today=desk.today)
    agreement = store.save_agreement(desk.db, agreement)
    desk.record(
        "sharing.rectification_judged",
        on=agreement.id,
        rectify_by=None if clock is None else clock.due.isoformat(),
        told=_digest(why=why),
        **agreement.facts(),
    )
    return agreement


def resume(desk: Desk, agreement_id: str) -> Agreement:
    """Give the rights of a suspended agreement back: all was put right, or was not wrong."""
    agreement = _held(desk, agreement_id)
    desk.allow("sharing.resume", Label(owner=agreement.provider, parties=_authorities(desk)))
    if agreement.stage is Standing.IN_FORCE:
        return agreement
    agreement = store.save_agreement(desk.db, agreement.resume(by=desk.actor.org))
    desk.record("sharing.resumed", on=agreement.id, **agreement.facts())
    return agreement


def terminate(desk: Desk, agreement_id: str, *, reason: str) -> Agreement:
    """End an agreement for good whose misuse was not put right; the line is what is filed with the authority."""
    agreement = _held(desk, agreement_id)
    desk.allow("sharing.terminate", Label(owner=agreement.provider, parties=_authorities(desk)))
    if agreement.stage is Standing.TERMINATED:
        return agreement
    agreement = store.save_agreement(
        desk.db, agreement.terminate(reason, _clock(desk, "DISPOSAL_CERTIFIED", agreement))
    )
    desk.record(
        "sharing.terminated", on=agreement.id, told=_digest(reason=reason), **_disposal(agreement), **agreement.facts()
    )
    return agreement


def propose_change(
    desk: Desk,
    agreement_id: str,
    *,
    reason: str,
    basis: str,
    last_day: date | None = None,
    without: Sequence[str] = (),
    quota_per_day: int | None = None,
) -> Agreement:
    """Propose, as the provider, to stop or to change a running service: nothing changes until another agrees."""
    agreement = _held(desk, agreement_id)
    desk.allow("sharing.propose_change", Label(owner=agreement.provider))
    change = Change(
        reason=reason,
        basis=basis,
        clock=_clock(desk, "CHANGE_ANSWER", agreement),
        last_day=last_day,
        without=tuple(without),
        quota_per_day=quota_per_day,
    )
    if agreement.change is not None and agreement.change.open and agreement.change.facts() == change.facts():
        return agreement
    agreement = store.save_agreement(desk.db, agreement.propose(change))
    answer_by = change.clock.due.isoformat()
    desk.record("sharing.change_proposed", on=agreement.id, answer_by=answer_by, **change.facts(), **agreement.facts())
    return agreement


def agree_change(desk: Desk, agreement_id: str) -> Agreement:
    """Turn the second key, as the consumer or the authority: the proposed change stands from now on."""
    agreement = _held(desk, agreement_id)
    desk.allow("sharing.agree_change", Label(owner=agreement.consumer, parties=_authorities(desk)))
    if agreement.change is not None and agreement.change.outcome is Outcome.AGREED:
        return agreement
    agreement = agreement.agree_change(by=desk.actor.org, today=desk.today)
    agreement = store.save_agreement(desk.db, agreement)
    change = {} if agreement.change is None else agreement.change.facts()
    desk.record("sharing.change_agreed", on=agreement.id, agreed=agreement.digest(), **change, **agreement.facts())
    return agreement


def decline_change(desk: Desk, agreement_id: str, *, why: str) -> Agreement:
    """Keep the second key: the service goes on as it was agreed, and the provider is told why."""
    agreement = _held(desk, agreement_id)
    desk.allow("sharing.decline_change", Label(owner=agreement.consumer, parties=_authorities(desk)))
    change = agreement.change
    if change is not None and change.outcome is Outcome.DECLINED and change.why == why:
        return agreement
    agreement = store.save_agreement(desk.db, agreement.decline_change(why, by=desk.actor.org, today=desk.today))
    desk.record("sharing.change_declined", on=agreement.id, told=_digest(why=why), **agreement.facts())
    return agreement


def take_back_change(desk: Desk, agreement_id: str) -> Agreement:
    """Take a proposal back, as the provider; the service goes on as it was agreed."""
    agreement = _held(desk, agreement_id)
    desk.allow("sharing.take_back_change", Label(owner=agreement.provider))
    if agreement.change is not None and agreement.change.outcome is Outcome.TAKEN_BACK:
        return agreement
    agreement = store.save_agreement(desk.db, agreement.take_back_change(by=desk.actor.org, today=desk.today))
    desk.record("sharing.change_taken_back", on=agreement.id, **agreement.facts())
    return agreement


def conclude(desk: Desk, agreement_id: str, *, reason: str) -> Agreement:
    """Give the rights up, as the consumer: the purpose is met, cannot be met, or needs the data no longer (art. 27)."""
    agreement = _held(desk, agreement_id)
    desk.allow("sharing.conclude", Label(owner=agreement.consumer))
    if agreement.stage is Standing.ENDED:
        return agreement
    agreement = store.save_agreement(desk.db, agreement.conclude(reason, _clock(desk, "DISPOSAL_CERTIFIED", agreement)))
    desk.record(
        "sharing.concluded", on=agreement.id, told=_digest(reason=reason), **_disposal(agreement), **agreement.facts()
    )
    return agreement


def end_terms(desk: Desk) -> tuple[str, ...]:
    """End what the calendar has ended: what the house does every day; the clock of disposal starts."""
    desk.allow("sharing.end_terms", Label(owner=desk.actor.org))
    ended = []
    for agreement in waiting.agreements_past_term(desk.db, desk.today):
        clock = _clock(desk, "DISPOSAL_CERTIFIED", agreement, agreement.ends + timedelta(days=1))
        agreement = store.save_agreement(desk.db, agreement.expire(clock, desk.today))
        desk.record("sharing.expired", on=agreement.id, **_disposal(agreement), **agreement.facts())
        ended.append(agreement.id)
    return tuple(ended)


def certify_disposal(
    desk: Desk, agreement_id: str, *, manner: Manner, copies: str, done: date, basis: str = "", paper: str = ""
) -> Agreement:
    """Certify, as head of the consumer's sharing office, what became of every copy (art. 27)."""
    agreement = _held(desk, agreement_id)
    desk.allow("sharing.certify_disposal", Label(owner=agreement.consumer))
    disposal = Disposal(
        manner=manner,
        copies=copies,
        done=done,
        basis=basis,
        paper=paper,
        certified=desk.today,
        by=desk.actor.id,
    )
    if agreement.disposed is not None and agreement.disposed.facts() == disposal.facts():
        return agreement
    agreement = store.save_agreement(desk.db, agreement.dispose(disposal))
    missed = agreement.disposed is not None and agreement.disposed.late
    desk.record("sharing.disposed", on=agreement.id, missed=missed, **disposal.facts(), **agreement.facts())
    return agreement


def tell_doubt(desk: Desk, entry_id: str, item: str, objection: str, *, lifted: bool) -> tuple[str, ...]:
    """Tell each user of a doubted item that it is in doubt, or that it is not any more."""
    desk.allow("sharing.tell_doubt", Label(owner=desk.actor.org))
    told = []
    for agreement in store.agreements_of_entry(desk.db, entry_id):
        if agreement.over or all(one.name != item for one in agreement.items):
            continue
        facts = {name: fact for name, fact in agreement.facts().items() if name in ("entry", "provider", "consumer")}
        if lifted:
            desk.record("sharing.doubt_lifted", on=agreement.id, objection=objection, item=item, **facts)
        else:
            desk.record("sharing.doubt_told", on=agreement.id, objection=objection, item=item, **facts)
        told.append(agreement.id)
    return tuple(told)


def _held(desk: Desk, agreement_id: str) -> Agreement:
    return store.find_agreement(desk.db, agreement_id, desk.actor, hold=True)


def _clock(desk: Desk, rule: str, agreement: Agreement, started: date | None = None) -> Deadline:
    division = registers.find_body(desk.db, agreement.provider).division
    return registers.deadline(desk.db, rule, started or desk.today, division)


def _authorities(desk: Desk) -> frozenset[str]:
    return frozenset(body.code for body in registers.bodies(desk.db) if body.kind is BodyKind.AUTHORITY)


def _disposal(agreement: Agreement) -> dict[str, Fact]:
    clock = agreement.disposal
    return {"dispose_by": None if clock is None else clock.due.isoformat()}


def _digest(**words: str) -> str:
    return digest(canonical(dict(words)))
