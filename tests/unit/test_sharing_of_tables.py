"""Shares: an agreement's rows as a whole, by the protocol of Delta Sharing, cut and masked, each reading on record."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from jutong import sharing
from jutong.catalogue import Purpose
from jutong.delivery import bulk
from jutong.delivery.bulk import manifest
from jutong.kernel.errors import NotAllowed
from jutong.pools.layout import raw_table
from jutong.pools.removal import purge, remove
from tests.console import CSRF, a_console
from tests.shares import Sharing, a_sharing, firms

ROWS = firms(9)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sharing]:
    """An agreement on rows of one division, names half hidden, with its view made."""
    made = a_sharing(tmp_path_factory.mktemp("shares") / "home", ROWS, divisions=["500000"], masks={"name": "keep:4:0"})
    made.keep()
    yield made
    made.house.engine.dispose()


@pytest.fixture
def client(shared: Sharing) -> Iterator[httpx.Client]:
    """Its server over a real socket."""
    with shared.running() as client:
        yield client


@pytest.fixture
def bearer(shared: Sharing) -> dict[str, str]:
    """The header of a profile."""
    return {"authorization": f"Bearer {shared.profile()[1]}"}


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    """Return the lines of an answer that went well."""
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def rows_of(data: bytes) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file."""
    return list(pq.read_table(io.BytesIO(data)).to_pylist())


def test_shares_are_found_from_the_profile_on(shared: Sharing, client: httpx.Client, bearer: dict[str, str]) -> None:
    """Share, schema, table: an agreement, its provider, its service."""
    (share,) = client.get("/shares", headers=bearer).json()["items"]
    assert share["name"] == shared.agreement.lower()
    path = f"/shares/{share['name']}"
    assert client.get(path, headers=bearer).json()["share"]["name"] == share["name"]
    (schema,) = client.get(f"{path}/schemas", headers=bearer).json()["items"]
    (table,) = client.get(f"{path}/schemas/{schema['name']}/tables", headers=bearer).json()["items"]
    assert client.get(f"{path}/all-tables", headers=bearer).json()["items"] == [table]
    assert f"{path}/schemas/{table['schema']}/tables/{table['name']}" == shared.table()
    version = client.get(f"{shared.table()}/version", headers=bearer)
    assert (version.status_code, version.headers["delta-table-version"]) == (200, "0")
    assert client.head(shared.table(), headers=bearer).headers["delta-table-version"] == "0"


def test_what_leaves_is_cut_masked_and_signed_for(
    shared: Sharing, client: httpx.Client, bearer: dict[str, str]
) -> None:
    """Rows of the agreed division, agreed items behind their masks, files as the signed manifest has them."""
    protocol, head, *files = lines(client.post(f"{shared.table()}/query", json={}, headers=bearer))
    assert protocol["protocol"]["minReaderVersion"] == 1
    columns = [field["name"] for field in json.loads(head["metaData"]["schemaString"])["fields"]]
    assert columns == ["name", "uscc", "reg_date", "capital", "city", "_disputed"]
    (file,) = [line["file"] for line in files]
    data = httpx.get(file["url"]).content
    assert hashlib.sha256(data).hexdigest() == file["sha256"]
    told = rows_of(data)
    assert [row["uscc"] for row in told] == [row["uscc"] for row in ROWS if row["city"] == "500103"]
    assert {row["name"] for row in told} == {"重庆测试***"}
    said = manifest.read(head["metaData"]["manifest"], shared.house.key.public)
    assert said["files"] == [{"id": file["id"], "size": file["size"], "rows": file["rows"], "sha256": file["sha256"]}]
    assert said["agreement_digest"] == shared.standing().digest()
    assert pq.read_metadata(io.BytesIO(data)).metadata[b"jutong.recipient"].decode() == shared.standing().consumer
    meta = lines(client.get(f"{shared.table()}/metadata", headers=bearer))
    assert meta == [protocol, head]


