"""Policies where they count: at every way of delivery, within a second, by two people, and never against a grade."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from jutong import catalogue, cli, delivery, sharing
from jutong.catalogue import Purpose
from jutong.collection.plans import Schedule
from jutong.delivery import bulk, policies
from jutong.delivery.bulk import outflow, telling
from jutong.delivery.bulk.form import Form
from jutong.delivery.bulk.outflow import Target, TargetKind
from jutong.delivery.call import Call, bulk_call
from jutong.delivery.gateway import Gateway
from jutong.delivery.plan import Plan, compile, judge
from jutong.delivery.policies import DeliveryPolicy, Sample, Stage
from jutong.desk import Desk
from jutong.guard.grades import Method
from jutong.kernel.db import connection
from jutong.kernel.errors import Invalid, NotAllowed, NotFound, Overtaken
from jutong.terms import Actor, Assurance, Duty, Grade
from tests.console import CSRF, a_console
from tests.gateway import CODE, OTHER, SERVICE, Market, a_market, run
from tests.shares import Sharing, a_sharing, firms
from tests.town import AUTHORITY, MARKET, SOCIAL, officer

WRITER, SECOND = officer(AUTHORITY, Duty.SECURITY_ADMIN), officer(AUTHORITY, Duty.OVERSIGHT)
PURPOSE = Purpose.SOCIAL_SECURITY
BASIS = "数据安全管理办法第九条"
FORBID_ALL = "forbid (principal, action, resource);"


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """A delivered service."""
    return a_market(tmp_path)


def written(desk: Desk, source: str, **how: Any) -> DeliveryPolicy:
    """Draft a policy."""
    return policies.draft_policy(desk, "试行策略", BASIS, source, **({"tier": AUTHORITY, "whole": True} | how))


def in_force(town: Any, source: str, *, writer: Actor = WRITER, second: Actor = SECOND, **how: Any) -> DeliveryPolicy:
    """Let one person write and another put in force."""
    with town.desk(writer) as desk:
        kept = written(desk, source, **how)
    with town.desk(second) as desk:
        return policies.enforce_policy(desk, kept.id, kept.version)


def asked(market: Market, path: str = f"/r1/{SERVICE}/{CODE}", **changes: Any) -> Any:
    """Ask the gateway once."""
    return run(market, lambda gateway: market.ask(gateway, path, **changes))


def test_a_refusal_names_the_policy_and_its_basis(market: Market) -> None:
    """Who is refused learns by which policy, in which version, and on which rule it rests."""
    kept = in_force(market.town, 'forbid (principal, action == Action::"query", resource);')
    reply = asked(market)
    assert (reply.status, reply.headers["x-road-error"]) == (403, "policy")
    assert kept.id in reply.body["basis"]
    assert BASIS in reply.body["basis"]
    assert market.records()[-1]["code"] == "policy"
    claim = msgspec.json.encode({"key": CODE, "facts": {"uscc": CODE}})
    assert asked(market, f"/r1/{SERVICE}/verify", method="POST", body=claim).body == {"match": True}


def test_a_gateway_that_runs_knows_a_policy_within_a_second(market: Market) -> None:
    """Put in force and withdrawn again while calls come in one session: the short way is no way around."""

    async def story(gateway: Gateway) -> None:
        token = await market.token(gateway)

        async def status() -> int:
            reply = await market.ask(gateway, f"/r1/{SERVICE}/{CODE}", sign=False, authorization=f"Bearer {token}")
            return int(reply.status)

        async def until(wanted: int) -> float:
            began = time.monotonic()
            while await status() != wanted:
                assert time.monotonic() - began < 10
                await asyncio.sleep(0.02)
            return time.monotonic() - began

        assert [await status() for _ in range(3)] == [200] * 3
        kept = in_force(market.town, FORBID_ALL)
        waited = [await until(403)]
        with market.town.desk(SECOND) as desk:
            policies.withdraw_policy(desk, kept.id)
        waited.append(await until(200))
        assert min(waited) < 1

    run(market, story)


def test_what_varies_by_the_hour_is_judged_at_every_call(market: Market) -> None:
    """An answer of ten o'clock says nothing about eleven, though the session is the same."""
    in_force(market.town, "forbid (principal, action, resource) when { context.hour >= 11 };")

    async def story(gateway: Gateway) -> list[int]:
        token = await market.token(gateway)
        found = []
        for _ in range(3):
            reply = await market.ask(gateway, f"/r1/{SERVICE}/{CODE}", sign=False, authorization=f"Bearer {token}")
            found.append(reply.status)
        market.town.now += timedelta(minutes=5)
        reply = await market.ask(gateway, f"/r1/{SERVICE}/{CODE}", sign=False, authorization=f"Bearer {token}")
        return [*found, reply.status]

    market.town.on(date(2025, 9, 26))
    market.town.now += timedelta(minutes=57)
    assert run(market, story) == [200, 200, 200, 403]


