"""Endpoints of plans: from where rows come by themselves, tried, kept, run, paused, decided about."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar.params import JSONBody

from jutong import registers
from jutong.collection import Layout, Paging, Reach, ReachKind, Reading, plans
from jutong.collection.plans import Glance, Plan, Run, Schedule, State, Wanted
from jutong.desk import House
from jutong.kernel.errors import Invalid
from jutong.kernel.outward import Outward
from jutong.kernel.text import text
from jutong.terms import Actor

from .wiring import AfterUlid, Limit, Name, TheActor, TheHouse, Ulid, act, look

TAGS = ["collection"]
Short = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\u0000]*$")]
Address = Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[^\u0000]*$")]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Size = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Overlap = Annotated[int, msgspec.Meta(ge=0, le=366 * 86_400)]


class ReachSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a source is and as whom it is read; ``secret`` is a name in the node's credential store."""

    kind: ReachKind
    secret: Short = ""
    host: Short = ""
    port: Port = 0
    database: Short = ""
    schema: Short = ""
    table: Short = ""
    user: Short = ""
    url: Address = ""
    rows_at: Short = ""
    total_at: Short = ""
    paging: Paging = Paging.NONE
    page_parameter: Short = "page"
    size_parameter: Short = "size"
    size: Size = 500
    first_page: Annotated[int, msgspec.Meta(ge=0, le=1)] = 1
    cursor_at: Short = ""
    header: Short = "Authorization"
    prefix: Short = "Bearer "
    encoding: Short = "utf-8"
    path: Short = ""
    fingerprint: Short = ""
    delimiter: Short = ","

    def reach(self) -> Reach:
        """Return it as a noun, or refuse it."""
        return Reach(**{name: getattr(self, name) for name in self.__struct_fields__})


def _named(headers: dict[str, str]) -> dict[str, str]:
    """Return columns with their items, or refuse a column that no source could have."""
    if not all(1 <= len(column) <= 200 and "\0" not in column for column in headers):
        raise Invalid(text("a column has a name of 1 to {most} characters", most=200))
    return headers


