"""Sharing endpoints: requests, answers in time, agreements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import msgspec
from litestar.params import JSONBody

from jutong import sharing
from jutong.sharing import Agreement, Delta, Manner, Paper, Request, Wish

from .exact import refuse_strangers
from .wiring import AfterUlid, Limit, Name, TheActor, TheHouse, TheMessage, Ulid, Words, act, look

TAGS = ["sharing"]


class Several(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is wished of each of several entries; purpose and legal basis are the same in all."""

    wishes: tuple[Wish, ...]


class Missing(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Every paper that is missing, told once (Order 809 art. 21)."""

    missing: tuple[Words, ...]


class Papers(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The papers that were missing."""

    papers: tuple[Paper, ...]


class Extension(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How many more working days the provider asks for, and why."""

    days: Annotated[int, msgspec.Meta(ge=1, le=366)]
    reason: Words


class Approval(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the provider grants: stricter masks by item, and how many calls a day."""

    masks: Mapping[Name, Name] = {}
    quota_per_day: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None


class Refusal(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why not, and by which rule; both are compulsory."""

    reason: Words
    basis: Words


class Suspension(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why rights are taken away, and by when the misuse must be put right."""

    reason: Words
    rectify_by: date | None = None


class Report(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the using body has put right."""

    report: Words


class Judgement(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why what was put right is not enough; a new day gives another chance, none says that it has fallen short."""

    why: Words
    rectify_by: date | None = None


class Proposal(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How a running service is to be changed, why, and by which rule: at least one of the last three."""

    reason: Words
    basis: Words
    last_day: date | None = None
    without: tuple[Name, ...] = ()
    quota_per_day: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None


class Why(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why not."""

    why: Words


class Certificate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What became of every copy: how, which, when; ``paper`` is the SHA-256 of a signed record kept elsewhere."""

    manner: Manner
    copies: Words
    done: date
    basis: Words = ""
    paper: Name = ""


class Termination(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why an agreement ends."""

    reason: Words


@act("/api/requests", tags=TAGS)
def draft_request(house: TheHouse, actor: TheActor, data: JSONBody[Wish], message: TheMessage) -> Request:
    """Draft a share request for a published entry (Order 809 art. 20)."""
    refuse_strangers(message, data)
    with house.desk(actor) as desk:
        return sharing.draft_request(desk, data)


@act("/api/request-batches", tags=TAGS)
def draft_batch(house: TheHouse, actor: TheActor, data: JSONBody[Several], message: TheMessage) -> list[Request]:
    """Draft a request for each of several entries with one purpose and basis: all of them, or none."""
    refuse_strangers(message, data)
    with house.desk(actor) as desk:
        return list(sharing.draft_batch(desk, data.wishes))


@look("/api/request-batches/{batch_id:str}", tags=TAGS)
def show_batch(house: TheHouse, actor: TheActor, batch_id: Ulid) -> list[Request]:
    """Show how far the requests of one application have come."""
    with house.reading() as db:
        return list(sharing.requests_of_batch(db, batch_id, actor))


@look("/api/requests", tags=TAGS)
def list_requests(house: TheHouse, actor: TheActor, after: AfterUlid = "", limit: Limit = 50) -> list[Request]:
    """List the requests that your body made or must answer."""
    with house.reading() as db:
        return list(sharing.requests(db, actor, after=after, limit=limit))


@look("/api/requests/{request_id:str}", tags=TAGS)
def show_request(house: TheHouse, actor: TheActor, request_id: Ulid) -> Request:
    """Show one request with its clock."""
    with house.reading() as db:
        return sharing.find_request(db, request_id, actor)


@act("/api/requests/{request_id:str}/signature", tags=TAGS)
def sign_request(house: TheHouse, actor: TheActor, request_id: Ulid) -> Request:
    """Sign a draft as head of the consumer's sharing office."""
    with house.desk(actor) as desk:
        return sharing.sign_request(desk, request_id)


@act("/api/requests/{request_id:str}/submission", tags=TAGS)
def submit_request(house: TheHouse, actor: TheActor, request_id: Ulid) -> Request:
    """Hand the request to the provider; the answer clock starts (art. 21)."""
    with house.desk(actor) as desk:
        return sharing.submit_request(desk, request_id)


@act("/api/requests/{request_id:str}/precheck-pass", tags=TAGS)
def pass_precheck(house: TheHouse, actor: TheActor, request_id: Ulid) -> Request:
    """Pass a request on to its provider, as the authority, where a rule of the place sets that check."""
    with house.desk(actor) as desk:
        return sharing.pass_precheck(desk, request_id)


@act("/api/requests/{request_id:str}/precheck-return", tags=TAGS)
def return_precheck(house: TheHouse, actor: TheActor, request_id: Ulid, data: JSONBody[Missing]) -> Request:
    """Send a request back to the asking body, once, with everything that is missing."""
    with house.desk(actor) as desk:
        return sharing.return_precheck(desk, request_id, data.missing)


@act("/api/requests/{request_id:str}/supplement-notice", tags=TAGS)
def require_supplement(house: TheHouse, actor: TheActor, request_id: Ulid, data: JSONBody[Missing]) -> Request:
    """Say once, and completely, which papers are missing (art. 21)."""
    with house.desk(actor) as desk:
        return sharing.require_supplement(desk, request_id, data.missing)


@act("/api/requests/{request_id:str}/supplement", tags=TAGS)
def supplement(
    house: TheHouse, actor: TheActor, request_id: Ulid, data: JSONBody[Papers], message: TheMessage
) -> Request:
    """Hand in the missing papers; the answer clock starts anew."""
    refuse_strangers(message, data)
    with house.desk(actor) as desk:
        return sharing.supplement(desk, request_id, data.papers)


@act("/api/requests/{request_id:str}/extension", tags=TAGS)
def ask_extension(house: TheHouse, actor: TheActor, request_id: Ulid, data: JSONBody[Extension]) -> Request:
    """Ask the authority for more working days to answer (art. 21)."""
    with house.desk(actor) as desk:
        return sharing.ask_extension(desk, request_id, data.days, data.reason)


@act("/api/requests/{request_id:str}/extension-consent", tags=TAGS)
def extend(house: TheHouse, actor: TheActor, request_id: Ulid) -> Request:
    """Agree, as the authority, to the extension; the consumer is told."""
    with house.desk(actor) as desk:
        return sharing.extend(desk, request_id)


@act("/api/requests/{request_id:str}/approval", tags=TAGS)
def approve(house: TheHouse, actor: TheActor, request_id: Ulid, data: JSONBody[Approval]) -> Agreement:
    """Say yes; the agreement stands from the same instant and the delivery clock runs (art. 22)."""
    with house.desk(actor) as desk:
        return sharing.approve(desk, request_id, masks=data.masks, quota_per_day=data.quota_per_day)


@act("/api/requests/{request_id:str}/refusal", tags=TAGS)
def refuse(house: TheHouse, actor: TheActor, request_id: Ulid, data: JSONBody[Refusal]) -> Request:
    """Say no, with reason and basis (art. 21)."""
    with house.desk(actor) as desk:
        return sharing.refuse(desk, request_id, reason=data.reason, basis=data.basis)


@act("/api/requests/{request_id:str}/withdrawal", tags=TAGS)
def withdraw_request(house: TheHouse, actor: TheActor, request_id: Ulid) -> Request:
    """Take back a request that has not been answered."""
    with house.desk(actor) as desk:
        return sharing.withdraw(desk, request_id)


@act("/api/requests/{request_id:str}/urging", tags=TAGS)
def urge(house: TheHouse, actor: TheActor, request_id: Ulid) -> Request:
    """Remind the provider of the answer that it owes; it and the authority are told once a working day."""
    with house.desk(actor) as desk:
        return sharing.urge(desk, request_id)


@look("/api/agreements", tags=TAGS)
def list_agreements(house: TheHouse, actor: TheActor, after: AfterUlid = "", limit: Limit = 50) -> list[Agreement]:
    """List the agreements to which your body is a party."""
    with house.reading() as db:
        return list(sharing.agreements(db, actor, after=after, limit=limit))


@look("/api/agreements/{agreement_id:str}", tags=TAGS)
def show_agreement(house: TheHouse, actor: TheActor, agreement_id: Ulid) -> Agreement:
    """Show one agreement."""
    with house.reading() as db:
        return sharing.find_agreement(db, agreement_id, actor)


@act("/api/agreements/{agreement_id:str}/suspension", tags=TAGS)
def suspend(house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[Suspension]) -> Agreement:
    """Take the rights away until a misuse has been put right (art. 27)."""
    with house.desk(actor) as desk:
        return sharing.suspend(desk, agreement_id, reason=data.reason, rectify_by=data.rectify_by)


@act("/api/agreements/{agreement_id:str}/resumption", tags=TAGS)
def resume(house: TheHouse, actor: TheActor, agreement_id: Ulid) -> Agreement:
    """Give the rights of a suspended agreement back."""
    with house.desk(actor) as desk:
        return sharing.resume(desk, agreement_id)


@act("/api/agreements/{agreement_id:str}/termination", tags=TAGS)
def terminate(house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[Termination]) -> Agreement:
    """End an agreement whose misuse was not put right (art. 27); a running service is not ended by one side alone."""
    with house.desk(actor) as desk:
        return sharing.terminate(desk, agreement_id, reason=data.reason)


@act("/api/agreements/{agreement_id:str}/rectification", tags=TAGS)
def rectify(house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[Report]) -> Agreement:
    """Report, as the using body, what has been put right."""
    with house.desk(actor) as desk:
        return sharing.rectify(desk, agreement_id, report=data.report)


@act("/api/agreements/{agreement_id:str}/rectification-judgement", tags=TAGS)
def judge_rectification(house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[Judgement]) -> Agreement:
    """Say that what was put right is not enough; if it is, give the rights back."""
    with house.desk(actor) as desk:
        return sharing.judge_rectification(desk, agreement_id, why=data.why, rectify_by=data.rectify_by)


@act("/api/agreements/{agreement_id:str}/applications", tags=TAGS)
def draft_amendment(
    house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[Delta], message: TheMessage
) -> Request:
    """Apply, as the using body, for more or other use than was agreed (arts 20 and 25); name only what changes."""
    refuse_strangers(message, data)
    with house.desk(actor) as desk:
        return sharing.draft_amendment(desk, agreement_id, data)


@act("/api/agreements/{agreement_id:str}/change", tags=TAGS)
def propose_change(house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[Proposal]) -> Agreement:
    """Propose, as the provider, to stop or change a running service (art. 27); it runs on until another agrees."""
    with house.desk(actor) as desk:
        return sharing.propose_change(
            desk,
            agreement_id,
            reason=data.reason,
            basis=data.basis,
            last_day=data.last_day,
            without=data.without,
            quota_per_day=data.quota_per_day,
        )


@act("/api/agreements/{agreement_id:str}/change-consent", tags=TAGS)
def agree_change(house: TheHouse, actor: TheActor, agreement_id: Ulid) -> Agreement:
    """Agree, as the using body or the authority, to the proposed change."""
    with house.desk(actor) as desk:
        return sharing.agree_change(desk, agreement_id)


@act("/api/agreements/{agreement_id:str}/change-refusal", tags=TAGS)
def decline_change(house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[Why]) -> Agreement:
    """Decline the proposed change, with the reason."""
    with house.desk(actor) as desk:
        return sharing.decline_change(desk, agreement_id, why=data.why)


@act("/api/agreements/{agreement_id:str}/change-withdrawal", tags=TAGS)
def take_back_change(house: TheHouse, actor: TheActor, agreement_id: Ulid) -> Agreement:
    """Take the proposed change back, as the provider."""
    with house.desk(actor) as desk:
        return sharing.take_back_change(desk, agreement_id)


@act("/api/agreements/{agreement_id:str}/conclusion", tags=TAGS)
def conclude(house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[Termination]) -> Agreement:
    """Give the rights up, as the using body: the data is needed no longer (art. 27)."""
    with house.desk(actor) as desk:
        return sharing.conclude(desk, agreement_id, reason=data.reason)


@act("/api/agreements/{agreement_id:str}/disposal", tags=TAGS)
def certify_disposal(house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[Certificate]) -> Agreement:
    """Certify what became of every copy, once the rights are over (art. 27)."""
    with house.desk(actor) as desk:
        return sharing.certify_disposal(
            desk,
            agreement_id,
            manner=data.manner,
            copies=data.copies,
            done=data.done,
            basis=data.basis,
            paper=data.paper,
        )


ENDPOINTS = [
    draft_request,
    draft_batch,
    show_batch,
    list_requests,
    show_request,
    sign_request,
    submit_request,
    pass_precheck,
    return_precheck,
    require_supplement,
    supplement,
    ask_extension,
    extend,
    approve,
    refuse,
    withdraw_request,
    urge,
    list_agreements,
    show_agreement,
    suspend,
    resume,
    terminate,
    rectify,
    judge_rectification,
    draft_amendment,
    propose_change,
    agree_change,
    decline_change,
    take_back_change,
    conclude,
    certify_disposal,
]
