"""What waits for a body is read out of the rooms as strands of one list: a page of it, and how much there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from jutong import catalogue, quality, registers, sharing
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import Db
from jutong.kernel.strands import Strand, counted, laid
from jutong.quality.objection import Stage as ObjectionStage
from jutong.sharing import strands
from jutong.sharing.request import Stage as RequestStage
from jutong.sharing.turn import Side
from jutong.terms import Actor

from .acceptance import ACCEPTED, NO_DAY, Awaited, Matter, Size, Term, Wanted, accepted_by
from .todo import Work
from .waiting import BEFOREHAND, Look

MATTER = "matter"
EVERYTHING = Wanted()


def accepted(
    db: Db,
    actor: Actor,
    now: datetime,
    wanted: Wanted = EVERYTHING,
    *,
    after: Sequence[str] = (),
    descending: bool = False,
    limit: int = 50,
) -> tuple[Awaited, ...]:
    """Return one page of what waits for the actor's body, the first due first, from after the place of a line on."""
    look = _look(db, actor, now)
    works = accepted_by(actor, look.authorities)
    rows = laid(db, _strands(look, works, wanted), after=after, descending=descending, limit=limit)
    titles = catalogue.titles(db, {row.entry for row in rows if row.entry})
    names = registers.body_names(db, {row.party for row in rows if row.party})
    left = {row.day: look.calendar.left(look.today, date.fromisoformat(row.day)) for row in rows if row.day != NO_DAY}
    return tuple(_line(look, row, works, titles, names, left) for row in rows)


def accepted_sizes(db: Db, actor: Actor, now: datetime, wanted: Wanted = EVERYTHING) -> Mapping[Matter, Size]:
    """Return how much of each kind waits for the actor's body, and how much of it is overdue; kinds of which none does
    are left out.
    """
    look = _look(db, actor, now)
    found = _strands(look, accepted_by(actor, look.authorities), wanted)
    sizes = counted(db, found, lambda strand: strand.facts[MATTER], look.today)
    return {matter: Size(*sizes[matter.value]) for matter in Matter if matter.value in sizes}


def _look(db: Db, actor: Actor, now: datetime) -> Look:
    return Look(db, actor, now, registers.calendar(db), registers.authorities(db), 0)


def _strands(look: Look, works: Mapping[Work, bool], wanted: Wanted) -> Mapping[str, Strand]:
    """Return the strands of what is asked for, each narrowed to it."""
    parties = _parties(look, wanted.sought)
    found: dict[str, Strand] = {}
    for work, mine in works.items():
        if wanted.work not in (None, work) or wanted.mine not in (None, mine):
            continue
        strand = _of_matter(work, _strand(look, work), wanted.matter)
        strand = strand and _of_term(strand, wanted.term, look.today)
        if strand is not None:
            found[work.value] = strand.only(_named(strand, wanted.sought, parties)) if wanted.sought else strand
    return found


def _of_matter(work: Work, strand: Strand, wanted: Matter | None) -> Strand | None:
    """Return the strand with its kind among its facts, as far as it is of the kind that is wanted."""
    facts = dict(strand.facts)
    form, kind = facts.pop("form", None), ACCEPTED[work][0]
    if kind is None and form is not None:
        told = replace(strand, facts={**facts, MATTER: form})
        return told if wanted is None else told.only(form == wanted.value)
    known = kind or Matter.REQUEST
    return replace(strand, facts={**facts, MATTER: sa.literal(known.value)}) if wanted in (None, known) else None


def _of_term(strand: Strand, term: Term | None, today: date) -> Strand | None:
    match term:
        case Term.OVERDUE:
            return strand.due_in(None, today)
        case Term.RUNNING:
            return strand.due_in(today, None)
        case Term.NONE:
            return strand.dayless()
        case _:
            return strand


def _parties(look: Look, sought: str) -> tuple[str, ...]:
    """Return the codes of the bodies whose names hold what is sought."""
    if not sought:
        return ()
    return tuple(one.code for one in registers.bodies(look.db) if sought in one.name or sought in one.short_name)


