"""Items one by one: a policy takes them out of a delivery, or masks them, by every way alike, and the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from jutong import catalogue, cli, sharing
from jutong.delivery import bulk, policies
from jutong.delivery.bulk import outflow, telling
from jutong.delivery.bulk.form import Form
from jutong.delivery.call import Call, Person, bulk_call
from jutong.delivery.cutting import Cut
from jutong.delivery.gateway import Gateway
from jutong.delivery.plan import Plan, compile, judge, plan_for, plan_of_view
from jutong.delivery.policies import Sample, Sight
from jutong.delivery.ruling import InForce
from jutong.guard.grades import Method
from jutong.kernel.db import connection
from jutong.kernel.errors import Invalid, NotAllowed
from jutong.kernel.settings import Home
from jutong.kernel.settings import Outflows as Allowed
from jutong.terms import Grade
from tests.console import CSRF, a_console
from tests.gateway import CODE, FIRM, SERVICE, Market, a_market, run
from tests.shares import Sharing, a_sharing, firms
from tests.town import AUTHORITY, SOCIAL
from tests.unit.test_listings import BY_CITY, FIRMS, a_listing, by, opened
from tests.unit.test_outflows import turned_on
from tests.unit.test_policies_at_work import PURPOSE, WRITER, asked, enforced, in_force, lifted, written

NO_CAPITAL = 'forbid (principal, action, resource is Item) when { resource.name == "capital" };'
SHORT_NAME = '@mask("keep:1:0") forbid (principal, action, resource is Item) when { resource.name == "name" };'
LATE = NO_CAPITAL.replace("action,", 'action in Action::"record",').replace("}", "&& context.hour >= 11 }")
NOTHING = "forbid (principal, action, resource is Item);"


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """A delivered service, with one by declaration."""
    market = a_market(tmp_path, rows=[FIRM, *FIRMS], items=("name", "uscc", "capital", "address"))
    opened(market, a_listing())
    return market


def test_the_gateway_leaves_an_item_out_and_says_by_which_policy(market: Market) -> None:
    """A record, a batch and a list lack the item; whoever names it, or asks whether it is so, is refused."""
    kept = in_force(market.town, NO_CAPITAL)
    for _ in range(2):
        reply = asked(market)
        assert (reply.status, sorted(reply.body)) == (200, ["address", "name", "uscc"])
        assert market.records()[-1]["withheld"] == f"{kept.id}/1"
    batch = asked(market, f"/r1/{SERVICE}/query", method="POST", body=msgspec.json.encode({"keys": [CODE]}))
    assert "capital" not in batch.body[0]["record"]
    named = asked(market, f"/r1/{SERVICE}/{CODE}?items=name,capital")
    wish = msgspec.json.encode({"keys": [CODE], "items": ["capital"]})
    claim = msgspec.json.encode({"key": CODE, "facts": {"capital": FIRM["capital"]}})
    refused = [
        named,
        asked(market, f"/r1/{SERVICE}/query", method="POST", body=wish),
        asked(market, f"/r1/{SERVICE}/verify", method="POST", body=claim),
    ]
    assert [(one.status, one.headers["x-road-error"]) for one in refused] == [(403, "scope")] * 3
    assert kept.id in named.body["basis"]
    assert "withheld" not in market.records()[-1]
    other = msgspec.json.encode({"key": CODE, "facts": {"uscc": CODE}})
    assert asked(market, f"/r1/{SERVICE}/verify", method="POST", body=other).body == {"match": True}


def test_a_list_is_not_found_by_an_item_that_policies_hide(market: Market) -> None:
    """The item is out of the rows; and no row is found by it, nor by one that is masked: that would tell it."""
    kept = in_force(market.town, NO_CAPITAL.replace("capital", "address"))
    rows = asked(market, by({"begins": "企业"})).body["rows"]
    assert {tuple(one) for one in rows} == {("name", "uscc", "capital")}
    assert asked(market, by({"begins": "企业"}, items="address")).headers["x-road-error"] == "scope"
    with market.town.desk(WRITER) as desk:
        policies.draft_policy(desk, "第二版", "依据", NO_CAPITAL, tier=AUTHORITY, whole=True, policy_id=kept.id, seen=1)
    with market.town.desk(replace(WRITER, id="second")) as desk:
        policies.enforce_policy(desk, kept.id, 2)
    assert asked(market, by({"begins": "企业"})).headers["x-road-error"] == "scope"
    assert market.records()[-1]["service"].endswith(BY_CITY.rpartition("/r1/")[2].partition("/list")[2])


def test_the_short_way_is_no_way_around(market: Market) -> None:
    """In a session whose calls were judged before, an item goes with the hour from which it may not be seen."""

    async def story(gateway: Gateway) -> list[bool]:
        token = await market.token(gateway)

        async def held() -> bool:
            reply = await market.ask(gateway, f"/r1/{SERVICE}/{CODE}", sign=False, authorization=f"Bearer {token}")
            return "capital" in reply.body

        found = [await held() for _ in range(3)]
        in_force(market.town, LATE)
        await gateway.look()
        found += [await held() for _ in range(2)]
        market.town.now += timedelta(minutes=5)
        return [*found, *[await held() for _ in range(2)]]

    market.town.on(date(2025, 9, 26))
    market.town.now += timedelta(minutes=57)
    assert run(market, story) == [True, True, True, True, True, False, False]


def test_a_mask_in_place_of_nothing(market: Market) -> None:
    """Annotated with a mask the item leaves behind it, and may still be verified: a verdict shows no value."""
    in_force(market.town, SHORT_NAME)
    assert asked(market).body["name"] == "重***"
    claim = msgspec.json.encode({"key": CODE, "facts": {"name": FIRM["name"]}})
    assert asked(market, f"/r1/{SERVICE}/verify", method="POST", body=claim).body == {"match": True}
    assert asked(market, by({"begins": "企业"})).headers["x-road-error"] == "scope"


def test_where_nothing_is_left_the_delivery_is_refused(market: Market) -> None:
    """Not an empty record: a refusal by the policy."""
    in_force(market.town, NOTHING)
    reply = asked(market)
    assert (reply.status, reply.headers["x-road-error"]) == (403, "policy")


def plan_of(market: Market, *sources: str, **changes: Any) -> Plan:
    """Compile the agreement with these policies of the tier in force."""
    with connection(market.town.engine) as db:
        agreement = sharing.find_agreement(db, market.agreement.id)
        entry = catalogue.find(db, agreement.entry)
    items = tuple(replace(one, **changes.get(one.name, {})) for one in entry.items)
    told = [
        InForce(
            id=f"p{place}",
            version=1,
            title="试行",
            basis="依据",
            source=source,
            body=AUTHORITY,
            whole=True,
            starts=date.min,
        )
        for place, source in enumerate(sources)
    ]
    return compile(
        replace(agreement, methods=frozenset(Method)), replace(entry, items=items), secret=bytes(32), policies=told
    )


def left(plan: Plan, call: Call) -> dict[str, str]:
    """Return what leaves by a call, each with its mask."""
    assert judge(plan, call) is None
    return {name: str(mask) for name, mask in plan_for(plan, call).masks.items()}


def test_who_asks_how_surely_and_for_what_decides_item_by_item(market: Market) -> None:
    """By grade and element, below an assurance, for one purpose, for one official: each drops its own items alone."""
    call = Call(market.client, Method.QUERY, PURPOSE.value, (), date(2025, 9, 26), 10, records=1, alg="ed25519")
    every = {"name", "uscc", "capital", "address"}
    heads = 'forbid (principal, action in Action::"record", resource is Item) when { '
    told = {
        "resource.grade >= 3 }": every - {"capital"},
        "resource.personal }": every - {"address"},
        'resource has element && resource.element == "phone" }': every - {"address"},
        "!(context has assurance && context.assurance >= 3) }": every,
        f'context.purpose == "{PURPOSE.value}" && resource.masked }}': every - {"address"},
        'principal in Body::"nobody" }': every,
        f'resource in Agreement::"{market.agreement.id}" && resource.name == "name" }}': every - {"name"},
        'resource.entry.grade > 4 || resource.name like "u*" }': every - {"uscc"},
    }
    changes = {
        "capital": {"grade": Grade.L3},
        "address": {"grade": Grade.L1, "element": "phone"},
        "name": {"element": None},
    }
    for condition, wanted in told.items():
        plan = plan_of(market, heads + condition + ";", **changes)
        assert set(left(plan, call)) == wanted, condition
    unsure = plan_of(
        market, f"{heads}!(context has assurance && context.assurance >= 3) && resource.grade >= 3 }};", **changes
    )
    assert set(left(unsure, call)) == every
    assert set(left(unsure, msgspec.structs.replace(call, alg=""))) == every - {"capital"}


def test_of_two_masks_the_stricter_counts_and_none_is_ever_weaker(market: Market) -> None:
    """What was agreed stays where it hides as much; of masks that do not compare nothing is shown."""
    call = Call(market.client, Method.QUERY, PURPOSE.value, (), date(2025, 9, 26), 10, records=1)
    mask = lambda spec: SHORT_NAME.replace("keep:1:0", spec)  # noqa: E731
    assert left(plan_of(market, mask("keep:3:4"), mask("keep:1:1")), call)["name"] == "keep:1:1"
    assert left(plan_of(market, mask("keep:1:1"), mask("keep:3:4")), call)["name"] == "keep:1:1"
    assert "name" not in left(plan_of(market, mask("keep:1:1"), mask("hash")), call)
    assert left(plan_of(market, mask("drop")), call)["name"] == "drop"
    assert left(plan_of(market, mask("drop"), mask("keep:1:1")), call)["name"] == "drop"
    agreed = left(plan_of(market), call)["address"]
    assert agreed == "keep:6:0"
    weaker = plan_of(market, mask("keep:9:0").replace('"name"', '"address"'))
    assert left(weaker, call)["address"] == agreed
    assert plan_for(weaker, call).withheld == ""


def test_without_policies_on_items_a_plan_is_what_it_was(market: Market) -> None:
    """Nothing is asked and nothing is copied; policies of another provider are not even looked at."""
    call = Call(market.client, Method.QUERY, PURPOSE.value, (), date(2025, 9, 26), 10, records=1)
    plain = plan_of(market, "forbid (principal, action, resource) when { context.hour < 6 };")
    assert plain.cuts is None
    assert plan_for(plain, call) is plain
    assert plan_of_view(plain) is plain
    cut = plan_of(market, NO_CAPITAL)
    assert plan_for(cut, call) is plan_for(cut, msgspec.structs.replace(call, client="another"))
    assert isinstance(next(iter(cut.narrowed)), Cut)
    elsewhere = plan_of(market, 'forbid (principal, action, resource is Item in Entry::"x");')
    assert elsewhere.cuts is None


def test_a_view_leaves_out_what_any_agreed_purpose_forbids(market: Market) -> None:
    """One view serves all purposes: what one of them may not see stands in none; other ways ask for their own."""
    source = (
        f'forbid (principal, action, resource is Item) when {{ context.purpose == "{PURPOSE.value}" &&'
        ' resource.name == "name" };'
    )
    plan = plan_of(market, source)
    assert "name" not in plan_of_view(plan).columns
    person = Person("p", frozenset())
    now = market.town.now
    for call in (
        bulk_call(Method.TABLE, PURPOSE.value, now, client=market.client),
        bulk_call(Method.FILE, PURPOSE.value, now, person=person),
        bulk_call(Method.TABLE, PURPOSE.value, now, client=market.client, way="subscribe"),
        bulk_call(Method.TABLE, PURPOSE.value, now, way="outflow"),
    ):
        assert set(left(plan, call)) == {"uscc", "capital", "address"}


@pytest.mark.parametrize(
    ("source", "right"),
    [
        (NO_CAPITAL, True),
        (SHORT_NAME, True),
        ('forbid (principal, action, resource == Item::"e/name");', True),
        ('forbid (principal in Body::"b", action in Action::"batch", resource is Item in Entry::"e");', True),
        ('forbid (principal, action, resource is Item) when { context.purpose == "credit" };', True),
        ("permit (principal, action, resource is Item);", False),
        ('@mask("none") forbid (principal, action, resource is Item);', False),
        ('@mask("half") forbid (principal, action, resource is Item);', False),
        ('@mask("drop") forbid (principal, action, resource);', False),
        ("forbid (principal, action, resource is Item) when { context.row has city };", False),
        ("forbid (principal, action, resource is Item) when { context.hour < 8 };", False),
        ('forbid (principal, action in Action::"record", resource is Item) when { context.hour < 8 };', True),
        ("forbid (principal, action, resource is Item) when { {a: context}.a.hour < 8 };", False),
        ("forbid (principal is System, action, resource is Item);", False),
        ('forbid (principal, action == Action::"file", resource is Item);', False),
        ("forbid (principal, action, resource is Item) when { resource.purposes.isEmpty() };", False),
        ('forbid (principal, action, resource is Item) when { resource.element == "phone" };', False),
        ('forbid (principal, action, resource in Item::"e/name");', False),
        ("forbid (principal, action, resource) when { resource.purposes.isEmpty() };", True),
    ],
)
def test_what_cannot_decide_items_is_refused_before_it_counts(source: str, right: bool) -> None:
    """Only a prohibition whose head names items, that tells no readings of one view apart, with a mask that hides."""
    assert (not policies.faults(source, whole=True)) == right


def test_people_see_before_and_after_who_loses_which_item(market: Market) -> None:
    """A draft's loss is told by agreement; a sample by items; then the table of who sees what names the policy."""
    town = market.town
    with connection(town.engine) as db:
        how: dict[str, Any] = {"body": AUTHORITY, "whole": True, "policy_id": "", "now": town.now}
        told = policies.consequences(db, NO_CAPITAL, **how)
        masked = policies.consequences(db, SHORT_NAME, **how)
    assert {(one.action, one.refused, one.dropped) for one in told} == {
        ("query", False, ("capital",)),
        ("verify", False, ("capital",)),
    }
    assert {one.masked for one in masked} == {("name",)}
    with town.desk(WRITER) as desk:
        sample = Sample(agreement=market.agreement.id)
        answer = policies.try_policy(desk, NO_CAPITAL, sample, tier=AUTHORITY, whole=True)
    assert (answer.refusal, answer.dropped) == (None, ("capital",))
    kept = in_force(town, NO_CAPITAL)

    def seen(body: str, **more: Any) -> dict[str, tuple[Any, Any]]:
        with connection(town.engine) as db:
            found = policies.items_seen(db, body=body, every=body == AUTHORITY, now=town.now, **more)
        return {one.item: (one.single, [title for _, title in one.policies]) for one in found}

    assert seen(AUTHORITY, hidden=True) == {"capital": (Sight.DROPPED, [kept.title])}
    assert seen(SOCIAL)["uscc"] == (Sight.OPEN, [])
    assert seen("91110000000000000X") == {}
    with connection(town.engine) as db:
        pages = [policies.items_seen(db, body=AUTHORITY, every=True, now=town.now, limit=1)]
        while pages[-1]:
            pages.append(
                policies.items_seen(db, body=AUTHORITY, every=True, now=town.now, limit=1, after=pages[-1][0].key)
            )
    assert len({one.key for page in pages for one in page}) == len(pages) - 1 == 4


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sharing]:
    """Firms, given as a table and as files."""
    folder = tmp_path_factory.mktemp("cut")
    made = a_sharing(folder / "home", firms(20))
    (folder / "mounted").mkdir()
    home = made.house.home
    named = msgspec.structs.replace(home.settings, outflows=Allowed(folders=(str(folder / "mounted"),)))
    object.__setattr__(made.house, "home", Home(home.folder, named))
    made.keep()
    yield made
    made.house.engine.dispose()


