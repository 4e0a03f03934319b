"""Who may do what over HTTP: every operation of the document against callers who may not."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from jutong import registers, search, web
from jutong.kernel.crypto import SigningKey
from jutong.kernel.httpsig import Target, sign_request
from jutong.registers import Node, Relation
from jutong.terms import Duty
from tests.city import AUTHORITY, MARKET, PEOPLE, SOCIAL, City, a_full_city, a_sheet, a_wish, done
from tests.upstream import DOCUMENT

REACH = {"kind": "postgresql", "host": "db.invalid", "database": "a", "table": "t", "user": "reader"}
POLICY = {"title": "夜间", "basis": "第九条", "source": "forbid (principal, action, resource);"}
NOWHERE = "01JZ0000000000000000000000"
KEY = str(SigningKey.of_seed(b"rights--" * 4).public)
# What everybody with a post may read: who is who, which clocks run, the catalogue in force, how large the library is.
OPEN_TO_EVERY_POST = {
    "GET /api/acceptance",  # of whoever's body: nothing waits there that is another's
    "GET /api/bodies",
    "GET /api/entries/{entry_id}/listings",  # of another provider: none
    "GET /api/entries/{entry_id}/proxies",  # likewise
    "GET /api/catalogue/search",
    "GET /api/bodies/{code}",
    "GET /api/systems",
    "GET /api/nodes",
    "GET /api/deadlines",
    "GET /api/deadlines/{rule_id}",
    "GET /api/entries",
    "GET /api/demands",
    "GET /api/purchases",
    "GET /api/responsibilities",
    "GET /api/negative-list",
    "GET /api/entries/{entry_id}",
    "GET /api/entries/{entry_id}/batches",
    "GET /api/batches/{batch_id}",
    "GET /api/batches/{batch_id}/examination",
    "GET /api/batches/{batch_id}/profile",
    "GET /api/entries/{entry_id}/rulebook",
    "GET /api/batches/{batch_id}/merge",
    "GET /api/library/legal-person",
    "GET /api/library/kinds",
    "GET /api/library/rates",
    "GET /api/library/themes",
    "GET /api/library/layers",
    "GET /api/ledger/keys",
}
# What is empty for those whom it does not concern.
ONLY_ONES_OWN = {
    "GET /api/plans",
    "GET /api/objections",
    "GET /api/requests",
    "GET /api/agreements",
    "GET /api/use-records",
    "GET /api/disputes",
    "GET /api/ledger",
} | {
    "GET /api/census/tables",
    "GET /api/census/editions",
    "GET /api/grading/proposals",
    "GET /api/projects",
    "GET /api/v1/lineage",
}
PURCHASE = {
    **dict.fromkeys(("title", "supplier"), "a"),
    "contract": "1" * 64,
    "price": "to-1m",
    "purposes": ["approval"],
    "starts": "2026-01-01",
    "ends": "2035-12-31",
}
WATER = "11500000MB4000040F"
USE = {"since": "2026-01-05", "until": "2026-01-05", **dict.fromkeys(("scene", "process", "effect", "storage"), "a")}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city with one record's whole way behind it."""
    made = a_full_city(tmp_path_factory.mktemp("rights") / "home")
    search.rebuild(made.house)
    return made


@pytest.fixture(scope="module")
def client(city: City) -> Iterator[TestClient[Litestar]]:
    """Somebody who calls."""
    with city.client() as client:
        yield client


def operations(city: City) -> list[tuple[str, str]]:
    """Return every operation that asks for a credential."""
    paths = web.document(city.api.rooms)["paths"]
    found = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return [(method, path) for method, path in found if path.startswith("/api/")]


