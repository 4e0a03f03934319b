"""Theme libraries: one declared question over the base library, allow-listed, made, kept in versions, drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jutong import custody, library
from jutong.atlas.transform import drawing_of_theme
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Overtaken, WrongMoment
from jutong.library import LICENCE, NATURAL_PERSON, Theme
from jutong.pools.layout import theme_table
from jutong.terms import Actor, Duty, Grade
from tests.fitness import AUTHORITY, Place, code, place_at, row
from tests.unit.test_base_libraries import (
    LICENCES,
    PAPER,
    PEOPLE,
    PERSON,
    deliver,
    entry_of,
    licence,
    number,
    person,
)

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
    "SELECT 1 AS x",
    # What hides values, or would reach behind what hides them.
    'SELECT "id_number as written" AS x FROM natural_person',
    'SELECT p."ID_NUMBER AS WRITTEN" AS x FROM natural_person AS p',
    "SELECT natural_person AS x FROM natural_person",
    "SELECT max(p) AS x FROM natural_person AS p",
    "SELECT coalesce(p.*) AS x FROM natural_person AS p",
    "SELECT q.h FROM natural_person AS q(a, b, c, d, e, f, g, h)",
    "WITH Natural_Person AS (SELECT uscc FROM legal_person) SELECT uscc FROM Natural_Person",
    "SELECT l.address FROM natural_person AS p JOIN legal_person AS l ON p.address = l.address",
    "SELECT l.name FROM natural_person AS p, legal_person AS l WHERE p.name = l.name",
    "SELECT l.name FROM natural_person AS p JOIN licence AS l USING (name)",
    "SELECT a.uscc FROM legal_person AS a JOIN licence AS b ON a.name = b.holder_name",
    "SELECT uscc FROM legal_person WHERE uscc IN (SELECT holder_code FROM licence) AND name IN "
    "(SELECT name FROM natural_person WHERE id_number IN (SELECT uscc FROM legal_person))",
    "WITH c AS (SELECT '500103198001010011' AS k FROM legal_person) "
    "SELECT p.sex FROM natural_person AS p JOIN c ON c.k = p.id_number",
    "WITH c AS (SELECT holder_code AS k FROM licence) SELECT l.name FROM legal_person AS l JOIN c ON c.k = l.uscc",
    "SELECT l.name FROM legal_person AS l JOIN (SELECT uscc AS k FROM legal_person UNION "
    "SELECT holder_code FROM licence) AS u ON u.k = l.uscc",
]
OF_PERSONS = Theme(
    name="holders",
    title="持证人",
    sql="SELECT p.*, l.name AS licence, l.holder_code, year(CAST(l.valid_until AS DATE)) AS ends, f.name AS firm, "
    "substring(p.id_number, 7, 8) AS born FROM natural_person AS p JOIN licence AS l ON l.holder_code = p.id_number "
    "LEFT JOIN legal_person AS f ON f.uscc = l.holder_code",
    basis="三定方案",
)
PAPERS = Theme(
    name="papers_of_firms",
    title="企业证照",
    sql="WITH papers AS (SELECT issuer, count(*) AS papers FROM licence GROUP BY issuer) "
    "SELECT f.uscc, f.name, l.licence_id, l.holder_code, l.holder_name, papers.papers FROM legal_person AS f "
    "JOIN licence AS l ON f.uscc = l.holder_code JOIN papers ON papers.issuer = l.issuer "
    "WHERE EXISTS (SELECT 1 AS one FROM licence AS m WHERE m.holder_code = f.uscc)",
    basis="三定方案",
)
SENTINEL = [
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


def a_paper(serial: int, holder: str, code_of_holder: str) -> dict[str, str | None]:
    return {
        "zzbs": licence(serial),
        "name": "食品经营许可证",
        "holder": holder,
        "code": code_of_holder,
        "issuer": "某局",
        "until": "2030-01-01",
    }


def test_a_theme_joins_base_libraries_and_shows_no_more_than_they_do(place: Place) -> None:
    """Rows are tied by codes as they are written; everything else, computed or not, sees what pages show."""
    place.enter(entry_of(PEOPLE, PERSON, "id_no"))
    place.enter(entry_of(LICENCES, PAPER, "zzbs"))
    place.merge(place.deliver([row(1), row(2)]))
    with place.desk(AUDITOR) as desk:
        library.declare_theme(desk, OF_PERSONS)
        library.declare_theme(desk, PAPERS)
    with pytest.raises(WrongMoment, match="licence"), place.desk(AUDITOR) as desk:
        library.make_theme(desk, PAPERS.name)
    one, other = number(1), number(2)
    deliver(place, PEOPLE, [person(one), person(other, name="李四")])
    deliver(place, LICENCES, [a_paper(1, "张三丰", one), a_paper(2, "重庆第1百货有限公司", code(1))])
    with place.desk(AUDITOR) as desk:
        made = library.make_theme(desk, OF_PERSONS.name)
    (held,) = place.table(theme_table(OF_PERSONS.name), order="name")
    assert (made.rows, held["id_number"], held["name"], held["birth_date"]) == (1, "500103***", "张***", "1980")
    assert (held["phone"], held["born"], held["ends"], held["firm"]) == ("138***00", "***", 2030, None)
    assert held["holder_code"] == f"{one[:6]}***{one[-2:]}"
    assert not any(secret in str(held) for secret in (one, one[6:14], "张三", "13800138000"))
    with place.desk(AUDITOR) as desk:
        assert library.make_theme(desk, OF_PERSONS.name).version == made.version
        papers = library.make_theme(desk, PAPERS.name)
    with place.desk(AUDITOR) as desk:
        columns, rows = library.look_at_theme(desk, PAPERS.name, papers.version)
    shown = dict(zip(columns, rows[0], strict=True))
    assert (len(rows), shown["uscc"], shown["holder_name"], shown["papers"]) == (1, code(1), "重***", 2)
    (line,) = [one for one in place.lines("library.theme_made") if one.on == PAPERS.name]
    versions = [place.pools.lake.version(kind.golden) for kind in (library.LEGAL_PERSON, LICENCE)]
    assert line.facts["bases"] == f"legal_person@{versions[0]}, licence@{versions[1]}"
    deliver(place, LICENCES, [a_paper(3, "重庆第2百货有限公司", code(2))])
    with place.desk(AUDITOR) as desk:
        assert library.make_theme(desk, PAPERS.name).rows == 2, "any library that grew makes it anew"
    _refused_rows(place, made.version, papers.version)


def _refused_rows(place: Place, of_persons: int, of_papers: int) -> None:
    """Rows that read persons are listed to nobody, neither here nor among the tables; others need the clearance."""
    less = replace(AUDITOR, cleared=Grade.L2)
    for actor, theme, version in ((AUDITOR, OF_PERSONS, of_persons), (less, PAPERS, of_papers)):
        with pytest.raises(NotAllowed), place.desk(actor) as desk:
            library.look_at_theme(desk, theme.name, version)
        with pytest.raises(NotAllowed), place.desk(actor) as desk:
            custody.look_back(desk, theme_table(theme.name))
    with place.desk(AUDITOR) as desk:
        assert custody.look_back(desk, theme_table(PAPERS.name)).rows
    for act in (
        lambda desk: library.declare_theme(desk, replace(OF_PERSONS, name="mine")),
        lambda desk: library.make_theme(desk, OF_PERSONS.name),
    ):
        with pytest.raises(NotAllowed), place.desk(replace(AUDITOR, cleared=Grade.L3)) as desk:
            act(desk)
    with pytest.raises(Invalid, match="earlier makings"), place.desk(AUDITOR) as desk:
        library.declare_theme(desk, replace(FIRMS, name=OF_PERSONS.name))


def test_a_theme_over_several_libraries_is_drawn_from_each(place: Place) -> None:
    """Lineage leads to the library that a column comes from; the theme is as grave as the gravest that it reads."""
    came = {(edge.source, edge.target) for edge in drawing_of_theme(OF_PERSONS, AUTHORITY).edges}
    for source, column in (
        ("natural_person/id_number", "born"),
        ("licence/valid_until", "ends"),
        ("legal_person/name", "firm"),
        ("natural_person/name", "name"),
    ):
        assert (f"field:{source}", f"field:theme.holders/{column}") in came
    counted = replace(FIRMS, sql="SELECT count(*) AS people FROM natural_person")
    assert (OF_PERSONS.grade, PAPERS.grade, FIRMS.grade, counted.grade) == (Grade.L4, Grade.L3, Grade.L2, Grade.L4)
    assert (PAPERS.secrets, counted.secrets) == ((), (NATURAL_PERSON,))


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
