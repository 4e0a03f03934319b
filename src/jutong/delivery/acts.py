"""What makes agreed data answerable: a serving copy per entry, rebuilt whenever its table has a newer version."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from jutong import catalogue, quality, registers, sharing
from jutong.catalogue import Entry, Stage
from jutong.collection.taken_back import Tables, standing_tables
from jutong.desk import Desk
from jutong.guard import Label, Method
from jutong.kernel.errors import WrongMoment
from jutong.kernel.suite import VaultKey
from jutong.kernel.text import text
from jutong.kernel.vault import Vault, lost
from jutong.pools import Pools, TableRef
from jutong.registers.system import class_of, instance_of
from jutong.sharing import Agreement
from jutong.terms import Duty

from . import store
from .sealed import Sealing, sealed_items
from .service import (
    GOLDEN,
    Service,
    columns_of,
    copy_version,
    count_sql,
    pairs,
    plain_sql,
    rows_sql,
    service_of,
    standing_table,
)

GATEWAY = frozenset({Method.QUERY, Method.VERIFY})  # what a serving copy is for


def serve_entry(desk: Desk, entry_id: str, *, table: str | None = None, key: str | None = None) -> Service:
    """Build the serving copy of an entry from the newest version of its table and swap it in.

    Once per entry and version: the same again changes nothing. ``table`` and ``key`` override what stands for the
    entry (golden records for credit codes, else the rows as they were collected).
    """
    entry = catalogue.find(desk.db, entry_id)
    desk.allow("delivery.serve_entry", _label(desk, entry))
    if entry.stage is not Stage.PUBLISHED:
        raise WrongMoment(text("the entry is {stage}", stage=entry.stage.value), remedy=text("publish it first"))
    source = table or standing_table(entry, golden=desk.pools.lake.exists(GOLDEN))
    key_item = key or entry.key_item
    columns = columns_of(entry, source, key_item)
    version = desk.pools.lake.version(source)
    held = store.service_for(desk.db, entry.id)
    doubts = quality.doubts_of(desk.db, desk.pools.lake, entry.id, key_item)
    apart, vault = sealed_items(entry), desk.pools.vault
    unkeyed = vault.newest() is None
    sealing_key = _sealing_key(vault, held) if apart else None
    mark = doubts.mark if doubts else ""
    wanted = copy_version(entry, source, key_item, version, mark, key=sealing_key, suite=vault.suite)
    if held is not None and held.version == wanted and desk.pools.lookup.version(held.copy) == wanted:
        return held
    provider = registers.find_body(desk.db, entry.provider)
    known = standing_tables(desk.db, desk.pools.lake, entry.id)
    service = service_of(
        entry,
        instance=instance_of(provider.division),
        member_class=class_of(provider.kind, provider.code),
        table=source,
        key_item=key_item,
        version=version,
        doubts=mark,
        key=sealing_key,
        suite=vault.suite,
        rows=_count(desk.pools, TableRef(source, version), columns[key_item], known),
    )
    with desk.released():
        rows = _rows(desk.pools, TableRef(source, version), columns, key_item, doubts, known, apart)
        if sealing_key is None:
            held_rows = pairs(rows)
        else:
            named = {"copy": service.copy, "table": source, "version": service.version}
            held_rows = _kept(vault, sealing_key, Sealing(vault.suite, sealing_key, **named, items=apart).rows(rows))
        desk.pools.lookup.build(service.copy, held_rows, version=service.version)
    if store.service_for(desk.db, entry.id) != service:
        store.save(desk.db, service)
        if unkeyed and sealing_key is not None:
            desk.record("delivery.sealing_key_made", on=sealing_key.id, suite=vault.suite.value)
        facts = {"sealed": sealing_key.id} if sealing_key else {}
        desk.record(
            "delivery.served",
            on=entry.id,
            service=service.path,
            table=source,
            version=version,
            rows=service.rows,
            **facts,
        )
    return service


def open_service(desk: Desk, agreement_id: str) -> None:
    """Open the service that an agreement asks for, and note its delivery; before there are rows, nothing happens."""
    agreement = sharing.find_agreement(desk.db, agreement_id)
    entry = catalogue.find(desk.db, agreement.entry)
    desk.allow("delivery.open_service", _label(desk, entry))
    if not agreement.awaits_delivery or not _has_rows(desk, entry):
        return
    _deliver(desk, agreement.id, _served(desk, entry, (agreement,)))


def refresh(desk: Desk, entry_id: str) -> Service | None:
    """Bring an entry's serving copy up to its table, if anybody has a right to it, and open what waited for it."""
    entry = catalogue.find(desk.db, entry_id)
    desk.allow("delivery.refresh", _label(desk, entry))
    agreed = [one for one in sharing.agreements_in_force(desk.db) if one.entry == entry.id]
    if entry.stage is not Stage.PUBLISHED or not (agreed or store.service_for(desk.db, entry.id)):
        return None
    service = _served(desk, entry, agreed)
    for agreement in agreed if service or _has_rows(desk, entry) else ():
        _deliver(desk, agreement.id, service)
    return service