def test_a_row_that_may_not_leave_is_as_if_it_were_not_there(market: Market) -> None:
    """By the row alone, on the long way and on the short one; a verification says no."""
    in_force(
        market.town,
        'forbid (principal, action, resource) when { context.row has name && context.row.name like "Chuan*" };',
    )

    async def story(gateway: Gateway) -> list[int]:
        token = await market.token(gateway)
        found = []
        for key in (CODE, CODE, OTHER["uscc"], CODE, OTHER["uscc"]):
            reply = await market.ask(gateway, f"/r1/{SERVICE}/{key}", sign=False, authorization=f"Bearer {token}")
            found.append(reply.status)
        return found

    assert run(market, story) == [200, 200, 404, 200, 404]
    claim = msgspec.json.encode({"key": OTHER["uscc"], "facts": {"uscc": OTHER["uscc"]}})
    assert asked(market, f"/r1/{SERVICE}/verify", method="POST", body=claim).body == {"match": False}


def test_a_provider_speaks_of_its_own_entries_alone(market: Market) -> None:
    """Another department's policy changes nothing; the provider's own counts at once."""
    head, answering = officer(SOCIAL, Duty.OFFICE_HEAD), officer(SOCIAL, Duty.SECURITY_ADMIN)
    in_force(market.town, FORBID_ALL, writer=head, second=answering, whole=False)
    assert asked(market).status == 200
    with pytest.raises(NotAllowed), market.town.desk(answering) as desk:
        written(desk, FORBID_ALL)
    own = officer(MARKET, Duty.OFFICE_HEAD), officer(MARKET, Duty.SECURITY_ADMIN)
    in_force(market.town, FORBID_ALL, writer=own[0], second=own[1], whole=False)
    assert asked(market).status == 403


def test_without_the_built_in_permit_what_nobody_permits_is_denied(market: Market) -> None:
    """The tier replaces it by a narrower one: queries leave, verifications do not."""
    in_force(market.town, '@replaces("agreement-holds") permit (principal, action == Action::"query", resource);')
    assert asked(market).status == 200
    claim = msgspec.json.encode({"key": CODE, "facts": {"uscc": CODE}})
    reply = asked(market, f"/r1/{SERVICE}/verify", method="POST", body=claim)
    assert (reply.status, reply.headers["x-road-error"]) == (403, "policy")


def test_two_people_stand_behind_what_is_in_force(market: Market) -> None:
    """Who wrote it neither puts it in force nor lifts it; drafts count for nothing; lines keep digests, not texts."""
    town = market.town
    both = replace(WRITER, duties=frozenset({Duty.SECURITY_ADMIN, Duty.OVERSIGHT}))
    with town.desk(both) as desk:
        kept = written(desk, FORBID_ALL)
    assert asked(market).status == 200
    with pytest.raises(NotAllowed), town.desk(both) as desk:
        policies.enforce_policy(desk, kept.id, 1)
    with pytest.raises(Invalid), town.desk(SECOND) as desk:
        policies.enforce_policy(desk, kept.id, 1, date(2025, 9, 1))
    with town.desk(SECOND) as desk:
        policies.enforce_policy(desk, kept.id, 1, date(2025, 9, 30))
    assert asked(market).status == 200
    with pytest.raises(NotAllowed), town.desk(both) as desk:
        policies.withdraw_policy(desk, kept.id)
    town.on(date(2025, 9, 30))
    assert asked(market).status == 403
    (line,) = town.lines("delivery.policy_enforced")
    assert line.facts["digest"] == kept.digest
    assert "principal" not in str(line.facts)


