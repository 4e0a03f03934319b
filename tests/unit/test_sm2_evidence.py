"""What others keep, signed by SM2 beside Ed25519: checkpoints and receipts, and what of it may not be taken away."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from jutong import ledger
from jutong.kernel import keys, sm2
from jutong.kernel.db import connect, metadata
from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.sm2 import Sm2SigningKey, is_here
from jutong.ledger import Checkpoint, KeyKind, Note, VerifierKey, signed_by
from jutong.ledger.checkpoint import SM2_KIND, sign
from jutong.ledger.tiles import SINCE_FILE
from tests.unit.test_cli import NEW, shown
from tests.unit.test_cli import run as command
from tests.unit.test_console_proof import MODULE, RUNNER
from tests.unit.test_ledger_keeping import KEY, NOW, WITNESS_KEYS, WITNESSES, Node, call_id

pytestmark = pytest.mark.skipif(not is_here(), reason="this machine's OpenSSL has no SM2")

ORIGIN = "example/log"
SM2 = Sm2SigningKey.new() if is_here() else None
OTHER = Sm2SigningKey.new() if is_here() else None
ED25519 = ledger.log_key(ORIGIN, KEY.public)


def a_log(home: Path, key: Sm2SigningKey | None = SM2) -> ledger.Log:
    """Open the log of a home that signs by both."""
    return ledger.Log(home / "ledger", ORIGIN, KEY, key)


def a_node(home: Path, key: Sm2SigningKey | None = SM2) -> Node:
    """Return a node's ledger; ``key`` None is one of before SM2."""
    home.mkdir(exist_ok=True)
    engine: sa.Engine = connect(f"sqlite:///{home / 'control.db'}")
    metadata.create_all(engine)
    return Node(home, engine, a_log(home, key))


def anchor_of(node: Node) -> VerifierKey:
    """Return the SM2 key of a node's log, as its verifiers hold it."""
    found = node.log.verifiers[-1]
    assert found.kind is KeyKind.SM2
    return found


def without_sm2(note: Note) -> Note:
    """Take the SM2 lines out of a note, as an attacker does who can forge the other signature."""
    return Note(note.body, tuple(one for one in note.signatures if one.key_id == ED25519.key_id))


def test_a_checkpoint_bears_both_lines_of_its_log(tmp_path: Path) -> None:
    """Each verifies by itself, and a reader that knows Ed25519 alone passes the other over."""
    node = a_node(tmp_path)
    node.put(0, 5)
    node.settle()
    note = Note.read((node.folder / "checkpoint").read_bytes())
    sm2_key = anchor_of(node)
    assert [one.name for one in note.signatures] == [ORIGIN, ORIGIN]
    assert note.verified([ED25519]) == (ED25519,)
    assert note.verified([sm2_key]) == (sm2_key,)
    assert ledger.families(signed_by(note, ORIGIN, [ED25519, sm2_key])) == "Ed25519, SM2"


def test_the_keys_identifier_follows_the_rule_of_signed_notes(tmp_path: Path) -> None:
    """SHA-256 over name, newline, 0xff with the kind's own name, and the point; its spelling comes back whole."""
    assert SM2 is not None
    key = replace(anchor_of(a_node(tmp_path)), since=7)
    typed = b"\xff" + SM2_KIND + SM2.public.raw
    assert key.key_id == hashlib.sha256(ORIGIN.encode() + b"\n" + typed).digest()[:4]
    assert str(key) == f"{ORIGIN}+{key.key_id.hex()}+{base64.b64encode(typed).decode()}@7"
    assert VerifierKey.read(str(key)) == key


@pytest.mark.parametrize("fault", ["since", "point", "length", "kind", "ed25519 since", "spelling"])
def test_a_key_that_is_none_is_refused(tmp_path: Path, fault: str) -> None:
    """A key is the trust of whoever holds it: nothing of it is guessed."""
    assert SM2 is not None
    key = VerifierKey(ORIGIN, KeyKind.SM2, SM2.public.raw)

    def spelled(typed: bytes) -> str:
        key_id = hashlib.sha256(ORIGIN.encode() + b"\n" + typed).digest()[:4]
        return f"{ORIGIN}+{key_id.hex()}+{base64.b64encode(typed).decode()}"

    wrong = {
        "since": f"{key}@x",
        "point": spelled(b"\xff" + SM2_KIND + b"\x02" + b"\xff" * 32),
        "length": spelled(b"\xff" + SM2_KIND + SM2.public.raw[:-1]),
        "kind": spelled(b"\xff" + b"another/kind/v1" + SM2.public.raw),
        "ed25519 since": f"{ED25519}@7",
        "spelling": f"{key}@07",
    }
    with pytest.raises(Invalid):
        VerifierKey.read(wrong[fault])


