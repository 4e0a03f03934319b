"""What is done about outflows: declared by the consumer, tested and turned on by the provider, run, compared, ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from jutong import catalogue, sharing
from jutong.catalogue import Purpose
from jutong.collection.plans.schedule import Schedule
from jutong.desk import Desk
from jutong.guard import Label
from jutong.kernel.canon import digest
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Refused, TooMuch, Unavailable, WrongMoment
from jutong.kernel.text import Text, text
from jutong.terms import Duty

from ... import policies
from ...call import bulk_call
from ...plan import compile, judge
from ...secrecy import node_secret
from ...subjects import OUTFLOW
from ..view import View
from . import store
from .loading import Done, Found
from .outflow import MOST, TOLD_AFTER, Altered, Misfit, Outcome, Outflow, Run, State
from .target import Target

LEASE = timedelta(minutes=2)


def declare_outflow(
    desk: Desk,
    agreement_id: str,
    title: str,
    target: Target,
    purpose: Purpose,
    schedule: Schedule,
    *,
    key: SigningKey,
) -> Outflow:
    """Declare, as the consumer, into which target the rows of an agreement are to go; the provider turns it on."""
    agreement = sharing.find_agreement(desk.db, agreement_id, desk.actor)
    desk.allow("delivery.declare_outflow", Label(owner=agreement.consumer))
    entry, in_force = catalogue.find(desk.db, agreement.entry), policies.in_force(desk.db, desk.today)
    plan = compile(agreement, entry, secret=node_secret(key), policies=in_force)
    refusal = judge(plan, bulk_call(target.method, purpose.value, desk.now, way=OUTFLOW))
    if refusal is not None:
        raise refusal.error()
    live = store.live_outflows(desk.db, agreement.id)
    for one in live:
        if one.target == target:
            return one
    if len(live) >= MOST:
        raise TooMuch(
            text("an agreement has {most} outflows at most", most=MOST), remedy=text("end one that is not needed")
        )
    new = Outflow(
        id=desk.new_id(),
        agreement=agreement.id,
        entry=agreement.entry,
        provider=agreement.provider,
        consumer=agreement.consumer,
        title=title,
        target=target,
        purpose=purpose.value,
        schedule=schedule,
        made=desk.now,
        by=desk.actor.id,
    )
    store.save_outflow(desk.db, new)
    desk.record("delivery.outflow_declared", on=agreement.id, **_facts(new), purpose=new.purpose)
    return new


def try_outflow(
    desk: Desk, agreement_id: str, outflow_id: str, look: Callable[[Outflow], tuple[Text, ...]]
) -> tuple[Outflow, tuple[Text, ...]]:
    """Test, as the provider, whether a target is reached and fits; not a row leaves."""
    kept = _known(desk, agreement_id, outflow_id)
    desk.allow("delivery.try_outflow", Label(owner=kept.provider))
    with desk.released():
        differences = look(kept)
    kept = store.find_outflow(desk.db, kept.id)
    if not differences:
        kept = kept.fit(desk.now)
        store.save_outflow(desk.db, kept)
    desk.record("delivery.outflow_tried", on=kept.agreement, **_facts(kept), differences=len(differences))
    return kept, differences


def start_outflow(desk: Desk, agreement_id: str, outflow_id: str) -> Outflow:
    """Turn on, as the provider, what was tested: from now on every new version goes out by itself."""
    kept = _known(desk, agreement_id, outflow_id)
    desk.allow("delivery.start_outflow", Label(owner=kept.provider))
    if kept.state is State.ACTIVE:
        return kept
    started = kept.started(desk.now)
    store.save_outflow(desk.db, started)
    desk.record("delivery.outflow_started", on=kept.agreement, **_facts(kept))
    return started


def pause_outflow(desk: Desk, agreement_id: str, outflow_id: str) -> Outflow:
    """Let nothing go out until the provider turns it on again; a run under way ends before its next batch."""
    kept = _known(desk, agreement_id, outflow_id)
    desk.allow("delivery.pause_outflow", _of_both(kept))
    paused = kept.paused()
    store.save_outflow(desk.db, paused)
    desk.record("delivery.outflow_paused", on=kept.agreement, **_facts(kept))
    return paused


def ask_outflow(desk: Desk, agreement_id: str, outflow_id: str) -> Outflow:
    """Have what is new delivered now, not when its hour comes."""
    kept = _known(desk, agreement_id, outflow_id)
    desk.allow("delivery.ask_outflow", _of_both(kept))
    asked = kept.asked(desk.now)
    store.save_outflow(desk.db, asked)
    desk.record("delivery.outflow_asked", on=kept.agreement, **_facts(kept))
    return asked


def renew_outflow(desk: Desk, agreement_id: str, outflow_id: str) -> Outflow:
    """Have the whole delivered anew, as the consumer, over whatever stands in its target."""
    kept = _known(desk, agreement_id, outflow_id)
    desk.allow("delivery.renew_outflow", Label(owner=kept.consumer))
    renewed = kept.asked(desk.now, anew=True)
    store.save_outflow(desk.db, renewed)
    desk.record("delivery.outflow_renewed", on=kept.agreement, **_facts(kept))
    return renewed


def end_outflow(desk: Desk, agreement_id: str, outflow_id: str) -> Outflow:
    """End an outflow for good; what was delivered stays the consumer's."""
    kept = _known(desk, agreement_id, outflow_id)
    desk.allow("delivery.end_outflow", _of_both(kept))
    return kept if kept.state is State.ENDED else _ended(desk, kept)