def _served(desk: Desk, entry: Entry, agreed: Collection[Agreement]) -> Service | None:
    """Return the entry's service; what is agreed on as a whole alone needs none, and perhaps can have none."""
    looked_up = any(one.methods & GATEWAY for one in agreed) or store.service_for(desk.db, entry.id) is not None
    return serve_entry(desk, entry.id) if looked_up else None


def _deliver(desk: Desk, agreement_id: str, service: Service | None) -> None:
    """Note a delivery once: while the copy was built, another process may have noted it."""
    agreement = sharing.find_agreement(desk.db, agreement_id, hold=True)
    if agreement.awaits_delivery:
        sharing.record_delivery(desk, agreement_id)
        desk.record("delivery.opened", on=agreement_id, entry=agreement.entry, service=service.path if service else "")


def _label(desk: Desk, entry: Entry) -> Label:
    # The node that serves an entry is a party to its delivery, whoever provides it.
    parties = frozenset({desk.actor.org}) if Duty.HOUSE in desk.actor.duties else frozenset[str]()
    return replace(entry.label, parties=parties)


def _has_rows(desk: Desk, entry: Entry) -> bool:
    lake = desk.pools.lake
    return lake.exists(standing_table(entry, golden=lake.exists(GOLDEN)))


def _count(pools: Pools, table: TableRef, key_column: str, known: Tables) -> int:
    held = pools.lake.files(table.table, version=table.version)[1].names
    return int(pools.engine.query(count_sql(held, key_column), {**known, "t": table}).read_all()["n"][0].as_py())


def _rows(
    pools: Pools,
    table: TableRef,
    columns: Mapping[str, str],
    key_item: str,
    doubts: quality.Doubts | None,
    known: Tables,
    apart: Sequence[str],
) -> Iterator[tuple[Any, ...]]:
    held = pools.lake.read(table.table, version=table.version).schema.names
    tables: dict[str, TableRef | pa.RecordBatchReader | pa.Table] = {**known, "t": table}
    if doubts is not None:
        tables["doubts"] = pools.engine.query(doubts.sql, doubts.tables)
    plain = pools.engine.query(plain_sql(held, columns[key_item]), {"t": tables["t"]}).read_all()["plain"][0].as_py()
    sql = rows_sql(held, columns, key_item=key_item, doubted=doubts is not None, plain=bool(plain), apart=apart)
    for batch in pools.engine.query(sql, tables):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _kept(vault: Vault, key: VaultKey, rows: Iterator[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the rows; a key that was destroyed meanwhile would leave a copy that nobody can open."""
    yield from rows
    vault.find(key.id)


def _sealing_key(vault: Vault, held: Service | None) -> VaultKey:
    """Return the key for a new copy; that a node's keys are gone is told, not covered up by making another."""
    newest = vault.newest()
    if newest is None and held is not None and held.sealed_by:
        raise lost(held.sealed_by, vault.folder)
    return newest or vault.make()
