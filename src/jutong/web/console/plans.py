"""Pages of plans: what comes in by itself, the form that tries a source before it is kept, runs with their progress."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import closing, suppress
from dataclasses import replace
from functools import cache
from typing import Literal

import msgspec

from jutong import catalogue, collection, registers
from jutong.collection import Mode, Paging, ReachKind, plans
from jutong.collection.plans import Change, Glance, Outcome, Plan, Run, State
from jutong.desk import House
from jutong.kernel.outward import Outward
from jutong.kernel.text import Text, text
from jutong.terms import Actor

from ..plans import own_only, seen_plan, tried
from ..wiring import Ulid
from .collection import FIRST, bodies_first, names_of_bodies
from .delivering import AT_ONCE, ENCODINGS, PATIENCE_SECONDS, crumbs_of
from .frame import Answer, Crumb, TheVisit, acted, done, page, see, shown
from .plan_form import PlanForm
from .progress import events
from .table import Asked, Column, Table, table_page
from .visit import Visit
from .words import word_of

LIST: Crumb = ("/plans", text("Plans of collection"))


@shown("/plans", guard="pages.plans")
def list_plans(visit: TheVisit) -> Answer:
    """List the plans of one's own body, or of all for those who oversee the tier."""
    names = names_of_bodies(visit)
    with visit.house.reading() as db:
        own = own_only(db, visit.acting)

    def fetch(ask: Asked) -> list[tuple[Plan, str]]:
        with visit.house.reading() as db:
            found = plans.plans_listed(
                db,
                provider=own or ask.filter("provider"),
                state=ask.filter("state"),
                sort=ask.sort,
                after=ask.after,
                limit=ask.limit,
                descending=ask.descending,
            )
            titles = catalogue.titles(db, [one.entry for one in found])
        return [(one, titles.get(one.entry, one.entry)) for one in found]

    provider: Column[tuple[Plan, str]] = Column(
        key="provider",
        title=text("Provider"),
        value=lambda row: names.get(row[0].provider, row[0].provider),
        options=None if own else bodies_first(names, visit.acting.org),
    )
    table: Table[tuple[Plan, str]] = Table(
        name="plans",
        title=text("Plans of collection"),
        columns=(*_PLANS[:2], provider, *_PLANS[2:]),
        key=lambda row: (row[0].id,),
        empty=text("No plan is kept yet."),
    )
    return table_page(visit, table, fetch, "collection/plans.html", title=table.title, crumbs=(FIRST,))


