"""What the ledger hands out: the files of the log under their URLs, calls by their identifier, receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import sqlalchemy as sa

from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import connection
from jutong.kernel.errors import NotFound, WrongMoment
from jutong.kernel.ids import is_ulid, spell
from jutong.kernel.text import text

from . import store
from .calls import batch_path, frames, head_of, proof_in
from .checkpoint import Checkpoint, Note
from .merkle import holds_consistency
from .receipt import CallProof, Receipt
from .sequencer import cosigned
from .tile import ENTRIES, Tile, edge
from .tiles import Tiles


def read_path(folder: Path, url_path: str) -> bytes | None:
    """Return what a public log serves under ``url_path``, or None; nothing beyond the checkpoint, nothing beside it."""
    path = url_path.removeprefix("/")
    tiles = Tiles(folder)
    try:
        note = tiles.note()
        if path == "checkpoint":
            return str(note).encode()
        tile = Tile.of_path(path)
        # A tile that a crash left beyond the checkpoint may still change: a cache must never see it.
        if tile is None or not _stands(tile, Checkpoint.of_body(note.body).size):
            return None
        return tiles.read(tile)
    except NotFound:
        return None


def holds_entries(url_path: str) -> bool:
    """Say whether a path is one of entries, which tell more than hashes do and are not for everyone."""
    tile = Tile.of_path(url_path.removeprefix("/"))
    return tile is not None and tile.level == ENTRIES


def find_call(engine: sa.Engine, folder: Path, call_id: str) -> tuple[str, int, list[bytes]]:
    """Return the batch that holds a call, the call's index there, and the records of the batch."""
    with connection(engine) as db:
        for batch_id in store.batches_around(db, call_id):
            records = _records(folder, batch_id)
            for index, record in enumerate(records):
                if head_of(record).id == call_id:
                    return batch_id, index, records
    raise NotFound("sealed call", call_id)


def calls_on(
    engine: sa.Engine,
    folder: Path,
    agreement: str,
    day: date,
    *,
    descending: bool = False,
    after: Sequence[str] = (),
    limit: int = 50,
) -> list[tuple[tuple[str, str, str], bytes]]:
    """Return records of calls under one agreement on one legal day, in the order in which they were sealed.

    Each comes with the key (first call of its batch, batch, place in it) after which the next page begins.
    """
    midnight = datetime.combine(day, time(), LEGAL_TIME)
    first, last = (spell(int(at.timestamp() * 1000) << 80) for at in (midnight, midnight + timedelta(days=1)))
    found: list[tuple[tuple[str, str, str], bytes]] = []
    seen: tuple[str, str] | None = None
    if after:
        start, batch, place = _place(after)
        seen = (start, batch)
        found = _calls_in(folder, start, batch, agreement, beyond=int(place), descending=descending)
    while len(found) < limit:
        with connection(engine) as db:
            batches = store.batches_between(db, first, last, after=seen, descending=descending)
        if not batches:
            break
        for begins, one, counts in batches:
            seen = (begins, one)
            if counts.get(agreement) and len(found) < limit:
                found += _calls_in(folder, begins, one, agreement, descending=descending)
    return found[:limit]


def _place(after: Sequence[str]) -> Sequence[str]:
    # A batch's name becomes a path: what comes from an address is looked at before.
    if len(after) != 3 or not is_ulid(after[1]) or not after[2].isdecimal() or len(after[2]) > 9:
        raise store.no_such_place()
    return after


def _calls_in(
    folder: Path, begins: str, batch: str, agreement: str, *, beyond: int | None = None, descending: bool
) -> list[tuple[tuple[str, str, str], bytes]]:
    found = [
        ((begins, batch, str(place)), record)
        for place, record in enumerate(_records(folder, batch))
        if (beyond is None or (place < beyond if descending else place > beyond))
        and head_of(record).agreement == agreement
    ]
    return found[::-1] if descending else found


def receipt_of(engine: sa.Engine, folder: Path, some_id: str) -> str:
    """Return the receipt of an act (by its line's identifier) or of a call (by the call's).

    The checkpoint in it is the one with most witnesses among those that cover the leaf and that the log signed by SM2,
    if there are such.
    """
    call = None
    try:
        with connection(engine) as db:
            place = store.place_of(db, some_id)
    except NotFound:
        batch_id, at, records = find_call(engine, folder, some_id)
        proof, count = proof_in(records, at)
        call = CallProof(records[at], at, count, tuple(proof))
        with connection(engine) as db:
            place = store.place_of(db, batch_id)
    tiles = Tiles(folder)
    if place is None:
        raise _too_early()
    note = _best([tiles.note(), *cosigned(folder)], place)
    size = Checkpoint.of_body(note.body).size
    return str(Receipt(tiles.entry(place, size), place, tuple(tiles.inclusion(place, size)), note, call))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a log stands: its checkpoint, and by witness the newest checkpoint that it signed, with a proof from there.

    ``grown`` says whether what the witnesses saw is the beginning of the log as it is now.
    """

    note: Note
    cosigned: tuple[Note, ...]
    grown: bool

    @property
    def point(self) -> Checkpoint:
        """The log's size and root."""
        return Checkpoint.of_body(self.note.body)


def standing(folder: Path) -> Standing:
    """Return how the log in a folder stands; that it only grew is computed anew from its tiles."""
    tiles = Tiles(folder)
    note = tiles.note()
    point = Checkpoint.of_body(note.body)
    notes = tuple(cosigned(folder))
    older = [Checkpoint.of_body(one.body) for one in notes]
    grown = all(
        one.size <= point.size
        and holds_consistency(one.size, one.root, point.size, point.root, tiles.consistency(one.size, point.size))
        for one in older
    )
    return Standing(note, notes, grown)


def _best(notes: Sequence[Note], place: int) -> Note:
    covering = [note for note in notes if Checkpoint.of_body(note.body).size > place]
    if not covering:
        raise _too_early()
    return max(covering, key=_worth)


def _worth(note: Note) -> tuple[int, int, int]:
    """A note that the log signed by both families goes before one with more witnesses, and that before a newer one."""
    point = Checkpoint.of_body(note.body)
    return sum(one.name == point.origin for one in note.signatures), len(note.signatures), point.size


def _too_early() -> WrongMoment:
    return WrongMoment(
        text("this line is not in the log yet"), remedy=text("ask again in a moment; the sequencer is about to take it")
    )


def _records(folder: Path, batch_id: str) -> list[bytes]:
    try:
        return [record for record, _ in frames((folder / batch_path(batch_id)).read_bytes())]
    except FileNotFoundError as error:
        raise NotFound("batch of calls", batch_id) from error


def _stands(tile: Tile, size: int) -> bool:
    last = edge(tile.level, size)
    return tile.width <= last.width if tile.index == last.index else tile.index < last.index
