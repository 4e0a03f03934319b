"""The pages of proof: ledger, receipts, verification, scorecards, what is owed, audit."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import pytest
from litestar.testing import TestClient

from jutong import ledger, oversight, registers
from jutong.delivery.wire import CallRecord
from jutong.kernel.crypto import SigningKey
from jutong.kernel.db import transaction
from jutong.kernel.ids import ulid
from jutong.ledger import Evidence, Receipt, VerifierKey
from jutong.ledger.checkpoint import cosign
from jutong.registers import Node, Relation
from jutong.terms import Actor, Duty
from jutong.web.console.deeds import DEEDS
from tests.city import AUTHORITY, BODIES, MARKET, SOCIAL, STRANGER, a_full_city
from tests.console import CSRF, FORM, Console, a_console

HOLDS, FAILS = ">✓ The receipt holds.</p>", ">✗ The receipt does not hold.</p>"
CALL = "01JZZZZZZZZZZZZZZZZZZZZZZ0"
NOBODYS = "01K00000000000000000000000"
WITNESS = SigningKey.of_seed(b"a-witness-of-the-log" + b"." * 12)
MODULE = Path(__file__).parents[2] / "src/jutong/web/static/verify.mjs"
RUNNER = """
const { verifyReceipt, readKey, settled } = await import(process.argv[1]);
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { receipts, keys, witnesses } = JSON.parse(Buffer.concat(chunks).toString());
const known = await Promise.all(keys.map(readKey));
const said = [];
for (const one of receipts) {
  const { holds, check } = await verifyReceipt(one, known, witnesses);
  said.push([holds, check]);
}
process.stdout.write(JSON.stringify(said));
"""


@dataclass
class Proof:
    """A city with its pages, one sealed call, and a witness."""

    console: Console
    keys: tuple[VerifierKey, ...]

    def get(self, account: str, path: str, language: str = "en") -> httpx.Response:
        """Look at a page as somebody."""
        return self.console.client(account, language).get(path, follow_redirects=False)

    def receipt(self, some_id: str) -> str:
        """Return a receipt as the node hands it out."""
        house = self.console.city.house
        return ledger.receipt_of(house.engine, house.home.ledger, some_id)


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """A full city whose log holds a call and is cosigned."""
    city = a_full_city(tmp_path_factory.mktemp("proof") / "home")
    house = city.house
    journal = ledger.Journal(house.home.journal, "w")
    for number in range(3):
        record = CallRecord(
            agreement=city.found["agreement"],
            at="2026-01-02T04:30:00+00:00",
            client=f"CN-500000/GOV/{SOCIAL}/claims",
            code="ok",
            id=CALL[:-1] + str(number),
            issue="",
            purpose="social-security",
            request="0" * 64,
            response="1" * 64,
            rows=1,
            service="enterprise-register",
            subject="",
            user="",
        )
        journal.append(msgspec.json.encode(record)).result()
    journal.close()
    ledger.seal(house.engine, house.home.ledger, house.home.journal, org=AUTHORITY, now=house.now())
    node = Node(name="cn-510000", url="https://node.example", key=WITNESS.public, relation=Relation.PEER)
    with house.desk(house.itself) as desk:
        registers.enrol_node(desk, node)
    city.settle()
    witness = ledger.witness_key(node.name, WITNESS.public)
    asked = ledger.ask_to_cosign(house.home.ledger, old=0).note
    signature = cosign(asked.body, witness, WITNESS.sign, at=int(house.clock().timestamp()))
    ledger.collect(house.home.ledger, asked, [str(signature)], [witness])
    yield Proof(a_console(city), (house.log.verifier, witness))
    house.engine.dispose()


def send(client: TestClient[object], path: str, **fields: str) -> httpx.Response:
    """Send a form as a browser does, and go nowhere after."""
    return client.post(path, data={"_csrf": CSRF, **fields}, follow_redirects=False)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(
    "path",
    [
        "/ledger",
        "/ledger?act=sharing.approved&body=" + MARKET,
        "/ledger/lines/{line}",
        "/ledger/lines/0",
        "/receipts/{line}",
        f"/receipts/{CALL}",
        "/checkpoint",
        "/verify",
        "/verify?of={line}",
        "/scorecards",
        f"/scorecards/{MARKET}",
        f"/scorecards/{MARKET}/S1/evidence",
        f"/scorecards/{MARKET}/calls/evidence",
        "/owed",
        "/audit/denials",
        "/audit/sign-ins",
        "/audit/administrators?person=system",
    ],
)
def test_every_page_is_shown_in_both_languages(proof: Proof, path: str, language: str) -> None:
    """The audit administrator reads all of it, in Chinese and in English."""
    answer = proof.get("audit", path.format(**proof.console.city.found), language)
    assert answer.status_code == 200, answer.text
    assert f'lang="{language}"' in answer.text
    assert "<h1>" in answer.text


def test_the_ledger_shows_the_newest_line_first_and_pages_on(proof: Proof) -> None:
    """Paging on from the last line shows every line once."""
    client, seen, path = proof.console.client("overseer"), list[str](), "/ledger"
    while path:
        text = client.get(path).text
        seen += [part.split('"')[0] for part in text.split('href="/ledger/lines/')[1:]]
        path = text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&") if 'rel="next"' in text else ""
    with proof.console.city.house.reading() as db:
        written = [kept.line.id for kept in ledger.read_about(db, limit=10_000)]
    assert seen == written[::-1]


def test_a_department_sees_the_lines_that_concern_it_and_no_others(proof: Proof) -> None:
    """What the list shows is what the rule of sight says, line by line."""
    house = proof.console.city.house
    with house.reading() as db:
        every = [kept.line for kept in ledger.read_about(db, limit=10_000)]
        for body in (*BODIES, "none"):
            listed = {kept.line.id for kept in ledger.search(db, ledger.Search(seen_by=body), limit=10_000)}
            assert listed == {line.id for line in every if body in line.bodies}
    text = proof.get("nobody", "/ledger").text
    assert proof.console.city.found["line"] not in text


@pytest.mark.parametrize("account", ["nobody", "stranger"])
def test_another_bodys_line_and_receipt_are_not_there(proof: Proof, account: str) -> None:
    """Whether a line exists is not told to those whom it does not concern."""
    line = proof.console.city.found["line"]
    with proof.console.city.house.reading() as db:
        place, _ = ledger.find(db, line)
    for path in (f"/ledger/lines/{line}", f"/ledger/lines/{place}", f"/receipts/{line}", f"/receipts/{line}/r.txt"):
        assert proof.get(account, path).status_code == 404, path
    assert proof.get(account, f"/verify?of={line}").status_code == 404
    for path in (f"/receipts/{CALL}", f"/receipts/{NOBODYS}", f"/ledger/lines/{NOBODYS}"):
        assert proof.get(account, path).status_code == 404, path


def test_a_party_gets_the_receipt_of_its_own_call(proof: Proof) -> None:
    """Whoever asked and whoever answered take the call's receipt along; it holds offline."""
    for account in ("asker", "head"):
        answer = proof.get(account, f"/receipts/{CALL}/r.txt")
        assert answer.status_code == 200
        assert ledger.verify_receipt(answer.text, proof.keys, witnesses=1).facts["call"] == CALL


