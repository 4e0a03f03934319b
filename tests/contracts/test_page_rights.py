"""Who may see and do what on the pages: every address against every kind of visitor, by the guard and by our table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from jutong import guard, registers, web
from jutong.guard.policy import POLICIES
from jutong.kernel.errors import NotAllowed
from jutong.terms import ADMINISTRATORS, Actor
from tests.calling import TestClient
from tests.city import ROWS, City
from tests.console import CSRF, FORM, Console
from tests.pages import (
    OF_PEOPLE,
    PROGRAMS,
    UNPOSTED,
    Route,
    a_lively_city,
    filled,
    knowing_all,
    routes,
    routes_of,
    state_of,
)
from tests.rights import DONE_BY, LOOKED_AT_BY, OF_ONESELF, OPEN, OWN, SEEN_IN, Deed

STRANGER = ""
NAMED = ("system", "security", "audit", "auditor", "publisher", "overseer", "officer", "head", "asker", "asking-head")
# Another body's: one who only prepares answers, one who may do everything at home, and its own administrators.
FAR = ("nobody", "stranger", *(f"far-{duty}" for duty in sorted(ADMINISTRATORS)))
POSTED = (*NAMED, *FAR, *(f"own-{duty}" for duty in OF_PEOPLE))
VISITORS = (STRANGER, UNPOSTED, *POSTED)
LOOKS = [route for route in routes() if route.method == "GET"]
ACTS = [route for route in routes() if route.method == "POST"]
GUARDED_ACTS = [route for route in ACTS if route.guard]


@dataclass
class Pages:
    """The pages of the city, and who its people are to the guard."""

    city: City
    console: Console
    actors: Mapping[str, Actor]

    def client(self, account: str) -> TestClient:
        """Return somebody's browser, which goes nowhere by itself."""
        client = self.console.client(account)
        client.follow_redirects = False
        if not account:
            client.cookies.set(FORM, CSRF)
        return client


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A lively city with its pages."""
    city = a_lively_city(tmp_path_factory.mktemp("pages") / "home")
    with city.house.reading() as db:
        posts = {account: registers.find_post(db, city.posts[account]) for account in POSTED}
    actors = {
        account: Actor(id=post.person, org=post.body, duties=post.duties, cleared=post.cleared)
        for account, post in posts.items()
    }
    yield Pages(city, Console(city, web.build(city.house, knowing_all(city))), actors)
    city.house.engine.dispose()


def test_every_address_is_a_page_or_one_for_programs(pages: Pages) -> None:
    """No address of the node is forgotten here: what is no page is answered by the API's own rights."""
    assert set(routes_of(pages.console.app)) == set(routes())
    others = {
        route.path
        for route in pages.console.app.rooms.routes
        if not any("guard" in handler.opt for handler in getattr(route, "route_handlers", ()))
    }
    assert [path for path in others if not path.startswith(PROGRAMS)] == []


def test_the_tables_name_every_page_and_no_other() -> None:
    """A new page is not finished before somebody has said who may see it and what it does."""
    assert {route.path for route in LOOKS if not route.guard} == set(OPEN)
    assert {route.guard for route in routes() if route.guard} == set(LOOKED_AT_BY)
    assert {route.path for route in GUARDED_ACTS} == set(DONE_BY)
    assert {route.path for route in ACTS if not route.guard} == set(OF_ONESELF)
    assert set(SEEN_IN) <= {route.path for route in LOOKS}


@pytest.mark.parametrize("name", sorted(LOOKED_AT_BY))
def test_the_guard_says_what_we_wrote_down(name: str) -> None:
    """Who may see a page stands twice: in the guard's table and in ours."""
    assert {str(duty) for duty in POLICIES[name].duties} == LOOKED_AT_BY[name]


@pytest.mark.parametrize("route", LOOKS, ids=str)
def test_a_page_is_shown_to_those_whom_it_concerns(pages: Pages, route: Route) -> None:
    """A stranger is sent to the door, a wrong post is denied, another body's thing is as if it were not there."""
    address = filled(pages.city, route.path)
    told = {}
    for account in VISITORS:
        answer = pages.client(account).get(address)
        told[account] = answer.status_code
        if answer.status_code == 303 and route.guard:
            assert answer.headers["location"].startswith("/login?next=")
    assert told == {account: _expected(pages, route, account) for account in VISITORS}


