"""Sessions that are ended, accounts that end, passkeys, and how surely somebody is known: on the pages themselves."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jutong import access, guard, notices, registers, web
from jutong.access.account import Account
from jutong.access.passkey import challenge_ends, made
from jutong.desk import open_desk, open_house
from jutong.kernel.errors import NotKnown, NotSure
from jutong.ledger import Evidence
from jutong.ledger import store as ledger_store
from jutong.terms import ADMINISTRATORS, Actor, Assurance, Duty, Grade
from tests.authenticator import UP, Device
from tests.city import AUTHORITY, MARKET, City
from tests.console import FORM, SEAT
from tests.signing_in import PASSWORD, Browser, a_browser, a_city_with_accounts, code_for

ADDRESS = "https://data.example.gov.cn"
BASE = "https://testserver.local"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    city = a_city_with_accounts(tmp_path_factory.mktemp("identity") / "home", address=ADDRESS)
    yield city
    city.house.engine.dispose()


def newcomer(city: City, account: str, *duties: Duty, body: str = MARKET) -> str:
    """Enter somebody of one's own for a test, with a password."""
    with city.house.desk(city.house.itself) as desk:
        person = registers.register_person(desk, f"name of {account}z", account)
        registers.appoint(desk, person.id, body, "officer", set(duties) or {Duty.REQUESTS})
        access.open_account(desk, access.vault_of(city.house.key), person.id, PASSWORD)
    return person.id


def over_tls(city: City) -> Browser:
    """Return a stranger's browser that keeps secure cookies."""
    browser = a_browser(city)
    browser.http.base_url = BASE  # type: ignore[assignment]
    return browser


def signed_in(city: City, account: str) -> Browser:
    browser = over_tls(city)
    browser.sign_in(account)
    return browser


def level_of(city: City, browser: Browser) -> Assurance:
    return seat_of(city, browser).level


def seat_of(city: City, browser: Browser) -> access.Seat:
    with city.house.reading() as db:
        seat = access.session_of(db, browser.http.cookies[SEAT], city.house.clock())
    assert seat is not None
    return seat


def lines(city: City, act: str) -> list[Evidence]:
    with city.house.reading() as db:
        leaves = db.execute(sa.select(ledger_store.evidence.c.leaf).order_by(ledger_store.evidence.c.seq)).scalars()
        return [line for line in map(Evidence.of_leaf, leaves) if line.act == act]


def asked(browser: Browser, page: str, path: str) -> dict[str, Any]:
    """Open a page and ask, as its script does, what a device is to make or sign."""
    browser.open(page)
    answer = browser.send(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    browser.open(page)
    found: dict[str, Any] = answer.json()
    return found


def with_passkey(city: City, account: str, **bent: Any) -> tuple[Browser, Device]:
    """Return a signed-in browser of a newcomer and the device whose passkey was added."""
    newcomer(city, account)
    browser, device = signed_in(city, account), Device(**bent)
    given = device.make(asked(browser, "/account/passkeys", "/account/passkeys/challenge"))
    answer = browser.send("/account/passkeys", {"name": "telephone", "credential": given})
    assert answer.headers["location"].startswith("/account/passkeys?done=access.passkey_added"), answer.text
    return browser, device


def options_of(browser: Browser) -> dict[str, Any]:
    return asked(browser, "/login", "/login/passkey/challenge")


# sessions


def test_all_other_sessions_end_at_once_on_every_worker(city: City) -> None:
    """One stays, the rest are refused at their next page, also by a worker with connections of its own."""
    newcomer(city, "three-seats")
    mine, *others = (signed_in(city, "three-seats") for _ in range(3))
    house = open_house(city.house.home.folder)
    distant = over_tls(replace(city, house=house, api=web.build(house)))
    distant.http.cookies[SEAT] = others[0].http.cookies[SEAT]
    assert distant.http.get("/account", follow_redirects=False).status_code == 200
    mine.open("/account")
    answer = mine.send("/account/sessions/end-others")
    began = time.monotonic()
    assert distant.http.get("/account", follow_redirects=False).status_code == 303
    assert time.monotonic() - began < 1
    assert answer.headers["location"].startswith("/account?done=access.other_sessions_ended&line=")
    assert [one.http.get("/account", follow_redirects=False).status_code for one in (mine, *others)] == [200, 303, 303]
    assert lines(city, "access.other_sessions_ended")[-1].facts["sessions"] == 2
    house.engine.dispose()


def test_a_session_shows_network_and_kind_of_browser_and_no_more(city: City) -> None:
    """Neither the whole address nor the browser's own name is kept anywhere."""
    newcomer(city, "discreet")
    browser = over_tls(city)
    browser.http.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; serial-4711) Gecko/20100101 Firefox/128.0"
    browser.sign_in("discreet")
    assert "Firefox, Linux" in browser.open("/account").text
    with city.house.reading() as db:
        assert "4711" not in str(db.execute(sa.text("select * from access_session")).all())


