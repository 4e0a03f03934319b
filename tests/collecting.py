"""A department's node with one published entry, for tests that bring rows in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from jutong import catalogue, collection
from jutong.catalogue.entry import Entry
from jutong.catalogue.stage import Stage
from jutong.collection import Batch, Source
from jutong.desk import Desk, open_desk
from jutong.kernel.db import connect, connection, metadata
from jutong.pools import Pools, open_pools
from jutong.pools.layout import quarantine_table, raw_table
from jutong.terms import Actor, Duty, Grade

REGULATOR = "11500000MB16000001"
NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
OFFICER = Actor(id="officer", org=REGULATOR, duties=frozenset({Duty.COLLECTION}), cleared=Grade.L4)
HOUSE = Actor(id="house", org=REGULATOR, duties=frozenset({Duty.HOUSE}), cleared=Grade.L4)
ENTRY = "01JZ0000000000000000000000"


def register_entry(stage: Stage = Stage.PUBLISHED) -> Entry:
    """Return the shipped register entry as one department's own, as far on its way as wanted."""
    template = catalogue.template("enterprise_register", REGULATOR)
    entry = replace(template, secrecy_assessed=True, impact_assessed=True).begun(ENTRY, _hand("a"), NOON)
    entry = entry.signed(_hand("b"), NOON).submitted(_hand("a"), NOON, due=date(2026, 1, 7))
    entry = entry.registered(_hand("c"), NOON)
    return entry.published(_hand("d"), NOON) if stage is Stage.PUBLISHED else entry


def _hand(name: str) -> Actor:
    return Actor(id=name, org=REGULATOR, duties=frozenset())


@dataclass(frozen=True)
class Node:
    """A control database, pools, and one entry."""

    engine: sa.Engine
    pools: Pools

    @contextmanager
    def desk(self, actor: Actor = OFFICER) -> Iterator[Desk]:
        """Open a desk."""
        with open_desk(self.engine, actor, NOON, self.pools) as desk:
            yield desk

    def collect(self, source: Source) -> Batch:
        """Collect a delivery as an officer of the department."""
        with self.desk() as desk:
            return collection.collect(desk, ENTRY, source)

    def evidence(self) -> list[str]:
        """Return the acts of this room that left a line, with what they are on."""
        with connection(self.engine) as db:
            rows = db.execute(sa.text("SELECT act FROM ledger_evidence ORDER BY seq")).scalars()
            return [act for act in rows if act.startswith("collection.")]

    def raw(self, batch: Batch) -> pa.Table:
        """Return what landed."""
        where = pc.field("_batch") == batch.id
        table = self.pools.lake.read(raw_table(ENTRY), version=batch.snapshot.version, where=where).read_all()
        return table.sort_by("_row")

    def quarantined(self, batch: Batch) -> list[dict[str, object]]:
        """Return the rows kept apart."""
        table = self.pools.lake.read(quarantine_table(ENTRY), where=pc.field("_batch") == batch.id).read_all()
        return table.sort_by("_row").to_pylist()

    def empty(self) -> bool:
        """Say whether nothing at all was kept."""
        return not self.pools.lake.exists(raw_table(ENTRY)) and not self.evidence()


def node_at(folder: Path, stage: Stage = Stage.PUBLISHED, *, postgres: str = "") -> Node:
    """Open (or make) the node in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = connect(postgres.replace("postgresql:", "postgresql+psycopg:") or f"sqlite:///{folder / 'control.db'}")
    metadata.create_all(engine)
    node = Node(engine, open_pools(str(folder / "lake"), {}, "duckdb", "lmdb", folder / "serving"))
    with node.desk(HOUSE) as desk:
        catalogue.adopt(desk, register_entry(stage), "test")
    return node


__all__ = ["ENTRY", "HOUSE", "NOON", "OFFICER", "REGULATOR", "Node", "node_at", "register_entry"]