def bodies(city: City) -> dict[str, Any]:
    """Return a sound message for every operation that takes one."""
    asked = {"since": "2025-01-01", "until": "2025-12-31"}
    person = "01JZ0000000000000000000001"
    return {
        "POST /api/bodies": {"code": WATER, "name": "改名", "division": "500000"},
        "POST /api/people": {"account": "intruder", "name": "甲"},
        "POST /api/posts": {"person": person, "body": MARKET, "title": "官员", "duties": ["catalogue"]},
        "POST /api/posts/{post_id}/clearance": {"cleared": 4},
        "POST /api/posts/{post_id}/credentials": {"days": 30},
        "POST /api/systems": {"body": SOCIAL, "code": "spy", "title": "系统"},
        "PUT /api/systems/{instance}/{member_class}/{member}/{system}/key": {"public_key": KEY},
        "POST /api/nodes": {"name": "cn-999999", "url": "http://127.0.0.1:1", "key": KEY},
        "POST /api/deadlines": {
            "rule": "REQ_PRECHECK",
            "division": "500103",
            "working_days": 2,
            "since": "2031-01-06",
            "instrument": "办法",
        },
        "PUT /api/calendar/{year}": {"notice": "通知", "days": {}},
        "POST /api/entries": a_sheet(service="intruder"),
        "POST /api/entries/{entry_id}/code": {"scheme": "national-2017", "classification": "101001001"},
        "POST /api/demands": {"title": "企业登记", "purpose": "approval"},
        "POST /api/entries/{entry_id}/registration": {"other_conditions_accepted": True},
        "POST /api/entries/{entry_id}/return": {"reasons": ["不完整"]},
        "POST /api/entries/{entry_id}/withdrawal": {"reason": "作废"},
        "POST /api/harvest/bodies": {"name": "某局", "body": MARKET},
        "POST /api/entries/{entry_id}/rulebook": {"document": {}},
        "POST /api/entries/{entry_id}/doubts": {"key": "x", "item": "name", "doubt": "错"},
        "POST /api/entries/{entry_id}/rulebook/trial": {"document": {}},
        "POST /api/objections/{objection_id}/answer": {"corrected": True},
        "POST /api/library/authorities": {
            "entry": city.found["entry"],
            "field": "name",
            "rank": 1,
            "basis": "三定方案",
        },
        "POST /api/library/themes": {
            "name": "spied",
            "title": "x",
            "sql": "SELECT uscc FROM legal_person",
            "basis": "x",
        },
        "POST /api/library/matches": {
            "ref": "~" + "0" * 31,
            "code": MARKET,
            "verdict": "same",
            "basis": "档案",
        },
        "POST /api/library/bonds": {"kept": WATER, "other": MARKET, "basis": "档案"},
        "POST /api/library/kinds/{kind}/record": {"key": MARKET},
        "POST /api/library/partings": {"other": MARKET, "basis": "档案"},
        "POST /api/library/layers/{layer}/point": {"lon": 106.5, "lat": 29.5},
        "POST /api/library/layers/{layer}/near": {"lon": 106.5, "lat": 29.5, "metres": 10},
        "POST /api/library/layers/{layer}/subjects": {
            "entry": city.found["entry"],
            "lon": "a",
            "lat": "b",
            "crs": "CGCS2000",
        },
        "POST /api/library/layers/{layer}/comparison": {"other": "zones"},
        "POST /api/library/spatial-object/stands": {"key": "zones:1"},
        "POST /api/requests": a_wish(city),
        "POST /api/purchases": PURCHASE,
        "POST /api/purchases/{purchase_id}/entry": {"entry": city.found["entry"]},
        "POST /api/request-batches": {"wishes": [a_wish(city), a_wish(city, entry=NOWHERE)]},
        "POST /api/requests/{request_id}/supplement-notice": {"missing": ["证明"]},
        "POST /api/requests/{request_id}/precheck-return": {"missing": ["证明"]},
        "POST /api/requests/{request_id}/supplement": {"papers": [{"title": "证明", "digest": "0" * 64}]},
        "POST /api/requests/{request_id}/extension": {"days": 5, "reason": "复杂"},
        "POST /api/requests/{request_id}/approval": {},
        "POST /api/requests/{request_id}/refusal": {"reason": "不可", "basis": "第十四条"},
        "POST /api/entries/{entry_id}/marks": {"columns": [{"item": "capital", "mark": "digits:1"}]},
        "POST /api/secrets": {"system": city.found["system"], "profile": "x-client"},
        "POST /api/profiles": {"system": city.found["system"], "purpose": "social-security"},
        "POST /api/agreements/{agreement_id}/subscriptions": {
            "system": city.found["system"],
            "receiver": "https://claims.example/hook",
            "purpose": "social-security",
        },
        "POST /api/agreements/{agreement_id}/outflows": {
            "title": "入库",
            "target": {"kind": "folder", "path": "/srv"},
            "purpose": "social-security",
        },
        "POST /api/policies": POLICY,
        "POST /api/policies/{policy_id}/versions": POLICY,
        "POST /api/policies/check": {"source": POLICY["source"]},
        "POST /api/policies/trial": {"source": POLICY["source"], "agreement": city.found["agreement"]},
        "POST /api/entries/{entry_id}/listings": {"name": "by-name", "title": "按名称查询", "items": ["name"]},
        "POST /api/listings/{listing_id}/opening": {"agreement": city.found["agreement"]},
        "POST /api/entries/{entry_id}/proxies": {
            "name": "firms",
            "title": "企业",
            "base": "https://api.invalid/",
            "document": json.dumps(DOCUMENT),
        },
        "POST /api/proxies/{proxy_id}/opening": {"agreement": city.found["agreement"]},
        "POST /api/proxies/{proxy_id}/secret": {"secret": "a"},
        "POST /api/proxies/{proxy_id}/trial": {"operation": "GET /firms"},
        "POST /api/agreements/{agreement_id}/proxies/{proxy_id}/trial": {"operation": "GET /firms"},
        "POST /api/agreements/{agreement_id}/suspension": {"reason": "违规"},
        "POST /api/agreements/{agreement_id}/termination": {"reason": "违规"},
        "POST /api/agreements/{agreement_id}/rectification": {"report": "已改正"},
        "POST /api/agreements/{agreement_id}/rectification-judgement": {"why": "不够"},
        "POST /api/agreements/{agreement_id}/applications": {"legal_basis": "a", "scenario": "a", "scope": "a"},
        "POST /api/agreements/{agreement_id}/change": {"reason": "整合", "basis": "条例", "quota_per_day": 1},
        "POST /api/agreements/{agreement_id}/change-refusal": {"why": "仍需要"},
        "POST /api/agreements/{agreement_id}/conclusion": {"reason": "不再需要"},
        "POST /api/agreements/{agreement_id}/disposal": {"manner": "erased", "copies": "库", "done": "2026-01-05"},
        "POST /api/agreements/{agreement_id}/use-records": USE,
        "POST /api/disputes": {"about": city.found["agreement"], "ruling": "stand", "words": "a"},
        "POST /api/disputes/{dispute_id}/opinion": {"words": "a"},
        "POST /api/disputes/{dispute_id}/ruling": {"ruling": "stand", "words": "a"},
        "POST /api/disputes/{dispute_id}/mediation": {"words": "a"},
        "POST /api/disputes/{dispute_id}/referral": {"words": "a"},
        "POST /api/disputes/{dispute_id}/decision": {"ruling": "stand", "words": "a", "paper": "a"},
        "POST /api/scorecards/{code}/snapshots": asked,
        **census_bodies(city),
        "POST /api/entries/{entry_id}/source-trials": {"reach": REACH},
        "POST /api/entries/{entry_id}/plans": {"title": "a", "reach": REACH},
        "POST /api/plans/{plan_id}/drift-decision": {"accept": True},
    }


