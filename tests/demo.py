"""The whole thread for tests: three tiers as real processes, the record's way, and what must be true after it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jutong import collection, ledger, sharing
from jutong.cli.demo.tiers import LABOUR, PLANS, Tier, serving, stand_up
from jutong.cli.demo.walk import PURPOSE, SYSTEM, Delivery, Story, walk
from jutong.delivery import Consumer
from jutong.desk import House, open_house
from jutong.kernel.crypto import PublicKey
from jutong.kernel.errors import Refused, Unavailable
from jutong.kernel.keys import load_key
from jutong.ledger import Evidence
from jutong.ledger.calls import batch_path, frames, head_of
from jutong.pools.layout import library_table, quarantine_table, raw_table
from jutong.terms.identifier import Fault, credit_code_fault

ROOT = Path(__file__).parents[1]
PARQUET = "enterprise-register-parquet"
ONCE = ("collection.landed", "quality.examined", "library.merged", "sharing.approved")
TIERS = tuple(plan.folder for plan in PLANS)
# Asking leaves a line each time, and no change; what a walk changed last, the next one finds drawn or draws.
_ASKED = ("delivery.called", "guard.", "library.layer_looked_at", "atlas.drawn")
SETTLED_AFTER, SETTLED_MOST = 3.0, 120.0  # seconds


def path_with(*folders: Path) -> str:
    """Return a PYTHONPATH on which this very source tree stands first."""
    return os.pathsep.join(map(str, [*folders, ROOT / "src"]))


def run_demo(home: Path, register: Path, **environment: str) -> tuple[int, Mapping[str, Any], str]:
    """Run ``jutong demo --once --json`` and return its exit code, its summary and what it said on the way."""
    command = [sys.executable, "-m", "jutong", "demo", "--once", "--json"]
    done = subprocess.run(
        [*command, "--home", str(home), "--register", str(register)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path_with(), "JUTONG_LANGUAGE": "en", **environment},
    )
    lines = done.stdout.splitlines()
    return done.returncode, msgspec.json.decode(lines[-1]) if lines else {}, done.stdout + done.stderr


@dataclass
class Journey:
    """Three homes and a register; the walk is done in this process, the tiers are processes of their own."""

    home: Path
    register: Path
    answered: list[str] = field(default_factory=list)  # calls whose answer the consumer holds

    @contextmanager
    def served(self) -> Iterator[Mapping[str, Tier]]:
        """Serve the tiers for a while."""
        tiers = stand_up(self.home, fixed_ports=False)
        with serving(tiers):
            yield tiers

    def walked(self, tiers: Mapping[str, Tier]) -> Story:
        """Walk the record's way once, to its end."""
        story = Story(tiers=dict(tiers), deliveries=[Delivery(self.register, PARQUET)], tell=lambda _: None)
        for _ in walk(story):
            pass
        self.answered.append(story.call)
        return story

    def attempted(self, tiers: Mapping[str, Tier]) -> bool:
        """Walk as far as it goes, and say whether that was the end."""
        try:
            self.walked(tiers)
        except (Refused, Unavailable):
            return False
        return True

    def call(self, tier: Tier, story: Story, subject: str, times: int) -> None:
        """Query some more, until the node dies or the calls are done."""
        key = load_key(tier.folder / "keys" / "labour-client.pem")
        service = msgspec.json.decode(pages(tier, "delivery.opened")[-1])["service"]
        with Consumer(tier.url, client(), key, PublicKey(tier.house.key.public.raw), signed=True) as consumer:
            for _ in range(times):
                answer = consumer.query(service, subject, purpose=PURPOSE, agreement=story.agreement)
                self.answered.append(answer.call)


def client() -> str:
    """Name the consumer's system."""
    return f"CN-500000/GOV/{LABOUR.code}/{SYSTEM}"


def pages(tier: Tier, act: str) -> list[bytes]:
    """Return the facts of every line of an act, as JSON."""
    with tier.house.reading() as db:
        return [msgspec.json.encode(kept.line.facts) for kept in ledger.read_about(db, act=act, limit=10_000)]


def valid_codes(register: Path) -> set[str]:
    """Return the distinct credit codes of a register's intact rows that can key a legal person, one by one in Python.

    A code that fails by its inner organisation code alone has been issued to somebody all the same.
    """
    table = pq.read_table(register, columns=["uscc", "width"])
    usual = Counter(table["width"].to_pylist()).most_common(1)[0][0]
    intact = table.filter(pc.equal(table["width"], usual))
    spelled = {(code or "").strip().upper() for code in intact["uscc"].to_pylist()}
    return {code for code in spelled if credit_code_fault(code) in (None, Fault.ORGANISATION_CODE)}


def lines_of(house: House) -> list[Evidence]:
    """Return all evidence of a house, waiting lines too, in the order in which it was written."""
    with house.reading() as db:
        found, after = [], 0
        while page := list(ledger.read_about(db, after=after, limit=5000)):
            found += [kept.line for kept in page]
            after = page[-1].number
    return found


def settled(home: Path) -> dict[str, Any]:
    """Return what :func:`counted` does as soon as nothing moves any more: some of what follows outlasts a walk."""
    before, since, until = counted(home), time.monotonic(), time.monotonic() + SETTLED_MOST
    while time.monotonic() < until:
        time.sleep(0.5)
        now = counted(home)
        if now != before:
            before, since = now, time.monotonic()
        elif time.monotonic() - since > SETTLED_AFTER:
            return now
    raise AssertionError("the three homes do not come to rest")


