"""What the API does with messages that are hostile, broken or too large: a clear refusal, and nothing left behind."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from jutong import web
from jutong.collection import Limits
from tests.city import MARKET, ROWS, City, a_full_city, a_sheet, a_wish, done
from tests.postgres import fresh_database, postgres_url  # noqa: F401

HOSTILE = (
    "'; DROP TABLE catalogue_entry; --",
    '" OR 1=1 --',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '=HYPERLINK("http://evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "{{7*7}} ${7*7} %s {x} {0.__class__}",
    "../../etc/passwd",
)
UNBEARABLE = ("\x00", "a\x00b", "x" * 500_000, 2**63, -(2**63) - 1, 10**40, 1e308, True, [], {}, [[[[]]]], None)
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'",
}
INSIDE = re.compile(rb"Traceback|File \"|/src/|/site-packages/|sqlalchemy|psycopg|sqlite3|/tmp/|\.py\b")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city with one record's whole way behind it, over either control database."""
    database = ""
    if request.param == "postgres":
        database = fresh_database(request.getfixturevalue("postgres_url")).replace("postgresql:", "postgresql+psycopg:")
    made = a_full_city(tmp_path_factory.mktemp(request.param) / "home", database=database)
    yield made
    made.house.engine.dispose()


@pytest.fixture(scope="module")
def client(city: City) -> Iterator[TestClient[Litestar]]:
    """Somebody who calls."""
    with city.client() as client:
        yield client


