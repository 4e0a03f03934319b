"""Administrators' pages: people and posts, invitations and locks, bodies, systems, nodes, calendar, sign-ins."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from jutong import ledger, registers
from jutong.kernel.crypto import SigningKey
from jutong.terms import Duty, Grade
from tests.city import AUTHORITY, MARKET, PEOPLE, SOCIAL, STRANGER, City
from tests.signing_in import PASSWORD, Browser, a_browser, a_city_with_accounts

PAGES = ("/people", "/bodies", "/systems", "/nodes", "/calendar", "/audit/denials")
MAY_SEE = {
    "system": {"/people", "/bodies", "/systems", "/nodes", "/calendar"},
    "security": {"/people", "/systems"},
    "audit": {"/audit/denials"},
}
HIDDEN = re.compile(r'name="_csrf" value="[^"]+"')


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    city = a_city_with_accounts(tmp_path_factory.mktemp("people") / "home")
    with city.house.desk(city.house.itself) as desk:
        for account, duty in (("market-system", Duty.SYSTEM_ADMIN), ("market-security", Duty.SECURITY_ADMIN)):
            person = registers.register_person(desk, account, account)
            registers.appoint(desk, person.id, MARKET, account, {duty})
    yield city
    city.house.engine.dispose()


@pytest.fixture(scope="module")
def system(city: City) -> Browser:
    return seated(city, "system")


@pytest.fixture(scope="module")
def security(city: City) -> Browser:
    return seated(city, "security")


def seated(city: City, account: str) -> Browser:
    browser = a_browser(city)
    assert browser.sign_in(account).status_code == 303
    return browser


def person_of(city: City, account: str) -> str:
    with city.house.reading() as db:
        found = registers.person_with(db, account)
    assert found is not None
    return found.id


def register(city: City, browser: Browser, account: str) -> str:
    browser.open("/people")
    answer = browser.send("/people", {"account": account, "name": f"名{account}"})
    assert answer.status_code == 303, answer.text
    return person_of(city, account)


@pytest.mark.parametrize("account", [*PEOPLE])
def test_each_administrators_pages_are_its_own(city: City, account: str) -> None:
    """Every page for exactly the duties that it is for, in the navigation, too."""
    browser = seated(city, account)
    wanted = MAY_SEE.get(account, set())
    assert {path for path in PAGES if browser.open(path).status_code == 200} == wanted
    navigation = browser.open("/").text
    assert {path for path in PAGES if f'<a href="{path}"' in navigation} == wanted


@pytest.mark.parametrize("path", PAGES)
def test_strangers_are_sent_to_the_door(city: City, path: str) -> None:
    """And come back afterwards."""
    answer = a_browser(city).http.get(path, follow_redirects=False)
    assert answer.headers["location"] == f"/login?next={path.replace('/', '%2F')}"


def test_a_newcomer_comes_all_the_way_in(city: City, system: Browser, security: Browser) -> None:
    """The system administrator registers and appoints, the security administrator invites, the person signs in."""
    person = register(city, system, "newcomer")
    post = {"body": MARKET, "title": "数据专员", "duties": ["catalogue", "collection"]}
    answer = system.send(f"/people/{person}/posts", post)
    assert "done=registers.appointed" in answer.headers["location"]
    assert "catalogue officer" in system.open(f"/people/{person}").text
    page = security.open(f"/people/{person}").text
    assert "no password yet" in page
    answer = security.send(f"/people/{person}/invitation")
    assert answer.status_code == 200
    link = re.search(r"http://127\.0\.0\.1:8700/welcome#([0-9A-Z-]{29})", answer.text)
    assert link
    assert link[1] not in security.open(f"/people/{person}").text
    assert "invited" in security.open("/people?sought=newcomer").text
    browser = a_browser(city)
    browser.open("/welcome")
    browser.send("/welcome", {"code": link[1], "password": PASSWORD, "repeated": PASSWORD})
    assert browser.sign_in("newcomer").status_code == 303
    assert "数据专员" in browser.open("/account").text


def test_duties_that_do_not_meet_are_refused_on_the_page(city: City, system: Browser) -> None:
    """Two administrators in one, none at all, a foreign code: the page comes back with what was typed."""
    person = register(city, system, "two-in-one")
    system.open(f"/people/{person}")
    post = {"body": MARKET, "title": "<b>全能</b>", "duties": ["system-admin", "audit-admin"]}
    answer = system.send(f"/people/{person}/posts", post)
    assert answer.status_code == 422
    assert "three administrators" in answer.text
    assert "&lt;b&gt;全能" in answer.text
    assert "<b>全能" not in answer.text
    assert system.send(f"/people/{person}/posts", {**post, "duties": []}).status_code == 422
    assert system.send(f"/people/{person}/posts", {**post, "duties": ["house"]}).status_code == 422
    assert system.send(f"/people/{person}/posts", {**post, "body": "x"}).status_code == 422
    assert (
        system.send(f"/people/{person}/posts", {**post, "duties": "requests", "title": "x" * 5000}).status_code == 422
    )


def test_each_administrator_does_its_own_acts_only(city: City, system: Browser, security: Browser) -> None:
    """The one cannot invite, the other cannot appoint; what one may not do is not offered."""
    person = register(city, system, "torn")
    page = system.open(f"/people/{person}").text
    assert "/invitation" not in page
    assert system.send(f"/people/{person}/invitation").status_code == 403
    assert system.send(f"/people/{person}/bar").status_code == 403
    page = security.open(f"/people/{person}").text
    assert f"/people/{person}/posts" not in page
    post = {"body": MARKET, "title": "x", "duties": ["requests"]}
    assert security.send(f"/people/{person}/posts", post).status_code == 403
    assert security.send("/people", {"account": "x", "name": "x"}).status_code == 403


def test_a_departments_administrator_sees_its_own_people(city: City) -> None:
    """Those with a post in its body, and those without any; others do not exist for it."""
    with city.house.reading() as db:
        market = registers.people(db, _actor(city, "market-system"))
        all_of_them = registers.people(db, _actor(city, "system"))
    assert {one.account for one in market} >= {"officer", "head", "market-security"}
    assert {one.account for one in market} & {"asker", "nobody", "system"} == set()
    assert len(all_of_them) > len(market)
    with city.house.reading() as db, pytest.raises(Exception, match="person"):
        registers.person_under(db, person_of(city, "asker"), _actor(city, "market-system"))


def _actor(city: City, account: str):
    with city.house.reading() as db:
        return registers.posts_held_by(db, person_of(city, account))[0].actor()


def test_a_clearance_is_the_security_administrators_to_set(city: City, security: Browser) -> None:
    """By the words of the grades; never one's own."""
    person, post = person_of(city, "asker"), city.posts["asker"]
    security.open(f"/people/{person}")
    answer = security.send(f"/people/{person}/posts/{post}/clearance", {"cleared": "3"})
    assert "done=registers.cleared" in answer.headers["location"]
    with city.house.reading() as db:
        assert registers.find_post(db, post).cleared is Grade.L3
    own = person_of(city, "security")
    assert f"{city.posts['security']}/clearance" not in security.open(f"/people/{own}").text
    assert security.send(f"/people/{own}/posts/{city.posts['security']}/clearance", {"cleared": "3"}).status_code == 403
    assert security.send(f"/people/{person}/posts/{post}/clearance", {"cleared": "9"}).status_code == 422


