"""The pages of outflows: into which targets an agreement's rows go by themselves, and what came of each run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from jutong import catalogue, sharing
from jutong.catalogue import Purpose
from jutong.collection.plans import Schedule
from jutong.delivery.bulk import outflow
from jutong.delivery.bulk.outflow import FileForm, Outcome, Outflow, Run, State, Target, TargetKind
from jutong.guard import Label
from jutong.kernel.text import text
from jutong.sharing import Agreement

from ..wiring import Name, Ulid
from .agreements import AGREEMENTS
from .frame import Answer, TheVisit, acted, done, shown
from .sharing import FIRST
from .table import Asked, Column, Table, table_page
from .visit import Visit
from .words import word_of

Short = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\u0000]*$")]
Address = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\u0000]*$")]
_ACTS = ("try", "start", "pause", "ask", "renew", "compare", "end")


class NewOutflow(msgspec.Struct, kw_only=True):
    """Into which target rows are to go."""

    outflow_title: Name
    kind: TargetKind
    outflow_purpose: Purpose
    schedule: Annotated[str, msgspec.Meta(max_length=60, pattern=r"^[^\u0000]*$")] = ""
    host: Short = ""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    database: Short = ""
    schema: Short = ""
    target_table: Short = ""
    user: Short = ""
    secret: Short = ""
    create: bool = False
    path: Address = ""
    fingerprint: Short = ""
    url: Address = ""
    file_form: FileForm = FileForm.PARQUET

    def target(self) -> Target:
        """Return the target as a noun, or refuse it."""
        return Target(
            kind=self.kind,
            host=self.host.strip(),
            port=self.port,
            database=self.database.strip(),
            schema=self.schema.strip(),
            table=self.target_table.strip(),
            user=self.user.strip(),
            secret=self.secret.strip(),
            create=self.create,
            path=self.path.strip(),
            fingerprint=self.fingerprint.strip(),
            url=self.url.strip(),
            form=self.file_form,
        )


@shown("/agreements/{agreement_id:str}/outflows", guard="pages.agreements")
def show_outflows(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Show into which targets the rows of an agreement go, and let its consumer declare one."""
    with visit.house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, visit.acting)
        entry = catalogue.at_version(db, agreement.entry, agreement.entry_version)
    may_see = visit.sees("delivery.compare_outflow", _label(agreement))

    def fetch(asked: Asked) -> Iterable[Outflow]:
        with visit.house.reading() as db:
            return (
                outflow.outflows_of(db, agreement.id, after=asked.after, descending=asked.descending, limit=asked.limit)
                if may_see
                else ()
            )

    table = Table(
        name="outflows",
        title=text("Outflows"),
        columns=_OUTFLOWS,
        key=lambda row: (row.id,),
        sort="-made",
        empty=text("No rows go out by themselves."),
        path=f"/agreements/{agreement.id}/outflows",
    )
    return table_page(
        visit,
        table,
        fetch,
        "delivery/outflows.html",
        title=text("Outflows: {title}", title=entry.title),
        crumbs=(FIRST, AGREEMENTS),
        agreement=agreement,
        may_declare=visit.may("delivery.declare_outflow", Label(owner=agreement.consumer)),
        kinds=[(one.value, word_of(one)) for one in TargetKind],
        forms=[(one.value, one.value.upper()) for one in FileForm],
    )


@acted("/agreements/{agreement_id:str}/outflows", guard="pages.agreements", again=show_outflows)
def declare_outflow(visit: TheVisit, agreement_id: Ulid) -> Answer:
    """Declare a target, as the using body."""
    given = visit.form.read(NewOutflow)
    with visit.desk() as desk:
        kept = outflow.declare_outflow(
            *(desk, agreement_id, given.outflow_title, given.target(), given.outflow_purpose, Schedule(given.schedule)),
            key=visit.house.key,
        )
    return done(desk, f"/agreements/{agreement_id}/outflows/{kept.id}")


