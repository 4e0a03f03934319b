"""Pages of the census: a body's tables against its catalogue, each table, and the editions."""

from __future__ import annotations

import msgspec

from jutong import catalogue, census, registers
from jutong.catalogue import Search
from jutong.census import Column as TableColumn
from jutong.census import Found, Stage, Table
from jutong.kernel.mark import mark_of
from jutong.kernel.text import Text, text

from ..wiring import Name, Ulid, UlidField, Words
from .form import Misfilled
from .frame import Answer, Crumb, TheVisit, acted, done, page, shown
from .table import Asked, Column, table_page
from .table import Table as Listing

FIRST: Crumb = ("/", text("First page"))
CENSUS: Crumb = ("/census", text("Census"))
SHOWN = 50  # of each list on a page; the rest stands in the list of tables
ENTRIES_TO_HANG = 100
TONES = {Stage.REPORTED: "amber", Stage.CHECKED: "green", Stage.RETURNED: "red"}


class NewEdition(msgspec.Struct, kw_only=True):
    """Under which name the census is frozen."""

    name: Name


class Check(msgspec.Struct, kw_only=True):
    """The authority's word on a table."""

    right: str
    reason: Words = ""


class Hanging(msgspec.Struct, kw_only=True):
    """The entry that a table is hung on."""

    entry: UlidField


class Report(msgspec.Struct, kw_only=True):
    """A table as an officer describes it: a line for each column, its name, type and meaning."""

    system: Name
    name: Name
    comment: Name = ""
    columns: Words


@shown("/census", guard="pages.census")
def show_census(visit: TheVisit) -> Answer:
    """Show how one body's catalogue and its tables fit, and the editions of the census."""
    with visit.house.reading() as db:
        bodies = registers.bodies(db)
        known = {one.code for one in bodies}
        wanted = visit.asked("body", visit.acting.org)
        body = wanted if wanted in known else visit.acting.org
        found = census.reconciliation(db, body, visit.acting)
        editions = census.editions(db)
        systems = registers.systems(db, visit.acting.org)
    names = {one.code: one.name for one in bodies}
    return page(
        visit,
        "census/census.html",
        title=text("Census of {body}", body=names.get(body, body)),
        crumbs=(FIRST,),
        body=body,
        bodies=tuple((one.code, one.name) for one in bodies) if not census.own_only(visit.acting) else (),
        found=found,
        shown=SHOWN,
        editions=editions,
        systems=tuple((str(one.name), one.title) for one in systems),
        may_harvest=visit.may("census.harvest"),
        may_report=bool(systems) and visit.may("census.report"),
        may_freeze=visit.may("census.freeze_edition"),
    )


@acted("/census", guard="pages.census", again=show_census)
def report_table(visit: TheVisit) -> Answer:
    """Report a table that nobody can harvest."""
    given = visit.form.read(Report)
    columns = tuple(_column(line) for line in given.columns.splitlines() if line.strip())
    if not columns:
        raise Misfilled({"columns": text("this must be filled in")})
    found = Found(place="", name=given.name, comment=given.comment, columns=columns)
    with visit.desk() as desk:
        (table,) = census.report(desk, given.system, (found,))
    return done(desk, f"/census/tables/{table.id}")


@acted("/census/editions", guard="pages.census", again=show_census)
def freeze_edition(visit: TheVisit) -> Answer:
    """Freeze the census as it stands."""
    given = visit.form.read(NewEdition)
    with visit.desk() as desk:
        edition = census.freeze_edition(desk, given.name)
    return done(desk, f"/census/editions/{edition.id}")


@shown("/census/editions/{edition_id:str}", guard="pages.census")
def show_edition(visit: TheVisit, edition_id: Ulid) -> Answer:
    """Show an edition: the frozen figures of each body that one may see."""
    with visit.house.reading() as db:
        edition = census.find_edition_shown(db, edition_id, visit.acting)
        names = {one.code: one.name for one in registers.bodies(db)}
    return page(
        visit,
        "census/edition.html",
        title=text("Census, edition {name}", name=edition.name),
        crumbs=(FIRST, CENSUS),
        edition=edition,
        names=names,
    )


