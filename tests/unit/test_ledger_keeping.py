"""Lines, calls, receipts, audits and witnesses of the ledger."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong import ledger
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import connect, connection, metadata, transaction
from jutong.kernel.errors import Invalid, NotFound, Unavailable, WrongMoment
from jutong.ledger import Asked, Checkpoint, Evidence, Journal, Note, VerifierKey, store
from jutong.ledger.calls import batch_path
from jutong.ledger.journal import RESERVED, journal_files
from jutong.ledger.merkle import root_of
from jutong.ledger.sequencer import cosigned
from tests.postgres import postgres_database, postgres_url

__all__ = ["postgres_database", "postgres_url"]

NOW = datetime(2026, 1, 2, tzinfo=UTC)
KEY = SigningKey.of_seed(b"k" * 32)
WITNESSES = {name: SigningKey.of_seed(name.encode() * 16) for name in ("w1", "w2")}
WITNESS_KEYS = [ledger.witness_key(name, key.public) for name, key in WITNESSES.items()]


@dataclass
class Node:
    """One node's ledger: its database, its log, its folders."""

    home: Path
    engine: sa.Engine
    log: ledger.Log

    @property
    def folder(self) -> Path:
        return self.home / "ledger"

    def put(self, first: int, end: int) -> list[str]:
        with transaction(self.engine) as db:
            return [ledger.append(db, a_line(number)) for number in range(first, end)]

    def calls(self, first: int, end: int, worker: str = "w") -> None:
        journal = Journal(self.home / "journal", worker)
        for done in [journal.append(a_call(number)) for number in range(first, end)]:
            done.result()
        journal.close()

    def settle(self) -> list[ledger.CallBatch]:
        batches = ledger.seal(self.engine, self.folder, self.home / "journal", org="o", now=NOW)
        while ledger.sequence(self.engine, self.log):
            pass
        return batches

    def receipt(self, some_id: str) -> str:
        return ledger.receipt_of(self.engine, self.folder, some_id)


def a_line(number: int, **facts: int) -> Evidence:
    return Evidence(
        id=f"{number:026}", act="room.done", actor="a", org="o", on=f"thing {number % 3}", at=NOW, facts=facts
    )


def call_id(number: int) -> str:
    return f"01JX{number:022}"


def a_call(number: int) -> bytes:
    code = "ok" if number % 3 else "TERM"
    return json.dumps({"id": call_id(number), "agreement": f"A{number % 4}", "code": code}).encode()


def a_node(home: Path, url: str = "") -> Node:
    engine = connect(url or f"sqlite:///{home / 'control.db'}")
    tables = [table for table in metadata.sorted_tables if table.name.startswith("ledger_")]
    with engine.begin() as db:
        metadata.create_all(db, tables=tables)
    return Node(home, engine, ledger.Log(home / "ledger", "example/log", KEY))


@pytest.fixture(params=["sqlite", "postgresql"])
def node(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Node]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_database")
    made = a_node(tmp_path, url.replace("postgresql:", "postgresql+psycopg:"))
    yield made
    made.log.close()
    made.engine.dispose()


def test_lines_come_into_the_log_in_their_order_and_are_found(node: Node) -> None:
    """A line waits until the sequencer took it; then it has a place for good."""
    ids = node.put(0, 10)
    with connection(node.engine) as db:
        assert ledger.place_of(db, ids[3]) is None
        assert list(ledger.read(db)) == []
    node.settle()
    with connection(node.engine) as db:
        assert [line.id for _, line in ledger.read(db, after=3, limit=2)] == ids[4:6]
        assert ledger.find(db, ids[7]) == (7, a_line(7))
        first = list(ledger.read_about(db, on="thing 0", limit=2))
        assert [one.line.id for one in first] == [ids[0], ids[3]]
        assert [one.place for one in ledger.read_about(db, on="thing 0", after=first[-1].number)] == [6, 9]
        assert list(ledger.read(db, acts=["room.other"])) == []
        assert ledger.newest_instant(db) == NOW
        with pytest.raises(NotFound):
            ledger.find(db, "no")


