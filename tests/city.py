"""A city's node in one folder, with people of three bodies and one record's way behind it, and its API at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import sqlalchemy as sa

from jutong import catalogue, ledger, registers, web
from jutong.cli.node import make_home
from jutong.desk import House
from jutong.follows import follow
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.db import connection
from jutong.ledger import Evidence
from jutong.ledger import store as ledger_store
from jutong.terms import BodyKind, Duty, Grade, Org
from jutong.web import Faces
from tests.calling import TestClient

NODE = "cn-500000"
AUTHORITY = "11500000MB1000010R"  # made for tests: sound check digits, no body of this country
MARKET = "11500000MB20000201"
SOCIAL = "11500000MB30000308"
STRANGER = "11500000MB4000040F"
BODIES = {AUTHORITY: "数据局", MARKET: "市场监管局", SOCIAL: "人社局", STRANGER: "水利局"}
PEOPLE: Mapping[str, tuple[str, frozenset[Duty]]] = {
    "system": (AUTHORITY, frozenset({Duty.SYSTEM_ADMIN})),
    "security": (AUTHORITY, frozenset({Duty.SECURITY_ADMIN})),
    "audit": (AUTHORITY, frozenset({Duty.AUDIT_ADMIN})),
    "auditor": (AUTHORITY, frozenset({Duty.REGISTER_AUDIT})),
    "publisher": (AUTHORITY, frozenset({Duty.PUBLISH_AUDIT})),
    "overseer": (AUTHORITY, frozenset({Duty.OVERSIGHT, Duty.GOVERNANCE})),
    "officer": (MARKET, frozenset({Duty.CATALOGUE, Duty.COLLECTION, Duty.GOVERNANCE, Duty.ANSWERS})),
    "head": (MARKET, frozenset({Duty.DEPARTMENT_HEAD, Duty.OFFICE_HEAD, Duty.ANSWERS})),
    "asker": (SOCIAL, frozenset({Duty.REQUESTS})),
    "asking-head": (SOCIAL, frozenset({Duty.OFFICE_HEAD})),
    "nobody": (STRANGER, frozenset({Duty.ANSWERS})),
    "stranger": (
        STRANGER,
        frozenset(
            {
                Duty.CATALOGUE,
                Duty.DEPARTMENT_HEAD,
                Duty.OFFICE_HEAD,
                Duty.COLLECTION,
                Duty.GOVERNANCE,
                Duty.REQUESTS,
                Duty.ANSWERS,
            }
        ),
    ),
}
ROWS = """name,uscc,reg_date,ent_type,capital,scope,province,city,address
重庆长江有限公司,9150000020280332XF,2001-03-05,有限责任公司,500万元人民币,技术服务,重庆市,重庆市,渝中区人民路232号
重庆嘉陵有限公司,915000002028033216,2001-13-05,有限责任公司,500万元人民币,技术服务,重庆市,重庆市,渝中区人民路233号
"""


@dataclass
class City:
    """The node, its people's credentials, its API, and what is in it."""

    house: House
    api: Faces
    tokens: Mapping[str, str]
    posts: Mapping[str, str]
    credentials: Mapping[str, str]
    found: dict[str, str] = field(default_factory=dict)

    def client(self) -> TestClient:
        """Return somebody who can call the API; a failure of the node is an answer, as over the network."""
        return TestClient(self.api, raise_server_exceptions=False)

    def bearer(self, account: str) -> dict[str, str]:
        """Return the header by which a person is known."""
        return {"Authorization": f"Bearer {self.tokens[account]}"}

    def lines(self, act: str) -> list[Evidence]:
        """Return the evidence of an act, oldest first."""
        kept = ledger_store.evidence.c
        with connection(self.house.engine) as db:
            leaves = db.execute(sa.select(kept.leaf).where(kept.act == act).order_by(kept.seq)).scalars()
            return [Evidence.of_leaf(leaf) for leaf in leaves]

    def settle(self) -> None:
        """Let everything that follows from what was done be done."""
        while ledger.sequence(self.house.engine, self.house.log) + follow(self.house):
            pass


