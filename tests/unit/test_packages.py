"""Packages of edge agents: sealed, numbered, by a medium or the network; whatever comes twice or early lands once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from jutong import collection, ledger, registers
from jutong.app import commands
from jutong.collection import Layout, Reach, ReachKind, Reading, packages
from jutong.collection.packages import Bill, Depot, Destination, Feed, Stage, sealing
from jutong.collection.pushes import Parcel, Sender, digest_of
from jutong.kernel.crypto import PublicKey, SigningKey
from jutong.kernel.db import connection
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, NotKnown, TooMuch, WrongMoment
from jutong.kernel.keys import make_key
from jutong.kernel.outward import Outward
from jutong.pools.layout import raw_table
from jutong.terms import Actor, Duty, Grade
from tests.city import AUTHORITY, MARKET, SOCIAL, City, a_full_city
from tests.console import CSRF, a_console
from tests.postgres import fresh_database, postgres_url  # noqa: F401

HEADER = "name,uscc,reg_date,ent_type,capital,scope,province,city,address\n"
NAMES = HEADER.strip().split(",")
OFFICER = Actor(id="officer", org=MARKET, duties=frozenset({Duty.COLLECTION}), cleared=Grade.L4)
CARRIER = Actor(id="carrier", org=AUTHORITY, duties=frozenset({Duty.COLLECTION}), cleared=Grade.L4)
STRANGER = SigningKey.of_seed(b"stranger" * 4)
HOST = "127.0.0.1:8700"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city over either control database."""
    database = ""
    if request.param == "postgres":
        database = fresh_database(request.getfixturevalue("postgres_url")).replace("postgresql:", "postgresql+psycopg:")
    made = a_full_city(tmp_path_factory.mktemp(request.param) / "home", database=database)
    yield made
    made.house.engine.dispose()


def sequence(city: City) -> None:
    """Let the ledger sign what was done, so that there are receipts."""
    while ledger.sequence(city.house.engine, city.house.log):
        pass


class Edge:
    """A department's edge agent with a system of its own, so that each test begins at number one."""

    number = 0

    def __init__(self, city: City, folder: Path, *, body: str = MARKET) -> None:
        Edge.number += 1
        self.city, self.folder = city, folder
        self.key = make_key(folder / "keys" / "edge.pem")
        with city.house.desk(city.house.itself) as desk:
            system = registers.register_system(desk, body, f"edge-{Edge.number}", "前置机")
            registers.set_key(desk, system.name, PublicKey.read(str(self.key.public)))
        self.system, self.entry = str(system.name), city.found["entry"]
        self.medium = folder / "medium"
        self.medium.mkdir()
        self.depot = self.another("spool")

    def another(self, name: str, to: Destination | None = None) -> Depot:
        return Depot.of(self.folder / name, self.system, self.entry, to or packages.destination_of(self.city.house))

    def file(self, mark: str, count: int = 2) -> Path:
        line = "{},9150000020280332XF,2001-03-05,有限责任公司,500万,技术服务,重庆市,重庆市,{}\n"
        path = self.folder / f"{mark}.csv"
        path.write_text(HEADER + "".join(line.format(f"{mark}{n}", self.system) for n in range(count)), "utf-8")
        return path

    def pack(self, *marks: str, depot: Depot | None = None) -> None:
        for mark in marks:
            packages.pack_file(depot or self.depot, self.file(mark), Layout(), self.key)

    def take(self, actor: Actor = CARRIER) -> tuple[packages.Taken, ...]:
        return packages.take_folder(self.city.house, actor, self.medium)

    def stages(self) -> list[tuple[int, Stage]]:
        with self.city.house.reading() as db:
            found = packages.packages_listed(db, limit=1000)
        return sorted((one.number, one.stage) for one in found if one.system == self.system)

    def landed(self) -> list[str]:
        """Return the landed names of this edge, in the order in which their batches landed."""
        with self.city.house.reading() as db:
            order = {one.id: one.snapshot.version for one in collection.batches(db, self.entry)}
        rows = self.city.house.pools.lake.read(raw_table(self.entry)).read_all().to_pylist()
        own = [(order[row["_batch"]], row["_row"], row["name"]) for row in rows if row["address"] == self.system]
        return [name for *_, name in sorted(own)]


@pytest.fixture
def edge(city: City, tmp_path: Path) -> Edge:
    """An edge agent of the department."""
    return Edge(city, tmp_path)


