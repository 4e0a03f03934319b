"""Pages of the main switch: applications for IT projects, the catalogue's advice, and the authority's opinion."""

from __future__ import annotations

import msgspec

from jutong import catalogue, census, registers
from jutong.census import DataSet, Opinion, Project
from jutong.kernel.text import text
from jutong.registers import Cloud
from jutong.sharing import buying

from ..wiring import Name, Ulid, Words
from .frame import Answer, Crumb, TheVisit, acted, done, page, shown
from .table import Asked, Column, Table, table_page
from .words import word_of

FIRST: Crumb = ("/", text("First page"))
LIST: Crumb = ("/projects", text("IT projects"))
WAITING = "waiting"
UNJUDGED = text("waits for the authority's opinion")


class Application(msgspec.Struct, kw_only=True):
    """What a project will make, collect and need; one to a line."""

    title: Name
    systems: Words = ""
    makes: Words = ""
    planned: bool = False
    collects: Words = ""
    needs: Words = ""
    cloud: Cloud
    cloud_reason: Words = ""


class Judgement(msgspec.Struct, kw_only=True):
    """The authority's opinion."""

    opinion: Opinion
    words: Words = ""


@shown("/projects", guard="pages.projects")
def list_projects(visit: TheVisit) -> Answer:
    """List the applications of one's own body, or all for those who judge them."""
    own = census.own_only(visit.acting)
    with visit.house.reading() as db:
        names = {one.code: one.name for one in registers.bodies(db)}

    def fetch(ask: Asked) -> tuple[Project, ...]:
        with visit.house.reading() as db:
            opinion = ask.filter("opinion")
            return census.projects_listed(
                db,
                body=own or ask.filter("body"),
                opinion=None if not opinion else "" if opinion == WAITING else opinion,
                descending=ask.descending,
                after=ask.after,
                limit=ask.limit,
            )

    body: Column[Project] = Column(
        key="body",
        title=text("Body"),
        value=lambda one: names.get(one.body, one.body),
        options=None if own else tuple(names.items()),
    )
    table: Table[Project] = Table(
        name="projects",
        title=text("IT projects"),
        columns=(_TITLE, body, *_COLUMNS),
        key=lambda one: (one.id,),
        sort="-applied",
        empty=text("No project was applied for yet."),
        then=text("Before money is asked for, a project says here what it makes, collects and needs."),
    )
    may_apply = visit.may("census.apply_project")
    return table_page(
        visit, table, fetch, "census/projects.html", title=table.title, crumbs=(FIRST,), may_apply=may_apply
    )


@shown("/projects/new", guard="pages.projects")
def show_application(visit: TheVisit) -> Answer:
    """Show the form of an application."""
    return page(
        visit,
        "census/application.html",
        title=text("Apply for an IT project"),
        crumbs=(FIRST, LIST),
        clouds=Cloud,
        may_apply=visit.may("census.apply_project"),
    )


@acted("/projects/new", guard="pages.projects", again=show_application)
def apply_project(visit: TheVisit) -> Answer:
    """File an application."""
    given = visit.form.read(Application)
    with visit.desk() as desk:
        project = census.apply_project(
            desk,
            Project(
                id="",
                body=desk.actor.org,
                title=given.title,
                systems=_lines(given.systems),
                makes=tuple(_made(line, planned=given.planned) for line in _lines(given.makes)),
                collects=_lines(given.collects),
                needs=_lines(given.needs),
                cloud=given.cloud,
                cloud_reason=given.cloud_reason,
                applied=desk.now,
            ),
        )
    return done(desk, f"/projects/{project.id}")


@shown("/projects/{project_id:str}", guard="pages.projects")
def show_project(visit: TheVisit, project_id: Ulid) -> Answer:
    """Show an application, the advice with what it cites, and the opinion."""
    with visit.house.reading() as db:
        project = census.project_visible_to(db, project_id, visit.acting)
        body = registers.body_names(db, [project.body]).get(project.body, project.body)
        titles = catalogue.titles(db, sorted({one.entry for one in project.advice if one.entry}))
        wanted = (project.title, *(one.title for one in project.makes), *project.needs)
        bought = buying.purchases_like(db, wanted, visit.today)
    return page(
        visit,
        "census/project.html",
        title=project.title,
        crumbs=(FIRST, LIST),
        project=project,
        body=body,
        titles=titles,
        bought=bought,
        against=sum(one.against for one in project.advice),
        opinions=Opinion,
        may_judge=project.opinion is None and visit.may("census.judge_project", project.label),
    )


@acted("/projects/{project_id:str}/opinion", guard="pages.projects", again=show_project)
def judge_project(visit: TheVisit, project_id: Ulid) -> Answer:
    """Give the authority's opinion."""
    given = visit.form.read(Judgement)
    with visit.desk() as desk:
        census.judge_project(desk, project_id, given.opinion, given.words)
    return done(desk, f"/projects/{project_id}")


def _lines(words: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in words.splitlines() if line.strip())


def _made(line: str, *, planned: bool) -> DataSet:
    title, _, fields = line.replace("：", ":").partition(":")
    named = tuple(one.strip() for one in fields.replace("，", ",").split(",") if one.strip())
    return DataSet(title=title.strip(), fields=named, will_be_catalogued=planned)


def _opinion(project: Project) -> object:
    return project.opinion or UNJUDGED


_TITLE: Column[Project] = Column(
    key="title", title=text("Project"), value=lambda one: one.title, href=lambda one: f"/projects/{one.id}"
)
_COLUMNS: tuple[Column[Project], ...] = (
    Column(
        key="against",
        title=text("Speaks against it"),
        value=lambda one: sum(each.against for each in one.advice),
        kind="number",
    ),
    Column(
        key="opinion",
        title=text("Opinion"),
        value=_opinion,
        options=((WAITING, UNJUDGED), *((one.value, word_of(one)) for one in Opinion)),
    ),
    Column(key="applied", title=text("Applied for"), value=lambda one: one.applied, kind="day", sort=True),
)

PAGES = [list_projects, show_application, apply_project, show_project, judge_project]
