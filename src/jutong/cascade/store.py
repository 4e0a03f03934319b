"""Up to which line of each neighbour's ledger this node has listened."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jutong.kernel.db import Db, metadata

heard = sa.Table(
    "cascade_heard",
    metadata,
    sa.Column("node", sa.String(100), primary_key=True),
    sa.Column("place", sa.BigInteger, nullable=False),
)


def position(db: Db, node: str) -> int:
    """Return the place of the last line that was taken from ``node``; -1 before the first."""
    place = db.execute(sa.select(heard.c.place).where(heard.c.node == node)).scalar()
    return -1 if place is None else place


def advance(db: Db, node: str, place: int) -> bool:
    """Note that everything up to ``place`` was taken; false if that, or more, had been noted before."""
    insert = (postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert)(heard)
    farther = insert.values(node=node, place=place).on_conflict_do_update(
        index_elements=["node"], set_={"place": insert.excluded.place}, where=heard.c.place < insert.excluded.place
    )
    return db.execute(farther.returning(heard.c.place)).first() is not None
