"""What follows is looked for when the log has grown, and only then."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa

from jutong import ledger, registers
from jutong.delivery.likeness import key_bytes
from jutong.delivery.service import copy_name
from jutong.follows import Following
from jutong.terms import Org
from jutong.terms.identifier import credit_code_of
from tests.city import ROWS, SOCIAL, City, a_city, a_full_city, done


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


def test_a_doubt_travels_with_the_answers_until_it_is_answered(tmp_path: Path) -> None:
    """An officer doubts a name: the copy that the gateway answers from says so, its user is told, and both end."""
    city = a_full_city(tmp_path / "home")
    code, entry = credit_code_of("91500103202803323"), city.found["entry"]
    with city.client() as client:
        rows = ROWS.replace("9150000020280332XF", code).encode()
        done(client.post(f"/api/entries/{entry}/batches", content=rows, headers=city.bearer("officer")))
        city.settle()
        assert "name" not in disputed(city, code)
        told = {"key": code, "item": "name", "doubt": "招牌上是另一个名称"}
        answer = client.post(f"/api/entries/{entry}/doubts", json=told, headers=city.bearer("asker"))
        doubt = done(answer)
        assert doubt["row"] == 0, "whoever asks does not learn whether there is such a record"
        city.settle()
        assert "name" in disputed(city, code)
        said = {"corrected": False, "reason": "执照如此"}
        done(client.post(f"/api/objections/{doubt['id']}/answer", json=said, headers=city.bearer("officer")))
    city.settle()
    assert "name" not in disputed(city, code)
    for word in ("sharing.doubt_told", "sharing.doubt_lifted"):
        mine = [line for line in city.lines(word) if line.facts["objection"] == doubt["id"]]
        assert {line.facts["consumer"] for line in mine} == {SOCIAL}


def disputed(city: City, code: str) -> list[str]:
    """Return the items that the serving copy marks of a record."""
    reader = city.house.pools.lookup.open(copy_name(city.found["entry"]))
    held = json.loads(reader.get(key_bytes(code)) or b"{}").get("_disputed") or []
    return json.loads(held) if isinstance(held, str) else held
