"""Endpoints of outflows: into which targets the rows of an agreement go by themselves, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar.params import JSONBody

from jutong.catalogue import Purpose
from jutong.collection.plans import Schedule
from jutong.delivery.bulk import outflow
from jutong.delivery.bulk.outflow import FileForm, Outcome, Outflow, Run, State, Target, TargetKind

from .wiring import AfterUlid, Limit, Name, TheActor, TheHouse, Ulid, act, look

TAGS = ["delivery"]
Short = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\u0000]*$")]
Address = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\u0000]*$")]


class TargetSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where rows go and as whom they are written; ``secret`` is a name among the node's keys."""

    kind: TargetKind
    host: Short = ""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    database: Short = ""
    schema: Short = ""
    table: Short = ""
    user: Short = ""
    secret: Short = ""
    create: bool = False
    path: Address = ""
    fingerprint: Short = ""
    url: Address = ""
    form: FileForm = FileForm.PARQUET

    def target(self) -> Target:
        """Return it as a noun, or refuse it."""
        return Target(**{name: getattr(self, name) for name in self.__struct_fields__})


class OutflowSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An outflow as its consumer declares it; no schedule means on every new version."""

    title: Name
    target: TargetSheet
    purpose: Purpose
    schedule: Annotated[str, msgspec.Meta(max_length=60, pattern=r"^[^\u0000]*$")] = ""


class OutflowView(msgspec.Struct, kw_only=True):
    """An outflow as it stands; ``version`` is the last that was delivered, -1 before the first."""

    id: str
    agreement: str
    title: str
    kind: TargetKind
    place: str
    purpose: str
    schedule: str
    state: State
    tried: datetime | None
    next_at: datetime | None
    version: int
    rows: int
    delivered: datetime | None


class RunView(msgspec.Struct, kw_only=True):
    """A run; ``base`` is the version on which changes were laid, null for the whole."""

    id: str
    began: datetime
    ended: datetime | None
    outcome: Outcome
    version: int
    base: int | None
    rows: int
    changed: int
    manifest: str
    reason: str
    remedy: str


class TestView(msgspec.Struct, kw_only=True):
    """In what a target does not fit; nothing if it does."""

    differences: tuple[str, ...]


class ComparisonView(msgspec.Struct, kw_only=True):
    """How many rows were delivered, how many stand there, and whether count and checksum are the same."""

    delivered: int
    found: int
    same: bool


@look("/api/agreements/{agreement_id:str}/outflows", tags=TAGS)
def list_outflows(
    house: TheHouse, actor: TheActor, agreement_id: Ulid, after: AfterUlid = "", limit: Limit = 100
) -> list[OutflowView]:
    """List the outflows of an agreement."""
    with house.reading() as db:
        agreement = outflow.agreement_shown(db, agreement_id, actor)
        found = outflow.outflows_of(db, agreement.id, after=(after,) if after else (), limit=limit)
    return [_view(one) for one in found]


@act("/api/agreements/{agreement_id:str}/outflows", tags=TAGS)
def declare_outflow(house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[OutflowSheet]) -> OutflowView:
    """Declare, as the consumer, into which target rows are to go; the provider tests it and turns it on."""
    target, schedule = data.target.target(), Schedule(data.schedule)
    with house.desk(actor) as desk:
        kept = outflow.declare_outflow(desk, agreement_id, data.title, target, data.purpose, schedule, key=house.key)
    return _view(kept)


@act("/api/agreements/{agreement_id:str}/outflows/{outflow_id:str}/test", tags=TAGS)
def try_outflow(house: TheHouse, actor: TheActor, agreement_id: Ulid, outflow_id: Ulid) -> TestView:
    """Reach a target, as the provider, and say in what it does not fit; not a row leaves."""
    with house.desk(actor) as desk:
        _, differences = outflow.try_outflow(desk, agreement_id, outflow_id, outflow.looking(house))
    return TestView(differences=tuple(map(str, differences)))


@act("/api/agreements/{agreement_id:str}/outflows/{outflow_id:str}/start", tags=TAGS)
def start_outflow(house: TheHouse, actor: TheActor, agreement_id: Ulid, outflow_id: Ulid) -> OutflowView:
    """Turn on, as the provider, what was tested."""
    with house.desk(actor) as desk:
        return _view(outflow.start_outflow(desk, agreement_id, outflow_id))


@act("/api/agreements/{agreement_id:str}/outflows/{outflow_id:str}/pause", tags=TAGS)
def pause_outflow(house: TheHouse, actor: TheActor, agreement_id: Ulid, outflow_id: Ulid) -> OutflowView:
    """Let nothing go out; a run under way ends before its next batch."""
    with house.desk(actor) as desk:
        return _view(outflow.pause_outflow(desk, agreement_id, outflow_id))


@act("/api/agreements/{agreement_id:str}/outflows/{outflow_id:str}/request", tags=TAGS)
def ask_outflow(house: TheHouse, actor: TheActor, agreement_id: Ulid, outflow_id: Ulid) -> OutflowView:
    """Have what is new delivered now."""
    with house.desk(actor) as desk:
        return _view(outflow.ask_outflow(desk, agreement_id, outflow_id))


@act("/api/agreements/{agreement_id:str}/outflows/{outflow_id:str}/renewal", tags=TAGS)
def renew_outflow(house: TheHouse, actor: TheActor, agreement_id: Ulid, outflow_id: Ulid) -> OutflowView:
    """Have the whole delivered anew, as the consumer, over whatever stands there."""
    with house.desk(actor) as desk:
        return _view(outflow.renew_outflow(desk, agreement_id, outflow_id))


@act("/api/agreements/{agreement_id:str}/outflows/{outflow_id:str}/comparison", tags=TAGS)
def compare_outflow(house: TheHouse, actor: TheActor, agreement_id: Ulid, outflow_id: Ulid) -> ComparisonView:
    """Compare what stands in a target with what was delivered, by count and checksum."""
    with house.desk(actor) as desk:
        ours, theirs = outflow.compare_outflow(desk, agreement_id, outflow_id, outflow.comparing(house))
    return ComparisonView(delivered=ours.rows, found=theirs.rows, same=ours == theirs)


@act("/api/agreements/{agreement_id:str}/outflows/{outflow_id:str}/ending", tags=TAGS)
def end_outflow(house: TheHouse, actor: TheActor, agreement_id: Ulid, outflow_id: Ulid) -> OutflowView:
    """End an outflow for good."""
    with house.desk(actor) as desk:
        return _view(outflow.end_outflow(desk, agreement_id, outflow_id))


@look("/api/agreements/{agreement_id:str}/outflows/{outflow_id:str}/runs", tags=TAGS)
def list_runs(
    house: TheHouse, actor: TheActor, agreement_id: Ulid, outflow_id: Ulid, after: AfterUlid = "", limit: Limit = 100
) -> list[RunView]:
    """List what came of an outflow's runs, the newest first."""
    with house.reading() as db:
        kept = outflow.find_outflow(db, outflow_id, outflow.agreement_shown(db, agreement_id, actor).id)
        found = outflow.runs_of(db, kept.id, after=(after,) if after else (), limit=limit)
    return [_run(one) for one in found]


def _view(kept: Outflow) -> OutflowView:
    return OutflowView(
        id=kept.id,
        agreement=kept.agreement,
        title=kept.title,
        kind=kept.target.kind,
        place=kept.target.place,
        purpose=kept.purpose,
        schedule=kept.schedule.spelled,
        state=kept.state,
        tried=kept.tried,
        next_at=kept.next_at,
        version=kept.version,
        rows=kept.rows,
        delivered=kept.delivered,
    )


def _run(run: Run) -> RunView:
    return RunView(
        id=run.id,
        began=run.began,
        ended=run.ended,
        outcome=run.outcome,
        version=run.version,
        base=run.base,
        rows=run.rows,
        changed=run.changed,
        manifest=run.manifest,
        reason=str(run.reason),
        remedy=str(run.remedy),
    )


ENDPOINTS = [
    list_outflows,
    declare_outflow,
    try_outflow,
    start_outflow,
    pause_outflow,
    ask_outflow,
    renew_outflow,
    compare_outflow,
    end_outflow,
    list_runs,
]
