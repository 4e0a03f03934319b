"""Data map endpoints: who is hurt if something stops, and OpenLineage events in and out."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar.params import JSONBody, Parameter

from jutong import atlas
from jutong.atlas import Reached

from .wiring import AfterUlid, Limit, TheActor, TheHouse, act, look

TAGS = ["atlas"]
NodeName = Annotated[str, Parameter(min_length=1, max_length=900, pattern=r"^[^\u0000]*$")]


class ImpactView(msgspec.Struct, kw_only=True):
    """A node, who is hurt if it stops, and what it rests on, the nearest first."""

    node: str
    title: str
    hurt: list[Reached]
    rests_on: list[Reached]


class Taken(msgspec.Struct, kw_only=True):
    """Whether the event is new: the same run, type and time count once."""

    new: bool


@look("/api/map/impact", tags=TAGS)
def show_impact(house: TheHouse, actor: TheActor, node: NodeName) -> ImpactView:
    """Show who is hurt if a node stops, in one recursive question."""
    with house.reading() as db:
        found = atlas.impact_for(db, node, actor)
    return ImpactView(node=found.node.id, title=found.node.title, hurt=list(found.hurt), rests_on=list(found.rests_on))


@act("/api/v1/lineage", tags=TAGS)
def take_lineage(house: TheHouse, actor: TheActor, data: JSONBody[dict[str, Any]]) -> Taken:
    """Take an OpenLineage run event (2-0-2): in any order, each once, at most a mebibyte."""
    with house.desk(actor) as desk:
        return Taken(new=atlas.take_event(desk, data))


@look("/api/v1/lineage", tags=TAGS)
def list_lineage(house: TheHouse, actor: TheActor, after: AfterUlid = "", limit: Limit = 50) -> list[dict[str, Any]]:
    """List run events as OpenLineage documents: of your body's programs, and of what this node ran with its rows."""
    with house.reading() as db:
        return [dict(one.document()) for one in atlas.events_for(db, actor, after=after, limit=limit)]


ENDPOINTS = [show_impact, take_lineage, list_lineage]
