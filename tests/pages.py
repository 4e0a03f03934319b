"""Every page of the console, and a city in which each has something to show: what tests over all pages share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import sqlalchemy as sa

from jutong import catalogue, census, custody, delivery, oversight, registers, sharing
from jutong.access import Seat
from jutong.collection import Layout, Reach, ReachKind, packages, plans, pushes
from jutong.collection.plans import Schedule, Wanted
from jutong.collection.pushes import Parcel
from jutong.delivery import listing, policies, proxy
from jutong.delivery.bulk import outflow
from jutong.delivery.bulk.outflow import store as outflows
from jutong.desk import House
from jutong.guard import Method
from jutong.kernel.clock import LEGAL_TIME
from jutong.kernel.crypto import PublicKey, SigningKey
from jutong.kernel.db import connection, metadata, transaction
from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.ids import ulid
from jutong.kernel.outward import Outward
from jutong.kernel.settings import SourcesNamed
from jutong.library import space
from jutong.sharing import buying, dispute, use
from jutong.sharing.use import Usage
from jutong.terms import ADMINISTRATORS, NOT_OF_POSTS, Actor, Assurance, Duty, Grade
from jutong.web import Faces
from jutong.web.console import PAGES, Doorkeeper
from tests.city import AUTHORITY, MARKET, SOCIAL, STRANGER, City, a_full_city, a_sheet, a_wish, done
from tests.console import CSRF, knowing
from tests.upstream import DOCUMENT

UNPOSTED = "unposted"
SUBJECT = "9150000020280332XF"  # of the rows that were delivered, for whom an erasure is asked
PROGRAMS = (
    "/api",
    "/schema",
    "/static/",
    "/healthz",
    "/style.css",
    "/r1",
    "/cascade/",
    "/push/",
    "/ledger/",
    "/witness/",
)
SLOT = re.compile(r"{(\w+)(?::\w+)?}")
OF_PEOPLE = tuple(duty for duty in Duty if duty not in NOT_OF_POSTS)


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """One address of the console: what is asked of it, and the policy that guards it (none: everybody)."""

    method: str
    path: str
    guard: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def routes() -> tuple[Route, ...]:
    """Return every address of the console, in order."""
    return tuple(sorted(set(_routes(PAGES))))


def routes_of(app: Faces) -> tuple[Route, ...]:
    """Return every address of an application that declares itself a page."""
    handlers = [handler for route in app.rooms.routes for handler in getattr(route, "route_handlers", ())]
    return tuple(sorted(set(_routes(one for one in handlers if "guard" in one.opt))))


def _routes(handlers: Any) -> Iterator[Route]:
    for handler in handlers:
        for path in handler.paths:
            for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                yield Route(str(getattr(method, "value", method)), _plain(path), handler.opt["guard"] or "")


def _plain(path: str) -> str:
    return SLOT.sub(r"{\1}", path) or "/"


def a_lively_city(folder: Path, **settings: str | int) -> City:
    """Make a full city in which things stand in more stages than the last one, and everybody holds a post.

    For each duty of people, ``own-<duty>`` has it alone at the department whose entry it is; ``far-<duty>`` are the
    administrators of a body that has to do with none of it.
    """
    city = a_full_city(folder, **settings)
    posts = dict(city.posts)
    with city.house.desk(city.house.itself) as desk:
        for duty in OF_PEOPLE:
            person = registers.register_person(desk, f"own-{duty}", f"own-{duty}")
            posts[f"own-{duty}"] = registers.appoint(desk, person.id, MARKET, f"own-{duty}", {duty}, Grade.L4).id
        for duty in sorted(ADMINISTRATORS):
            person = registers.register_person(desk, f"far-{duty}", f"far-{duty}")
            posts[f"far-{duty}"] = registers.appoint(desk, person.id, STRANGER, f"far-{duty}", {duty}, Grade.L4).id
        city.found["unposted"] = registers.register_person(desk, UNPOSTED, UNPOSTED).id
    city.posts = posts
    _stages(city)
    with city.house.desk(city.house.itself) as desk:
        city.found["snapshot"] = oversight.freeze(desk, MARKET, date(2025, 1, 1), date(2025, 12, 31)).id
    _lists(city)
    _harvest(city)
    _plan(city)
    _push(city)
    _outflow(city)
    _policy(city)
    _listing(city)
    _proxy(city)
    _package(city)
    _erasure(city)
    _layer(city)
    _use(city)
    _application(city)
    _bought(city)
    city.settle()
    return city


def _use(city: City) -> None:
    """Let the consumer record how it used what it was given, and open a dispute about it."""
    asker = Actor(id="asker", org=SOCIAL, duties=frozenset({Duty.REQUESTS}))
    today = city.house.clock().astimezone(LEGAL_TIME).date()
    told = Usage(since=today, until=today, scene="核验原单位", process="逐笔核验", effect="免交证明", storage="不落地")
    with city.house.desk(asker) as desk:
        city.found["use"] = use.record_use(desk, city.found["agreement"], told).id
    asking = Actor(id="asking-head", org=SOCIAL, duties=frozenset({Duty.OFFICE_HEAD}))
    with city.house.desk(asking) as desk:
        opened = dispute.open_dispute(desk, city.found["agreement"], dispute.Ruling.STAND, "各执一词")
    city.found["dispute"] = opened.id


def _application(city: City) -> None:
    """Let the consumer ask for two entries at once, and keep the words for the next time."""
    asker = Actor(id="asker", org=SOCIAL, duties=frozenset({Duty.REQUESTS}))
    with city.house.reading() as db:
        wish = sharing.find_request(db, city.found["wish"]).wish
    wishes = [replace(wish, entry=city.found[one], items=("name",)) for one in ("entry", "revised")]
    with city.house.desk(asker) as desk:
        city.found["application"] = sharing.draft_batch(desk, wishes)[0].batch
        city.found["template"] = sharing.keep_template(desk, city.found["wish"], "核验原单位").id


def _bought(city: City) -> None:
    """Let the department declare what it bought; it is not shared yet."""
    buyer = Actor(id="officer", org=MARKET, duties=frozenset({Duty.CATALOGUE}))
    terms = buying.Terms(
        title="企业信用评分数据",
        supplier="某征信公司",
        contract="0" * 64,
        price=buying.PriceClass.TO_1M,
        purposes=(catalogue.Purpose.APPROVAL,),
        starts=date(2025, 1, 1),
        ends=date(2035, 12, 31),
    )
    with city.house.desk(buyer) as desk:
        city.found["purchase"] = buying.declare_purchase(desk, terms).id


def _outflow(city: City) -> None:
    """Let rows of the agreement go into a folder of this node, turned on, with one run that brought nothing."""
    now = city.house.clock()
    with transaction(city.house.engine) as db:
        agreement = sharing.find_agreement(db, city.found["agreement"])
        kept = outflow.Outflow(
            id=ulid(now),
            agreement=agreement.id,
            entry=agreement.entry,
            provider=agreement.provider,
            consumer=agreement.consumer,
            title="失业保险入库",
            target=outflow.Target(kind=outflow.TargetKind.FOLDER, path="/srv/claims"),
            purpose="social-security",
            schedule=Schedule(""),
            made=now,
            by=city.posts["asker"],
            state=outflow.State.PAUSED,
            tried=now,
        )
        outflows.save_outflow(db, kept)
        run = outflow.Run(id=ulid(now), outflow=kept.id, began=now, ended=now, outcome=outflow.Outcome.REFUSED)
        outflows.save_run(db, run)
    city.found["outflow"] = kept.id


def _policy(city: City) -> None:
    """Let the authority draft a policy that nobody has put in force yet."""
    writer = Actor(id="writer", org=AUTHORITY, duties=frozenset({Duty.SECURITY_ADMIN}))
    source = "forbid (principal, action, resource) when { context.hour < 6 };"
    with city.house.desk(writer) as desk:
        kept = policies.draft_policy(desk, "夜间不交付", "第九条", source, tier=AUTHORITY, whole=True)
    city.found["policy"] = kept.id


def _listing(city: City) -> None:
    """Let the provider declare a service over the entry, and its office open it to the agreement."""
    wish = listing.Listing(
        name="by-code",
        title="按代码查询企业",
        items=("name", "uscc"),
        parameters=(listing.Parameter(name="code", item="uscc", operator=listing.Operator.EQUALS),),
        order=(listing.Order(item="name"),),
    )
    head = Actor(id="head", org=MARKET, duties=frozenset({Duty.OFFICE_HEAD}), cleared=Grade.L4)
    with city.house.desk(head) as desk:
        city.found["listing"] = listing.declare_listing(desk, city.found["entry"], wish).id
    with city.house.desk(head) as desk:
        listing.open_listing(desk, city.found["listing"], city.found["agreement"])
    delivery.keep_listings(city.house)


def _proxy(city: City) -> None:
    """Let the provider declare an own service over the entry, and its office open it to the agreement."""
    operations = proxy.operations_of(DOCUMENT, ["GET /firms", "POST /firms"])
    wish = proxy.Proxy(
        name="firms",
        title="企业登记接口",
        base="https://api.invalid/v1",
        operations=operations,
        document="0" * 64,
        fields=(proxy.Field(pointer="/data/*/name", item="name"),),
        asks=proxy.Asks.HEADER,
        header="X-Api-Key",
    )
    door = proxy.Door(ways=proxy.Ways(hosts=("api.invalid",)), key=city.house.key)
    head = Actor(id="head", org=MARKET, duties=frozenset({Duty.OFFICE_HEAD}), cleared=Grade.L4)
    with city.house.desk(head) as desk:
        kept = proxy.declare_proxy(desk, city.found["entry"], wish, door=door, secret="a-secret")
        city.found["proxy"] = kept.id
    with city.house.desk(head) as desk:
        proxy.open_proxy(desk, city.found["proxy"], city.found["agreement"])


def _erasure(city: City) -> None:
    """Let the authority ask for an erasure that nobody has confirmed yet."""
    overseer = Actor(id=person_of(city, "overseer"), org=AUTHORITY, duties=frozenset({Duty.OVERSIGHT}))
    key = city.house.key.secret_for(custody.PURPOSE)
    ground = custody.Ground.CONSENT_WITHDRAWN
    with city.house.desk(overseer) as desk:
        asked = custody.ask_erasure(desk, SUBJECT, ground=ground, basis="申请〔2026〕1号", key=key)
    city.found["erasure"] = asked.id


def _layer(city: City) -> None:
    """Let the authority load two districts that are made up, and a third one whose outline crosses itself."""
    overseer = Actor(
        id=person_of(city, "overseer"), org=AUTHORITY, duties=frozenset({Duty.OVERSIGHT}), cleared=Grade.L4
    )
    west, east, crossed = (
        [[106, 29], [107, 29], [107, 30], [106, 30], [106, 29]],
        [[107, 29], [108, 29], [108, 30], [107, 30], [107, 29]],
        [[108, 29], [109, 30], [109, 29], [108, 30], [108, 29]],
    )
    features = [
        {"id": code, "properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for code, name, ring in (("500101", "甲区", west), ("500102", "乙区", east), ("500103", "丙区", crossed))
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "districts.geojson"
        path.write_bytes(msgspec.json.encode({"type": "FeatureCollection", "features": features}))
        with city.house.desk(overseer) as desk:
            reading = space.Reading(crs=space.CGCS2000)
            space.load_layer(desk, "districts", path, reading, origin="示例，非测绘成果", year=2023)


def _plan(city: City) -> None:
    """Let the department keep a plan of which the source does not answer, and run it once."""
    officer = Actor(id="officer", org=MARKET, duties=frozenset({Duty.COLLECTION}), cleared=Grade.L4)
    home = city.house.home
    home.settings = msgspec.structs.replace(home.settings, sources=SourcesNamed(("127.0.0.1",)))
    where = {"host": "127.0.0.1", "port": 1, "database": "register", "table": "firm", "user": "reader"}
    wanted = Wanted(title="企业登记库", reach=Reach(kind=ReachKind.POSTGRESQL, **where))
    with city.house.desk(officer) as desk:
        plan = plans.keep(desk, city.found["entry"], wanted)
    with closing(Outward(inside=True)) as outward, suppress(Unavailable):
        plans.run_plan(city.house, officer, plan.id, outward)
    city.found["plan"] = plan.id


def _push(city: City) -> None:
    """Let the department's system announce a file, and another that is refused."""
    system = pushes.actor_of(f"CN-500000/GOV/{MARKET}/archive", MARKET)
    for name in ("rows.csv", "wrong.csv"):
        parcel = Parcel(entry=city.found["entry"], name=name, size=1000, content=f"{len(name):064x}")
        with city.house.desk(system) as desk:
            push = pushes.open_push(desk, parcel)
    with city.house.desk(system) as desk:
        pushes.fail(desk, push.id, Invalid("the columns are not those of the entry"))