def test_a_next_version_stands_beside_the_one_in_force_until_it_is_enforced(market: Market) -> None:
    """A draft over a draft takes its place; who has not seen the newest is told; what is unsound is not kept."""
    kept = in_force(market.town, FORBID_ALL)
    softer = 'forbid (principal, action == Action::"verify", resource);'
    with market.town.desk(WRITER) as desk:
        assert written(desk, softer, policy_id=kept.id, seen=1).version == 2
    assert asked(market).status == 403
    for version in (0, 3, 2**63):
        with pytest.raises(NotFound), market.town.desk(SECOND) as desk:
            policies.enforce_policy(desk, kept.id, version)
    with pytest.raises(Overtaken), market.town.desk(WRITER) as desk:
        written(desk, FORBID_ALL, policy_id=kept.id, seen=1)
    with pytest.raises(Invalid), market.town.desk(WRITER) as desk:
        written(desk, "forbid (principal, action, resource) when { context.nothing };", policy_id=kept.id, seen=2)
    with market.town.desk(SECOND) as desk:
        policies.enforce_policy(desk, kept.id, 2)
    assert asked(market).status == 200


def test_a_try_and_a_look_ahead_change_nothing(market: Market) -> None:
    """What would be refused is known before: one sample by its reasons, all agreements by what would differ."""
    town, source = market.town, "forbid (principal, action, resource) when { context.hour < 8 };"
    sample = Sample(agreement=market.agreement.id, hour=3)
    with town.desk(WRITER) as desk:
        answer = policies.try_policy(desk, source, sample, tier=AUTHORITY, whole=True)
        late = policies.try_policy(desk, source, replace(sample, hour=9), tier=AUTHORITY, whole=True)
    assert (answer.before, late.refusal) == (None, None)
    assert answer.refusal is not None
    assert answer.refusal.code == "policy"
    with connection(town.engine) as db:
        told = policies.consequences(db, FORBID_ALL, body=AUTHORITY, whole=True, policy_id="", now=town.now)
        none = policies.consequences(db, source, body=AUTHORITY, whole=True, policy_id="", now=town.now)
        others = policies.consequences(db, FORBID_ALL, body=SOCIAL, whole=False, policy_id="", now=town.now)
    assert {(one.action, one.refused) for one in told} == {("query", True), ("verify", True)}
    assert (none, others) == ((), ())
    assert asked(market).status == 200
    with pytest.raises(NotFound), town.desk(officer(SOCIAL, Duty.OFFICE_HEAD)) as desk:
        policies.try_policy(desk, source, sample, tier=AUTHORITY, whole=False)