@shown("/entries/{entry_id:str}/plans/new", guard="pages.deliver")
def new_plan(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show the form of a plan."""
    return _form(visit, entry_id, None)


def _form(visit: Visit, entry_id: str, trial: Glance | None) -> Answer:
    with visit.desk() as desk:
        entry = catalogue.visible_to(desk.db, entry_id, visit.acting)
        desk.allow("collection.keep_plan", entry.label)
    titles = {item.name: item.title for item in entry.items}
    return page(
        visit,
        "collection/plan_form.html",
        title=text("Collect rows of {title} by a plan", title=entry.title),
        crumbs=crumbs_of(entry),
        entry=entry,
        published=entry.stage is catalogue.Stage.PUBLISHED,
        kinds=ReachKind,
        modes=Mode,
        pagings=Paging,
        encodings=ENCODINGS,
        trial=trial,
        titles=titles,
        secret_place=f"keys/sources/{entry.provider}-",
    )


@acted("/entries/{entry_id:str}/plans/new", guard="pages.deliver", again=new_plan)
def take_plan(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Try the source and show the form again with what was found, or keep the plan."""
    given = visit.form.read(PlanForm)
    if given.do == "try":
        trial = tried(visit.house, visit.acting, entry_id, given.reach(), given.layout())
        return _form(visit, entry_id, trial)
    with visit.desk() as desk:
        plan = plans.keep(desk, entry_id, given.wanted())
    return done(desk, f"/plans/{plan.id}")


@shown("/plans/{plan_id:str}", guard="pages.plans")
def show_plan(visit: TheVisit, plan_id: Ulid) -> Answer:
    """Show a plan, what waits for a decision, and its runs."""
    plan = seen_plan(visit.house, visit.acting, plan_id)
    with visit.house.reading() as db:
        entry = catalogue.titles(db, [plan.entry]).get(plan.entry, plan.entry)
        open_runs = plans.open_runs(db, plan.id)
        provider = registers.body_names(db, [plan.provider]).get(plan.provider, plan.provider)
    under_way = [
        at for run in open_runs if (at := collection.find_under_way(visit.house.home.folder, plan.entry, run.id))
    ]
    may = {
        name: visit.may(f"collection.{name}", plan.label)
        for name in ("run_plan", "pause_plan", "resume_plan", "settle_drift", "restart_plan", "end_plan")
    }

    def fetch(ask: Asked) -> tuple[Run, ...]:
        with visit.house.reading() as db:
            return plans.runs_of(
                db,
                plan.id,
                outcome=ask.filter("outcome"),
                after=ask.after,
                limit=ask.limit,
                descending=ask.descending,
            )

    return table_page(
        visit,
        replace(RUNS, path=f"/plans/{plan.id}"),
        fetch,
        "collection/plan.html",
        title=plan.title,
        crumbs=(FIRST, LIST),
        plan=plan,
        entry=entry,
        provider=provider,
        under_way=under_way,
        may=may,
        stopped=plan.state is State.STOPPED,
        active=plan.state is State.ACTIVE,
        paused=plan.state is State.PAUSED,
        ended=plan.state is State.ENDED,
        streamed=plan.reading.mode is Mode.STREAM,
        losing=any(one.change is Change.WITHDRAWN for one in plan.drift),
    )


@shown("/plans/{plan_id:str}/events", guard="pages.plans")
def plan_events(visit: TheVisit, plan_id: Ulid) -> Answer:
    """Tell the browser whenever a run of a plan has come further."""
    plan = seen_plan(visit.house, visit.acting, plan_id)
    house = visit.house

    def look() -> tuple[str, bool]:
        with house.reading() as db:
            open_runs: tuple[Run, ...] = plans.open_runs(db, plan.id)
        told = [collection.find_under_way(house.home.folder, plan.entry, run.id) for run in open_runs]
        return ",".join(f"{at.step}:{at.rows}" for at in told if at), not open_runs

    return events(look)


@acted("/plans/{plan_id:str}/run", guard="pages.plans", again=show_plan)
def run_plan(visit: TheVisit, plan_id: Ulid) -> Answer:
    """Run a plan; what takes longer than an officer waits goes on, and its progress is shown."""
    seen_plan(visit.house, visit.acting, plan_id)
    running = _runs().submit(_run, visit.house, visit.acting, plan_id)
    with suppress(StillRunning):  # then its progress is shown
        running.result(PATIENCE_SECONDS)
    return see(f"/plans/{plan_id}")


@acted("/plans/{plan_id:str}/pause", guard="pages.plans", again=show_plan)
def pause_plan(visit: TheVisit, plan_id: Ulid) -> Answer:
    """Let a plan run only by hand."""
    seen_plan(visit.house, visit.acting, plan_id)
    with visit.desk() as desk:
        plans.pause(desk, plan_id)
    return done(desk, f"/plans/{plan_id}")


@acted("/plans/{plan_id:str}/resumption", guard="pages.plans", again=show_plan)
def resume_plan(visit: TheVisit, plan_id: Ulid) -> Answer:
    """Let a plan run by its schedule again."""
    seen_plan(visit.house, visit.acting, plan_id)
    with visit.desk() as desk:
        plans.resume(desk, plan_id)
    return done(desk, f"/plans/{plan_id}")


@acted("/plans/{plan_id:str}/restart", guard="pages.plans", again=show_plan)
def restart_plan(visit: TheVisit, plan_id: Ulid) -> Answer:
    """Let the next run of a stream read all rows and begin anew."""
    seen_plan(visit.house, visit.acting, plan_id)
    with visit.desk() as desk:
        plans.restart(desk, plan_id)
    return done(desk, f"/plans/{plan_id}")


@acted("/plans/{plan_id:str}/end", guard="pages.plans", again=show_plan)
def end_plan(visit: TheVisit, plan_id: Ulid) -> Answer:
    """End a plan for good; the source of a stream keeps no log for it any more."""
    seen_plan(visit.house, visit.acting, plan_id)
    with closing(Outward(inside=True)) as outward:
        plans.end_plan(visit.house, visit.acting, plan_id, outward)
    return see(f"/plans/{plan_id}")


class DriftForm(msgspec.Struct, kw_only=True):
    """The decision about changed columns."""

    answer: Literal["accept", "decline"]


@acted("/plans/{plan_id:str}/drift", guard="pages.plans", again=show_plan)
def settle_drift(visit: TheVisit, plan_id: Ulid) -> Answer:
    """Decide about the changed columns of a plan's source."""
    seen_plan(visit.house, visit.acting, plan_id)
    given = visit.form.read(DriftForm)
    with visit.desk() as desk:
        plans.settle_drift(desk, plan_id, accept=given.answer == "accept")
    return done(desk, f"/plans/{plan_id}")


@cache
def _runs() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="plan")


