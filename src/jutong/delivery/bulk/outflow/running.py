"""Running an outflow: what the target lacks, once, while the right stands; by hand or as soon as it is due."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from jutong.desk import House
from jutong.kernel.db import Db, transaction
from jutong.kernel.errors import NotAllowed, Refused, Unavailable, WrongMoment
from jutong.kernel.foreign import target_secret
from jutong.kernel.text import Text, text
from jutong.terms import Actor

from ...refusal import Refusal
from .. import store as views
from ..view import View
from . import acts, store
from .loading import Found
from .ordering import Counting, Ordered, checksum_of, ordered
from .outflow import Outflow, Run, State
from .right import refusal_now
from .targets import TARGETS, Into
from .targets.postgres import summed_columns
from .ways import Ways

RENEWED_EVERY_SECONDS = 2.0
ASKED_EVERY_SECONDS = 0.2
AT_ONCE = 8  # of the outflows that are due, in one turn of the clock
Progress = Callable[[int, int], None]


def run_outflows(house: House) -> int:
    """Run every outflow that is due and has the right, and return how many ran; what fails waits and comes again."""
    with house.reading() as db:
        due = store.due_outflows(db, house.clock(), limit=AT_ONCE)
        ready = [one for one in due if refusal_now(db, house, store.find_outflow(db, one)) is None]
    ran = 0
    for outflow_id in ready:
        try:
            run_outflow(house, house.itself, outflow_id)
            ran += 1
        except (Refused, Unavailable):
            continue  # the run keeps the reason, and another run is no fault
    return ran


def run_outflow(house: House, actor: Actor, outflow_id: str, *, progress: Progress | None = None) -> Run:
    """Bring what the target lacks; the run keeps what came of it, or why nothing did."""
    with house.reading() as db:
        newest = _newest(db, house, store.find_outflow(db, outflow_id))
    with house.desk(actor) as desk:
        kept, run = acts.begin_outflow(desk, outflow_id, newest)
    watching, counting = _Watching(house, kept, run, progress), Counting(house, kept.agreement)
    try:
        with _beating(house, run, watching):
            order = ordered(
                house, kept, newest, take=counting.take, watch=watching, ask=watching.ask, announce=watching.announce
            )
            done = target_of(house, kept).deliver(order)
    except (Refused, Unavailable) as error:
        if not watching.begun:  # not a row left
            counting.give_back()
        with house.desk(actor) as desk:
            acts.fail_outflow(desk, run, error)
        raise
    with house.desk(actor) as desk:
        return acts.finish_outflow(desk, run, newest, done)


def looking(house: House) -> Callable[[Outflow], tuple[Text, ...]]:
    """Return how a target is looked at: reached, its columns compared with those of the rows, filled with nothing."""
    return lambda kept: target_of(house, kept).look(_looked_at(house, kept))


def comparing(house: House) -> Callable[[Outflow], tuple[Found, Found]]:
    """Return how a target is compared with the version that was delivered into it."""

    def compare(kept: Outflow) -> tuple[Found, Found]:
        order = _looked_at(house, kept)
        theirs = target_of(house, kept).compare(order)
        stands = next((one for one in order.known if one.version == kept.version), None)
        if stands is None:
            raise WrongMoment(
                text("the version that was delivered is kept no longer"),
                remedy=text("compare again after the next delivery"),
            )
        summed = theirs.checksum is not None
        ours = checksum_of(house.pools, order.folder, stands, summed_columns(order.schema)) if summed else None
        return Found(rows=stands.rows, checksum=ours), theirs

    return compare


def target_of(house: House, kept: Outflow) -> Into:
    """Return a target with the word that the consumer keeps for it in this node."""
    settings = house.home.settings
    ways = Ways(
        hosts=settings.outflows.hosts,
        folders=settings.outflows.folders,
        node=settings.name,
        key=house.key,
        clock=house.clock,
        sm2=house.sm2,
    )
    word = target_secret(house.home.folder, kept.secret) if kept.secret else ""
    return TARGETS[kept.target.kind](kept.target, word, ways)


@dataclass(slots=True)
class _Watching:
    """Counts what was handed on, and asks several times a second whether more may be."""

    house: House
    kept: Outflow
    run: Run
    progress: Progress | None
    sent: int = 0
    total: int = 0
    begun: bool = False  # something was handed on, or is about to be
    _next: float = field(default=0.0)

    def __call__(self, rows: int) -> None:
        self.sent += rows
        if time.monotonic() >= self._next:
            self.ask()
            if self.progress:
                self.progress(self.sent, self.total)
        self.begun = True

    def announce(self, total: int) -> None:
        """Tell how many rows there will be."""
        self.total = total
        if self.progress:
            self.progress(0, total)

    def ask(self) -> None:
        """Refuse where the right is gone, somebody paused the outflow, or another run has it."""
        with self.house.reading() as db:
            kept = store.find_outflow(db, self.kept.id)
            _newest(db, self.house, kept)
            ours = store.holds_lease(db, self.run.id)
        self._next = time.monotonic() + ASKED_EVERY_SECONDS
        if kept.state is not State.ACTIVE:
            raise WrongMoment(text("the outflow is {state}", state=kept.state.value))
        if not ours:
            raise WrongMoment(text("this run was given up, and another took its place; it keeps nothing"))


def _looked_at(house: House, kept: Outflow) -> Ordered:
    with house.reading() as db:
        newest = _newest(db, house, kept)
    return ordered(
        house, kept, newest, take=lambda: None, watch=lambda _: None, ask=lambda: None, announce=lambda _: None
    )


def _newest(db: Db, house: House, kept: Outflow) -> View:
    """Return the newest version, or refuse where nothing may go out now."""
    refusal = refusal_now(db, house, kept)
    newest = views.newest_view(db, kept.agreement)
    if refusal is not None or newest is None:
        raise _refused(refusal)
    return newest


def _refused(refusal: Refusal | None) -> Refused | Unavailable:
    if refusal is None or refusal.code == "unavailable":
        return Unavailable(text("the view of this agreement is being made"), remedy=text("ask again in a moment"))
    return NotAllowed(refusal.reason, basis=refusal.basis, remedy=refusal.remedy)


@contextmanager
def _beating(house: House, run: Run, watching: _Watching) -> Iterator[None]:
    """Keep the outflow for this run as long as its process lives, and tell how far it has come."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(RENEWED_EVERY_SECONDS):
            until = house.clock() + acts.LEASE
            try:
                with transaction(house.engine) as db:
                    if not store.renew_lease(db, run.id, until=until, sent=watching.sent, total=watching.total):
                        return
            except Unavailable:
                continue  # the lease outlives a short silence of the database

    thread = threading.Thread(target=beat, name=f"outflow-{run.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(5)
