"""Census endpoints: inventory and tables reported, checked and hung; editions; the assistant's proposals; projects."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar.params import FromQuery, JSONBody

from jutong import census, registers
from jutong.catalogue import Entry
from jutong.census import Column, DataSet, Edition, Found, Opinion, Project, Proposal, Table, Verdict
from jutong.registers import (
    Cloud,
    DatabaseKind,
    Power,
    PowerKind,
    Requirement,
    RequirementKind,
    ServiceItem,
    SystemProfile,
)

from .wiring import AfterUlid, Code, CodeField, Limit, Name, TheActor, TheHouse, Ulid, UlidField, Words, act, look

TAGS = ["census"]
Short = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\u0000]*$")]
CodeName = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
OptionalCode = Annotated[str, msgspec.Meta(pattern="^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")]
OptionalUlid = Annotated[str, msgspec.Meta(pattern="^([0-7][0-9A-HJKMNP-TV-Z]{25})?$")]
Rows = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Sheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a system is for, where it runs and what keeps its rows."""

    system: Name
    purpose: Words
    cloud: Cloud
    database: DatabaseKind
    address: Name = ""


class Listing(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A line of a body's list of powers."""

    body: CodeField
    code: CodeName
    title: Short
    kind: PowerKind
    basis: Name = ""


class Asking(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an applicant must show, and where it is shared already."""

    code: CodeName
    title: Short
    kind: RequirementKind = RequirementKind.INFORMATION
    entry: OptionalUlid = ""
    items: tuple[Name, ...] = ()


class Offering(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A service item with its requirements (CCCEV)."""

    body: CodeField
    code: CodeName
    title: Short
    power: OptionalCode = ""
    requirements: tuple[Asking, ...] = ()


class ColumnSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A column as its department describes it."""

    name: Short
    type: Name = ""
    nullable: bool = True
    key: bool = False
    comment: Name = ""


class TableSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A table as its department describes it."""

    name: Short
    columns: tuple[ColumnSheet, ...]
    place: Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\u0000]*$")] = ""
    comment: Name = ""
    rows: Rows | None = None


class Report(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Tables of a system that nobody can harvest."""

    system: Name
    tables: tuple[TableSheet, ...]


class Check(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The authority's word on a table: right, or sent back and why."""

    right: bool
    reason: Words = ""


class Hanging(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The entry that a table is hung on."""

    entry: UlidField


class NewEdition(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Under which name the census is frozen."""

    name: Short


class Why(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why a proposal is turned down."""

    why: Words


class DataSetSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Data that a project will make."""

    title: Short
    fields: tuple[Short, ...] = ()
    will_be_catalogued: bool = False


class Application(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a project will make, collect and need."""

    body: CodeField
    title: Short
    systems: tuple[Short, ...] = ()
    makes: tuple[DataSetSheet, ...] = ()
    collects: tuple[Short, ...] = ()
    needs: tuple[Short, ...] = ()
    cloud: Cloud = Cloud.OWN_ROOM
    cloud_reason: Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[^\u0000]*$")] = ""


class Judgement(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The authority's opinion."""

    opinion: Opinion
    words: Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[^\u0000]*$")] = ""


@act("/api/census/systems", tags=TAGS)
def describe_system(house: TheHouse, actor: TheActor, data: JSONBody[Sheet]) -> SystemProfile:
    """Describe a registered system of your body."""
    with house.desk(actor) as desk:
        return registers.describe_system(desk, SystemProfile(body=actor.org, **msgspec.structs.asdict(data)))


@act("/api/census/powers", tags=TAGS)
def list_power(house: TheHouse, actor: TheActor, data: JSONBody[Listing]) -> Power:
    """Enter a line of your body's list of powers."""
    with house.desk(actor) as desk:
        return registers.list_power(desk, Power(**msgspec.structs.asdict(data)))


@act("/api/census/service-items", tags=TAGS)
def list_service_item(house: TheHouse, actor: TheActor, data: JSONBody[Offering]) -> ServiceItem:
    """Enter a service item of your body with its requirements."""
    told = msgspec.structs.asdict(data)
    told["requirements"] = tuple(Requirement(**msgspec.structs.asdict(one)) for one in data.requirements)
    with house.desk(actor) as desk:
        return registers.list_service_item(desk, ServiceItem(**told))


@act("/api/census/tables", tags=TAGS)
def report_tables(house: TheHouse, actor: TheActor, data: JSONBody[Report]) -> list[Table]:
    """Report tables of a system that cannot be harvested."""
    with house.desk(actor) as desk:
        return list(census.report(desk, data.system, map(_found, data.tables)))


@look("/api/census/tables", tags=TAGS)
def list_tables(house: TheHouse, actor: TheActor, limit: Limit = 50) -> list[Table]:
    """List the tables of the census that you may see, by name."""
    with house.reading() as db:
        return list(census.tables_listed(db, body=census.own_only(actor), limit=limit))


@act("/api/census/tables/{table_id:str}/check", tags=TAGS)
def check_table(house: TheHouse, actor: TheActor, table_id: Ulid, data: JSONBody[Check]) -> Table:
    """Say, as the authority, that a table is reported rightly, or send it back."""
    with house.desk(actor) as desk:
        return census.check_table(desk, table_id, right=data.right, reason=data.reason)


@act("/api/census/tables/{table_id:str}/hanging", tags=TAGS)
def hang_table(house: TheHouse, actor: TheActor, table_id: Ulid, data: JSONBody[Hanging]) -> Table:
    """Hang a table on an entry of the same body."""
    with house.desk(actor) as desk:
        return census.hang(desk, table_id, data.entry)


@act("/api/census/tables/{table_id:str}/entry", tags=TAGS)
def propose_entry(house: TheHouse, actor: TheActor, table_id: Ulid) -> Entry:
    """Draft an entry from a table, and hang the table on it."""
    with house.desk(actor) as desk:
        return census.propose_entry(desk, table_id)


@look("/api/census/bodies/{code:str}/reconciliation", tags=TAGS)
def show_reconciliation(house: TheHouse, actor: TheActor, code: Code) -> dict[str, Any]:
    """Compare a body's catalogue with its tables."""
    with house.reading() as db:
        return reconciliation_told(census.reconciliation(db, code, actor))


@act("/api/census/editions", tags=TAGS)
def freeze_edition(house: TheHouse, actor: TheActor, data: JSONBody[NewEdition]) -> Edition:
    """Freeze the census as it stands under a name."""
    with house.desk(actor) as desk:
        return census.freeze_edition(desk, data.name)


@look("/api/census/editions", tags=TAGS)
def list_editions(house: TheHouse, actor: TheActor) -> list[Edition]:
    """List the editions, with the figures that you may see."""
    with house.reading() as db:
        return [census.find_edition_shown(db, one.id, actor) for one in census.editions(db)]


@act("/api/entries/{entry_id:str}/grading", tags=TAGS)
def look_at_grades(house: TheHouse, actor: TheActor, entry_id: Ulid) -> list[Proposal]:
    """Let the grading assistant look at an entry; return what it newly proposes."""
    with house.desk(actor) as desk:
        return list(census.look_at_grades(desk, entry_id))


@look("/api/grading/proposals", tags=TAGS)
def list_proposals(
    house: TheHouse,
    actor: TheActor,
    verdict: FromQuery[Verdict | None] = None,
    after: AfterUlid = "",
    limit: Limit = 50,
) -> list[Proposal]:
    """List the assistant's proposals that you may see, the newest first."""
    with house.reading() as db:
        found = census.proposals_listed(
            db,
            provider=census.own_only(actor),
            verdict=verdict,
            after=(after,) if after else (),
            limit=limit,
        )
        return list(found)


@act("/api/grading/proposals/{proposal_id:str}/acceptance", tags=TAGS)
def accept_proposal(house: TheHouse, actor: TheActor, proposal_id: Ulid) -> Proposal:
    """Take a proposal over into the entry's next draft."""
    with house.desk(actor) as desk:
        return census.accept_proposal(desk, proposal_id)


@act("/api/grading/proposals/{proposal_id:str}/rejection", tags=TAGS)
def reject_proposal(house: TheHouse, actor: TheActor, proposal_id: Ulid, data: JSONBody[Why]) -> Proposal:
    """Turn a proposal down, with the reason."""
    with house.desk(actor) as desk:
        return census.reject_proposal(desk, proposal_id, data.why)


@act("/api/projects", tags=TAGS)
def apply_project(house: TheHouse, actor: TheActor, data: JSONBody[Application]) -> Project:
    """File an application for a project, and read what the catalogue says to it."""
    told = msgspec.structs.asdict(data)
    told["makes"] = tuple(DataSet(**msgspec.structs.asdict(one)) for one in data.makes)
    with house.desk(actor) as desk:
        return census.apply_project(desk, Project(id="", applied=desk.now, **told))


@look("/api/projects", tags=TAGS)
def list_projects(house: TheHouse, actor: TheActor, after: AfterUlid = "", limit: Limit = 50) -> list[Project]:
    """List the projects that you may see, the newest first."""
    with house.reading() as db:
        after_it = (after,) if after else ()
        return list(census.projects_listed(db, body=census.own_only(actor), after=after_it, limit=limit))


@act("/api/projects/{project_id:str}/opinion", tags=TAGS)
def judge_project(house: TheHouse, actor: TheActor, project_id: Ulid, data: JSONBody[Judgement]) -> Project:
    """Give the authority's opinion on a project, once."""
    with house.desk(actor) as desk:
        return census.judge_project(desk, project_id, data.opinion, data.words)


def reconciliation_told(found: census.Reconciliation) -> dict[str, Any]:
    """Return a reconciliation as it goes over the wire: figures, and what is behind them by identifiers."""
    return {
        "body": found.body,
        **found.counts(),
        "hook_up_rate": found.hook_up_rate,
        "completeness": found.completeness,
        "unhung_entries": [one.id for one in found.unhung],
        "uncatalogued_tables": [one.id for one in found.uncatalogued],
        "drifted_schemas": [
            {"table": table.id, "entry": entry.id, **msgspec.to_builtins(drift)}
            for table, entry, drift in found.drifted
        ],
        "gone_tables": [one.id for one in found.gone],
    }


def _found(sheet: TableSheet) -> Found:
    columns = tuple(
        Column(
            name=one.name,
            type=one.type,
            data_type=census.data_type_of(one.type),
            nullable=one.nullable,
            key=one.key,
            comment=one.comment,
            guess=census.recognise(one.name, one.comment, census.profile_of((), registers.divisions())),
        )
        for one in sheet.columns
    )
    return Found(place=sheet.place, name=sheet.name, columns=columns, comment=sheet.comment, rows=sheet.rows)


ENDPOINTS = [
    describe_system,
    list_power,
    list_service_item,
    report_tables,
    list_tables,
    check_table,
    hang_table,
    propose_entry,
    show_reconciliation,
    freeze_edition,
    list_editions,
    look_at_grades,
    list_proposals,
    accept_proposal,
    reject_proposal,
    apply_project,
    list_projects,
    judge_project,
]
