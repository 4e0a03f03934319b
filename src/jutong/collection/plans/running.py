"""Running a plan: read into the home, then land; by hand or when its hour has come, never by two at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from jutong import catalogue
from jutong.desk import Desk, House
from jutong.kernel.db import transaction
from jutong.kernel.errors import Refused, Unavailable, WrongMoment
from jutong.kernel.foreign import source_secret
from jutong.kernel.outward import Outward
from jutong.kernel.settings import Home
from jutong.kernel.text import text
from jutong.terms import Actor

from ..contract import Contract, Limits, contract_of
from ..flow import Progress
from ..landing import in_force
from ..reach import Mode, Reach
from ..sources.keys import gone_beside
from ..sources.mysql_stream import BinaryLog
from ..sources.opening import Door
from ..sources.pulled import Pulled
from ..sources.stream import Stream, slot_of
from ..taken_back import loss_of, standing_tables
from ..underway import Teller, under_way
from . import acts, store
from .drift import differences
from .pending import Shelf
from .plan import Plan, Run, secret_of

RENEWED_EVERY_SECONDS = 20.0
AT_ONCE = 8  # of the plans that are due, in one turn of the clock


def door_of(home: Home, provider: str, reach: Reach, outward: Outward) -> Door:
    """Return a source, where this node may read, with the word that the provider keeps for it in this home."""
    name = secret_of(provider, reach)
    return Door(reach, source_secret(home.folder, name) if name else "", outward, home.sources)


def provider_for(desk: Desk, entry_id: str) -> str:
    """Return the body whose words open an entry's sources; nobody else gets as far as asking for one."""
    entry = catalogue.visible_to(desk.db, entry_id, desk.actor)
    desk.allow("collection.try_source", entry.label)
    return entry.provider


def run_due(house: House, outward: Outward) -> int:
    """Run every plan whose hour has come, and return how many ran; what fails waits for its next hour."""
    with house.reading() as db:
        due = store.due_plans(db, house.clock(), limit=AT_ONCE)
    ran = 0
    for plan_id in due:
        try:
            run_plan(house, house.itself, plan_id, outward)
            ran += 1
        except (Refused, Unavailable):
            continue  # the run keeps the reason, and another collector is no fault
    return ran


def run_plan(house: House, actor: Actor, plan_id: str, outward: Outward, *, progress: Progress | None = None) -> Run:
    """Run a plan once; what an earlier run had read and not landed is landed first, in its place."""
    with house.desk(actor) as desk:
        plan, run = acts.begin(desk, plan_id)
    home = house.home.folder
    with _beating(house, run), under_way(home, plan.entry, house.clock, delivery=run.id) as told:
        try:
            return _ran(house, actor, plan, run, outward, _both(told, progress))
        except (Refused, Unavailable) as error:
            with house.desk(actor) as desk:
                acts.fail(desk, run, error)
            raise


def _ran(house: House, actor: Actor, plan: Plan, run: Run, outward: Outward, progress: Progress) -> Run:
    shelf = Shelf.of(house.home.folder, plan.id)
    held = shelf.pending(plan.until)
    if held is None or not _unlanded(house, held[0].run):
        with house.reading() as db:
            contract = contract_of(in_force(catalogue.find(db, plan.entry)))
        pulled, columns = _pulled(house, actor, plan, run, contract, outward, progress)
        shelf.keep(run.id, plan.until, pulled, columns)
    else:
        paper, pulled = held
        columns = paper.columns
        # The digests of its overlap are kept under this run's name: the plan will rest on them.
        shelf.keep(run.id, plan.until, _named(pulled, shelf, run), columns)
        pulled = _named(pulled, shelf, run)
    _ask_about_loss(house, actor, plan, run, pulled, columns)
    with house.desk(actor) as desk:
        ended = acts.land(desk, run, pulled, columns=columns, progress=progress)
    with house.reading() as db:
        standing = store.find_plan(db, plan.id)
    shelf.tidy(standing.seen)
    if plan.reading.mode is Mode.STREAM:
        with suppress(Unavailable, Refused):  # the next run lets the log go as well
            _stream(house, standing, outward).settle(standing.until)
    return ended


def end_plan(house: House, actor: Actor, plan_id: str, outward: Outward) -> Plan:
    """End a plan, and let its source keep nothing for it any more; ended again, one that was away is asked again."""
    with house.desk(actor) as desk:
        plan = acts.end(desk, plan_id)
    if plan.reading.mode is Mode.STREAM:
        _stream(house, plan, outward).drop()
    return plan


