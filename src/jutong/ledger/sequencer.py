"""What the node's clockwork does for the ledger: seal calls, sequence lines, cosign, collect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from jutong.kernel.crypto import PublicKey, SigningKey
from jutong.kernel.db import connection, transaction
from jutong.kernel.errors import Invalid
from jutong.kernel.files import write_whole
from jutong.kernel.lock import exclusive
from jutong.kernel.sm2 import Sm2PublicKey
from jutong.kernel.text import text

from . import store
from .calls import BATCH_AT_MOST as CALLS_AT_MOST
from .calls import CallBatch, batch_path, gather
from .checkpoint import Checkpoint, KeyKind, Note, Signature, VerifierKey, cosign
from .evidence import Evidence
from .journal import cut, fetch, finished, journal_files, worker_of
from .tiles import BATCH_AT_MOST, Log, Tiles, publishing
from .witness import Answer, Asked, decide, origin_of


def sequence(engine: sa.Engine, log: Log, *, limit: int = 10_000) -> int:
    """Move waiting lines into the log, in their order, sign the checkpoint, and return how many were moved.

    The log's checkpoint is the moment that counts. When the machine dies between it and the database, the next run
    reads from the log what the database does not know yet; so nothing is lost and nothing stands twice.
    """
    with exclusive(engine, log.folder, "sequencer") as ours:
        if not ours:
            return 0
        _catch_up(engine, log)
        with connection(engine) as db:
            lines = store.waiting(db, limit=min(limit, BATCH_AT_MOST))
        if not lines:
            return 0
        first = log.append([leaf for _, leaf in lines])
        with transaction(engine) as db:
            store.set_places(db, [(number, first + at) for at, (number, _) in enumerate(lines)])
        return len(lines)


def _catch_up(engine: sa.Engine, log: Log) -> None:
    size = log.refresh()
    with connection(engine) as db:
        known = store.placed(db)
    if known > size:
        raise Invalid(
            text(
                "the log in {folder} ends at {size}, but {known} places were given",
                folder=log.folder,
                size=size,
                known=known,
            ),
            remedy=text("put back the ledger folder that belongs to this control database"),
        )
    while known < size:
        end = min(size, known + CALLS_AT_MOST)
        with transaction(engine) as db:
            for place, leaf in enumerate(log.tiles.entries(known, end, size), known):
                store.adopt(db, place, Evidence.of_leaf(leaf))
        known = end


def seal(engine: sa.Engine, folder: Path, journals: Path, *, org: str, now: datetime) -> list[CallBatch]:
    """Gather the calls that workers wrote down into batches, each with one line of evidence, and return them.

    ``folder`` is the ledger's, where the records of a batch stay; a journal that is all in batches is removed.
    """
    done: list[CallBatch] = []
    with exclusive(engine, folder, "sealer") as ours:
        for path in journal_files(journals) if ours else ():
            over = finished(path)  # asked first: what is written after this is seen next time
            with connection(engine) as db:
                start = store.sealed(db, path.name)
            while gathered := gather(fetch(path, start), worker=worker_of(path), file=path.name, starts=start):
                batch, records = gathered
                write_whole(folder / batch_path(batch.id), records)
                with transaction(engine) as db:
                    store.save_batch(db, batch)
                    store.count_calls(db, batch)
                    store.append(db, batch.line(org=org, at=now))
                done.append(batch)
                start = batch.ends
            if over:
                cut(path)
                path.unlink()
    return done


def add_checkpoint(
    engine: sa.Engine,
    body: bytes,
    logs: Mapping[str, Sequence[VerifierKey]],
    *,
    name: str,
    key: SigningKey,
    now: datetime,
) -> Answer:
    """Answer a neighbour's request to cosign its checkpoint; what was seen is kept before the signature leaves."""
    origin = origin_of(body)
    if origin is None or origin not in logs:
        decided = decide(body, None, logs)
    else:
        with transaction(engine) as db:
            decided = decide(body, store.hold_witnessed(db, origin), logs)
            if not isinstance(decided, Answer):
                store.save_witnessed(db, decided[1])
    if isinstance(decided, Answer):
        return decided
    signature = cosign(decided[0].body, witness_key(name, key.public), key.sign, at=int(now.timestamp()))
    return Answer(200, f"{signature}\n")


def witness_key(name: str, key: PublicKey) -> VerifierKey:
    """Return the verifier key under which the node ``name`` cosigns other nodes' logs."""
    return VerifierKey(name, KeyKind.COSIGNATURE, key.raw)


def log_key(name: str, key: PublicKey) -> VerifierKey:
    """Return the verifier key under which the node ``name`` signs its own log."""
    return VerifierKey(name, KeyKind.NOTE, key.raw)


def log_keys(name: str, key: PublicKey, sm2: Sm2PublicKey | None) -> tuple[VerifierKey, ...]:
    """Return the keys by which the node ``name`` signs its own log, one or both; each that is given must sign."""
    second = (VerifierKey(name, KeyKind.SM2, sm2.raw),) if sm2 is not None else ()
    return (log_key(name, key), *second)


def ask_to_cosign(folder: Path, *, old: int) -> Asked:
    """Return what to ask of a witness that saw ``old`` leaves of the log in ``folder``."""
    tiles = Tiles(folder)
    note = tiles.note()
    size = Checkpoint.of_body(note.body).size
    if old > size:
        raise Invalid(text("a witness saw {old} leaves of a log that holds {size}", old=old, size=size))
    return Asked(old, tuple(tiles.consistency(old, size)), note)


def collect(folder: Path, asked: Note, answers: Iterable[str], witnesses: Iterable[VerifierKey]) -> Note:
    """Keep the cosignatures that witnesses gave for a checkpoint, and return it with all of them.

    The published checkpoint gets them when it is still the same one. Besides, ``cosigned/N`` is the newest checkpoint
    with N witnesses: a log that grows faster than its witnesses answer can prove its leaves by that one.
    """
    keys = tuple(witnesses)
    given = [Signature.read(line) for answer in answers for line in answer.splitlines()]
    valid = [one for one in given if any(key.verifies(one, asked.body) for key in keys)]
    with publishing(folder):
        published = Tiles(folder).note()
        if published.body == asked.body:
            asked = published
        for kept in cosigned(folder):
            if kept.body == asked.body:
                asked = asked.with_signatures(kept.signatures)
        asked = asked.with_signatures(valid)
        if published.body == asked.body and str(published) != str(asked):
            write_whole(folder / "checkpoint", str(asked).encode())
        count = sum(1 for key in keys if any(key.verifies(one, asked.body) for one in asked.signatures))
        _keep_cosigned(folder, asked, count)
    return asked


def cosigned(folder: Path) -> list[Note]:
    """Return the checkpoints that witnesses cosigned: for each number of witnesses the newest one."""
    return [Note.read(path.read_bytes()) for path in sorted((folder / "cosigned").glob("[0-9]*"))]


def _keep_cosigned(folder: Path, note: Note, count: int) -> None:
    path = folder / "cosigned" / str(count)
    size = Checkpoint.of_body(note.body).size
    if count and (not path.exists() or Checkpoint.of_body(Note.read(path.read_bytes()).body).size <= size):
        write_whole(path, str(note).encode())
