"""One record's way, told as a story: three tiers, ten steps, and what stands in the homes when it is over."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from jutong import collection, ledger, library, registers, sharing
from jutong.catalogue import Stage, published
from jutong.cli.demo.register_maker import defects_in, make_register
from jutong.cli.demo.walk import QUOTA
from jutong.cli.output import NOT_PROVEN
from jutong.desk import House, open_house
from jutong.kernel.clock import LEGAL_TIME
from jutong.ledger.calls import batch_path, frames
from jutong.library.golden import current_sql
from jutong.pools import TableRef
from jutong.pools.layout import library_table
from jutong.sharing import buying
from tests.demo import Journey, assert_whole, lines_of, path_with, run_demo, settled, valid_codes
from tests.real import data

REGISTER = "企业登记信息"
ROWS = 1_500
DEFECTS = defects_in(ROWS)


@dataclass
class Told:
    """What the demo said, and the three homes that it left."""

    home: Path
    register: Path
    summary: Mapping[str, Any]
    seconds: float = 0

    @property
    def city(self) -> House:
        """The city's node."""
        return open_house(self.home / "city")

    @property
    def department(self) -> House:
        """The market regulator's node."""
        return open_house(self.home / "department")

    def line(self, act: str) -> ledger.Evidence:
        """Return the city's first line of an act."""
        return next(line for line in lines_of(self.city) if line.act == act)


@pytest.fixture(autouse=True)
def aloud(request: pytest.FixtureRequest) -> None:
    """Tell the story where somebody listens (``pytest -s``)."""
    print(f"\n{request.function.__doc__}")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """``jutong demo --once --json`` over a register of 1,500 rows with all the faults of a real one."""
    folder = tmp_path_factory.mktemp("one-record")
    make_register(folder / "register.parquet", rows=ROWS)
    code, summary, words = run_demo(folder / "demo", folder / "register.parquet")
    assert code == 0, words
    return Told(folder / "demo", folder / "register.parquet", summary)