@pytest.mark.parametrize("wanted", ["x", "-1", "99999999999999999999", "9999999", "%00", "1.5", "0x1"])
def test_what_is_no_line_is_not_there(proof: Proof, wanted: str) -> None:
    """A made-up address is answered as one that does not exist."""
    assert proof.get("audit", f"/ledger/lines/{wanted}").status_code == 404


@pytest.mark.parametrize("query", ["day=tomorrow", "after=%00", "after=WyIiXQ", "act=no.such", "body=x", "on=%25"])
def test_filters_that_mean_nothing_find_nothing_and_break_nothing(proof: Proof, query: str) -> None:
    """A typing mistake is no failure of the node."""
    assert proof.get("audit", f"/ledger?{query}").status_code in (200, 422)


def test_a_line_shows_its_proof_and_its_witness(proof: Proof) -> None:
    """The way from the line to the signed root is drawn, and ends there."""
    text = proof.get("audit", f"/ledger/lines/{proof.console.city.found['line']}").text
    assert "the way ends here" in text
    assert "in the log, witnessed by 1" in text
    assert "cn-510000" in text


def test_a_line_that_waits_says_so(proof: Proof) -> None:
    """Between the act and the sequencer a line is kept, and has no proof yet."""
    proof.get("officer", "/audit/denials")
    denied = proof.console.city.lines("guard.denied")[-1].id
    text = proof.get("audit", f"/ledger/lines/{denied}").text
    assert "waits to be sequenced" in text
    assert proof.get("audit", f"/receipts/{denied}").status_code == 409
    assert proof.get("nobody", f"/receipts/{denied}").status_code == 404
    proof.console.city.settle()


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/ledger", {"audit", "overseer", "officer", "head", "asker", "asking-head", "nobody", "system", "security"}),
        ("/scorecards", {"audit", "overseer", "head", "asking-head"}),
        (f"/scorecards/{MARKET}", {"audit", "overseer", "head"}),
        ("/owed", {"audit", "overseer", "head", "asking-head"}),
        ("/audit/denials", {"audit"}),
        ("/audit/sign-ins", {"audit"}),
        ("/audit/administrators", {"audit"}),
    ],
)
def test_each_page_is_for_its_duties(proof: Proof, path: str, may: set[str]) -> None:
    """Whoever lacks the duty is refused, and strangers are sent to sign in."""
    people = ["audit", "overseer", "officer", "head", "asker", "asking-head", "nobody", "system", "security"]
    assert {one for one in people if proof.get(one, path).status_code == 200} == may
    assert proof.get("", path).headers["location"].startswith("/login?next=")