def _named(strand: Strand, sought: str, parties: Sequence[str]) -> sa.ColumnElement[bool]:
    facts = strand.facts
    return sa.or_(
        strand.id == sought,
        facts["party"].in_(parties) if parties else sa.false(),
        facts["entry"].in_(catalogue.titled(sought)),
        facts["title"].contains(sought, autoescape=True),
    )


def _strand(look: Look, work: Work) -> Strand:
    org, stages, tasks = look.org, catalogue.DemandStage, sharing.Task
    match work:
        case Work.ANSWER:
            return strands.answers(org)
        case Work.CHECK_REQUEST:
            return strands.prechecks()
        case Work.SIGN_REQUEST:
            return strands.requests((RequestStage.DRAFT,), org)
        case Work.SUBMIT_REQUEST:
            return strands.requests((RequestStage.CONSUMER_OFFICE_SIGNED,), org)
        case Work.SUPPLEMENT:
            return strands.requests((RequestStage.SUPPLEMENT_REQUIRED, RequestStage.PRECHECK_RETURNED), org)
        case Work.AGREE_EXTENSION:
            return strands.requests((RequestStage.EXTENSION_ASKED,))
        case Work.DELIVER:
            return strands.deliveries(org)
        case Work.ANSWER_CHANGE:
            return strands.tasks(tasks.ANSWER_CHANGE, Side.ASKED, org)
        case Work.DECIDE_CHANGE:
            return strands.tasks(tasks.ANSWER_CHANGE, None, before=look.today)
        case Work.RECTIFY:
            return strands.tasks(tasks.RECTIFY, Side.ASKED, org)
        case Work.JUDGE_RECTIFICATION:
            return strands.tasks(tasks.JUDGE_RECTIFICATION, Side.ASKED, org)
        case Work.RECORD_USE:
            return strands.uses(org, before=look.today + BEFOREHAND)
        case Work.DISPOSE:
            return strands.tasks(tasks.DISPOSE, Side.ASKED, org)
        case Work.SETTLE_DISPUTE:
            return strands.disputes(org)
        case Work.TAKE_UP_OBJECTION:
            return quality.objections_strand((ObjectionStage.FILED,), org)
        case Work.ANSWER_OBJECTION:
            return quality.objections_strand((ObjectionStage.VERIFYING,), org)
        case Work.CLOSE_OBJECTION:
            return quality.objections_strand(quality.ANSWERED)
        case Work.AUDIT_DEMAND:
            return catalogue.demands_strand(stages.FILED)
        case Work.SPLIT_DEMAND:
            return catalogue.demands_strand(stages.PUBLISHED, unsplit=True)
        case Work.ANSWER_DEMAND:
            return catalogue.demands_strand(stages.PUBLISHED, asked=org)
        case Work.FILE_DEMAND:
            return catalogue.demands_strand(stages.DRAFT, consumer=org)
        case Work.FULFIL_RESPONSIBILITY:
            return catalogue.responsibilities_strand(org)
        case Work.SHARE_PURCHASE:
            return strands.purchases(org)
    raise ValueError(f"{work} does not wait at the acceptance desk")


def _line(
    look: Look,
    row: sa.Row[Any],
    works: Mapping[Work, bool],
    titles: Mapping[str, str],
    names: Mapping[str, str],
    left: Mapping[str, int],
) -> Awaited:
    work = Work(row.strand)
    due = None if row.day == NO_DAY else date.fromisoformat(row.day)
    return Awaited(
        work=work,
        matter=Matter(row.matter),
        on=row.id,
        title=row.title or titles.get(row.entry, row.entry),
        entry=row.entry,
        party=row.party or "",
        party_name=names.get(row.party, row.party or ""),
        since=_day(row.since),
        due=due,
        days_left=left.get(row.day),
        # A day of a year whose notice has not come yet may still move.
        provisional=due is not None and due.year not in look.calendar.notices,
        mine=works[work],
    )


def _day(spelled: str | None) -> date | None:
    if not spelled:
        return None
    return (
        date.fromisoformat(spelled)
        if len(spelled) == len("2026-01-01")
        else (datetime.fromisoformat(spelled).astimezone(LEGAL_TIME).date())
    )
