"""Pages on which an officer has a system looked over: a live database or a file, with its progress."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import suppress
from functools import cache
from typing import Annotated, Literal

import msgspec
from litestar.di import Provide

from jutong import census, registers
from jutong.census import Bounds, Connection, Source, Survey
from jutong.desk import House
from jutong.guard import Label
from jutong.kernel.errors import NotFound
from jutong.kernel.foreign import source_secret
from jutong.kernel.ids import ulid
from jutong.kernel.text import text
from jutong.terms import Actor

from ..wiring import Name, Ulid
from .census import CENSUS, FIRST
from .form import Misfilled, Spooled
from .frame import Answer, TheVisit, acted, page, see, shown
from .progress import events
from .upload import UPLOAD_MOST, surveyed_form
from .visit import Visit

PATIENCE_SECONDS = 2.0
AT_ONCE = 2
KINDS = (
    ("postgresql", text("PostgreSQL")),
    ("mysql", text("MySQL or MariaDB")),
    ("file", text("a file: CSV, Parquet, XLSX or SQLite")),
)
PORTS = {"postgresql": 5432, "mysql": 3306}
Short = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\u0000]*$")]


class Wish(msgspec.Struct, kw_only=True):
    """What is to be looked over, and as whom; the password is named, never typed."""

    system: Name
    kind: Literal["postgresql", "mysql", "file"]
    host: Short = ""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    database: Short = ""
    schema: Short = ""
    user: Short = ""
    secret: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,40})?$")] = ""


@shown("/census/harvest", guard="pages.census")
def ask_harvest(visit: TheVisit) -> Answer:
    """Show the form: which system, and where its tables stand."""
    own = visit.acting.org
    with visit.desk() as desk:
        desk.allow("census.harvest", Label(owner=own))
        systems = registers.systems(desk.db, own)
    return page(
        visit,
        "census/harvest.html",
        title=text("Have a system looked over"),
        crumbs=(FIRST, CENSUS),
        systems=tuple((str(one.name), one.title) for one in systems),
        kinds=KINDS,
        secret_place=f"keys/sources/{own}-",
    )


@acted(
    "/census/harvest",
    guard="pages.census",
    again=ask_harvest,
    request_max_body_size=UPLOAD_MOST,
    dependencies={"form": Provide(surveyed_form)},
)
def begin_harvest(visit: TheVisit) -> Answer:
    """Look the system over; what takes longer than an officer waits goes on, and its progress is shown."""
    wish = visit.form.read(Wish)
    spooled = visit.form.spooled.get("file")
    with visit.desk() as desk:
        system = registers.find_system(desk.db, registers.SystemName.parse(wish.system))
        desk.allow("census.harvest", Label(owner=system.body))
    source = _source(visit, wish, spooled)
    survey_id = ulid(visit.house.clock())
    if spooled is not None:
        spooled.keep()
    looking = _looks().submit(_look_over, visit.house, visit.acting, survey_id, wish.system, source, spooled)
    with suppress(StillRunning):  # then its progress is shown
        looking.result(PATIENCE_SECONDS)
    return see(f"/census/harvest/{survey_id}")


@shown("/census/harvest/{survey_id:str}", guard="pages.census")
def show_harvest(visit: TheVisit, survey_id: Ulid) -> Answer:
    """Show how far a harvest has come, or how it ended."""
    at = _seen(visit, survey_id)
    now = visit.house.clock()
    return page(
        visit,
        "census/survey.html",
        title=text("Harvest of {system}", system=at.system),
        crumbs=(FIRST, CENSUS),
        at=at,
        running=at.running(now),
        broken_off=at.broken_off(now),
    )


@shown("/census/harvest/{survey_id:str}/events", guard="pages.census")
def harvest_events(visit: TheVisit, survey_id: Ulid) -> Answer:
    """Tell the browser whenever a harvest has come further."""
    _seen(visit, survey_id)
    house = visit.house

    def look() -> tuple[str, bool]:
        at = census.find_survey(house.home.folder, survey_id)
        return (f"{at.tables}:{at.done}", not at.running(house.clock())) if at else ("gone", True)

    return events(look)


def _seen(visit: Visit, survey_id: str) -> Survey:
    at = census.find_survey(visit.house.home.folder, survey_id)
    with visit.house.reading() as db:
        over_all = registers.over_all(db, visit.acting)
    if at is None or not census.sees(visit.acting, at.body, over_all=over_all):
        raise NotFound("harvest", survey_id)
    return at


def _source(visit: Visit, wish: Wish, spooled: Spooled | None) -> Source:
    bounds = Bounds()
    if wish.kind == "file":
        if spooled is None:
            raise Misfilled({"file": text("choose the file that is to be looked over")})
        return census.source_at(spooled.path, bounds)
    missing = [name for name in ("host", "database", "user") if not getattr(wish, name)]
    if missing:
        raise Misfilled({name: text("this must be filled in") for name in missing})
    # A body names its own passwords alone: each stands behind its credit code.
    secret = f"{visit.acting.org}-{wish.secret}" if wish.secret else ""
    told = Connection(
        host=wish.host,
        port=wish.port or PORTS[wish.kind],
        database=wish.database,
        user=wish.user,
        password=source_secret(visit.house.home.folder, secret) if secret else "",
        schema=wish.schema,
    )
    return census.database_at(wish.kind, visit.house.home.sources.of(told), bounds)


@cache
def _looks() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="census")


def _look_over(
    house: House, actor: Actor, survey_id: str, system: str, source: Source, spooled: Spooled | None
) -> None:
    try:
        with (
            census.surveyed(
                house.home.folder, survey_id, body=actor.org, system=system, clock=house.clock
            ) as surveying,
            house.desk(actor) as desk,
        ):
            census.harvest(desk, system, source, progress=surveying.progress)
    finally:
        if spooled is not None:
            spooled.folder.cleanup()


PAGES = [ask_harvest, begin_harvest, show_harvest, harvest_events]
