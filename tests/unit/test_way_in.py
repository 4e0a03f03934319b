"""The pages at the door, and those about one's own way in, as a browser without scripts meets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from jutong import access, registers
from jutong.terms import Duty
from jutong.web.console.door import session_cookie
from tests.city import MARKET, City
from tests.console import FORM, SEAT
from tests.signing_in import PASSWORD, Browser, a_browser, a_city_with_accounts, code_for

BETTER = "kettle orbit mango fjord"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    city = a_city_with_accounts(tmp_path_factory.mktemp("way-in") / "home")
    yield city
    city.house.engine.dispose()


def newcomer(city: City, account: str, *duties: Duty, body: str = MARKET) -> str:
    """Enter somebody of one's own for a test, with a password."""
    with city.house.desk(city.house.itself) as desk:
        person = registers.register_person(desk, f"name of {account}z", account)
        registers.appoint(desk, person.id, body, "officer", set(duties) or {Duty.REQUESTS})
        access.open_account(desk, access.vault_of(city.house.key), person.id, PASSWORD)
    return person.id


# the door


def test_signing_in_leads_to_where_one_wanted(city: City) -> None:
    """The page that was wanted comes after the sign-in, and shows in whose name one acts."""
    browser = a_browser(city)
    browser.open("/login?next=%2Fstyle%3Fsort%3Dtitle")
    answer = browser.send("/login?next=%2Fstyle%3Fsort%3Dtitle", {"account": "officer", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/style?sort=title")
    assert "市场监管局" in browser.open("/account").text


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/%0d%0aSet-Cookie:x"],
)
def test_signing_in_leads_nowhere_else(city: City, target: str) -> None:
    """A link that came by mail cannot send an official to another site."""
    browser = a_browser(city)
    browser.open("/login")
    answer = browser.http.post(
        "/login",
        params={"next": target},
        data={"account": "officer", "password": PASSWORD, "_csrf": browser.http.cookies[FORM]},
        follow_redirects=False,
    )
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/")
    assert "evil" not in answer.headers["location"] or answer.headers["location"].startswith("/%")


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(city: City, tmp_path: Path) -> None:
    """HttpOnly, SameSite, for the whole node, gone with the browser; over TLS alone where the node has it."""
    cookie = a_browser(city).sign_in("officer").headers["set-cookie"]
    assert re.match(rf"{SEAT}=[\w-]{{43}}; ", cookie)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Max-Age" not in cookie
    assert "Secure" not in cookie
    secure = a_city_with_accounts(tmp_path / "home", address="https://data.example.gov.cn")
    browser = a_browser(secure)
    browser.http.base_url = "https://testserver.local"  # type: ignore[assignment]
    assert "Secure" in browser.sign_in("officer").headers["set-cookie"]


def test_a_wrong_password_is_refused_with_the_page_again(city: City) -> None:
    """The account is kept, the password is not, and the words do not tell which of them is wrong."""
    newcomer(city, "wrong-pass")
    pages = []
    for account in ("wrong-pass", "no-such-person"):
        browser = a_browser(city)
        answer = browser.sign_in(account, "wrong")
        assert answer.status_code == 401
        assert f'value="{account}"' in answer.text
        assert "wrong&#34;" not in answer.text
        pages.append(TOKENS.sub("", answer.text.replace(account, "")))
    assert pages[0] == pages[1]
    assert "do not belong together" in pages[0]


TOKENS = re.compile(r'name="_csrf" value="[^"]+"')


def test_after_five_failures_the_door_stays_shut_for_a_minute(city: City) -> None:
    """Also for the right password; the page says how long."""
    newcomer(city, "locked-out")
    browser = a_browser(city)
    for _ in range(5):
        browser.sign_in("locked-out", "wrong")
    answer = browser.sign_in("locked-out")
    assert answer.status_code == 429
    assert "wait 1 minute" in answer.text


def test_a_sign_in_form_must_be_ours(city: City) -> None:
    """Another site can neither sign an official in as somebody else nor sign it out."""
    browser = a_browser(city)
    browser.open("/login")
    fields = {"account": "officer", "password": PASSWORD}
    assert browser.send("/login", fields, csrf="forged").status_code == 403
    browser.http.headers["origin"] = "https://evil.example"
    assert browser.send("/login", fields).status_code == 403
    del browser.http.headers["origin"]
    browser.sign_in("officer")
    browser.open("/account")
    assert browser.send("/logout", csrf="forged").status_code == 403
    assert "My sessions" in browser.open("/account").text


def test_a_token_from_before_is_worth_nothing(city: City) -> None:
    """Nobody can have an official sign in to a session that was prepared (fixation): the token is new each time."""
    browser = a_browser(city)
    browser.http.cookies.set(SEAT, "prepared-by-somebody-else")
    browser.sign_in("officer")
    first = browser.http.cookies.get(SEAT, domain="testserver.local") or browser.http.cookies[SEAT]
    assert first != "prepared-by-somebody-else"
    thief = a_browser(city)
    thief.http.cookies.set(SEAT, "prepared-by-somebody-else")
    assert "/login?next=" in str(thief.http.get("/account", follow_redirects=False).headers["location"])


@pytest.mark.parametrize(
    "fields",
    [
        {"account": "a" * 100_000, "password": "b" * 100_000},
        {"account": "a\x00b", "password": "c"},
        {"account": "<script>alert(1)</script>", "password": '"><img src=x>'},
        {"account": "' OR 1=1 --", "password": "' OR 1=1 --"},
        {"account": "", "password": ""},
        {},
        {"account": ["officer", "head"], "password": ["x", "y"]},
        {"account": "\u202eofficer", "password": "密" * 2000},
    ],
)
def test_bad_input_at_the_door_is_refused_calmly(city: City, fields: dict[str, str | list[str]]) -> None:
    """Oversized, with NUL, with markup, with quotes, empty: a page that says what is so, and nothing of it runs."""
    browser = a_browser(city)
    browser.open("/login")
    answer = browser.send("/login", fields)
    assert answer.status_code in (401, 422, 429)
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert 'role="alert"' in answer.text


def test_who_sits_already_is_sent_on(city: City) -> None:
    """The door is not shown to somebody inside."""
    browser = a_browser(city)
    browser.sign_in("officer")
    assert browser.http.get("/login?next=/style", follow_redirects=False).headers["location"] == "/style"


def test_signing_out_ends_the_session_here_and_at_the_node(city: City) -> None:
    """The cookie goes, and a copy of it opens nothing."""
    browser = a_browser(city)
    browser.sign_in("officer")
    token = browser.http.cookies[SEAT]
    browser.open("/account")
    answer = browser.send("/logout")
    assert answer.headers["location"].startswith("/?done=access.signed_out")
    assert "You are signed out." in browser.open(answer.headers["location"]).text
    copy = a_browser(city)
    copy.http.cookies.set(SEAT, token)
    assert copy.http.get("/account", follow_redirects=False).status_code == 303


def test_one_browser_sits_at_several_nodes_of_a_host(city: City) -> None:
    """Cookies know hosts but no ports: a seat at one tier neither takes nor ends that at its neighbour."""
    browser = a_browser(city)
    neighbour = session_cookie("cn-500105")
    browser.http.cookies.set(neighbour, "seat at the neighbour's")
    browser.sign_in("officer")
    assert browser.open("/account").status_code == 200
    browser.send("/logout")
    assert browser.http.cookies[neighbour] == "seat at the neighbour's"
    assert SEAT not in browser.http.cookies


# the second factor


def test_an_administrator_shows_a_code_before_anything_opens(city: City) -> None:
    """With the password alone no page opens and no name is shown; the code brings a new token."""
    browser = a_browser(city)
    browser.open("/login?next=/account")
    answer = browser.send("/login?next=/account", {"account": "audit", "password": PASSWORD})
    assert answer.headers["location"] == "/login/code?next=%2Faccount"
    half = browser.http.cookies[SEAT]
    assert browser.http.get("/account", follow_redirects=False).headers["location"].startswith("/login")
    page = browser.open("/login/code?next=/account").text
    assert browser.send("/account/language", {"language": "en"}).headers["location"].startswith("/login")
    assert "My account" not in page
    code = code_for(city, "audit")
    answer = browser.send("/login/code?next=/account", {"code": code})
    assert answer.headers["location"] == "/account"
    assert browser.http.cookies[SEAT] != half
    assert "My sessions" in browser.open("/account").text
    replay = a_browser(city)
    replay.open("/login")
    replay.send("/login", {"account": "audit", "password": PASSWORD})
    replay.open("/login/code")
    answer = replay.send("/login/code", {"code": code})
    assert answer.status_code == 401
    assert "was used before" in answer.text


def test_an_administrator_without_a_second_factor_enrols_one_first(city: City) -> None:
    """Every page leads there; afterwards the recovery codes are shown once, under a new session."""
    newcomer(city, "fresh-admin", Duty.SYSTEM_ADMIN)
    browser = a_browser(city)
    browser.sign_in("fresh-admin")
    before = browser.http.cookies[SEAT]
    assert (
        browser.http.get("/account", follow_redirects=False)
        .headers["location"]
        .startswith("/account/second-factor?next=")
    )
    page = browser.open("/account/second-factor?next=/style").text
    assert "data:image/svg+xml" in page
    spelled = re.search(r'<code class="code">([A-Z2-7 ]{39})</code>', page)
    assert spelled
    assert browser.send("/account/second-factor?next=/style", {"code": "000000"}).status_code == 401
    secret = access.vault_of(city.house.key).offered(*_session_of(city, before))
    assert access.spelled(secret) == spelled[1]
    code = access.code_at(secret, access.step_of(city.house.clock()))
    answer = browser.send("/account/second-factor?next=/style", {"code": code})
    assert answer.status_code == 200
    codes = re.findall(r'<code class="code">([0-9A-Z-]{19})</code>', answer.text)
    assert len(codes) == 8
    assert 'href="/style"' in answer.text
    assert browser.http.cookies[SEAT] != before
    assert codes[0] not in browser.open("/account/second-factor").text
    assert "My sessions" in browser.open("/account").text


def _session_of(city: City, token: str) -> tuple[str, str]:
    with city.house.reading() as db:
        seat = access.session_of(db, token, city.house.clock())
    assert seat is not None
    return seat.person, seat.session


# one's own account


def test_another_session_is_killed_and_stays_dead(city: City) -> None:
    """One sees both, ends the other, and it is sent to the door."""
    newcomer(city, "two-seats")
    mine, other = a_browser(city), a_browser(city)
    mine.sign_in("two-seats")
    other.sign_in("two-seats")
    page = mine.open("/account").text
    assert len(re.findall(r'"/account/sessions/\w+/end"', page)) == 1
    path = re.search(r'action="(/account/sessions/\w+/end)"', page)
    assert path
    assert mine.send(path[1]).headers["location"].startswith("/account?done=access.session_ended&line=")
    assert other.http.get("/account", follow_redirects=False).status_code == 303
    assert other.send(path[1]).status_code in (303, 403)
    assert mine.send(path[1]).status_code == 404


def test_nobody_ends_a_strangers_session(city: City) -> None:
    """Its identifier does not exist for others."""
    newcomer(city, "victim")
    victim, attacker = a_browser(city), a_browser(city)
    victim.sign_in("victim")
    _, session = _session_of(city, victim.http.cookies[SEAT])
    attacker.sign_in("officer")
    attacker.open("/account")
    assert attacker.send(f"/account/sessions/{session}/end").status_code == 404
    assert victim.open("/account").status_code == 200


def test_the_password_is_changed_and_other_sessions_end(city: City) -> None:
    """A faulty new one is refused with why; then this browser goes on and the other is out."""
    newcomer(city, "changer")
    mine, other = a_browser(city), a_browser(city)
    mine.sign_in("changer")
    other.sign_in("changer")
    mine.open("/account/password")
    change = {"old": PASSWORD, "password": "short", "repeated": "short"}
    answer = mine.send("/account/password", change)
    assert answer.status_code == 422
    assert "10 to 128" in answer.text
    assert PASSWORD not in answer.text
    assert mine.send("/account/password", {**change, "password": BETTER}).status_code == 422
    answer = mine.send("/account/password", {"old": PASSWORD, "password": BETTER, "repeated": BETTER})
    assert answer.headers["location"].startswith("/account?done=access.password_changed&line=")
    assert "all other sessions have ended" in mine.open(answer.headers["location"]).text
    assert other.http.get("/account", follow_redirects=False).status_code == 303
    assert a_browser(city).sign_in("changer").status_code == 401
    assert a_browser(city).sign_in("changer", BETTER).status_code == 303


def test_a_post_is_switched_only_to_ones_own(city: City) -> None:
    """The header shows the post; a foreign one does not exist, and the way back stays on this node."""
    person = newcomer(city, "two-posts")
    with city.house.desk(city.house.itself) as desk:
        second = registers.appoint(desk, person, MARKET, "the second post", {Duty.ANSWERS})
    browser = a_browser(city)
    browser.sign_in("two-posts")
    browser.open("/account")
    answer = browser.send("/post", {"post": second.id, "next": "//evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert re.search(r'class="who-post">the second post', browser.open("/account").text)
    assert browser.send("/post", {"post": city.posts["head"], "next": "/"}).status_code == 404
    assert browser.send("/post", {"post": "x"}).status_code == 422


def test_a_language_is_kept_with_the_account(city: City) -> None:
    """At another machine the pages are in it, too."""
    newcomer(city, "speaker")
    browser = a_browser(city, "zh-CN")
    browser.sign_in("speaker")
    browser.open("/account")
    assert browser.send("/account/language", {"language": "en"}).status_code == 303
    elsewhere = a_browser(city)
    del elsewhere.http.cookies["jutong-language"]
    elsewhere.sign_in("speaker")
    assert '<html lang="en"' in elsewhere.open("/account").text
    assert browser.send("/account/language", {"language": "xx"}).status_code == 422


def test_a_post_is_lent_and_taken_back(city: City) -> None:
    """The colleague may act in it, says so in the header, and loses it at once."""
    newcomer(city, "lender", Duty.OFFICE_HEAD)
    newcomer(city, "borrower", Duty.REQUESTS)
    lender, borrower = a_browser(city), a_browser(city)
    lender.sign_in("lender")
    borrower.sign_in("borrower")
    page = lender.open("/account").text
    post = re.search(r'<option value="(\w{26})"', page)
    assert post
    today = city.house.clock() + timedelta(hours=8)
    loan = {"post": post[1], "colleague": "borrower", "starts": f"{today:%Y-%m-%d}", "ends": f"{today:%Y-%m-%d}"}
    assert lender.send("/account/delegations", {**loan, "colleague": "nobody-here"}).status_code == 404
    assert lender.send("/account/delegations", {**loan, "ends": "soon"}).status_code == 422
    answer = lender.send("/account/delegations", loan)
    assert "done=access.delegated" in answer.headers["location"]
    assert "lent by name of lenderz" in borrower.open("/account").text
    assert borrower.send("/post", {"post": post[1], "next": "/account"}).status_code == 303
    assert "head of the sharing office" in borrower.open("/account").text
    end = re.search(r'action="(/account/delegations/\w+/end)"', lender.open("/account").text)
    assert end
    stranger = a_browser(city)
    stranger.sign_in("officer")
    stranger.open("/account")
    assert stranger.send(end[1]).status_code == 404
    assert lender.send(end[1]).status_code == 303
    assert "lent by" not in borrower.open("/account").text


# invitations


def test_an_invitation_sets_a_first_password_without_its_code_in_any_address(city: City) -> None:
    """The code travels in the form; the page of the link is the same for everybody."""
    with city.house.desk(city.house.itself) as desk:
        person = registers.register_person(desk, "新同事", "invited")
        registers.appoint(desk, person.id, MARKET, "officer", {Duty.REQUESTS})
    with city.house.desk(city.house.itself) as desk:
        code = access.invite(desk, person.id)
    browser = a_browser(city)
    page = browser.open("/welcome").text
    assert "welcome." in page
    assert code not in page
    answer = browser.send("/welcome", {"code": code, "password": "invited-12345", "repeated": "invited-12345"})
    assert answer.status_code == 422
    assert f'value="{code}"' in answer.text
    answer = browser.send("/welcome", {"code": code, "password": PASSWORD, "repeated": PASSWORD})
    assert answer.headers["location"].startswith("/login?account=invited&done=access.accepted&line=")
    assert 'value="invited"' in browser.open(answer.headers["location"]).text
    answer = browser.send("/welcome", {"code": code, "password": BETTER, "repeated": BETTER})
    assert answer.status_code == 401
    assert "has expired or was used" in answer.text
    assert a_browser(city).sign_in("invited").status_code == 303


def test_nothing_about_ones_way_in_is_kept_by_caches(city: City) -> None:
    """A shared machine does not show the last visitor's account."""
    browser = a_browser(city)
    browser.sign_in("officer")
    for path in ("/account", "/account/password", "/account/second-factor"):
        assert browser.open(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/account", "/account/password", "/account/second-factor"])
def test_strangers_are_sent_to_the_door(city: City, path: str) -> None:
    """Pages about oneself need a self."""
    answer = a_browser(city).http.get(path, follow_redirects=False)
    assert answer.headers["location"].startswith("/login?next=")


def test_a_proxy_is_believed_only_if_the_node_was_told_of_it(city: City, tmp_path: Path) -> None:
    """Whoever writes addresses into headers does not get a fresh slate with each."""

    def source(browser: Browser) -> str:
        browser.http.headers["x-forwarded-for"] = "203.0.113.9, 198.51.100.7"
        browser.sign_in("officer")
        return browser.open("/account").text

    assert "198.51.100.*" not in source(a_browser(city))
    told = a_city_with_accounts(tmp_path / "home", proxy="testclient")
    assert "198.51.100.*" in source(a_browser(told))