def test_a_database_from_a_backup_learns_again_what_the_log_holds(node: Node) -> None:
    """The log is the memory that was signed; lines that the database lost come back from it."""
    ids = node.put(0, 5)
    node.settle()
    with transaction(node.engine) as db:
        db.execute(store.evidence.delete().where(store.evidence.c.place >= 2))
    ledger.sequence(node.engine, node.log)
    with connection(node.engine) as db:
        assert [line.id for _, line in ledger.read(db)] == ids


def test_a_log_that_lies_behind_its_database_is_not_signed_on(node: Node, tmp_path: Path) -> None:
    """A ledger folder from an old backup would fork history; it is refused."""
    node.put(0, 5)
    node.settle()
    other = ledger.Log(tmp_path / "old", "example/log", KEY)
    node.put(5, 6)
    with pytest.raises(Invalid, match="5 places"):
        ledger.sequence(node.engine, other)


def test_a_follower_moves_on_only_from_where_it_stood(node: Node) -> None:
    """Two processes that follow the same thing do not both count it as done."""
    with transaction(node.engine) as db:
        assert ledger.position(db, "f") == -1
        ledger.advance(db, "f", after=-1, to=4)
        assert ledger.position(db, "f") == 4
        with pytest.raises(Unavailable):
            ledger.advance(db, "f", after=-1, to=7)
        ledger.advance(db, "f", after=4, to=7)


def test_calls_are_sealed_once_and_counted(node: Node) -> None:
    """A batch's one line says how many calls, by agreement, and how many were refused."""
    node.calls(0, 10)
    node.calls(10, 12, worker="v")
    batches = node.settle()
    assert sorted(batch.count for batch in batches) == [2, 10]
    big = max(batches, key=lambda batch: batch.count)
    assert big.agreements == {"A0": 3, "A1": 3, "A2": 2, "A3": 2}
    assert big.refused == {"A0": 1, "A1": 1, "A2": 1, "A3": 1}
    assert big.codes == {"ok": 6, "TERM": 4}
    assert (big.first, big.last) == (call_id(0), call_id(9))
    assert root_of(map(a_call, range(10))) == big.root
    assert node.settle() == []
    assert not journal_files(node.home / "journal")
    with connection(node.engine) as db:
        facts = [line.facts for _, line in ledger.read(db, acts=["delivery.called"])]
    assert sum(int(str(one["count"])) for one in facts) == 12
    assert ledger.find_call(node.engine, node.folder, call_id(11))[1] == 1
    with pytest.raises(NotFound):
        ledger.find_call(node.engine, node.folder, call_id(99))


def test_a_busy_journal_is_sealed_while_it_is_written(node: Node) -> None:
    """Sealing does not wait for a worker to end, and takes no call twice."""
    journal = Journal(node.home / "journal", "w")
    for number in range(3):
        journal.append(a_call(number)).result()
        assert [batch.count for batch in node.settle()] == [1]
    with pytest.raises(Unavailable, match="another process"):
        Journal(node.home / "journal", "w")
    journal.append(a_call(3)).result()
    journal.close()
    assert [batch.count for batch in node.settle()] == [1]


@pytest.mark.parametrize("tail", [b"\x00\x00\x00\x09\x00\x00\x00\x00torn", b"\xff" * 40, b"\x00\x00\x00\x09half"])
def test_a_torn_tail_is_cut_and_kept_beside(node: Node, tail: bytes) -> None:
    """What a crash left half-written was promised to nobody; nothing before it is touched."""
    node.calls(0, 3)
    path = journal_files(node.home / "journal")[0]
    with path.open("ab") as stream:
        stream.write(tail)
    journal = Journal(node.home / "journal", "w")
    assert journal.torn == len(tail)
    journal.append(a_call(3)).result()
    journal.close()
    assert sorted(batch.count for batch in node.settle()) == [1, 3]
    assert [torn.read_bytes() for torn in (node.home / "journal").glob("*.torn")] == [tail]