def counted(home: Path) -> dict[str, Any]:
    """Return how many of everything the three homes hold: what a repetition must not change."""
    told: dict[str, Any] = {}
    for name in TIERS:
        house = open_house(home / name)
        acts = Counter(line.act for line in lines_of(house))
        for word in [word for word in acts if word.startswith(_ASKED)]:
            del acts[word]
        tables = sorted(str(path.parent.relative_to(home / name / "lake")) for path in lakes(home / name))
        rows = {table: house.pools.lake.dataset(table).count_rows() for table in tables}
        told[name] = {"acts": dict(acts), "rows": rows}
    return told


def lakes(home: Path) -> list[Path]:
    """Return the log folder of every table of a home."""
    return sorted((home / "lake").glob("**/_delta_log"))


def assert_whole(journey: Journey, *, agreements: int = 1) -> None:
    """Nothing that was accepted is lost, nothing stands twice, in any of the three homes."""
    for name in TIERS:
        house = open_house(journey.home / name)
        assert_ledger_whole(house)
        assert_rows_once(house)
        assert_lines_once(house)
    city = open_house(journey.home / "city")
    assert not list((city.home.folder / "spool").iterdir()), "rows of another tier were left lying about"
    golden = city.pools.lake.read(library_table("legal_person"), columns=["uscc"]).read_all()["uscc"].to_pylist()
    assert len(golden) == len(set(golden))
    assert set(golden) == valid_codes(journey.register)
    with city.reading() as db:
        assert len(list(sharing.agreements_in_force(db))) == agreements
    assert_calls_once(city, journey.answered)


def assert_ledger_whole(house: House) -> None:
    """The log proves itself; it and the control database hold the same lines, each once, none waiting."""
    verdict = ledger.verify_folder(house.home.ledger, [house.log.verifier])
    assert verdict.holds, verdict
    size = house.log.refresh()
    logged = [Evidence.of_leaf(leaf).id for leaf in house.log.tiles.entries(0, size, size)]
    assert len(logged) == len(set(logged)), "a line stands twice in the log"
    with house.reading() as db:
        placed = [line.id for _, line in ledger.read(db, limit=1_000_000)]
    assert placed == logged, "control database and log differ"
    written = {line.id for line in lines_of(house)}
    ledger.sequence(house.engine, house.log)  # what was written in the last moments of the processes
    assert written >= set(logged)
    with house.reading() as db:
        assert {line.id for _, line in ledger.read(db, limit=1_000_000)} == written, "a line never came into the log"


def assert_rows_once(house: House) -> None:
    """Every batch on record stands in the lake with just its rows, and the lake holds no other."""
    with house.reading() as db:
        entries = {line.on for line in lines_of(house) if line.act in ("catalogue.drafted", "catalogue.adopted")}
        batches = [batch for entry in entries for batch in collection.batches(db, entry)]
    for entry in entries:
        landed = {batch.id: batch.rows_landed for batch in batches if batch.entry == entry}
        broken = {batch.id: batch.rows_quarantined for batch in batches if batch.entry == entry}
        for table, wanted in ((raw_table(entry), landed), (quarantine_table(entry), broken)):
            lake = house.pools.lake
            rows = lake.read(table, columns=["_batch", "_row"]).read_all() if lake.exists(table) else None
            found = Counter(rows["_batch"].to_pylist()) if rows is not None else Counter()
            assert found == Counter(wanted), f"{table}: rows of a batch are lost or doubled"
            if rows is not None:
                assert rows.group_by(["_batch", "_row"]).aggregate([]).num_rows == rows.num_rows


def assert_lines_once(house: House) -> None:
    """What can happen once to a thing has one line; what a neighbour told was taken over once."""
    lines = lines_of(house)
    twice = [
        key for key, count in Counter((line.act, line.on) for line in lines if line.act in ONCE).items() if count > 1
    ]
    assert not twice, twice
    # Each change of an agreement is approved by a request of its own, and is opened and delivered anew.
    approved = Counter(str(line.facts["agreement"]) for line in lines if line.act == "sharing.approved")
    for word in ("sharing.delivered", "delivery.opened"):
        found = Counter(line.on for line in lines if line.act == word)
        assert not found - approved, (word, found - approved)
    taken = Counter(
        (line.facts["node"], line.facts["place"]) for line in lines if line.act in ("cascade.taken", "cascade.declined")
    )
    assert all(count == 1 for count in taken.values()), [key for key, count in taken.items() if count > 1]
    declined = [
        (line.act, line.on, line.facts) for line in lines if line.act in ("follows.declined", "cascade.declined")
    ]
    assert not declined, declined


def assert_calls_once(house: House, answered: list[str]) -> None:
    """Every call that was answered has a receipt that verifies, and no call is in two batches."""
    # What a worker wrote in its last moments is sealed at the next start: here, by us.
    ledger.seal(house.engine, house.home.ledger, house.home.journal, org=house.home.settings.body, now=house.now())
    ledger.sequence(house.engine, house.log)
    seen: list[str] = []
    for line in lines_of(house):
        if line.act == "delivery.called":
            records = [record for record, _ in frames((house.home.ledger / batch_path(line.on)).read_bytes())]
            assert len(records) == line.facts["count"]
            seen += [head_of(record).id for record in records]
    assert len(seen) == len(set(seen)), "a call stands in two batches"
    assert set(answered) <= set(seen), "an answered call is lost"
    for call in answered:
        receipt = ledger.receipt_of(house.engine, house.home.ledger, call)
        assert ledger.verify_receipt(receipt, [house.log.verifier]).holds
