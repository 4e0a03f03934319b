"""A row that its source deletes: it goes from the register, through the library, to whoever was given it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jutong import delivery, registers
from jutong.catalogue import Purpose
from jutong.collection import Mode, Reach, ReachKind, Reading, plans
from jutong.collection.plans import Wanted
from jutong.collection.sources.stream import slot_of
from jutong.delivery.bulk import telling
from jutong.kernel.httpsig import Target, sign_request
from jutong.kernel.outward import Outward
from jutong.kernel.settings import Home
from jutong.registers import SystemName
from tests.gateway import AUTHORITY_NAME, KEY, send
from tests.near import sources_near
from tests.postgres import fresh_database, postgres_url  # noqa: F401
from tests.shares import COLUMNS, Sharing, a_sharing, firms
from tests.unit.test_rows_taken_back import code
from tests.unit.test_streams import AT_ONCE
from tests.unit.test_subscriptions import receiving

ROWS = [{**one, "uscc": code(number)} for number, one in enumerate(firms(12))]


class Registry:
    """The department's database."""

    def __init__(self, url: str) -> None:
        self.url = url
        columns = ", ".join(f"{name} text {'PRIMARY KEY' if name == 'uscc' else ''}" for name in COLUMNS)
        self.sql(f"CREATE TABLE register ({columns})")
        self.sql("CREATE PUBLICATION jutong FOR TABLE register")
        for row in ROWS:
            marks = ", ".join(["%s"] * len(COLUMNS))
            self.sql(f"INSERT INTO register ({', '.join(COLUMNS)}) VALUES ({marks})", [row[name] for name in COLUMNS])

    def sql(self, statement: str, values: Any = ()) -> None:
        """Do something there."""
        with psycopg.connect(self.url, autocommit=True, options=AT_ONCE) as db:
            db.execute(statement, values)  # type: ignore[call-overload]

    def reach(self) -> Reach:
        """Say how it is reached."""
        told = psycopg.conninfo.conninfo_to_dict(self.url)
        return Reach(
            kind=ReachKind.POSTGRESQL,
            host=str(told["host"]),
            port=int(str(told["port"])),
            database=str(told["dbname"]),
            table="register",
            user=str(told["user"]),
        )


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Sharing]:
    """A city with an agreement on the whole and on single records; no row has come yet."""
    made = a_sharing(tmp_path / "home", [], methods=["query", "table"])
    sources_near(made.house.home.folder)
    object.__setattr__(made.house, "home", Home.open(made.house.home.folder))
    yield made
    made.house.engine.dispose()


def asked(shared: Sharing, number: int) -> int:
    """Return the status with which the gateway answers a signed question for one code."""

    async def ask() -> int:
        async with delivery.gateway_of(shared.house, worker="journey", authorities=[AUTHORITY_NAME]) as gateway:
            with shared.house.reading() as db:
                (service,) = delivery.services(db)
            path = f"/r1/{service.path}/{code(number)}"
            headers = {"x-road-client": shared.system, "jutong-purpose": Purpose.SOCIAL_SECURITY.value}
            created = int(shared.house.clock().timestamp())
            target = Target("GET", AUTHORITY_NAME, path)
            signed = sign_request(
                KEY, target, headers, b"", keyid=shared.system, nonce=secrets.token_hex(16), created=created
            )
            return (await send(gateway, "GET", path, headers | signed)).status

    return asyncio.run(ask())


def test_a_row_deleted_at_its_source_is_answered_no_more(shared: Sharing, postgres_url: str) -> None:  # noqa: F811
    """From DELETE at the source to the gateway that no longer knows the key and the subscriber who was told."""
    registry = Registry(fresh_database(postgres_url))
    house, entry = shared.house, shared.city.found["entry"]
    with house.desk(house.itself) as desk:
        registers.set_key(desk, SystemName.parse(shared.system), KEY.public)
    reading = Reading(mode=Mode.STREAM, publication="jutong")
    with house.desk(shared.actor("officer")) as desk:
        plan = plans.keep(desk, entry, Wanted(title="登记库", reach=registry.reach(), reading=reading))
    with closing(Outward(inside=True)) as outward, receiving() as receiver:
        # The department's rows come in, and the consumer is served and subscribes.
        plans.run_plan(house, house.itself, plan.id, outward)
        shared.city.settle()
        assert shared.keep().rows == 12
        with house.desk(shared.actor("asker")) as desk:
            telling.subscribe(
                desk, shared.agreement, shared.system, receiver.url, Purpose.SOCIAL_SECURITY, key=house.key
            )
        assert asked(shared, 1) == 200

        # The department strikes one firm off.
        registry.sql("DELETE FROM register WHERE uscc = %s", (code(1),))
        run = plans.run_plan(house, house.itself, plan.id, outward)
        assert (run.rows, run.withdrawn) == (0, 1)
        shared.city.settle()

        # The gateway does not know it any more, the whole that is handed over lacks it, and the subscriber is told.
        assert asked(shared, 1) == 404
        assert asked(shared, 2) == 200
        view = shared.keep()
        assert (view.rows, view.deleted) == (11, 1)
        while telling.tell_subscribers(house):
            pass
        told = receiver.events()[-1]["data"]
        assert (told["changed"], told["deleted"]) == (1, 1)
    registry.sql("SELECT pg_drop_replication_slot(%s)", (slot_of(plan.id),))
