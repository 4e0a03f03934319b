"""What oversight looks up: the ledger's lines for a scorecard or for what is waiting, and the frozen scorecards."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from itertools import islice
from threading import Lock
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong import ledger, registers, sharing
from jutong.desk import Desk
from jutong.guard import Label, decide
from jutong.kernel.canon import canonical
from jutong.kernel.db import Db, metadata
from jutong.kernel.errors import NotAllowed, NotFound
from jutong.terms import Actor, Org

from .indicator import Proof
from .memory import Memory
from .owed import Owed
from .ranking import Ranked
from .reading import WORDS, Placed
from .scorecard import Scorecard
from .sight import Sight, sight_for
from .snapshot import Snapshot

PAGE = 1000
NO_BODY = ""  # owns what concerns the tier as a whole: its authority may look, no single department

snapshot = sa.Table(
    "oversight_snapshot",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("provider", sa.String(18), nullable=False, index=True),
    sa.Column("since", sa.String(10), nullable=False),
    sa.Column("until", sa.String(10), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # canonical JSON, byte for byte what the digest was made over
    sa.UniqueConstraint("provider", "since", "until"),
)


# One memory a database: it lives as long as the engine by which the database is reached.
_memories: WeakKeyDictionary[sa.Engine, Memory] = WeakKeyDictionary()
_turn = Lock()


def score(desk: Desk, provider: str, since: date, until: date) -> Scorecard:
    """Return a department's scorecard for a period, up to today: what is due later is not late yet."""
    body = registers.find_body(desk.db, provider)
    desk.allow("oversight.read", label_of(desk.db, body.code, by=desk.actor))
    return card(desk.db, body.code, since, min(until, desk.today))


def waiting(desk: Desk) -> tuple[Owed, ...]:
    """Return every answer, delivery and correction that is owed in this tier, the most overdue first."""
    desk.allow("oversight.read", label_of(desk.db, NO_BODY, by=desk.actor))
    return _memory_of(desk.db).waiting(partial(lines, desk.db), desk.today)


def sight_of(db: Db, actor: Actor) -> Sight:
    """Return how far the actor sees into the log."""
    return sight_for(actor, of_authority=registers.over_all(db, actor))


def check_may_read_receipt(db: Db, actor: Actor, receipt: ledger.Receipt) -> None:
    """Refuse a receipt that is not shown to the actor, as if it were not there.

    A call's receipt is also its parties': one line stands for the calls of many agreements and names none of them.
    """
    line = ledger.Evidence.of_leaf(receipt.leaf)
    if sight_of(db, actor).shows(line):
        return
    about = receipt.call_facts
    try:
        sharing.find_agreement(db, str(about.get("agreement", "")), actor)
    except NotFound:
        raise NotFound("receipt", about.get("id", line.id)) from None


def bodies_read_by(db: Db, actor: Actor) -> tuple[Org, ...]:
    """Return the bodies whose numbers the actor may read."""
    return tuple(body for body in registers.bodies(db) if _may_read(db, actor, body.code))


def score_for(db: Db, actor: Actor, provider: str, since: date, until: date, *, today: date) -> Scorecard:
    """Return a scorecard to somebody who may read it; for others it is not there."""
    body = registers.find_body(db, provider)
    if not _may_read(db, actor, body.code):
        raise NotFound("scorecard", provider)
    return card(db, body.code, since, min(until, today))


