"""The frame of the console's pages: who sees what, how forms are taken, and how refusals look."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from jutong import registers, web
from jutong.kernel.errors import WrongMoment
from jutong.kernel.text import text
from jutong.terms import Duty, Org
from jutong.web.console import PAGES
from jutong.web.console.door import session_cookie
from jutong.web.console.frame import Answer, TheVisit, acted, done, page, shown
from jutong.web.console.said import SAID_FOR
from tests.city import AUTHORITY, a_city
from tests.console import FORM, HTML, SEAT, Console, knowing


@shown("/trial", guard="registers.register_person")
def trial(visit: TheVisit) -> Answer:
    """Show a page that only the system administrator may see."""
    return page(visit, "failed.html", title=text("First page"), crumbs=(("/", text("First page")),))


@acted("/trial", guard="registers.register_person", again=trial)
def try_it(visit: TheVisit) -> Answer:
    """Enter a person, or be refused."""
    if visit.form.get("name") == "too early":
        raise WrongMoment(text("the post has ended"), remedy=text("ask for a new appointment"))
    with visit.desk() as desk:
        registers.register_person(desk, visit.form.get("name"), "newcomer")
    return done(desk, "/trial")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A node whose doorkeeper knows people by their account's name."""
    city = a_city(tmp_path_factory.mktemp("console") / "home")
    yield Console(city, web.build(city.house, knowing(city), [*PAGES, trial, try_it]))
    city.house.engine.dispose()


def send(client: TestClient[Litestar], path: str, **fields: str) -> httpx.Response:
    """Send a form as a browser does, and go nowhere after."""
    return client.post(path, data=fields, follow_redirects=False)


def test_a_stranger_is_asked_to_sign_in_and_comes_back(console: Console) -> None:
    """The page that was wanted is kept for after the sign-in."""
    answer = console.client().get("/trial?x=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Ftrial%3Fx%3D1")


def test_a_page_that_is_not_ones_own_is_refused_and_the_denial_is_on_record(console: Console) -> None:
    """The guard is asked for pages as for acts."""
    before = len(console.city.lines("guard.denied"))
    answer = console.client("officer").get("/trial")
    assert answer.status_code == 403
    assert "What to do" in answer.text
    assert len(console.city.lines("guard.denied")) == before + 1


def test_a_form_needs_the_token_of_this_visit(console: Console) -> None:
    """A form that another site sends in one's name is not taken."""
    client = console.client("system")
    assert send(client, "/trial", name="a").status_code == 403
    assert send(client, "/trial", name="a", _csrf="wrong").status_code == 403
    client.headers["sec-fetch-site"] = "cross-site"
    assert send(client, "/trial", name="a", _csrf="right").status_code == 403
    assert not console.city.lines("guard.denied")[5:]


def test_a_form_from_another_origin_is_refused_where_the_browser_says_no_more(console: Console) -> None:
    """On plain HTTP a browser tells the origin alone."""
    client = console.client("officer")
    client.headers["origin"] = "http://elsewhere.example"
    assert send(client, "/style", _csrf="right").status_code == 403
    client.headers["origin"] = str(client.base_url).rstrip("/")
    assert send(client, "/style", _csrf="right").status_code == 422


def test_an_act_sends_on_and_says_what_was_done_with_its_evidence(console: Console) -> None:
    """After an act one sees the thing's page, with a sentence and the line of evidence."""
    client = console.client("system")
    answer = send(client, "/trial", name="新人", _csrf="right")
    line = console.city.lines("registers.person_registered")[-1]
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/trial?done=registers.person_registered&line={line.id}"
    shown_after = client.get(answer.headers["location"]).text
    assert "The person stands in the register." in shown_after
    assert f'href="/ledger/lines/{line.id}"' in shown_after


def test_no_made_up_address_says_what_was_not_done(console: Console) -> None:
    """The sentence is said to whoever did it, of that very act, and for some minutes; no link can put it on a page."""
    client, other = console.client("system"), console.client("officer")
    send(client, "/trial", name="又一人", _csrf="right")
    line = console.city.lines("registers.person_registered")[-1].id
    sentence, address = "The person stands in the register.", f"/?done=registers.person_registered&line={line}"
    assert sentence in client.get(address).text
    assert sentence not in other.get(address).text
    assert sentence not in client.get("/?done=registers.person_registered").text
    assert "signed" not in client.get(f"/?done=catalogue.signed&line={line}").text.split("<main")[1]
    assert sentence not in console.client().get(address).text
    house = console.city.house
    later = replace(house, clock=lambda: house.clock() + SAID_FOR)
    long_after = Console(console.city, web.build(later, knowing(console.city)))
    assert sentence not in long_after.client("system").get(address).text


