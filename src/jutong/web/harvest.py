"""Endpoints of other portals' lists: import one, read it, settle what belongs together, see what is late."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromQuery, JSONBody, Parameter

from jutong.catalogue import harvest
from jutong.catalogue.harvest import Decision, Feed, Harvested
from jutong.desk import House
from jutong.guard import Label
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.errors import TooMuch
from jutong.kernel.files import refusing_full_disk
from jutong.kernel.text import text
from jutong.terms import Actor

from .collection import Delivery
from .exact import refuse_strangers
from .problems import REFUSALS
from .wiring import NO_NUL, SLACK, AfterUlid, CodeField, Limit, Name, TheActor, TheHouse, TheMessage, Ulid, act, look

TAGS = ["catalogue"]
MOST = 256 << 20
SourceName = Annotated[str, Parameter(max_length=80, pattern=NO_NUL, description="the portal's name")]
Division = Annotated[str, Parameter(pattern="^([0-9]{6})?$", description="whose list it is: six digits")]
Encoding = Annotated[str, Parameter(pattern="^(utf-8|gb18030|big5)?$", description="found out, if left out")]


class FieldView(msgspec.Struct, kw_only=True):
    """What a field is taken to say, and how surely in hundredths."""

    field: str
    idea: str
    confidence: int


class UnknownView(msgspec.Struct, kw_only=True):
    """A spelling that nobody understands."""

    idea: str
    value: str
    records: int


class GatherView(msgspec.Struct, kw_only=True):
    """What an import found; every row read is new, updated, unchanged or refused."""

    id: str
    source: str
    stage: str
    rows: int
    position: int
    complete: bool
    mapping_accepted: bool
    mapping: tuple[FieldView, ...]
    counts: Mapping[str, int]
    kin: Mapping[str, int]
    flaws: Mapping[str, int]
    unknown: tuple[UnknownView, ...]


class SourceView(msgspec.Struct, kw_only=True):
    """A portal's list as it stands here."""

    name: str
    owner: str
    accepted: bool
    listed: int
    vanished: int


class RecordView(msgspec.Struct, kw_only=True):
    """One record that a portal lists."""

    id: str
    source: str
    identifier: str
    title: str
    description: str
    department: str
    body: str
    theme: str
    open_type: str | None
    update_cycle: str | None
    published: date | None
    updated: date | None
    due: date | None
    formats: tuple[str, ...]
    url: str
    state: str
    kin: str | None
    leader: str


class DecisionView(msgspec.Struct, kw_only=True):
    """Two records that belong together, why, and how surely in thousandths."""

    id: str
    source: str
    kin: str
    leader: str
    member: str
    why: str
    confidence: int
    standing: str


class OverdueView(msgspec.Struct, kw_only=True):
    """Of a department's dated records with a known cycle: how many are late on the day."""

    source: str
    department: str
    day: date
    overdue: int
    dated: int
    oldest_due: date


class BodyName(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which registered body a name in portals' lists means."""

    name: Name
    body: CodeField


class Named(msgspec.Struct, kw_only=True):
    """How many records bear a name."""

    records: int


@dataclass(frozen=True, slots=True)
class _Wish:
    source: str
    division: str
    encoding: str
    accept: bool
    complete: bool


@post(
    "/api/harvest/sources/{source:str}/gathers",
    responses=REFUSALS,
    tags=TAGS,
    operation_class=Delivery,
    request_max_body_size=MOST + SLACK,
)
async def import_list(
    request: Request[Any, Any, Any],
    house: TheHouse,
    actor: TheActor,
    source: SourceName,
    division: Division = "",
    encoding: Encoding = "",
    accept: FromQuery[bool] = False,
    complete: FromQuery[bool] = False,
) -> GatherView:
    """Import a portal's list as the request's body; the same list again changes nothing."""
    await sync_to_thread(_may, house, actor, "catalogue.harvest")
    inbox = house.home.folder / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=inbox, prefix="list-") as spool:
        size = 0
        async for block in request.stream():
            size += len(block)
            if size > MOST:
                raise TooMuch(text("the file is larger than {limit} MiB", limit=MOST >> 20))
            with refusing_full_disk():
                spool.write(block)
        with refusing_full_disk():
            spool.flush()
        wish = _Wish(source, division, encoding, accept, complete)
        return await sync_to_thread(_import, house, actor, Path(spool.name), wish)


@look("/api/harvest/sources", tags=TAGS)
def list_sources(house: TheHouse, actor: TheActor) -> list[SourceView]:
    """List the portals whose lists were imported."""
    _may(house, actor, "pages.harvest")
    with house.reading() as db:
        return [
            SourceView(name=one.name, owner=one.owner, accepted=one.accepted, listed=listed, vanished=vanished)
            for one, listed, vanished in harvest.sources(db)
        ]