def census_bodies(city: City) -> dict[str, Any]:
    """Return a sound message for every operation of the census and the map."""
    sheet = {"system": city.found["system"], "purpose": "a", "cloud": "on-cloud", "database": "mysql"}
    table = {"name": "t", "columns": [{"name": "a"}]}
    run = {"runId": "3f5e83fa-3480-44ff-99c5-ff943904e5e8"}
    event = {"eventTime": "2026-01-05T10:00:00+08:00", "run": run, "job": {"namespace": "a", "name": "b"}}
    return {
        "POST /api/census/systems": sheet,
        "POST /api/census/powers": {"body": MARKET, "code": "a", "title": "a", "kind": "other"},
        "POST /api/census/service-items": {"body": MARKET, "code": "a", "title": "a"},
        "POST /api/census/tables": {"system": city.found["system"], "tables": [table]},
        "POST /api/census/tables/{table_id}/check": {"right": True},
        "POST /api/census/tables/{table_id}/hanging": {"entry": city.found["entry"]},
        "POST /api/census/editions": {"name": "x"},
        "POST /api/grading/proposals/{proposal_id}/rejection": {"why": "a"},
        "POST /api/projects": {"body": MARKET, "title": "a", "needs": ["b"]},
        "POST /api/projects/{project_id}/opinion": {"opinion": "agreed"},
        "POST /api/v1/lineage": event,
    }


