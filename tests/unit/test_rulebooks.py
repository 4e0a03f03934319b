"""Rulebooks: what a document may say, what its rules find, its editions, its trial, and any file asked by one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong import quality
from jutong.catalogue.entry import Entry
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Overtaken, TooMuch
from jutong.pools import FileRef
from jutong.pools.vector import VectorFunction
from jutong.quality.books.files import engine_over, rules_of_file
from jutong.quality.expression import Lifted, compiled
from jutong.quality.scan import Sought, count_failures, lends
from jutong.quality.vectors import functions
from jutong.terms import Grade
from tests.fitness import ENTRY, OFFICER, OTHER_ENTRY, Place, code, place_at, register_entry, row


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_at(tmp_path)


def own(name: str, **made: Any) -> dict[str, Any]:
    return {"name": name, "type": "custom", "engine": "jutong", "implementation": made}


def a_document(*rules: dict[str, Any], **items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a contract with these rules about the table, and these about its items."""
    properties = [{"name": name, "quality": quality_} for name, quality_ in items.items()]
    schema = [{"name": "rows", "properties": properties, "quality": list(rules)}]
    return {"apiVersion": "v3.1.0", "kind": "DataContract", "schema": schema}


ONE_OF_EACH = a_document(
    own("dated", check="satisfies", expression="day(reg_date) <= day('2020-01-01') OR province = '重庆'"),
    own("sums", check="adds-up", parts=["ent_type", "city"], total="address", tolerance="0.5"),
    {"name": "twins", "metric": "duplicateValues", "arguments": {"properties": ["name", "uscc"]}, "mustBe": 0},
    {"name": "enough", "metric": "rowCount", "mustBeBetween": [2, 9]},
    name=[
        {"name": "filled", "metric": "missingValues", "arguments": {"missingValues": ["无", None]}, "mustBe": 0},
        {"name": "form", "metric": "invalidValues", "arguments": {"pattern": "[^0-9]+.*"}, "severity": "warning"},
    ],
    province=[
        {
            "name": "here",
            "metric": "invalidValues",
            "arguments": {"validValues": ["重庆", "四川"]},
            "mustBeLessThan": 50,
            "unit": "percent",
        },
        own("parent", check="refers", to="city"),
    ],
)  # fmt: skip


def test_a_book_comes_back_from_its_document_as_it_was() -> None:
    """What is taken along and issued again elsewhere is the same rulebook."""
    book = quality.book_of(ONE_OF_EACH)
    items = {name: name for name in ("name", "province")}
    told = quality.document_of(book, id="x", name="rows", title="rows", version=3, items=items)
    assert quality.book_of(json.loads(json.dumps(told))).rules == book.rules
    assert len(book.rules) == 8


