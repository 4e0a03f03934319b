"""What departments' systems reach: a file is announced, sent in parts, landed, and proven; every request is signed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, delete, get, post, put
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import JSONBody, Parameter, SkipValidation

from jutong import collection, delivery, ledger, registers
from jutong.collection import Layout, pushes
from jutong.collection.pushes import PART_MOST, Parcel, Push, Stage, Tray
from jutong.desk import House
from jutong.kernel import httpsig
from jutong.kernel.crypto import EitherKey
from jutong.kernel.errors import NotKnown, Refused, WrongMoment
from jutong.kernel.text import text
from jutong.registers import SystemName
from jutong.terms import Actor

from .problems import REFUSALS, language_of
from .signed import check_signed, fields_of
from .wiring import NO_NUL, TheHouse, Ulid, UlidField

TAGS = ["pushes"]
TheSpent = NamedDependency[SkipValidation[delivery.Spent]]
Short = Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NUL)]
Offset = Annotated[int, Parameter(ge=0, le=2**53, description="number of the part's first byte, from 0")]


class ColumnSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A column of the file, and the item that it stands for, where it is not the item's title or name."""

    column: Short
    item: Short


class ParcelSheet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A file as its system announces it; ``content`` is the SHA-256 of the file, in hex."""

    entry: UlidField
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=NO_NUL)]
    size: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    content: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    encoding: Annotated[str, msgspec.Meta(max_length=20, pattern=NO_NUL)] = "utf-8"
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=3, pattern=NO_NUL)] = ","
    table: Short = ""
    rows_at: Short = ""
    headers: tuple[ColumnSheet, ...] = ()
    castable: tuple[Short, ...] = ()
    width: Annotated[int, msgspec.Meta(ge=0, le=2000)] = 0
    width_column: Short = ""

    def parcel(self) -> Parcel:
        """Return it as a noun, or refuse it."""
        known = Layout(
            headers={one.column: one.item for one in self.headers},
            castable=frozenset(self.castable),
            width=self.width,
            width_column=self.width_column,
        )
        declared = known.declaring(
            encoding=self.encoding, delimiter=self.delimiter, table=self.table, rows_at=self.rows_at
        )
        return Parcel(entry=self.entry, name=self.name, size=self.size, content=self.content, layout=declared)


class PushView(msgspec.Struct, kw_only=True):
    """How far a push has come: ``offset`` bytes were accepted; of what landed, how many rows, and their evidence."""

    id: str
    entry: str
    name: str
    size: int
    offset: int
    stage: str
    opened: datetime
    ended: datetime | None
    part_most: int
    batch: str
    line: str
    rows_read: int
    rows_landed: int
    rows_quarantined: int
    rows_digest: str
    landing_rows: int
    reason: str
    remedy: str


@post("/push/files", responses=REFUSALS, tags=TAGS)
async def open_push(
    request: Request[Any, Any, Any], house: TheHouse, spent: TheSpent, data: JSONBody[ParcelSheet]
) -> PushView:
    """Announce a file; the answer says from which byte on it is wanted. The same file again is the same push."""
    body = await request.body()
    return await sync_to_thread(_open, request, house, spent, body, data)


def _open(
    request: Request[Any, Any, Any], house: House, spent: delivery.Spent, body: bytes, data: ParcelSheet
) -> PushView:
    actor = system_behind(request, house, spent, body)
    with house.desk(actor) as desk:
        push = pushes.open_push(desk, data.parcel())
    return _view(request, house, push)


@get("/push/files/{push_id:str}", responses=REFUSALS, sync_to_thread=True, tags=TAGS, cache_control=None)
def show_push(request: Request[Any, Any, Any], house: TheHouse, spent: TheSpent, push_id: Ulid) -> PushView:
    """Say how far a push has come, and what came of it."""
    return _view(request, house, pushes.sent_by(house, system_behind(request, house, spent), push_id))


class Bytes(Operation):
    """The document's words for a body that is a part of a file."""

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody({"application/octet-stream": file}, required=True)


@put(
    "/push/files/{push_id:str}/parts/{offset:int}",
    responses=REFUSALS,
    tags=TAGS,
    operation_class=Bytes,
    request_max_body_size=PART_MOST,
)
async def take_part(
    request: Request[Any, Any, Any], house: TheHouse, spent: TheSpent, push_id: Ulid, offset: Offset
) -> PushView:
    """Take the next part of a file as the request's body; what is answered for is on the disk, whatever dies."""
    push = await sync_to_thread(_sent, request, house, spent, push_id)
    tray = Tray.of(house.home.folder, push.standing())
    headers = fields_of(request)
    with tray.part(offset, by_sm3=httpsig.claim_of(headers).alg == httpsig.SM2) as part:
        async for block in request.stream():
            part.take(block)
        httpsig.check_digest(headers, part.digest, part.sm3)
        await sync_to_thread(part.keep)
    return await sync_to_thread(_view, request, house, push)