@shown("/agreements/{agreement_id:str}/outflows/{outflow_id:str}", guard="pages.agreements")
def show_outflow(visit: TheVisit, agreement_id: Ulid, outflow_id: Ulid) -> Answer:
    """Show one outflow: how it stands, what can be done about it, and its runs."""
    with visit.house.reading() as db:
        agreement = sharing.find_agreement(db, agreement_id, visit.acting)
        may_see = visit.sees("delivery.compare_outflow", _label(agreement))
        kept = outflow.find_outflow(db, outflow_id, agreement.id)
        under_way = outflow.progress_of(db, kept.id) if may_see else None

    def fetch(asked: Asked) -> Iterable[Run]:
        with visit.house.reading() as db:
            return (
                outflow.runs_of(db, kept.id, after=asked.after, descending=asked.descending, limit=asked.limit)
                if may_see
                else ()
            )

    table = Table(
        name="outflow-runs",
        title=text("Runs of the outflow"),
        columns=_RUNS,
        key=lambda row: (row.id,),
        sort="-began",
        empty=text("It has not run yet."),
        path=f"/agreements/{agreement.id}/outflows/{kept.id}",
    )
    return table_page(
        visit,
        table,
        fetch,
        "delivery/outflow.html",
        title=kept.title,
        crumbs=(FIRST, AGREEMENTS, (f"/agreements/{agreement.id}/outflows", text("Outflows"))),
        outflow=kept,
        may_see=may_see,
        tone=_tone(kept),
        purpose=word_of(Purpose(kept.purpose)),
        under_way=under_way,
        may={name: _may(visit, kept, name) for name in _ACTS},
    )


@acted("/agreements/{agreement_id:str}/outflows/{outflow_id:str}/test", guard="pages.agreements", again=show_outflow)
def try_outflow(visit: TheVisit, agreement_id: Ulid, outflow_id: Ulid) -> Answer:
    """Reach the target, as the provider; in what it does not fit is said."""
    with visit.desk() as desk:
        kept, differences = outflow.try_outflow(desk, agreement_id, outflow_id, outflow.looking(visit.house))
    if differences:
        raise outflow.misfit(kept.target.place, differences)
    return done(desk, f"/agreements/{agreement_id}/outflows/{outflow_id}")


@acted("/agreements/{agreement_id:str}/outflows/{outflow_id:str}/start", guard="pages.agreements", again=show_outflow)
def start_outflow(visit: TheVisit, agreement_id: Ulid, outflow_id: Ulid) -> Answer:
    """Turn on what was tested."""
    with visit.desk() as desk:
        outflow.start_outflow(desk, agreement_id, outflow_id)
    return done(desk, f"/agreements/{agreement_id}/outflows/{outflow_id}")


@acted("/agreements/{agreement_id:str}/outflows/{outflow_id:str}/pause", guard="pages.agreements", again=show_outflow)
def pause_outflow(visit: TheVisit, agreement_id: Ulid, outflow_id: Ulid) -> Answer:
    """Let nothing go out."""
    with visit.desk() as desk:
        outflow.pause_outflow(desk, agreement_id, outflow_id)
    return done(desk, f"/agreements/{agreement_id}/outflows/{outflow_id}")


@acted("/agreements/{agreement_id:str}/outflows/{outflow_id:str}/request", guard="pages.agreements", again=show_outflow)
def ask_outflow(visit: TheVisit, agreement_id: Ulid, outflow_id: Ulid) -> Answer:
    """Have what is new delivered now."""
    with visit.desk() as desk:
        outflow.ask_outflow(desk, agreement_id, outflow_id)
    return done(desk, f"/agreements/{agreement_id}/outflows/{outflow_id}")


@acted("/agreements/{agreement_id:str}/outflows/{outflow_id:str}/renewal", guard="pages.agreements", again=show_outflow)
def renew_outflow(visit: TheVisit, agreement_id: Ulid, outflow_id: Ulid) -> Answer:
    """Have the whole delivered anew, as the using body."""
    with visit.desk() as desk:
        outflow.renew_outflow(desk, agreement_id, outflow_id)
    return done(desk, f"/agreements/{agreement_id}/outflows/{outflow_id}")


@acted(
    "/agreements/{agreement_id:str}/outflows/{outflow_id:str}/comparison", guard="pages.agreements", again=show_outflow
)
def compare_outflow(visit: TheVisit, agreement_id: Ulid, outflow_id: Ulid) -> Answer:
    """Compare what stands in the target with what was delivered; a difference is said."""
    with visit.house.reading() as db:
        place = outflow.find_outflow(db, outflow_id, sharing.find_agreement(db, agreement_id, visit.acting).id).target
    with visit.desk() as desk:
        ours, theirs = outflow.compare_outflow(desk, agreement_id, outflow_id, outflow.comparing(visit.house))
    if ours != theirs:
        raise outflow.difference(place.place, ours.rows, theirs.rows)
    return done(desk, f"/agreements/{agreement_id}/outflows/{outflow_id}")


