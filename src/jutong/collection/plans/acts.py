"""What is done with plans: kept, tested, paused, run by one at a time, stopped by a loss, settled by a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from jutong import catalogue
from jutong.catalogue import Entry
from jutong.desk import Desk
from jutong.guard import parse_mask
from jutong.kernel.errors import Refused, Unavailable, WrongMoment
from jutong.kernel.text import text
from jutong.terms import Duty

from .. import store as batches
from ..contract import Limits, contract_of
from ..flow import Progress
from ..landing import in_force, landed
from ..layout import Layout
from ..reach import Mode, Reach, ReachKind, Reading
from ..source import Source
from ..sources.kinds import source_at
from ..sources.opening import Door, Glance, layout_of
from ..sources.pulled import Pulled, PulledSource
from . import store
from .drift import Difference
from .plan import Outcome, Plan, Run, State
from .schedule import Schedule

LEASE = timedelta(minutes=2)
SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A plan as somebody describes it."""

    title: str
    reach: Reach
    layout: Layout = field(default_factory=Layout)
    reading: Reading = field(default_factory=Reading)
    schedule: Schedule = field(default_factory=Schedule)


def keep(desk: Desk, entry_id: str, wanted: Wanted) -> Plan:
    """Keep a new plan for an entry that is in force."""
    entry = in_force(_visible(desk, entry_id))
    desk.allow("collection.keep_plan", entry.label)
    plan = Plan(
        id=desk.new_id(),
        entry=entry.id,
        provider=entry.provider,
        title=wanted.title.strip(),
        reach=wanted.reach,
        layout=wanted.layout,
        reading=wanted.reading,
        schedule=wanted.schedule,
        next_at=wanted.schedule.after(desk.now),
        made=desk.now,
    )
    store.save_plan(desk.db, plan)
    desk.record(
        "collection.plan_kept",
        on=plan.id,
        entry=plan.entry,
        provider=plan.provider,
        kind=plan.reach.kind.value,
        mode=plan.reading.mode.value,
        schedule=plan.schedule.spelled,
    )
    return plan


def try_source(desk: Desk, entry_id: str, reach: Reach, layout: Layout, door: Door) -> Glance:
    """Reach a source, and show how its columns fit and a few rows, masked as the items' grades ask."""
    entry = in_force(_visible(desk, entry_id))
    desk.allow("collection.try_source", entry.label)
    with desk.released():
        glance = door.glance(contract_of(entry), layout, SHOWN)
    desk.record(
        "collection.source_tested",
        on=entry.id,
        provider=entry.provider,
        kind=reach.kind.value,
        columns=len(glance.columns),
        fits=glance.misfit is None,
    )
    return replace(glance, rows=_masked(entry, glance))


def pause(desk: Desk, plan_id: str) -> Plan:
    """Let a plan run only by hand."""
    plan = store.find_plan(desk.db, plan_id)
    desk.allow("collection.pause_plan", plan.label)
    paused = plan.paused()
    store.save_plan(desk.db, paused)
    desk.record("collection.plan_paused", on=plan.id, entry=plan.entry)
    return paused


def resume(desk: Desk, plan_id: str) -> Plan:
    """Let a plan run by its schedule again."""
    plan = store.find_plan(desk.db, plan_id)
    desk.allow("collection.resume_plan", plan.label)
    resumed = plan.resumed(desk.now)
    store.save_plan(desk.db, resumed)
    desk.record("collection.plan_resumed", on=plan.id, entry=plan.entry)
    return resumed


def restart(desk: Desk, plan_id: str) -> Plan:
    """Let the next run of a stream read all rows and begin anew, because rows were lost at the source."""
    plan = store.find_plan(desk.db, plan_id)
    desk.allow("collection.restart_plan", plan.label)
    restarted = plan.restarted()
    store.save_plan(desk.db, restarted)
    desk.record("collection.plan_restarted", on=plan.id, entry=plan.entry)
    return restarted


def end(desk: Desk, plan_id: str) -> Plan:
    """End a plan for good; ended again nothing changes."""
    plan = store.find_plan(desk.db, plan_id)
    desk.allow("collection.end_plan", plan.label)
    if plan.state is State.ENDED:
        return plan
    ended = plan.ended()
    store.save_plan(desk.db, ended)
    desk.record("collection.plan_ended", on=plan.id, entry=plan.entry)
    return ended


def settle_drift(desk: Desk, plan_id: str, *, accept: bool) -> Plan:
    """Decide about a source's changed columns: they are the agreed ones from now on, or the plan rests."""
    plan = store.find_plan(desk.db, plan_id)
    desk.allow("collection.settle_drift", plan.label)
    settled = plan.settled(desk.now, accept=accept)
    store.save_plan(desk.db, settled)
    desk.record("collection.drift_settled", on=plan.id, entry=plan.entry, accepted=accept, **_counted(plan.drift))
    return settled


def begin(desk: Desk, plan_id: str) -> tuple[Plan, Run]:
    """Take a plan for one run; whoever comes second is told so, and a run whose process died is given up."""
    plan = store.find_plan(desk.db, plan_id)
    _may_run(desk, plan)
    plan.runnable()
    run = Run(id=desk.new_id(), plan=plan.id, began=desk.now)
    if not store.take_lease(desk.db, plan.id, run.id, now=desk.now, until=desk.now + LEASE):
        raise WrongMoment(
            text("another collector is at {title} already", title=plan.title),
            remedy=text("wait until its run has ended; one that died is given up after two minutes"),
        )
    for left in store.open_runs(desk.db, plan.id):
        store.save_run(desk.db, replace(left, ended=desk.now, outcome=Outcome.ABANDONED))
    store.save_run(desk.db, run)
    desk.record("collection.run_begun", on=plan.id, run=run.id, entry=plan.entry)
    return plan, run