def _package(city: City) -> None:
    """Let the second package of a department's edge agent come, and its first one not."""
    key = SigningKey.of_seed(b"edge----" * 4)
    with city.house.desk(city.house.itself) as desk:
        system = registers.register_system(desk, MARKET, "edge", "前置机")
        registers.set_key(desk, system.name, PublicKey.read(str(key.public)))
    with TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.csv"
        to = packages.destination_of(city.house)
        depot = packages.Depot.of(Path(folder), str(system.name), city.found["entry"], to)
        for name in ("甲", "乙"):
            rows.write_text(name)
            paper, _ = packages.pack_file(depot, rows, Layout(), key)
        city.found["package"] = packages.take_in(city.house, depot.package(paper.number)).id


def _harvest(city: City) -> None:
    """Let the department import a portal's list in which one record is there twice."""
    with city.house.reading() as db:
        name = registers.find_body(db, MARKET).name
    record = {"标题": "公厕", "提供方": name, "更新周期": "每年", "更新时间": "2023-06-16"}
    rows = [{**record, "编号": number} for number in ("1", "2")]
    with city.client() as client:
        gather = done(
            client.post(
                "/api/harvest/sources/portal/gathers?accept=true",
                content="\n".join(msgspec.json.encode(one).decode() for one in rows).encode(),
                headers=city.bearer("officer"),
            )
        )["id"]
        listed = done(client.get("/api/harvest/records", headers=city.bearer("officer")))
        (decision,) = done(client.get("/api/harvest/decisions", headers=city.bearer("officer")))
    city.found |= {"gather": gather, "record": listed[0]["id"], "decision": decision["id"]}


