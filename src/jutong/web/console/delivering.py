"""Pages on which rows of an entry are delivered: the form, and how far a delivery has come."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Annotated, Literal

import msgspec
from litestar import Response
from litestar.di import Provide

from jutong import catalogue, collection
from jutong.catalogue import Entry
from jutong.collection import Batch, Layout, Limits, Step, Underway
from jutong.desk import House
from jutong.kernel.errors import NotFound
from jutong.kernel.ids import ulid
from jutong.kernel.text import text
from jutong.terms import Actor

from ..wiring import NO_NUL, Ulid
from .form import Misfilled, Spooled
from .frame import Answer, Crumb, TheVisit, acted, page, see, shown
from .progress import events
from .upload import UPLOAD_MOST, delivered_form
from .visit import Visit

# A small file has landed, or is refused, while the officer waits; of a larger one the progress is shown.
PATIENCE_SECONDS = 2.0
AT_ONCE = 4  # deliveries that one process lands at the same time; others wait their turn
ENCODINGS = (("utf-8", text("UTF-8")), ("gb18030", text("GB 18030 (GBK, GB 2312)")), ("big5", text("Big5")))
DELIMITERS = ((",", text("comma")), ("\t", text("tab")), (";", text("semicolon")), ("|", text("vertical bar")))
LAYOUTS = (
    ("", text("the entry's own titles or names")),
    ("enterprise-register", text("enterprise register, CSV")),
    ("enterprise-register-parquet", text("enterprise register, Parquet with the width of each line")),
)


class Delivering(msgspec.Struct, kw_only=True):
    """How the delivered file is written."""

    layout: Literal["", "enterprise-register", "enterprise-register-parquet"] = ""
    encoding: Literal["utf-8", "gb18030", "big5"] = "utf-8"
    rows_at: Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NUL)] = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A batch, and whether it had landed before."""

    batch: Batch
    known: bool
    line: str


@shown("/entries/{entry_id:str}/deliver", guard="pages.deliver")
def deliver(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Show the form for a file of rows."""
    with visit.desk() as desk:
        entry = catalogue.visible_to(desk.db, entry_id, visit.acting)
        desk.allow("collection.collect", entry.label)
    return page(
        visit,
        "collection/deliver.html",
        title=text("Deliver rows of {title}", title=entry.title),
        crumbs=crumbs_of(entry),
        entry=entry,
        published=entry.stage is catalogue.Stage.PUBLISHED,
        layouts=LAYOUTS,
        encodings=ENCODINGS,
        delimiters=DELIMITERS,
        limit=Limits().max_bytes >> 30,
    )


@acted(
    "/entries/{entry_id:str}/deliver",
    guard="pages.deliver",
    again=deliver,
    request_max_body_size=UPLOAD_MOST,
    dependencies={"form": Provide(delivered_form)},
)
def take_delivery(visit: TheVisit, entry_id: Ulid) -> Answer:
    """Land the file; what takes longer than an officer waits goes on, and its progress is shown."""
    given = visit.form.read(Delivering)
    spooled = visit.form.spooled.get("rows")
    if spooled is None:
        raise Misfilled({"rows": text("choose the file that is to be delivered")})
    # A form's fields come without blanks at their ends, and a tab is one.
    typed = visit.form.get("delimiter", ",")
    delimiter = typed if typed in dict(DELIMITERS) else ","
    shipped = collection.LAYOUTS.get(given.layout, Layout())
    layout = replace(shipped, encoding=given.encoding, delimiter=delimiter, rows_at=given.rows_at)
    delivery = ulid(visit.house.clock())
    spooled.keep()
    landing = _landings().submit(partial(_land, visit.house, visit.acting, entry_id, spooled, layout, delivery))
    return _answer(landing, entry_id, delivery)


@shown("/entries/{entry_id:str}/deliveries/{delivery_id:str}", guard="pages.batches")
def delivery(visit: TheVisit, entry_id: Ulid, delivery_id: Ulid) -> Answer:
    """Show how far a delivery has come; once it has landed, its batch."""
    entry, at = _seen(visit, entry_id, delivery_id)
    if at.step is Step.LANDED:
        path = f"/batches/{at.batch}" + ("?again=yes" if at.known else "")
        if visit.headers.get("hx-request"):
            return Response(b"", status_code=200, headers={"hx-redirect": path})
        return see(path)
    return page(
        visit,
        "collection/delivery.html",
        title=text("A delivery of {title}", title=entry.title),
        crumbs=crumbs_of(entry),
        entry=entry,
        at=at,
        refused=at.step is Step.REFUSED,
        broken_off=at.broken_off(visit.house.clock()),
    )


@shown("/entries/{entry_id:str}/deliveries/{delivery_id:str}/events", guard="pages.batches")
def delivery_events(visit: TheVisit, entry_id: Ulid, delivery_id: Ulid) -> Answer:
    """Tell the browser whenever a delivery has come further."""
    _seen(visit, entry_id, delivery_id)
    home = visit.house.home.folder

    def look() -> tuple[str, bool]:
        at = collection.find_under_way(home, entry_id, delivery_id)
        return (f"{at.step}:{at.rows}", at.ended) if at else ("gone", True)

    return events(look)


def crumbs_of(entry: Entry) -> tuple[Crumb, ...]:
    """Return the way to an entry's batches."""
    return (
        ("/", text("First page")),
        (f"/entries/{entry.id}", entry.title),
        (f"/entries/{entry.id}/batches", text("Batches")),
    )


def _seen(visit: Visit, entry_id: str, delivery_id: str) -> tuple[Entry, Underway]:
    with visit.house.reading() as db:
        entry = catalogue.visible_to(db, entry_id, visit.acting)
    at = collection.find_under_way(visit.house.home.folder, entry_id, delivery_id)
    if at is None:
        raise NotFound("delivery", delivery_id)
    return entry, at


@cache
def _landings() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="landing")


def _land(house: House, actor: Actor, entry_id: str, spooled: Spooled, layout: Layout, delivery_id: str) -> Delivered:
    try:
        with collection.under_way(house.home.folder, entry_id, house.clock, delivery=delivery_id) as told:
            source = collection.source_at(spooled.path, layout, Limits())
            with house.desk(actor) as desk:
                batch = collection.collect(desk, entry_id, source, progress=told.progress)
                left = [line for word, line in desk.left if word == "collection.landed"]
            told.landed(batch, known=not left)
            return Delivered(batch, not left, *left[:1] or [""])
    finally:
        spooled.folder.cleanup()


def _answer(landing: Future[Delivered], entry_id: str, delivery_id: str) -> Answer:
    try:
        done = landing.result(PATIENCE_SECONDS)
    except StillRunning:
        return see(f"/entries/{entry_id}/deliveries/{delivery_id}")
    if done.known:
        return see(f"/batches/{done.batch.id}?again=yes")
    return see(f"/batches/{done.batch.id}", done="collection.landed", line=done.line)


PAGES = [deliver, take_delivery, delivery, delivery_events]