# accounts


def test_a_closed_account_opens_by_nothing_but_a_new_invitation(city: City) -> None:
    """Password, passkeys and credentials are forgotten, sessions end; one that is invited anew begins afresh."""
    browser, device = with_passkey(city, "leaver")
    person = seat_of(city, browser).person
    with city.house.desk(city.house.itself) as desk:
        (post,) = registers.posts_held_by(desk.db, person)
        _, token = registers.issue_credential(desk, post.id, days=10)
    security = signed_in(city, "security")
    assert "Close the account" in security.open(f"/people/{person}").text
    answer = security.send(f"/people/{person}/closing")
    assert answer.headers["location"].startswith(f"/people/{person}?done=access.closed")
    assert browser.http.get("/account", follow_redirects=False).status_code == 303
    assert over_tls(city).sign_in("leaver").status_code == 401
    stranger = over_tls(city)
    given = device.sign(options_of(stranger))
    assert stranger.send("/login/passkey", {"credential": given}).headers.get("set-cookie", "").count(SEAT + "=") == 0
    with city.house.reading() as db, pytest.raises(NotKnown):
        registers.actor_of(db, token, city.house.clock())
    page = security.open(f"/people/{person}")
    code = security.send(f"/people/{person}/invitation")
    found = re.search(r"/welcome#([0-9A-Z-]+)", code.text)
    assert page.status_code == 200
    assert found
    invited = over_tls(city)
    invited.open("/welcome")
    fresh = "quartz ribbon seven lanterns"
    sent = invited.send("/welcome", {"code": found[1], "password": fresh, "repeated": fresh})
    assert sent.status_code == 303, sent.text
    assert over_tls(city).sign_in("leaver", fresh).headers["location"] == "/desk"


NOON = datetime.fromisoformat("2026-03-02T04:00:00+00:00")


@pytest.mark.parametrize(
    ("idle", "warned", "days", "to_warn", "to_suspend"),
    [
        (75, None, 90, False, False),
        (76, None, 90, True, False),
        (400, None, 90, True, False),
        (400, 13, 90, False, False),
        (400, 14, 90, False, True),
        (89, 30, 90, False, False),
        (400, None, 0, False, False),
        (400, 400, 0, False, False),
    ],
)
def test_nobody_is_suspended_unwarned(
    idle: int, warned: int | None, days: int, to_warn: bool, to_suspend: bool
) -> None:
    """The warning comes a fortnight before, however long the account lay unused when the rule began to count."""
    account = Account(
        person="p",
        password="x",
        changed=NOON - timedelta(days=500),
        used=NOON - timedelta(days=idle),
        warned=None if warned is None else NOON - timedelta(days=warned),
    )
    assert account.to_warn(NOON, days=days) == to_warn
    assert account.to_suspend(NOON, days=days) == to_suspend