@pytest.mark.parametrize("zeros", [0, 1, 7, 8, 64, RESERVED])
def test_zeros_laid_ahead_are_no_calls_and_no_damage(node: Node, zeros: int) -> None:
    """A worker that was killed leaves the room that it had reserved: nothing was lost in it."""
    node.calls(0, 3)
    path = journal_files(node.home / "journal")[0]
    with path.open("ab") as stream:
        stream.write(bytes(zeros))
    journal = Journal(node.home / "journal", "w")
    assert journal.torn == 0
    journal.append(a_call(3)).result()
    assert sorted(batch.count for batch in node.settle()) == [1, 3]
    journal.close()
    assert not list((node.home / "journal").glob("*.torn"))


def test_a_journal_outgrows_what_it_reserved(node: Node) -> None:
    """Room is laid ahead again and again; every call is found, and a closed journal has no zeros left."""
    journal = Journal(node.home / "journal", "w")
    count = 5 * RESERVED // (2 * 60_000)
    journal.write([a_call(number)[:-1] + b',"pad":"' + b"x" * 60_000 + b'"}' for number in range(count)])
    journal.append(a_call(count)).result()
    journal.close()
    assert journal_files(node.home / "journal")[0].read_bytes().endswith(b"}")
    assert sum(batch.count for batch in node.settle()) == count + 1


def test_a_batch_of_many_agreements_still_fits_its_line(node: Node) -> None:
    """A line has a size limit, so a batch ends before its counts outgrow it."""
    journal = Journal(node.home / "journal", "w")
    records = [json.dumps({"id": call_id(n), "agreement": f"{n:026}", "code": "ok"}).encode() for n in range(700)]
    for done in [journal.append(record) for record in records]:
        done.result()
    journal.close()
    assert sum(batch.count for batch in node.settle()) == 700


def test_thirty_two_callers_share_the_disk(tmp_path: Path) -> None:
    """Group commit: many waiting calls cost one write, and every one is on disk when it goes on."""
    journal = Journal(tmp_path, "w")

    async def caller(number: int) -> None:
        for at in range(60):
            await journal.durable(a_call(number * 1000 + at))

    async def all_callers() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(caller(number) for number in range(32)))
        return 32 * 60 / (time.perf_counter() - began)

    rate = asyncio.run(all_callers())
    journal.close()
    assert rate > 1000
    assert sum(1 for path in journal_files(tmp_path) for _ in ledger.calls.frames(path.read_bytes())) == 32 * 60


def test_a_full_disk_refuses_the_call_and_keeps_the_earlier_ones(node: Node) -> None:
    """A call that could not be written down is not answered; the journal goes on when there is room."""
    resource = pytest.importorskip("resource")
    import signal

    journal = Journal(node.home / "journal", "w")
    journal.append(a_call(0)).result()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        for number in (1, 2):
            with pytest.raises(Unavailable, match="disk"):
                journal.append(a_call(number) + b" " * 400).result()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    journal.append(a_call(3)).result()
    journal.close()
    assert sum(batch.count for batch in node.settle()) == 2
    ids = {line.facts["first"] for line in (one.line for one in _about_calls(node))}
    assert ids == {call_id(0), call_id(3)}


def _about_calls(node: Node) -> list[ledger.Kept]:
    with connection(node.engine) as db:
        return list(ledger.read_about(db, act="delivery.called"))


def witness_all(node: Node, seen: dict[str, sa.Engine], names: list[str]) -> Note:
    """Have witnesses cosign the newest checkpoint, each from what it saw last."""
    note = node.log.checkpoint()
    answers = []
    for name in names:
        with transaction(seen[name]) as db:
            old = store.hold_witnessed(db, "example/log").size
        body = ledger.ask_to_cosign(node.folder, old=old).body()
        logs = {"example/log": (node.log.verifier,)}
        answer = ledger.add_checkpoint(seen[name], body, logs, name=name, key=WITNESSES[name], now=NOW)
        assert answer.status == 200, answer
        answers.append(answer.body)
    return ledger.collect(node.folder, note, answers, WITNESS_KEYS)