def test_every_reading_is_on_record_before_it_leaves(
    shared: Sharing, client: httpx.Client, bearer: dict[str, str]
) -> None:
    """A listing, a query and a file each leave a record with system, purpose and agreement, and no value."""
    before = len(shared.records())
    client.get("/shares", headers=bearer)
    url = lines(client.post(f"{shared.table()}/query", json={}, headers=bearer))[2]["file"]["url"]
    call = httpx.get(url).headers["jutong-call"]
    listing, query, file = shared.records()[before:]
    assert [one["service"].rpartition("/")[2] for one in (listing, query)] == ["shares", "query"]
    assert {one["client"] for one in (listing, query, file)} == {shared.system}
    assert {one["purpose"] for one in (listing, query, file)} == {"social-security"}
    assert (query["agreement"], query["rows"], file["agreement"], file["id"]) == (
        shared.agreement,
        6,
        shared.agreement,
        call,
    )
    assert "重庆" not in json.dumps(shared.records()[before:], ensure_ascii=False)


def test_a_file_is_read_in_ranges_and_gone_on_with(
    shared: Sharing, client: httpx.Client, bearer: dict[str, str]
) -> None:
    """HEAD, ranges from either end, a stale If-Range, a range beyond the end: as RFC 9110 has it."""
    file = lines(client.post(f"{shared.table()}/query", json={}, headers=bearer))[2]["file"]
    whole = httpx.get(file["url"]).content
    head = httpx.head(file["url"])
    assert (head.headers["content-length"], head.headers["accept-ranges"]) == (str(len(whole)), "bytes")
    assert "html" not in head.headers["content-type"]
    for asked, part in (("bytes=5-9", whole[5:10]), ("bytes=-7", whole[-7:]), (f"bytes={len(whole) - 3}-", whole[-3:])):
        answer = httpx.get(file["url"], headers={"range": asked})
        assert (answer.status_code, answer.content) == (206, part)
    assert httpx.get(file["url"], headers={"range": "bytes=1-2", "if-range": '"x"'}).content == whole
    beyond = httpx.get(file["url"], headers={"range": "bytes=99999999-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/shares?maxResults=x", None, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "/shares?pageToken=AAAA", None, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "/shares/nobody", None, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "/shares/01jz0000000000000000000000/schemas", None, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "/nothing", None, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "/shares/../../etc", None, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("DELETE", "/shares", None, 405, "METHOD_NOT_ALLOWED"),
        ("POST", "{table}/query", b"[", 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "{table}/query", b'{"version":7}', 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "{table}/query", b'{"limitHint":-1}', 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "{table}/query", b'{"timestamp":"soon"}', 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "{table}/query", b'{"timestamp":"2001-01-01T00:00:00Z"}', 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "{table}/query", b'{"version":0,"timestamp":"2001-01-01T00:00:00Z"}', 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "{table}/query", b'{"startingVersion":0}', 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "{table}/changes", None, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "{table}/changes?startingVersion=9", None, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "{table}x/metadata", None, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("POST", "{table}/receipt", b"{}", 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "/files/AAAA/x.parquet", None, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "/receipts/01JZ0000000000000000000000", None, 404, "RESOURCE_DOES_NOT_EXIST"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_the_words_of_the_protocol(
    shared: Sharing,
    client: httpx.Client,
    bearer: dict[str, str],
    method: str,
    path: str,
    body: bytes | None,
    status: int,
    code: str,
) -> None:
    """Status, error code, a sentence; what does not exist and what may not be known of are the same."""
    answer = client.request(method, path.format(table=shared.table()), content=body, headers=bearer)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code), answer.text
    assert answer.json()["message"]


def test_nobody_reads_without_a_profile_that_serves(
    shared: Sharing, client: httpx.Client, bearer: dict[str, str]
) -> None:
    """No token, a forged, an expired, a revoked one: all the same 401, and only a count on record."""
    profile, token = shared.profile()
    with shared.house.desk(shared.actor("asker")) as desk:
        bulk.revoke_profile(desk, profile.id)
    wrong = ("x", "jts_", token, token[:-3] + "AAA", bearer["authorization"][7:].replace("jts_", "jt_"))
    answers = [client.get("/shares", headers={"authorization": f"Bearer {one}"}) for one in wrong]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["www-authenticate"] == "Bearer"


def test_a_profile_is_for_one_purpose(shared: Sharing, client: httpx.Client) -> None:
    """For another purpose than those agreed on a share is not listed, and reading it is refused by name."""
    other = next(one for one in Purpose if one is not Purpose.SOCIAL_SECURITY)
    headers = {"authorization": f"Bearer {shared.profile(purpose=other)[1]}"}
    assert client.get("/shares", headers=headers).json() == {"items": []}
    answer = client.post(f"{shared.table()}/query", json={}, headers=headers)
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "PERMISSION_DENIED")


def test_the_profile_before_serves_one_hour_more(shared: Sharing) -> None:
    """A new profile does not break the read that runs; nobody of another body issues or revokes one."""
    first, _ = shared.profile(days=90)
    shared.profile()
    with shared.house.reading() as db:
        kept = bulk.find_profile(db, first.id)
    assert timedelta() < kept.expires - shared.house.clock() <= timedelta(hours=1)
    with shared.house.desk(shared.actor("stranger")) as desk, pytest.raises(NotAllowed):
        bulk.issue_profile(desk, shared.system, Purpose.SOCIAL_SECURITY)


def test_a_receipt_is_confirmed_and_stands_in_the_ledger(
    shared: Sharing, client: httpx.Client, bearer: dict[str, str]
) -> None:
    """The consumer's system says what it has received; the ledger keeps the manifest's digest and the version."""
    _, head, *_ = lines(client.post(f"{shared.table()}/query", json={}, headers=bearer))
    digest = hashlib.sha256(head["metaData"]["manifest"].encode()).hexdigest()
    told = {"version": 0, "manifest": digest, "intact": True}
    assert client.post(f"{shared.table()}/receipt", json=told, headers=bearer).status_code == 200
    line = shared.city.lines("delivery.received")[-1]
    assert (line.on, line.facts["manifest"], line.facts["intact"]) == (shared.agreement, digest, True)


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[Sharing]:
    """An agreement of its own, to be changed."""
    made = a_sharing(tmp_path / "home", firms(6), quota_per_day=3)
    made.keep()
    yield made
    made.house.engine.dispose()


def test_what_changed_is_fed_version_by_version(moving: Sharing) -> None:
    """Inserted and deleted rows lead from version to version; the first version comes as a whole."""
    rows = firms(6)
    moving.lay([*rows[1:], *firms(1, start=50)], "second")
    assert moving.keep(at_once=False).version == 0, "rows are followed every fifteen minutes"
    assert moving.keep().version == 1
    with moving.running() as client:
        headers = {"authorization": f"Bearer {moving.profile()[1]}"}
        fed = lines(client.get(f"{moving.table()}/changes?startingVersion=0", headers=headers))[2:]
        kinds = [next(iter(line)) for line in fed]
        assert kinds == ["add", "cdf"]
        changed = rows_of(httpx.get(fed[1]["cdf"]["url"]).content)
        assert {(row["uscc"], row["_change_type"]) for row in changed} == {
            (rows[0]["uscc"], "delete"),
            (firms(1, start=50)[0]["uscc"], "insert"),
        }
        old = lines(client.post(f"{moving.table()}/query", json={"version": 0}, headers=headers))[2]["file"]
        assert [row["uscc"] for row in rows_of(httpx.get(old["url"]).content)] == [row["uscc"] for row in rows]


def test_the_days_quota_ends_readings_of_the_whole(moving: Sharing) -> None:
    """A reading counts once, whatever its size; the fourth of three is told when to come again."""
    with moving.running() as client:
        headers = {"authorization": f"Bearer {moving.profile()[1]}"}
        codes = [client.post(f"{moving.table()}/query", json={}, headers=headers) for _ in range(4)]
    assert [one.status_code for one in codes] == [200, 200, 200, 429]
    assert codes[-1].json()["errorCode"] == "RESOURCE_EXHAUSTED"
    assert 0 < int(codes[-1].headers["retry-after"]) <= 86_400


def test_a_right_that_was_taken_away_is_gone_in_the_middle_of_a_read(moving: Sharing) -> None:
    """Addresses die with the agreement's epoch, with the profile, and with the version of the view."""
    profile, token = moving.profile()
    headers = {"authorization": f"Bearer {token}"}
    with moving.running() as client:

        def address() -> str:
            return str(lines(client.post(f"{moving.table()}/query", json={}, headers=headers))[2]["file"]["url"])

        url = address()
        assert httpx.get(url, headers={"range": "bytes=0-9"}).status_code == 206
        with moving.house.desk(moving.actor("head")) as desk:
            sharing.suspend(desk, moving.agreement, reason="越权使用")
        assert httpx.get(url, headers={"range": "bytes=10-19"}).status_code == 403
        assert client.post(f"{moving.table()}/query", json={}, headers=headers).status_code == 403
        assert client.get("/shares", headers=headers).json() == {"items": []}
        with moving.house.desk(moving.actor("head")) as desk:
            sharing.resume(desk, moving.agreement)
        assert httpx.get(url).status_code == 403, "made under another epoch"
        url = address()
        with moving.house.desk(moving.actor("asker")) as desk:
            bulk.revoke_profile(desk, profile.id)
        assert httpx.get(url).status_code == 403
        assert client.get("/shares", headers=headers).status_code == 401


def test_a_view_of_other_terms_is_never_handed_over(moving: Sharing) -> None:
    """When items leave the agreement, their view goes with them, older versions too; until the next stands, 503."""
    headers = {"authorization": f"Bearer {moving.profile()[1]}"}
    with moving.house.desk(moving.actor("head")) as desk:
        sharing.propose_change(desk, moving.agreement, reason="最小必要", basis="第二十五条", without=("capital",))
    with moving.house.desk(moving.actor("asking-head")) as desk:
        sharing.agree_change(desk, moving.agreement)
    with moving.running() as client:
        answer = client.post(f"{moving.table()}/query", json={}, headers=headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert moving.keep(at_once=False).version == 1
        _, head, file = lines(client.post(f"{moving.table()}/query", json={}, headers=headers))
        assert "capital" not in head["metaData"]["schemaString"]
        assert "capital" not in rows_of(httpx.get(file["file"]["url"]).content)[0]
        assert client.post(f"{moving.table()}/query", json={"version": 0}, headers=headers).status_code == 400
    folder = bulk.views_folder(moving.house) / moving.agreement.lower()
    assert [path.name for path in folder.iterdir()] == ["v00000001"]


def test_what_was_erased_from_the_lake_is_erased_from_views(moving: Sharing) -> None:
    """No version, and no feed of changes, holds a row that the lake no longer keeps."""
    code, table = firms(1)[0]["uscc"], raw_table(moving.city.found["entry"])
    assert remove(moving.house.pools.lake, table, code, keys=("uscc",)).rows == 1
    purge(moving.house.pools.lake, table)
    bulk.remake_views(moving.house, {table})
    folder = bulk.views_folder(moving.house) / moving.agreement.lower()
    files = sorted(folder.rglob("*.parquet"))
    assert [path.parent.name for path in files] == ["v00000001"]
    assert code not in pq.read_table(files[0])["uscc"].to_pylist()


def test_rows_that_look_alike_do_not_stand_in_the_order_of_what_is_hidden(tmp_path: Path) -> None:
    """Of rows with one key the latest stands; the order is one of what leaves alone."""
    made = a_sharing(
        tmp_path / "home", firms(0), masks={"name": "drop", "uscc": "drop"}, items=["name", "uscc", "city"]
    )
    rows = [{**row, "city": str(500_103 - place)} for place, row in enumerate(firms(5))]
    made.lay(rows, "second")
    made.keep()
    files = sorted((bulk.views_folder(made.house) / made.agreement.lower()).rglob("v*/*.parquet"))
    told = pq.read_table(files[0]).to_pylist()
    assert [row["city"] for row in told] == sorted(row["city"] for row in rows)
    assert {(row["name"], row["uscc"]) for row in told} == {(None, None)}


def test_a_profile_is_issued_and_ended_on_the_page_of_the_agreement(shared: Sharing) -> None:
    """The using body's officer gets the file's text once, and ends the profile; the provider sees the view alone."""
    console = a_console(shared.city)
    officer, path = console.client("asker"), f"/agreements/{shared.agreement}"
    form = {"_csrf": CSRF, "system": shared.system, "purpose": "social-security", "days": "7"}
    shown = officer.post(f"{path}/profiles", data=form)
    assert shown.status_code == 200
    assert "shareCredentialsVersion" in shown.text
    again = officer.get(f"{path}/whole").text
    assert "shareCredentialsVersion" not in again
    with shared.house.reading() as db:
        kept = bulk.profiles_of(db, [shared.system], now=shared.house.clock())[0]
    assert officer.post(f"{path}/profiles/{kept.id}/revocation", data={"_csrf": CSRF}).status_code == 200
    with shared.house.reading() as db:
        assert bulk.find_profile(db, kept.id).revoked
    assert "shareCredentialsVersion" not in console.client("head").get(f"{path}/whole").text
    foreign = officer.post(f"{path}/profiles", data={**form, "system": "CN-500000/GOV/x/y"})
    assert foreign.status_code == 422