def _stages(city: City) -> None:
    with city.client() as client:

        def act(account: str, path: str, body: object = None) -> Any:
            content = msgspec.json.encode({} if body is None else body)
            return done(client.post(path, content=content, headers=city.bearer(account)))

        for stage in ("submitted", "registered", "returned"):
            entry = act("officer", "/api/entries", a_sheet(service=f"{stage}-register"))["id"]
            city.found[stage] = entry
            act("head", f"/api/entries/{entry}/signature")
            act("officer", f"/api/entries/{entry}/submission")
            if stage == "registered":
                act("auditor", f"/api/entries/{entry}/registration")
            if stage == "returned":
                act("auditor", f"/api/entries/{entry}/return", {"reasons": ["共享条件没有写明依据"]})
        revised = act("officer", "/api/entries", a_sheet(service="revised-register"))["id"]
        for account, move in (
            ("head", "signature"),
            ("officer", "submission"),
            ("auditor", "registration"),
            ("publisher", "publication"),
        ):
            act(account, f"/api/entries/{revised}/{move}")
        city.found["revised"] = revised
        act(
            "officer",
            "/api/entries",
            {**a_sheet(service="revised-register"), "id": revised, "title": "企业登记信息（新版）"},
        )
        request = act("asker", "/api/requests", a_wish(city, scenario="缺材料"))["id"]
        act("asking-head", f"/api/requests/{request}/signature")
        act("asker", f"/api/requests/{request}/submission")
        act("head", f"/api/requests/{request}/supplement-notice", {"missing": ["单位职责依据"]})
        city.found["supplement"] = request
        body = {"body": MARKET, "code": "register", "title": "企业登记系统"}
        city.found["own_system"] = act("system", "/api/systems", body)["name"]
        body = {"system": city.found["system"], "profile": "x-client"}
        city.found["secret"] = act("security", "/api/secrets", body)["id"]
        _census(city, act)
        rule = {"name": "dated", "type": "custom", "engine": "jutong"}
        rule["implementation"] = {"check": "satisfies", "expression": "day(reg_date) < day('2026-01-01')"}
        document = {"apiVersion": "v3.1.0", "schema": [{"name": "rows", "quality": [rule]}]}
        act("officer", f"/api/entries/{city.found['entry']}/rulebook", {"document": document})