def refused(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """Return the problem document of a refusal that tells nothing of the machine."""
    assert answer.status_code in (statuses or range(400, 500)), answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    assert not INSIDE.search(answer.content), answer.text[:500]
    for name, value in HEADERS.items():
        assert answer.headers[name].startswith(value), name
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["detail"]
    return problem


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_only_words(city: City, client: TestClient[Litestar], words: str) -> None:
    """SQL, HTML, formulas and templates are kept as they were typed, come back as JSON, and do nothing."""
    sheet = a_sheet(service="hostile", title=words, abstract=words)
    drafted = done(client.post("/api/entries", json=sheet, headers=city.bearer("officer")))
    answer = client.get(f"/api/entries/{drafted['id']}", headers=city.bearer("officer"))
    assert answer.headers["content-type"] == "application/json"
    assert (answer.json()["title"], answer.json()["abstract"]) == (words, words)
    found = done(client.get("/api/entries", params={"contains": words}, headers=city.bearer("officer")))
    assert [one["id"] for one in found] == [drafted["id"]]
    wish = done(client.post("/api/requests", json=a_wish(city, scenario=words), headers=city.bearer("asker")))
    assert wish["wish"]["scenario"] == words
    person = {"account": f"p{HOSTILE.index(words)}", "name": words}
    assert done(client.post("/api/people", json=person, headers=city.bearer("system")))["name"] == words
    for path in ("/api/ledger", "/api/entries"):
        query = {"on": words, "provider": words, "after": words}
        assert client.get(path, params=query, headers=city.bearer("audit")).status_code in (200, 400)
    assert done(client.get("/api/bodies", headers=city.bearer("officer")))


RULEBOOK = {
    "apiVersion": "v3.1.0",
    "schema": [
        {
            "name": "rows",
            "properties": [{"name": "name", "quality": [{"name": "a", "metric": "nullValues", "mustBe": 1}]}],
            "quality": [{"type": "text", "description": "a"}, {"metric": "rowCount", "mustBeBetween": [1, 2]}],
        }
    ],
}


def messages(city: City) -> dict[str, tuple[str, str, Any]]:
    """Return a sound message with who sends it, for every operation that takes one and leaves something behind."""
    request, agreement = city.found["request"], city.found["agreement"]
    entry, system = city.found["entry"], city.found["system"]
    sheet = a_sheet(service="strange", title="登记")
    return {
        "/api/bodies": ("system", "POST", {"code": MARKET, "name": "局", "division": "500000", "short_name": "局"}),
        "/api/people": ("system", "POST", {"account": "someone", "name": "甲"}),
        "/api/posts": (
            "system",
            "POST",
            {"person": request, "body": MARKET, "title": "员", "duties": ["catalogue"], "cleared": 2},
        ),
        f"/api/posts/{city.posts['officer']}/credentials": ("security", "POST", {"days": 1}),
        "/api/systems": ("system", "POST", {"body": MARKET, "code": "s", "title": "系统", "public_key": "a"}),
        f"/api/systems/{system}/key": ("security", "PUT", {"public_key": "a", "overlap_days": 1}),
        "/api/secrets": ("security", "POST", {"system": "a", "profile": "x-client", "days": 1, "overlap_days": 1}),
        "/api/nodes": ("system", "POST", {"name": "n", "url": "http://127.0.0.1", "key": "a", "relation": "peer"}),
        "/api/calendar/2027": ("system", "PUT", {"notice": "通知", "days": {"2027-01-01": False}}),
        "/api/entries": ("officer", "POST", sheet),
        f"/api/entries/{entry}/return": ("auditor", "POST", {"reasons": ["缺"]}),
        f"/api/entries/{entry}/doubts": ("asker", "POST", {"key": "x", "item": "name", "doubt": "错"}),
        f"/api/entries/{entry}/rulebook": ("officer", "POST", {"document": RULEBOOK, "edition": 1}),
        f"/api/objections/{city.found['objection']}/answer": ("officer", "POST", {"corrected": False, "reason": "是"}),
        "/api/library/authorities": ("publisher", "POST", {"entry": entry, "field": "name", "rank": 1, "basis": "条"}),
        "/api/library/themes": (
            "overseer",
            "POST",
            {"name": "firms", "title": "企业", "sql": "SELECT uscc FROM legal_person", "basis": "条"},
        ),
        "/api/library/matches": (
            "overseer",
            "POST",
            {"ref": "~" + "0" * 31, "code": MARKET, "verdict": "same", "basis": "条"},
        ),
        "/api/library/bonds": ("overseer", "POST", {"kept": MARKET, "other": MARKET, "basis": "条"}),
        "/api/library/kinds/legal-person/record": ("overseer", "POST", {"key": MARKET}),
        "/api/library/layers/districts/near": ("overseer", "POST", {"lon": 106.5, "lat": 29.5, "crs": "", "metres": 1}),
        "/api/library/layers/districts/subjects": (
            "overseer",
            "POST",
            {"entry": entry, "lon": "a", "lat": "b", "crs": "CGCS2000"},
        ),
        "/api/library/layers/districts/comparison": ("overseer", "POST", {"other": "zones"}),
        "/api/library/spatial-object/stands": ("overseer", "POST", {"key": "zones:1"}),
        "/api/library/partings": ("overseer", "POST", {"other": MARKET, "basis": "条"}),
        f"/api/entries/{entry}/plans": (
            "officer",
            "POST",
            {
                "title": "a",
                "reach": {"kind": "mysql", "host": "db.invalid", "database": "a", "table": "t", "user": "u"},
                "headers": {"a": "name"},
                "overlap": 0,
                "schedule": "every 1d",
            },
        ),
        "/api/requests": ("asker", "POST", a_wish(city)),
        f"/api/requests/{request}/supplement-notice": ("head", "POST", {"missing": ["证明"]}),
        f"/api/requests/{request}/extension": ("head", "POST", {"days": 1, "reason": "因"}),
        f"/api/requests/{request}/approval": ("head", "POST", {"masks": {"name": "x"}, "quota_per_day": 1}),
        f"/api/requests/{request}/refusal": ("head", "POST", {"reason": "因", "basis": "条"}),
        f"/api/agreements/{agreement}/suspension": ("head", "POST", {"reason": "因", "rectify_by": "2999-01-01"}),
        f"/api/agreements/{agreement}/change": (
            "head",
            "POST",
            {"reason": "因", "basis": "条", "last_day": "2999-01-01", "without": ["name"], "quota_per_day": 1},
        ),
        f"/api/agreements/{agreement}/rectification": ("asker", "POST", {"report": "改"}),
        f"/api/agreements/{agreement}/rectification-judgement": (
            "head",
            "POST",
            {"why": "因", "rectify_by": "2999-01-01"},
        ),
        f"/api/agreements/{agreement}/disposal": (
            "asking-head",
            "POST",
            {"manner": "erased", "copies": "库", "done": "2026-01-05", "basis": "条", "paper": "0" * 64},
        ),
        f"/api/agreements/{agreement}/use-records": (
            "asker",
            "POST",
            {"since": "2026-01-05", "until": "2026-01-05", "scene": "a", "process": "a", "effect": "a", "storage": "a"},
        ),
        f"/api/scorecards/{MARKET}/snapshots": ("overseer", "POST", {"since": "2025-01-01", "until": "2025-01-31"}),
    }


def test_no_member_of_any_message_breaks_the_node(city: City, client: TestClient[Litestar]) -> None:
    """A NUL, a number that no column holds, half a megabyte, the wrong kind of thing: refused on either database."""
    for path, (account, method, message) in messages(city).items():
        for spelled, where in _places(message):
            for value in UNBEARABLE:
                content = msgspec.json.encode(_with(message, where, value)) if value != 10**40 else None
                content = content or msgspec.json.encode(_with(message, where, "?")).replace(b'"?"', b"1" + b"0" * 40)
                answer = client.request(method, path, content=content, headers=city.bearer(account))
                assert answer.status_code < 500, (path, spelled, str(value)[:20], answer.text)
                if isinstance(value, str):
                    refused(answer)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"account":"\\ud800","name":"a"}',
    ],
    ids=["empty", "cut", "null", "list", "string", "bytes", "deep", "deep-list", "half a character"],
)
def test_what_is_no_message_is_refused(city: City, client: TestClient[Litestar], content: bytes) -> None:
    """Broken JSON is told to be so, whatever it pretends to be."""
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x/y;;"):
        headers = {**city.bearer("system"), "content-type": kind}
        refused(client.post("/api/people", content=content, headers=headers), 400, 413, 415, 422)


