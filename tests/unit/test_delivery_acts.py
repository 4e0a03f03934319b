"""Services are opened once, from the right table, and follow it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
import sqlalchemy as sa

from jutong import catalogue, delivery, registers, sharing
from jutong.delivery.gateway.watch import Watch
from jutong.delivery.service import GOLDEN, columns_of, pairs, rows_sql, standing_table
from jutong.kernel.clock import system_clock
from jutong.kernel.db import transaction
from jutong.kernel.errors import NotAllowed, NotFound, WrongMoment
from jutong.pools.layout import raw_table
from jutong.registers import SystemName
from jutong.terms import Duty
from tests.gateway import CODE, FIRM, KEY, NODE_KEY, OTHER, SERVICE, Market, a_market, lay
from tests.town import ANSWERING_HEAD, HOUSE, MARKET, SOCIAL, Town, a_town, officer, submitted


class Killed(BaseException):
    """A process that dies."""


def serve_and_die(market: Market) -> None:
    """Swap the copy, and die before the transaction ends."""
    with market.town.desk(HOUSE) as desk:
        delivery.serve_entry(desk, market.town.entry)
        raise Killed


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """A delivered service."""
    return a_market(tmp_path)


def served(town: Town, key: str = CODE) -> Any:
    """Return the record that stands in the serving copy."""
    with transaction(town.engine) as db:
        service = delivery.find_service(db, town.entry)
    held = town.pools.lookup.open(service.copy).get(key.encode())
    return None if held is None else msgspec.json.decode(held)


def test_a_service_is_opened_once(market: Market) -> None:
    """The copy holds every item; what leaves is the agreement's business. Asking again changes nothing."""
    assert served(market.town) == FIRM
    before = market.town.lines()
    with market.town.desk(HOUSE) as desk:
        service = delivery.serve_entry(desk, market.town.entry)
        delivery.open_service(desk, market.agreement.id)
        delivery.refresh(desk, market.town.entry)
    assert (service.path, service.rows) == (SERVICE, 2)
    assert market.town.lines() == before


def test_a_new_version_of_the_table_is_served_once(market: Market) -> None:
    """Each version leaves one line, whatever happened in between."""
    lay(market.town, [FIRM | {"name": "新名"}], mark="second")
    for _ in range(2):
        with market.town.desk(HOUSE) as desk:
            delivery.refresh(desk, market.town.entry)
    assert served(market.town)["name"] == "新名"
    assert served(market.town, OTHER["uscc"]) is None
    assert [line.facts["version"] for line in market.town.lines("delivery.served")] == [1, 2]


def test_a_death_between_swap_and_record_is_made_good(market: Market) -> None:
    """The copy was swapped and the line was not written: the next try writes the line and builds nothing."""
    lay(market.town, [FIRM | {"name": "新名"}], mark="second")

    with pytest.raises(Killed):
        serve_and_die(market)
    assert len(market.town.lines("delivery.served")) == 1
    with market.town.desk(HOUSE) as desk:
        delivery.serve_entry(desk, market.town.entry)
    assert len(market.town.lines("delivery.served")) == 2
    assert served(market.town)["name"] == "新名"


def test_an_agreement_before_the_first_rows_waits_for_them(tmp_path: Path) -> None:
    """Nothing to serve yet is no failure; with the first rows the service opens and the delivery is noted."""
    town = a_town(tmp_path)
    request = submitted(town, date(2025, 9, 22))
    with town.desk(ANSWERING_HEAD) as desk:
        agreement = sharing.approve(desk, request)
    with town.desk(HOUSE) as desk:
        delivery.open_service(desk, agreement.id)
    assert not town.lines("delivery")
    lay(town, [FIRM], mark="first")
    with town.desk(HOUSE) as desk:
        delivery.refresh(desk, town.entry)
    assert [line.act for line in town.lines("delivery")] == ["delivery.served", "delivery.opened"]
    with transaction(town.engine) as db:
        assert sharing.find_agreement(db, agreement.id).delivered is not None