def test_a_medium_goes_there_and_its_receipts_come_back(city: City, edge: Edge) -> None:
    """Packed, carried, landed in order; the receipts hold under the log's key, and only then the spool lets go."""
    edge.pack("甲", "乙")
    assert [paper.number for paper in edge.depot.copy_to(edge.medium)] == [1, 2]
    assert edge.depot.copy_to(edge.medium) == ()
    assert [one.package.stage for one in edge.take() if one.package] == [Stage.LANDED, Stage.LANDED]
    assert edge.landed() == ["甲0", "甲1", "乙0", "乙1"]
    assert len(edge.depot.unanswered()) == 2
    sequence(city)
    for one in edge.take():
        assert one.package
        told = ledger.receipt_of(city.house.engine, city.house.home.ledger, one.package.line)
        (edge.medium / f"{one.file.name}.receipt").write_text(told)
    answered = edge.depot.receipts_from(edge.medium, city.house.log.verifiers)
    assert [(paper.number, paper.landed) for paper in answered] == [(1, True), (2, True)]
    assert edge.depot.unanswered() == ()
    assert [paper.number for paper in edge.depot.papers] == [1, 2]
    assert not list((city.house.home.folder / "packages").glob("*.jtp"))


def test_the_same_package_again_is_answered_with_the_first_receipt(city: City, edge: Edge) -> None:
    """A medium that is taken in twice lands once, and leaves no second line."""
    edge.pack("甲")
    edge.depot.copy_to(edge.medium)
    (first,) = edge.take()
    before = [len(city.lines(f"collection.{act}")) for act in ("landed", "package_came", "package_landed")]
    (again,) = edge.take()
    assert first.package == again.package
    assert [len(city.lines(f"collection.{act}")) for act in ("landed", "package_came", "package_landed")] == before


def test_what_comes_early_waits_and_its_missing_number_is_named(city: City, edge: Edge) -> None:
    """Number three waits for one; when one and two come, all land in order."""
    edge.pack("甲", "乙", "丙")
    papers = edge.depot.papers
    shutil.copy(edge.depot.package(3), edge.medium / papers[2].name)
    (early,) = edge.take()
    assert early.package
    assert (early.package.stage, packages.waits_for(city.house, early.package)) == (Stage.WAITING, 1)
    assert edge.landed() == []
    for account, there in (("officer", True), ("stranger", False), ("asker", None)):
        with a_console(city).client(account) as client:
            page = client.get("/packages")
        assert page.status_code == (403 if there is None else 200)
        assert (edge.system.rpartition("/")[2] in page.text) is bool(there)
    edge.depot.copy_to(edge.medium)
    edge.take()
    assert edge.stages() == [(1, Stage.LANDED), (2, Stage.LANDED), (3, Stage.LANDED)]
    assert edge.landed() == ["甲0", "甲1", "乙0", "乙1", "丙0", "丙1"]


@pytest.mark.parametrize("where", [3, 40, 300, 420, 2000, -70, -3])
def test_a_flipped_bit_is_seen_wherever_it_is(city: City, edge: Edge, where: int) -> None:
    """In the mark, the head, the sealed key, the rows, their tag or the signature: the package is turned away."""
    edge.pack("甲")
    (paper,) = edge.depot.copy_to(edge.medium)
    at = edge.medium / paper.name
    data = bytearray(at.read_bytes())
    data[where if where < 0 else min(where, len(data) - 100)] ^= 1
    at.write_bytes(data)
    turned = len(city.lines("collection.package_turned_away"))
    (one,) = edge.take()
    assert one.package is None
    assert one.reason
    assert edge.stages() == []
    assert len(city.lines("collection.package_turned_away")) == turned + 1
    assert not list((city.house.home.folder / "packages").glob("*.jtp"))


def test_a_package_for_another_node_is_named_as_that(city: City, edge: Edge) -> None:
    """Neither a node of another name nor one of another key opens it."""
    other = Destination(node="cn-999999", key=SigningKey.of_seed(b"other---" * 4).opening_key().public)
    depot = edge.another("other", other)
    edge.pack("甲", depot=depot)
    depot.copy_to(edge.medium)
    (one,) = edge.take()
    assert "cn-999999" in str(one.reason)
    old = Destination(node=city.house.home.settings.name, key=other.key)
    stale = edge.another("stale", old)
    edge.pack("甲", depot=stale)
    with pytest.raises(Invalid, match="under its key"):
        packages.take_in(city.house, stale.package(1))
    assert edge.stages() == []