def find_drift(desk: Desk, run: Run, found: tuple[Difference, ...], columns: Mapping[str, str]) -> Plan:
    """Keep what changed in a source; a gain is asked about, a loss stops the plan."""
    plan = store.find_plan(desk.db, run.plan)
    _may_run(desk, plan)
    drifting = plan.drifting(found, columns)
    if drifting != plan:
        store.save_plan(desk.db, drifting)
        desk.record("collection.drift_found", on=plan.id, run=run.id, entry=plan.entry, **_counted(found))
    return drifting


def find_loss(desk: Desk, run: Run, gone: int, standing: int, columns: Mapping[str, str]) -> Plan:
    """Stop a plan whose source took back more of its rows than it lets go by itself."""
    plan = store.find_plan(desk.db, run.plan)
    _may_run(desk, plan)
    stopped = plan.losing(gone, standing, columns or plan.columns)
    store.save_plan(desk.db, stopped)
    desk.record("collection.drift_found", on=plan.id, run=run.id, entry=plan.entry, **_counted(stopped.drift))
    return stopped


def land(desk: Desk, run: Run, pulled: Pulled, *, columns: Mapping[str, str], progress: Progress | None = None) -> Run:
    """Land what a run has read: its batch, the plan's new position and the run's end are kept at once, or none is."""
    plan = store.find_plan(desk.db, run.plan)
    _may_run(desk, plan)
    entry = catalogue.find(desk.db, plan.entry)
    batch = None
    if pulled.says:
        kind, name = plan.reach.kind.value, plan.reach.place
        place = f"{plan.id} {plan.until} {pulled.until}" if plan.reading.mode is Mode.STREAM else ""
        source: Source = PulledSource(
            pulled.path, kind, name, left_aside=pulled.left_aside, place=place, gone=pulled.gone, whole=pulled.whole
        )
        if plan.reach.kind is ReachKind.SFTP:
            source = source_at(pulled.path, layout_of(plan.reach, plan.layout), Limits())
        batch = replace(landed(desk, entry, source, progress=progress), source=name)
    if not store.holds_lease(desk.db, run.id):
        raise WrongMoment(text("this run was given up, and another took its place; it keeps nothing"))
    known = batch is not None and not batches.save(desk.db, batch)
    standing = store.find_plan(desk.db, run.plan)
    if batch is None:
        outcome = Outcome.NOTHING_NEW
        on = pulled.until if plan.reading.mode is Mode.STREAM else ""
        moved = standing.ran(desk.now, until=on, columns=columns)
    else:
        outcome = Outcome.KNOWN if known else Outcome.LANDED
        moved = standing.ran(desk.now, until=pulled.until, seen=run.id if pulled.until else "", columns=columns)
        if not known:
            desk.record("collection.landed", on=batch.id, **batch.facts())
    ended = replace(
        run,
        ended=desk.now,
        outcome=outcome,
        rows=pulled.rows,
        again=pulled.again,
        batch=batch.id if batch else "",
        withdrawn=batch.rows_withdrawn if batch else 0,
        behind=pulled.behind,
    )
    store.save_plan(desk.db, moved)
    store.save_run(desk.db, ended)
    store.give_back(desk.db, run.id)
    desk.record(
        "collection.run_ended", on=plan.id, run=run.id, entry=plan.entry, outcome=outcome.value, rows=pulled.rows
    )
    return ended


def fail(desk: Desk, run: Run, error: Refused | Unavailable) -> Run:
    """End a run that brought nothing, with the reason; the next one begins where the last one ended."""
    plan = store.find_plan(desk.db, run.plan)
    _may_run(desk, plan)
    outcome = Outcome.UNAVAILABLE if isinstance(error, Unavailable) else Outcome.REFUSED
    ended = replace(run, ended=desk.now, outcome=outcome, code=error.code, reason=error.reason, remedy=error.remedy)
    if store.holds_lease(desk.db, run.id):
        store.save_plan(desk.db, plan.ran(desk.now))
        store.give_back(desk.db, run.id)
    store.save_run(desk.db, ended)
    desk.record("collection.run_ended", on=plan.id, run=run.id, entry=plan.entry, outcome=outcome.value, rows=0)
    return ended


def _may_run(desk: Desk, plan: Plan) -> None:
    # By its clock the node runs every department's plans; a person runs those of its own body.
    if Duty.HOUSE in desk.actor.duties:
        desk.allow("collection.run_due", plan.label)
    else:
        desk.allow("collection.run_plan", plan.label)


def _visible(desk: Desk, entry_id: str) -> Entry:
    catalogue.visible_to(desk.db, entry_id, desk.actor)
    return catalogue.find(desk.db, entry_id)


def _masked(entry: Entry, glance: Glance) -> list[dict[str, str | None]]:
    masks = {item.name: parse_mask(item.standing_mask) for item in entry.items}
    # A token says nothing to the eye: it is shown as hidden.
    hide = {
        name: parse_mask("keep:0:0" if str(mask) == "hash" else str(mask)).compile() for name, mask in masks.items()
    }
    return [{item: hide[item](value) for item, value in row.items()} for row in glance.rows]


def _counted(found: tuple[Difference, ...]) -> dict[str, int]:
    return {
        change: sum(one.change.value == change for one in found) for change in sorted({d.change.value for d in found})
    }
