"""Versions of a view on a disk, and orders to bring them into a target, without a city around them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from jutong.collection.plans.schedule import Schedule
from jutong.delivery.bulk.manifest import sign
from jutong.delivery.bulk.outflow import Outflow, State, Target
from jutong.delivery.bulk.outflow.ordering import Ordered
from jutong.delivery.bulk.outflow.targets import TARGETS, Into
from jutong.delivery.bulk.outflow.ways import Ways
from jutong.delivery.bulk.view import Part, View, changes_sql
from jutong.kernel.clock import system_clock
from jutong.kernel.crypto import SigningKey
from jutong.pools import Pools, open_pools

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
AGREEMENT, OUTFLOW = "01JZ000000000000000000000A", "01JZ000000000000000000000B"
SCHEMA = pa.schema([("code", pa.string()), ("name", pa.string()), ("_disputed", pa.string())])
KEY = SigningKey.of_seed(b"outflows" * 4)
Row = tuple[str | None, str | None, str | None]


@dataclass
class Versions:
    """A view that gets new versions."""

    folder: Path
    views: list[View] = field(default_factory=list)
    pools: Pools = field(init=False)

    def __post_init__(self) -> None:
        self.pools = open_pools(str(self.folder / "lake"), {}, "duckdb", "lmdb", self.folder / "serving")

    def add(self, rows: Sequence[Row] | pa.Table) -> View:
        """Make the next version."""
        version = len(self.views)
        home = self.folder / "views" / AGREEMENT.lower() / f"v{version:08}"
        home.mkdir(parents=True)
        made = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows] if not isinstance(rows, pa.Table) else None
        table = rows if made is None else pa.Table.from_pylist(made, SCHEMA)
        changes = None
        if self.views:
            with duckdb.connect() as db:
                db.register("before", self._table(self.views[-1]))
                db.register("after", table)
                told = db.execute(changes_sql(SCHEMA.names)).to_arrow_table()
            changes = (_part(home / "changes" / "part.parquet", told),)
        parts = (_part(home / "part.parquet", table),)
        view = View(
            agreement=AGREEMENT,
            version=version,
            terms="t",
            table="t",
            source=version,
            made=NOW,
            schema="",
            parts=parts,
            changes=changes,
            manifest=f"{version} {parts[0].digest}",
        )
        self.views.append(view)
        return view

    def order(
        self,
        target: Target,
        *,
        last: int = -1,
        anew: bool = False,
        watch: Callable[[int], None] = lambda _: None,
    ) -> Ordered:
        """Return the order to bring the newest version."""
        kept = Outflow(
            id=OUTFLOW,
            agreement=AGREEMENT,
            entry=AGREEMENT,
            provider="p",
            consumer="c",
            title="t",
            target=target,
            purpose="p",
            schedule=Schedule(""),
            made=NOW,
            by="b",
            state=State.ACTIVE,
            version=last,
            anew=anew,
        )
        return Ordered(
            kept=kept,
            view=self.views[-1],
            known=tuple(self.views),
            folder=self.folder / "views",
            schema=SCHEMA,
            key="code",
            pools=self.pools,
            seal=lambda told: sign(told, KEY, "node"),
            take=lambda: None,
            watch=watch,
            ask=lambda: None,
            announce=lambda _: None,
        )

    def _table(self, view: View) -> pa.Table:
        return pq.read_table(self.folder / "views" / AGREEMENT.lower() / f"v{view.version:08}" / view.parts[0].name)


def an_into(target: Target, word: str = "", *, folders: tuple[str, ...] = (), hosts: tuple[str, ...] = ()) -> Into:
    """Return what writes into a target."""
    ways = Ways(hosts=hosts, folders=folders, node="node", key=KEY, clock=system_clock)
    return TARGETS[target.kind](target, word, ways)


def _part(path: Path, table: pa.Table) -> Part:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=50_000)
    data = path.read_bytes()
    return Part(name=path.name, size=len(data), rows=len(table), digest=hashlib.sha256(data).hexdigest(), stats="")
