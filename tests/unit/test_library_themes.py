"""Theme libraries: one declared question over the base library, allow-listed, made, kept in versions, drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jutong import library
from jutong.atlas.transform import drawing_of_theme
from jutong.kernel.errors import Invalid, NotFound, Overtaken, WrongMoment
from jutong.library import Theme
from jutong.terms import Actor, Duty, Grade
from tests.fitness import AUTHORITY, Place, place_at, row

AUDITOR = Actor(id="auditor", org=AUTHORITY, duties=frozenset({Duty.OVERSIGHT}), cleared=Grade.L4)
FIRMS = Theme(
    name="firms_by_city",
    title="各区企业",
    sql="SELECT city, count(*) AS firms, sum(capital_amount * capital_unit) AS money FROM legal_person GROUP BY city",
    basis="三定方案",
)
REFUSED = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT uscc FROM golden",
    "SELECT uscc FROM other.legal_person",
    "SELECT getenv('HOME') AS home FROM legal_person",
    "SELECT repeat(name, 1000000000) AS much FROM legal_person",
    "SELECT random() AS other_next_time FROM legal_person",
    "SELECT uscc FROM legal_person; DELETE FROM legal_person",
    "COPY legal_person TO '/tmp/x'",
    "SELECT uscc FROM legal_person, legal_person AS b",
    "SELECT a.uscc FROM legal_person AS a JOIN legal_person AS b ON true",
    "SELECT a.uscc FROM legal_person AS a JOIN legal_person AS b ON a.name < b.name",
    "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x + 1 AS x FROM a) SELECT x FROM a",
    "WITH legal_person AS (SELECT 1 AS uscc) SELECT uscc FROM legal_person",
    "SELECT nothing FROM legal_person",
    "SELECT count(*) FROM legal_person",
    'SELECT uscc AS "a b" FROM legal_person',
    "SELECT uscc, uscc FROM legal_person",
    "SELECT ?::VARCHAR AS x FROM legal_person",
    "SELECT uscc FROM legal_person -- \0",
    "SELECT" + "(" * 5000,
    "",
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_at(tmp_path)


@pytest.mark.parametrize("sql", REFUSED)
def test_a_theme_reads_the_base_library_and_nothing_else(sql: str) -> None:
    """Files, settings, other tables, endless or unbound questions: refused before anything is asked."""
    with pytest.raises(Invalid):
        replace(FIRMS, sql=sql).question()


def test_a_theme_is_made_from_what_stands_and_again_is_no_change(place: Place) -> None:
    """Versions of records and merged ones are not seen; each making is kept and stays readable."""
    place.merge(place.deliver([row(1), row(2, capital="200(万元人民币)"), row(3, city="江北")]))
    with place.desk(AUDITOR) as desk:
        library.declare_theme(desk, FIRMS)
    with place.desk(AUDITOR) as desk:
        first = library.make_theme(desk, FIRMS.name)
    with place.desk(AUDITOR) as desk:
        again = library.make_theme(desk, FIRMS.name)
    assert replace(again, at=first.at) == first
    assert _rows(place, first.version) == {"渝中": (2, 3_000_000), "江北": (1, 1_000_000)}
    place.merge(place.deliver([row(3, city="渝中")]))
    place.join(1, 2)
    with place.desk(AUDITOR) as desk:
        second = library.make_theme(desk, FIRMS.name)
    assert (second.version > first.version, second.rows) == (True, 1)
    assert _rows(place, first.version)["江北"] == (1, 1_000_000), "earlier makings stay readable"
    assert [line.facts["rows"] for line in place.lines("library.theme_made")] == [2, 1]
    with place.desk() as desk:
        assert [one.version for one in library.makings(desk.db, FIRMS.name)] == [second.version, first.version]


def test_a_theme_knows_where_its_columns_come_from() -> None:
    """Lineage is read from the declared question, column by column."""
    drawing = drawing_of_theme(FIRMS, AUTHORITY)
    came = {(edge.source, edge.target) for edge in drawing.edges}
    assert ("field:legal_person/capital_amount", "field:theme.firms_by_city/money") in came
    assert ("field:legal_person/city", "field:theme.firms_by_city/city") in came


def test_a_question_that_was_changed_meanwhile_is_not_overwritten(place: Place) -> None:
    """Whoever saves says what was seen; a theme that is not there is not made; before there are records none is."""
    with place.desk(AUDITOR) as desk:
        library.declare_theme(desk, FIRMS, seen="")
        with pytest.raises(Overtaken):
            library.declare_theme(desk, replace(FIRMS, title="别的"), seen="")
        with pytest.raises(NotFound):
            library.make_theme(desk, "nobody")
    with place.desk(AUDITOR) as desk, pytest.raises(WrongMoment):
        library.make_theme(desk, FIRMS.name)


def _rows(place: Place, version: int) -> dict[object, tuple[object, ...]]:
    with place.desk(AUDITOR) as desk:
        columns, rows = library.look_at_theme(desk, FIRMS.name, version)
    assert list(columns) == ["city", "firms", "money"]
    return {city: (firms, int(str(money).partition(".")[0])) for city, firms, money in rows}
