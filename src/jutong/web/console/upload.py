"""Files that come with a form and may be large: streamed to the node's inbox, after it is clear who sends them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import SkipValidation
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from jutong import catalogue, library, registers
from jutong.collection import Limits
from jutong.desk import House
from jutong.guard import Label
from jutong.kernel.errors import NotFound, TooMuch
from jutong.kernel.files import refusing_full_disk
from jutong.kernel.ids import is_ulid
from jutong.kernel.text import text

from ..wiring import SLACK, TheHouse, TheRequest
from .door import session_cookie
from .form import Form, Spooled
from .visit import Doorkeeper

TheKeeper = NamedDependency[SkipValidation[Doorkeeper]]
PARTS = 20
FIELD_MOST = 64 << 10
NAME_MOST = 200  # bytes of a file's name
INBOX = "inbox"
UPLOAD_MOST = Limits().max_bytes + SLACK


async def delivered_form(request: TheRequest, house: TheHouse, keeper: TheKeeper) -> Form:
    """Return a form with a file of rows; of somebody who may not deliver, not a byte of it is taken."""
    if request.method == "GET":
        return Form()
    entry_id = str(request.path_params.get("entry_id", ""))
    if not await sync_to_thread(
        _may_deliver, house, keeper, request.cookies.get(session_cookie(house.home.settings.name), ""), entry_id
    ):
        return Form()
    return await _taken(request, house)


async def listed_form(request: TheRequest, house: TheHouse, keeper: TheKeeper) -> Form:
    """Return a form with a portal's list; of somebody who may not import, not a byte of it is taken."""
    return await _taken_of(request, house, keeper, "catalogue.harvest")


async def surveyed_form(request: TheRequest, house: TheHouse, keeper: TheKeeper) -> Form:
    """Return a form with a file to look over; of somebody who may not harvest, not a byte of it is taken."""
    return await _taken_of(request, house, keeper, "census.harvest")


async def medium_form(request: TheRequest, house: TheHouse, keeper: TheKeeper) -> Form:
    """Return a form with a package of a medium; of somebody who may take none in, not a byte of it is taken."""
    return await _taken_of(request, house, keeper, "collection.take_packages")


async def layer_form(request: TheRequest, house: TheHouse, keeper: TheKeeper) -> Form:
    """Return a form with a layer's file; of somebody who may not load one, not a byte of it is taken."""
    token = request.cookies.get(session_cookie(house.home.settings.name), "")
    if request.method == "GET" or not await sync_to_thread(_may_load, house, keeper, token):
        return Form()
    return await _taken(request, house)


async def _taken_of(request: TheRequest, house: House, keeper: Doorkeeper, act: str) -> Form:
    """Return the form of somebody who may do ``act`` for the own body."""
    token = request.cookies.get(session_cookie(house.home.settings.name), "")
    if request.method == "GET" or not await sync_to_thread(_may_for_own, house, keeper, token, act):
        return Form()
    return await _taken(request, house)


async def _taken(request: TheRequest, house: House) -> Form:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data" or not options.get("boundary"):
        return Form()
    inbox = house.home.folder / INBOX
    inbox.mkdir(parents=True, exist_ok=True)
    taking = _Taking(inbox)
    try:
        with PushMultipartParser(options["boundary"], max_segment_count=PARTS) as parser:
            async for chunk in request.stream():
                for part in parser.parse(chunk):
                    taking.take(part)
    except MultipartError as error:
        taking.leave()
        raise ClientException from error
    except BaseException:
        taking.leave()
        raise
    return Form({name: tuple(values) for name, values in taking.fields.items()}, spooled=taking.files)


@dataclass(slots=True)
class _Taking:
    """The parts of one form, as they come in; the first file goes to the inbox."""

    inbox: Path
    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, Spooled] = field(default_factory=dict)
    _name: str = ""
    _words: bytearray = field(default_factory=bytearray)
    _stream: IO[bytes] | None = None
    _size: int = 0

    def take(self, part: MultipartSegment | bytearray | None) -> None:
        """Take the next piece: the head of a part, some of its bytes, or its end."""
        if isinstance(part, MultipartSegment):
            self._begin(part)
        elif part:
            self._add(part)
        else:
            self._end()

    def leave(self) -> None:
        """Leave nothing of what came in."""
        if self._stream is not None:
            self._stream.close()
        for one in self.files.values():
            one.folder.cleanup()

    def _begin(self, part: MultipartSegment) -> None:
        self._name, self._words, self._size = part.name, bytearray(), 0
        if part.filename and not self.files:
            folder = tempfile.TemporaryDirectory(dir=self.inbox, prefix="delivery-", ignore_cleanup_errors=True)
            path = Path(folder.name) / own_name(part.filename)
            self.files[part.name] = Spooled(path, folder)
            self._stream = path.open("wb")

    def _add(self, chunk: bytearray) -> None:
        self._size += len(chunk)
        if self._stream is None:
            if self._size > FIELD_MOST:
                raise TooMuch(text("a field of the form is too long"), remedy=text("shorten it"))
            self._words += chunk
            return
        limit = Limits().max_bytes
        if self._size > limit:
            raise TooMuch(
                text("the delivery is larger than {limit} MiB", limit=limit >> 20),
                remedy=text("deliver it in parts, or have the node's limit raised"),
            )
        with refusing_full_disk():
            self._stream.write(chunk)

    def _end(self) -> None:
        if self._stream is not None:
            with refusing_full_disk():
                self._stream.close()
            self._stream = None
        else:
            self.fields.setdefault(self._name, []).append(self._words.decode("utf-8", "replace"))


def own_name(given: str) -> str:
    r"""Return a file's name as the sender's machine calls it, without its folders and without what cannot be shown.

    >>> own_name("C:\\data\\企业.csv"), own_name("../../etc/passwd"), own_name("..")
    ('企业.csv', 'passwd', 'rows')
    """
    last = given.replace("\\", "/").rpartition("/")[2]
    shown = "".join(one for one in last if one.isprintable()).encode()[-NAME_MOST:].decode("utf-8", "ignore")
    return shown if shown.strip(". ") else "rows"


def _may_for_own(house: House, keeper: Doorkeeper, token: str, act: str) -> bool:
    known = keeper(house, token) if token else None
    if known is None or known.actor is None or known.owes is not None:
        return False
    with house.desk(known.actor) as desk:
        desk.allow(act, Label(owner=known.actor.org))
    return True


def _may_load(house: House, keeper: Doorkeeper, token: str) -> bool:
    known = keeper(house, token) if token else None
    if known is None or known.actor is None or known.owes is not None:
        return False
    with house.desk(known.actor) as desk:
        desk.allow("library.load_layer", library.whole_library(registers.bodies(desk.db), library.SPATIAL_OBJECT))
    return True


def _may_deliver(house: House, keeper: Doorkeeper, token: str, entry_id: str) -> bool:
    """Say whether anybody is there to deliver; refuse one who may not, and leave the line that a denial leaves."""
    known = keeper(house, token) if token else None
    if known is None or known.actor is None or known.owes is not None:
        return False
    if not is_ulid(entry_id):
        raise NotFound("catalogue entry", entry_id[:26])
    with house.desk(known.actor) as desk:
        desk.allow("collection.collect", catalogue.visible_to(desk.db, entry_id, known.actor).label)
    return True
