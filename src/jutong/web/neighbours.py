"""What other tiers' nodes and auditors reach: the feed, rows handed over, the log's tiles, the witness."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Stream

from jutong import cascade, collection, delivery, ledger, registers
from jutong.desk import House
from jutong.kernel import httpsig
from jutong.kernel.errors import NotFound, NotKnown
from jutong.kernel.text import text
from jutong.registers import Node

from .problems import REFUSALS
from .signed import check_signed, fields_of
from .wiring import After, Limit, TheHouse, Ulid

TAGS = ["neighbours"]
BLOCK = 1 << 20
WITNESS_BODY_LIMIT = 64 << 10
TheReplays = NamedDependency[SkipValidation[delivery.Spent]]


def node_behind(request: Request[Any, Any, Any], house: House, replays: delivery.Spent) -> Node:
    """Return the enrolled node that signed this very request, or refuse."""
    claim = httpsig.claim_of(fields_of(request))
    with house.reading() as db:
        try:
            node = registers.find_node(db, claim.keyid)
        except NotFound as error:
            raise _unknown() from error
    check_signed(request, house, replays, claim, registers.key_of(node, by_sm2=house.sm2 is not None))
    return node


def _unknown() -> NotKnown:
    return NotKnown(
        text("the signer is not an enrolled neighbour"), remedy=text("have the node's key enrolled by an administrator")
    )


@get("/cascade/feed", responses=REFUSALS, sync_to_thread=True, tags=TAGS, media_type="application/json")
def feed(
    request: Request[Any, Any, Any], house: TheHouse, replays: TheReplays, after: After = -1, limit: Limit = 200
) -> Response[bytes]:
    """Tell an enrolled neighbour what concerns it, from the line after ``after``; the answer is signed."""
    node = node_behind(request, house, replays)
    with house.reading() as db:
        body = cascade.spell(cascade.page_for(db, node, after=after, limit=limit))
    signed = httpsig.sign_response(
        house.signs_for(registers.key_of(node, by_sm2=house.sm2 is not None)),
        200,
        {},
        body,
        method="GET",
        request_signature=request.headers["signature"],
        keyid=house.home.settings.name,
        created=int(house.clock().timestamp()),
    )
    return Response(body, media_type="application/json", headers={**signed, "cache-control": "no-store"})


@get("/cascade/batches/{batch_id:str}", responses=REFUSALS, sync_to_thread=True, tags=TAGS)
def batch(request: Request[Any, Any, Any], house: TheHouse, replays: TheReplays, batch_id: Ulid) -> Stream:
    """Hand a batch's rows to the parent tier as an Arrow stream, with the manifest in a header."""
    node = node_behind(request, house, replays)
    spool = house.home.folder / "spool"
    spool.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=spool, suffix=".arrows", delete=False) as made:
        rows_file = Path(made.name)
    try:
        with house.desk(house.itself) as desk:
            handed = cascade.hand_over(desk, node, batch_id)
            collection.write_export(rows_file, handed)
    except BaseException:
        rows_file.unlink(missing_ok=True)
        raise
    headers = {
        cascade.MANIFEST_HEADER: msgspec.json.encode(handed.manifest.wire()).decode("ascii"),
        "content-length": str(rows_file.stat().st_size),
        "cache-control": "no-store",
    }
    return Stream(_blocks(rows_file), media_type="application/vnd.apache.arrow.stream", headers=headers)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        path.unlink()
        while block := stream.read(BLOCK):
            yield block


@get("/ledger/checkpoint", sync_to_thread=True, tags=TAGS, include_in_schema=False)
def checkpoint(house: TheHouse) -> Response[bytes]:
    """Serve the newest signed checkpoint of the log."""
    return Response(
        _file_of_log(house, "checkpoint"),
        media_type="text/plain; charset=utf-8",
        headers={"cache-control": "no-store"},
    )


@get("/ledger/tile/{rest:path}", sync_to_thread=True, tags=TAGS, include_in_schema=False)
def tile(request: Request[Any, Any, Any], house: TheHouse, replays: TheReplays, rest: FromPath[str]) -> Response[bytes]:
    """Serve the log as C2SP tlog-tiles; the entries themselves only to an enrolled neighbour."""
    path = f"tile{rest}"
    if ledger.holds_entries(path):
        node_behind(request, house, replays)
    return Response(
        _file_of_log(house, path),
        media_type="application/octet-stream",
        headers={"cache-control": "no-store" if ".p/" in path else "public, max-age=31536000, immutable"},
    )


def _file_of_log(house: House, path: str) -> bytes:
    data = ledger.read_path(house.home.ledger, path)
    if data is None:
        raise NotFound("file of the log", path)
    return data


@post(
    "/witness/add-checkpoint",
    tags=TAGS,
    include_in_schema=False,
    request_max_body_size=WITNESS_BODY_LIMIT,
)
async def add_checkpoint(request: Request[Any, Any, Any], house: TheHouse) -> Response[bytes]:
    """Witness a neighbour's checkpoint (C2SP tlog-witness): cosign it if it only grew since we last saw it."""
    answer = await sync_to_thread(_witness, house, await request.body())
    return Response(answer.body.encode(), status_code=answer.status, media_type=answer.type)


def _witness(house: House, body: bytes) -> ledger.Answer:
    with house.reading() as db:
        asked = house.sm2 is not None  # by a node that signs by SM2 itself
        logs = {
            node.name: ledger.log_keys(node.name, node.key, node.sm2_key if asked else None)
            for node in registers.nodes(db)
        }
    name = house.home.settings.name
    return ledger.add_checkpoint(house.engine, body, logs, name=name, key=house.key, now=house.clock())


ENDPOINTS = [feed, batch, checkpoint, tile, add_checkpoint]