def test_a_credential_is_shown_once_and_revoked(city: City, security: Browser) -> None:
    """The token opens the API until it is revoked."""
    person, post = person_of(city, "asking-head"), city.posts["asking-head"]
    security.open(f"/people/{person}")
    answer = security.send(f"/people/{person}/posts/{post}/credentials", {"days": "30"})
    token = re.search(r"jt_\w{26}_[\w-]{43}", answer.text)
    assert token
    assert token[0] not in security.open(f"/people/{person}").text
    with city.client() as client:
        bearer = {"authorization": f"Bearer {token[0]}"}
        assert client.get("/api/bodies", headers=bearer).status_code == 200
        credential = token[0].split("_")[1]
        assert security.send(f"/people/{person}/credentials/{credential}/revocation").status_code == 303
        assert client.get("/api/bodies", headers=bearer).status_code == 401
    assert security.send(f"/people/{person}/posts/{post}/credentials", {"days": "999"}).status_code == 422


def test_a_person_is_barred_and_let_in_again(city: City, security: Browser) -> None:
    """The sessions end at once; the state stands in the list."""
    person = person_of(city, "publisher")
    publisher = seated(city, "publisher")
    security.open(f"/people/{person}")
    assert security.send(f"/people/{person}/bar").status_code == 303
    assert publisher.http.get("/account", follow_redirects=False).status_code == 303
    assert "barred" in security.open("/people?sought=publisher").text
    assert a_browser(city).sign_in("publisher").status_code == 401
    assert security.send(f"/people/{person}/unlocking").status_code == 303
    assert a_browser(city).sign_in("publisher").status_code == 303