def _census(city: City, act: Callable[..., Any]) -> None:
    columns = [{"name": "uscc", "type": "varchar(18)"}, {"name": "sfzh", "type": "varchar(18)"}]
    tables = [{"name": "qyxx", "columns": columns}, {"name": "ry", "columns": columns}]
    report = {"system": city.found["own_system"], "tables": tables}
    city.found["table"], city.found["loose_table"] = (one["id"] for one in act("officer", "/api/census/tables", report))
    act("officer", f"/api/census/tables/{city.found['table']}/hanging", {"entry": city.found["entry"]})
    city.found["survey"] = city.found["line"]
    told = {"body": MARKET, "system": city.found["own_system"], "clock": city.house.clock}
    with census.surveyed(city.house.home.folder, city.found["survey"], **told) as surveying:
        surveying.progress(2)
    city.found["edition"] = act("overseer", "/api/census/editions", {"name": "2026"})["id"]
    sheet = a_sheet(service="contradicted-register")
    sheet["items"] = [{**sheet["items"][0], "title": "经办人身份证号", "grade": 1}, *sheet["items"][1:]]
    told = act("officer", "/api/entries", sheet)["id"]
    city.found["proposal"] = act("officer", f"/api/entries/{told}/grading")[0]["id"]
    project = {"body": MARKET, "title": "登记平台", "collects": ["企业名称"]}
    city.found["project"] = act("officer", "/api/projects", project)["id"]