def test_an_unused_account_is_warned_of_then_suspended_then_let_in_again(tmp_path: Path) -> None:
    """Its person gets a letter, the security administrators a notice; a sign-in in time makes it all undone."""
    city = a_city_with_accounts(tmp_path / "home")
    person, awake = newcomer(city, "sleeper"), newcomer(city, "awake")
    pools, now = city.house.pools, city.house.clock()
    with city.house.desk(city.house.itself) as desk:
        notices.store.save_address(desk.db, person, "sleeper@example.gov.cn")

    def clockwork(day: int) -> int:
        with open_desk(city.house.engine, city.house.itself, now + timedelta(days=day), pools) as desk:
            count = access.suspend_unused(desk, days=30)
            for line in lines_since(desk.db):
                notices.tell(desk.db, line)
            return count

    def lines_since(db: Any) -> list[Evidence]:
        leaves = db.execute(sa.select(ledger_store.evidence.c.leaf)).scalars()
        return [one for one in map(Evidence.of_leaf, leaves) if one.act.startswith("access.unused")]

    assert clockwork(10) == 0
    assert lines(city, "access.unused_warned") == []
    assert clockwork(17) == 0
    warned = [line for line in lines(city, "access.unused_warned") if line.on == person]
    assert [line.facts["body"] for line in warned] == [MARKET]
    with city.house.engine.begin() as db:
        db.execute(
            sa.text("update access_account set used = :used, warned = null where person = :person"),
            {"used": (now + timedelta(days=20)).isoformat(timespec="microseconds"), "person": awake},
        )
    assert clockwork(30) == 0
    assert clockwork(31) > 0
    with city.house.reading() as db:
        accounts = access.accounts_of(db, [person, awake])
        assert (accounts[person].barred, accounts[awake].barred) == (True, False)
        letters = (
            db.execute(sa.text("select side from notices_outbox where person = :p"), {"p": person}).scalars().all()
        )
        told = db.execute(sa.text('select side, body from notices_notice where "on" = :p'), {"p": person}).all()
    assert letters == ["person", "person"]
    assert {("securing", MARKET), ("securing", AUTHORITY)} <= {tuple(row) for row in told}
    with open_desk(city.house.engine, city.house.itself, now + timedelta(days=32), pools) as desk:
        access.unlock(desk, access.vault_of(city.house.key), person)
    assert clockwork(33) == 0
    with city.house.reading() as db:
        assert not access.accounts_of(db, [person])[person].barred
    city.house.engine.dispose()


# passkeys


def test_a_passkey_opens_without_name_and_password(city: City) -> None:
    """Its session is new, known by the highest level, and on record."""
    mine, device = with_passkey(city, "keyed")
    assert level_of(city, mine) is Assurance.ONE
    stranger = over_tls(city)
    options = options_of(stranger)
    asked_for = options["publicKey"]
    assert (asked_for["rpId"], asked_for["userVerification"]) == ("data.example.gov.cn", "required")
    assert not asked_for.get("allowCredentials")
    answer = stranger.send("/login/passkey?next=%2Faccount", {"credential": device.sign(options)})
    assert answer.headers["location"] == "/account"
    assert level_of(city, stranger) is Assurance.THREE
    line = lines(city, "access.signed_in")[-1]
    assert (line.facts["by"], line.facts["level"], line.facts["second"]) == ("passkey", 3, True)


def test_an_administrators_passkey_is_two_factors(city: City) -> None:
    """It may stand in the place of a phone; once it is there it must be shown, and then nothing else is owed."""
    newcomer(city, "keyed-admin", Duty.SECURITY_ADMIN)
    browser, device = signed_in(city, "keyed-admin"), Device()
    assert seat_of(city, browser).owes is access.Owed.SECOND_FACTOR
    assert browser.http.get("/people", follow_redirects=False).headers["location"].startswith("/account/second-factor")
    assert 'href="/account/passkeys"' in browser.open("/account/second-factor").text
    given = device.make(asked(browser, "/account/passkeys", "/account/passkeys/challenge"))
    browser.send("/account/passkeys", {"name": "key ring", "credential": given})
    assert seat_of(city, browser).owes is access.Owed.CODE
    options = asked(browser, "/login/code?next=%2Fpeople", "/login/passkey/challenge")
    browser.send("/login/passkey?next=%2Fpeople", {"credential": device.sign(options)})
    assert browser.open("/people").status_code == 200


def test_what_was_signed_counts_once(city: City) -> None:
    """The same assertion sent again, by a thief or by a browser's reload, opens nothing."""
    _, device = with_passkey(city, "replayed", counts=False)
    stranger = over_tls(city)
    cookie = options_of(stranger)
    given = device.sign(cookie)
    held = dict(stranger.http.cookies)
    assert stranger.send("/login/passkey", {"credential": given}).status_code == 303
    again = over_tls(city)
    again.http.cookies.update({FORM: held[FORM]})
    again.open("/login")
    answer = again.send("/login/passkey", {"credential": given})
    assert answer.status_code != 303 or "/login" in answer.headers["location"]
    assert SEAT not in again.http.cookies
    assert lines(city, "access.sign_in_failed")[-1].facts["factor"] == "passkey"


