"""Leaked rows name the copy that they come from, however they were changed; nobody innocent is named."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from jutong import catalogue
from jutong.cli import app
from jutong.delivery import bulk
from jutong.delivery.bulk import Leak, Trace, read_leak
from jutong.delivery.bulk.marking import PURPOSE
from jutong.delivery.bulk.tracing import traced
from jutong.guard.watermark import BIASES, EPSILON, LARGEST, marked_sql, parse_mark
from jutong.kernel.errors import Invalid, NotAllowed
from tests.city import AUTHORITY, done
from tests.console import CSRF, a_console
from tests.shares import a_sharing, an_agreement, firms

ROWS = 24_000
SAMPLE = 0.05
FIRMS = [{**row, "capital": str(1_234_567 + place * 37)} for place, row in enumerate(firms(ROWS))]
CANARIES = [{**row, "name": f"金丝雀{row['uscc'][-3:]}有限公司"} for row in firms(40, start=90_000)]


class Leaks:
    """Three agreements on one entry, their copies, and who looks."""

    def __init__(self, folder: Path) -> None:
        self.shared = a_sharing(folder / "home", FIRMS)
        with self.shared.city.client() as client:

            def act(account: str, path: str, body: object = None) -> Any:
                content = msgspec.json.encode({} if body is None else body)
                return done(client.post(path, content=content, headers=self.shared.city.bearer(account)))

            others = [an_agreement(self.shared, act, scenario=f"用途{place}") for place in range(2)]
        self.shared.city.settle()
        self.agreements = [self.shared.agreement, *others]
        self.entry = self.shared.city.found["entry"]
        with self.shared.house.desk(self.shared.actor("officer")) as desk:
            bulk.declare_marks(desk, self.entry, {"capital": "digits:2"}, CANARIES)
        self.copies = [self.copy(one) for one in self.agreements]

    def copy(self, agreement: str) -> list[dict[str, Any]]:
        """Return the rows that an agreement's consumer gets."""
        assert bulk.keep_view(self.shared.house, agreement)
        files = sorted((bulk.views_folder(self.shared.house) / agreement.lower()).rglob("part-*.parquet"))
        return [row for path in files for row in pq.read_table(path).to_pylist()]

    def sample(self, *copies: int, share: float = SAMPLE) -> list[dict[str, Any]]:
        """Return a sample of the rows, in another order, each from one of the copies by chance."""
        chance = random.Random(7)
        by_key = [{row["uscc"]: row for row in self.copies[one]} for one in copies]
        keys = chance.sample(sorted(set.intersection(*map(set, by_key))), int(ROWS * share))
        return [chance.choice(by_key)[key] for key in keys]

    def trace(self, rows: list[dict[str, Any]]) -> Trace:
        """Let the security administrator look."""
        leak = Leak(pa.Table.from_pylist(rows), "0" * 64)
        with self.shared.house.desk(self.shared.actor("security")) as desk:
            return bulk.trace(desk, self.entry, leak, key=self.shared.house.key, body=AUTHORITY)

    def named(self, rows: list[dict[str, Any]]) -> set[str]:
        """Return whom the rows name."""
        return {one.recipient for one in self.trace(rows).named}


@pytest.fixture(scope="module")
def leaks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaks]:
    """Copies of 24,000 rows for three recipients."""
    made = Leaks(tmp_path_factory.mktemp("leaks"))
    yield made
    made.shared.house.engine.dispose()


def test_marks_touch_low_digits_alone(leaks: Leaks) -> None:
    """A value changes by ten at most, keys and all other items not at all; copies differ from each other."""
    given = {row["uscc"]: row for row in FIRMS}
    first, second = ({row["uscc"]: row for row in copy} for copy in leaks.copies[:2])
    off = [abs(int(row["capital"]) - int(given[key]["capital"])) for key, row in first.items() if key in given]
    assert len(off) == ROWS
    assert set(off) == {0, 1, 10}
    for name in ("name", "reg_date", "city"):
        assert all(row[name] == given[key][name] for key, row in first.items() if key in given)
    differing = sum(row["capital"] != second[key]["capital"] for key, row in first.items() if key in second)
    assert 0.2 * ROWS < differing < 0.5 * ROWS