def test_a_line_that_was_stripped_is_refused_where_sm2_is_asked(tmp_path: Path) -> None:
    """Who can forge Ed25519 cannot go back to a checkpoint without SM2, in a receipt, an audit or at a witness."""
    node = a_node(tmp_path)
    [line] = node.put(0, 1)
    node.settle()
    sm2_key = anchor_of(node)
    whole = node.receipt(line)
    note = node.log.checkpoint()
    stripped = whole.replace(str(note), str(without_sm2(note)))
    assert stripped != whole
    assert ledger.verify_receipt(whole, [ED25519, sm2_key]).holds
    assert ledger.verify_receipt(stripped, [ED25519]).holds
    for asked in ([ED25519, sm2_key], [sm2_key]):
        verdict = ledger.verify_receipt(stripped, asked)
        assert (verdict.holds, verdict.check) == (False, "signature")
    (node.folder / "checkpoint").write_text(str(without_sm2(note)))
    assert ledger.verify_folder(node.folder, [ED25519]).holds
    assert ledger.verify_folder(node.folder, [ED25519, sm2_key]).check == "checkpoint"
    asked_to = ledger.ask_to_cosign(node.folder, old=0)
    for known, status in (([ED25519], 200), ([ED25519, sm2_key], 403)):
        name, key = next(iter(WITNESSES.items()))
        answer = ledger.add_checkpoint(node.engine, asked_to.body(), {ORIGIN: known}, name=name, key=key, now=NOW)
        assert answer.status == status


def test_a_false_line_and_another_key_are_refused(tmp_path: Path) -> None:
    """A byte of the signature, a byte of the text, a signature by somebody else's key under the log's name."""
    assert SM2 is not None
    assert OTHER is not None
    node = a_node(tmp_path)
    node.put(0, 3)
    node.settle()
    note, sm2_key = node.log.checkpoint(), anchor_of(node)
    own, second = note.signatures
    bent = replace(second, value=bytes([second.value[0] ^ 1]) + second.value[1:])
    claimed = replace(second, value=OTHER.sign(note.body.encode()))
    other = sign(note.body, VerifierKey(ORIGIN, KeyKind.SM2, OTHER.public.raw), OTHER.sign)
    moved = sign(note.body.replace("\n3\n", "\n4\n"), ED25519, KEY.sign)
    bad = [Note(note.body, (own, one)) for one in (bent, claimed, other)]
    bad.append(Note(note.body.replace("\n3\n", "\n4\n"), (moved, second)))
    for one in bad:
        with pytest.raises(Invalid):
            signed_by(one, ORIGIN, [ED25519, sm2_key])
    with pytest.raises(Invalid, match="did not sign"):
        signed_by(Note(note.body, (second,)), ORIGIN, [ED25519, sm2_key])


def test_what_was_signed_before_stays_valid_and_no_more(tmp_path: Path) -> None:
    """A log takes SM2 up at a size; up to it the old receipts hold, above it none without the line does."""
    before = a_node(tmp_path, None)
    before.put(0, 4)
    before.settle()
    old = before.receipt(f"{2:026}")
    after = a_node(tmp_path)
    sm2_key = anchor_of(after)
    assert sm2_key.since == 4
    assert (after.folder / SINCE_FILE).read_text() == f"{sm2_key.key_id.hex()} 4\n"
    assert ledger.families(signed_by(after.log.checkpoint(), ORIGIN, [ED25519, sm2_key])) == "Ed25519, SM2"
    assert ledger.verify_receipt(old, [ED25519, sm2_key]).holds
    assert not ledger.verify_receipt(old, [sm2_key]).holds
    assert not ledger.verify_receipt(old, [ED25519, replace(sm2_key, since=3)]).holds
    after.put(4, 9)
    after.settle()
    assert anchor_of(a_node(tmp_path)).since == 4
    for line in (f"{2:026}", f"{7:026}"):
        assert ledger.verify_receipt(after.receipt(line), [sm2_key]).facts["signed_by"] == "SM2"


def test_a_gap_is_mended_by_the_node_and_seen_by_its_verifiers(tmp_path: Path) -> None:
    """Settings turned back for a while leave checkpoints that an old anchor refuses; the next one it takes."""
    node = a_node(tmp_path)
    sm2_key = anchor_of(node)
    back = a_node(tmp_path, None)
    back.put(0, 2)
    back.settle()
    gap = back.receipt(f"{0:026}")
    assert not ledger.verify_receipt(gap, [ED25519, sm2_key]).holds
    again = a_node(tmp_path)
    assert anchor_of(again) == sm2_key
    assert ledger.verify_receipt(again.receipt(f"{0:026}"), [ED25519, sm2_key]).holds


def test_another_sm2_key_counts_from_its_own_size_on(tmp_path: Path) -> None:
    """Who holds both keys asks for the newer one: the older one, once it may be known, signs nothing new."""
    assert SM2 is not None
    node = a_node(tmp_path)
    node.put(0, 3)
    node.settle()
    first, old = anchor_of(node), node.receipt(f"{0:026}")
    renewed = a_node(tmp_path, OTHER)
    renewed.put(3, 5)
    renewed.settle()
    second = anchor_of(renewed)
    assert (first.since, second.since) == (0, 3)
    held = [ED25519, first, second]
    assert ledger.verify_receipt(old, held).holds
    new = renewed.log.checkpoint()
    assert signed_by(new, ORIGIN, held)
    by_old = Note(new.body, (new.signatures[0], sign(new.body, first, SM2.sign)))
    with pytest.raises(Invalid, match="by SM2"):
        signed_by(by_old, ORIGIN, held)


