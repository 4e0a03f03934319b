"""Disputes about sharing: opened, negotiated, mediated, decided (Order 809, art. 28)."""

from __future__ import annotations

import msgspec
from litestar.params import JSONBody

from jutong.sharing import dispute
from jutong.sharing.dispute import Dispute, Ruling

from .wiring import AfterUlid, Limit, Name, TheActor, TheHouse, Ulid, UlidField, Words, act, look

TAGS = ["sharing"]


class Opening(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the dispute is about (a request or an agreement), the ruling that one wants, and why."""

    about: UlidField
    ruling: Ruling
    words: Words


class Statement(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What one's body holds, or why it goes on."""

    words: Words


class Offer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A ruling, with its reasons."""

    ruling: Ruling
    words: Words


class Decision(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The government's ruling, its reasons, and the number of its paper."""

    ruling: Ruling
    words: Words
    paper: Name = ""


@act("/api/disputes", tags=TAGS)
def open_dispute(house: TheHouse, actor: TheActor, data: JSONBody[Opening]) -> Dispute:
    """Open a dispute about a request or an agreement, as one of its two bodies; they negotiate first."""
    with house.desk(actor) as desk:
        return dispute.open_dispute(desk, data.about, data.ruling, data.words)


@look("/api/disputes", tags=TAGS)
def list_disputes(house: TheHouse, actor: TheActor, after: AfterUlid = "", limit: Limit = 50) -> list[Dispute]:
    """List the disputes that concern your body, the oldest first."""
    with house.reading() as db:
        return list(dispute.disputes_listed(db, actor, after=(after,) if after else (), limit=limit))


@look("/api/disputes/{dispute_id:str}", tags=TAGS)
def show_dispute(house: TheHouse, actor: TheActor, dispute_id: Ulid) -> Dispute:
    """Show one dispute with its rung, its opinions and whose turn it is."""
    with house.reading() as db:
        return dispute.find_dispute(db, dispute_id, actor)


@act("/api/disputes/{dispute_id:str}/opinion", tags=TAGS)
def state_opinion(house: TheHouse, actor: TheActor, dispute_id: Ulid, data: JSONBody[Statement]) -> Dispute:
    """Say what your body holds."""
    with house.desk(actor) as desk:
        return dispute.state_opinion(desk, dispute_id, data.words)


@act("/api/disputes/{dispute_id:str}/ruling", tags=TAGS)
def propose_ruling(house: TheHouse, actor: TheActor, dispute_id: Ulid, data: JSONBody[Offer]) -> Dispute:
    """Offer a ruling: a party while the two negotiate, the authority when it mediates."""
    with house.desk(actor) as desk:
        return dispute.propose_ruling(desk, dispute_id, data.ruling, data.words)


@act("/api/disputes/{dispute_id:str}/acceptance", tags=TAGS)
def accept_ruling(house: TheHouse, actor: TheActor, dispute_id: Ulid) -> Dispute:
    """Accept the ruling that is offered; with both bodies' word it binds at once."""
    with house.desk(actor) as desk:
        return dispute.accept_ruling(desk, dispute_id)


@act("/api/disputes/{dispute_id:str}/mediation", tags=TAGS)
def take_up_dispute(house: TheHouse, actor: TheActor, dispute_id: Ulid, data: JSONBody[Statement]) -> Dispute:
    """Bring the dispute before the authority of the tier, or the nearest above both bodies."""
    with house.desk(actor) as desk:
        return dispute.take_up_dispute(desk, dispute_id, data.words)


@act("/api/disputes/{dispute_id:str}/referral", tags=TAGS)
def refer_dispute(house: TheHouse, actor: TheActor, dispute_id: Ulid, data: JSONBody[Statement]) -> Dispute:
    """Bring the dispute before the government, as the authority that mediated in vain."""
    with house.desk(actor) as desk:
        return dispute.refer_dispute(desk, dispute_id, data.words)


@act("/api/disputes/{dispute_id:str}/decision", tags=TAGS)
def decide_dispute(house: TheHouse, actor: TheActor, dispute_id: Ulid, data: JSONBody[Decision]) -> Dispute:
    """Decide the dispute, as the government, or enter its paper where it does not sit at this node."""
    with house.desk(actor) as desk:
        return dispute.decide_dispute(desk, dispute_id, data.ruling, data.words, paper=data.paper)


@act("/api/disputes/{dispute_id:str}/withdrawal", tags=TAGS)
def withdraw_dispute(house: TheHouse, actor: TheActor, dispute_id: Ulid) -> Dispute:
    """Take a dispute back, as the body that opened it."""
    with house.desk(actor) as desk:
        return dispute.withdraw_dispute(desk, dispute_id)


ENDPOINTS = [
    open_dispute,
    list_disputes,
    show_dispute,
    state_opinion,
    propose_ruling,
    accept_ruling,
    take_up_dispute,
    refer_dispute,
    decide_dispute,
    withdraw_dispute,
]