def test_only_the_registered_key_of_the_named_system_counts(city: City, edge: Edge, tmp_path: Path) -> None:
    """A stranger's signature, a system nobody knows, and a body whose rows these are not."""
    packages.pack_file(edge.depot, edge.file("甲"), Layout(), STRANGER)
    with pytest.raises(NotKnown, match="not signed by the system"):
        packages.take_in(city.house, edge.depot.package(1))
    nobody = Depot.of(tmp_path / "n", f"CN-500000/GOV/{MARKET}/nobody", edge.entry, edge.depot.to)
    packages.pack_file(nobody, edge.file("甲"), Layout(), edge.key)
    with pytest.raises(NotKnown, match="registered"):
        packages.take_in(city.house, nobody.package(1))
    (tmp_path / "social").mkdir()
    social = Edge(city, tmp_path / "social", body=SOCIAL)
    social.pack("甲")
    with pytest.raises(NotAllowed):
        packages.take_in(city.house, social.depot.package(1))
    assert edge.stages() == social.stages() == []


def test_a_twin_of_a_spool_is_found_out(city: City, edge: Edge) -> None:
    """Another package under a used number is refused; one that follows another past stops the chain."""
    edge.pack("甲")
    packages.take_in(city.house, edge.depot.package(1))
    twin = edge.another("twin")
    edge.pack("乙", "丙", depot=twin)
    with pytest.raises(Invalid, match="number 1 already"):
        packages.take_in(city.house, twin.package(1))
    stopped = packages.take_in(city.house, twin.package(2))
    assert (stopped.stage, "does not follow" in str(stopped.reason)) == (Stage.STOPPED, True)
    assert edge.landed() == ["甲0", "甲1"]


def test_refused_rows_stop_the_chain_until_somebody_decides(city: City, edge: Edge) -> None:
    """What follows a package with wrong columns waits; its own officer leaves it out, and the rest lands."""
    wrong = edge.folder / "wrong.csv"
    wrong.write_text("a,b\n1,2\n")
    edge.pack("甲")
    packages.pack_file(edge.depot, wrong, Layout(), edge.key)
    edge.pack("乙")
    edge.depot.copy_to(edge.medium)
    edge.take()
    assert edge.stages() == [(1, Stage.LANDED), (2, Stage.STOPPED), (3, Stage.WAITING)]
    two, three = edge.depot.papers[1].id, edge.depot.papers[2].id
    with pytest.raises(NotAllowed):
        packages.skip(city.house, CARRIER, two)
    with pytest.raises(WrongMoment):
        packages.skip(city.house, OFFICER, three)
    assert packages.skip(city.house, OFFICER, two).stage is Stage.SKIPPED
    assert edge.stages() == [(1, Stage.LANDED), (2, Stage.SKIPPED), (3, Stage.LANDED)]
    sequence(city)
    with city.house.reading() as db:
        line = packages.find_package(db, two).line
    receipt = ledger.receipt_of(city.house.engine, city.house.home.ledger, line)
    assert edge.depot.answered(edge.depot.papers[1], receipt, city.house.log.verifiers).skipped


def test_a_receipt_must_be_of_this_very_package(city: City, edge: Edge) -> None:
    """A receipt of another package, or under another log's key, lets nothing go."""
    edge.pack("甲", "乙")
    edge.depot.copy_to(edge.medium)
    taken = edge.take()
    sequence(city)
    assert taken[0].package
    receipt = ledger.receipt_of(city.house.engine, city.house.home.ledger, taken[0].package.line)
    one, two = edge.depot.papers
    with pytest.raises(Invalid, match="another package"):
        edge.depot.answered(two, receipt, city.house.log.verifiers)
    with pytest.raises(Invalid, match="does not hold"):
        edge.depot.answered(one, receipt, [ledger.witness_key("cn-500000", STRANGER.public)])
    assert len(edge.depot.unanswered()) == 2


def test_the_same_file_is_packed_once_and_a_spool_has_one_sender(edge: Edge) -> None:
    """Bytes that are in a package already make no second one; a spool of one system is not another's."""
    assert packages.pack_file(edge.depot, edge.file("甲"), Layout(), edge.key)[1]
    assert not packages.pack_file(edge.depot, edge.file("甲"), Layout(), edge.key)[1]
    foreign = Depot.of(edge.folder / "spool", "CN-500000/GOV/X/other", edge.entry, edge.depot.to)
    with pytest.raises(Invalid, match="this spool is of"):
        foreign.copy_to(edge.medium)
    with edge.depot.held(), pytest.raises(WrongMoment, match="another process"):
        edge.pack("乙")


