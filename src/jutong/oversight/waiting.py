"""What is owed on agreements besides delivery, as lines of a desk."""

from __future__ import annotations

from datetime import date

from jutong import sharing
from jutong.kernel.db import Db
from jutong.kernel.pile import Pile
from jutong.sharing.agreement import Agreement
from jutong.sharing.turn import Side

from .todo import Todo, Work


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