def _stream(house: House, plan: Plan, outward: Outward) -> Stream | BinaryLog:
    door = door_of(house.home, plan.provider, plan.reach, outward)
    return door.stream(slot_of(plan.id), plan.reading.publication)


def _ask_about_loss(
    house: House, actor: Actor, plan: Plan, run: Run, pulled: Pulled, columns: Mapping[str, str]
) -> None:
    """Let a person decide before a source takes back more of its rows than the plan lets go by itself."""
    if not (pulled.gone or pulled.whole):
        return
    with house.reading() as db:
        entry = catalogue.find(db, plan.entry)
        tables = standing_tables(db, house.pools.lake, plan.entry)
    gone, standing = loss_of(house.pools, entry, tables, pulled.path, plan.reach.place, whole=pulled.whole)
    if plan.lets_go(gone, standing):
        return
    with house.desk(actor) as desk:
        acts.find_loss(desk, run, gone, standing, columns)
    # What was read is let go: when somebody has decided, the source may have its rows again.
    Shelf.of(house.home.folder, plan.id).tidy(plan.seen)
    raise WrongMoment(
        text("the source of {title} took back {gone} of its {rows} rows", title=plan.title, gone=gone, rows=standing),
        basis=text("a plan lets go at most {share} % of its rows by itself", share=plan.reading.loss_share),
        remedy=text("ask the source whether they are meant to go, and decide at the plan"),
    )


def _named(pulled: Pulled, shelf: Shelf, run: Run) -> Pulled:
    path = shelf.spool(run.id)
    for held, own in ((pulled.path, path), (gone_beside(pulled.path), gone_beside(path))):
        if held != own and held.exists() and not own.exists():
            own.hardlink_to(held)
    return replace(pulled, path=path)


def _unlanded(house: House, run_id: str) -> bool:
    with house.reading() as db:
        return not store.find_run(db, run_id).batch


def _pulled(
    house: House, actor: Actor, plan: Plan, run: Run, contract: Contract, outward: Outward, progress: Progress
) -> tuple[Pulled, Mapping[str, str]]:
    columns: dict[str, str] = {}

    def look(told: Mapping[str, str]) -> None:
        columns.update(told)
        _decide(house, actor, plan, run, contract, told)

    shelf = Shelf.of(house.home.folder, plan.id)
    door = door_of(house.home, plan.provider, plan.reach, outward)
    if plan.reading.mode is Mode.STREAM:
        pulled = door.follow(
            contract,
            shelf.spool(run.id),
            slot=slot_of(plan.id),
            layout=plan.layout,
            reading=plan.reading,
            limits=Limits(),
            since=plan.until,
            look=look,
            progress=progress,
        )
        # Begun anew: what is no more among all rows went while nobody looked.
        return replace(pulled, whole=pulled.whole or (not plan.until and bool(plan.columns))), columns
    pulled = door.pull(
        contract,
        shelf.spool(run.id),
        layout=plan.layout,
        reading=plan.reading,
        limits=Limits(),
        since=plan.until,
        seen=shelf.seen(plan.seen),
        look=look,
        progress=progress,
    )
    return pulled, columns


def _decide(house: House, actor: Actor, plan: Plan, run: Run, contract: Contract, told: Mapping[str, str]) -> None:
    if not plan.columns:
        return
    words = {*plan.layout.headers, *(word for one in contract.columns for word in (one.name, one.title))}
    needed = [name for name in plan.columns if name in words or name == plan.reading.watermark]
    found = differences(plan.columns, told, needed)
    if found == plan.drift:
        return
    with house.desk(actor) as desk:
        drifting = acts.find_drift(desk, run, found, told)
    if any(one.stops for one in found):
        lost = ", ".join(one.column for one in found if one.stops)[:400]
        raise WrongMoment(
            text("the source of {title} lost or narrowed the columns {names}", title=drifting.title, names=lost),
            remedy=text("look at what changed, correct the source or the entry, and decide"),
        )


@contextmanager
def _beating(house: House, run: Run) -> Iterator[None]:
    """Keep the plan for this run as long as its process lives."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(RENEWED_EVERY_SECONDS):
            try:
                with transaction(house.engine) as db:
                    if not store.renew_lease(db, run.id, until=house.clock() + acts.LEASE):
                        return
            except Unavailable:
                continue  # the lease outlives a short silence of the database

    thread = threading.Thread(target=beat, name=f"lease-{run.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timedelta(seconds=5).total_seconds())


def _both(told: Teller, progress: Progress | None) -> Progress:
    def tell(rows: int, of: int) -> None:
        told.progress(rows, of)
        if progress:
            progress(rows, of)

    return tell