def test_no_way_of_batch_delivery_brings_a_dropped_item(shared: Sharing, tmp_path: Path) -> None:
    """Schema and files of the share, a file, the feed of changes and an outflow: none holds the column."""
    house, asker = shared.house, shared.actor("asker")
    headers = {"authorization": f"Bearer {shared.profile()[1]}"}
    out = Path(house.home.settings.outflows.folders[0])
    kept, masked = enforced(shared, NO_CAPITAL), enforced(shared, SHORT_NAME)
    with pytest.raises(Exception, match="being made"):
        bulk.hand_over(house, asker, shared.agreement, Form.PARQUET, PURPOSE)
    shared.keep()
    shared.lay(firms(25), "second")
    view = shared.keep()
    assert view.changes is not None
    line = shared.city.lines("delivery.view_made")[-1]
    assert set(line.facts["withheld"].split(",")) == {f"{kept.id}/1", f"{masked.id}/1"}

    found: dict[str, list[str]] = {}
    with shared.running() as client:
        schema = client.get(f"{shared.table()}/metadata", headers=headers).text
        reply = client.post(f"{shared.table()}/query", json={}, headers=headers)
        urls = [json.loads(each)["file"]["url"] for each in reply.text.splitlines() if '"file"' in each]
        for number, url in enumerate(urls):
            path = tmp_path / f"{number}.parquet"
            path.write_bytes(client.get(url).content)
            found[f"share {number}"] = pq.read_schema(path).names
            assert {name[1:] for name in pq.read_table(path).column("name").to_pylist()} == {"***"}
    assert "capital" not in schema
    assert "city" in schema
    assert shared.records()[-1]["withheld"] == line.facts["withheld"]
    handed = bulk.hand_over(house, asker, shared.agreement, Form.PARQUET, PURPOSE)
    found["file"] = pq.read_schema(handed.path).names
    assert shared.city.lines("delivery.file_handed_over")[-1].facts["withheld"] == line.facts["withheld"]
    folder = bulk.views_folder(house) / shared.agreement.lower()
    for path in folder.rglob("*.parquet"):
        found[str(path)] = pq.read_schema(path).names
    assert {bool(path.parent.name == "changes") for path in folder.rglob("*.parquet")} == {True, False}
    turned_on(shared, out)
    assert outflow.run_outflows(house) == 1
    gone_out = list(out.rglob("*.parquet"))
    assert gone_out
    found |= {str(path): pq.read_schema(path).names for path in gone_out}
    assert all("capital" not in names and "city" in names for names in found.values()), found
    lifted(shared, kept)
    lifted(shared, masked)
    shared.keep()
    whole = bulk.hand_over(house, asker, shared.agreement, Form.PARQUET, PURPOSE)
    assert "capital" in pq.read_schema(whole.path).names