REFUSED = {
    "a whole query": a_document({"type": "sql", "query": "SELECT 1", "mustBe": 0}),
    "an unknown check": a_document(own("x", check="os.system")),
    "an unknown field": a_document(name=[own("x", check="length", least=1, most=2, more=3)]),
    "a wrong field": a_document(name=[own("x", check="length", least="one", most=2)]),
    "an unknown metric": a_document(name=[{"metric": "vibes", "mustBe": 0}]),
    "an unknown dimension": a_document(name=[{"metric": "nullValues", "dimension": "mood"}]),
    "two targets": a_document(name=[{"metric": "nullValues", "mustBe": 0, "mustNotBe": 1}]),
    "a target that is no number": a_document(name=[{"metric": "nullValues", "mustBe": "none"}]),
    "a pattern with a look-ahead": a_document(name=[{"metric": "invalidValues", "arguments": {"pattern": "(?=a)"}}]),
    "a character that no text has": a_document({"type": "text", "description": "a\0b"}),
    "two tables": {"apiVersion": "v3.1.0", "schema": [{"name": "a"}, {"name": "b"}]},
    "another version": {"apiVersion": "v2.2.2", "schema": [{"name": "a"}]},
    "no contract": ["x"],
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_meant_is_refused(document: object) -> None:
    """A document is read whole or not at all."""
    with pytest.raises(Invalid):
        quality.book_of(document)


@pytest.mark.parametrize(
    "expression",
    [
        "name",
        "name = 5",
        "nobody = 'x'",
        "raw.name = 'x'",
        "name IN (SELECT name FROM raw)",
        "exists(SELECT 1)",
        "read_text('/etc/passwd') = ''",
        "getenv('HOME') = ''",
        "name = (SELECT max(name) FROM raw)",
        "count(*) > 1",
        "true; DROP TABLE raw",
        "name LIKE name",
        "regexp_matches(name, name)",
        "name::INTEGER = 1",
        "CASE name WHEN 'a' THEN true END",
        "day(reg_date) = day('x') AND reg_date < day('soon')",
        "length(" * 300 + "name" + ")" * 300 + " = 1",
        "name = '" + "x" * 3000 + "'",
        "(",
    ],
)
def test_an_expression_holds_nothing_but_what_is_allowed(expression: str) -> None:
    """No table, no file, no function of the engine's: what is not on the list does not reach it."""
    with pytest.raises(Invalid):
        compiled(expression, ["name", "reg_date"], Lifted())


def test_a_quote_in_a_value_stays_in_the_value() -> None:
    """What was typed is written anew, never passed on."""
    assert compiled("name <> 'x'' OR true --'", ["name"], Lifted()).sql == "(\"name\" <> 'x'' OR true --')"


def test_yaml_is_read_without_its_traps() -> None:
    """Leading zeros and the word no survive; a document that refers to itself does not."""
    told = quality.document_of_text(b"values: [007, no, 1_000, 2026-01-01, 0x1F, 12]")
    assert told == {"values": ["007", "no", "1_000", "2026-01-01", "0x1F", 12]}
    for bad in (b"a: &x [1]\nb: *x", b"{", b"\xff\xfe", b"!!python/object/apply:os.system [id]"):
        with pytest.raises(Invalid):
            quality.document_of_text(bad)
    with pytest.raises(TooMuch):
        quality.document_of_text(b" " * 2_000_000)


def issue(place: Place, document: object, *, seen: int = 0, entry: str = ENTRY) -> quality.Edition:
    with place.desk(OFFICER) as desk:
        return quality.issue_rulebook(desk, entry, document, seen=seen)


ROWS = [
    row(1, name="无", city="重庆", address="3", ent_type="1"),
    row(2, city="2", address="3.4", ent_type="1"),
    row(3, city="2", address="4", ent_type="1"),
    row(4, province="云南", reg_date="2021-05-05", city="云南"),
    row(2, province="四川"),
]


def test_every_kind_of_rule_finds_its_fault(place: Place) -> None:
    """Rules about items, rows and the table are asked in the pass that asks the standard elements' rules."""
    issue(place, ONE_OF_EACH)
    done = place.examine(place.deliver(ROWS))
    counts = {one.rule: (one.asked, one.failed, one.met) for one in done.counts}
    assert counts["name.filled"] == (5, 1, False)
    assert counts["name.form"] == (5, 0, True)
    assert counts["province.here"] == (5, 1, True)  # one in five is less than half
    assert counts["province.parent"] == (5, 1, False)
    assert counts["reg_date.dated"] == (5, 1, False)
    assert counts["address.sums"] == (2, 1, False)
    assert counts["name.twins"] == (0, 1, False)
    assert counts["table.enough"] == (1, 0, True)
    assert done.rulebook == 1
    found = quality.findings(place.pools, entry=ENTRY, batch=done.batch, rule="address.sums")
    assert found["row"].to_pylist() == [3]


def test_a_batch_is_asked_what_stood_when_it_came(place: Place) -> None:
    """Rules that are issued later are no reason to object to rows that came before."""
    batch = place.deliver(ROWS)
    issue(place, ONE_OF_EACH)
    assert place.examine(batch).rulebook == 0


def test_a_rule_that_lets_some_rows_pass_is_no_reason_to_object(place: Place) -> None:
    """One row in five fails where half may: it is counted, and nobody is asked to correct it."""
    issue(place, a_document(province=ONE_OF_EACH["schema"][0]["properties"][1]["quality"][:1]))
    done = place.examine(place.deliver([row(1), row(2), row(3, province="云南")]))
    assert done.findings == {"province.here": 1}
    assert done.failures == ()


def test_editions_are_kept_and_nobody_s_work_is_overwritten(place: Place) -> None:
    """The same rules again are no new edition; a change of what one has not seen is refused."""
    first = issue(place, ONE_OF_EACH)
    assert (first.version, issue(place, ONE_OF_EACH, seen=1).version) == (1, 1)
    with pytest.raises(Overtaken):
        issue(place, a_document(), seen=0)
    assert issue(place, a_document(), seen=1).version == 2
    with place.desk() as desk:
        assert [one.version for one in quality.editions(desk.db, ENTRY)] == [2, 1]
        assert quality.standing_edition(desk.db, ENTRY).book.rules == ()
    lines = place.lines("quality.rulebook_issued")
    assert [(line.facts["version"], line.facts["rules"]) for line in lines] == [(1, 8), (2, 0)]
    assert "无" not in lines[0].leaf().decode()


def test_only_the_provider_issues_and_only_about_its_items(place: Place) -> None:
    """Another body's officer is refused; so is a rule about an item that is not there."""
    with pytest.raises((NotAllowed, NotFound)), place.desk(replace(OFFICER, org="11500000MB16000002")) as desk:
        quality.issue_rulebook(desk, ENTRY, ONE_OF_EACH, seen=0)
    with pytest.raises(Invalid):
        issue(place, a_document(nothing=[{"metric": "nullValues", "mustBe": 0}]))
    with pytest.raises(Invalid):
        issue(place, a_document(own("x", check="satisfies", expression="nothing = 'a'")))


def _other(provider: str) -> Entry:
    return replace(register_entry(OTHER_ENTRY), provider=provider)


def test_a_rule_looks_into_another_entry_of_the_same_provider(place: Place) -> None:
    """A code must stand in the other register; a foreign register answers no such question."""
    refers = a_document(uscc=[own("known", check="refers", to="uscc", entry=OTHER_ENTRY)])
    with pytest.raises(NotFound):
        issue(place, refers)
    place.enter(_other("11500000MB16000002"))
    with pytest.raises(Invalid):
        issue(place, refers)
    place.enter(_other(OFFICER.org))
    issue(place, refers)
    assert place.examine(place.deliver([row(1)])).unasked == ("uscc.known",)  # there is no row to look into yet
    place.deliver([row(1), row(2)], OTHER_ENTRY)
    assert place.examined([row(2), row(3)]) == {"uscc.known": 1}


def test_a_trial_shows_masked_rows_and_is_on_record(place: Place) -> None:
    """Whoever tries a rule sees counts and a few masked values, and nothing stands yet."""
    place.deliver([row(1), row(2, province="云南")])
    with place.desk(replace(OFFICER, cleared=Grade.L1)) as desk:
        trial = quality.try_rulebook(desk, ENTRY, ONE_OF_EACH)
    counts = {one.rule: one.failed for one in trial.counts}
    assert (trial.rows, counts["province.here"]) == (2, 1)
    (example,) = trial.examples["province.here"]
    with place.desk() as desk:
        grades = {item.name: item.grade for item in register_entry().items}
    assert example.row == 2
    assert all(example.values[name] == "***" for name, grade in grades.items() if grade > Grade.L1)
    (line,) = place.lines("quality.rulebook_tried")
    assert "云南" not in line.leaf().decode()
    with place.desk() as desk:
        assert quality.standing_edition(desk.db, ENTRY).version == 0


def test_any_file_is_asked_by_a_rulebook(tmp_path: Path) -> None:
    """No node, no catalogue: a Parquet file with numbers in it, and a document that names a standard element."""
    file = tmp_path / "rows.parquet"
    values = {
        "Kodex ü": [code(1), code(2).lower(), "x", None],
        "n": pa.array([1, 2, 3, 4]),
        "d": [date(2020, 1, 2)] * 4,
    }
    pq.write_table(pa.table(values), file)
    book = quality.book_of(
        a_document(
            own("small", check="satisfies", expression="number(n) < 4 AND days(day(d), day('2020-01-03')) = 1"),
            **{"Kodex ü": [own("x", element="credit-code"), {"metric": "duplicateValues", "mustBe": 0}]},
        )
    )
    done = quality.check_file(file, book, today=date(2026, 1, 5))
    failed = {one.rule: one.failed for one in done.counts if one.failed}
    assert (done.rows, failed) == (
        4, {"Kodex ü.upper-case": 2, "Kodex ü.required": 1, "Kodex ü.length": 1, "n.small": 1}
    )  # fmt: skip
    for other in (tmp_path / "none.parquet", Path(__file__)):
        with pytest.raises((NotFound, Invalid)):
            quality.check_file(other, book, today=date(2026, 1, 5))


def test_a_value_s_check_digit_is_computed_once_whatever_is_asked_of_it(tmp_path: Path) -> None:
    """A pass that ends in a join to the divisions does not compute again for each rule that mentions a value."""
    seen: Counter[str] = Counter()

    def counted(name: str, of: Callable[[pa.Array], pa.Array]) -> Callable[[pa.Array], pa.Array]:
        def column(values: pa.Array) -> pa.Array:
            seen[name] += len(values)
            return of(values)

        return column

    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"uscc": [code(n) for n in range(500)], "place": ["500101", "x"] * 250}), file)
    book = quality.book_of(
        a_document(
            uscc=[
                own("sound", check="check-digit", scheme="credit-code"),
                own("width", check="length", least=18, most=18),
            ],
            place=[own("known", check="division-known", first=1)],
        )
    )
    with engine_over(file) as engine:
        engine.learn([VectorFunction(one.name, counted(one.name, one.of)) for one in functions()])
        rules = rules_of_file(file, book, today=date(2026, 1, 5), lent=lends(engine))
        rows, counts = count_failures(engine, Sought({"raw": FileRef(file)}), rules)
    assert (rows, {one.rule: one.failed for one in counts if one.failed}) == (500, {"place.known": 250})
    assert seen == {"jutong_credit_code": 500}