def test_everybody_may_see_the_state_of_the_log_and_verify(proof: Proof) -> None:
    """Proof is for those who do not trust this node, so nobody has to sign in for it."""
    assert "the log only grew" in proof.get("", "/checkpoint").text
    assert proof.get("", "/verify").status_code == 200


def test_the_scorecards_numbers_open_their_lines(proof: Proof) -> None:
    """Behind every number stand lines that can be read."""
    text = proof.get("overseer", f"/scorecards/{MARKET}").text
    behind = text.split(f'href="/scorecards/{MARKET}/S1/evidence')[1].split('"')[0]
    lines = proof.get("overseer", f"/scorecards/{MARKET}/S1/evidence{behind}".replace("&amp;", "&")).text
    ids = {part.split('"')[0] for part in lines.split('href="/ledger/lines/')[1:]}
    assert proof.console.city.found["line"] in ids
    for line in ids:
        assert proof.get("overseer", f"/ledger/lines/{line}").status_code == 200


def test_of_lines_that_are_not_shown_only_the_place_is_told(proof: Proof) -> None:
    """A department sees from how many lines its number was counted, not what they say of others."""
    text = proof.get("head", f"/scorecards/{MARKET}/calls/evidence").text
    assert "not shown to you" in text


@pytest.mark.parametrize("query", ["since=x", "until=2026-13-01", "since=2026-02-01&until=2026-01-01"])
def test_a_period_that_is_none_is_refused(proof: Proof, query: str) -> None:
    """The refusal says what to do."""
    assert proof.get("overseer", f"/scorecards/{MARKET}?{query}").status_code == 422


def test_a_scorecard_is_frozen_once_its_period_is_over(proof: Proof) -> None:
    """The form freezes, says what was done with its line, and the trend shows it; a running period is refused."""
    client = proof.console.client("overseer")
    today = proof.console.city.house.clock().date()
    path = f"/scorecards/{MARKET}/snapshots"
    early = send(client, path, since="2025-01-01", until=f"{today.year + 1}-01-01")
    assert early.status_code == 409
    assert "the period is not over" in early.text
    assert send(client, path, since="", until="x").status_code == 422
    answer = send(client, path, since="2025-01-01", until="2025-06-30")
    assert answer.status_code == 303
    shown = client.get(answer.headers["location"]).text
    assert "The scorecard is frozen" in shown
    assert "as it was frozen" in shown
    assert send(proof.console.client("head"), path, since="2025-01-01", until="2025-06-30").status_code == 403
    (page,) = re.findall(rf'href="(/scorecards/{MARKET}/snapshots/\w+)"', shown)
    frozen = client.get(page).text
    assert "points of 100, as frozen" in frozen
    assert re.search(r'href="/ledger/lines/\w{26}"', frozen)
    assert proof.get("asking-head", page).status_code == 404
    assert proof.get("overseer", page.replace(MARKET, SOCIAL)).status_code == 404


def test_who_looks_over_another_body_reads_neither_its_lines_nor_its_numbers(proof: Proof) -> None:
    """One rule for lines, receipts and scorecards: the authority's audit administrator sees all."""
    with proof.console.city.house.reading() as db:
        kept = ledger.search(db, ledger.Search(acts=("catalogue.published",)), limit=1)
        line = kept[0].line
        ours = oversight.sight_of(db, Actor(id="a", org=AUTHORITY, duties=frozenset({Duty.AUDIT_ADMIN})))
        theirs = oversight.sight_of(db, Actor(id="b", org=STRANGER, duties=frozenset({Duty.AUDIT_ADMIN})))
    assert ours.shows(line)
    assert not theirs.shows(line)


