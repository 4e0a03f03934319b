"""Endpoints of the lists beside the catalogue: demands, responsibilities, what is not shared, codes."""

from __future__ import annotations

import msgspec
from litestar.params import FromQuery, JSONBody

from jutong import catalogue
from jutong.catalogue import Demand, DemandStage, Entry, Need, Responsibility

from .exact import refuse_strangers
from .wiring import AfterUlid, Limit, Name, TheActor, TheHouse, TheMessage, Ulid, act, look

TAGS = ["catalogue"]
LISTED = (DemandStage.PUBLISHED, DemandStage.MERGED, DemandStage.SATISFIED)


class Coding(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """By which rule and for which classification a code is issued."""

    scheme: Name
    classification: Name


@act("/api/demands", tags=TAGS)
def draft_demand(house: TheHouse, actor: TheActor, data: JSONBody[Need], message: TheMessage) -> Demand:
    """Draft what your body needs."""
    refuse_strangers(message, data)
    with house.desk(actor) as desk:
        return catalogue.draft_demand(desk, data)


@act("/api/demands/{demand_id:str}/filing", tags=TAGS)
def file_demand(house: TheHouse, actor: TheActor, demand_id: Ulid) -> Demand:
    """Hand a demand to the authority, which audits it."""
    with house.desk(actor) as desk:
        return catalogue.file_demand(desk, demand_id)


@look("/api/demands", tags=TAGS)
def list_demands(
    house: TheHouse, actor: TheActor, own: FromQuery[bool] = False, after: AfterUlid = "", limit: Limit = 50
) -> list[Demand]:
    """List the demands that stand on the list, oldest first; with ``own`` those of your body, drafts too."""
    with house.reading() as db:
        found = catalogue.demands(
            db,
            consumer=actor.org if own else "",
            stages=() if own else LISTED,
            descending=False,
            after=(after,) if after else (),
            limit=limit,
        )
    return list(found)


@look("/api/responsibilities", tags=TAGS)
def list_responsibilities(
    house: TheHouse, actor: TheActor, own: FromQuery[bool] = False, limit: Limit = 50
) -> list[Responsibility]:
    """List who is responsible for which data, the first due first; with ``own`` those of your body."""
    with house.reading() as db:
        return list(catalogue.responsibilities(db, owner=actor.org if own else "", limit=limit))


@look("/api/negative-list", tags=TAGS)
def negative_list(house: TheHouse, actor: TheActor, limit: Limit = 50) -> list[Entry]:
    """List the entries in force that refuse to share something, with the rule that forbids it."""
    with house.reading() as db:
        return list(catalogue.negative_list(db, limit=limit))


@act("/api/entries/{entry_id:str}/code", tags=TAGS)
def issue_code(house: TheHouse, actor: TheActor, entry_id: Ulid, data: JSONBody[Coding]) -> Entry:
    """Give an entry the next code of a coding rule and classification."""
    with house.desk(actor) as desk:
        return catalogue.issue_code(desk, entry_id, data.scheme, data.classification)


ENDPOINTS = [
    draft_demand,
    file_demand,
    list_demands,
    list_responsibilities,
    negative_list,
    issue_code,
]