def test_a_sample_of_one_copy_names_it(leaks: Leaks) -> None:
    """Five rows in a hundred, in another order, are enough."""
    for place, agreement in enumerate(leaks.agreements):
        assert leaks.named(leaks.sample(place)) == {agreement}


def test_without_the_key_rows_are_known_by_their_other_items(leaks: Leaks) -> None:
    """Column drop: name and date alone still say which row it was."""
    rows = [{name: row[name] for name in ("name", "reg_date", "capital")} for row in leaks.sample(1)]
    assert leaks.named(rows) == {leaks.agreements[1]}


def test_rounded_values_still_name(leaks: Leaks) -> None:
    """Rounded to tens, the marks in units are lost and those in tens stay."""
    rows = [{**row, "capital": str(int(row["capital"]) // 10 * 10)} for row in leaks.sample(2)]
    assert leaks.named(rows) == {leaks.agreements[2]}


def test_two_who_merge_their_copies_are_both_named(leaks: Leaks) -> None:
    """A sample mixed from two copies names both, and not the third."""
    assert leaks.named(leaks.sample(0, 2)) == {leaks.agreements[0], leaks.agreements[2]}


def test_marks_that_were_wiped_leave_the_canaries_and_no_accusation(leaks: Leaks) -> None:
    """Random low digits name nobody; canary rows of one copy, if there are enough, name it all the same."""
    chance = random.Random(9)
    rows = [
        {**row, "capital": str(int(row["capital"]) // 100 * 100 + chance.randrange(100))} for row in leaks.sample(0)
    ]
    assert leaks.named(rows) == set()
    own = {row["uscc"] for row in CANARIES}
    trace = leaks.trace([row for row in leaks.copies[0] if row["uscc"] in own])
    assert trace.canaries == sum(row["uscc"] in own for row in leaks.copies[0]) > 5
    assert trace.suspicions[0].recipient == leaks.agreements[0]


def test_the_owners_own_rows_name_nobody(leaks: Leaks) -> None:
    """Rows that never went through a copy agree with no recipient more than chance does."""
    assert leaks.named([dict(row) for row in FIRMS[: int(ROWS * SAMPLE)]]) == set()


def test_innocent_recipients_are_named_less_often_than_is_promised(leaks: Leaks) -> None:
    """Of two thousand made-up recipients none is named, and their scores are as the bound supposes."""
    house = leaks.shared.house
    with house.reading() as db:
        entry, marking = catalogue.find(db, leaks.entry), bulk.marking_of(db, leaks.entry)
    assert marking is not None
    leak = Leak(pa.Table.from_pylist(leaks.sample(0)[:300]), "0" * 64)
    innocent = {f"01JZ{place:022}": "x" for place in range(2000)}
    found = traced(house.pools, entry, marking, leak, innocent, key=house.key.secret_for(PURPOSE))
    assert found.positions == 300
    assert found.named == ()
    scores = [one.score for one in found.suspicions]
    mean, variance = sum(scores) / len(scores), sum(one**2 for one in scores) / len(scores)
    assert abs(mean) < 4 * math.sqrt(300 / 2000)
    assert 0.85 * 300 < variance < 1.15 * 300
    for level in (1e-1, 1e-2, 1e-3):
        beyond = sum(one.bound <= level for one in found.suspicions)
        assert beyond <= 2000 * level + 3, "the bound is above the true rate"


def test_the_code_is_as_it_is_stated() -> None:
    """Biases are of the arcsine law, cut off; no position weighs more than the bound supposes."""
    assert list(BIASES) == sorted(BIASES)
    assert all(abs(low + high - 1) < 1e-12 for low, high in zip(BIASES, BIASES[::-1], strict=True))
    assert max(math.sqrt((1 - bias) / bias) for bias in BIASES) <= LARGEST
    assert EPSILON <= 1e-6


@pytest.mark.parametrize("columns", [{"uscc": "digits:2"}, {"city": "digits:1"}, {"name": "seconds"}, {"capital": "x"}])
def test_keys_codes_and_divisions_carry_no_mark(leaks: Leaks, columns: dict[str, str]) -> None:
    """Only what the owner may declare markable: amounts, numbers, times."""
    with leaks.shared.house.desk(leaks.shared.actor("officer")) as desk, pytest.raises(Invalid):
        bulk.declare_marks(desk, leaks.entry, columns)


def test_only_the_owner_declares_and_only_security_traces(leaks: Leaks) -> None:
    """A consumer can neither mark nor look; a trace stands in the ledger without a value."""
    with leaks.shared.house.desk(leaks.shared.actor("asker")) as desk, pytest.raises(NotAllowed):
        bulk.declare_marks(desk, leaks.entry, {"capital": "digits:1"})
    leak = Leak(pa.table({"uscc": ["1"], "capital": ["5"]}), "0" * 64)
    with leaks.shared.house.desk(leaks.shared.actor("officer")) as desk, pytest.raises(NotAllowed):
        bulk.trace(desk, leaks.entry, leak, key=leaks.shared.house.key, body=AUTHORITY)
    leaks.trace(leaks.sample(1))
    line = leaks.shared.city.lines("delivery.traced")[-1]
    assert line.facts["named"] == [leaks.agreements[1]]
    assert "有限公司" not in line.leaf().decode()


def test_a_leak_is_read_whatever_its_form(leaks: Leaks, tmp_path: Path) -> None:
    """CSV, JSON, XLSX and Parquet of one copy are the same rows; Parquet's own metadata says whose it was."""
    handed = [
        bulk.hand_over(leaks.shared.house, leaks.shared.actor("asker"), leaks.agreements[1], form, purpose)
        for form in (bulk.Form.CSV, bulk.Form.JSON, bulk.Form.PARQUET)
        for purpose in leaks.shared.standing().purposes[:1]
    ]
    read = [read_leak(Path(one.path), one.name) for one in handed]
    assert len({one.rows.num_rows for one in read}) == 1
    assert read[2].says == leaks.agreements[1]
    for one in read[:2]:
        head = one.rows.slice(0, 1500).to_pylist()
        assert leaks.named(head) == {leaks.agreements[1]}
    bad = tmp_path / "x.json"
    bad.write_text(json.dumps({"a": 1}))
    with pytest.raises(Invalid):
        read_leak(bad, "x.json")


@pytest.mark.parametrize("spec", ["digits:2", "seconds"])
def test_marks_are_spelled_as_they_are_read(spec: str) -> None:
    """What is declared comes back as it was written."""
    assert str(parse_mark(spec)) == spec


def test_times_carry_marks_in_their_seconds(leaks: Leaks) -> None:
    """A second moves by one within its minute; a day without a time stays as it is."""
    values = ["2026-01-05 10:00:59", "2026-01-05T10:00:00Z", "2026-01-05", None]
    table = pa.table({"k": ["a", "b", "c", "d"], "v": pa.array(values, pa.string())})
    seen = set()
    for recipient in map(str, range(30)):
        sql = marked_sql(parse_mark("seconds"), "v", handle="k", column="v", key=b"k" * 32, recipient=recipient)
        told = leaks.shared.house.pools.engine.query(f"SELECT {sql} AS v FROM t", {"t": table}).read_all()["v"]
        assert told.to_pylist()[2:] == ["2026-01-05", None]
        seen |= set(told.to_pylist()[:2])
    assert seen == {"2026-01-05 10:00:59", "2026-01-05 10:00:58", "2026-01-05T10:00:00Z", "2026-01-05T10:00:01Z"}


def test_the_security_administrator_traces_on_a_page_and_by_command(leaks: Leaks, tmp_path: Path) -> None:
    """The page and `jutong trace` say the same; an officer finds neither."""
    shared, found = leaks.shared, tmp_path / "found.parquet"
    pq.write_table(pa.Table.from_pylist(leaks.sample(1)), found)
    console, consumer = a_console(shared.city), shared.standing().consumer
    form, file = {"_csrf": CSRF, "entry": leaks.entry}, {"file": ("found.parquet", found.read_bytes())}
    shown = console.client("security").post("/traces", data=form, files=file)
    assert shown.status_code == 200
    assert leaks.agreements[1] in shown.text
    assert "Nobody is named" not in shown.text
    assert console.client("officer").get("/traces").status_code == 403
    home = ["--home", str(shared.house.home.folder), "--token", shared.city.tokens["security"], "--json"]
    ended = CliRunner().invoke(app, ["trace", str(found), "--entry", leaks.entry, *home])
    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["named"] == [{"agreement": leaks.agreements[1], "consumer": consumer}]