def test_failed_attempts_are_seen_and_forgiven(city: City, security: Browser) -> None:
    """Somebody telephones at six o'clock: the page says why, and one press lets in again."""
    person = person_of(city, "overseer")
    for _ in range(5):
        a_browser(city).sign_in("overseer", "wrong")
    assert "locked after failed attempts" in security.open(f"/people/{person}").text
    assert security.send(f"/people/{person}/unlocking").status_code == 303
    assert a_browser(city).sign_in("overseer").status_code == 303


def test_sessions_of_others_are_seen_and_ended(city: City, security: Browser) -> None:
    """One of them, or all; their own owner sees the door."""
    person = person_of(city, "auditor")
    browsers = [seated(city, "auditor") for _ in range(3)]
    page = security.open(f"/people/{person}").text
    one = re.search(rf"/people/{person}/sessions/(\w{{26}})/end", page)
    assert one
    assert security.send(one[0]).status_code == 303
    assert [browser.open("/account").text.count("My sessions") > 0 for browser in browsers].count(False) == 1
    assert security.send(f"/people/{person}/sessions/end").status_code == 303
    assert not any("My sessions" in browser.open("/account").text for browser in browsers)


def test_who_is_dismissed_is_out(city: City, system: Browser) -> None:
    """The post ends on the page, and with it the way in."""
    person = person_of(city, "nobody")
    dismissed = seated(city, "nobody")
    system.open(f"/people/{person}")
    answer = system.send(f"/people/{person}/posts/{city.posts['nobody']}/dismissal")
    assert "done=registers.dismissed" in answer.headers["location"]
    city.settle()
    assert dismissed.http.get("/account", follow_redirects=False).status_code == 303
    assert a_browser(city).sign_in("nobody").status_code == 401


def test_bodies_are_registered_and_found(city: City, system: Browser) -> None:
    """A wrong check digit is refused; a name with markup is shown, not run."""
    system.open("/bodies")
    body = {"code": STRANGER, "name": "<i>水利局</i>", "division": "500000", "kind": "department"}
    assert system.send("/bodies", body).status_code == 412
    (seen,) = re.findall(r'name="seen" value="([^"]+)"', system.last)
    assert system.send("/bodies", {**body, "seen": seen}).status_code == 303
    page = system.open("/bodies?name=水利").text
    assert "&lt;i&gt;水利局&lt;/i&gt;" in page
    assert "市场监管局" not in page.split("<tbody>")[1]
    ways = [
        re.findall(r"11500000MB\w{8}(?=</code>)", system.open(f"/bodies?sort={way}division").text) for way in ("", "-")
    ]
    assert ways[0] == ways[1][::-1]
    assert len(ways[0]) > 2
    answer = system.send("/bodies", {**body, "code": "11500000MB4000040G"})
    assert answer.status_code == 422
    assert "GB 32100" in answer.text


def test_systems_and_their_keys_are_two_administrators_work(city: City, system: Browser, security: Browser) -> None:
    """The one registers, the other gives the key and withdraws it."""
    system.open("/systems")
    assert system.send("/systems", {"body": SOCIAL, "code": "benefits", "title": "失业保险"}).status_code == 303
    name = f"CN-500000/GOV/{SOCIAL}/benefits"
    key = str(SigningKey.of_seed(b"7" * 32).public)
    page = security.open("/systems").text
    assert name in page
    assert system.send("/systems/key", {"name": name, "public_key": key}).status_code == 403
    assert security.send("/systems/key", {"name": name, "public_key": "no key"}).status_code == 422
    assert security.send("/systems/key", {"name": name, "public_key": key}).status_code == 303
    at = f"/systems?system={name}"
    assert key.replace("+", "&#43;") in security.open(at).text or key in security.last
    assert security.send("/systems/key/withdrawal", {"name": name}).status_code == 303
    assert key not in security.open(at).text
    assert security.send("/systems/key", {"name": "a/b", "public_key": key}).status_code == 422


