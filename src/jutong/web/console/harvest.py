"""Pages of other portals' lists: upload, review of the mapping, what an import found, and what follows of it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

import msgspec
from litestar.di import Provide

from jutong import registers
from jutong.catalogue import harvest
from jutong.catalogue.harvest import Feed, Flaw, Gather, Idea, Source, Stage
from jutong.desk import House
from jutong.kernel.errors import Invalid, NotFound
from jutong.kernel.files import sweep
from jutong.kernel.text import text
from jutong.terms import Actor

from ..wiring import CodeField, Name, Ulid
from .form import Misfilled
from .frame import Answer, TheVisit, acted, done, page, see, shown
from .progress import events
from .table import Asked, Column, Table, table_page
from .upload import UPLOAD_MOST, listed_form
from .visit import Visit

FOLDER = "harvest"  # of the home: lists whose mapping waits to be looked at
LEFT_AFTER = timedelta(days=7)
PATIENCE_SECONDS = 2.0
HARVEST = ("/harvest", text("Other portals"))
FIRST = ("/", text("First page"))
ENCODINGS = (("utf-8", text("UTF-8")), ("gb18030", text("GB 18030 (GBK, GB 2312)")), ("big5", text("Big5")))


Imported = tuple[Source, int, int, Gather | None]  # how many are listed, how many vanished, the newest import
SOURCES: Table[Imported] = Table(
    name="portals",
    title=text("Lists that were imported"),
    columns=(
        Column(
            key="name",
            title=text("Portal"),
            value=lambda row: row[0].name,
            href=lambda row: f"/harvest/gathers/{row[3].id}" if row[3] else "",
            options="text",
            sort=True,
        ),
        Column(key="listed", title=text("Listed"), value=lambda row: row[1], kind="number"),
        Column(key="vanished", title=text("Vanished"), value=lambda row: row[2], kind="number"),
        Column(
            key="mapping",
            title=text("Mapping"),
            value=lambda row: text("accepted") if row[0].accepted else text("to be looked at"),
            tone=lambda row: "green" if row[0].accepted else "amber",
        ),
        Column(key="stage", title=text("Last import"), value=lambda row: row[3].stage if row[3] else None),
        Column(key="began", title=text("Begun"), value=lambda row: row[3].began if row[3] else None, kind="instant"),
    ),
    key=lambda row: (row[0].name,),
    sort="name",
    path="/harvest",
    empty=text("No portal's list was imported yet."),
)


class Upload(msgspec.Struct, kw_only=True):
    """A portal's list."""

    source: Name = ""
    division: Name = ""
    encoding: Name = ""
    whole: bool = False
    many: bool = False


class NamedBody(msgspec.Struct, kw_only=True):
    """Which body a name means."""

    name: Name
    body: CodeField


@shown("/harvest", guard="pages.harvest")
def list_sources(visit: TheVisit) -> Answer:
    """List the sources, and take another list."""

    def fetch(ask: Asked) -> tuple[Imported, ...]:
        with visit.house.reading() as db:
            return harvest.sources_listed(
                db, sought=ask.filter("name"), descending=ask.descending, after=ask.after, limit=ask.limit
            )

    return table_page(
        visit,
        SOURCES,
        fetch,
        "harvest/sources.html",
        title=HARVEST[1],
        crumbs=(FIRST,),
        may_import=visit.may("catalogue.harvest"),
        encodings=ENCODINGS,
    )


@acted(
    "/harvest",
    guard="pages.harvest",
    again=list_sources,
    request_max_body_size=UPLOAD_MOST,
    dependencies={"form": Provide(listed_form)},
)
def take_list(visit: TheVisit) -> Answer:
    """Read a list whole, and propose what its fields say."""
    given = visit.form.read(Upload)
    spooled = visit.form.spooled.get("list")
    if spooled is None:
        raise Misfilled({"list": text("choose the file that is to be imported")})
    folder = visit.house.home.folder / FOLDER
    sweep(folder, before=visit.house.clock() - LEFT_AFTER)
    feed = Feed(spooled.path, given.encoding)
    survey = feed.survey()
    name = given.source or harvest.source_named(feed.name)
    with visit.desk() as desk:
        gather = harvest.propose(
            desk, name, feed.name, survey, {}, division=given.division, complete=given.whole, many=given.many
        )
        answer = done(desk, f"/harvest/gathers/{gather.id}")
    if gather.stage is not Stage.COMPLETED:
        kept = folder / gather.id
        kept.mkdir(parents=True, exist_ok=True)
        spooled.path.replace(kept / f"list.{given.encoding or 'any'}")
    return answer