@pytest.mark.parametrize(
    "path",
    [
        "/api/entries/%00",
        "/api/entries/..%2f..%2fetc%2fpasswd",
        "/api/entries/01JZ0000000000000000000000%0a",
        "/api/entries/%ff%fe",
        "/api/bodies/%00",
        "/api/systems/a/b/c/%00/key",
        "/ledger/tile/../../keys/node.pem",
        "/ledger/tile/..%2f..%2fkeys%2fnode.pem",
        "/ledger/tile/entries/%00",
        "/ledger/tile/0/x000",
        "/schema/../keys/node.pem",
        "/keys/node.pem",
        "/" + "a" * 4000,
    ],
)
def test_no_address_leads_out_of_the_house(city: City, client: TestClient[Litestar], path: str) -> None:
    """Identifiers and file names in addresses are only what they may be."""
    answer = client.request("PUT" if path.endswith("key") else "GET", path, headers=city.bearer("security"))
    refused(answer, 400, 401, 404, 405)
    assert b"PRIVATE KEY" not in answer.content


@pytest.mark.parametrize(
    "query",
    ["contains=%00", "after=%00", "provider=%00", "limit=0", "limit=501", "limit=9999999999999999999999", "stage=x"],
)
def test_a_query_that_cannot_be_asked_is_refused(city: City, client: TestClient[Litestar], query: str) -> None:
    """What the database cannot be asked is not asked."""
    refused(client.get(f"/api/entries?{query}", headers=city.bearer("officer")), 400)