@acted("/agreements/{agreement_id:str}/outflows/{outflow_id:str}/ending", guard="pages.agreements", again=show_outflow)
def end_outflow(visit: TheVisit, agreement_id: Ulid, outflow_id: Ulid) -> Answer:
    """End an outflow for good."""
    with visit.desk() as desk:
        outflow.end_outflow(desk, agreement_id, outflow_id)
    return done(desk, f"/agreements/{agreement_id}/outflows/{outflow_id}")


def _label(agreement: Agreement) -> Label:
    return Label(owner=agreement.consumer, parties=frozenset({agreement.provider}))


def _may(visit: Visit, kept: Outflow, name: str) -> bool:
    """Say whether the reader may do something, and whether there is any sense in it now."""
    owner = {"try": kept.provider, "start": kept.provider}.get(name, kept.consumer)
    parties = frozenset({kept.provider}) if name in ("pause", "ask", "compare", "end") else frozenset[str]()
    fits = {
        "try": kept.state is not State.ENDED,
        "start": kept.state in (State.DECLARED, State.PAUSED, State.STOPPED) and kept.tried is not None,
        "pause": kept.state is State.ACTIVE,
        "ask": kept.state is State.ACTIVE,
        "renew": kept.state in (State.ACTIVE, State.STOPPED),
        "compare": kept.version >= 0 and kept.state is not State.ENDED,
        "end": kept.state is not State.ENDED,
    }
    return fits[name] and visit.may(f"delivery.{name}_outflow", Label(owner=owner, parties=parties))


def _tone(kept: Outflow) -> str:
    return {State.ACTIVE: "green", State.DECLARED: "blue", State.STOPPED: "red"}.get(kept.state, "plain")


def _tone_of_run(run: Run) -> str:
    tones = {Outcome.DELIVERED: "green", Outcome.KNOWN: "green", Outcome.RUNNING: "blue"}
    return tones.get(run.outcome, "red")


_OUTFLOWS: tuple[Column[Outflow], ...] = (
    Column(key="made", title=text("Declared"), value=lambda row: row.made, kind="instant", sort=True),
    Column(
        key="title",
        title=text("Title"),
        value=lambda row: row.title,
        href=lambda row: f"/agreements/{row.agreement}/outflows/{row.id}",
    ),
    Column(key="kind", title=text("Kind of target"), value=lambda row: row.target.kind),
    Column(key="place", title=text("Target"), value=lambda row: row.target.place, kind="code"),
    Column(key="state", title=text("State"), value=lambda row: row.state, tone=_tone),
    Column(key="version", title=text("Version there"), value=lambda row: row.version if row.version >= 0 else ""),
    Column(key="rows", title=text("Rows"), value=lambda row: row.rows, kind="number"),
    Column(key="delivered", title=text("Last delivered"), value=lambda row: row.delivered or "", kind="instant"),
)
_RUNS: tuple[Column[Run], ...] = (
    Column(key="began", title=text("Begun"), value=lambda row: row.began, kind="instant", sort=True),
    Column(key="ended", title=text("Ended"), value=lambda row: row.ended or "", kind="instant"),
    Column(key="outcome", title=text("Outcome"), value=lambda row: row.outcome, tone=_tone_of_run),
    Column(key="version", title=text("Version"), value=lambda row: row.version, kind="number"),
    Column(key="base", title=text("On version"), value=lambda row: "" if row.base is None else row.base),
    Column(key="rows", title=text("Rows"), value=lambda row: row.rows, kind="number"),
    Column(key="changed", title=text("Rows written or deleted"), value=lambda row: row.changed, kind="number"),
    Column(key="reason", title=text("Why nothing came of it"), value=lambda row: row.reason),
    Column(key="manifest", title=text("Manifest"), value=lambda row: row.manifest, kind="code", shown=False),
)

PAGES = [
    show_outflows,
    declare_outflow,
    show_outflow,
    try_outflow,
    start_outflow,
    pause_outflow,
    ask_outflow,
    renew_outflow,
    compare_outflow,
    end_outflow,
]