def _lists(city: City) -> None:
    """Put a demand on the list that is split, another before its presumed owner, and an update under its clock."""
    asker = Actor(id="asker", org=SOCIAL, duties=frozenset({Duty.REQUESTS}))
    authority = Actor(id="lists", org=AUTHORITY, duties=frozenset({Duty.REGISTER_AUDIT, Duty.OVERSIGHT}))
    wanted = catalogue.Need(
        title="企业登记",
        purpose=catalogue.Purpose.APPROVAL,
        words="核验原单位",
        legal_basis="失业保险条例",
        items=("名称",),
        by=city.house.clock().date() + timedelta(days=60),
    )
    found = {}
    for name in ("demand", "routed", "filed"):
        with city.house.desk(asker) as desk:
            found[name] = catalogue.file_demand(desk, catalogue.draft_demand(desk, wanted).id).id
    with city.house.desk(authority) as desk:
        for name in ("demand", "routed"):
            catalogue.accept_demand(desk, found[name])
        catalogue.state_duties(desk, MARKET, "负责企业登记")
        catalogue.route_demand(desk, found["routed"], MARKET)
        task = catalogue.Task(
            owner=MARKET,
            items=("名称",),
            method=Method.QUERY,
            due=city.house.clock().date() + timedelta(days=60),
        )
        found["responsibility"] = catalogue.split_demand(desk, found["demand"], task).id
        (revision,) = catalogue.open_revisions(
            desk, MARKET, cause=catalogue.Cause.LAW, words="修订", changed_on=city.house.clock().date()
        )
    city.found |= {**found, "revision": revision.id}


