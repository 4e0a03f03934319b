"""Notices in words: one sentence for each word of the ledger that is told, and the page where one goes on."""

from __future__ import annotations

from collections.abc import Mapping

from jutong.kernel.text import Text, text

from .notice import Notice, Side, Thing

PATHS: Mapping[Thing, str] = {
    Thing.REQUEST: "/requests/",
    Thing.AGREEMENT: "/agreements/",
    Thing.ENTRY: "/entries/",
    Thing.OBJECTION: "/objections/",
    Thing.REVISION: "/revisions/",
    Thing.DEMAND: "/demands/",
    Thing.RESPONSIBILITY: "/responsibilities/",
    Thing.DISPUTE: "/disputes/",
    Thing.ACCOUNT: "/people/",
}


def path_of(notice: Notice) -> str:
    """Return the page of the thing that a notice is about."""
    if notice.thing is Thing.CHANGE:
        return f"/entries/{notice.entry}/versions"
    if notice.side is Side.PERSON:
        return "/account"
    return PATHS[notice.thing] + notice.on


def wording(notice: Notice) -> Text:
    """Return what happened, in one sentence; an entry that is not known here goes by its identifier."""
    words = WORDS[notice.word]
    return Text(words.template, {"title": notice.title or notice.entry, "body": notice.other_name or notice.other})