def jutong(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command with an empty environment and no home: another machine, with public keys alone."""
    return subprocess.run(
        [sys.executable, "-m", "jutong", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": path_with(), "LC_ALL": "C.UTF-8", "JUTONG_LANGUAGE": "en"},
        cwd="/",
    )


def test_the_catalogue_says_who_answers_for_it(told: Told) -> None:
    """1. An officer fills the entry in, the head signs it, the authority audits it twice: it is published.

    The other two tiers take over the entry as it was published.
    """
    for name in ("city", "department", "district"):
        with open_house(told.home / name).reading() as db:
            (entry,) = [one for one in published(db) if one.title == REGISTER]
            assert entry.stage is Stage.PUBLISHED
    words = [line.act for line in lines_of(told.department) if line.act.startswith("catalogue.")]
    assert words[:3] == ["catalogue.drafted", "catalogue.signed", "catalogue.submitted"]


def test_every_row_is_accounted_for(told: Told) -> None:
    """2. Each row of the file has landed or is kept apart with its reason, and the city holds the same rows.

    Rows whose columns lost their order are not guessed.
    """
    lost = DEFECTS["columns_lost"] + DEFECTS["columns_lost_unreadable"]
    assert told.summary["rows_read"] == ROWS
    assert told.summary["rows_quarantined"] == lost
    assert told.summary["rows_collected"] == ROWS - lost
    digests = set()
    for house in (told.department, told.city):
        with house.reading() as db:
            (entry,) = [one for one in published(db) if one.title == REGISTER]
            (batch,) = collection.batches(db, entry.id)
        # What lost its order on the way is not in the file that the department hands up.
        assert batch.rows_landed == ROWS - lost
        digests.add(batch.rows_digest)
        if house.home.folder.name == "department":
            assert sum(batch.quarantined.values()) == lost
    assert len(digests) == 1


def test_what_is_wrong_is_found_and_sent_back(told: Told) -> None:
    """3. Each documented fault is found by its rule, as often as it was made; errors go back to the source."""
    found = told.summary["findings"]
    intact = {
        "uscc.old-registration-number": DEFECTS["code_old_number"],
        "uscc.upper-case": DEFECTS["code_lower_case"],
        "uscc.division-known": DEFECTS["code_unknown_division"],
        "uscc.length": DEFECTS["code_length"] + DEFECTS["code_thirteen_digits"],
        "uscc.check-digit": DEFECTS["code_check_digit"],
        "uscc.embedded-organisation-code": DEFECTS["code_organisation"],
        "uscc.unique": DEFECTS["code_twice_same_name"] + DEFECTS["code_twice_two_names"],
        "ent_type.required": DEFECTS["type_absent"],
        "capital.required": DEFECTS["capital_absent"],
        "scope.required": DEFECTS["scope_absent"],
        "city.required": DEFECTS["place_absent"],
    }
    # A row that is kept apart was not examined: it may take a finding with it.
    for rule, made in intact.items():
        assert made - 2 <= found.get(rule, 0) <= made, rule
    assert told.summary["band"] in "ABCD"
    assert 0 < told.summary["score"] < 1000
    with told.department.reading() as db:
        (entry,) = [one for one in published(db) if one.title == REGISTER]
    words = ("quality.objection_opened", "quality.objection_adopted")
    opened = [line for line in lines_of(told.department) if line.act in words]
    assert len(opened) == len({line.on for line in opened}) == told.summary["objections"] > 0
    assert {line.facts["entry"] for line in opened} == {entry.id}


def test_one_firm_is_one_record(told: Told) -> None:
    """4. There is one golden record a valid code; a code with two names is a conflict, and neither name is lost."""
    city = told.city
    held = {"golden": TableRef(library_table("legal_person"))}
    golden = city.pools.engine.query(current_sql(), held).read_all()["uscc"].to_pylist()
    assert len(golden) == len(set(golden)) == told.summary["golden_records"]
    assert set(golden) == valid_codes(told.register)
    assert told.summary["conflicts"] == DEFECTS["code_twice_two_names"]
    named = [one for one in library_conflicts(city) if one.field == "name"]
    assert Counter(one.code for one in named).most_common(1)[0][1] == 2
    assert told.summary["capital_doubtful"] >= DEFECTS["capital_comma_as_point"]


def library_conflicts(house: House) -> tuple[library.Conflict, ...]:
    """Return what stands against each other, as its authority sees it."""
    with house.reading() as db:
        return library.conflicts(house.pools, library.standing(db), limit=10_000)


def test_the_law_sets_the_day(told: Told) -> None:
    """5. The answer is due by the working-day calendar from the day of asking, and one agreement stands."""
    asked = told.line("sharing.submitted").at.astimezone(LEGAL_TIME).date()
    with told.city.reading() as db:
        due = registers.deadline(db, "REQ_ANSWER_COND", asked).due
        unconditional = registers.deadline(db, "REQ_ANSWER_UNCOND", asked).due
        agreement = next(sharing.agreements_in_force(db))
    assert told.summary["request_due"] in {due.isoformat(), unconditional.isoformat()}
    assert agreement.starts == asked
    assert agreement.ends == asked + timedelta(days=365)


def test_what_was_not_agreed_is_refused_and_on_record(told: Told) -> None:
    """6. Two calls are answered, one outside the purpose and one outside the items refused; all are evidence."""
    assert (told.summary["calls"], told.summary["refusals"]) == (4, 2)
    city = told.city
    records = [
        msgspec.json.decode(record)
        for line in lines_of(city)
        if line.act == "delivery.called"
        for record, _ in frames((city.home.ledger / batch_path(line.on)).read_bytes())
    ]
    codes = Counter(record["code"] for record in records if record["code"] != "not-found")
    assert codes["ok"] == 2
    assert sum(codes.values()) == 4, codes
    assert sum(count for code, count in codes.items() if code != "ok") == 2


def test_a_receipt_needs_nobodys_word(told: Told, tmp_path: Path) -> None:
    """7. On another machine, with public keys alone, the call's receipt verifies; changed by a letter, it does not."""
    receipt, keys = told.home / "city" / "receipt.txt", told.home / "city" / "keys.txt"
    proven = jutong("verify", receipt, "--key", keys, "--witnesses", "2")
    assert proven.returncode == 0, proven.stdout + proven.stderr
    assert told.summary["receipt_verified"]
    assert told.summary["witnesses"] == 2
    words = receipt.read_text("utf-8")
    forged = tmp_path / "forged.txt"
    forged.write_text(words.replace('"rows":1', '"rows":2'), "utf-8")
    assert forged.read_text("utf-8") != words
    assert jutong("verify", forged, "--key", keys).returncode == NOT_PROVEN


def test_one_flipped_byte_is_named(told: Told, tmp_path: Path) -> None:
    """7. The whole log audits clean; with one byte flipped in a copy of it, the audit names the leaf."""
    folder, keys = told.home / "city" / "ledger", told.home / "city" / "keys.txt"
    clean = jutong("verify", folder, "--key", keys)
    assert clean.returncode == 0, clean.stdout + clean.stderr
    copy = tmp_path / "ledger"
    shutil.copytree(folder, copy)
    bundle = max((copy / "tile" / "entries").rglob("*"), key=lambda path: path.is_file() and path.stat().st_size)
    spoilt = bytearray(bundle.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    bundle.write_bytes(spoilt)
    bad = jutong("verify", copy, "--key", keys, "--json")
    assert bad.returncode == NOT_PROVEN
    assert isinstance(msgspec.json.decode(bad.stdout.splitlines()[-1])["leaf"], int)


def test_the_scorecard_counts_what_happened(told: Told) -> None:
    """8. The department answered in time and its rows are mostly sound: numbers from the ledger alone."""
    card = told.summary["scorecard"]
    assert card["S1"] == 1000
    assert 0 <= told.summary["scorecard_total"] <= 1000
    assert all(value is None or 0 <= value <= 1000 for value in card.values())


def test_more_is_applied_for_anew(told: Told) -> None:
    """9. The consumer applies for twice the calls: the same agreement holds them, by a request of its own."""
    with told.city.reading() as db:
        agreement = next(sharing.agreements_in_force(db))
    assert agreement.quota_per_day == told.summary["amended_quota"] == QUOTA * 2
    submitted = [line.on for line in lines_of(told.city) if line.act == "sharing.submitted"]
    assert agreement.request == submitted[0]
    assert len(submitted) == 3


def test_data_is_bought_once(told: Told) -> None:
    """10. One department bought it, a second one found it and uses it under an entry, within the licence."""
    assert told.summary["bought_used_by"] == 1
    with told.city.reading() as db:
        (purchase,) = buying.purchases(db)
        _, used = sharing.agreements_in_force(db)
    assert (used.provider, used.entry) == (purchase.buyer, purchase.entry)
    assert used.consumer != purchase.buyer
    assert used.ends <= purchase.terms.ends


def test_the_homes_are_whole(told: Told) -> None:
    """Nothing is lost and nothing stands twice, in any of the three tiers."""
    assert_whole(Journey(told.home, told.register), agreements=2)


def test_walking_again_changes_nothing(told: Told) -> None:
    """The same demo on the same homes ends well and adds nothing: no batch, golden record, request or agreement."""
    before = settled(told.home)
    code, summary, words = run_demo(told.home, told.register)
    assert code == 0, words
    assert settled(told.home) == before
    same = ("rows_read", "rows_collected", "findings", "score", "golden_records", "conflicts", "request_due")
    assert {name: summary[name] for name in same} == {name: told.summary[name] for name in same}
    assert_whole(Journey(told.home, told.register), agreements=2)


def test_a_real_register_goes_the_same_way(tmp_path: Path) -> None:
    """The 22,277 registrations of one city: every row accounted for, one golden record a code."""
    register = data("enterprise/chongqing.parquet")
    code, summary, words = run_demo(tmp_path / "demo", register)
    assert code == 0, words
    rows = pq.read_metadata(register).num_rows
    assert summary["rows_read"] == rows == summary["rows_collected"] + summary["rows_quarantined"]
    assert summary["golden_records"] == len(valid_codes(register))
    assert_whole(Journey(tmp_path / "demo", register), agreements=2)