@pytest.mark.parametrize("moment", range(4))
def test_a_service_is_known_only_as_delivered(tmp_path: Path, moment: int) -> None:
    """Whenever the delivery comes between two readings: a service that can be seen has been delivered."""
    town = a_town(tmp_path)
    lay(town, [FIRM], mark="first")
    request = submitted(town, date(2025, 9, 22), starts=date(2025, 9, 22))
    with town.desk(HOUSE) as desk:
        registers.set_key(desk, SystemName.parse(town.systems[0]), KEY.public)
    with town.desk(ANSWERING_HEAD) as desk:
        agreement = sharing.approve(desk, request)
    left = [moment]

    def deliver(*_: object) -> None:
        left[0] -= 1
        if left[0] == -1:
            with town.desk(HOUSE) as desk:
                delivery.open_service(desk, agreement.id)

    sa.event.listen(town.engine, "before_cursor_execute", deliver)
    board = Watch(town.engine, NODE_KEY, system_clock).look(town.now.date())
    sa.event.remove(town.engine, "before_cursor_execute", deliver)
    assert board is not None
    plans = board.plans_of(town.systems[0], SERVICE)
    assert left[0] < 0
    assert all(plan.delivered for plan in plans)


def test_nobody_serves_anothers_data(market: Market) -> None:
    """Only the provider's people, or the node itself, may build a copy; an unknown entry is not found."""
    with pytest.raises(NotAllowed), market.town.desk(officer(SOCIAL, Duty.COLLECTION)) as desk:
        delivery.serve_entry(desk, market.town.entry)
    with pytest.raises(NotFound), market.town.desk(HOUSE) as desk:
        delivery.serve_entry(desk, "01JZ0000000000000000000000")
    with market.town.desk(officer(MARKET, Duty.COLLECTION)) as desk:
        delivery.serve_entry(desk, market.town.entry)


def test_a_withdrawn_entry_is_not_served_anew(market: Market) -> None:
    """What left the catalogue gets no new copy."""
    with market.town.desk(officer(MARKET, Duty.DEPARTMENT_HEAD)) as desk:
        catalogue.withdraw(desk, market.town.entry, "机构改革")
    with pytest.raises(WrongMoment), market.town.desk(HOUSE) as desk:
        delivery.serve_entry(desk, market.town.entry)


def test_golden_records_answer_where_they_hold_everything(market: Market) -> None:
    """Once the library knows the legal persons, it answers, with what is disputed; its own columns stay inside."""
    row = FIRM | {"_disputed": '["name"]', "name_source": "x", "_rows": "2"}
    market.town.pools.lake.replace(GOLDEN, pa.Table.from_pylist([row]).to_reader(), mark="golden")
    with market.town.desk(HOUSE) as desk:
        service = delivery.serve_entry(desk, market.town.entry)
    assert service.table == GOLDEN
    assert served(market.town) == FIRM | {"_disputed": '["name"]'}


def test_items_are_named_as_the_entry_names_them(market: Market) -> None:
    """Another department calls the same things otherwise; a golden record is told in its words."""
    with transaction(market.town.engine) as db:
        entry = catalogue.find(db, market.town.entry)
    renamed = replace(entry, items=tuple(replace(item, name=f"x_{item.name}") for item in entry.items))
    columns = columns_of(renamed, GOLDEN, "x_uscc")
    assert columns["x_name"] == "name"
    table = pa.Table.from_pylist([FIRM | {"_disputed": '["name"]'}])
    sql = rows_sql(table.column_names, columns, key_item="x_uscc")
    found = market.town.pools.engine.query(sql, {"t": table}).read_all().to_pylist()
    record = msgspec.json.decode(found[0]["v"])
    assert record["x_name"] == FIRM["name"]
    assert record["_disputed"] == '["x_name"]'
    fewer = replace(entry, items=(*entry.items, replace(entry.items[0], name="more", element=None)))
    assert standing_table(fewer, golden=True) == raw_table(entry.id)


def test_rows_that_nobody_could_ask_for_are_left_out() -> None:
    """No key, an empty key, a key longer than any copy holds."""
    rows = [("", "{}"), ("  ", "{}"), ("x" * 300, "{}"), ("𠀀" * 200, "{}"), ("a1", "{}")]
    assert list(pairs(rows)) == [(b"A1", b"{}")]