@pytest.fixture
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, sa.Engine]:
    return {name: a_node(tmp_path_factory.mktemp(name)).engine for name in WITNESSES}


def test_witnesses_follow_a_growing_log_and_its_receipts_name_them(node: Node, seen: dict[str, sa.Engine]) -> None:
    """Two tiers cosign; a receipt of an earlier line is given with the checkpoint that both have seen."""
    node.put(0, 300)
    node.settle()
    witness_all(node, seen, ["w1", "w2"])
    assert len(node.log.checkpoint().signatures) == 3
    node.put(300, 700)
    node.settle()
    assert len(node.log.checkpoint().signatures) == 1
    keys = [node.log.verifier, *WITNESS_KEYS]
    old = ledger.verify_receipt(node.receipt(a_line(5).id), keys, witnesses=2)
    assert old.holds
    assert old.facts["witnesses"] == "w1, w2"
    fresh = ledger.verify_receipt(node.receipt(a_line(600).id), keys, witnesses=1)
    assert (fresh.holds, fresh.check) == (False, "witnesses")
    witness_all(node, seen, ["w1"])
    assert ledger.verify_receipt(node.receipt(a_line(600).id), keys, witnesses=1).holds
    assert [len(note.signatures) for note in cosigned(node.folder)] == [2, 3]
    # The writer goes on from a checkpoint that others have signed too.
    node.put(700, 701)
    node.settle()
    assert ledger.verify_folder(node.folder, keys).holds


def test_a_late_cosignature_does_not_set_the_log_back(node: Node, seen: dict[str, sa.Engine]) -> None:
    """A witness that answers after the log grew signs what it was asked for; the newest checkpoint stays."""
    node.put(0, 3)
    node.settle()
    asked = ledger.ask_to_cosign(node.folder, old=0)
    node.put(3, 5)
    node.settle()
    logs = {"example/log": (node.log.verifier,)}
    answer = ledger.add_checkpoint(seen["w1"], asked.body(), logs, name="w1", key=WITNESSES["w1"], now=NOW)
    note = ledger.collect(node.folder, asked.note, [answer.body], WITNESS_KEYS)
    assert (Checkpoint.of_body(note.body).size, len(note.signatures)) == (3, 2)
    assert Checkpoint.of_body(node.log.checkpoint().body).size == 5
    assert ledger.collect(node.folder, asked.note, ["— w2 " + "A" * 100 + "\n"], WITNESS_KEYS) == note