def test_no_policy_lets_a_grade_leave_that_may_not(market: Market) -> None:
    """Data of L4 leaves by verification and by one record with a purpose, whatever is permitted or was agreed."""
    with connection(market.town.engine) as db:
        agreement = sharing.find_agreement(db, market.agreement.id)
        entry = catalogue.find(db, agreement.entry)
    grave = replace(entry, items=tuple(replace(item, grade=Grade.L4) for item in entry.items))
    whole = replace(agreement, methods=frozenset(Method))
    in_force(market.town, "permit (principal, action, resource);")
    with connection(market.town.engine) as db:
        standing = policies.in_force(db, date(2025, 9, 26))
    plan: Plan = compile(whole, grave, secret=bytes(32), policies=standing)
    assert plan.rules is not None
    now, purpose = market.town.now, PURPOSE.value
    for method, way in ((Method.TABLE, ""), (Method.FILE, ""), (Method.TABLE, "subscribe"), (Method.TABLE, "outflow")):
        refusal = judge(
            plan, bulk_call(method, purpose, now, client="" if way == "outflow" else market.client, way=way)
        )
        assert refusal is not None
        assert refusal.code == "grade"
    single = Call(market.client, Method.QUERY, purpose, (), date(2025, 9, 26), 10, records=1)
    assert judge(plan, single) is None
    assert judge(plan, Call(market.client, Method.VERIFY, purpose, (), date(2025, 9, 26), 10, records=50)) is None
    batch = judge(plan, msgspec.structs.replace(single, records=2))
    assert batch is not None
    assert batch.code == "grade"
    nameless = judge(plan, msgspec.structs.replace(single, purpose=""))
    assert nameless is not None
    assert nameless.code == "purpose"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sharing]:
    """Firms of several cities, given as a table and as files."""
    made = a_sharing(tmp_path_factory.mktemp("shared") / "home", firms(20))
    made.keep()
    yield made
    made.house.engine.dispose()


def enforced(shared: Sharing, source: str) -> DeliveryPolicy:
    """Put a policy of the tier in force."""
    tier = shared.house.home.settings.body
    one, other = replace(shared.actor("overseer"), id="writer"), shared.actor("overseer")
    with shared.house.desk(one) as desk:
        kept = written(desk, source, tier=tier)
    with shared.house.desk(other) as desk:
        return policies.enforce_policy(desk, kept.id, 1)


def lifted(shared: Sharing, kept: DeliveryPolicy) -> None:
    """Withdraw it."""
    with shared.house.desk(shared.actor("overseer")) as desk:
        assert policies.withdraw_policy(desk, kept.id).stage is Stage.WITHDRAWN


def test_every_way_of_batch_delivery_asks_the_same_policies(shared: Sharing, tmp_path: Path) -> None:
    """Share, file, subscription and outflow are refused by the policy that names their action, and no other."""
    headers = {"authorization": f"Bearer {shared.profile()[1]}"}
    house, asker = shared.house, shared.actor("asker")
    target = Target(kind=TargetKind.FOLDER, path=str(tmp_path))

    def ways() -> dict[str, bool]:
        found = {}
        with shared.running() as client:
            found["table"] = client.post(f"{shared.table()}/query", json={}, headers=headers).status_code == 200
        acts = {
            "file": lambda: bulk.hand_over(house, asker, shared.agreement, Form.CSV, PURPOSE),
            "subscribe": lambda: _at(shared, telling.subscribe, shared.system, "https://claims.example/hook", PURPOSE),
            "outflow": lambda: _at(shared, outflow.declare_outflow, "入库", target, PURPOSE, Schedule("")),
        }
        for name, act in acts.items():
            try:
                act()
                found[name] = True
            except NotAllowed as error:
                found[name] = BASIS not in str(error.basis)
        return found

    assert set(ways().values()) == {True}
    for name in ("table", "file", "subscribe", "outflow"):
        kept = enforced(shared, f'forbid (principal, action == Action::"{name}", resource);')
        assert [way for way, open_ in ways().items() if not open_] == [name]
        lifted(shared, kept)


def test_a_view_holds_only_the_rows_that_policies_let_leave(shared: Sharing) -> None:
    """A policy about rows makes the view anew; until then nothing of the old one is handed over."""
    house, asker = shared.house, shared.actor("asker")

    def cities() -> set[str]:
        handed = bulk.hand_over(house, asker, shared.agreement, Form.PARQUET, PURPOSE)
        return set(pq.read_table(handed.path).column("city").to_pylist())

    before = cities()
    gone = sorted(before)[0]
    kept = enforced(
        shared,
        'forbid (principal, action in Action::"batch", resource) when { context.row has city && context.row.city == "'
        f'{gone}" }};',
    )
    with pytest.raises(Exception, match="being made"):
        cities()
    shared.keep()
    assert cities() == before - {gone}
    lifted(shared, kept)
    shared.keep()
    assert cities() == before