def test_where_policies_leave_no_item_no_view_stands(shared: Sharing) -> None:
    """Every way is refused by the policy, and the files that stood are taken away."""
    kept = enforced(shared, NOTHING)
    house, asker = shared.house, shared.actor("asker")
    headers = {"authorization": f"Bearer {shared.profile()[1]}"}
    with pytest.raises(NotAllowed, match="leaves no item"):
        bulk.hand_over(house, asker, shared.agreement, Form.CSV, PURPOSE)
    with pytest.raises(NotAllowed, match="leaves no item"), house.desk(asker) as desk:
        telling.subscribe(desk, shared.agreement, shared.system, "https://claims.example/hook", PURPOSE, key=house.key)
    with shared.running() as client:
        assert client.post(f"{shared.table()}/query", json={}, headers=headers).status_code == 403
    assert bulk.keep_view(house, shared.agreement) is None
    assert not list((bulk.views_folder(house) / shared.agreement.lower()).rglob("*.parquet"))
    lifted(shared, kept)
    shared.keep()


def test_a_draft_on_items_needs_two_people_like_any_other(market: Market) -> None:
    """What is unsound is not kept; what is kept counts for nothing until a second person has put it in force."""
    with pytest.raises(Invalid), market.town.desk(WRITER) as desk:
        written(desk, "permit (principal, action, resource is Item);")
    with market.town.desk(WRITER) as desk:
        written(desk, NO_CAPITAL)
    assert "capital" in asked(market).body


