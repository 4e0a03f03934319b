"""The whole of an agreement as one file: every form, formula-safe, on record first, fetched on after a break."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from jutong import sharing
from jutong.catalogue import Purpose
from jutong.cli import app
from jutong.delivery import bulk
from jutong.delivery.bulk import Fetcher, Form, manifest, telling
from jutong.kernel.crypto import SigningKey
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, TooMuch, Unavailable
from jutong.kernel.outward import Outward
from jutong.terms.identifier import credit_code_of
from tests.city import done
from tests.console import CSRF, a_console
from tests.shares import COLUMNS, Sharing, a_sharing, firms

EVIL = {**firms(1, start=90)[0], "name": "=HYPERLINK(1)", "capital": "-5+cmd", "reg_date": None}
ROWS = [*firms(4), EVIL]
SOCIAL_SECURITY = Purpose.SOCIAL_SECURITY


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sharing]:
    """An agreement on a file, with its view made."""
    made = a_sharing(tmp_path_factory.mktemp("files") / "home", ROWS)
    made.keep()
    yield made
    made.house.engine.dispose()


def content(shared: Sharing, form: Form) -> bytes:
    """Take the file as the consumer's officer; what is on record is what came."""
    handed = bulk.hand_over(shared.house, shared.actor("asker"), shared.agreement, form, SOCIAL_SECURITY)
    data = Path(handed.path).read_bytes()
    line = shared.city.lines("delivery.file_handed_over")[-1]
    assert line.facts["content"] == handed.digest == hashlib.sha256(data).hexdigest()
    assert (line.on, line.facts["rows"], line.facts["form"]) == (shared.agreement, 5, form.value)
    assert manifest.read(handed.manifest, shared.house.key.public)["file"]["sha256"] == handed.digest
    return data


def test_each_form_holds_the_same_rows(shared: Sharing) -> None:
    """CSV, XLSX, JSON and Parquet tell the same; nothing is lost, codes keep their digits."""
    expected = pq.read_table(io.BytesIO(content(shared, Form.PARQUET))).to_pylist()
    assert len(expected) == 5
    assert json.loads(content(shared, Form.JSON)) == expected
    read = list(csv.DictReader(io.StringIO(content(shared, Form.CSV).decode("utf-8-sig"))))
    assert [row["uscc"] for row in read] == [row["uscc"] for row in expected]
    sheet = load_workbook(io.BytesIO(content(shared, Form.XLSX))).active
    told = [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=2)]
    assert told == [tuple(row.values()) for row in expected]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_no_cell_of_a_csv_is_a_formula(shared: Sharing) -> None:
    """What would begin a formula is marked; empty stays empty."""
    read = list(csv.DictReader(io.StringIO(content(shared, Form.CSV).decode("utf-8-sig"))))
    (evil,) = [row for row in read if row["uscc"] == EVIL["uscc"]]
    assert (evil["name"], evil["capital"], evil["reg_date"]) == ("'=HYPERLINK(1)", "'-5+cmd", "")


def test_only_the_consumers_office_takes_the_file(shared: Sharing) -> None:
    """The provider, a stranger, another purpose: refused; what may not be known of is not there."""
    before = len(shared.city.lines("delivery.file_handed_over"))
    for account, refusal in (("head", NotAllowed), ("stranger", NotFound)):
        with pytest.raises(refusal):
            bulk.hand_over(shared.house, shared.actor(account), shared.agreement, Form.CSV, SOCIAL_SECURITY)
    other = next(one for one in Purpose if one is not SOCIAL_SECURITY)
    with pytest.raises(NotAllowed):
        bulk.hand_over(shared.house, shared.actor("asker"), shared.agreement, Form.CSV, other)
    assert len(shared.city.lines("delivery.file_handed_over")) == before


def test_the_page_of_the_agreement_hands_it_over(shared: Sharing) -> None:
    """A button; its answer is the file with its manifest."""
    console = a_console(shared.city)
    path = f"/agreements/{shared.agreement}"
    assert f"{path}/file" in console.client("asker").get(f"{path}/whole").text
    assert f"{path}/file" not in console.client("head").get(f"{path}/whole").text
    form = {"_csrf": CSRF, "form": "csv", "file_purpose": "social-security"}
    answer = console.client("asker").post(f"{path}/file", data=form)
    assert answer.status_code == 200
    assert "enterprise-register-v0.csv" in answer.headers["content-disposition"]
    said = manifest.read(answer.headers["jutong-manifest"], shared.house.key.public)
    assert said["file"]["sha256"] == hashlib.sha256(answer.content).hexdigest()


def a_profile(shared: Sharing, folder: Path) -> Path:
    """Keep a profile in a file."""
    kept, token = shared.profile()
    path = folder / "claims.share"
    path.write_bytes(bulk.profile_file(f"http://127.0.0.1:{shared.port}/sharing", token, kept.expires))
    return path