def test_what_is_owed_is_shown_with_its_clock_to_those_whom_it_concerns(proof: Proof) -> None:
    """The provider and the asker see their own; a third body sees nothing of it."""
    request = proof.console.city.found["request"]
    for account in ("overseer", "head", "asking-head"):
        text = proof.get(account, "/owed").text
        assert request in text
        assert re.search("working days?|due today", text)
    assert request not in proof.get("stranger", "/owed").text
    assert request not in proof.get("overseer", f"/owed?provider={STRANGER}").text
    assert request not in proof.get("overseer", "/owed?kind=correction").text


def test_denials_are_listed_by_person_and_day(proof: Proof) -> None:
    """The audit administrator finds what somebody tried, by account, with the reason in words and as a file."""
    proof.get("asker", "/audit/denials")
    today = proof.console.city.house.now().date().isoformat()
    with proof.console.city.house.reading() as db:
        asker = registers.person_with(db, "asker")
    assert asker is not None
    text = proof.get("audit", "/audit/denials?person=asker&column=person&column=reason&column=who").text
    assert ">asker<" in text.split("<tbody>")[1]
    assert "needs a duty that you do not hold" in text
    assert "asker（人社局）" in text
    assert ">asker<" not in proof.get("audit", "/audit/denials?person=head&column=person").text.split("</form>")[-1]
    assert "Nothing matches" in proof.get("audit", "/audit/denials?day=2001-01-01").text
    export = proof.get("audit", f"/audit/denials?person=asker&day={today}&column=person&export=csv")
    assert "asker" in export.text or today not in export.text


def test_who_signed_in_is_named_by_its_post(proof: Proof) -> None:
    """A sign-in is the node's act upon a person; the list shows the person's post and account, never its name."""
    house = proof.console.city.house
    with house.reading() as db:
        asker = registers.person_with(db, "asker")
    assert asker is not None
    at = house.now()
    line = Evidence(id=ulid(at), act="access.signed_in", actor="house", org=AUTHORITY, on=asker.id, at=at, facts={})
    with transaction(house.engine) as db:
        ledger.append(db, line)
    text = proof.get("audit", "/audit/sign-ins?person=asker").text
    assert "signed in" in text
    assert "asker（人社局）" in text
    assert line.id not in proof.get("audit", "/audit/sign-ins?person=head").text


# Verification: one verdict, whoever computes it.


def verified(proof: Proof, receipt: str, keys: str = "", witnesses: str = "0") -> httpx.Response:
    """Verify without a script, as a stranger."""
    client = proof.console.client()
    client.get("/verify")
    fields = {"receipt": receipt, "keys": keys or "\n".join(map(str, proof.keys)), "witnesses": witnesses}
    return client.post("/verify", data={"_csrf": client.cookies[FORM], **fields})


def test_a_receipt_verifies_without_a_script(proof: Proof) -> None:
    """Then the node says that it is trusted, and shows the same steps."""
    for some_id in (CALL, proof.console.city.found["line"]):
        text = verified(proof, proof.receipt(some_id).replace("\n", "\r\n"), witnesses="1").text
        assert HOLDS in text
        assert "Checked by this node." in text
        assert "then you trust this node" in text
    client = proof.console.client()
    client.get("/verify")
    data = {"_csrf": client.cookies[FORM], "keys": "\n".join(map(str, proof.keys))}
    sent = client.post("/verify", data=data, files={"file": ("r.txt", proof.receipt(CALL).encode())})
    assert HOLDS in sent.text


def test_a_tampered_receipt_names_its_first_bad_step(proof: Proof) -> None:
    """The officer sees which step fails, and that the later ones were not reached."""
    receipt = proof.receipt(CALL)
    text = verified(proof, receipt.replace('"rows":1', '"rows":2')).text
    assert FAILS in text
    assert 'class="check check-fails" data-check="call"' in text
    assert 'class="check check-open" data-check="inclusion"' in text
    assert 'class="check check-fails" data-check="witnesses"' in verified(proof, receipt, witnesses="2").text
    others = str(ledger.log_key(proof.keys[0].name, WITNESS.public))
    assert 'class="check check-fails" data-check="signature"' in verified(proof, receipt, keys=others).text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"receipt": ""}, 422),
        ({"receipt": "x", "keys": "no key"}, 422),
        ({"receipt": "x", "witnesses": "-1"}, 422),
        ({"receipt": "x", "witnesses": "٣"}, 422),
        ({"receipt": "garbage " * 100}, 200),
        ({"receipt": "x" * 900_000}, 200),
        ({"receipt": "\n\nrecord \n\n\n\n\n"}, 200),
        ({"receipt": "x" * 6_000_000}, 429),
    ],
)
def test_garbage_is_answered_calmly(proof: Proof, fields: dict[str, str], status: int) -> None:
    """Whatever is pasted, nobody sees a failure of the node."""
    answer = verified(proof, **{"receipt": "", **fields})
    assert answer.status_code == status, answer.text[:500]
    assert HOLDS not in answer.text