def test_a_refused_act_shows_its_page_again_with_why(console: Console) -> None:
    """The page comes back under the refusal's status and says what is so and what to do."""
    answer = send(console.client("system"), "/trial", name="too early", _csrf="right")
    assert answer.status_code == 409
    assert "<h1>First page</h1>" in answer.text
    assert "the post has ended" in answer.text
    assert "ask for a new appointment" in answer.text


def test_what_was_typed_is_kept_and_each_fault_stands_at_its_field(console: Console) -> None:
    """An officer types nothing twice."""
    client = console.client("officer")
    answer = send(client, "/style", title="企业登记", capital="many", _csrf="right")
    assert answer.status_code == 422
    assert 'value="企业登记"' in answer.text
    assert 'value="many"' in answer.text
    assert 'id="fault-capital"' in answer.text
    assert 'aria-describedby=" fault-capital"' in answer.text or "fault-capital" in answer.text
    assert 'id="fault-title"' not in answer.text


def test_a_strangers_form_is_bound_to_a_cookie(console: Console) -> None:
    """Whoever has not signed in yet cannot be made to send a form either."""
    client = console.client()
    client.get("/style")
    token = client.cookies[FORM]
    assert send(client, "/style", _csrf=token).status_code == 422
    assert send(client, "/style", _csrf="other").status_code == 403


def test_a_language_is_chosen_for_all_pages(console: Console) -> None:
    """The choice is kept, and leads back to where one was, never to another site."""
    client = console.client(language="zh-CN")
    assert 'lang="zh-CN"' in client.get("/").text
    answer = client.get("/language/en?next=/style", follow_redirects=False)
    assert answer.headers["location"] == "/style"
    assert client.get("/language/en?next=//elsewhere.example/", follow_redirects=False).headers["location"] == "/"


@pytest.mark.parametrize("path", ["/", "/style", "/trial", "/no-such-page", "/static/nothing.css"])
def test_every_answer_forbids_foreign_scripts(console: Console, path: str) -> None:
    """No page runs what this node did not ship, not even a failure's page."""
    headers = console.client("system").get(path).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_failures_are_pages_for_people_and_documents_for_programs(console: Console) -> None:
    """One node, two readers."""
    client = console.client()
    assert "<h1>" in client.get("/no-such-page").text
    assert client.get("/no-such-page", headers={"accept": "*/*"}).json()["status"] == 404
    assert client.get("/api/bodies").headers["content-type"] == "application/problem+json"


def test_a_post_is_named_in_the_header(console: Console) -> None:
    """One always sees in whose name one acts."""
    body: Org = next(one for one in _bodies(console) if one.code == AUTHORITY)
    text_of_page = console.client("system").get("/").text
    assert body.name in text_of_page
    assert Duty.SYSTEM_ADMIN not in text_of_page


def _bodies(console: Console) -> tuple[Org, ...]:
    with console.city.house.reading() as db:
        return tuple(registers.bodies(db))


def test_two_houses_of_one_process_answer_each_for_itself(console: Console) -> None:
    """The rooms are put together once a process; whose they are comes with each request, also where it fails."""
    house = console.city.house
    distant = copy(house.home)
    distant.settings = msgspec.structs.replace(house.home.settings, name="cn-110000")
    other = replace(house, home=distant)
    ours, theirs = web.build(house, knowing(console.city)), web.build(other, lambda *_: None)
    assert ours.rooms is theirs.rooms
    with TestClient(ours, raise_server_exceptions=False) as one, TestClient(theirs) as two:
        for _ in range(2):
            assert [client.get("/healthz").json()["node"] for client in (one, two)] == ["cn-500000", "cn-110000"]
        one.cookies.set(SEAT, "officer")
        two.cookies.set(session_cookie("cn-110000"), "officer")
        asked = {"follow_redirects": False, "headers": HTML}
        assert [client.get("/desk", **asked).status_code for client in (one, two)] == [200, 303], "its own doorkeeper"
        assert "cn-110000" in two.get("/nowhere", headers=HTML).text