@pytest.mark.parametrize("query", ["on=%00", "act=%00", "on=" + "x" * 201, "after=99999999999999999999", "after=-2"])
def test_a_question_to_the_ledger_that_cannot_be_asked_is_refused(
    city: City, client: TestClient[Litestar], query: str
) -> None:
    """What the database cannot be asked is not asked."""
    refused(client.get(f"/api/ledger?{query}", headers=city.bearer("audit")), 400)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1899-12-31"])
def test_days_at_the_ends_of_the_calendar_are_refused(city: City, client: TestClient[Litestar], day: str) -> None:
    """A clock is not counted where the calendar ends."""
    for rule in ("REQ_ANSWER_COND", "USE_RECORD"):
        refused(client.get(f"/api/deadlines/{rule}?start={day}", headers=city.bearer("officer")), 404, 422)
    answer = client.get(f"/api/scorecards/{MARKET}?until={day}", headers=city.bearer("overseer"))
    assert answer.status_code in (200, 422)


def test_a_body_beyond_a_mebibyte_is_refused(city: City, client: TestClient[Litestar]) -> None:
    """Messages are small; only deliveries are not."""
    content = b'{"account":"a","name":"' + b"x" * (1 << 20) + b'"}'
    refused(client.post("/api/people", content=content, headers=city.bearer("system")), 413)
    refused(client.post("/witness/add-checkpoint", content=b"x" * (65 << 10)), 413)


def test_header_fields_beyond_16_kib_are_refused(city: City, client: TestClient[Litestar]) -> None:
    """One long field or many short ones, on every address."""
    many = {f"x-{number}": "a" * 100 for number in range(200)}
    for headers in ({"x-long": "a" * (17 << 10)}, many):
        for path in ("/healthz", "/api/bodies", "/schema/openapi.json", "/ledger/checkpoint"):
            refused(client.get(path, headers={**city.bearer("officer"), **headers}), 431)


def test_a_message_with_unknown_members_is_refused(city: City, client: TestClient[Litestar]) -> None:
    """A slip of the pen in a member's name does not make a request wider than it was meant."""
    message = a_wish(city, division=["500103"])
    problem = refused(client.post("/api/requests", json=message, headers=city.bearer("asker")), 422)
    assert "division" in problem["detail"]


@cache
def a_gzip_bomb() -> bytes:
    """Return a small file that would be 300 MB."""
    return gzip.compress(b"0" * 300_000_000, 9)


@cache
def a_zip_bomb() -> bytes:
    """Return a small workbook that would be 80 MB."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/workbook.xml", "<x>" + "A" * 80_000_000 + "</x>")
    return bomb.getvalue()


# Files that must not land, each with a value that must not be told; made when they are sent.
BAD_FILES: Mapping[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "no header": lambda: ROWS.partition("\n")[2].replace("500万元人民币", "SECRETVALUE").encode(),
    "header of another table": lambda: b"a,b,c\nSECRETVALUE,2,3\n",
    "truncated gzip": lambda: gzip.compress(ROWS.encode() * 100)[:-20],
    "gzip bomb": a_gzip_bomb,
    "zip bomb": a_zip_bomb,
    "truncated zip": lambda: b"PK\x03\x04" + b"\x00" * 40,
    "truncated parquet": lambda: b"PAR1" + b"SECRETVALUE" * 10,
    "truncated sqlite": lambda: b"SQLite format 3\x00" + b"\xff" * 100,
    "old spreadsheet": lambda: b"\xd0\xcf\x11\xe0" + b"\x00" * 600,
    "wrong encoding": lambda: ROWS.replace("有限公司", "SECRETVALUE公司").encode("utf-16"),
    "NUL bytes": lambda: b"\x00" * 5000,
}


@pytest.mark.parametrize("name", list(BAD_FILES))
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_bad_file_is_refused_whole(city: City, client: TestClient[Litestar], name: str, language: str) -> None:
    """Reason and remedy in the reader's language, no value of a row, nothing in the inbox, nothing landed."""
    path = f"/api/entries/{city.found['entry']}/batches"
    before, lines = done(client.get(path, headers=city.bearer("officer"))), len(city.lines("collection.landed"))
    headers = {**city.bearer("officer"), "accept-language": language}
    answer = client.post(path, content=BAD_FILES[name](), headers=headers)
    problem = refused(answer)
    assert answer.headers["content-language"] == language
    assert "SECRETVALUE" not in answer.text
    assert problem["remedy"]
    assert not list((city.house.home.folder / "inbox").iterdir())
    assert done(client.get(path, headers=city.bearer("officer"))) == before
    assert len(city.lines("collection.landed")) == lines