def test_who_sees_what_is_read_on_a_page_by_api_and_by_command(shared: Sharing, tmp_path: Path) -> None:
    """The same table by each way; the editor tells what a draft would take from whom."""
    kept = enforced(shared, NO_CAPITAL)
    city, client = shared.city, a_console(shared.city).client("security")
    page = client.get("/policies/items", params={"policies": "hidden"})
    assert page.status_code == 200
    assert (page.text.count(shared.agreement) > 0, "capital" in page.text, kept.title in page.text) == (True,) * 3
    with city.client() as api:
        told = api.get(f"/api/agreements/{shared.agreement}/items", headers=city.bearer("security")).json()
    assert {one["item"]: one["whole"] for one in told}["capital"] == "dropped"
    assert {tuple(one["policies"]) for one in told if one["item"] == "capital"} == {(kept.id,)}
    home = str(shared.house.home.folder)
    words = ["policies", "items", shared.agreement, "--hidden", "--home", home, "--token", city.tokens["security"]]
    found = CliRunner().invoke(cli.app, [*words, "--json"])
    assert {one["item"] for one in json.loads(found.stdout.splitlines()[-1])} == {"capital"}
    form = {"_csrf": CSRF, "whole": "true", "policy_title": "", "basis": "", "action": "table", "rows": "1"}
    draft = client.post("/policies/check", data={**form, "source": SHORT_NAME, "agreement": shared.agreement})
    assert draft.status_code == 200
    assert "masked: name" in draft.text or "脱敏：name" in draft.text
    lifted(shared, kept)
