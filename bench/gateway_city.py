"""What the bench of the gateway asks for: a delivered service, walked to by the product's own acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from jutong import catalogue, delivery, registers, sharing
from jutong.catalogue import Purpose
from jutong.delivery import dialects
from jutong.delivery.dialects import HeaderProfile
from jutong.delivery.likeness import key_bytes
from jutong.desk import open_desk
from jutong.guard.grades import Method
from jutong.kernel.clock import system_clock
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import connect, metadata
from jutong.pools import Pools, open_pools
from jutong.pools.layout import raw_table
from jutong.registers import SystemName
from jutong.sharing import Wish
from jutong.terms import Actor, BodyKind, Duty, Grade, Org, house_of

AUTHORITY, PROVIDER, CONSUMER = "11500000MB1000010R", "11500000MB20000201", "11500000MB30000308"
SERVICE = f"CN-500000/GOV/{PROVIDER}/pool/enterprise-register"
CLIENT = f"CN-500000/GOV/{CONSUMER}/load"
NODE_KEY, CLIENT_KEY = SigningKey.of_seed(b"bench-node-bench-node-bench-node"), SigningKey.of_seed(b"c" * 32)
_FIRMS = """
SELECT '重庆第' || i || '工贸有限公司' AS name, printf('91500000%010d', i * 2654435761 % 10000000000) AS uscc,
  '2003-05-06' AS reg_date, '有限责任公司' AS ent_type, (i % 900 + 1) || '万元人民币' AS capital,
  '批发、零售：五金、交电、建筑材料（不含危险化学品）、日用百货。' AS scope, '重庆市' AS province, '500103' AS city,
  '重庆市渝中区人民路' || (i % 999) || '号' AS address
FROM range(?) AS numbers(i)
"""
_SAMPLE = 20_000  # keys that are asked for


def pools_of(folder: Path, lookup: str = "lmdb") -> Pools:
    """Return the bench's pools; ``lookup`` is where its serving copies are."""
    return open_pools(str(folder / "lake"), {}, "duckdb", lookup, folder / "serving")


class City:
    """A node with one delivered service over ``rows`` legal persons."""

    def __init__(self, folder: Path, input: str | Path | None, rows: int) -> None:
        self.folder, self._engine = folder, connect(f"sqlite:///{folder}/control.db")
        metadata.create_all(self._engine)
        self._pools, self._now = pools_of(folder), system_clock() - timedelta(minutes=5)
        items = [item.name for item in catalogue.template("enterprise_register", PROVIDER).items]
        self.rows, self._step = 0, max(1, rows // _SAMPLE)
        self._seen: list[pa.RecordBatch] = []
        entry = self._registered(_read(input, rows, items))
        self.entry = entry
        sample = pa.Table.from_batches(self._seen)
        asked = zip(sample["uscc"].to_pylist(), sample["name"].to_pylist(), strict=True)
        self.firms = [(key_bytes(code).decode(), name) for code, name in asked]

    @property
    def keys(self) -> list[str]:
        """The keys that are asked for, spread over all rows."""
        return [key for key, _ in self.firms]

    @property
    def copy(self) -> str:
        """The name of the serving copy."""
        with self.desk(AUTHORITY) as house:
            return delivery.find_service(house.db, self.entry).copy

    @contextmanager
    def desk(self, body: str, *duties: Duty, pools: Pools | None = None) -> Iterator[Any]:
        """Open a desk for a body's officer, or for the node itself."""
        actor = Actor(id="-".join(duties), org=body, duties=frozenset(duties), cleared=Grade.L4)
        with open_desk(self._engine, actor if duties else house_of(AUTHORITY), self._now, pools or self._pools) as one:
            yield one

    def copied_to(self, lookup: str) -> None:
        """Build the same serving copy elsewhere too."""
        with self.desk(AUTHORITY, pools=pools_of(self.folder, lookup)) as house:
            delivery.serve_entry(house, self.entry)

    def secret(self) -> str:
        """Issue a shared secret for the consumer's system."""
        with self.desk(AUTHORITY) as house:
            return dialects.issue_secret(house, CLIENT, HeaderProfile.PORTAL, key=NODE_KEY)[1]

    def _registered(self, rows: pa.RecordBatchReader) -> str:
        with self.desk(AUTHORITY) as house:
            registers.seed_standards(house)
            for code, kind in (
                (AUTHORITY, BodyKind.AUTHORITY),
                (PROVIDER, BodyKind.DEPARTMENT),
                (CONSUMER, BodyKind.DEPARTMENT),
            ):
                registers.register_body(house, Org(code=code, name=code, division="500000", kind=kind))
            registers.register_system(house, CONSUMER, "load", "load")
            registers.set_key(house, SystemName.parse(CLIENT), CLIENT_KEY.public)
        entry = self._published()
        self._pools.lake.append(
            raw_table(entry), pa.RecordBatchReader.from_batches(rows.schema, self._kept(rows)), mark="bench"
        )
        request = self._submitted(entry)
        with self.desk(PROVIDER, Duty.OFFICE_HEAD) as one:
            agreement = sharing.approve(one, request)
        with self.desk(AUTHORITY) as house:
            delivery.open_service(house, agreement.id)
        return entry

    def _kept(self, rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        for batch in rows:
            self.rows += len(batch)
            self._seen.append(batch.select(["uscc", "name"]).take(pa.array(range(0, len(batch), self._step))))
            yield batch

    def _published(self) -> str:
        wanted = catalogue.template("enterprise_register", PROVIDER)
        with self.desk(PROVIDER, Duty.CATALOGUE) as one:
            entry = catalogue.draft(one, replace(wanted, secrecy_assessed=True, impact_assessed=True))
        with self.desk(PROVIDER, Duty.DEPARTMENT_HEAD) as one:
            catalogue.sign(one, entry.id)
            catalogue.submit(one, entry.id)
        with self.desk(AUTHORITY, Duty.REGISTER_AUDIT) as one:
            catalogue.audit_registration(one, entry.id)
        with self.desk(AUTHORITY, Duty.PUBLISH_AUDIT) as one:
            catalogue.audit_publication(one, entry.id)
        return entry.id

    def _submitted(self, entry: str) -> str:
        today = date.fromisoformat(system_clock().date().isoformat())
        wish = Wish(
            entry=entry,
            items=("name", "uscc", "capital", "address"),
            purposes=(Purpose.SOCIAL_SECURITY,),
            legal_basis="失业保险条例第十七条",
            scenario="核验申领失业保险金人员的原单位",
            scope="本市登记的企业",
            methods=frozenset({Method.QUERY, Method.VERIFY}),
            systems=(CLIENT,),
            starts=today,
            ends=today + timedelta(days=365),
            quota_per_day=100_000_000,
        )
        with self.desk(CONSUMER, Duty.REQUESTS) as one:
            request = sharing.draft_request(one, wish)
        with self.desk(CONSUMER, Duty.OFFICE_HEAD) as one:
            sharing.sign_request(one, request.id)
            sharing.submit_request(one, request.id)
        return str(request.id)


def _read(input: str | Path | None, rows: int, items: list[str]) -> pa.RecordBatchReader:
    if input is not None:
        table = pq.read_table(input, columns=items)
        return table.filter(pa.compute.equal(pa.compute.utf8_length(table["uscc"]), 18)).slice(0, rows).to_reader()
    named = ", ".join(items)
    return duckdb.connect().sql(f"SELECT {named} FROM ({_FIRMS})", params=[rows]).to_arrow_reader(100_000)