def test_a_witness_refuses_what_the_protocol_refuses(node: Node, seen: dict[str, sa.Engine], tmp_path: Path) -> None:
    """Strangers, forgeries, shrinking and forked logs get no cosignature, and the record does not move."""
    engine, logs = seen["w1"], {"example/log": (node.log.verifier,)}

    def ask(body: bytes) -> tuple[int, str]:
        answer = ledger.add_checkpoint(engine, body, logs, name="w1", key=WITNESSES["w1"], now=NOW)
        return answer.status, answer.body

    node.put(0, 7)
    node.settle()
    small = ledger.ask_to_cosign(node.folder, old=0)
    assert ask(small.body())[0] == 200
    assert ask(Asked(7, (), small.note).body())[0] == 200
    node.put(7, 12)
    node.settle()
    good = ledger.ask_to_cosign(node.folder, old=7)
    assert ask(good.body().replace(b"example/log\n12", b"example/lag\n12"))[0] == 404
    assert ask(good.body().replace(b"\n12\n", b"\n13\n"))[0] == 403
    assert ask(Asked(13, good.proof, good.note).body())[0] == 400
    assert ask(Asked(3, (), good.note).body()) == (409, "7\n")
    assert ask(Asked(7, good.proof[:-1], good.note).body())[0] == 422
    assert ask(Asked(7, (), good.note).body())[0] == 422
    fork = ledger.Log(tmp_path / "fork", "example/log", KEY)
    fork.append([b"other"] * 7)
    assert ask(Asked(7, (), fork.checkpoint()).body()) == (409, "7\n")
    fork.append([b"other"] * 9)
    assert ask(ledger.ask_to_cosign(tmp_path / "fork", old=7).body())[0] == 422
    for body in (
        b"",
        b"old 7",
        b"old 07\n\n" + str(good.note).encode(),
        b"old 7\nxx\n\n" + str(good.note).encode(),
        good.body()[:-20],
        b"\xff" + good.body(),
        b"old 7\n" + b"A\n" * 70 + b"\n" + str(good.note).encode(),
    ):
        assert ask(body)[0] == 400
    assert ask(good.body())[0] == 200
    assert ask(Asked(12, (), small.note).body())[0] == 400
    assert ask(small.body()) == (409, "12\n")
    assert Asked.read(good.body()) == good


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_no_request_breaks_a_witness(data: bytes) -> None:
    """Any bytes are answered by a status."""
    from jutong.ledger.witness import Answer, decide

    assert isinstance(decide(data, None, {}), Answer)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """A node with 700 lines and 30 calls."""
    made = a_node(tmp_path_factory.mktemp("full"))
    made.put(0, 350)
    made.settle()
    made.calls(0, 30)
    made.put(350, 700)
    made.settle()
    return made


