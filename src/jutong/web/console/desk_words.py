"""What desks say of each kind of work, where it is done, and the words of the acceptance desk's kinds and stages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from jutong.kernel.text import Text, text
from jutong.oversight import Matter, Term, Work

# What a line says is to be done, with the thing's title; and the kind of work in a word, beside its count.
SENTENCES: Mapping[Work, tuple[Text, Text]] = {
    Work.ANSWER: (text("Answer the request for {title}", title=""), text("requests to answer")),
    Work.AGREE_EXTENSION: (text("Decide on more time to answer on {title}", title=""), text("extensions to decide")),
    Work.AUDIT_REGISTRATION: (text("Audit {title} for registration", title=""), text("entries to register")),
    Work.AUDIT_PUBLICATION: (text("Audit {title} for publication", title=""), text("entries to publish")),
    Work.DELIVER: (text("Deliver {title}", title=""), text("deliveries due")),
    Work.TAKE_UP_OBJECTION: (text("Take up the objection to {title}", title=""), text("objections to take up")),
    Work.ANSWER_OBJECTION: (text("Verify and answer the objection to {title}", title=""), text("objections to answer")),
    Work.ANSWER_CHANGE: (text("Answer the proposed change of {title}", title=""), text("changes to answer")),
    Work.RECTIFY: (text("Put right what was wrong with the use of {title}", title=""), text("uses to put right")),
    Work.JUDGE_RECTIFICATION: (
        text("Judge what was put right about the use of {title}", title=""),
        text("rectifications to judge"),
    ),
    Work.DISPOSE: (text("Certify what became of the copies of {title}", title=""), text("disposals to certify")),
    Work.CHECK_REQUEST: (text("Check the request for {title}", title=""), text("requests to check")),
    Work.RECORD_USE: (text("Record how you use {title}", title=""), text("uses to record")),
    Work.SETTLE_DISPUTE: (text("Act in the dispute about {title}", title=""), text("disputes")),
    Work.DECIDE_CHANGE: (
        text("Decide on the change of {title}: the using body is silent", title=""),
        text("changes to decide"),
    ),
    Work.URGE_RECTIFICATION: (
        text("Urge the overdue rectification of the use of {title}", title=""),
        text("overdue rectifications"),
    ),
    Work.URGE_DISPOSAL: (text("Urge the overdue disposal of {title}", title=""), text("overdue disposals")),
    Work.URGE_ANSWER: (text("Urge the overdue answer on {title}", title=""), text("overdue answers")),
    Work.URGE_DELIVERY: (text("Urge the overdue delivery of {title}", title=""), text("overdue deliveries")),
    Work.URGE_CORRECTION: (text("Urge the overdue correction of {title}", title=""), text("overdue corrections")),
    Work.UPDATE_ENTRY: (text("Update {title}: a law or duties changed", title=""), text("updates due")),
    Work.AGREE_UPDATE_EXTENSION: (
        text("Decide on more time to update {title}", title=""),
        text("update extensions to decide"),
    ),
    Work.URGE_UPDATE: (text("Urge the overdue update of {title}", title=""), text("overdue updates")),
    Work.AUDIT_DEMAND: (text("Audit the demand {title}", title=""), text("demands to audit")),
    Work.SPLIT_DEMAND: (text("Say who is responsible for the demand {title}", title=""), text("demands to split")),
    Work.ANSWER_DEMAND: (text("Confirm or contest that you have {title}", title=""), text("demands to answer")),
    Work.FULFIL_RESPONSIBILITY: (text("Provide {title}", title=""), text("responsibilities")),
    Work.URGE_RESPONSIBILITY: (
        text("Urge the overdue responsibility for {title}", title=""),
        text("overdue responsibilities"),
    ),
    Work.SHARE_PURCHASE: (text("Share {title} under an entry: it was bought", title=""), text("purchases to share")),
    Work.FILE_DEMAND: (text("Fill in and file the demand {title}", title=""), text("demands in draft")),
    Work.MEND_ENTRY: (text("Mend the returned entry {title}", title=""), text("returned entries")),
    Work.SUPPLEMENT: (text("Supplement the request for {title}", title=""), text("requests to supplement")),
    Work.SIGN_REQUEST: (text("Sign the request for {title}", title=""), text("requests to sign")),
    Work.SUBMIT_REQUEST: (text("Submit the signed request for {title}", title=""), text("requests to submit")),
    Work.SIGN_ENTRY: (text("Sign the entry {title}", title=""), text("entries to sign")),
    Work.SUBMIT_ENTRY: (text("Submit the signed entry {title}", title=""), text("entries to submit")),
    Work.FINISH_ENTRY: (text("Finish the draft {title}", title=""), text("drafts to finish")),
    Work.CLOSE_OBJECTION: (
        text("Read the answer on {title} and close the objection", title=""),
        text("objections to close"),
    ),
    Work.SETTLE_CONFLICTS: (text("Settle {count} conflicts with {title}", count=0, title=""), text("conflicts")),
    Work.RENEW_AGREEMENT: (
        text("The agreement on {title} ends: ask anew if it is still needed", title=""),
        text("agreements about to end"),
    ),
    Work.ENTER_CALENDAR: (text("Enter {title}", title=""), text("years without notice")),
    Work.RENEW_CREDENTIAL: (
        text("The credential of the post {title} ends: issue a new one", title=""),
        text("credentials about to end"),
    ),
    Work.SET_KEY: (text("Set the key of the system {title}", title=""), text("systems without a key")),
    Work.LOCKED: (text("{count} accounts or addresses must wait after failed sign-ins", count=0), text("locked out")),
    Work.INVITED: (text("{count} people are invited and have not come yet", count=0), text("open invitations")),
    Work.AWAIT_ANSWER: (text("The answer to our request for {title}", title=""), text("answers")),
    Work.AWAIT_SUPPLEMENT: (text("The supplement to the request for {title}", title=""), text("supplements")),
    Work.AWAIT_EXTENSION: (text("The authority's word on more time for {title}", title=""), text("extensions")),
    Work.AWAIT_DELIVERY: (text("The delivery of {title}", title=""), text("deliveries")),
    Work.AWAIT_CHANGE: (text("The answer to our proposed change of {title}", title=""), text("answers to changes")),
    Work.AWAIT_RECTIFICATION: (text("The rectification of the use of {title}", title=""), text("rectifications")),
    Work.AWAIT_DISPOSAL: (text("The disposal of copies of {title}", title=""), text("disposals")),
    Work.AWAIT_AUDIT: (text("The registration of {title}", title=""), text("registrations")),
    Work.AWAIT_PUBLICATION: (text("The publication of {title}", title=""), text("publications")),
    Work.AWAIT_CORRECTION: (text("The correction of {title}", title=""), text("corrections")),
    Work.AWAIT_ENTRY_SIGNATURE: (text("The signature under the entry {title}", title=""), text("entries not signed")),
    Work.AWAIT_REQUEST_SIGNATURE: (
        text("The signature under the request for {title}", title=""),
        text("requests not signed"),
    ),
}
_REQUEST, _ENTRY, _AGREEMENT, _OBJECTION = "/requests/", "/entries/", "/agreements/", "/objections/"
PLACE: Mapping[Work, str] = {
    **dict.fromkeys((Work.UPDATE_ENTRY, Work.AGREE_UPDATE_EXTENSION, Work.URGE_UPDATE), "/revisions/"),
    **dict.fromkeys((Work.AUDIT_DEMAND, Work.SPLIT_DEMAND, Work.ANSWER_DEMAND, Work.FILE_DEMAND), "/demands/"),
    Work.SETTLE_DISPUTE: "/disputes/",
    Work.SHARE_PURCHASE: "/purchases/",
    **dict.fromkeys((Work.FULFIL_RESPONSIBILITY, Work.URGE_RESPONSIBILITY), "/responsibilities/"),
    **dict.fromkeys(
        (
            *(Work.ANSWER, Work.AGREE_EXTENSION, Work.URGE_ANSWER, Work.SUPPLEMENT, Work.SIGN_REQUEST),
            *(Work.SUBMIT_REQUEST, Work.AWAIT_ANSWER, Work.AWAIT_SUPPLEMENT, Work.AWAIT_EXTENSION),
            *(Work.AWAIT_REQUEST_SIGNATURE, Work.CHECK_REQUEST),
        ),
        _REQUEST,
    ),
    **dict.fromkeys(
        (
            *(Work.AUDIT_REGISTRATION, Work.AUDIT_PUBLICATION, Work.MEND_ENTRY, Work.SIGN_ENTRY, Work.SUBMIT_ENTRY),
            *(Work.FINISH_ENTRY, Work.AWAIT_AUDIT, Work.AWAIT_PUBLICATION, Work.AWAIT_ENTRY_SIGNATURE),
        ),
        _ENTRY,
    ),
    **dict.fromkeys(
        (
            *(Work.DELIVER, Work.URGE_DELIVERY, Work.RENEW_AGREEMENT, Work.AWAIT_DELIVERY),
            *(Work.ANSWER_CHANGE, Work.RECTIFY, Work.JUDGE_RECTIFICATION, Work.DISPOSE, Work.DECIDE_CHANGE),
            *(
                Work.RECORD_USE,
                Work.URGE_RECTIFICATION,
                Work.URGE_DISPOSAL,
                Work.AWAIT_CHANGE,
                Work.AWAIT_RECTIFICATION,
            ),
            Work.AWAIT_DISPOSAL,
        ),
        _AGREEMENT,
    ),
    **dict.fromkeys(
        (
            *(Work.TAKE_UP_OBJECTION, Work.ANSWER_OBJECTION, Work.CLOSE_OBJECTION, Work.URGE_CORRECTION),
            Work.AWAIT_CORRECTION,
        ),
        _OBJECTION,
    ),
}
PAGE: Mapping[Work, str] = {
    Work.SETTLE_CONFLICTS: "/conflicts",
    Work.ENTER_CALENDAR: "/calendar",
    Work.RENEW_CREDENTIAL: "/people",
    Work.SET_KEY: "/systems",
    Work.LOCKED: "/people",
    Work.INVITED: "/people",
}
ACCEPTANCE: Mapping[type[Enum], Mapping[Any, Text]] = {
    Matter: {
        Matter.REQUEST: text("request"),
        Matter.AMENDMENT: text("change applied for"),
        Matter.BATCH: text("request, one of several"),
        Matter.SUPPLEMENT: text("supplement"),
        Matter.EXTENSION: text("extension of a term"),
        Matter.DELIVERY: text("delivery"),
        Matter.CHANGE: text("change of a running service"),
        Matter.RECTIFICATION: text("rectification"),
        Matter.USE: text("record of use"),
        Matter.DISPOSAL: text("certificate of disposal"),
        Matter.DISPUTE: text("dispute"),
        Matter.OBJECTION: text("objection"),
        Matter.DEMAND: text("demand without an entry"),
        Matter.RESPONSIBILITY: text("responsibility"),
        Matter.PURCHASE: text("bought data"),
    },
    Term: {
        Term.OVERDUE: text("overdue"),
        Term.RUNNING: text("in time"),
        Term.NONE: text("no term"),
    },
    Work: {
        # At what stage a thing stands on the acceptance desk; of what does not come there, its kind.
        **{work: kind for work, (_, kind) in SENTENCES.items()},
        Work.ANSWER: text("waits for the answer"),
        Work.CHECK_REQUEST: text("waits for the authority's check"),
        Work.SIGN_REQUEST: text("waits for the signature"),
        Work.SUBMIT_REQUEST: text("signed, waits to be submitted"),
        Work.SUPPLEMENT: text("waits for papers"),
        Work.AGREE_EXTENSION: text("waits for the word on more time"),
        Work.DELIVER: text("agreed, waits for delivery"),
        Work.ANSWER_CHANGE: text("waits for the second key"),
        Work.DECIDE_CHANGE: text("waits for the authority's word"),
        Work.RECTIFY: text("to be put right"),
        Work.JUDGE_RECTIFICATION: text("waits for judgement"),
        Work.RECORD_USE: text("to be recorded"),
        Work.DISPOSE: text("to be certified"),
        Work.SETTLE_DISPUTE: text("waits for a word or a ruling"),
        Work.TAKE_UP_OBJECTION: text("to be taken up"),
        Work.ANSWER_OBJECTION: text("being verified"),
        Work.CLOSE_OBJECTION: text("answered, to be closed"),
        Work.AUDIT_DEMAND: text("waits for the audit"),
        Work.SPLIT_DEMAND: text("waits for those responsible"),
        Work.ANSWER_DEMAND: text("waits for the presumed owner"),
        Work.FILE_DEMAND: text("in draft, to be filed"),
        Work.FULFIL_RESPONSIBILITY: text("to be provided"),
        Work.SHARE_PURCHASE: text("to be shared"),
    },
}


def page_of(work: Work, on: str) -> str:
    """Return the page on which a kind of work is done on a thing."""
    return PLACE[work] + on if work in PLACE else PAGE[work]