def a_city(folder: Path, **settings: str | int) -> City:
    """Make the node with its bodies and people."""
    house = make_home(folder, name=NODE, body=AUTHORITY, division="500000", **settings)
    tokens, posts, credentials = {}, {}, {}
    with house.desk(house.itself) as desk:
        for code, name in BODIES.items():
            kind = BodyKind.AUTHORITY if code == AUTHORITY else BodyKind.DEPARTMENT
            registers.register_body(desk, Org(code=code, name=name, division="500000", kind=kind))
        for account, (body, duties) in PEOPLE.items():
            person = registers.register_person(desk, account, account)
            post = registers.appoint(desk, person.id, body, account, duties, Grade.L4)
            posts[account] = post.id
            credentials[account], tokens[account] = registers.issue_credential(desk, post.id)
    return City(house, web.build(house), tokens, posts, credentials)


def a_full_city(folder: Path, *, sheet: Mapping[str, Any] | None = None, **settings: str | int) -> City:
    """Make the node and take one record its whole way: published, delivered, examined, merged, asked for, agreed."""
    city = a_city(folder, **settings)
    with city.client() as client:
        _fill(city, client, sheet or {})
    return city


def a_sheet(provider: str = MARKET, **changes: object) -> dict[str, Any]:
    """Return a sound catalogue sheet as it goes over the wire."""
    sheet = msgspec.to_builtins(catalogue.template("enterprise_register", provider))
    return {**sheet, "secrecy_assessed": True, "impact_assessed": True, **changes}


def a_wish(city: City, **changes: object) -> dict[str, Any]:
    """Return a wish that the published entry can answer."""
    today = city.house.clock().astimezone(LEGAL_TIME).date()
    return {
        "entry": city.found["entry"],
        "items": ["name", "uscc", "city"],
        "purposes": ["social-security"],
        "legal_basis": "失业保险条例第十七条",
        "scenario": "核验原单位",
        "scope": "本市登记的企业",
        "methods": ["query", "verify"],
        "systems": [city.found["system"]],
        "starts": today.isoformat(),
        "ends": (today + timedelta(days=365)).isoformat(),
        "quota_per_day": 1000,
        **changes,
    }


def done(answer: httpx.Response) -> Any:
    """Return what came back from an act that must go well."""
    assert answer.is_success, (answer.request.url.path, answer.text)
    return answer.json()


def _fill(city: City, client: TestClient, sheet: Mapping[str, Any]) -> None:
    def act(account: str, path: str, body: object = None) -> Any:
        content = msgspec.json.encode({} if body is None else body)
        return done(client.post(path, content=content, headers=city.bearer(account)))

    entry = act("officer", "/api/entries", a_sheet(**sheet))["id"]
    path = f"/api/entries/{entry}"
    act("head", f"{path}/signature")
    act("officer", f"{path}/submission")
    act("auditor", f"{path}/registration")
    act("publisher", f"{path}/publication")
    city.found["entry"] = entry
    city.found["draft"] = act("officer", "/api/entries", a_sheet(service="second-register"))["id"]
    delivered = client.post(f"{path}/batches", content=ROWS.encode(), headers=city.bearer("officer"))
    city.found["batch"] = done(delivered)["id"]
    city.found["system"] = act("system", "/api/systems", {"body": SOCIAL, "code": "claims", "title": "失业保险"})[
        "name"
    ]
    city.settle()
    objections = done(client.get("/api/objections", headers=city.bearer("officer")))
    city.found["objection"] = objections[0]["id"]
    request = act("asker", "/api/requests", a_wish(city))["id"]
    act("asking-head", f"/api/requests/{request}/signature")
    act("asker", f"/api/requests/{request}/submission")
    city.found["agreement"] = act("head", f"/api/requests/{request}/approval")["id"]
    city.found["approved"] = request
    waiting = act("asker", "/api/requests", a_wish(city, scenario="再次核验"))["id"]
    act("asking-head", f"/api/requests/{waiting}/signature")
    act("asker", f"/api/requests/{waiting}/submission")
    city.found["request"] = waiting
    city.found["wish"] = act("asker", "/api/requests", a_wish(city, scenario="草稿"))["id"]
    city.settle()
    city.found["line"] = city.lines("sharing.approved")[0].id