def scorecards_page(
    db: Db,
    actor: Actor,
    since: date,
    until: date,
    *,
    sought: str = "",
    sort: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> list[Ranked]:
    """Return bodies with their scorecards: by division and code, or before that by "name" or "total".

    Page on from the last one's place. By total every body's card is counted, otherwise only those of the page.
    """
    bodies = [one for one in bodies_read_by(db, actor) if sought in one.name]

    def ranked(body: Org) -> Ranked:
        return Ranked(body, card(db, body.code, since, until))

    known = {one.code: ranked(one) for one in bodies} if sort == "total" else {}
    first = {one.code: one.name for one in bodies} if sort == "name" else {key: one.worth for key, one in known.items()}
    places = {(*filter(None, (first.get(one.code),)), one.division, one.code): one for one in bodies}
    beyond = (place for place in places if not after or (place < after if descending else place > after))
    page = (places[place] for place in sorted(beyond, reverse=descending)[:limit])
    return [known.get(one.code) or ranked(one) for one in page]


def owed_before(
    db: Db,
    actor: Actor,
    *,
    today: date,
    kind: str = "",
    provider: str = "",
    descending: bool = False,
    after: tuple[str, ...] = (),
    limit: int = 50,
) -> list[Owed]:
    """Return what is owed, the most overdue first unless told otherwise: of the whole tier, or else one's own.

    Page on from the last one's due day (empty where its clock stands still) and identifier.
    """
    all_of_it = _may_read(db, actor, NO_BODY)
    behind = _rank(*after) if len(after) == 2 else None
    waits = _memory_of(db).waiting(partial(lines, db), today)
    found = (
        one
        for one in (reversed(waits) if descending else waits)
        if (all_of_it or actor.org in (one.provider, one.consumer))
        and kind in ("", one.kind)
        and provider in ("", one.provider)
        and (behind is None or (_rank_of(one) < behind if descending else _rank_of(one) > behind))
    )
    return list(islice(found, limit))


def lines_behind(
    db: Db,
    actor: Actor,
    evidence: Sequence[Proof],
    *,
    beyond: int | None = None,
    descending: bool = False,
    limit: int = 100,
) -> list[tuple[Proof, ledger.Evidence | None]]:
    """Return the lines behind a number from a place on; of a line that is not shown to the actor only where it is."""
    if descending:
        end = len(evidence) if beyond is None else bisect_left(evidence, beyond, key=lambda proof: proof.place)
        proofs = evidence[max(end - limit, 0) : end][::-1]
    else:
        start = 0 if beyond is None else bisect_right(evidence, beyond, key=lambda proof: proof.place)
        proofs = evidence[start : start + limit]
    found = ledger.find_all(db, [proof.place for proof in proofs])
    sight = sight_of(db, actor)
    shown = {place: line for place, line in found.items() if sight.shows(line)}
    return [(proof, shown.get(proof.place)) for proof in proofs]


def label_of_tier(db: Db, actor: Actor) -> Label:
    """Return the label of what concerns the tier as a whole."""
    return label_of(db, NO_BODY, by=actor)


def _rank_of(one: Owed) -> tuple[bool, str, str]:
    return _rank(one.due.isoformat() if one.due else "", one.on)


def _rank(due: str, on: str) -> tuple[bool, str, str]:
    return not due, due, on


def card(db: Db, provider: str, since: date, until: date) -> Scorecard:
    """Return a department's scorecard as the log stands now; only what is new in the log is read."""
    return _memory_of(db).scorecard(partial(lines, db), provider=provider, since=since, until=until)


def lines(db: Db, after: int = -1) -> Iterator[Placed]:
    """Yield the lines of the log on which any number rests, in order, in pages."""
    while page := list(ledger.read(db, after=after, acts=WORDS, limit=PAGE)):
        yield from page
        after = page[-1][0]


def label_of(db: Db, body: str, *, by: Actor) -> Label:
    """Return whom a body's numbers concern: itself, its tier's authority, and the node that counts them."""
    return registers.label_of(db, body, by=by)


def _may_read(db: Db, actor: Actor, body: str) -> bool:
    try:
        decide(actor, "oversight.read", label_of(db, body, by=actor))
    except NotAllowed:
        return False
    return True


def _memory_of(db: Db) -> Memory:
    with _turn:
        return _memories.setdefault(db.engine, Memory())


def save_new(db: Db, snapshot_id: str, card: Scorecard) -> bool:
    """Keep a scorecard, unless one of its department and period is frozen already; say whether it was kept."""
    values = {
        "id": snapshot_id,
        "provider": card.provider,
        "since": card.since.isoformat(),
        "until": card.until.isoformat(),
        "digest": card.digest(),
        "body": canonical(card.spelled()).decode(),
    }
    insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(snapshot).values(values)
    unless = insert.on_conflict_do_nothing(index_elements=["provider", "since", "until"])
    # Not by the row count: of an insert, not every driver tells it.
    return db.execute(unless.returning(snapshot.c.id)).first() is not None


def find_snapshot(db: Db, snapshot_id: str) -> Snapshot:
    """Return one frozen scorecard."""
    row = db.execute(sa.select(snapshot).where(snapshot.c.id == snapshot_id)).one_or_none()
    if row is None:
        raise NotFound("frozen scorecard", snapshot_id)
    return _snapshot(row)


def snapshot_for(db: Db, actor: Actor, snapshot_id: str) -> Snapshot:
    """Return one frozen scorecard to somebody who may read its body's numbers; for others it is not there."""
    found = find_snapshot(db, snapshot_id)
    if not _may_read(db, actor, found.provider):
        raise NotFound("frozen scorecard", snapshot_id)
    return found


def known(db: Db, provider: str, since: date, until: date) -> bool:
    """Say whether the scorecard of a department and period is frozen."""
    query = sa.select(snapshot.c.id).where(_period(provider, since, until))
    return db.execute(query).one_or_none() is not None


def find_frozen(db: Db, provider: str, since: date, until: date) -> Snapshot:
    """Return the frozen scorecard of a department and period."""
    row = db.execute(sa.select(snapshot).where(_period(provider, since, until))).one_or_none()
    if row is None:
        raise NotFound("frozen scorecard", f"{provider} {since}..{until}")
    return _snapshot(row)


def snapshots(db: Db, *, provider: str | None = None, after: str = "", limit: int = 50) -> tuple[Snapshot, ...]:
    """Return frozen scorecards in the order in which they were frozen, from the one after ``after`` on."""
    query = sa.select(snapshot).where(snapshot.c.id > after).order_by(snapshot.c.id).limit(limit)
    if provider is not None:
        query = query.where(snapshot.c.provider == provider)
    return tuple(map(_snapshot, db.execute(query)))


def _period(provider: str, since: date, until: date) -> sa.ColumnElement[bool]:
    return sa.and_(
        snapshot.c.provider == provider, snapshot.c.since == since.isoformat(), snapshot.c.until == until.isoformat()
    )


def _snapshot(row: sa.Row[tuple[object, ...]]) -> Snapshot:
    return Snapshot(
        id=row.id,
        provider=row.provider,
        since=date.fromisoformat(row.since),
        until=date.fromisoformat(row.until),
        digest=row.digest,
        body=row.body,
    )
