"""A department's node with the register entry published and the standards in place, to examine and merge rows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from jutong import catalogue, collection, library, quality, registers
from jutong.catalogue import store as catalogue_store
from jutong.catalogue.entry import Entry
from jutong.catalogue.stage import Stage
from jutong.collection import Batch, ParquetSource
from jutong.collection.layout import Layout
from jutong.desk import Desk, open_desk
from jutong.kernel.db import connect, metadata, transaction
from jutong.ledger import Evidence
from jutong.ledger import store as ledger_store
from jutong.library import Authority, Conflict, Golden, Merge
from jutong.library.golden import BY, TURN, current_sql
from jutong.pools import Pools, TableRef, open_pools
from jutong.quality import Examination
from jutong.terms import Actor, BodyKind, Duty, Grade, Org, house_of
from jutong.terms.identifier import credit_code_of, organisation_code_of

REGULATOR = "11500000MB16000001"
ENTRY = "01JZ0000000000000000000000"
OTHER_ENTRY = "01JZ0000000000000000000001"
COLUMNS = ("name", "uscc", "reg_date", "ent_type", "capital", "scope", "province", "city", "address")
HOUSE = house_of(REGULATOR)
AUTHORITY = credit_code_of("11500000" + organisation_code_of("MB160000"))
KEEPER = Actor(id="keeper", org=AUTHORITY, duties=frozenset({Duty.GOVERNANCE}), cleared=Grade.L4)
OFFICER = Actor(id="officer", org=REGULATOR, duties=frozenset({Duty.GOVERNANCE, Duty.COLLECTION}), cleared=Grade.L4)


def code(number: int, *, division: str = "500103") -> str:
    """Return a sound credit code."""
    return credit_code_of("91" + division + organisation_code_of(f"{number:08d}"))


def row(number: int, **changes: str) -> dict[str, str]:
    """Return a row without a fault."""
    sound = {
        "name": f"重庆第{number}百货有限公司",
        "uscc": code(number),
        "reg_date": "1998-03-02",
        "ent_type": "有限责任公司",
        "capital": "100(万元人民币)",
        "scope": "日用百货",
        "province": "重庆",
        "city": "渝中",
        "address": "重庆市渝中区民权路1号",
    }
    return {**sound, **changes}


class _Killed(Exception):
    """The process is gone."""


@dataclass
class Place:
    """A control database, pools, one entry, and a clock that runs a second a desk."""

    engine: sa.Engine
    pools: Pools
    folder: Path
    now: datetime = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
    _files: int = field(default=0)

    @contextmanager
    def desk(self, actor: Actor = HOUSE) -> Iterator[Desk]:
        """Open a desk."""
        self.now += timedelta(seconds=1)
        with open_desk(self.engine, actor, self.now, self.pools) as desk:
            yield desk

    def enter(self, entry: Entry) -> None:
        """Have an entry published."""
        with transaction(self.engine) as db:
            catalogue_store.save(db, entry)

    def deliver(self, rows: Sequence[Mapping[str, str]] | Path, entry: str = ENTRY) -> Batch:
        """Collect rows, or a real register."""
        if isinstance(rows, Path):
            layout = Layout(width_column="width", width=10)
            path = rows
        else:
            layout, self._files = Layout(), self._files + 1
            path = self.folder / f"delivery-{self._files}.parquet"
            pq.write_table(
                pa.table({name: pa.array([each[name] for each in rows], pa.string()) for name in COLUMNS}), path
            )
        with self.desk() as desk:
            return collection.collect(desk, entry, ParquetSource(path, layout))

    def examine(self, batch: Batch) -> Examination:
        """Examine a batch as the house."""
        with self.desk() as desk:
            return quality.examine(desk, batch.id)

    def examined(self, rows: Sequence[Mapping[str, str]]) -> dict[str, int]:
        """Return the findings of a delivery."""
        return self.examine(self.deliver(rows)).findings

    def merge(self, batch: Batch) -> Merge:
        """Merge a batch as the house."""
        with self.desk() as desk:
            return library.merge(desk, batch.id)

    def authority(self, field: str, entry: str, rank: int) -> str:
        """Name a source, let the golden records follow, and return the decision."""
        with self.desk() as desk:
            library.set_authority(desk, Authority(field=field, entry=entry, rank=rank, basis="登记管理条例第八条"))
            ((_, taken),) = library.decisions(desk.db, limit=1)
        self.settle(taken.id)
        return taken.id

    def join(self, kept: int, other: int, *, basis: str = "变更登记档案", although_parted: bool = False) -> None:
        """Merge two legal persons by the numbers of their codes."""
        with self.desk(KEEPER) as desk:
            library.join(desk, code(kept), code(other), basis=basis, although_parted=although_parted)
            ((_, taken),) = library.decisions(desk.db, limit=1)
        self.settle(taken.id)

    def part(self, other: int) -> None:
        """Unmerge a legal person."""
        with self.desk(KEEPER) as desk:
            library.part(desk, code(other), basis="更正决定")
            ((_, taken),) = library.decisions(desk.db, limit=1)
        self.settle(taken.id)

    def settle(self, decision: str) -> int:
        """Let the golden records follow a decision."""
        with self.desk() as desk:
            return library.settle_decision(desk, decision)

    def subject(self, number: int) -> Golden:
        """Return a golden record by the number of its code."""
        with transaction(self.engine) as db:
            return library.find_subject(self.pools, code(number), library.bonds(db))

    def conflicts(self) -> tuple[Conflict, ...]:
        """Return every value that stands against another."""
        with transaction(self.engine) as db:
            return library.conflicts(self.pools, library.standing(db), limit=10_000)

    def golden(self) -> list[dict[str, object]]:
        """Return the golden records that stand, without what tells their versions apart."""
        rows = self.pools.engine.query(f"{current_sql()} ORDER BY uscc", {"golden": TableRef("library/legal_person")})
        return [{name: row[name] for name in row if name not in (TURN, BY)} for row in rows.read_all().to_pylist()]

    def killed(self, act: Callable[[Desk, str], object], batch: Batch) -> None:
        """Do an act and be killed before it is kept."""
        with contextlib.suppress(_Killed), self.desk() as desk:
            act(desk, batch.id)
            raise _Killed

    def lines(self, act: str = "") -> list[Evidence]:
        """Return the evidence of a room or act, oldest first."""
        with transaction(self.engine) as db:
            leaves = db.execute(sa.select(ledger_store.evidence.c.leaf).order_by(ledger_store.evidence.c.seq)).scalars()
            return [line for line in map(Evidence.of_leaf, leaves) if line.act.startswith(act)]

    def table(self, name: str, *, order: str) -> list[dict[str, object]]:
        """Return all rows of a table of the lake."""
        return self.pools.lake.read(name).read_all().sort_by(order).to_pylist()


def register_entry(entry_id: str = ENTRY) -> Entry:
    """Return the shipped register entry, published."""
    shipped = catalogue.template("enterprise_register", REGULATOR)
    return replace(shipped, id=entry_id, service=f"register-{entry_id[-1]}", stage=Stage.PUBLISHED)


def place_at(folder: Path, *, url: str = "") -> Place:
    """Open a fresh place in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = connect(url or f"sqlite:///{folder}/control.db")
    with engine.begin() as db:
        metadata.create_all(db)
    pools = open_pools(str(folder / "lake"), {}, "duckdb", "lmdb", folder / "serving")
    place = Place(engine, pools, folder)
    with place.desk() as desk:
        registers.seed_standards(desk)
        registers.register_body(desk, Org(code=AUTHORITY, name="大数据局", division="500000", kind=BodyKind.AUTHORITY))
    place.enter(register_entry())
    return place