def knowing_all(city: City) -> Doorkeeper:
    """Return a doorkeeper who takes an account's name for its session, also of somebody who holds no post."""
    of_posts = knowing(city)

    def doorkeeper(house: House, token: str) -> Seat | None:
        if token != UNPOSTED:
            return of_posts(house, token)
        now = house.clock()
        return Seat(
            session="s",
            person=city.found["unposted"],
            account=UNPOSTED,
            name=UNPOSTED,
            language=None,
            chairs=(),
            chair=None,
            csrf=CSRF,
            owes=None,
            has_second=False,
            level=Assurance.TWO,
            opened=now,
            seen=now,
        )

    return doorkeeper


def person_of(city: City, account: str) -> str:
    """Return the identifier of a person of the city."""
    with city.house.reading() as db:
        person = registers.person_with(db, account)
    assert person is not None
    return person.id


def filled(city: City, path: str, **others: str) -> str:
    """Return a route's address with things of the city in its slots; an unknown slot is a fault of the test."""
    found = city.found
    if path == "/requests/{request_id}/draft" and "request_id" not in others:
        others = {"request_id": found["wish"], **others}
    known = {
        "agreement_id": found["agreement"],
        "profile_id": found["line"],
        "secret_id": found["secret"],
        "subscription_id": found["line"],
        "outflow_id": found["outflow"],
        "policy_id": found["policy"],
        "listing_id": found["listing"],
        "proxy_id": found["proxy"],
        "batch_id": found["batch"],
        "application_id": found["application"],
        "template_id": found["template"],
        "purchase_id": found["purchase"],
        "code": MARKET,
        "table_id": found["table"],
        "survey_id": found["survey"],
        "edition_id": found["edition"],
        "proposal_id": found["proposal"],
        "project_id": found["project"],
        "credential_id": city.credentials["asker"],
        "delegation_id": found["line"],
        "passkey_id": found["line"],
        "identity_id": found["line"],
        "demand_id": found["demand"],
        "responsibility_id": found["responsibility"],
        "revision_id": found["revision"],
        "delivery_id": found["line"],
        "entry_id": found["entry"],
        "erasure_id": found["erasure"],
        "layer": "raw",
        "name": found["entry"],
        "gather_id": found["gather"],
        "record_id": found["record"],
        "decision_id": found["decision"],
        "day": city.house.clock().date().isoformat(),
        "group_id": found["line"],
        "indicator": "S1",
        "layer_name": "districts",
        "objection_id": found["objection"],
        "plan_id": found["plan"],
        "person_id": person_of(city, "officer"),
        "post_id": city.posts["officer"],
        "question_id": found["line"],
        "request_id": found["request"],
        "rule": "reg_date.date-valid",
        "session_id": found["line"],
        "snapshot_id": found.get("snapshot", found["line"]),
        "some_id": found["line"],
        "step": "about",
        "tag": "en",
        "use_id": found["use"],
        "dispute_id": found["dispute"],
        "wanted": found["line"],
        **others,
    }
    address = SLOT.sub(lambda slot: known[slot[1]], path)
    return f"{address}?node=entry:{found['entry']}" if path == "/map/impact" else address


def state_of(city: City) -> Mapping[str, object]:
    """Return all that the control database holds, but for denials and what was seen when: what must not change."""
    found: dict[str, object] = {}
    with connection(city.house.engine) as db:
        for table in metadata.sorted_tables:
            if table.name.startswith("ledger_") and "leaf" not in table.c:
                continue
            query = sa.select(table)
            if "leaf" in table.c:
                query = sa.select(table.c.id).where(table.c.act != "guard.denied")
            found[table.name] = sorted(map(repr, db.execute(query).all()))
    return found
