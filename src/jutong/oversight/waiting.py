"""Who looks at a desk, and what is owed on agreements besides delivery, as its lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from jutong import sharing
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import Db
from jutong.kernel.pile import Pile
from jutong.kernel.text import plain
from jutong.sharing import buying, dispute, use
from jutong.sharing.agreement import Agreement
from jutong.sharing.turn import Side
from jutong.terms import Actor, Calendar

from .todo import Todo, Work

BEFOREHAND = timedelta(days=14)  # what is to be recorded stands on the desk from so long before its day


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, when, how far, and by whose calendar."""

    db: Db
    actor: Actor
    now: datetime
    calendar: Calendar
    authorities: frozenset[str]
    limit: int

    @property
    def today(self) -> date:
        """The day by legal time."""
        return self.now.astimezone(LEGAL_TIME).date()

    @property
    def org(self) -> str:
        """The body in whose name one looks."""
        return self.actor.org

    @property
    def looked_after(self) -> frozenset[str] | None:
        """The bodies whose administrators one is among; None: those of all."""
        return None if self.org in self.authorities else frozenset({self.org})


def tasks_waiting(
    db: Db, org: str, today: date, work: Work, task: sharing.Task, side: Side | None, *, limit: int
) -> Pile[Todo]:
    """Return what a body owes (asked) or is owed (answering); of all bodies (no side) only what is overdue."""

    def line(one: Agreement) -> Todo:
        clock = next((owed.clock for owed in one.owed if owed.task is task), None)
        asked = side is Side.ASKED and task is not sharing.Task.JUDGE_RECTIFICATION
        return Todo(
            work=work,
            on=one.id,
            title=one.entry,
            body=one.provider if asked else one.consumer,
            due=None if clock is None else clock.due,
            provisional=clock is not None and clock.provisional,
        )

    before = {"before": today.isoformat()} if side is None else {}
    return sharing.tasks_waiting(db, task, side, org, limit=limit, **before).map(line)


def uses_waiting(look: Look) -> Pile[Todo]:
    """Return the agreements of which the looker's body must soon record the use, or is late."""
    found = use.uses_missing(look.db, look.org, before=look.today + BEFOREHAND, limit=look.limit)
    return found.map(
        lambda one: Todo(
            work=Work.RECORD_USE,
            on=f"{one.agreement}/use",
            title=one.entry,
            body=one.provider,
            due=one.clock.due,
            provisional=one.clock.provisional,
        )
    )


def disputes_waiting(look: Look) -> Pile[Todo]:
    """Return the disputes in which the looker's body must act now."""
    return dispute.disputes_waiting(look.db, look.org, limit=look.limit).map(
        lambda one: Todo(
            work=Work.SETTLE_DISPUTE,
            on=one.id,
            title=one.entry,
            body=one.consumer if look.org == one.provider else one.provider,
            due=one.clock.due,
            provisional=one.clock.provisional,
        )
    )


def purchases_waiting(look: Look) -> Pile[Todo]:
    """Return what the looker's body bought and has not yet shared under an entry."""
    found = buying.purchases_to_share(look.db, look.org, limit=look.limit)
    return found.map(lambda one: Todo(work=Work.SHARE_PURCHASE, on=one.id, title=plain(one.terms.title)))


def prechecks_waiting(look: Look) -> Pile[Todo]:
    """Return the requests that the authority must check before their providers receive them."""
    found = sharing.requests_waiting(look.db, None, look.org, stage=sharing.Stage.PRECHECK, limit=look.limit)
    return found.map(lambda one: _checked(one, Work.CHECK_REQUEST, one.consumer))


def supplements_waiting(usual: Callable[[Look], Pile[Todo]]) -> Callable[[Look], Pile[Todo]]:
    """Return what the looker's body must supplement: for a provider, as ``usual`` says, and for the authority."""

    def read(look: Look) -> Pile[Todo]:
        stage = sharing.Stage.PRECHECK_RETURNED
        found = sharing.requests_waiting(look.db, Side.ASKED, look.org, stage=stage, limit=look.limit)
        mine, others = found.map(lambda one: _checked(one, Work.SUPPLEMENT, one.provider)), usual(look)
        return Pile((*mine.top, *others.top)[: look.limit], mine.size + others.size)

    return read


def _checked(one: sharing.Request, work: Work, body: str) -> Todo:
    runs = work is Work.CHECK_REQUEST and one.precheck is not None
    clock = one.precheck.clock if runs and one.precheck is not None else None
    return Todo(
        work=work,
        on=one.id,
        title=one.entry,
        body=body,
        due=None if clock is None else clock.due,
        provisional=clock is not None and clock.provisional,
    )
