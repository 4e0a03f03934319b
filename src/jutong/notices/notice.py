"""A notice: somebody else did something that one's body must know of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from jutong.ledger.evidence import Evidence
from jutong.terms.duty import Duty

HOUSE = "house"  # what the node does follows from what others did, so its own body is told of it too


class Side(StrEnum):
    """Which desks of a body a notice is for."""

    ASKING = "asking"
    ANSWERING = "answering"
    CATALOGUE = "catalogue"
    AUDITING = "auditing"
    CORRECTING = "correcting"
    OBJECTING = "objecting"
    OVERSEEING = "overseeing"
    JUDGING = "judging"
    SECURING = "securing"
    PERSON = "person"  # whom it is about, by letter alone: it is on nobody's list of notices


SIDES: Mapping[Side, frozenset[Duty]] = {
    Side.ASKING: frozenset({Duty.REQUESTS, Duty.OFFICE_HEAD}),
    Side.ANSWERING: frozenset({Duty.ANSWERS, Duty.OFFICE_HEAD}),
    Side.CATALOGUE: frozenset({Duty.CATALOGUE, Duty.DEPARTMENT_HEAD}),
    Side.AUDITING: frozenset({Duty.REGISTER_AUDIT, Duty.PUBLISH_AUDIT}),
    Side.CORRECTING: frozenset({Duty.GOVERNANCE, Duty.ANSWERS, Duty.OFFICE_HEAD}),
    Side.OBJECTING: frozenset({Duty.GOVERNANCE}),
    Side.OVERSEEING: frozenset({Duty.OVERSIGHT}),
    Side.JUDGING: frozenset({Duty.OVERSIGHT, Duty.DEPARTMENT_HEAD}),
    Side.SECURING: frozenset({Duty.SECURITY_ADMIN}),
    Side.PERSON: frozenset(),
}


class Party(StrEnum):
    """Whom a line of evidence concerns, by the name of its fact; the authority stands in none."""

    PROVIDER = "provider"
    CONSUMER = "consumer"
    AUTHORITY = "authority"
    ARBITER = "arbiter"  # who leads on this rung of a dispute
    BODY = "body"  # of a person's post


class Thing(StrEnum):
    """On what kind of thing something was done."""

    REQUEST = "request"
    AGREEMENT = "agreement"
    ENTRY = "entry"
    OBJECTION = "objection"
    CHANGE = "change"  # of an entry that one uses
    REVISION = "revision"
    DEMAND = "demand"
    RESPONSIBILITY = "responsibility"
    DISPUTE = "dispute"
    ACCOUNT = "account"


_ASKER = (Party.CONSUMER, Side.ASKING)
_ANSWERER = (Party.PROVIDER, Side.ANSWERING)
_AUTHOR = (Party.PROVIDER, Side.CATALOGUE)
_SOURCE = (Party.PROVIDER, Side.CORRECTING)
_JUDGE = (Party.ARBITER, Side.JUDGING)
_OVERSEER = (Party.AUTHORITY, Side.OVERSEEING)
_UNUSED = ((Party.BODY, Side.SECURING), (Party.AUTHORITY, Side.SECURING), (Party.BODY, Side.PERSON))
Told = tuple[Party, Side]

# One table: which word of the ledger is told to whom.
TOLD: Mapping[str, tuple[Thing, tuple[Told, ...]]] = {
    "sharing.submitted": (Thing.REQUEST, (_ANSWERER,)),
    "sharing.precheck_asked": (Thing.REQUEST, (_OVERSEER,)),
    "sharing.precheck_completed": (Thing.REQUEST, (_OVERSEER,)),
    "sharing.precheck_returned": (Thing.REQUEST, (_ASKER,)),
    "sharing.precheck_passed": (Thing.REQUEST, (_ASKER,)),
    "sharing.supplement_required": (Thing.REQUEST, (_ASKER,)),
    "sharing.supplemented": (Thing.REQUEST, (_ANSWERER,)),
    "sharing.extension_asked": (Thing.REQUEST, (_OVERSEER,)),
    "sharing.urged": (Thing.REQUEST, (_ANSWERER, _OVERSEER)),
    "sharing.extended": (Thing.REQUEST, (_ASKER, _ANSWERER)),
    "sharing.approved": (Thing.REQUEST, (_ASKER,)),
    "sharing.refused": (Thing.REQUEST, (_ASKER,)),
    "sharing.withdrawn": (Thing.REQUEST, (_ANSWERER,)),
    "sharing.delivered": (Thing.AGREEMENT, (_ASKER,)),
    "sharing.suspended": (Thing.AGREEMENT, (_ASKER, _ANSWERER)),
    "sharing.resumed": (Thing.AGREEMENT, (_ASKER, _ANSWERER)),
    "sharing.terminated": (Thing.AGREEMENT, (_ASKER, _ANSWERER)),
    "sharing.rectified": (Thing.AGREEMENT, (_ANSWERER, _OVERSEER)),
    "sharing.rectification_judged": (Thing.AGREEMENT, (_ASKER, _ANSWERER)),
    "sharing.change_proposed": (Thing.AGREEMENT, (_ASKER, _OVERSEER)),
    "sharing.change_agreed": (Thing.AGREEMENT, (_ASKER, _ANSWERER)),
    "sharing.change_declined": (Thing.AGREEMENT, (_ASKER, _ANSWERER)),
    "sharing.change_taken_back": (Thing.AGREEMENT, (_ASKER,)),
    "sharing.concluded": (Thing.AGREEMENT, (_ANSWERER,)),
    "sharing.expired": (Thing.AGREEMENT, (_ASKER, _ANSWERER)),
    "sharing.disposed": (Thing.AGREEMENT, (_ANSWERER,)),
    "sharing.use_recorded": (Thing.AGREEMENT, (_ANSWERER,)),
    "sharing.use_unrecorded": (Thing.AGREEMENT, (_ASKER, _ANSWERER, _OVERSEER)),
    "sharing.dispute_opened": (Thing.DISPUTE, (_ASKER, _ANSWERER)),
    "sharing.opinion_stated": (Thing.DISPUTE, (_ASKER, _ANSWERER)),
    "sharing.ruling_proposed": (Thing.DISPUTE, (_ASKER, _ANSWERER)),
    "sharing.ruling_accepted": (Thing.DISPUTE, (_ASKER, _ANSWERER)),
    "sharing.dispute_taken_up": (Thing.DISPUTE, (_ASKER, _ANSWERER, _JUDGE)),
    "sharing.dispute_referred": (Thing.DISPUTE, (_ASKER, _ANSWERER, _JUDGE)),
    "sharing.dispute_decided": (Thing.DISPUTE, (_ASKER, _ANSWERER)),
    "sharing.dispute_withdrawn": (Thing.DISPUTE, (_ASKER, _ANSWERER)),
    "sharing.dispute_overdue": (Thing.DISPUTE, (_ASKER, _ANSWERER, _JUDGE)),
    "sharing.bound": (Thing.REQUEST, (_ASKER, _ANSWERER)),
    "sharing.escalated": (Thing.REQUEST, (_ANSWERER, _ASKER, _OVERSEER)),
    "sharing.deadline_recomputed": (Thing.REQUEST, (_ANSWERER, _ASKER)),
    "catalogue.submitted": (Thing.ENTRY, ((Party.AUTHORITY, Side.AUDITING),)),
    "catalogue.registered": (Thing.ENTRY, (_AUTHOR,)),
    "catalogue.published": (Thing.ENTRY, (_AUTHOR,)),
    "catalogue.returned": (Thing.ENTRY, (_AUTHOR,)),
    "sharing.change_told": (Thing.CHANGE, (_ASKER,)),
    "catalogue.revision_opened": (Thing.REVISION, (_AUTHOR,)),
    "catalogue.revision_extension_asked": (Thing.REVISION, (_OVERSEER,)),
    "catalogue.revision_extended": (Thing.REVISION, (_AUTHOR,)),
    "catalogue.revision_extension_declined": (Thing.REVISION, (_AUTHOR,)),
    "catalogue.revision_escalated": (Thing.REVISION, (_AUTHOR, _OVERSEER)),
    "catalogue.audit_escalated": (Thing.ENTRY, ((Party.AUTHORITY, Side.AUDITING), _OVERSEER)),
    "catalogue.demand_filed": (Thing.DEMAND, ((Party.AUTHORITY, Side.AUDITING),)),
    "catalogue.demand_accepted": (Thing.DEMAND, (_ASKER,)),
    "catalogue.demand_refused": (Thing.DEMAND, (_ASKER,)),
    "catalogue.demand_merged": (Thing.DEMAND, (_ASKER,)),
    "catalogue.demand_routed": (Thing.DEMAND, (_ANSWERER,)),
    "catalogue.demand_confirmed": (Thing.DEMAND, (_ASKER, _OVERSEER)),
    "catalogue.demand_contested": (Thing.DEMAND, (_OVERSEER,)),
    "catalogue.demand_satisfied": (Thing.DEMAND, (_ASKER,)),
    "catalogue.responsibility_opened": (Thing.RESPONSIBILITY, (_ANSWERER,)),
    "catalogue.responsibility_fulfilled": (Thing.RESPONSIBILITY, (_ASKER, _OVERSEER)),
    "catalogue.responsibility_escalated": (Thing.RESPONSIBILITY, (_ANSWERER, _OVERSEER)),
    "census.proposals_opened": (Thing.ENTRY, (_AUTHOR,)),
    "search.matched": (Thing.ENTRY, (_ASKER,)),
    "delivery.given_up": (Thing.AGREEMENT, (_ASKER,)),
    "delivery.outflow_declared": (Thing.AGREEMENT, (_ANSWERER,)),
    "delivery.outflow_started": (Thing.AGREEMENT, (_ASKER,)),
    "delivery.outflow_delayed": (Thing.AGREEMENT, (_ASKER, _ANSWERER)),
    "delivery.outflow_stopped": (Thing.AGREEMENT, (_ASKER, _ANSWERER)),
    "sharing.doubt_told": (Thing.AGREEMENT, (_ASKER,)),
    "sharing.doubt_lifted": (Thing.AGREEMENT, (_ASKER,)),
    "quality.objection_reopened": (Thing.OBJECTION, (_SOURCE,)),
    "quality.objection_opened": (Thing.OBJECTION, (_SOURCE,)),
    "quality.objection_adopted": (Thing.OBJECTION, (_SOURCE,)),
    "quality.objection_answered": (Thing.OBJECTION, ((Party.AUTHORITY, Side.OBJECTING),)),
    "quality.objection_resolved": (Thing.OBJECTION, (_SOURCE, (Party.AUTHORITY, Side.OBJECTING))),
    "quality.objection_closed": (Thing.OBJECTION, (_SOURCE,)),
    "access.unused_warned": (Thing.ACCOUNT, _UNUSED),
    "access.unused_suspended": (Thing.ACCOUNT, _UNUSED),
}


# The day that a notice tells with what was done: somebody's clock runs to it.
DUE: Mapping[str, str] = {
    **dict.fromkeys(("sharing.submitted", "sharing.supplemented", "sharing.extended", "sharing.escalated"), "due"),
    **dict.fromkeys(("sharing.deadline_recomputed", "quality.objection_opened", "quality.objection_adopted"), "due"),
    "quality.objection_reopened": "due",
    **dict.fromkeys(("catalogue.revision_opened", "catalogue.revision_extended"), "due"),
    "catalogue.responsibility_opened": "due",
    "sharing.urged": "due",
    "sharing.suspended": "rectify_by",
    "sharing.rectification_judged": "rectify_by",
    "sharing.rectified": "judged_by",
    "sharing.change_proposed": "answer_by",
    "sharing.use_unrecorded": "due",
    **dict.fromkeys(("sharing.precheck_asked", "sharing.precheck_completed"), "check_due"),
    **dict.fromkeys(("sharing.dispute_opened", "sharing.dispute_taken_up", "sharing.dispute_referred"), "due"),
    **dict.fromkeys(("sharing.dispute_overdue", "sharing.bound"), "due"),
    **dict.fromkeys(("sharing.terminated", "sharing.concluded", "sharing.expired"), "dispose_by"),
    "sharing.approved": "delivery_due",
    "catalogue.submitted": "audit_due",
    "access.unused_warned": "due",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a side of a body is told; it holds identifiers and days, as the line behind it does."""

    line: str  # of evidence; its identifier orders notices by time
    body: str
    side: Side
    word: str
    thing: Thing
    on: str
    entry: str
    other: str  # the other body that is concerned
    at: datetime
    due: date | None = None
    title: str = ""  # of the entry, as it is today
    other_name: str = ""
    read: bool = False

    def named(self, title: str, other_name: str) -> Notice:
        """Return the notice with the words that a reader needs."""
        return replace(self, title=title, other_name=other_name)