def independently(receipt: str, vkey: str) -> bool:
    """Verify a receipt with nothing of ours: RFC 6962 recursion, cryptography's Ed25519, string handling."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    def up(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
        if size == 1:
            return leaf
        k = 1 << (size - 1).bit_length() - 1
        if index < k:
            return hashlib.sha256(b"\x01" + up(leaf, index, k, proof[:-1]) + proof[-1]).digest()
        return hashlib.sha256(b"\x01" + proof[-1] + up(leaf, index - k, size - k, proof[:-1])).digest()

    def leaf_of(data: str) -> bytes:
        return hashlib.sha256(b"\x00" + data.encode()).digest()

    lines = receipt.split("\n")
    leaf = next(line for line in lines if line.startswith("leaf {")).removeprefix("leaf ")
    start = lines.index("c2sp.org/tlog-proof@v1")
    gap = lines.index("", start)
    index = int(lines[start + 1].split()[1])
    proof = [base64.b64decode(line) for line in lines[start + 2 : gap]]
    origin, size, root = lines[gap + 1 : gap + 4]
    if base64.b64encode(up(leaf_of(leaf), index, int(size), proof)).decode() != root:
        return False
    for at, line in enumerate(lines):
        if line.startswith("record "):
            place, count = (int(part) for part in lines[at + 1].removeprefix("within ").split(" of "))
            steps = [base64.b64decode(step) for step in lines[at + 2 : lines.index("", at)]]
            if (
                up(leaf_of(line.removeprefix("record ")), place, count, steps).hex()
                != json.loads(leaf)["facts"]["root"]
            ):
                return False
    name, identifier, coded = vkey.split("+", 2)
    signature = base64.b64decode(next(line for line in lines if line.startswith(f"— {name} ")).split(" ")[2])
    Ed25519PublicKey.from_public_bytes(base64.b64decode(coded)[1:]).verify(
        signature[4:], f"{origin}\n{size}\n{root}\n".encode()
    )
    return signature[:4].hex() == identifier


@pytest.mark.parametrize(
    "some_id", [a_line(0).id, a_line(255).id, a_line(699).id, call_id(0), call_id(17), call_id(29)]
)
def test_a_receipt_holds_for_us_and_for_an_independent_verifier(full: Node, some_id: str) -> None:
    """Whoever has the text and the public key can check it, without our database and without our code."""
    receipt, key = full.receipt(some_id), full.log.verifier
    verdict = ledger.verify_receipt(receipt, [VerifierKey.read(str(key))])
    assert verdict.holds, verdict
    assert independently(receipt, str(key))
    assert str(ledger.Receipt.read(receipt)) == receipt
    assert some_id in receipt.partition("\n\n")[0] or verdict.facts["act"] == "room.done"


def test_a_receipt_waits_for_the_sequencer(node: Node) -> None:
    """There is no proof of what is not yet in the log."""
    ids = node.put(0, 1)
    with pytest.raises(WrongMoment):
        node.receipt(ids[0])
    with pytest.raises(NotFound):
        node.receipt("01JXNOTHING")


@given(st.integers(0, 10**9), st.sampled_from([a_line(3).id, call_id(4)]))
@settings(max_examples=300, deadline=None)
def test_a_receipt_with_one_changed_character_does_not_hold(full: Node, chance: int, some_id: str) -> None:
    """Neither the proof nor the readable head can be touched."""
    receipt = full.receipt(some_id)
    at = chance % len(receipt)
    changed = receipt[:at] + chr(ord(receipt[at]) ^ 1) + receipt[at + 1 :]
    verdict = ledger.verify_receipt(changed, [full.log.verifier])
    assert not verdict.holds
    assert verdict.check in ("form", "batch", "call", "inclusion", "signature")


@given(st.text(max_size=200))
@settings(deadline=None)
def test_no_text_breaks_the_reader_of_receipts(spelled: str) -> None:
    """Anything that is not a receipt is said to be none."""
    assert ledger.verify_receipt(spelled, []).check == "form"


def test_a_receipt_says_which_check_failed(full: Node) -> None:
    """A wrong key, a foreign proof and a foreign record are told apart."""
    receipt = ledger.Receipt.read(full.receipt(call_id(4)))
    other = ledger.Receipt.read(full.receipt(call_id(5)))
    assert receipt.call is not None
    key = full.log.verifier
    stranger = ledger.log_key("example/log", WITNESSES["w1"].public)
    from dataclasses import replace

    def check(one: ledger.Receipt, keys: list[VerifierKey], wanted: int = 0) -> str:
        return ledger.verify_receipt(str(one), keys, witnesses=wanted).check

    assert check(receipt, [key]) == ""
    assert check(receipt, []) == "signature"
    assert check(receipt, [stranger]) == "signature"
    assert check(receipt, [key], 1) == "witnesses"
    assert check(replace(receipt, call=replace(receipt.call, record=b'{"id":"x"}')), [key]) == "call"
    assert check(replace(receipt, call=other.call), [key]) == ""
    assert check(replace(receipt, index=receipt.index - 1), [key]) == "inclusion"
    assert check(replace(receipt, leaf=a_line(3).leaf()), [key]) == "batch"
    strange = a_line(5).leaf().replace(b"thing 2", b"a\\n\\nleaf x")
    assert check(replace(receipt, leaf=strange, call=None), [key]) == "inclusion"


def flip(path: Path, at: int) -> None:
    """Change one bit."""
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << at % 8
    path.write_bytes(data)


def test_a_whole_log_holds(full: Node) -> None:
    """Entries, tiles, batches and the signed root agree."""
    verdict = ledger.verify_folder(full.folder, [full.log.verifier])
    assert verdict.holds, verdict
    assert (verdict.facts["size"], verdict.facts["batches"]) == (701, 1)
    assert ledger.verify_folder(full.folder, []).check == "checkpoint"
    assert ledger.verify_folder(full.folder / "nothing", []).check == "checkpoint"


def expected_leaf(folder: Path, path: Path, at: int) -> int:
    """Say independently which leaf a byte belongs to."""
    parts = path.relative_to(folder / "tile").parts
    level, index = parts[0], int(parts[1].removesuffix(".p"))
    if level == "entries":
        data, place, offset = path.read_bytes(), 0, 0
        while (offset := offset + 2 + int.from_bytes(data[offset : offset + 2], "big")) <= at:
            place += 1
        return index * 256 + place
    return (index * 256 + at // 32) * 256 ** int(level)


@pytest.mark.parametrize("seed", range(120))
def test_one_flipped_byte_anywhere_is_found_at_its_leaf(full: Node, seed: int) -> None:
    """The audit names the first bad leaf, whatever file the byte was in."""
    chance = random.Random(seed)
    files = sorted(path for path in (full.folder / "tile").rglob("*") if path.is_file())
    path = chance.choice(files)
    whole = path.read_bytes()
    at = chance.randrange(len(whole))
    leaf = expected_leaf(full.folder, path, at)
    flip(path, at)
    try:
        verdict = ledger.verify_folder(full.folder, [full.log.verifier])
    finally:
        path.write_bytes(whole)
    assert not verdict.holds
    assert verdict.leaf == leaf, (path, at, verdict)


@pytest.mark.parametrize("seed", range(20))
def test_one_flipped_byte_in_a_batch_of_calls_or_the_checkpoint_is_found(full: Node, seed: int) -> None:
    """A call's record is as safe as an act's line; a changed checkpoint is not believed."""
    chance = random.Random(seed)
    with connection(full.engine) as db:
        batch = next(ledger.read_about(db, act="delivery.called"))
    for path, check, leaf in (
        (full.folder / batch_path(batch.line.on), "calls", batch.place),
        (full.folder / "checkpoint", "checkpoint", None),
    ):
        whole = path.read_bytes()
        flip(path, chance.randrange(len(whole)))
        try:
            verdict = ledger.verify_folder(full.folder, [full.log.verifier])
        finally:
            path.write_bytes(whole)
        assert (verdict.holds, verdict.check, verdict.leaf) == (False, check, leaf)


def test_missing_files_are_found(full: Node) -> None:
    """A file that is gone is as bad as one that was changed."""
    with connection(full.engine) as db:
        batch = next(ledger.read_about(db, act="delivery.called"))
    for name, leaf in (
        ("tile/0/001", 256),
        ("tile/entries/000", 0),
        ("tile/entries/002.p/189", 512),
        ("tile/1/000.p/2", 0),
        (batch_path(batch.line.on), batch.place),
    ):
        path = full.folder / name
        whole = path.read_bytes()
        path.unlink()
        try:
            assert ledger.verify_folder(full.folder, [full.log.verifier]).leaf == leaf
        finally:
            path.write_bytes(whole)


def test_a_rewritten_log_does_not_add_up_to_the_signed_root(full: Node, tmp_path: Path) -> None:
    """Changing an entry together with all hashes over it still fails against what was signed."""
    forged = ledger.Log(tmp_path, "example/log", KEY)
    forged.append([b"{}"] * 701)
    (tmp_path / "checkpoint").write_bytes((full.folder / "checkpoint").read_bytes())
    assert ledger.verify_folder(tmp_path, [full.log.verifier]).check == "root"
    with pytest.raises(Invalid, match="do not add up"):
        ledger.Log(tmp_path, "example/log", KEY)


def test_a_log_of_more_than_one_upper_tile_is_audited(tmp_path: Path) -> None:
    """The audit climbs as high as the log does."""
    log = ledger.Log(tmp_path, "example/log", KEY)
    leaves = [b"%d" % at for at in range(65_536)]
    log.append(leaves)
    assert ledger.verify_folder(tmp_path, [log.verifier]).holds
    log.append(leaves[:5000])
    assert ledger.verify_folder(tmp_path, [log.verifier]).holds
    for name, at, leaf in (("tile/2/000.p/1", 3, 0), ("tile/1/000", 32 * 7, 7 * 256), ("tile/1/001.p/19", 0, 65_536)):
        flip(tmp_path / name, at)
        assert ledger.verify_folder(tmp_path, [log.verifier]).leaf == leaf
        flip(tmp_path / name, at)