def test_too_many_early_packages_are_refused(city: City, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who only ever sends late numbers does not fill the node."""
    monkeypatch.setattr("jutong.collection.packages.acts.WAITING_MOST", 1)
    edge.pack("甲", "乙", "丙")
    packages.take_in(city.house, edge.depot.package(2))
    with pytest.raises(TooMuch):
        packages.take_in(city.house, edge.depot.package(3))


def test_blocks_cannot_be_cut_off_or_change_places(edge: Edge, city: City) -> None:
    """Even a signature by the sender does not make a shortened or shuffled package open."""
    rows = edge.folder / "rows.bin"
    rows.write_bytes(bytes(range(256)) * 4096 * 3 + b"end")
    bill = Bill(name="rows.bin", size=rows.stat().st_size, content=digest_of(rows))
    edge.depot.folder.mkdir(parents=True)
    paper, _ = edge.depot.pack(rows, bill, edge.key)
    whole = edge.depot.package(1)
    at, opening = edge.folder / "out", city.house.key.opening_key()
    assert sealing.unseal(whole, opening, at=at) == bill
    assert at.read_bytes() == rows.read_bytes()
    _, begins = sealing.read_head(whole)
    data, block = whole.read_bytes(), sealing.BLOCK + sealing.TAG_BYTES
    first = begins + sealing.WRAPPED_BYTES
    cut = data[: first + 2 * block] + data[-sealing.SIGNATURE_BYTES :]
    swapped = data[:first] + data[first + block :][:block] + data[first:][:block] + data[first + 2 * block :]
    for forged in (cut, swapped):
        at.unlink(missing_ok=True)
        whole.write_bytes(forged)
        with pytest.raises(Invalid, match="can open"):
            sealing.unseal(whole, opening, at=at)
        assert not at.exists()
    assert b"rows.bin" not in data
    assert paper.content.encode() not in data


def test_a_live_source_is_packed_by_what_is_new(edge: Edge, city: City, request: pytest.FixtureRequest) -> None:
    """Rows since the last package, read on from its watermark; with nothing new there is no package."""
    url = fresh_database(request.getfixturevalue("postgres_url"))
    told = psycopg.conninfo.conninfo_to_dict(url)
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"CREATE TABLE firm ({', '.join(f'{name} text' for name in NAMES)}, n int)")  # type: ignore[arg-type]

        def add(number: int) -> None:
            marks = ", ".join(["%s"] * (len(NAMES) + 1))
            row = [f"公司{number}", *["x"] * (len(NAMES) - 2), edge.system, number]
            db.execute(f"INSERT INTO firm VALUES ({marks})", row)  # type: ignore[arg-type]

        where = {"host": told["host"], "port": int(str(told["port"])), "user": "jutong"}
        reach = Reach(kind=ReachKind.POSTGRESQL, database=str(told["dbname"]), table="firm", **where)  # type: ignore[arg-type]
        feed = Feed(reach=reach, headers={name: name for name in NAMES}, reading=Reading.of("n"))
        outward = Outward(inside=True)
        add(1)
        assert packages.pack_feed(edge.depot, feed, "", edge.key, outward)
        assert packages.pack_feed(edge.depot, feed, "", edge.key, outward) is None
        edge.pack("甲")
        add(2)
        told_of = packages.pack_feed(edge.depot, feed, "", edge.key, outward)
        assert told_of
        assert (told_of[0].number, told_of[0].until) == (3, "2")
    edge.depot.copy_to(edge.medium)
    edge.take()
    assert edge.landed() == ["公司1", "甲0", "甲1", "公司2"]


def test_by_the_network_a_package_is_the_same_package(city: City, edge: Edge) -> None:
    """Pushed in signed parts, an early one is kept and answered with what it waits for; a medium brings the rest."""
    edge.pack("甲", "乙")
    with city.client() as client:
        outward = Outward(inside=True)
        outward._client = client
        sender = Sender(f"http://{HOST}", edge.system, edge.key, outward, sleep=lambda _: sequence(city))

        def handed(number: int) -> Any:
            paper, path = edge.depot.papers[number - 1], edge.depot.package(number)
            size = path.stat().st_size
            parcel = Parcel(entry=edge.entry, name=paper.name, size=size, content=paper.digest)
            return sender.hand_over(path, parcel, paper.id)

        assert (handed(2)["stage"], handed(2)["waits_for"]) == ("waiting", 1)
        with pytest.raises(WrongMoment):
            sender._call("GET", f"/push/packages/{edge.depot.papers[1].id}/receipt")
        shutil.copy(edge.depot.package(1), edge.medium / edge.depot.papers[0].name)
        edge.take()
        assert handed(1)["stage"] == handed(2)["stage"] == "landed"
        receipt = sender.receipt_of(edge.depot.papers[1].id)
        assert edge.depot.answered(edge.depot.papers[1], receipt, city.house.log.verifiers).landed
        forged = edge.another("forged")
        packages.pack_file(forged, edge.file("丁"), Layout(), STRANGER)
        told = forged.papers[0]
        size = forged.package(1).stat().st_size
        parcel = Parcel(entry=edge.entry, name=told.name, size=size, content=told.digest)
        with pytest.raises(NotKnown, match="not signed"):
            sender.hand_over(forged.package(1), parcel, told.id)
        spy = Sender(f"http://{HOST}", edge.system, STRANGER, outward)
        with pytest.raises(NotKnown):
            spy._call("GET", f"/push/packages/{edge.depot.papers[1].id}")
    with connection(city.house.engine) as db:
        query = sa.text("SELECT stage FROM collection_push WHERE system = :system")
        assert set(db.execute(query, {"system": edge.system}).scalars()) == {"taken", "refused"}


def test_a_package_is_taken_in_on_the_page(city: City, edge: Edge) -> None:
    """Whoever carries a medium chooses the file; it lands, its receipt is there, and what is no package is named."""
    edge.pack("1")
    edge.depot.copy_to(edge.medium)
    (path,) = sorted(edge.medium.glob("*.jtp"))
    with a_console(city).client("officer") as client:
        fields = {"_csrf": CSRF}
        for _ in range(2):
            taken = client.post("/packages", data=fields, files={"package": (path.name, path.read_bytes())})
            assert taken.status_code == 200, taken.text
            assert "Open the receipt" in taken.text
        broken = client.post("/packages", data=fields, files={"package": ("a.jtp", path.read_bytes()[:-40])})
        assert broken.status_code in (400, 403, 409, 422)
        nothing = client.post("/packages", data=fields, files={"other": ("a.jtp", b"x")})
        assert "choose the package" in nothing.text
    assert edge.stages() == [(1, Stage.LANDED)]


def test_the_officer_who_carries_needs_the_duty(city: City, edge: Edge) -> None:
    """Somebody without the duty takes nothing in, and a folder that is none is named."""
    with pytest.raises(NotAllowed):
        edge.take(Actor(id="head", org=MARKET, duties=frozenset({Duty.DEPARTMENT_HEAD})))
    with pytest.raises(NotFound):
        packages.take_folder(city.house, CARRIER, edge.folder / "nowhere")


def test_the_whole_way_by_commands(city: City, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key, pack, take, receipts, show: as the two sides type it."""

    def run(*words: str | Path, token: str = "") -> Any:
        environment = {"JUTONG_LANGUAGE": "en", "JUTONG_TOKEN": token, "JUTONG_HOME": "", "COLUMNS": "200"}
        done = CliRunner().invoke(commands, [*map(str, words), "--json"], env=environment)
        assert done.exit_code == 0, (done.output, done.exception)
        return json.loads(done.stdout.splitlines()[-1])

    if city.house.engine.dialect.name != "sqlite":
        monkeypatch.setenv("JUTONG_DATABASE", city.house.home.database)
    home = city.house.home.folder
    feed = edge.folder / "feed.json"
    told = {
        "entry": edge.entry,
        "system": edge.system,
        "node": run("edge", "key", "--home", home)["node"],
        "log": str(city.house.log.verifier),
        "key": "keys/edge.pem",
    }
    feed.write_text(json.dumps(told))
    spool = ("--spool", edge.folder / "spool")
    (packed,) = run("edge", "pack", feed, edge.file("甲"), *spool, "--to", edge.medium)
    assert (packed["number"], packed["new"], packed["copied"], packed["receipt"]) == (1, True, True, False)
    monkeypatch.setattr("jutong.cli.edge.time.sleep", lambda _: sequence(city))
    token = city.tokens["officer"]
    (taken,) = run("edge", "take", edge.medium, "--home", home, token=token)
    assert (taken["stage"], taken["receipt"]) == ("landed", True)
    (answered,) = run("edge", "receipts", feed, edge.medium, *spool)
    assert answered["receipt"]
    (shown,) = run("edge", "show", feed, *spool)
    assert (shown["receipt"], shown["left_out"]) == (True, False)
    assert run("edge", "list", "--home", home, token=token)[0]["number"] >= 1