def bent(name: str, device: Device, browser: Browser, options: dict[str, Any]) -> str:
    """Return an assertion with one thing wrong."""
    if name == "another origin":
        device.origin = "https://data.example.gov.cn.evil.example"
    elif name == "another party":
        device.host = "evil.example"
    elif name == "no user verification":
        device.flags = UP
    elif name == "no user at all":
        device.flags = 0
    elif name == "another person's handle":
        device.person = "01JZ0000000000000000000000"
    elif name == "a count that fell":
        device.sign(options)
        device.count = -1
    elif name == "another challenge":
        options = {"publicKey": {**options["publicKey"], "challenge": options["publicKey"]["challenge"][:-4] + "AAAA"}}
    elif name == "another key":
        device.key = Device().key
    elif name == "another session's challenge":
        options = options_of(signed_in_stranger(browser))
    if name == "of another kind":
        return device.sign(options, kind="webauthn.create")
    if name == "within a strange frame":
        return device.sign(options, crossOrigin=True)
    given = device.sign(options)
    if name == "an unknown passkey":
        told = json.loads(given)
        return json.dumps({**told, "id": "AAAA", "rawId": "AAAA"})
    if name == "another signature":
        told = json.loads(given)
        told["response"]["signature"] = told["response"]["signature"][:-4] + "AAAA"
        return json.dumps(told)
    return given


def signed_in_stranger(browser: Browser) -> Browser:
    return over_tls(browser.city)


@pytest.mark.parametrize(
    "name",
    [
        "another origin",
        "another party",
        "no user verification",
        "no user at all",
        "another person's handle",
        "a count that fell",
        "another challenge",
        "another key",
        "another session's challenge",
        "of another kind",
        "within a strange frame",
        "an unknown passkey",
        "another signature",
    ],
)
def test_an_assertion_with_one_thing_wrong_opens_nothing(city: City, name: str) -> None:
    """One refusal for all of them; the failure is counted and on record."""
    _, device = with_passkey(city, f"bent-{name.replace(' ', '-')[:40]}".replace("'", ""))
    first = over_tls(city)
    assert first.send("/login/passkey", {"credential": device.sign(options_of(first))}).status_code == 303
    stranger = over_tls(city)
    before = len(lines(city, "access.sign_in_failed"))
    given = bent(name, device, stranger, options_of(stranger))
    answer = stranger.send("/login/passkey", {"credential": given})
    assert answer.headers.get("location", "/login").startswith("/login")
    assert SEAT not in stranger.http.cookies
    assert len(lines(city, "access.sign_in_failed")) == before + 1


def test_a_challenge_is_short_lived_and_for_one_purpose(city: City) -> None:
    """After five minutes, in another session or for adding a passkey it is worth nothing."""
    vault, now = access.vault_of(city.house.key), city.house.clock()
    given = access.new_challenge(vault, access.SIGNING_IN, "session", now)
    assert challenge_ends(vault, access.SIGNING_IN, "session", given, now) > now
    for purpose, binder, at, challenge in (
        (access.ADDING, "session", now, given),
        (access.SIGNING_IN, "other", now, given),
        (access.SIGNING_IN, "session", now + timedelta(minutes=5), given),
        (access.SIGNING_IN, "session", now, given[:-1]),
        (access.SIGNING_IN, "session", now, b""),
    ):
        with pytest.raises(NotKnown):
            challenge_ends(vault, purpose, binder, challenge, at)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bytes_make_the_door_fail(city: City, data: st.DataObject) -> None:
    """Whatever a stranger hands in as a passkey is refused; nothing of it is a bug of ours."""
    party = access.party_of(ADDRESS)
    assert party
    junk = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda one: st.lists(one) | st.dictionaries(st.text(), one),
        max_leaves=6,
    )
    device = Device(person="p")
    whole = json.loads(device.make({"publicKey": {"challenge": "AAAA"}}))
    field = data.draw(st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "attestationObject"]))
    target = whole if field in whole else whole["response"]
    cut = data.draw(st.integers(0, 300))
    target[field] = data.draw(junk) if data.draw(st.booleans()) else str(target[field])[:cut]
    with pytest.raises(NotKnown):
        made(party, b"\0\0\1", msgspec.json.encode(whole).decode(), passkey_id="i", person="p", name="n", now=NOON)