def end_outflows(desk: Desk, agreement_id: str) -> None:
    """End all outflows of an agreement that gives no rights any more."""
    agreement = sharing.find_agreement(desk.db, agreement_id)
    parties = frozenset({desk.actor.org} if desk.actor.duties & {Duty.HOUSE} else ())
    desk.allow("delivery.end_outflow", Label(owner=agreement.consumer, parties=parties))
    if agreement.over:
        for one in store.live_outflows(desk.db, agreement.id):
            _ended(desk, one)


def begin_outflow(desk: Desk, outflow_id: str, view: View) -> tuple[Outflow, Run]:
    """Take an outflow for one run, on record before a row leaves; a run whose process died is given up."""
    kept = store.find_outflow(desk.db, outflow_id).runnable()
    desk.allow("delivery.run_outflow", _of_run(desk, kept))
    run = Run(id=desk.new_id(), outflow=kept.id, began=desk.now, version=view.version)
    if not store.take_lease(desk.db, kept.id, run.id, now=desk.now, until=desk.now + LEASE):
        raise WrongMoment(
            text("another run delivers into {title} already", title=kept.title),
            remedy=text("wait until its run has ended; one that died is given up after two minutes"),
        )
    for left in store.open_runs(desk.db, kept.id):
        store.save_run(desk.db, replace(left, ended=desk.now, outcome=Outcome.ABANDONED))
    store.save_run(desk.db, run)
    desk.record(
        "delivery.outflow_begun",
        on=kept.agreement,
        **_facts(kept),
        run=run.id,
        version=view.version,
        rows=view.rows,
        disputed=view.disputed,
        view=view.digest(),
    )
    return kept, run


def finish_outflow(desk: Desk, run: Run, view: View, done: Done) -> Run:
    """Keep what came of a run, and put on record what the target has taken."""
    kept = store.find_outflow(desk.db, run.outflow)
    desk.allow("delivery.run_outflow", _of_run(desk, kept))
    load = done.load
    ended = replace(
        run,
        ended=desk.now,
        outcome=Outcome.KNOWN if load is None else Outcome.DELIVERED,
        base=load.base if load else None,
        rows=view.rows,
        changed=done.changed,
        manifest=digest(load.manifest.encode()) if load else "",
    )
    store.save_outflow(desk.db, kept.brought(view.version, view.rows, desk.now))
    store.save_run(desk.db, ended)
    store.give_back(desk.db, run.id)
    desk.record(
        "delivery.outflow_delivered",
        on=kept.agreement,
        **_facts(kept),
        run=run.id,
        purpose=kept.purpose,
        version=view.version,
        base=ended.base,
        rows=ended.rows,
        changed=ended.changed,
        known=load is None,
        view=view.digest(),
        manifest=ended.manifest,
    )
    return ended


def fail_outflow(desk: Desk, run: Run, error: Refused | Unavailable) -> Run:
    """Keep why a run brought nothing; the target holds what it held before."""
    kept = store.find_outflow(desk.db, run.outflow)
    desk.allow("delivery.run_outflow", _of_run(desk, kept))
    outcome = Outcome.UNAVAILABLE if isinstance(error, Unavailable) else Outcome.REFUSED
    ended = replace(run, ended=desk.now, outcome=outcome, code=error.code, reason=error.reason, remedy=error.remedy)
    after = kept
    if store.holds_lease(desk.db, run.id):
        after = kept.failed(desk.now, stops=isinstance(error, Altered | Misfit))
        store.save_outflow(desk.db, after)
        store.give_back(desk.db, run.id)
    store.save_run(desk.db, ended)
    facts = {**_facts(kept), "run": run.id, "outcome": outcome.value, "code": error.code}
    desk.record("delivery.outflow_failed", on=kept.agreement, **facts)
    if after.state is not kept.state:
        desk.record("delivery.outflow_stopped", on=kept.agreement, **facts)
    elif after.tries == TOLD_AFTER > kept.tries:
        desk.record("delivery.outflow_delayed", on=kept.agreement, **facts)
    return ended


def compare_outflow(
    desk: Desk, agreement_id: str, outflow_id: str, compare: Callable[[Outflow], tuple[Found, Found]]
) -> tuple[Found, Found]:
    """Compare what stands in a target with what was delivered, by count and checksum; return both, ours first."""
    kept = _known(desk, agreement_id, outflow_id)
    desk.allow("delivery.compare_outflow", _of_both(kept))
    with desk.released():
        ours, theirs = compare(kept)
    desk.record(
        "delivery.outflow_compared",
        on=kept.agreement,
        **_facts(kept),
        version=kept.version,
        rows=ours.rows,
        found=theirs.rows,
        same=ours == theirs,
    )
    return ours, theirs


def _ended(desk: Desk, kept: Outflow) -> Outflow:
    ended = kept.ended()
    store.save_outflow(desk.db, ended)
    desk.record("delivery.outflow_ended", on=kept.agreement, **_facts(kept), version=kept.version)
    return ended


def _known(desk: Desk, agreement_id: str, outflow_id: str) -> Outflow:
    agreement = sharing.find_agreement(desk.db, agreement_id, desk.actor)
    return store.find_outflow(desk.db, outflow_id, agreement.id)


def _of_both(kept: Outflow) -> Label:
    return Label(owner=kept.consumer, parties=frozenset({kept.provider}))


def _of_run(desk: Desk, kept: Outflow) -> Label:
    parties = {desk.actor.org} if desk.actor.duties & {Duty.HOUSE} else set()
    return Label(owner=kept.provider, parties=frozenset(parties))


def _facts(kept: Outflow) -> dict[str, str]:
    """The place stands in evidence as a digest: where a consumer keeps rows is nobody else's to read."""
    return {
        "outflow": kept.id,
        "entry": kept.entry,
        "consumer": kept.consumer,
        "provider": kept.provider,
        "kind": kept.target.kind.value,
        "place": digest(kept.target.place.encode()),
    }
