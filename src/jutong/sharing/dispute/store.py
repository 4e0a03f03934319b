"""The tables of disputes, and of whose turn it is in each."""

from __future__ import annotations

from datetime import date
from functools import cache

import msgspec
import sqlalchemy as sa

from jutong.kernel.db import Db, Json, Piling, keyset, metadata, upsert
from jutong.kernel.errors import NotFound
from jutong.kernel.pile import Pile
from jutong.kernel.shape import learn
from jutong.terms.actor import Actor

from .noun import Dispute, State

dispute = sa.Table(
    "sharing_dispute",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("about", sa.String(26), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("due", sa.String(10), nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Index("ix_sharing_dispute_about", "about", "id"),
    sa.Index("ix_sharing_dispute_state_due", "state", "due", "id"),
)

# Which bodies a dispute concerns, and whether one of them must act: an index of ``Dispute``, written with it.
side = sa.Table(
    "sharing_dispute_side",
    metadata,
    sa.Column("dispute", sa.String(26), primary_key=True),
    sa.Column("body", sa.String(18), primary_key=True),
    sa.Column("turn", sa.Boolean, nullable=False),
    sa.Column("due", sa.String(10), nullable=False),
    sa.Index("ix_sharing_dispute_side_body", "body", "dispute"),
    sa.Index("ix_sharing_dispute_side_turn", "body", "turn", "due", "dispute"),
)

learn(Dispute)


def find_dispute(db: Db, dispute_id: str, actor: Actor | None = None, *, hold: bool = False) -> Dispute:
    """Return the dispute if ``actor`` (None: the house) may see it; ``hold`` keeps others from changing it."""
    query = sa.select(dispute.c.body).where(dispute.c.id == dispute_id)
    body = db.execute(query.with_for_update() if hold else query).scalar()
    found = None if body is None else msgspec.convert(body, Dispute)
    if found is None or (actor is not None and not found.visible_to(actor)):
        raise NotFound("dispute", dispute_id)
    return found


def dispute_on(db: Db, about: str) -> tuple[Dispute, ...]:
    """Return the disputes about a request or an agreement, oldest first."""
    query = sa.select(dispute.c.body).where(dispute.c.about == about).order_by(dispute.c.id)
    return tuple(msgspec.convert(body, Dispute) for body in db.execute(query).scalars())


def disputes_listed(
    db: Db,
    actor: Actor,
    *,
    state: State | None = None,
    after: tuple[str, ...] = (),
    descending: bool = False,
    limit: int = 50,
) -> tuple[Dispute, ...]:
    """Return the disputes that concern the actor's body, in the order in which they were opened."""
    query = (
        sa.select(dispute.c.body)
        .select_from(side.join(dispute, dispute.c.id == side.c.dispute))
        .where(side.c.body == actor.org)
    )
    if state is not None:
        query = query.where(dispute.c.state == state.value)
    page = keyset(query, (side.c.dispute,), after=after, descending=descending, limit=limit)
    return tuple(msgspec.convert(body, Dispute) for body in db.execute(page).scalars())


def key_of_dispute(noun: Dispute) -> tuple[str, ...]:
    """Return where a dispute stands in the lists."""
    return (noun.id,)


def save_dispute(db: Db, noun: Dispute) -> Dispute:
    """Keep a dispute as it now stands, with whose turn it is."""
    due = noun.clock.due.isoformat()
    values = {
        "id": noun.id,
        "about": noun.about,
        "state": noun.state.value,
        "due": due,
        "body": msgspec.to_builtins(noun, order="deterministic"),
    }
    upsert(db, dispute, values, key=("id",))
    for body in sorted(noun.parties | ({noun.arbiter, noun.government} - {""})):
        row = {"dispute": noun.id, "body": body, "turn": body in noun.turns, "due": due}
        upsert(db, side, row, key=("dispute", "body"))
    return noun


def disputes_late(db: Db, today: date) -> tuple[Dispute, ...]:
    """Return the open disputes whose clock has run out, the first due first, held against change."""
    late = sa.and_(dispute.c.state == State.OPEN.value, dispute.c.due < today.isoformat())
    query = sa.select(dispute.c.body).where(late).order_by(dispute.c.due, dispute.c.id).with_for_update()
    return tuple(msgspec.convert(body, Dispute) for body in db.execute(query).scalars())


def disputes_waiting(db: Db, body: str, *, limit: int = 20) -> Pile[Dispute]:
    """Return the disputes in which a body must act, the first due first."""
    rows, size = _turns().read(db, limit=limit, body=body)
    return Pile(tuple(msgspec.convert(row.body, Dispute) for row in rows), size)


@cache
def _turns() -> Piling:
    query = (
        sa.select(dispute.c.body)
        .select_from(side.join(dispute, dispute.c.id == side.c.dispute))
        .where(side.c.body == sa.bindparam("body"), side.c.turn.is_(True))
    )
    return Piling.of(query, side.c.due, side.c.dispute)