@look("/api/harvest/gathers/{gather_id:str}", tags=TAGS)
def show_gather(house: TheHouse, actor: TheActor, gather_id: Ulid) -> GatherView:
    """Show how far an import has come, and what it found."""
    _may(house, actor, "pages.harvest")
    return _gather(house, gather_id)


@look("/api/harvest/records", tags=TAGS)
def list_records(
    house: TheHouse, actor: TheActor, source: SourceName = "", after: AfterUlid = "", limit: Limit = 100
) -> list[RecordView]:
    """List harvested records, also vanished ones."""
    _may(house, actor, "pages.harvest")
    with house.reading() as db:
        found = harvest.records_page(db, source=source, after=(after,) if after else (), limit=limit)
    return [_record(one) for one in found]


@look("/api/harvest/decisions", tags=TAGS)
def list_decisions(
    house: TheHouse, actor: TheActor, source: SourceName = "", after: AfterUlid = "", limit: Limit = 100
) -> list[DecisionView]:
    """List which records were taken to belong together, and why."""
    _may(house, actor, "pages.harvest")
    with house.reading() as db:
        found = harvest.decisions_page(db, source=source, after=(after,) if after else (), limit=limit)
    return [_decision(one) for one, _, _ in found]


@act("/api/harvest/decisions/{decision_id:str}/overturning", tags=TAGS)
def overturn_decision(house: TheHouse, actor: TheActor, decision_id: Ulid) -> DecisionView:
    """Overturn a decision; no later import makes it again."""
    with house.desk(actor) as desk:
        return _decision(harvest.overturn(desk, decision_id))


@act("/api/harvest/decisions/{decision_id:str}/upholding", tags=TAGS)
def uphold_decision(house: TheHouse, actor: TheActor, decision_id: Ulid) -> DecisionView:
    """Let an overturned decision stand again."""
    with house.desk(actor) as desk:
        return _decision(harvest.uphold(desk, decision_id))


@act("/api/harvest/bodies", tags=TAGS)
def name_body(house: TheHouse, actor: TheActor, data: JSONBody[BodyName], message: TheMessage) -> Named:
    """Say which registered body a name means."""
    refuse_strangers(message, data)
    with house.desk(actor) as desk:
        return Named(records=harvest.name_body(desk, data.name, data.body))


@look("/api/harvest/overdue", tags=TAGS)
def list_overdue(
    house: TheHouse, actor: TheActor, day: FromQuery[date | None] = None, source: SourceName = ""
) -> list[OverdueView]:
    """Count by department which records are later than their own update cycle allows, on a day."""
    _may(house, actor, "pages.harvest")
    measured = day or house.clock().astimezone(LEGAL_TIME).date()
    with house.reading() as db:
        found = harvest.overdue(db, measured, source=source)
    return [
        OverdueView(
            source=one.source,
            department=one.department,
            day=measured,
            overdue=one.late,
            dated=one.dated,
            oldest_due=one.oldest,
        )
        for one in found
    ]


def _may(house: House, actor: Actor, act_: str) -> None:
    with house.desk(actor) as desk:
        desk.allow(act_, Label(owner=actor.org))


def _import(house: House, actor: Actor, path: Path, wish: _Wish) -> GatherView:
    gather = harvest.import_file(
        partial(house.desk, actor),
        Feed(path, wish.encoding),
        source=wish.source,
        division=wish.division,
        wishes={},
        accept=wish.accept,
        complete=wish.complete,
        progress=lambda _, __: None,
    )
    return _gather(house, gather.id)


def _gather(house: House, gather_id: str) -> GatherView:
    with house.reading() as db:
        report = harvest.report(db, gather_id)
    gather = report.gather
    counts = msgspec.to_builtins(gather.counts)
    return GatherView(
        id=gather.id,
        source=gather.source,
        stage=gather.stage.value,
        rows=gather.rows,
        position=gather.position,
        complete=gather.complete,
        mapping_accepted=report.source.accepted,
        mapping=tuple(
            FieldView(field=one.field, idea=one.idea.value, confidence=round(one.confidence * 100))
            for one in gather.guesses
        ),
        counts=counts,
        kin=gather.kin,
        flaws=gather.flaws,
        unknown=tuple(UnknownView(idea=one.idea.value, value=one.words, records=one.records) for one in report.unknown),
    )


def _record(one: Harvested) -> RecordView:
    same = (
        *("id", "source", "identifier", "title", "description", "department", "body", "theme", "open_type"),
        *("update_cycle", "published", "updated", "due", "formats", "url", "state", "kin", "leader"),
    )
    return RecordView(**{name: getattr(one, name) for name in same})


def _decision(one: Decision) -> DecisionView:
    same = ("id", "source", "kin", "leader", "member", "why", "confidence", "standing")
    return DecisionView(**{name: getattr(one, name) for name in same})


ENDPOINTS = [
    import_list,
    list_sources,
    show_gather,
    list_records,
    list_decisions,
    overturn_decision,
    uphold_decision,
    name_body,
    list_overdue,
]
