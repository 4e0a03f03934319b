"""Requests, agreements, disputes and purchases that wait for somebody, as strands of one list of all that waits.

Each tells ``entry``, ``title`` (where it has none of the catalogue), ``party`` (the other body) and ``since``.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa

from jutong.kernel.strands import NEVER, Facts, Strand, fact

from .buying.store import purchase
from .dispute.store import dispute
from .dispute.store import side as dispute_side
from .request import Stage
from .standing import Standing, Task
from .store import agreement, owed, request
from .turn import Side
from .use.store import watch

# How a request came: alone, as one of several, or to change an agreement.
FORM = sa.case((request.c.amends != "", "amendment"), (request.c.batch != "", "batch"), else_="request")


def answers(body: str) -> Strand:
    """Return the requests that a provider owes an answer."""
    return _requests((request.c.provider == body, request.c.due < NEVER), request.c.consumer)


def requests(stages: Collection[Stage], body: str = "") -> Strand:
    """Return requests of an asking body that stand in some stages; of all bodies if none is named."""
    standing = request.c.stage.in_([one.value for one in stages])
    return _requests((request.c.consumer == body, standing), request.c.provider) if body else _of_tier(standing)


def prechecks() -> Strand:
    """Return the requests that the authority must check before their providers receive them."""
    found = _requests((request.c.stage == Stage.PRECHECK.value,), request.c.consumer)
    return Strand(
        of=found.of, where=found.where, due=fact(request, "precheck", "clock", "due"), id=found.id, facts=found.facts
    )


def deliveries(body: str) -> Strand:
    """Return the agreements that a provider must still deliver."""
    return Strand(
        of=agreement,
        where=(agreement.c.provider == body, agreement.c.due < NEVER),
        due=agreement.c.due,
        id=agreement.c.id,
        facts=_facts(agreement.c.entry, agreement.c.consumer, fact(agreement, "delivery", "started")),
    )


def tasks(task: Task, side: Side | None, body: str = "", *, before: date | None = None) -> Strand:
    """Return the agreements on which a task is owed: by a body, to it as the provider, or by all (before a day)."""
    mine = {Side.ASKED: owed.c.body == body, Side.ANSWERING: owed.c.provider == body, None: sa.true()}[side]
    late = sa.true() if before is None else owed.c.due < before.isoformat()
    party = sa.case((agreement.c.provider == body, agreement.c.consumer), else_=agreement.c.provider)
    return Strand(
        of=owed.join(agreement, agreement.c.id == owed.c.agreement),
        where=(owed.c.task == task.value, mine, late),
        due=owed.c.due,
        id=owed.c.agreement,
        facts=_facts(agreement.c.entry, party, fact(agreement, *_STARTED[task])),
    )


def uses(body: str, *, before: date) -> Strand:
    """Return the agreements of which a body must record the use before a day, or is late."""
    in_force = agreement.c.stage == Standing.IN_FORCE.value
    return Strand(
        of=watch.join(agreement, agreement.c.id == watch.c.agreement),
        where=(watch.c.consumer == body, watch.c.due < before.isoformat(), in_force),
        due=watch.c.due,
        id=watch.c.agreement,
        facts=_facts(agreement.c.entry, agreement.c.provider, fact(watch, "clock", "started")),
    )


def disputes(body: str) -> Strand:
    """Return the disputes in which a body must act now."""
    consumer, provider = fact(dispute, "consumer"), fact(dispute, "provider")
    return Strand(
        of=dispute_side.join(dispute, dispute.c.id == dispute_side.c.dispute),
        where=(dispute_side.c.body == body, dispute_side.c.turn.is_(True)),
        due=dispute_side.c.due,
        id=dispute_side.c.dispute,
        facts=_facts(
            fact(dispute, "entry"),
            sa.case((provider == body, consumer), else_=provider),
            fact(dispute, "clock", "started"),
        ),
    )


def purchases(body: str) -> Strand:
    """Return what a body bought and has not yet shared under an entry; no day is set for it."""
    return Strand(
        of=purchase,
        where=(purchase.c.entry == "", purchase.c.over.is_(False), purchase.c.buyer == body),
        due=None,
        id=purchase.c.id,
        facts={
            **_facts(sa.literal(""), sa.literal(""), fact(purchase, "declared")),
            "title": fact(purchase, "terms", "title"),
        },
    )


_STARTED = {
    Task.RECTIFY: ("rectification", "clock", "started"),
    Task.JUDGE_RECTIFICATION: ("rectification", "judging", "started"),
    Task.ANSWER_CHANGE: ("change", "clock", "started"),
    Task.DISPOSE: ("disposal", "started"),
}


def _of_tier(standing: sa.ColumnElement[bool]) -> Strand:
    return _requests((standing,), request.c.provider)


def _requests(where: tuple[sa.ColumnElement[bool], ...], party: sa.ColumnElement[str]) -> Strand:
    since = sa.func.coalesce(
        fact(request, "received"), fact(request, "precheck", "clock", "started"), fact(request, "drafted")
    )
    facts = {**_facts(request.c.entry, party, since), "form": FORM}
    return Strand(of=request, where=where, due=request.c.due, id=request.c.id, facts=facts)


def _facts(entry: sa.ColumnElement[str], party: sa.ColumnElement[str], since: sa.ColumnElement[str]) -> Facts:
    return {"entry": entry, "title": sa.literal(""), "party": party, "since": since}