def test_a_system_fetches_it_and_keeps_its_proofs(shared: Sharing, tmp_path: Path) -> None:
    """`jutong fetch`: the digest is the manifest's, receipt is confirmed, and what had arrived is not fetched again."""
    profile, target = a_profile(shared, tmp_path), tmp_path / "rows.csv"
    whole = content(shared, Form.CSV)
    half = target.with_name(f".rows.csv.{hashlib.sha256(whole).hexdigest()[:16]}.part")
    half.write_bytes(whole[:100])
    command = ["fetch", str(profile), str(target), "--node-key", str(shared.house.key.public), "--patience", "0"]
    with shared.running():
        ended = CliRunner().invoke(app, [*command, "--json"])
    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.stdout.splitlines()[-1])
    assert target.read_bytes() == whole
    assert (told["rows"], told["digest"]) == (5, hashlib.sha256(whole).hexdigest())
    kept = (tmp_path / "rows.csv.manifest").read_text()
    assert manifest.read(kept, shared.house.key.public)["file"]["size"] == len(whole)
    call = next(one for one in shared.records() if one["id"] == told["call"])
    assert (call["service"].rpartition("/")[2], call["rows"], call["agreement"]) == ("file", 5, shared.agreement)
    assert shared.city.lines("delivery.received")[-1].facts["intact"] is True


def test_what_is_not_the_nodes_is_thrown_away(shared: Sharing, tmp_path: Path) -> None:
    """A manifest of another key, bytes that were altered on the way: nothing is kept, and the ledger learns of it."""
    profile, target = a_profile(shared, tmp_path), tmp_path / "rows.json"
    outward = Outward(inside=True)
    digest = hashlib.sha256(content(shared, Form.JSON)).hexdigest()
    target.with_name(f".rows.json.{digest[:16]}.part").write_bytes(b"x" * 100)
    with shared.running():
        stranger = Fetcher(profile, outward, node_keys=[SigningKey.of_seed(b"stranger" * 4).public])
        with pytest.raises(Invalid, match="signed"):
            stranger.fetch(stranger.tables()[0], Form.JSON, target)
        fetcher = Fetcher(profile, outward, node_keys=[shared.house.key.public])
        with pytest.raises(Invalid, match="manifest"):
            fetcher.fetch(fetcher.tables()[0], Form.JSON, target)
    outward.close()
    assert shared.city.lines("delivery.received")[-1].facts["intact"] is False
    assert not list(tmp_path.glob("*.json")) + list(tmp_path.glob(".*part"))


def test_files_end_with_the_right_and_the_quota(tmp_path: Path) -> None:
    """Two readings a day, then no third; suspended, none at all; and a broken form is refused by name."""
    made = a_sharing(tmp_path / "home", firms(3), quota_per_day=2)
    asker = made.actor("asker")
    with pytest.raises(Unavailable):
        bulk.hand_over(made.house, asker, made.agreement, Form.CSV, SOCIAL_SECURITY)
    made.keep()
    for _ in range(2):
        bulk.hand_over(made.house, asker, made.agreement, Form.CSV, SOCIAL_SECURITY)
    with pytest.raises(TooMuch):
        bulk.hand_over(made.house, asker, made.agreement, Form.CSV, SOCIAL_SECURITY)
    with made.house.desk(made.actor("head")) as desk:
        sharing.suspend(desk, made.agreement, reason="越权使用")
    with pytest.raises(NotAllowed):
        bulk.hand_over(made.house, asker, made.agreement, Form.CSV, SOCIAL_SECURITY)
    with made.running() as client:
        headers = {"authorization": f"Bearer {made.profile()[1]}"}
        assert client.get(f"{made.table()}/file?form=csv", headers=headers).status_code == 403
        with made.house.desk(made.actor("head")) as desk:
            sharing.resume(desk, made.agreement)
        answers: list[httpx.Response] = [
            client.get(f"{made.table()}/file?form={form}", headers=headers) for form in ("doc", "csv")
        ]
    assert [one.status_code for one in answers] == [400, 429]
    made.house.engine.dispose()


def test_what_is_in_dispute_travels_with_its_flag(tmp_path: Path) -> None:
    """A doubted name: files, versions, what changed and what subscribers are told say so; answered, none does."""
    made = a_sharing(tmp_path / "home", [])
    entry, sound = made.city.found["entry"], credit_code_of("91500103202803323")
    rows = [{**firms(1)[0], "uscc": sound}]
    lines = [",".join(COLUMNS), *(",".join(str(row[name]) for name in COLUMNS) for row in rows)]

    def flags() -> set[str]:
        made.city.settle()
        made.keep()
        handed = bulk.hand_over(made.house, made.actor("asker"), made.agreement, Form.PARQUET, SOCIAL_SECURITY)
        (told,) = pq.read_table(handed.path).column("_disputed").to_pylist()
        return set(json.loads(told or "[]"))

    with made.city.client() as client:
        path, officer = f"/api/entries/{entry}", made.city.bearer("officer")
        done(client.post(f"{path}/batches", content="\n".join(lines).encode(), headers=officer))
        before = flags()
        assert "name" not in before
        told = {"key": sound, "item": "name", "doubt": "招牌上是另一个名称"}
        doubt = done(client.post(f"{path}/doubts", json=told, headers=made.city.bearer("asker")))
        hidden = {"key": sound, "item": "address", "doubt": "门牌号不符"}
        done(client.post(f"{path}/doubts", json=hidden, headers=made.city.bearer("asker")))
        assert flags() == before | {"name"}, "what was not agreed is not named either"
        view = made.keep()
        assert (view.disputed, sum(one.rows for one in view.changes or ())) == (1, 2)
        said = {"corrected": False, "reason": "执照如此"}
        done(client.post(f"/api/objections/{doubt['id']}/answer", json=said, headers=officer))
    assert flags() == before
    with made.house.reading() as db:
        events = telling.events_after(db, made.agreement, 0, limit=9)
    assert [one.disputed for one in events][-2:] == [1, len(before)]
    made.house.engine.dispose()