def filled(city: City, path: str) -> str:
    """Return the path with what is there in this city; a system's name is the consumer's."""
    instance, member_class, member, system = city.found["system"].split("/")
    known = {
        "post_id": city.posts["officer"],
        "credential_id": city.credentials["asker"],
        "code": MARKET,
        "year": "2027",
        "rule_id": "REQ_ANSWER_COND",
        "demand_id": NOWHERE,
        "entry_id": city.found["entry"],
        "batch_id": city.found["batch"],
        "objection_id": city.found["objection"],
        "request_id": city.found["request"],
        "agreement_id": city.found["agreement"],
        "profile_id": NOWHERE,
        "secret_id": NOWHERE,
        "purchase_id": NOWHERE,
        "use_id": NOWHERE,
        "dispute_id": NOWHERE,
        "some_id": city.found["line"],
        "gather_id": NOWHERE,
        "plan_id": NOWHERE,
        "outflow_id": NOWHERE,
        "subscription_id": NOWHERE,
        "policy_id": NOWHERE,
        "version": "1",
        "listing_id": NOWHERE,
        "proxy_id": NOWHERE,
        "decision_id": NOWHERE,
        "kind": "legal-person",
        "layer": "districts",
        "source": "portal",
        "name": "spied",
        "instance": instance,
        "member_class": member_class,
        "member": member,
        "system": system,
        **dict.fromkeys(("table_id", "proposal_id", "project_id"), NOWHERE),
    }
    start = "?start=2026-01-05" if "/deadlines/" in path else "?node=entry:x" if path == "/api/map/impact" else ""
    return re.sub(r"{(\w+)}", lambda found: known[found[1]], path) + start


def ask(client: TestClient[Litestar], city: City, method: str, path: str, headers: dict[str, str]) -> Any:
    """Put a sound message to an operation."""
    body = bodies(city).get(f"{method} {path}", {})
    content = b"" if method == "GET" else msgspec.json.encode(body)
    return client.request(method, filled(city, path), content=content, headers=headers)