def _expected(pages: Pages, route: Route, account: str) -> int:
    if not route.guard:
        stranger, known = OPEN[route.path]
        return stranger if account == STRANGER else known
    if account == STRANGER:
        return 303
    if account == UNPOSTED:
        return 403
    actor = pages.actors[account]
    if not {str(duty) for duty in actor.duties} & LOOKED_AT_BY[route.guard]:
        return 403
    seen = SEEN_IN.get(route.path)
    return 200 if seen is None else seen(actor)


@pytest.mark.parametrize("route", ACTS, ids=str)
def test_a_form_that_we_did_not_hand_out_is_refused(pages: Pages, route: Route) -> None:
    """Another site cannot send a form in an official's name, with or without a token of its own."""
    address = filled(pages.city, route.path)
    before = state_of(pages.city)
    for account in (STRANGER, UNPOSTED, "officer", "system", "own-office-head"):
        client = pages.client(account)
        for fields in ({}, {"_csrf": ""}, {"_csrf": "wrong"}):
            assert client.post(address, data=fields).status_code == 403, (account, fields)
        foreign = client.post(address, data={"_csrf": CSRF}, headers={"sec-fetch-site": "cross-site"})
        assert foreign.status_code == 403, account
    assert state_of(pages.city) == before


@pytest.mark.parametrize("route", GUARDED_ACTS, ids=str)
def test_an_act_is_done_by_those_who_may_and_by_nobody_else(pages: Pages, route: Route) -> None:
    """Whoever has a form but not the duty, or the duty but in another body, changes nothing by sending it."""
    deed = DONE_BY[route.path]
    address, form = filled(pages.city, route.path, **_slots(pages.city, deed)), deed.form(pages.city)
    files = {deed.file: ("rows.csv", ROWS.encode())} if deed.file else None
    before = state_of(pages.city)
    for account in VISITORS:
        if account in deed.by:
            continue
        answer = pages.client(account).post(address, data={"_csrf": CSRF, **form}, files=files)
        assert answer.status_code in ({303, 403} if account == STRANGER else {403, 404}), (account, answer.text)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/login")
    after = state_of(pages.city)
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}


@pytest.mark.parametrize("route", GUARDED_ACTS, ids=str)
def test_the_guard_and_we_agree_who_may_act(pages: Pages, route: Route) -> None:
    """The accounts written down beside each act are just those whom the guard lets see the page and do the act."""
    deed = DONE_BY[route.path]
    allowed = {
        account
        for account, actor in pages.actors.items()
        if _decided(actor, route.guard, guard.Label(owner=actor.org)) and _decided(actor, deed.act, _label(deed, actor))
    }
    assert allowed - set(deed.hidden_from) == set(deed.by)


@pytest.mark.parametrize("route", [route for route in ACTS if not route.guard], ids=str)
def test_what_is_ones_own_needs_a_self(pages: Pages, route: Route) -> None:
    """A stranger who sends a form about an account changes nobody's account."""
    before = state_of(pages.city)
    answer = pages.client(STRANGER).post(filled(pages.city, route.path), data={"_csrf": CSRF, **OF_ONESELF[route.path]})
    if route.path.startswith(("/account", "/post")):
        assert (answer.status_code, answer.headers["location"][:6]) == (303, "/login")
    after = state_of(pages.city)
    changed = {name for name, rows in after.items() if rows != before[name]}
    assert changed <= {"access_attempts", "ledger_evidence"}, "a failed attempt is counted and recorded, no more"


def _decided(actor: Actor, act: str, label: guard.Label) -> bool:
    try:
        guard.decide(actor, act, label)
    except NotAllowed:
        return False
    return True


def _label(deed: Deed, actor: Actor) -> guard.Label:
    return guard.Label(owner=actor.org if deed.owner == OWN else deed.owner, parties=frozenset(deed.parties))


def _slots(city: City, deed: Deed) -> dict[str, str]:
    return {"entry_id": city.found[deed.entry], "request_id": city.found[deed.request]}