def test_a_key_is_rotated_and_a_secret_shown_once(city: City, system: Browser, security: Browser) -> None:
    """Two keys count until the overlap is ended; a secret is seen when it is issued, and never again."""
    system.open("/systems")
    assert system.send("/systems", {"body": SOCIAL, "code": "pensions", "title": "养老保险"}).status_code == 303
    name = f"CN-500000/GOV/{SOCIAL}/pensions"
    keys = [SigningKey.of_seed(bytes([number]) * 32).public for number in (8, 9)]
    security.open(f"/systems?system={name}")
    for key, seen in zip(keys, ("", str(keys[0])), strict=True):
        stated = {"name": name, "public_key": str(key), "seen": seen, "overlap_days": "3"}
        assert security.send("/systems/key", stated).status_code == 303
    too_long = {"name": name, "public_key": str(keys[0]), "seen": str(keys[1]), "overlap_days": "8"}
    assert security.send("/systems/key", too_long).status_code == 422
    with city.house.reading() as db:
        found = registers.known_system(db, name)
    assert found is not None
    assert [one.key for one in found.counting(city.house.clock())] == keys[::-1]
    assert "/systems/key/overlap" in security.open(f"/systems?system={name}").text
    assert security.send("/systems/key/overlap", {"name": name}).status_code == 303
    assert "/systems/key/overlap" not in security.open(f"/systems?system={name}").text
    assert system.send("/systems/secrets", {"name": name, "profile": "gjgxjhpt"}).status_code == 403
    answer = security.send("/systems/secrets", {"name": name, "profile": "gjgxjhpt"})
    (letters,) = re.findall(r">([A-Za-z0-9_-]{43})<", answer.text)
    page = security.open(f"/systems?system={name}").text
    assert letters not in page
    (address,) = re.findall(r"/systems/secrets/\w{26}/revocation", page)
    assert security.send(address, {"name": name}).status_code == 303
    assert address not in security.open(f"/systems?system={name}").text


def test_nodes_are_enrolled_under_their_key(city: City, system: Browser) -> None:
    """An address that is none is refused."""
    system.open("/nodes")
    node = {
        "name": "cn-500112",
        "url": "https://node.example",
        "key": str(SigningKey.of_seed(b"8" * 32).public),
        "relation": "child",
        "body": AUTHORITY,
    }
    assert system.send("/nodes", {**node, "url": "javascript:alert(1)"}).status_code == 422
    assert system.send("/nodes", node).status_code == 303
    assert "https://node.example" in system.open("/nodes").text


def test_a_years_notice_is_entered(city: City, system: Browser) -> None:
    """One day a line; a day of another year or a word that nobody knows is refused."""
    system.open("/calendar")
    year = {"year": "2031", "notice": "国办发明电〔2030〕1号", "days": "2031-01-01 休\n2031-01-04 work\n"}
    for days in ("2031-01-01 maybe", "2030-01-01 rest", "2031-02-30 rest", "yesterday"):
        assert system.send("/calendar", {**year, "days": days}).status_code == 422
    assert system.send("/calendar", year).status_code == 303
    with city.house.reading() as db:
        (entered,) = [one for one in registers.years(db) if one.year == 2031]
    assert [working for _, working in sorted(entered.days.items())] == [False, True]
    assert "2030〕1号" in system.open("/calendar").text


def test_the_audit_administrator_reads_who_came_and_who_did_not(city: City) -> None:
    """The newest first, filtered by what happened, page by page, with the line of evidence."""
    newest = seated(city, "head")
    assert newest
    a_browser(city).sign_in("head", "wrong")
    auditor = seated(city, "audit")
    ledger.sequence(city.house.engine, city.house.log)
    page = auditor.open("/audit/sign-ins").text
    assert "sign-in failed" in page
    assert re.search(r'href="/ledger/lines/\w{26}"', page)
    rows = page.split("<tbody>")[1]
    assert rows.index("signed in") < rows.index("sign-in failed")
    only = auditor.open("/audit/sign-ins?act=access.sign_in_failed").text.split("<tbody>")[1]
    assert "signed in" not in only
    assert "head" in only
    assert "testclient" not in page


def test_the_newest_lines_come_page_by_page(city: City) -> None:
    """No line is lost or doubled between two pages, whichever acts are asked for."""
    ledger.sequence(city.house.engine, city.house.log)
    acts = ("access.signed_in", "access.sign_in_failed", "guard.denied")
    with city.house.reading() as db:
        whole = ledger.newest(db, acts, limit=10_000)
        pages, before = [], None
        while found := ledger.newest(db, acts, before=before, limit=7):
            pages += found
            before = found[-1].place
    assert pages == list(whole)
    assert [one.place for one in whole] == sorted((one.place or 0 for one in whole), reverse=True)


def test_people_are_listed_page_by_page_and_taken_along(city: City, system: Browser) -> None:
    """As CSV, and never as a formula."""
    register(city, system, "formula")
    csv = system.open("/people?export=csv").text
    assert "formula" in csv
    assert len(csv.splitlines()) > len(PEOPLE)