def test_a_delivery_beyond_the_limit_is_refused(
    city: City, client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is larger than the node takes is refused while it comes in, and not kept."""
    monkeypatch.setattr("jutong.web.collection.Limits", lambda: Limits(max_bytes=1 << 20))
    path = f"/api/entries/{city.found['entry']}/batches"
    refused(client.post(path, content=b"x" * (2 << 20), headers=city.bearer("officer")), 429)
    assert not list((city.house.home.folder / "inbox").iterdir())


def test_whoever_may_not_deliver_is_refused_before_the_file_is_taken(city: City, client: TestClient[Litestar]) -> None:
    """Gigabytes of a stranger do not fill the disk."""
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(64):
            taken += 1
            yield b"x" * (1 << 20)

    path = f"/api/entries/{city.found['entry']}/batches"
    inbox = city.house.home.folder / "inbox"
    seen = inbox.stat().st_mtime_ns
    refused(client.post(path, content=endless(), headers=city.bearer("stranger")), 403)
    assert inbox.stat().st_mtime_ns == seen, "a file was begun"


def test_every_answer_carries_the_security_headers(city: City, client: TestClient[Litestar]) -> None:
    """Pages, documents, texts, refusals and failures alike."""
    for path, status in (
        ("/", 200),
        ("/api", 200),
        ("/style.css", 200),
        ("/healthz", 200),
        ("/schema/openapi.json", 200),
        ("/ledger/checkpoint", 200),
        (f"/api/receipts/{city.found['line']}", 200),
        ("/nowhere", 404),
        ("/api/bodies", 401),
    ):
        headers = {} if status == 401 else city.bearer("audit")
        answer = client.get(path, headers=headers)
        assert answer.status_code == status, path
        for name, value in HEADERS.items():
            assert answer.headers[name].startswith(value), (path, name)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_shows_the_api_and_runs_nothing(city: City, client: TestClient[Litestar], language: str) -> None:
    """The page is in the reader's language, without a script, and what stands in it is escaped."""
    page = client.get("/api", headers={"accept-language": language})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-language"] == language
    assert "<script" not in page.text
    assert f'lang="{language}"' in page.text
    assert "/api/entries/{entry_id}" in page.text


def test_a_failure_of_ours_tells_nothing_of_the_inside(tmp_path: Path, city: City) -> None:
    """A bug is a problem document with one sentence; paths, tables and words of the failure stay in the log."""

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(f"SECRETVALUE in {tmp_path}")

    with TestClient(web.build(Broken()), raise_server_exceptions=False) as client:  # type: ignore[arg-type]
        answer = client.get("/healthz", headers={"accept-language": "en"})
    assert answer.status_code == 500
    assert answer.json()["title"] == "bug"
    assert b"SECRETVALUE" not in answer.content
    assert not INSIDE.search(answer.content)
    for name in HEADERS:
        assert name in answer.headers


def _places(message: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...]]]:
    parts = message.items() if isinstance(message, dict) else enumerate(message[:1])
    for name, part in parts:
        yield ".".join(map(str, (*at, name))), (*at, name)
        if isinstance(part, dict | list | tuple):
            yield from _places(part, (*at, name))


def _with(message: Any, where: tuple[Any, ...], value: Any) -> Any:
    copy = msgspec.json.decode(msgspec.json.encode(message))
    place = copy
    for name in where[:-1]:
        place = place[name]
    place[where[-1]] = value
    return copy
