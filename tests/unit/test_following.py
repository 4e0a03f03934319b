"""What follows is looked for when the log has grown, and only then."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from jutong import ledger, registers
from jutong.follows import Following
from jutong.terms import Org
from tests.city import City, a_city


def acted(city: City, code: str) -> None:
    """Do something, and let it come into the log."""
    with city.house.desk(city.house.itself) as desk:
        registers.register_body(desk, Org(code=code, name=code, division="500000"))
    ledger.sequence(city.house.engine, city.house.log)


def asked(city: City, following: Following) -> int:
    """Return how many statements one look costs."""
    count = [0]

    def counted(*_: object) -> None:
        count[0] += 1

    sa.event.listen(city.house.engine, "before_cursor_execute", counted)
    following()
    sa.event.remove(city.house.engine, "before_cursor_execute", counted)
    return count[0]


def test_an_idle_node_asks_one_question(tmp_path: Path) -> None:
    """Nothing new costs one statement, however much may follow; a new line is looked at by everything again."""
    city = a_city(tmp_path / "home")
    city.settle()
    following = Following(city.house)
    assert asked(city, following) > 1
    assert asked(city, following) == 1
    acted(city, "91330100799655058B")
    assert asked(city, following) > 1
