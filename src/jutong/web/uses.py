"""Records of use: written by the consumer, read by both sides and the authority (Order 809, art. 29)."""

from __future__ import annotations

from litestar.params import JSONBody

from jutong import sharing
from jutong.sharing import use
from jutong.sharing.use import Usage, UseRecord

from .exact import refuse_strangers
from .wiring import AfterUlid, Limit, TheActor, TheHouse, TheMessage, Ulid, act, look

TAGS = ["sharing"]


@act("/api/agreements/{agreement_id:str}/use-records", tags=TAGS)
def record_use(
    house: TheHouse, actor: TheActor, agreement_id: Ulid, data: JSONBody[Usage], message: TheMessage
) -> UseRecord:
    """Record, as the using body, scene, process, effect, storage and destruction of a period."""
    refuse_strangers(message, data)
    with house.desk(actor) as desk:
        return use.record_use(desk, agreement_id, data)


@look("/api/agreements/{agreement_id:str}/use-records", tags=TAGS)
def list_uses_of(
    house: TheHouse, actor: TheActor, agreement_id: Ulid, after: AfterUlid = "", limit: Limit = 50
) -> list[UseRecord]:
    """List the records of use of one agreement, the oldest first."""
    with house.reading() as db:
        known = sharing.find_agreement(db, agreement_id, actor)
        beyond = (after,) if after else ()
        return list(use.uses_listed(db, actor, agreement_id=known.id, after=beyond, limit=limit))


@look("/api/use-records", tags=TAGS)
def list_uses(house: TheHouse, actor: TheActor, after: AfterUlid = "", limit: Limit = 50) -> list[UseRecord]:
    """List the records of use that your body made or may inspect, the oldest first."""
    with house.reading() as db:
        return list(use.uses_listed(db, actor, after=(after,) if after else (), limit=limit))


@act("/api/use-records/{use_id:str}/discarding", tags=TAGS)
def discard_use(house: TheHouse, actor: TheActor, use_id: Ulid) -> UseRecord:
    """Let a record go whose years are over; before that it is refused."""
    with house.desk(actor) as desk:
        return use.discard_use(desk, use_id)


ENDPOINTS = [record_use, list_uses_of, list_uses, discard_use]
