"""Ledger endpoints: evidence lines and receipts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response
from litestar.params import Parameter

from jutong import ledger, oversight, registers
from jutong.kernel.errors import NotFound
from jutong.ledger import Kept, Receipt

from .wiring import NO_NUL, After, Limit, TheActor, TheHouse, Ulid, look

TAGS = ["ledger"]


class LineView(msgspec.Struct, kw_only=True):
    """One line of evidence; ``place`` is empty until it stands in the log."""

    number: int
    place: int | None
    id: str
    act: str
    actor: str
    org: str
    on: str
    at: datetime
    facts: Mapping[str, Any]


class KeysView(msgspec.Struct, kw_only=True):
    """The keys by which receipts of this node are checked."""

    log: str
    log_sm2: str  # empty where the log does not sign by SM2
    witnesses: tuple[str, ...]


@look("/api/ledger", tags=TAGS)
def list_lines(
    house: TheHouse,
    actor: TheActor,
    on: Annotated[str | None, Parameter(max_length=200, pattern=NO_NUL)] = None,
    act: Annotated[str | None, Parameter(max_length=80, pattern="^[a-z_.]*$")] = None,
    after: After = 0,
    limit: Limit = 100,
) -> list[LineView]:
    """List evidence, oldest first: your own body's, or all of it for those who look over the tier at its authority."""
    with house.reading() as db:
        kept = ledger.read_about(db, on=on, act=act, after=max(after, 0), limit=limit)
        sight = oversight.sight_of(db, actor)
        return [_view(one) for one in kept if sight.shows(one.line)]


@look("/api/ledger/keys", tags=TAGS)
def show_keys(house: TheHouse, actor: TheActor) -> KeysView:
    """Show the public keys of this node's log and of its witnesses, as C2SP verifier keys."""
    with house.reading() as db:
        witnesses = [ledger.witness_key(node.name, node.key) for node in registers.nodes(db)]
    log, log_sm2 = (*map(str, house.log.verifiers), "")[:2]
    return KeysView(log=log, log_sm2=log_sm2, witnesses=tuple(map(str, witnesses)))


@look("/api/receipts/{some_id:str}", tags=TAGS, media_type=MediaType.TEXT)
def show_receipt(house: TheHouse, actor: TheActor, some_id: Ulid) -> Response[str]:
    """Hand out the receipt of an act or of a call; it verifies offline, with public keys alone."""
    try:
        receipt = ledger.receipt_of(house.engine, house.home.ledger, some_id)
        with house.reading() as db:
            oversight.check_may_read_receipt(db, actor, Receipt.read(receipt))
    except NotFound:
        # The same words for what is not there and for what is another's.
        raise NotFound("receipt", some_id) from None
    return Response(receipt, media_type="text/plain; charset=utf-8", headers={"cache-control": "no-store"})


def _view(kept: Kept) -> LineView:
    line = kept.line
    return LineView(
        number=kept.number,
        place=kept.place,
        id=line.id,
        act=line.act,
        actor=line.actor,
        org=line.org,
        on=line.on,
        at=line.at,
        facts=line.facts,
    )


ENDPOINTS = [list_lines, show_keys, show_receipt]