def _at(shared: Sharing, act: Any, *given: Any) -> None:
    with shared.house.desk(shared.actor("asker")) as desk:
        act(desk, shared.agreement, *given, key=shared.house.key)


def test_a_console_trial_says_what_the_gateway_would_say(market: Market) -> None:
    """The verdict of the page of services knows policies."""
    in_force(market.town, FORBID_ALL)
    with connection(market.town.engine) as db:
        agreement = sharing.find_agreement(db, market.agreement.id)
        entry, service = catalogue.find(db, agreement.entry), delivery.find_service(db, agreement.entry)
        standing = policies.in_force(db, date(2025, 9, 26))
    call = Call(market.client, Method.QUERY, PURPOSE.value, (), date(2025, 9, 26), 10, records=1)
    refusal = delivery.verdict_of(agreement, entry, service, call, known=True, used=0, policies=standing)
    assert refusal is not None
    assert refusal.code == "policy"


def test_a_file_may_need_a_second_factor(shared: Sharing) -> None:
    """How surely an official was known is asked where a policy wants it; who is not known surely gets no file."""
    kept = enforced(
        shared,
        'forbid (principal is Person, action == Action::"file", resource)'
        " unless { principal has acr && principal.acr >= 2 };",
    )
    house, asker = shared.house, shared.actor("asker")
    with pytest.raises(NotAllowed, match="policy"):
        bulk.hand_over(house, replace(asker, assured=Assurance.ONE), shared.agreement, Form.CSV, PURPOSE)
    assert bulk.hand_over(house, replace(asker, assured=Assurance.TWO), shared.agreement, Form.CSV, PURPOSE).size
    lifted(shared, kept)


def test_policies_are_kept_from_the_terminal(shared: Sharing, tmp_path: Path) -> None:
    """Check, draft, enforce by a second person, withdraw by another: the same acts as on the page."""
    city, home = shared.city, str(shared.house.home.folder)
    file = tmp_path / "night.cedar"
    file.write_text("forbid (principal, action, resource) when { context.hour < 6 };", encoding="utf-8")

    def said(account: str, *words: str) -> Any:
        found = CliRunner().invoke(
            cli.app, ["policies", *words, "--home", home, "--token", city.tokens[account], "--json"]
        )
        return found.exit_code, json.loads(found.stdout.splitlines()[-1]) if found.exit_code == 0 else {}

    assert said("security", "check", str(file), "--tier")[0] == 0
    code, kept = said("security", "draft", str(file), "--title", "夜间", "--basis", BASIS, "--tier")
    assert (code, kept["stage"]) == (0, "draft")
    assert said("security", "enforce", kept["id"], "1")[0] != 0
    assert said("overseer", "enforce", kept["id"], "1")[1]["stage"] == "in-force"
    code, answer = said("security", "try", str(file), shared.agreement, "--action", "table", "--hour", "3", "--tier")
    assert (code, answer["with it"]) == (0, "policy")
    assert said("overseer", "withdraw", kept["id"])[1]["stage"] == "withdrawn"
    file.write_text("forbid (principal, action, resource) when { context.minute < 6 };", encoding="utf-8")
    assert said("security", "check", str(file), "--tier")[0] != 0
    assert said("nobody", "list")[0] != 0


def test_the_editor_checks_without_keeping_anything(shared: Sharing) -> None:
    """What is wrong is said on the page, and who would be refused; the text is never lost."""
    console = a_console(shared.city)
    client = console.client("security")
    form = {"_csrf": CSRF, "whole": "true", "policy_title": "", "basis": "", "action": "query", "rows": "1"}
    wrong = client.post("/policies/check", data={**form, "source": "forbid (principal, action, resource) when { 1 };"})
    assert wrong.status_code == 200
    assert "Bool" in wrong.text
    told = client.post("/policies/check", data={**form, "source": FORBID_ALL})
    assert shared.agreement in told.text
    assert FORBID_ALL in told.text
    with shared.house.reading() as db:
        assert policies.policies_shown(db, body="", every=True, limit=50)[-1].source != FORBID_ALL