def test_nobody_comes_in_without_a_credential_that_counts(city: City, client: TestClient[Litestar]) -> None:
    """No credential, another kind, a forged, expired or revoked one, a dismissed post's: all the same 401."""
    real = city.tokens["officer"]
    forged = real[:-4] + ("AAAA" if real[-4:] != "AAAA" else "BBBB")
    stale = _ended(city)
    wrong = ({}, {"Authorization": "Basic b2ZmaWNlcjpw"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer jt_"})
    spelled = ("", "\x00", real[3:], real.lower(), forged, f"jt_{NOWHERE}_{'A' * 43}", f"{real}\x01", *stale)
    for headers in (*wrong, *({"Authorization": f"Bearer {token}"} for token in spelled)):
        for method, path in operations(city):
            answer = ask(client, city, method, path, headers)
            assert answer.status_code == 401, (method, path, headers, answer.text)
            assert answer.headers["www-authenticate"] == "Bearer"
    said = {ask(client, city, "GET", "/api/bodies", {"Authorization": f"Bearer {token}"}).content for token in spelled}
    assert len(said) == 1


def test_a_post_without_the_duty_can_do_nothing(city: City, client: TestClient[Litestar]) -> None:
    """Another body's post that only prepares answers reads what is for all, and is refused everything else."""
    lines = len(city.lines("guard.denied"))
    refused = 0
    for method, path in operations(city):
        answer = ask(client, city, method, path, city.bearer("nobody"))
        name = f"{method} {path}"
        if name in OPEN_TO_EVERY_POST:
            assert answer.status_code == 200, (name, answer.text)
        elif name in ONLY_ONES_OWN:
            assert all(WATER in str(one) for one in answer.json()), (name, answer.text)
        else:
            assert answer.status_code in (403, 404), (name, answer.text)
            refused += answer.status_code == 403
    assert len(city.lines("guard.denied")) == lines + refused > lines


def test_every_duty_in_another_body_does_not_reach_into_this_one(city: City, client: TestClient[Litestar]) -> None:
    """A stranger that may do everything at home can neither change nor read what is between two other bodies."""
    may = {
        *OPEN_TO_EVERY_POST,
        "POST /api/demands",  # what a body needs is its own to say
        "GET /api/policies",  # those of the tier bind it too
        "POST /api/policies",  # for entries of its own
        "POST /api/policies/check",
        "POST /api/v1/lineage",  # it may tell of its own programs' runs, on a map that only it sees
        "POST /api/harvest/sources/{source}/gathers",  # lists that it imports itself are its own
        *(f"GET /api/harvest/{what}" for what in ("sources", "records", "decisions", "overdue")),
        "POST /api/entries/{entry_id}/doubts",  # whoever works with data may say that a value is wrong
        "POST /api/purchases",  # what it bought is its own to declare
        "POST /api/request-batches",  # it may ask for several as for one, for systems of its own
        "POST /api/requests",  # it may ask for a published entry, for systems of its own (the wish names others')
    }
    for method, path in operations(city):
        name = f"{method} {path}"
        if name in may or name in ONLY_ONES_OWN:
            continue
        answer = ask(client, city, method, path, city.bearer("stranger"))
        assert answer.status_code in (403, 404), (name, answer.text)
    theirs = ask(client, city, "POST", "/api/requests", city.bearer("stranger"))
    assert theirs.status_code == 422, "another body's system"
    for name in ONLY_ONES_OWN - {"GET /api/ledger"}:
        assert client.get(name[4:], headers=city.bearer("stranger")).json() == [], name
    lines = done(client.get("/api/ledger", params={"limit": 500}, headers=city.bearer("stranger")))
    assert all(WATER in {line["org"], *map(str, line["facts"].values())} for line in lines)


@pytest.mark.parametrize(
    ("path", "known", "account"),
    [
        ("/api/entries/{}", "draft", "stranger"),
        ("/api/entries/{}", "draft", "nobody"),
        ("/api/entries/{}/batches", "draft", "stranger"),
        ("/api/requests/{}", "request", "stranger"),
        ("/api/requests/{}", "wish", "officer"),  # a consumer's draft is not the provider's to see
        ("/api/agreements/{}", "agreement", "stranger"),
        ("/api/receipts/{}", "line", "stranger"),
    ],
)
def test_what_is_not_yours_to_see_is_as_if_it_were_not(
    city: City, client: TestClient[Litestar], path: str, known: str, account: str
) -> None:
    """The answer for another body's thing is, to the byte, the answer for a thing that never was."""
    hidden = client.get(path.format(city.found[known]), headers=city.bearer(account))
    absent = client.get(path.format(NOWHERE), headers=city.bearer(account))
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.content.replace(city.found[known].encode(), NOWHERE.encode()) == absent.content
    assert dict(hidden.headers) == dict(absent.headers)


@pytest.mark.parametrize("account", ["stranger", "nobody"])
@pytest.mark.parametrize(
    ("path", "known", "body"),
    [
        ("/api/entries/{}/signature", "draft", {}),
        ("/api/entries/{}/submission", "draft", {}),
        ("/api/entries/{}/registration", "draft", {}),
        ("/api/entries/{}/publication", "draft", {}),
        ("/api/entries/{}/return", "draft", {"reasons": ["a"]}),
        ("/api/entries/{}/withdrawal", "draft", {"reason": "a"}),
        ("/api/entries/{}/batches", "draft", {}),
        ("/api/objections/{}/verification", "objection", {}),
        ("/api/objections/{}/answer", "objection", {"corrected": True}),
        ("/api/objections/{}/closure", "objection", {}),
        ("/api/requests/{}/signature", "request", {}),
        ("/api/requests/{}/approval", "request", {}),
        ("/api/requests/{}/extension-consent", "request", {}),
        ("/api/agreements/{}/suspension", "agreement", {"reason": "a"}),
        ("/api/agreements/{}/resumption", "agreement", {}),
        ("/api/agreements/{}/rectification", "agreement", {"report": "a"}),
        ("/api/agreements/{}/change", "agreement", {"reason": "a", "basis": "a", "quota_per_day": 1}),
        ("/api/agreements/{}/change-consent", "agreement", {}),
        ("/api/agreements/{}/conclusion", "agreement", {"reason": "a"}),
        ("/api/agreements/{}/use-records", "agreement", USE),
    ],
)
def test_acting_on_what_you_may_not_see_tells_you_nothing(
    city: City, client: TestClient[Litestar], path: str, known: str, body: object, account: str
) -> None:
    """Whoever guesses an identifier learns from no act whether it is one."""
    hidden = client.post(path.format(city.found[known]), json=body, headers=city.bearer(account))
    absent = client.post(path.format(NOWHERE), json=body, headers=city.bearer(account))
    assert hidden.status_code == absent.status_code == 404, (hidden.text, absent.text)
    assert hidden.content.replace(city.found[known].encode(), NOWHERE.encode()) == absent.content


@pytest.mark.parametrize("account", ["stranger", "nobody"])
def test_a_draft_is_hidden_from_those_who_name_it_in_a_message(
    city: City, client: TestClient[Litestar], account: str
) -> None:
    """An identifier inside a message tells as little as one in an address."""
    for path, message in (
        ("/api/requests", a_wish(city, systems=[])),
        ("/api/library/authorities", {"field": "name", "rank": 1, "basis": "三定方案"}),
    ):
        answers = [
            client.post(path, json={**message, "entry": entry}, headers=city.bearer(account))
            for entry in (city.found["draft"], NOWHERE)
        ]
        assert answers[0].status_code in (403, 404)
        assert answers[0].content.replace(city.found["draft"].encode(), NOWHERE.encode()) == answers[1].content, path


def test_a_denial_says_who_and_why_but_no_value(city: City, client: TestClient[Litestar]) -> None:
    """What is left of a denied act is who tried, and by which rule it was denied."""
    before = len(city.lines("guard.denied"))
    answer = client.post("/api/people", json={"account": "x", "name": "张三"}, headers=city.bearer("officer"))
    assert answer.status_code == 403
    assert answer.json()["basis"]
    (line,) = city.lines("guard.denied")[before:]
    assert (line.org, line.facts["code"]) == (MARKET, "not-allowed")
    assert "张三" not in line.leaf().decode()


def test_a_neighbours_signed_request_counts_once_in_all_workers(city: City) -> None:
    """Replayed, re-targeted, altered or signed by nobody we know: refused, whichever worker process is asked."""
    house, key = city.house, SigningKey.of_seed(b"neighbor" * 4)
    node = Node(name="cn-500112", url="http://127.0.0.1:1", key=key.public, relation=Relation.CHILD)
    with house.desk(house.itself) as desk:
        registers.enrol_node(desk, node)
    created = int(house.clock().timestamp())
    ours = f"127.0.0.1:{house.home.settings.port}"

    def signed(path: str, by: str = node.name, at: int = created, of: str = ours) -> dict[str, str]:
        host = {"host": of}
        signature = sign_request(
            key, Target("GET", of, path, ""), host, b"", keyid=by, nonce=secrets.token_hex(16), created=at
        )
        return {**signature, **host}

    feed, batch = "/cascade/feed", f"/cascade/batches/{city.found['batch']}"
    once = signed(feed)
    with TestClient(web.build(house)) as first, TestClient(web.build(house)) as second:
        assert first.get(feed, headers=signed(feed, of="node.of.somebody:8700")).status_code == 401, "another node's"
        assert first.get(feed, headers=once).status_code == 200
        assert [one.get(feed, headers=once).status_code for one in (first, second)] == [401, 401]
        assert second.get(feed, headers=signed(feed)).status_code == 200
        assert first.get(batch, headers=signed(feed)).status_code == 401, "for another address"
        assert first.get(feed, params={"after": 0}, headers=signed(feed)).status_code == 401, "another query"
        assert first.get(feed, headers=signed(feed, by="cn-999999")).status_code == 401, "nobody's"
        assert first.get(feed, headers=signed(feed, at=created - 3600)).status_code == 401, "stale"
        assert first.get(feed).status_code == 401
        assert first.get("/ledger/tile/entries/000.p/1").status_code == 401
        assert first.get(batch, headers=signed(batch)).status_code in (403, 404), "rows go to the parent tier alone"
    assert not list((house.home.folder / "spool").glob("*"))


def test_an_administrator_rules_only_over_bodies_of_its_node(city: City, client: TestClient[Litestar]) -> None:
    """A department's own administrator does not reach another department's posts, credentials or keys."""
    house = city.house
    with house.desk(house.itself) as desk:
        who = registers.register_person(desk, "水利管理员", "water-admin")
        post = registers.appoint(desk, who.id, WATER, "安全管理员", {Duty.SECURITY_ADMIN})
        token = registers.issue_credential(desk, post.id)[1]
    headers = {"Authorization": f"Bearer {token}"}
    for method, path, body in (
        ("POST", f"/api/posts/{city.posts['officer']}/credentials", {}),
        ("DELETE", f"/api/credentials/{city.credentials['officer']}", None),
        ("POST", f"/api/posts/{city.posts['officer']}/clearance", {"cleared": 1}),
        ("PUT", f"/api/systems/{city.found['system']}/key", {"public_key": KEY}),
    ):
        answer = client.request(method, path, json=body, headers=headers)
        assert answer.status_code == 403, (path, answer.text)
    assert client.get("/api/bodies", headers=city.bearer("officer")).status_code == 200
    assert AUTHORITY in client.get("/api/bodies", headers=headers).text


def _ended(city: City) -> list[str]:
    """Return tokens that counted once: expired, revoked, and of a post that has ended."""
    house, tokens = city.house, []
    with house.desk(house.itself) as desk:
        for name in ("gone", "revoked"):
            who = registers.register_person(desk, name, name)
            post = registers.appoint(desk, who.id, MARKET, name, PEOPLE["officer"][1])
            identifier, token = registers.issue_credential(desk, post.id)
            tokens.append(token)
            if name == "gone":
                registers.dismiss(desk, post.id)
            else:
                registers.revoke_credential(desk, identifier)
        who = registers.register_person(desk, "expired", "expired")
        post = registers.appoint(desk, who.id, MARKET, "expired", PEOPLE["officer"][1])
        identifier, token = registers.issue_credential(desk, post.id, days=1)
        desk.db.exec_driver_sql(
            f"UPDATE registers_credential SET issued='2020-01-01T00:00:00.000000+00:00',"
            f" expires='2020-01-02T00:00:00.000000+00:00' WHERE id='{identifier}'"
        )
        tokens.append(token)
    return tokens