def test_one_who_has_shown_less_than_the_account_can_adds_no_way_in(city: City) -> None:
    """A thief of the password cannot add a passkey or a phone beside the owner's passkey; the owner can."""
    _, device = with_passkey(city, "guarded")
    thief = signed_in(city, "guarded")
    another = Device()
    given = another.make(asked(thief, "/account/passkeys", "/account/passkeys/challenge"))
    answer = thief.send("/account/passkeys", {"name": "mine", "credential": given})
    assert answer.status_code == 403
    assert "/login/code?next=/account/passkeys" in answer.text
    thief.open("/account/second-factor")
    assert thief.send("/account/second-factor", {"code": "000000"}).status_code == 403
    with city.house.reading() as db:
        (kept,) = access.passkeys_of(db, seat_of(city, thief).person)
    thief.open("/account/passkeys")
    assert thief.send(f"/account/passkeys/{kept.id}/removal").status_code == 403
    options = asked(thief, "/login/code", "/login/passkey/challenge")
    before = thief.http.cookies[SEAT]
    thief.open("/login/code?next=%2Faccount%2Fpasskeys")
    up = thief.send("/login/passkey?next=%2Faccount%2Fpasskeys", {"credential": device.sign(options)})
    assert up.headers["location"] == "/account/passkeys"
    assert thief.http.cookies[SEAT] != before
    assert level_of(city, thief) is Assurance.THREE
    with city.house.reading() as db:
        assert access.session_of(db, before, city.house.clock()) is None
    thief.open("/account/passkeys")
    assert thief.send(f"/account/passkeys/{kept.id}/removal").status_code == 303


def test_a_session_steps_up_only_as_the_same_person(city: City) -> None:
    """Another's passkey does not take a session over."""
    _, device = with_passkey(city, "owner-of-key")
    newcomer(city, "somebody-else")
    other = signed_in(city, "somebody-else")
    options = asked(other, "/login/code", "/login/passkey/challenge")
    answer = other.send("/login/passkey", {"credential": device.sign(options)})
    assert answer.status_code != 303 or answer.headers["location"].startswith("/login")
    assert seat_of(city, other).account == "somebody-else"


# assurance


@pytest.mark.parametrize("level", Assurance)
def test_administrators_duties_and_the_gravest_grade_need_two_factors(level: Assurance) -> None:
    """One rule in one place, for every administrator's duty and for what would do extremely serious harm."""
    enough = level >= Assurance.TWO
    for act, policy in guard.POLICIES.items():
        for duty in policy.duties & ADMINISTRATORS:
            actor = Actor(id="a", org="B", duties=frozenset({duty}), cleared=Grade.L4, assured=level)
            owner = "C" if policy.tie is guard.Tie.OTHER else "B"
            if enough:
                assert guard.decide(actor, act, guard.Label(owner=owner)).duty is duty
            else:
                with pytest.raises(NotSure):
                    guard.decide(actor, act, guard.Label(owner=owner))
    keeper = Actor(id="k", org="B", duties=frozenset({Duty.GOVERNANCE}), cleared=Grade.L4, assured=level)
    for grade in Grade:
        if grade is Grade.L4 and not enough:
            with pytest.raises(NotSure):
                guard.decide(keeper, "library.look_up", guard.Label(owner="B", grade=grade))
        else:
            guard.decide(keeper, "library.look_up", guard.Label(owner="B", grade=grade))


def test_a_code_of_the_phone_makes_two_factors(city: City) -> None:
    """The session of the password owes the code; what comes after it is new and of the second level."""
    browser = over_tls(city)
    browser.open("/login")
    browser.send("/login", {"account": "security", "password": PASSWORD})
    before = browser.http.cookies[SEAT]
    assert level_of(city, browser) is Assurance.ONE
    browser.open("/login/code")
    browser.send("/login/code", {"code": code_for(city, "security")})
    assert browser.http.cookies[SEAT] != before
    assert level_of(city, browser) is Assurance.TWO


def test_the_gravest_grade_is_looked_at_after_a_second_factor(city: City) -> None:
    """The form is offered, the look is refused with a way to the second factor, and afterwards it is permitted."""
    browser = signed_in(city, "overseer")
    sought = {"kind": "natural-person", "code": "11010519491231002X"}
    assert 'value="natural-person"' in browser.open("/subjects").text
    page = browser.send("/subjects", sought)
    assert page.status_code == 403
    assert 'href="/login/code?next=/subjects"' in page.text
    assert lines(city, "guard.denied")[-1].facts["code"] == "not-sure"
    assert "/account/second-factor?next=/subjects" in browser.open("/login/code?next=%2Fsubjects").text
    seat = seat_of(city, browser)
    secret = access.vault_of(city.house.key).offered(seat.person, seat.session)
    browser.open("/account/second-factor")
    browser.send("/account/second-factor", {"code": access.code_at(secret, access.step_of(city.house.clock()))})
    assert level_of(city, browser) is Assurance.TWO
    browser.open("/subjects")
    assert browser.send("/subjects", sought).status_code == 404  # permitted: there is nobody of that number