def test_the_receipt_of_a_call_verifies_by_sm2_alone(tmp_path: Path) -> None:
    """An offline verifier that knows nothing but the log's SM2 key has the whole proof; witnesses come on top."""
    node = a_node(tmp_path)
    node.calls(0, 3)
    node.settle()
    sm2_key = anchor_of(node)
    asked = ledger.ask_to_cosign(node.folder, old=0).note
    name, witness = next(iter(WITNESSES.items()))
    point = Checkpoint.of_body(asked.body)
    cosigned = ledger.add_checkpoint(
        node.engine,
        ledger.Asked(0, (), asked).body(),
        {point.origin: [ED25519, sm2_key]},
        name=name,
        key=witness,
        now=NOW,
    )
    ledger.collect(node.folder, asked, [cosigned.body], WITNESS_KEYS)
    receipt = node.receipt(call_id(1))
    verdict = ledger.verify_receipt(receipt, [sm2_key, *WITNESS_KEYS], witnesses=1)
    assert verdict.holds
    assert (verdict.facts["call"], verdict.facts["signed_by"], verdict.facts["witnesses"]) == (call_id(1), "SM2", name)
    assert ledger.verify_receipt(receipt.replace(call_id(1), call_id(2)), [sm2_key]).check == "call"


def test_the_browsers_module_says_the_same_of_sm2(tmp_path: Path) -> None:
    """The page checks SM2 by its own arithmetic: good, stripped, bent, by another key, of before, only SM2."""
    node_js = shutil.which("node")
    if node_js is None:
        pytest.skip("no node to run the module")
    assert OTHER is not None
    before = a_node(tmp_path, None)
    before.put(0, 2)
    before.settle()
    old = before.receipt(f"{0:026}")
    node = a_node(tmp_path)
    node.put(2, 5)
    node.settle()
    sm2_key, note = anchor_of(node), node.log.checkpoint()
    whole = node.receipt(f"{3:026}")
    own, second = note.signatures
    bent = replace(second, value=second.value[:-1] + bytes([second.value[-1] ^ 1]))
    other = replace(second, value=OTHER.sign(note.body.encode()))
    receipts = [whole, old, whole.replace(str(note), str(without_sm2(note)))]
    receipts += [whole.replace(str(note), str(Note(note.body, (own, one)))) for one in (bent, other)]
    receipts.append(whole.replace(str(note), str(Note(note.body, (second,)))))
    stranger = VerifierKey(ORIGIN, KeyKind.SM2, OTHER.public.raw, 9)
    for known in ([ED25519, sm2_key], [sm2_key], [ED25519], [ED25519, replace(sm2_key, since=0)], [sm2_key, stranger]):
        run = subprocess.run(
            [node_js, "--no-warnings", "--input-type=module", "-e", RUNNER, MODULE.as_uri()],
            input=json.dumps({"receipts": receipts, "keys": [str(key) for key in known], "witnesses": 0}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        mine = [ledger.verify_receipt(one, known) for one in receipts]
        assert json.loads(run.stdout) == [[one.holds, one.check] for one in mine]
        assert any(one.holds for one in mine)


def test_a_node_whose_suite_asks_says_at_its_start_that_there_is_no_sm2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is served with half of what policy asks for: no key, or an OpenSSL without SM2, is told with a remedy."""
    home = tmp_path / "home"
    assert command("init", *NEW, "--home", str(home)).exit_code == 0
    with (home / "jutong.toml").open("a") as settings:
        settings.write('[crypto]\nsuite = "sm"\n')
    told = shown(command("keys", "--home", str(home), "--json"))
    assert VerifierKey.read(told["log_sm2"]).kind is KeyKind.SM2
    assert "suite" in command("doctor", "--home", str(home)).output
    aside = home / "keys" / "node-sm2.pem"
    kept = aside.read_bytes()
    aside.unlink()
    answer = command("keys", "--home", str(home))
    assert answer.exit_code != 0
    assert "jutong migrate" in answer.output
    assert command("migrate", "--home", str(home)).exit_code == 0
    assert aside.read_bytes() != kept
    monkeypatch.setattr(sm2, "_FUNCTIONS", {"EVP_none_such": (None, [])})
    sm2._crypto.cache_clear()
    try:
        with pytest.raises(Unavailable, match="has none"):
            keys.load_sm2_key(aside)
        answer = command("keys", "--home", str(home))
        assert answer.exit_code != 0
        assert "libcrypto 3" in answer.output
    finally:
        monkeypatch.undo()
        sm2._crypto.cache_clear()
