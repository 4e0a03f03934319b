"""What waits for somebody in a post: which kind of work, on which thing, by whose clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from jutong.guard.permit import Label, decide
from jutong.kernel.errors import NotAllowed
from jutong.kernel.text import Text, text
from jutong.terms.actor import Actor

SOON_DAYS, LAST_DAYS = 3, 1  # working days from which a clock is amber, and red
TIER = ""  # owns what is for the tier's authority alone to do


class Work(StrEnum):
    """What is to be done, or what one waits for; in the order in which things of equal urgency are shown."""

    ANSWER = "answer"
    AGREE_EXTENSION = "agree-extension"
    AUDIT_REGISTRATION = "audit-registration"
    AUDIT_PUBLICATION = "audit-publication"
    DELIVER = "deliver"
    TAKE_UP_OBJECTION = "take-up-objection"
    ANSWER_OBJECTION = "answer-objection"
    ANSWER_CHANGE = "answer-change"
    RECTIFY = "rectify"
    JUDGE_RECTIFICATION = "judge-rectification"
    DISPOSE = "dispose"
    CHECK_REQUEST = "check-request"
    RECORD_USE = "record-use"
    SETTLE_DISPUTE = "settle-dispute"
    DECIDE_CHANGE = "decide-change"
    URGE_RECTIFICATION = "urge-rectification"
    URGE_DISPOSAL = "urge-disposal"
    URGE_ANSWER = "urge-answer"
    URGE_DELIVERY = "urge-delivery"
    URGE_CORRECTION = "urge-correction"
    UPDATE_ENTRY = "update-entry"
    AGREE_UPDATE_EXTENSION = "agree-update-extension"
    URGE_UPDATE = "urge-update"
    AUDIT_DEMAND = "audit-demand"
    SPLIT_DEMAND = "split-demand"
    ANSWER_DEMAND = "answer-demand"
    FULFIL_RESPONSIBILITY = "fulfil-responsibility"
    URGE_RESPONSIBILITY = "urge-responsibility"
    SHARE_PURCHASE = "share-purchase"
    FILE_DEMAND = "file-demand"
    MEND_ENTRY = "mend-entry"
    SUPPLEMENT = "supplement"
    SIGN_REQUEST = "sign-request"
    SUBMIT_REQUEST = "submit-request"
    SIGN_ENTRY = "sign-entry"
    SUBMIT_ENTRY = "submit-entry"
    FINISH_ENTRY = "finish-entry"
    CLOSE_OBJECTION = "close-objection"
    SETTLE_CONFLICTS = "settle-conflicts"
    RENEW_AGREEMENT = "renew-agreement"
    ENTER_CALENDAR = "enter-calendar"
    RENEW_CREDENTIAL = "renew-credential"
    SET_KEY = "set-key"
    LOCKED = "locked"
    INVITED = "invited"
    AWAIT_ANSWER = "await-answer"
    AWAIT_SUPPLEMENT = "await-supplement"
    AWAIT_EXTENSION = "await-extension"
    AWAIT_DELIVERY = "await-delivery"
    AWAIT_CHANGE = "await-change"
    AWAIT_RECTIFICATION = "await-rectification"
    AWAIT_DISPOSAL = "await-disposal"
    AWAIT_AUDIT = "await-audit"
    AWAIT_PUBLICATION = "await-publication"
    AWAIT_CORRECTION = "await-correction"
    AWAIT_ENTRY_SIGNATURE = "await-entry-signature"
    AWAIT_REQUEST_SIGNATURE = "await-request-signature"


class Whose(StrEnum):
    """Whose things a kind of work is about, seen from the one who does it."""

    OWN = "own"
    OTHERS = "others"
    TIER = "tier"


class Urgency(StrEnum):
    """How a clock stands; ``NONE`` is work without a day of the law."""

    BREACHED = "breached"
    LAST = "last"
    SOON = "soon"
    TIME = "time"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who does a kind of work: whoever the guard lets do ``act`` on such a thing; and by which law."""

    act: str
    whose: Whose
    law: Text
    waiting: bool = False  # others do it, and whoever may do ``act`` waits for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """One thing that waits; ``count`` of them where they are shown as one line."""

    work: Work
    on: str
    title: Text | str
    body: str = ""  # the other body that is concerned
    about: Text | str = ""  # what tells it from others on the same thing
    due: date | None = None
    provisional: bool = False
    count: int = 1
    days_left: int | None = None  # working days; below zero: so many late
    body_name: str = ""

    @property
    def urgency(self) -> Urgency:
        """How its clock stands."""
        if self.days_left is None:
            return Urgency.NONE
        if self.days_left < 0:
            return Urgency.BREACHED
        if self.days_left <= LAST_DAYS:
            return Urgency.LAST
        return Urgency.SOON if self.days_left <= SOON_DAYS else Urgency.TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Todos:
    """The most urgent lines, and how much there is of each kind of work."""

    lines: tuple[Todo, ...] = ()
    sizes: Mapping[Work, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How much waits in all."""
        return sum(self.sizes.values())


def by_urgency(lines: Iterable[Todo]) -> tuple[Todo, ...]:
    """Return the lines with the most urgent first: what has a day of the law before what has none."""
    order = {work: place for place, work in enumerate(Work)}
    return tuple(sorted(lines, key=lambda one: (one.due is None, one.due or date.max, order[one.work], one.on)))


def works_of(actor: Actor, authorities: frozenset[str]) -> tuple[Work, ...]:
    """Return the kinds of work that are the actor's: the guard says so, not a second table."""
    held = [work for work, rule in RULES.items() if _is_for(actor, rule, authorities)]
    return tuple(work for work in held if OWN_WORK_FIRST.get(work) not in held)


def _is_for(actor: Actor, rule: Rule, authorities: frozenset[str]) -> bool:
    at_home = rule.whose is Whose.OWN or (rule.whose is Whose.TIER and actor.org in authorities)
    owner = actor.org if at_home else TIER
    try:
        decide(actor, rule.act, Label(owner=owner, parties=authorities if rule.whose is Whose.TIER else frozenset()))
    except NotAllowed:
        return False
    return True


RULES: Mapping[Work, Rule] = {
    Work.ANSWER: Rule(act="sharing.require_supplement", whose=Whose.OWN, law=text("Order 809, art. 21")),
    Work.AGREE_EXTENSION: Rule(act="sharing.extend", whose=Whose.TIER, law=text("Order 809, art. 21")),
    Work.AUDIT_REGISTRATION: Rule(
        act="catalogue.audit_registration", whose=Whose.OTHERS, law=text("Order 809, art. 17")
    ),
    Work.AUDIT_PUBLICATION: Rule(act="catalogue.audit_publication", whose=Whose.OTHERS, law=text("Order 809, art. 17")),
    Work.DELIVER: Rule(act="sharing.record_delivery", whose=Whose.OWN, law=text("Order 809, art. 22")),
    Work.TAKE_UP_OBJECTION: Rule(act="quality.verify_objection", whose=Whose.OWN, law=text("Order 809, art. 26")),
    Work.ANSWER_OBJECTION: Rule(act="quality.answer_objection", whose=Whose.OWN, law=text("Order 809, art. 26")),
    Work.ANSWER_CHANGE: Rule(act="sharing.agree_change", whose=Whose.OWN, law=text("Order 809, art. 27")),
    Work.RECTIFY: Rule(act="sharing.rectify", whose=Whose.OWN, law=text("Order 809, art. 27")),
    Work.JUDGE_RECTIFICATION: Rule(act="sharing.judge_rectification", whose=Whose.OWN, law=text("Order 809, art. 27")),
    Work.DISPOSE: Rule(act="sharing.certify_disposal", whose=Whose.OWN, law=text("Order 809, art. 27")),
    Work.CHECK_REQUEST: Rule(act="sharing.pass_precheck", whose=Whose.TIER, law=text("Order 809, art. 20")),
    Work.RECORD_USE: Rule(act="sharing.record_use", whose=Whose.OWN, law=text("Order 809, art. 29")),
    Work.SETTLE_DISPUTE: Rule(act="sharing.state_opinion", whose=Whose.OWN, law=text("Order 809, art. 28")),
    Work.DECIDE_CHANGE: Rule(act="oversight.freeze", whose=Whose.TIER, law=text("Order 809, art. 27")),
    Work.URGE_RECTIFICATION: Rule(act="oversight.freeze", whose=Whose.TIER, law=text("Order 809, art. 27")),
    Work.URGE_DISPOSAL: Rule(act="oversight.freeze", whose=Whose.TIER, law=text("Order 809, art. 27")),
    Work.URGE_ANSWER: Rule(act="oversight.freeze", whose=Whose.TIER, law=text("Order 809, art. 21")),
    Work.URGE_DELIVERY: Rule(act="oversight.freeze", whose=Whose.TIER, law=text("Order 809, art. 22")),
    Work.URGE_CORRECTION: Rule(act="oversight.freeze", whose=Whose.TIER, law=text("Order 809, art. 26")),
    Work.UPDATE_ENTRY: Rule(act="catalogue.close_revision", whose=Whose.OWN, law=text("Order 809, art. 17")),
    Work.AGREE_UPDATE_EXTENSION: Rule(
        act="catalogue.decide_revision_extension", whose=Whose.TIER, law=text("Order 809, art. 17")
    ),
    Work.URGE_UPDATE: Rule(act="oversight.freeze", whose=Whose.TIER, law=text("Order 809, art. 17")),
    Work.AUDIT_DEMAND: Rule(act="catalogue.audit_demand", whose=Whose.TIER, law=text("Order 809, art. 9")),
    Work.SPLIT_DEMAND: Rule(act="catalogue.audit_demand", whose=Whose.TIER, law=text("Order 809, art. 9")),
    Work.ANSWER_DEMAND: Rule(act="catalogue.answer_demand", whose=Whose.OWN, law=text("Order 809, art. 19")),
    Work.FULFIL_RESPONSIBILITY: Rule(
        act="catalogue.fulfil_responsibility", whose=Whose.OWN, law=text("Order 809, art. 19")
    ),
    Work.URGE_RESPONSIBILITY: Rule(act="oversight.freeze", whose=Whose.TIER, law=text("Order 809, art. 19")),
    Work.SHARE_PURCHASE: Rule(
        act="sharing.share_purchase",
        whose=Whose.OWN,
        law=text("licence of the purchase; bought once, used by many"),
    ),
    Work.FILE_DEMAND: Rule(act="catalogue.file_demand", whose=Whose.OWN, law=text("Order 809, art. 20")),
    Work.MEND_ENTRY: Rule(act="catalogue.draft", whose=Whose.OWN, law=text("Order 809, art. 17")),
    Work.SUPPLEMENT: Rule(act="sharing.supplement", whose=Whose.OWN, law=text("Order 809, art. 21")),
    Work.SIGN_REQUEST: Rule(act="sharing.sign_request", whose=Whose.OWN, law=text("Order 809, art. 20")),
    Work.SUBMIT_REQUEST: Rule(act="sharing.submit_request", whose=Whose.OWN, law=text("Order 809, art. 20")),
    Work.SIGN_ENTRY: Rule(act="catalogue.sign", whose=Whose.OWN, law=text("Order 809, art. 13")),
    Work.SUBMIT_ENTRY: Rule(act="catalogue.submit", whose=Whose.OWN, law=text("Order 809, art. 17")),
    Work.FINISH_ENTRY: Rule(act="catalogue.draft", whose=Whose.OWN, law=text("Order 809, art. 13")),
    Work.CLOSE_OBJECTION: Rule(act="quality.close_objection", whose=Whose.TIER, law=text("Order 809, art. 26")),
    Work.SETTLE_CONFLICTS: Rule(act="library.look_at_conflicts", whose=Whose.TIER, law=text("Order 809, art. 19")),
    Work.RENEW_AGREEMENT: Rule(act="sharing.submit_request", whose=Whose.OWN, law=text("Order 809, art. 20")),
    Work.ENTER_CALENDAR: Rule(
        act="registers.enter_calendar", whose=Whose.TIER, law=text("State Council notice on holidays, one a year")
    ),
    Work.RENEW_CREDENTIAL: Rule(act="registers.issue_credential", whose=Whose.OWN, law=Text("")),
    Work.SET_KEY: Rule(act="registers.set_key", whose=Whose.OWN, law=Text("")),
    Work.LOCKED: Rule(act="access.unlock", whose=Whose.TIER, law=Text("")),
    Work.INVITED: Rule(act="access.invite", whose=Whose.TIER, law=Text("")),
    Work.AWAIT_ANSWER: Rule(
        act="sharing.submit_request", whose=Whose.OWN, law=text("Order 809, art. 21"), waiting=True
    ),
    Work.AWAIT_SUPPLEMENT: Rule(
        act="sharing.require_supplement", whose=Whose.OWN, law=text("Order 809, art. 21"), waiting=True
    ),
    Work.AWAIT_EXTENSION: Rule(
        act="sharing.ask_extension", whose=Whose.OWN, law=text("Order 809, art. 21"), waiting=True
    ),
    Work.AWAIT_DELIVERY: Rule(
        act="sharing.submit_request", whose=Whose.OWN, law=text("Order 809, art. 22"), waiting=True
    ),
    Work.AWAIT_CHANGE: Rule(
        act="sharing.propose_change", whose=Whose.OWN, law=text("Order 809, art. 27"), waiting=True
    ),
    Work.AWAIT_RECTIFICATION: Rule(
        act="sharing.propose_change", whose=Whose.OWN, law=text("Order 809, art. 27"), waiting=True
    ),
    Work.AWAIT_DISPOSAL: Rule(
        act="sharing.propose_change", whose=Whose.OWN, law=text("Order 809, art. 27"), waiting=True
    ),
    Work.AWAIT_AUDIT: Rule(act="catalogue.submit", whose=Whose.OWN, law=text("Order 809, art. 17"), waiting=True),
    Work.AWAIT_PUBLICATION: Rule(act="catalogue.submit", whose=Whose.OWN, law=text("Order 809, art. 17"), waiting=True),
    Work.AWAIT_CORRECTION: Rule(
        act="quality.close_objection", whose=Whose.TIER, law=text("Order 809, art. 26"), waiting=True
    ),
    Work.AWAIT_ENTRY_SIGNATURE: Rule(
        act="catalogue.draft", whose=Whose.OWN, law=text("Order 809, art. 13"), waiting=True
    ),
    Work.AWAIT_REQUEST_SIGNATURE: Rule(
        act="sharing.submit_request", whose=Whose.OWN, law=text("Order 809, art. 20"), waiting=True
    ),
}
# Whoever may sign it has it among the own work, and does not wait for it as well.
OWN_WORK_FIRST: Mapping[Work, Work] = {
    Work.AWAIT_ENTRY_SIGNATURE: Work.SIGN_ENTRY,
    Work.AWAIT_REQUEST_SIGNATURE: Work.SIGN_REQUEST,
}