@shown("/census/tables", guard="pages.census")
def list_tables(visit: TheVisit) -> Answer:
    """List the tables of one's own body, or of all for those who check them."""
    own = census.own_only(visit.acting)
    with visit.house.reading() as db:
        names = {one.code: one.name for one in registers.bodies(db)}

    def fetch(ask: Asked) -> tuple[Table, ...]:
        stage = ask.filter("stage")
        with visit.house.reading() as db:
            return census.tables_listed(
                db,
                body=own or ask.filter("body"),
                stage=Stage(stage) if stage else None,
                name=ask.filter("name"),
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    body: Column[Table] = Column(
        key="body",
        title=text("Body"),
        value=lambda one: names.get(one.body, one.body),
        options=None if own else tuple(names.items()),
    )
    table: Listing[Table] = Listing(
        name="tables",
        title=text("Tables of the census"),
        columns=(_NAME, body, *_COLUMNS),
        key=lambda one: (one.found.name, one.id),
        sort="name",
        empty=text("No table is in the census yet: have a system looked over, or report a table."),
    )
    return table_page(visit, table, fetch, "census/tables.html", title=table.title, crumbs=(FIRST, CENSUS))


@shown("/census/tables/{table_id:str}", guard="pages.census")
def show_table(visit: TheVisit, table_id: Ulid) -> Answer:
    """Show a table: its columns, what they were recognised as, the entry that it hangs on, and what can be done."""
    with visit.house.reading() as db:
        table = census.table_visible_to(db, table_id, visit.acting)
        elements = {one.id: one for one in registers.elements(db)}
        body = registers.body_names(db, [table.body]).get(table.body, table.body)
        mine = table.body == visit.acting.org
        search = Search(own=True, limit=ENTRIES_TO_HANG)
        entries = catalogue.summaries(db, visit.acting, search) if mine else ()
        entry = catalogue.visible_to(db, table.entry, visit.acting) if table.entry and mine else None
    chinese = visit.language == "zh-CN"
    titles = {one: element.title if chinese else element.title_en for one, element in elements.items()}
    return page(
        visit,
        "census/table.html",
        title=table.found.name,
        crumbs=(FIRST, CENSUS, ("/census/tables", text("Tables of the census"))),
        table=table,
        seen=mark_of((table.found.schema_digest, table.entry)),
        tone=TONES[table.stage],
        body=body,
        titles=titles,
        entry=entry,
        entries=tuple((one.id, one.title) for one in entries),
        drift=census.drift_of(table, entry) if entry else None,
        may_check=visit.may("census.check_table", table.label),
        may_hang=visit.may("census.hang", table.label),
        may_propose=not table.entry and visit.may("census.propose_entry", table.label),
    )


@acted("/census/tables/{table_id:str}/check", guard="pages.census", again=show_table)
def check_table(visit: TheVisit, table_id: Ulid) -> Answer:
    """Say that a table is reported rightly, or send it back."""
    given = visit.form.read(Check)
    with visit.desk() as desk:
        census.check_table(desk, table_id, right=given.right == "right", reason=given.reason, seen=visit.form.mark)
    return done(desk, f"/census/tables/{table_id}")


@acted("/census/tables/{table_id:str}/hanging", guard="pages.census", again=show_table)
def hang_table(visit: TheVisit, table_id: Ulid) -> Answer:
    """Hang a table on an entry."""
    given = visit.form.read(Hanging)
    with visit.desk() as desk:
        census.hang(desk, table_id, given.entry, seen=visit.form.mark)
    return done(desk, f"/census/tables/{table_id}")


@acted("/census/tables/{table_id:str}/entry", guard="pages.census", again=show_table)
def propose_entry(visit: TheVisit, table_id: Ulid) -> Answer:
    """Draft an entry from a table."""
    with visit.desk() as desk:
        entry = census.propose_entry(desk, table_id)
    return done(desk, f"/entries/{entry.id}")


def _column(line: str) -> TableColumn:
    name, _, rest = line.strip().partition(" ")
    spelled, _, comment = rest.strip().partition(" ")
    profile = census.profile_of((), registers.divisions())
    return TableColumn(
        name=name[:200],
        type=spelled[:200],
        data_type=census.data_type_of(spelled),
        comment=comment.strip()[:300],
        guess=census.recognise(name, comment, profile),
    )


def _state(table: Table) -> Text:
    if table.gone:
        return text("gone")
    return text("hung") if table.entry else text("hangs nowhere")


_NAME: Column[Table] = Column(
    key="name",
    title=text("Table"),
    value=lambda one: one.found.name,
    href=lambda one: f"/census/tables/{one.id}",
    options="text",
    sort=True,
)
_COLUMNS: tuple[Column[Table], ...] = (
    Column(key="system", title=text("System"), value=lambda one: one.system, kind="code", shown=False),
    Column(key="rows", title=text("Rows"), value=lambda one: one.found.rows, kind="number"),
    Column(key="columns", title=text("Columns of the table"), value=lambda one: len(one.found.columns), kind="number"),
    Column(
        key="stage",
        title=text("Stage"),
        value=lambda one: one.stage,
        tone=lambda one: TONES[one.stage],
        options=Stage,
    ),
    Column(key="state", title=text("Catalogue"), value=_state, tone=lambda one: "green" if one.entry else "amber"),
    Column(key="seen", title=text("Last seen"), value=lambda one: one.seen, kind="instant"),
)

PAGES = [
    show_census,
    report_table,
    freeze_edition,
    show_edition,
    list_tables,
    show_table,
    check_table,
    hang_table,
    propose_entry,
]