@shown("/harvest/gathers/{gather_id:str}", guard="pages.harvest")
def show_gather(visit: TheVisit, gather_id: Ulid) -> Answer:
    """Show what a list's fields are taken to say, and what its import found."""
    with visit.house.reading() as db:
        report = harvest.report(db, gather_id)
        bodies = [(body.code, body.name) for body in registers.bodies(db)]
    gather, source = report.gather, report.source
    may = visit.may("catalogue.harvest", source.label)
    return page(
        visit,
        "harvest/gather.html",
        title=text("List of {source}", source=gather.source),
        crumbs=(FIRST, HARVEST),
        report=report,
        gather=gather,
        source=source,
        ideas=tuple(Idea),
        sure=harvest.SURE,
        flaws=[(line, Flaw(flaw)) for line, flaw in report.flaws],
        waits=gather.stage is Stage.REVIEW and may and _staged(visit.house, gather) is not None,
        running=gather.stage is Stage.RUNNING,
        bodies=bodies,
        may_name=visit.may("catalogue.name_body"),
    )


@shown("/harvest/gathers/{gather_id:str}/events", guard="pages.harvest")
def gather_events(visit: TheVisit, gather_id: Ulid) -> Answer:
    """Tell the browser whenever an import has come further."""
    house = visit.house
    with house.reading() as db:
        harvest.find_gather(db, gather_id)

    def look() -> tuple[str, bool]:
        with house.reading() as db:
            gather = harvest.find_gather(db, gather_id)
        return f"{gather.stage}{gather.position}", gather.stage is not Stage.RUNNING

    return events(look)


@acted("/harvest/gathers/{gather_id:str}/acceptance", guard="pages.harvest", again=show_gather)
def accept_mapping(visit: TheVisit, gather_id: Ulid) -> Answer:
    """Accept the mapping as the officer left it, and import the list; of a long one the progress is shown."""
    with visit.desk() as desk:
        before = harvest.find_gather(desk.db, gather_id)
        gather = harvest.begin(desk, gather_id, _chosen(visit, before), accept=True)
        answer = done(desk, f"/harvest/gathers/{gather.id}")
    staged = _staged(visit.house, gather)
    if gather.stage is Stage.COMPLETED:
        return answer
    if staged is None:
        raise NotFound("list", gather.file)
    importing = _imports().submit(partial(_import, visit.house, visit.acting, gather, staged))
    try:
        importing.result(PATIENCE_SECONDS)
    except StillRunning:
        return answer
    return see(f"/harvest/gathers/{gather.id}", done="catalogue.gather_completed")


@acted("/harvest/bodies", guard="pages.harvest", again=list_sources)
def name_body(visit: TheVisit) -> Answer:
    """Say which registered body a name means."""
    given = visit.form.read(NamedBody)
    with visit.desk() as desk:
        harvest.name_body(desk, given.name, given.body)
        return done(desk, "/harvest")


def _chosen(visit: Visit, gather: Gather) -> Mapping[str, str]:
    wishes = {}
    for place, one in enumerate(gather.guesses):
        wish = visit.form.get(f"idea-{place}", one.idea.value)
        if wish != one.idea.value:
            wishes[one.field] = wish
    return wishes


def _staged(house: House, gather: Gather) -> Path | None:
    found = sorted((house.home.folder / FOLDER / gather.id).glob("list.*"))
    return found[0] if found else None


@cache
def _imports() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="harvest")


def _import(house: House, actor: Actor, gather: Gather, path: Path) -> None:
    encoding = path.suffix.removeprefix(".")
    feed = Feed(path, "" if encoding == "any" else encoding)
    if feed.survey().content != gather.content:
        raise Invalid(text("the list has changed since it was looked at"), remedy=text("upload it again"))
    harvest.run(partial(house.desk, actor), feed, gather, lambda _, __: None)
    path.unlink(missing_ok=True)
    path.parent.rmdir()


PAGES = [list_sources, take_list, show_gather, gather_events, accept_mapping, name_body]