WORDS: Mapping[str, Text] = {
    "sharing.submitted": text("{body} asks for {title}: answer in time", body="", title=""),
    "sharing.precheck_asked": text("{body} asks for {title}: check the request in time", body="", title=""),
    "sharing.precheck_completed": text("a request for {title} was completed: check it in time", title=""),
    "sharing.precheck_returned": text(
        "the authority sent the request for {title} back: hand in what is missing", title=""
    ),
    "sharing.precheck_passed": text("the request for {title} passed the check: its provider has it", title=""),
    "sharing.supplement_required": text("{body} misses papers for {title}: supplement the request", body="", title=""),
    "sharing.supplemented": text("{body} has supplemented its request for {title}: answer in time", body="", title=""),
    "sharing.extension_asked": text("{body} asks for more time to answer on {title}: decide", body="", title=""),
    "sharing.urged": text("{body} reminds you of the answer that you owe on {title}", body="", title=""),
    "sharing.extended": text("the time to answer on {title} was extended", title=""),
    "sharing.approved": text("{body} agreed to share {title}: the delivery follows", body="", title=""),
    "sharing.refused": text("{body} refused to share {title}: read the reason", body="", title=""),
    "sharing.withdrawn": text("{body} took its request for {title} back", body="", title=""),
    "sharing.delivered": text("{title} can be called now", title=""),
    "delivery.given_up": text(
        "your system was not told of a new version of {title}: a dead letter waits on the page of the whole", title=""
    ),
    "delivery.outflow_declared": text(
        "{body} asks that {title} goes into a target of its own: test it and turn it on", body="", title=""
    ),
    "delivery.outflow_started": text("each new version of {title} goes into your target from now on", title=""),
    "delivery.outflow_delayed": text(
        "{title} could not be brought into its target several times: it is tried on, read the reason", title=""
    ),
    "delivery.outflow_stopped": text(
        "{title} goes into its target no more: read the reason, put it right and have it delivered anew", title=""
    ),
    "sharing.suspended": text("the agreement on {title} is suspended: read the reason", title=""),
    "sharing.resumed": text("the agreement on {title} is in force again", title=""),
    "sharing.terminated": text("the agreement on {title} has ended: read the reason", title=""),
    "sharing.rectified": text("the using body of {title} says that all was put right: judge it", title=""),
    "sharing.rectification_judged": text("what was put right about {title} is not enough: read the reason", title=""),
    "sharing.change_proposed": text("{body} proposes to stop or change the service {title}: answer", body="", title=""),
    "sharing.change_agreed": text("the change of the service {title} was agreed to", title=""),
    "sharing.change_declined": text("the change of the service {title} was declined: read the reason", title=""),
    "sharing.change_taken_back": text("the proposal to change the service {title} was taken back", title=""),
    "sharing.concluded": text("{body} needs {title} no longer; its copies are disposed of", body="", title=""),
    "sharing.expired": text("the term for {title} is over: the using body disposes of its copies", title=""),
    "sharing.disposed": text("{body} certified what became of its copies of {title}", body="", title=""),
    "sharing.use_recorded": text("{body} recorded how it used {title}", body="", title=""),
    "sharing.use_unrecorded": text("no use of {title} was recorded for a whole period", title=""),
    "sharing.dispute_opened": text("{body} opened a dispute about {title}: negotiate", body="", title=""),
    "sharing.opinion_stated": text("an opinion was stated in the dispute about {title}", title=""),
    "sharing.ruling_proposed": text("a ruling is offered in the dispute about {title}: accept it or not", title=""),
    "sharing.ruling_accepted": text("the ruling in the dispute about {title} was accepted", title=""),
    "sharing.dispute_taken_up": text("the dispute about {title} is before the authority", title=""),
    "sharing.dispute_referred": text("the dispute about {title} is before the government", title=""),
    "sharing.dispute_decided": text("the dispute about {title} is decided", title=""),
    "sharing.dispute_withdrawn": text("the dispute about {title} was taken back", title=""),
    "sharing.dispute_overdue": text("the term for the dispute about {title} was missed; it was reported", title=""),
    "sharing.bound": text("by the ruling in a dispute {title} is shared: the request is answered anew", title=""),
    "sharing.escalated": text("the term for {title} was missed; it was reported", title=""),
    "sharing.deadline_recomputed": text("the due day for {title} was counted anew", title=""),
    "catalogue.submitted": text("{body} submitted {title}: audit it in time", body="", title=""),
    "catalogue.registered": text("{title} passed its first audit", title=""),
    "catalogue.published": text("{title} is published and in force", title=""),
    "catalogue.returned": text("{title} came back: mend what is listed and submit it again", title=""),
    "sharing.doubt_told": text("a value of {title}, which you use, is in doubt: its source is asked", title=""),
    "sharing.doubt_lifted": text("a doubt about {title}, which you use, is answered", title=""),
    "quality.objection_reopened": text("the rule of an objection to {title} failed again", title=""),
    "sharing.change_told": text("{title}, which you use, has changed: see what is different", title=""),
    "catalogue.revision_opened": text("a law or your duties changed: update the catalogue in time"),
    "catalogue.revision_extension_asked": text("{body} asks for more time to update its catalogue: decide", body=""),
    "catalogue.revision_extended": text("the time to update the catalogue was extended"),
    "catalogue.revision_extension_declined": text("the day for the update of the catalogue stands: update it in time"),
    "catalogue.revision_escalated": text("the term for the update of a catalogue was missed; it was reported"),
    "catalogue.audit_escalated": text("the audit of {title} is overdue; it was reported", title=""),
    "catalogue.demand_filed": text("a demand was filed: audit it"),
    "catalogue.demand_accepted": text("your demand is on the list"),
    "catalogue.demand_refused": text("your demand was refused: read the reason"),
    "catalogue.demand_merged": text("your demand is met together with one that wants the same"),
    "catalogue.demand_routed": text("you are presumed to have data that is wanted: confirm or contest it"),
    "catalogue.demand_confirmed": text("the body that was asked has the wanted data"),
    "catalogue.demand_contested": text("the body that was asked does not have the wanted data: ask another"),
    "catalogue.demand_satisfied": text("your demand is satisfied"),
    "catalogue.responsibility_opened": text("your body is responsible for wanted data: hand it over in time"),
    "catalogue.responsibility_fulfilled": text("{body} fulfilled its responsibility for wanted data", body=""),
    "catalogue.responsibility_escalated": text("a responsibility for wanted data is overdue; it was reported"),
    "census.proposals_opened": text("the grading assistant objects to {title}: answer it", title=""),
    "search.matched": text("{title} was published and answers a search that your body keeps", title=""),
    "quality.objection_opened": text("rows of {title} fail a rule: verify and correct in time", title=""),
    "quality.objection_adopted": text("another tier objects to rows of {title}: verify and correct", title=""),
    "quality.objection_answered": text("{body} answered on {title}: send the feedback", body="", title=""),
    "quality.objection_resolved": text("a new batch of {title} passes the rule that was objected to", title=""),
    "quality.objection_closed": text("the objection to {title} is closed", title=""),
    "access.unused_warned": text("an account is unused for long: whoever does not sign in by the day is suspended"),
    "access.unused_suspended": text("an account was suspended, because nobody had signed in with it for long"),
}