class Trial(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A source that is to be tried; ``headers``: column of the source -> item, where it is not the title or name."""

    reach: ReachSheet
    headers: dict[str, Short] = {}  # a document cannot bound keys: see _named


class PlanSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A plan as somebody describes it."""

    title: Name
    reach: ReachSheet
    headers: dict[str, Short] = {}  # a document cannot bound keys: see _named
    castable: tuple[Short, ...] = ()
    watermark: Short = ""
    overlap: Overlap = 0
    checksum: bool = True
    publication: Short = ""
    stream: bool = False
    loss_share: Percent = 20
    schedule: Annotated[str, msgspec.Meta(max_length=60, pattern=r"^[^\u0000]*$")] = ""


class Decision(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether the changed columns of a source are the agreed ones from now on."""

    accept: bool


class DifferenceView(msgspec.Struct, kw_only=True):
    """A column that is not as it was."""

    column: str
    change: str
    before: str
    now: str
    stops: bool


class PlanView(msgspec.Struct, kw_only=True):
    """A plan as it stands; of the source's word only the name."""

    id: str
    entry: str
    provider: str
    title: str
    kind: str
    place: str
    mode: str
    schedule: str
    state: str
    next_at: datetime | None
    until: str
    drift: list[DifferenceView]


class RunView(msgspec.Struct, kw_only=True):
    """What came of one run."""

    id: str
    plan: str
    began: datetime
    ended: datetime | None
    outcome: str
    rows: int
    withdrawn: int
    again: int
    batch: str
    behind: int
    code: str
    reason: str


class TrialView(msgspec.Struct, kw_only=True):
    """The first look at a source: its columns, the items behind them, and a few rows masked by grade."""

    columns: Mapping[str, str]
    matched: Mapping[str, str]
    left_aside: list[str]
    fits: bool
    misfit: str
    rows: list[Mapping[str, str | None]]


@act("/api/entries/{entry_id:str}/source-trials", tags=TAGS)
def try_source(house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[Trial]) -> TrialView:
    """Reach a source and look at its columns and a few rows, masked; nothing is kept."""
    reach = data.reach.reach()
    glance = tried(house, actor, entry_id, reach, Layout(headers=_named(data.headers)))
    return TrialView(
        columns=glance.columns,
        matched=glance.matched,
        left_aside=list(glance.left_aside),
        fits=glance.misfit is None,
        misfit=str(glance.misfit.reason) if glance.misfit else "",
        rows=list(glance.rows),
    )


@act("/api/entries/{entry_id:str}/plans", tags=TAGS)
def keep_plan(house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[PlanSheet]) -> PlanView:
    """Keep a plan by which rows of an entry come in by themselves."""
    wanted = Wanted(
        title=data.title,
        reach=data.reach.reach(),
        layout=Layout(headers=_named(data.headers), castable=frozenset(data.castable)),
        reading=Reading.of(
            data.watermark,
            overlap=data.overlap,
            checksum=data.checksum,
            publication=data.publication,
            stream=data.stream,
            loss_share=data.loss_share,
        ),
        schedule=Schedule(data.schedule),
    )
    with house.desk(actor) as desk:
        return _view(plans.keep(desk, entry_id, wanted))


@look("/api/plans", tags=TAGS)
def list_plans(house: TheHouse, actor: TheActor, after: AfterUlid = "", limit: Limit = 100) -> list[PlanView]:
    """List the plans of your body, or of all bodies for those who oversee the tier; the oldest first."""
    with house.reading() as db:
        found = plans.plans_listed(db, provider=own_only(db, actor), after=(after,) if after else (), limit=limit)
    return [_view(one) for one in found]


@look("/api/plans/{plan_id:str}", tags=TAGS)
def show_plan(house: TheHouse, actor: TheActor, plan_id: Ulid) -> PlanView:
    """Show a plan."""
    return _view(seen_plan(house, actor, plan_id))


@look("/api/plans/{plan_id:str}/runs", tags=TAGS)
def list_runs(
    house: TheHouse, actor: TheActor, plan_id: Ulid, after: AfterUlid = "", limit: Limit = 100
) -> list[RunView]:
    """List what came of a plan's runs, the newest first."""
    plan = seen_plan(house, actor, plan_id)
    with house.reading() as db:
        found = plans.runs_of(db, plan.id, after=(after,) if after else (), limit=limit)
    return [_run_view(one) for one in found]


@act("/api/plans/{plan_id:str}/runs", tags=TAGS)
def run_plan(house: TheHouse, actor: TheActor, plan_id: Ulid) -> RunView:
    """Run a plan now, and answer when its rows have landed."""
    seen_plan(house, actor, plan_id)
    with closing(Outward(inside=True)) as outward:
        return _run_view(plans.run_plan(house, actor, plan_id, outward))


@act("/api/plans/{plan_id:str}/pause", tags=TAGS)
def pause_plan(house: TheHouse, actor: TheActor, plan_id: Ulid) -> PlanView:
    """Let a plan run only by hand."""
    seen_plan(house, actor, plan_id)
    with house.desk(actor) as desk:
        return _view(plans.pause(desk, plan_id))


@act("/api/plans/{plan_id:str}/resumption", tags=TAGS)
def resume_plan(house: TheHouse, actor: TheActor, plan_id: Ulid) -> PlanView:
    """Let a plan run by its schedule again."""
    seen_plan(house, actor, plan_id)
    with house.desk(actor) as desk:
        return _view(plans.resume(desk, plan_id))


@act("/api/plans/{plan_id:str}/drift-decision", tags=TAGS)
def settle_drift(house: TheHouse, actor: TheActor, plan_id: Ulid, data: JSONBody[Decision]) -> PlanView:
    """Decide about the changed columns of a plan's source."""
    seen_plan(house, actor, plan_id)
    with house.desk(actor) as desk:
        return _view(plans.settle_drift(desk, plan_id, accept=data.accept))


def tried(house: House, actor: Actor, entry_id: str, reach: Reach, layout: Layout) -> Glance:
    """Return the first look at a source."""
    with closing(Outward(inside=True)) as outward, house.desk(actor) as desk:
        provider = plans.provider_for(desk, entry_id)
        door = plans.door_of(house.home, provider, reach, outward)
        return plans.try_source(desk, entry_id, reach, layout, door)


def seen_plan(house: House, actor: Actor, plan_id: str) -> Plan:
    """Return a plan that the actor may see."""
    with house.reading() as db:
        return plans.visible_plan(db, plan_id, actor, over_all=actor.org in registers.authorities(db))


def own_only(db: Any, actor: Actor) -> str:
    """Return the one body whose plans somebody sees; empty for those who see all."""
    over_all = bool(actor.duties & plans.OVER_ALL) and actor.org in registers.authorities(db)
    return "" if over_all else actor.org


def _view(plan: Plan) -> PlanView:
    return PlanView(
        id=plan.id,
        entry=plan.entry,
        provider=plan.provider,
        title=plan.title,
        kind=plan.reach.kind.value,
        place=plan.reach.place,
        mode=plan.reading.mode.value,
        schedule=plan.schedule.spelled,
        state=State(plan.state).value,
        next_at=plan.next_at,
        until=plan.until,
        drift=[
            DifferenceView(column=one.column, change=one.change.value, before=one.before, now=one.now, stops=one.stops)
            for one in plan.drift
        ],
    )


def _run_view(run: Run) -> RunView:
    return RunView(
        id=run.id,
        plan=run.plan,
        began=run.began,
        ended=run.ended,
        outcome=run.outcome.value,
        rows=run.rows,
        withdrawn=run.withdrawn,
        again=run.again,
        behind=run.behind,
        batch=run.batch,
        code=run.code,
        reason=str(run.reason),
    )


ENDPOINTS = [
    try_source,
    keep_plan,
    list_plans,
    show_plan,
    list_runs,
    run_plan,
    pause_plan,
    resume_plan,
    settle_drift,
]