def _sent(request: Request[Any, Any, Any], house: House, spent: delivery.Spent, push_id: str) -> Push:
    # Before the body is taken: only who is known may use up the disk.
    if "content-digest" not in request.headers:
        raise NotKnown(
            text("a part of a file carries its digest (Content-Digest, sha-256)"), basis=text("RFC 9530, RFC 9421")
        )
    return pushes.sent_by(house, system_behind(request, house, spent, None), push_id)


@post("/push/files/{push_id:str}/landing", responses=REFUSALS, sync_to_thread=True, tags=TAGS)
def land_push(request: Request[Any, Any, Any], house: TheHouse, spent: TheSpent, push_id: Ulid) -> PushView:
    """Land a file that is all there, once, and answer when its rows stand."""
    return _view(request, house, pushes.finish(house, system_behind(request, house, spent), push_id))


@delete("/push/files/{push_id:str}", responses=REFUSALS, sync_to_thread=True, tags=TAGS, status_code=200)
def give_up(request: Request[Any, Any, Any], house: TheHouse, spent: TheSpent, push_id: Ulid) -> PushView:
    """Give a file up that will not be finished."""
    actor = system_behind(request, house, spent)
    tray = Tray.of(house.home.folder, pushes.sent_by(house, actor, push_id))
    with tray.held():
        with house.desk(actor) as desk:
            push = pushes.give_up(desk, push_id)
        tray.clear()
    return _view(request, house, push)


@get("/push/files/{push_id:str}/receipt", responses=REFUSALS, sync_to_thread=True, tags=TAGS, media_type=MediaType.TEXT)
def show_receipt(request: Request[Any, Any, Any], house: TheHouse, spent: TheSpent, push_id: Ulid) -> Response[str]:
    """Hand out the ledger's receipt for a landed file; it verifies offline, with public keys alone."""
    push = pushes.sent_by(house, system_behind(request, house, spent), push_id)
    if push.stage is not Stage.LANDED:
        raise WrongMoment(text("this push has not landed"), remedy=text("send the rest, then land it"))
    receipt = ledger.receipt_of(house.engine, house.home.ledger, push.line)
    return Response(receipt, media_type="text/plain; charset=utf-8", headers={"cache-control": "no-store"})


def system_behind(
    request: Request[Any, Any, Any], house: House, spent: delivery.Spent, body: bytes | None = b""
) -> Actor:
    """Return the registered system that signed this very request to this very node, or refuse.

    With ``body`` None the body is still to come; whoever takes it compares its digest.
    """
    claim = httpsig.claim_of(fields_of(request))
    with house.reading() as db:
        try:
            system = registers.find_system(db, SystemName.parse(claim.keyid))
        except Refused as error:
            raise _unknown() from error
    counting = [one.key for one in system.counting(house.clock()) if one.key.alg == claim.alg]
    if not counting:
        raise _unknown()
    check_signed(request, house, spent, claim, EitherKey(counting), body)
    return pushes.actor_of(str(system.name), system.body)


def _unknown() -> NotKnown:
    return NotKnown(
        text("the signer is not a registered system with a key"),
        basis=text("RFC 9421, the profile of this node"),
        remedy=text("have the system registered and its key set by the administrators"),
    )


def _view(request: Request[Any, Any, Any], house: House, push: Push) -> PushView:
    language = language_of(request)
    with house.reading() as db:
        batch = collection.find_batch(db, push.batch) if push.batch else None
    going = collection.find_under_way(house.home.folder, push.entry, push.id) if push.stage is Stage.OPEN else None
    return PushView(
        id=push.id,
        entry=push.entry,
        name=push.parcel.name,
        size=push.parcel.size,
        offset=Tray.of(house.home.folder, push).offset if push.stage is Stage.OPEN else 0,
        stage=push.stage.value,
        opened=push.opened,
        ended=push.ended,
        part_most=PART_MOST,
        batch=push.batch,
        line=push.line,
        rows_read=batch.rows_read if batch else 0,
        rows_landed=batch.rows_landed if batch else 0,
        rows_quarantined=batch.rows_quarantined if batch else 0,
        rows_digest=batch.rows_digest if batch else "",
        landing_rows=going.rows if going else 0,
        reason=push.reason.said_in(language),
        remedy=push.remedy.said_in(language),
    )


ENDPOINTS = [open_push, show_push, take_part, land_push, give_up, show_receipt]