def _run(house: House, actor: Actor, plan_id: str) -> Run:
    with closing(Outward(inside=True)) as outward:
        return plans.run_plan(house, actor, plan_id, outward)


def _tone(row: tuple[Plan, str]) -> str:
    return {State.ACTIVE: "green", State.PAUSED: "", State.STOPPED: "red", State.ENDED: ""}[row[0].state]


_PLANS: tuple[Column[tuple[Plan, str]], ...] = (
    Column(
        key="title",
        title=text("Plan"),
        value=lambda row: row[0].title,
        href=lambda row: f"/plans/{row[0].id}",
        sort=True,
        place=lambda row: row[0].title,
    ),
    Column(
        key="entry",
        title=text("Entry"),
        value=lambda row: row[1],
        href=lambda row: f"/entries/{row[0].entry}/batches",
    ),
    Column(key="kind", title=text("Comes from"), value=lambda row: row[0].reach.kind),
    Column(key="schedule", title=text("Schedule"), value=lambda row: row[0].schedule.spelled or text("by hand")),
    Column(key="state", title=text("State"), value=lambda row: row[0].state, tone=_tone, options=State),
    Column(key="next_at", title=text("Next run"), value=lambda row: row[0].next_at, kind="instant"),
)


def _came(run: Run) -> Text:
    if not run.reason:
        return word_of(run.outcome)
    return text("{outcome}: {reason}", outcome=word_of(run.outcome), reason=run.reason)


RUNS: Table[Run] = Table(
    name="runs",
    title=text("Runs"),
    columns=(
        Column(key="began", title=text("Begun"), value=lambda run: run.began, kind="instant", sort=True),
        Column(
            key="outcome",
            title=text("What came of it"),
            value=_came,
            options=Outcome,
        ),
        Column(key="remedy", title=text("What to do"), value=lambda run: run.remedy or None),
        Column(key="rows", title=text("Rows read"), value=lambda run: run.rows, kind="number"),
        Column(key="withdrawn", title=text("Rows taken back"), value=lambda run: run.withdrawn, kind="number"),
        Column(key="again", title=text("Read again"), value=lambda run: run.again, kind="number"),
        Column(
            key="batch",
            title=text("Batch"),
            value=lambda run: text("Open the batch") if run.batch else None,
            href=lambda run: f"/batches/{run.batch}" if run.batch else "",
        ),
        Column(
            key="behind",
            title=text("Log not read yet, bytes"),
            value=lambda run: run.behind or "",
            kind="number",
            shown=False,
        ),
        Column(key="ended", title=text("Ended"), value=lambda run: run.ended, kind="instant", shown=False),
    ),
    key=lambda run: (run.id,),
    sort="-began",
    empty=text("The plan has not run yet."),
)

PAGES = [list_plans, new_plan, take_plan, show_plan, plan_events, run_plan, pause_plan, resume_plan, settle_drift]
PAGES += [restart_plan, end_plan]
