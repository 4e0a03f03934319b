"""Endpoints of data that was bought: declare it, find it before buying again, share it under an entry."""

from __future__ import annotations

import msgspec
from litestar.params import JSONBody

from jutong.sharing import buying
from jutong.sharing.buying import Purchase, Terms

from .exact import refuse_strangers
from .wiring import AfterUlid, Limit, TheActor, TheHouse, TheMessage, Ulid, UlidField, act, look

TAGS = ["sharing"]


class Sharing(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Under which entry of the buyer the data is shared."""

    entry: UlidField


@look("/api/purchases", tags=TAGS)
def list_purchases(house: TheHouse, actor: TheActor, after: AfterUlid = "", limit: Limit = 50) -> list[Purchase]:
    """List what bodies bought, the oldest first: look here before you buy."""
    with house.reading() as db:
        return list(buying.purchases(db, after=after, limit=limit))


@act("/api/purchases", tags=TAGS)
def declare_purchase(house: TheHouse, actor: TheActor, data: JSONBody[Terms], message: TheMessage) -> Purchase:
    """Declare what your body bought, by which contract, and who may use it for what."""
    refuse_strangers(message, data)
    with house.desk(actor) as desk:
        return buying.declare_purchase(desk, data)


@look("/api/purchases/{purchase_id:str}", tags=TAGS)
def show_purchase(house: TheHouse, actor: TheActor, purchase_id: Ulid) -> Purchase:
    """Show one purchase."""
    with house.reading() as db:
        return buying.find_purchase(db, purchase_id)


@act("/api/purchases/{purchase_id:str}/entry", tags=TAGS)
def share_purchase(house: TheHouse, actor: TheActor, purchase_id: Ulid, data: JSONBody[Sharing]) -> Purchase:
    """Share what was bought under a published entry of the buyer, within the licence."""
    with house.desk(actor) as desk:
        return buying.share_purchase(desk, purchase_id, data.entry)


ENDPOINTS = [list_purchases, declare_purchase, show_purchase, share_purchase]