def sides_of(duties: Iterable[Duty]) -> tuple[Side, ...]:
    """Return for which sides of its body somebody with these duties is told.

    >>> [side.value for side in sides_of([Duty.REQUESTS])]
    ['asking']
    """
    held = frozenset(duties)
    return tuple(side for side, wanted in SIDES.items() if held & wanted)


def notices_of(line: Evidence, authorities: Collection[str]) -> tuple[Notice, ...]:
    """Return whom a line of evidence is told to: never to the body that did it, unless the node itself did."""
    if line.act not in TOLD or (line.act == "sharing.withdrawn" and line.facts.get("received") is None):
        return ()
    thing, told = TOLD[line.act]
    if line.facts.get("clock", "answer") not in ("answer", "precheck"):
        thing = Thing.AGREEMENT
    provider, consumer = _fact(line, "provider"), _fact(line, "consumer")
    found = []
    for party, side in told:
        bodies = authorities if party is Party.AUTHORITY else [_fact(line, party.value)]
        for body in sorted(bodies):
            if not body or (body == line.org and line.actor != HOUSE):
                continue
            found.append(
                Notice(
                    line=line.id,
                    body=body,
                    side=side,
                    word=line.act,
                    thing=thing,
                    on=line.on,
                    entry=_fact(line, "entry") or line.on,
                    other=provider if body == consumer or party is Party.AUTHORITY else consumer or line.org,
                    at=line.at,
                    due=_day(line, DUE.get(line.act, "")),
                )
            )
    return tuple(found)


def _fact(line: Evidence, name: str) -> str:
    found = line.facts.get(name)
    return found if isinstance(found, str) else ""


def _day(line: Evidence, name: str) -> date | None:
    found = _fact(line, name)
    return date.fromisoformat(found) if found else None
