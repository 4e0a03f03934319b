"""What is another body's answers, to whoever may not see it, as what never was: over every operation and every page.

An identifier that somebody guesses, or reads over a shoulder, must tell nothing: neither by its status nor by the code
of the refusal. What is public by rule has its reason here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from jutong import registers, web
from jutong.catalogue import Purpose
from jutong.delivery import bulk, policies
from jutong.terms import Actor, Duty
from tests.city import AUTHORITY, MARKET, ROWS, SOCIAL, City
from tests.console import CSRF, Console
from tests.contracts.test_api_rights import bodies as messages
from tests.contracts.test_api_rights import operations
from tests.pages import Route, a_lively_city, knowing_all, routes
from tests.rights import DONE_BY

SLOT = re.compile(r"{(\w+)(?::\w+)?}")
NOWHERE = "01JZ0000000000000000000000"
CALLERS = ("stranger", "nobody", "far-system-admin", "far-security-admin", "far-audit-admin")
# What every post of the tier may know to be there, and why.
PUBLIC: Mapping[str, str] = {
    "batch_id": "a batch of a published entry is listed with it",
    "code": "bodies are public",
    "credential_id": "administrators of a body's own posts: who is who is public, and refused by duty",
    "day": "no thing",
    "demand_id": "a demand that was accepted is listed",
    "gather_id": "gathers of public portals",
    "record_id": "entries of public portals",
    "edition_id": "frozen counts of the census are for every body of the tier",
    "decision_id": "decisions about entries of public portals",
    "group_id": "synonyms are shared words",
    "indicator": "no thing",
    "instance": "systems are public",
    "kind": "no thing",
    "layer": "no thing",
    "layer_name": "layers of space are named in the tier",
    "member": "systems are public",
    "member_class": "systems are public",
    "name": "no identifier",
    "person_id": "who is who is public",
    "post_id": "who is who is public",
    "purchase_id": "whoever holds a post finds what was bought, lest it be bought again",
    "responsibility_id": "the responsibility list is public in the tier",
    "rule": "no thing",
    "rule_id": "terms are public",
    "source": "portals are public",
    "step": "no thing",
    "system": "systems are public",
    "tag": "no thing",
    "version": "no thing",
    "wanted": "no thing",
    "year": "no thing",
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A lively city, with a profile that was issued and a credential that is kept."""
    made = a_lively_city(tmp_path_factory.mktemp("hidden") / "home")
    asker = Actor(id="asker", org=SOCIAL, duties=frozenset({Duty.REQUESTS}))
    with made.house.desk(asker) as desk:
        made.found["profile"] = bulk.issue_profile(desk, made.found["system"], Purpose.SOCIAL_SECURITY)[0].id
    head = Actor(id="head", org=MARKET, duties=frozenset({Duty.OFFICE_HEAD}))
    with made.house.desk(head) as desk:
        source = "forbid (principal, action, resource) when { context.hour < 6 };"
        made.found["policy"] = policies.draft_policy(
            desk, "本部门数据夜间不提供", "第九条", source, tier=AUTHORITY, whole=False
        ).id
    # Administrators of bodies that have to do with none of it come by the API too.
    with made.house.desk(made.house.itself) as desk:
        for name in CALLERS:
            if name.startswith("far-"):
                made.tokens[name] = registers.issue_credential(desk, made.posts[name])[1]
    yield made
    made.house.engine.dispose()


def hidden(city: City) -> Mapping[str, str]:
    """Return a thing of two other bodies for every slot; an entry is one that is still in draft."""
    found = city.found
    return {
        "agreement_id": found["agreement"],
        "application_id": found["application"],
        "delegation_id": found["line"],
        "delivery_id": found["line"],
        "dispute_id": found["dispute"],
        "entry_id": found["draft"],
        "erasure_id": found["erasure"],
        "identity_id": found["line"],
        "listing_id": found["listing"],
        "objection_id": found["objection"],
        "outflow_id": found["outflow"],
        "passkey_id": found["line"],
        "plan_id": found["plan"],
        "policy_id": found["policy"],
        "profile_id": found["profile"],
        "project_id": found["project"],
        "proposal_id": found["proposal"],
        "proxy_id": found["proxy"],
        "question_id": found["line"],
        "request_id": found["request"],
        "revision_id": found["revision"],
        "secret_id": found["secret"],
        "session_id": found["line"],
        "snapshot_id": found["snapshot"],
        "some_id": found["line"],
        "subscription_id": found["line"],
        "survey_id": found["survey"],
        "table_id": found["table"],
        "template_id": found["template"],
        "use_id": found["use"],
    }


def addresses(city: City, path: str) -> Iterator[tuple[str, str]]:
    """Yield, for each slot that holds a hidden thing, the address with it and the one with an identifier of nothing."""
    known = hidden(city)
    slots = [slot[1] for slot in SLOT.finditer(path)]
    unknown = [slot for slot in slots if slot not in known and slot not in PUBLIC]
    assert not unknown, f"{path}: say of {unknown} what stands there, or why everybody may know of it"
    usual = {**dict.fromkeys(PUBLIC, NOWHERE), **known}
    for slot in slots:
        if slot in known:
            there, nowhere = (
                SLOT.sub(lambda one, what=what: what[one[1]], path) for what in (usual, usual | {slot: NOWHERE})
            )
            yield there, nowhere


@pytest.mark.parametrize("account", CALLERS)
def test_no_operation_tells_another_bodys_thing_from_nothing(city: City, account: str) -> None:
    """The same status and the same code of refusal, whoever of another body asks."""
    told, sent = [], messages(city)
    with city.client() as client:
        for method, path in operations(city):
            content = b"" if method == "GET" else msgspec.json.encode(sent.get(f"{method} {path}", {}))
            for there, nowhere in addresses(city, path):
                answers = [
                    client.request(method, one, content=content, headers=city.bearer(account))
                    for one in (there, nowhere)
                ]
                if said(answers[0]) != said(answers[1]):
                    told.append((method, path, *map(said, answers)))
    assert not told, "\n".join(map(str, told))


@pytest.mark.parametrize("account", CALLERS)
def test_no_page_tells_another_bodys_thing_from_nothing(city: City, account: str) -> None:
    """Pages and their forms answer the same as well."""
    told = []
    client = Console(city, web.build(city.house, knowing_all(city))).client(account)
    for route in routes():
        if "{" in route.path and "events" not in route.path:
            for there, nowhere in addresses(city, route.path):
                codes = [status(client, city, route, one) for one in (there, nowhere)]
                if codes[0] != codes[1]:
                    told.append((route.method, route.path, *codes))
    assert not told, "\n".join(map(str, told))


def said(answer: Any) -> tuple[int, str]:
    """Return the status and the code of what an operation answered."""
    kind = answer.headers.get("content-type", "")
    return answer.status_code, answer.json().get("type", "") if "problem" in kind else ""


def status(client: TestClient[Any], city: City, route: Route, address: str) -> int:
    """Return how a page answers, or a form that is filled in soundly."""
    if route.method == "GET":
        return client.get(address, follow_redirects=False).status_code
    deed = DONE_BY.get(route.path)
    fields, name = (deed.form(city), deed.file) if deed else ({}, "")
    files = {name: ("rows.csv", ROWS.encode())} if name else None
    return client.post(address, data={"_csrf": CSRF, **fields}, files=files, follow_redirects=False).status_code