def both(
    proof: Proof, receipts: list[str], witnesses: int = 0, keys: tuple[VerifierKey, ...] = ()
) -> list[list[object]]:
    """Return what the browser's module says, after making sure that Python says the same."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node to run the module")
    known = keys or proof.keys
    given = {"receipts": receipts, "keys": [str(key) for key in known], "witnesses": witnesses}
    run = subprocess.run(
        [node, "--no-warnings", "--input-type=module", "-e", RUNNER, MODULE.as_uri()],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said: list[list[object]] = json.loads(run.stdout)
    for receipt, mine in zip(receipts, said, strict=True):
        verdict = ledger.verify_receipt(receipt, known, witnesses=witnesses)
        assert [verdict.holds, verdict.check] == mine, (verdict, mine, receipt)
    return said


def test_the_browsers_module_agrees_on_good_receipts(proof: Proof) -> None:
    """Acts and calls, witnessed or not: the module of the page and `jutong verify` say the same."""
    city = proof.console.city
    with city.house.reading() as db:
        ids = [line.id for _, line in ledger.read(db, limit=10_000)]
    good = [proof.receipt(one) for one in [*ids[:20], *ids[-5:], CALL]]
    assert all(holds for holds, _ in both(proof, good))
    assert both(proof, good[-1:], witnesses=2) == [[False, "witnesses"]]


@pytest.mark.parametrize("which", ["call", "line"])
def test_the_browsers_module_agrees_on_every_flipped_byte(proof: Proof, which: str) -> None:
    """No byte of a receipt can change without both of them noticing, at the same step."""
    receipt = proof.receipt(CALL if which == "call" else proof.console.city.found["line"])
    raw = receipt.encode()
    spoiled = []
    for at in range(len(raw)):
        for flip in (0x01, 0x20):
            data = raw[:at] + bytes([raw[at] ^ flip]) + raw[at + 1 :]
            spoiled.append(data.decode("utf-8", "replace"))
    spoiled += [receipt[:at] for at in range(0, len(receipt), 7)]
    spoiled += [receipt + "x", receipt * 2, "", "\n" * 10, receipt.replace("\n\n", "\n")]
    assert not any(holds for holds, _ in both(proof, spoiled, witnesses=1))


def test_the_browsers_module_agrees_on_other_peoples_keys(proof: Proof) -> None:
    """A key of another log, a missing one, or a false one under the right name ends at the signature."""
    log, witness = proof.keys
    receipt = [proof.receipt(CALL)]
    false = ledger.log_key(log.name, WITNESS.public)
    posing = ledger.witness_key(witness.name, SigningKey.of_seed(b"x" * 32).public)
    for keys in ((witness,), (false,), (false, witness), (log, false)):
        both(proof, receipt, keys=keys)
    assert both(proof, receipt, keys=(witness,)) == [[False, "signature"]]
    assert both(proof, receipt, keys=(log, posing), witnesses=1) == [[False, "witnesses"]]


def test_a_receipt_is_the_same_text_however_it_was_pasted(proof: Proof) -> None:
    """A browser's line ends and a missing last one do not spoil a receipt."""
    spelled = proof.receipt(CALL)
    assert Receipt.read(spelled)
    for pasted in (spelled.rstrip("\n"), spelled + "\n\n", spelled.replace("\n", "\r\n")):
        assert HOLDS in verified(proof, pasted).text


def test_every_word_of_the_ledger_is_said_in_words() -> None:
    """No official reads a code where an act has a name."""
    recorded = re.compile(r'desk\.record\(\s*"([a-z_]+\.[a-z_]+)"')
    sources = Path(ledger.__file__).parents[1].rglob("*.py")
    written = {word for path in sources for word in recorded.findall(path.read_text("utf-8"))}
    assert written - set(DEEDS) == set()
