"""Signing in by an identity provider: the way there and back, and every token that proves nothing."""

from __future__ import annotations

import base64
import hmac
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from jutong import access, registers
from jutong.access import Provider
from jutong.access.provider import _challenge, _keys_in
from jutong.kernel.errors import Invalid, Unavailable
from jutong.kernel.outward import Outward
from jutong.kernel.settings import Home, Oidc, Settings
from jutong.terms import Assurance, Duty
from tests.city import MARKET, City
from tests.console import SEAT
from tests.provider import CLIENT, SECRET, AProvider, a_provider, signed
from tests.signing_in import PASSWORD, Browser, a_browser, a_city_with_accounts

INVITED = re.compile(r"/welcome#([0-9A-Z-]+)")
PROVEN = re.compile(r'name="proven" value="([^"]+)"')
SAID = dict[str, Any]


@pytest.fixture(scope="module")
def told() -> Iterator[AProvider]:
    with a_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def city(told: AProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    city = a_city_with_accounts(tmp_path_factory.mktemp("provider") / "home")
    trust(city, told.issuer)
    yield city
    city.house.engine.dispose()


@pytest.fixture(autouse=True)
def honest(told: AProvider) -> Iterator[None]:
    """Every test begins with a provider that says what is so."""
    key = told.key
    told.more, told.bend, told.forge = {"acr": "", "amr": []}, lambda said: said, None
    yield
    told.key = key


def trust(city: City, issuer: str) -> None:
    """Let the node trust a provider, as its settings and its keys would say."""
    home = city.house.home
    file = home.folder / "keys" / "oidc"
    file.write_text(SECRET)
    file.chmod(0o600)
    oidc = Oidc(issuer=issuer, client=CLIENT, secret="oidc", name="市认证", two=("mfa",), three=("gold",))
    home.settings = msgspec.structs.replace(home.settings, oidc=oidc)


def newcomer(city: City, account: str, *duties: Duty) -> str:
    with city.house.desk(city.house.itself) as desk:
        person = registers.register_person(desk, f"name of {account}z", account)
        registers.appoint(desk, person.id, MARKET, "officer", set(duties) or {Duty.REQUESTS})
        access.open_account(desk, access.vault_of(city.house.key), person.id, PASSWORD)
    return person.id


def back(city: City, way: str) -> str:
    """Return the path and query of an address of the node."""
    assert way.startswith(city.house.home.address + "/login/provider/return")
    return way.removeprefix(city.house.home.address)


def went(city: City, told: AProvider, browser: Browser, path: str = "/login/provider?next=%2Faccount") -> str:
    """Go to the provider, sign in there, and return the path that leads back."""
    answer = browser.http.get(path, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(told.issuer + "/authorize?")
    return back(city, told.sign_in(answer.headers["location"]))


def linked(city: City, told: AProvider, account: str, *duties: Duty) -> None:
    """Let somebody of one's own link the identity that the provider speaks of."""
    told.subject = f"subject-{account}"
    newcomer(city, account, *duties)
    browser = a_browser(city)
    browser.sign_in(account)
    page = browser.open(went(city, told, browser, "/account/identities/provider"))
    assert told.subject in page.text
    found = PROVEN.search(page.text)
    assert found
    answer = browser.send("/account/identities", {"proven": found[1]})
    assert answer.headers["location"].startswith("/account/identities?done=access.identity_linked")
    assert told.subject in browser.open("/account/identities").text


def seat_of(city: City, browser: Browser) -> access.Seat | None:
    with city.house.reading() as db:
        return access.session_of(db, browser.http.cookies.get(SEAT, ""), city.house.clock())


# the way there and back


def test_a_linked_identity_opens_the_account(city: City, told: AProvider) -> None:
    """Its person chose so while signed in; afterwards no password is typed, and the page that was wanted comes."""
    linked(city, told, "vouched")
    stranger = a_browser(city)
    answer = stranger.http.get(went(city, told, stranger), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    seat = seat_of(city, stranger)
    assert seat is not None
    assert (seat.account, seat.level, seat.owes) == ("vouched", Assurance.ONE, None)


@pytest.mark.parametrize(
    ("more", "level"),
    [
        ({}, Assurance.ONE),
        ({"acr": "silver", "amr": ["pwd"]}, Assurance.ONE),
        ({"amr": ["pwd", "mfa"]}, Assurance.TWO),
        ({"acr": "gold"}, Assurance.THREE),
        ({"acr": ["gold"], "amr": "mfa"}, Assurance.ONE),
    ],
)
def test_the_providers_word_is_worth_what_the_node_was_told(
    city: City, told: AProvider, more: SAID, level: Assurance
) -> None:
    """What the settings do not name counts as one factor; so does what is not spelled as the standard says."""
    account = f"level-{len(str(more))}-{int(level)}"
    linked(city, told, account)
    told.more = more
    browser = a_browser(city)
    browser.http.get(went(city, told, browser), follow_redirects=False)
    seat = seat_of(city, browser)
    assert seat is not None
    assert seat.level is level


def test_an_administrator_by_a_weak_word_still_owes_a_second_factor(city: City, told: AProvider) -> None:
    """The provider's password alone opens no administrator's desk; two factors there do."""
    linked_admin = "vouched-admin"
    told.subject = f"subject-{linked_admin}"
    newcomer(city, linked_admin, Duty.SYSTEM_ADMIN)
    with city.house.desk(city.house.itself) as desk:
        person = registers.person_with(desk.db, linked_admin)
        assert person is not None
        code = access.invite(desk, person.id)
    invited = a_browser(city)
    invited.open("/welcome")
    page = invited.send("/welcome/provider", {"code": code}).text
    way = re.search(r'href="(http[^"]+authorize[^"]+)"', page)
    assert way
    page = invited.open(back(city, told.sign_in(way[1].replace("&amp;", "&")))).text
    found = PROVEN.search(page)
    assert found
    assert invited.send("/welcome/identity", {"proven": found[1]}).headers["location"].startswith("/login?account=")
    weak = a_browser(city)
    weak.http.get(went(city, told, weak), follow_redirects=False)
    seat = seat_of(city, weak)
    assert seat is not None
    assert seat.owes is access.Owed.SECOND_FACTOR
    assert seat.actor is None
    told.more = {"amr": ["mfa"]}
    strong = a_browser(city)
    strong.http.get(went(city, told, strong), follow_redirects=False)
    assert strong.open("/people").status_code == 200
    invited.open("/welcome")
    again = invited.send("/welcome/identity", {"proven": found[1]})
    assert again.status_code == 401
    assert "was used" in again.text  # the code of an invitation counts once


def test_a_closed_or_suspended_account_is_not_opened_by_the_provider(city: City, told: AProvider) -> None:
    """Whom the node lets in no more, nobody outside lets in."""
    linked(city, told, "barred-here")
    with city.house.desk(city.house.itself) as desk:
        person = registers.person_with(desk.db, "barred-here")
        assert person is not None
        access.bar(desk, person.id)
    browser = a_browser(city)
    assert browser.http.get(went(city, told, browser), follow_redirects=False).headers.get("location") != "/account"
    assert seat_of(city, browser) is None


def test_nobody_is_let_in_by_a_name_or_an_address(city: City, told: AProvider) -> None:
    """An identity that nobody linked opens nothing, whatever account and e-mail the provider says."""
    newcomer(city, "zhao-liu")
    told.subject = "unheard-of"
    told.more = {"email": "zhao-liu@example.gov.cn", "email_verified": True, "preferred_username": "zhao-liu"}
    browser = a_browser(city)
    with city.house.reading() as db:
        before = db.execute(sa.text("select count(*) from access_account")).scalar()
    page = browser.http.get(went(city, told, browser))
    assert seat_of(city, browser) is None
    assert page.status_code in (200, 401)
    with city.house.reading() as db:
        assert db.execute(sa.text("select count(*) from access_account")).scalar() == before


def test_an_identity_opens_one_account_and_its_link_can_be_taken_away(city: City, told: AProvider) -> None:
    """A second account cannot have it; when the link is gone it opens nothing."""
    linked(city, told, "first-owner")
    subject = told.subject
    newcomer(city, "second-owner")
    other = a_browser(city)
    other.sign_in("second-owner")
    found = PROVEN.search(other.open(went(city, told, other, "/account/identities/provider")).text)
    assert found
    assert other.send("/account/identities", {"proven": found[1]}).status_code == 409
    owner = a_browser(city)
    owner.sign_in("first-owner")
    removal = re.search(r'action="(/account/identities/\w+/removal)"', owner.open("/account/identities").text)
    assert removal
    assert other.send(removal[1]).status_code == 404
    owner.open("/account/identities")
    assert owner.send(removal[1]).headers["location"].startswith("/account/identities?done=access.identity_unlinked")
    told.subject = subject
    gone = a_browser(city)
    gone.http.get(went(city, told, gone))
    assert seat_of(city, gone) is None


# coming back with something else


def test_what_comes_back_counts_once_and_in_the_browser_that_asked(city: City, told: AProvider) -> None:
    """A link that an attacker began opens the victim nothing (CSRF of login), and a used one opens nobody anything."""
    linked(city, told, "csrf")
    attacker, victim = a_browser(city), a_browser(city)
    prepared = went(city, told, attacker)
    victim.http.get(prepared)
    assert seat_of(city, victim) is None
    stolen = dict(attacker.http.cookies)
    assert attacker.http.get(prepared, follow_redirects=False).headers["location"] == "/account"
    again = a_browser(city)
    again.http.cookies.update({name: value for name, value in stolen.items() if name != SEAT})
    again.http.get(prepared)
    assert seat_of(city, again) is None
    forged = a_browser(city)
    page = forged.http.get(went(city, told, forged).replace("state=", "state=x"))
    assert page.status_code == 401
    assert "does not prove who you are" in page.text


def test_a_session_that_an_attacker_planted_is_not_the_one_that_opens(city: City, told: AProvider) -> None:
    """The cookie after signing in is another one than before, and a proof is worth nothing in another session."""
    linked(city, told, "fixed")
    victim = a_browser(city)
    victim.http.cookies.set(SEAT, "planted-by-somebody", domain="testserver.local", path="/")
    victim.http.get(went(city, told, victim), follow_redirects=False)
    assert victim.http.cookies[SEAT] != "planted-by-somebody"
    with city.house.reading() as db:
        assert access.session_of(db, "planted-by-somebody", city.house.clock()) is None
    newcomer(city, "linker")
    one, other = a_browser(city), a_browser(city)
    one.sign_in("linker")
    other.sign_in("linker")
    told.subject = "of-the-linker"
    found = PROVEN.search(one.open(went(city, told, one, "/account/identities/provider")).text)
    assert found
    other.open("/account/identities")
    assert other.send("/account/identities", {"proven": found[1]}).status_code == 401
    assert one.send("/account/identities", {"proven": found[1][:-8] + "AAAAAAA="}).status_code == 401


def test_a_refusal_of_the_provider_is_a_page(city: City, told: AProvider) -> None:
    """Somebody who pressed cancel there reads so here, and may go on with the password."""
    browser = a_browser(city)
    answer = browser.http.get("/login/provider", follow_redirects=False)
    state = re.search(r"state=([\w-]+)", answer.headers["location"])
    assert state
    page = browser.http.get(f"/login/provider/return?error=access_denied&state={state[1]}")
    assert page.status_code == 401
    assert "did not sign you in" in page.text


def test_an_answer_of_another_provider_is_refused(city: City, told: AProvider) -> None:
    """The mix-up that RFC 9207 tells of."""
    linked(city, told, "mixed-up")
    browser = a_browser(city)
    browser.http.get(went(city, told, browser) + "&iss=https%3A%2F%2Fevil.example")
    assert seat_of(city, browser) is None


# tokens that prove nothing

OTHER = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve"})


def spell(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_public_key(told: AProvider, said: SAID) -> str:
    """Return a token with an HMAC under the public key's own bytes."""
    head = spell({"alg": "HS256", "kid": told.key.kid})
    body = f"{head}.{spell(said)}"
    return f"{body}.{spell(hmac.digest(told.key.as_pem(private=False), body.encode(), 'sha256'))}"


def _with_crit(told: AProvider, said: SAID) -> str:
    head = spell({"alg": "RS256", "kid": "first", "crit": ["exp"], "exp": 1})
    whole = signed(said, told.key)
    return f"{head}.{whole.split('.')[1]}.{whole.split('.')[2]}"


def _swapped(told: AProvider, said: SAID) -> str:
    head, _, signature = signed(said, told.key).split(".")
    return f"{head}.{spell({**said, 'sub': 'somebody-else'})}.{signature}"


FORGED: dict[str, Callable[[AProvider, SAID], str]] = {
    "no algorithm": lambda _, said: f"{spell({'alg': 'none', 'kid': 'first'})}.{spell(said)}.",
    "no algorithm, in capitals": lambda _, said: f"{spell({'alg': 'NONE', 'kid': 'first'})}.{spell(said)}.",
    "no signature": lambda told, said: signed(said, told.key).rpartition(".")[0] + ".",
    "the public key as a password": by_public_key,
    "another key under the same name": lambda _, said: signed(said, OTHER),
    "a key that travels along": lambda _, said: signed(said, OTHER, jwk=OTHER.as_dict(private=False)),
    "a key at an address": lambda _, said: signed(said, OTHER, jku="https://evil.example/keys"),
    "a certificate at an address": lambda _, said: signed(said, OTHER, x5u="https://evil.example/cert"),
    "a key that is a path": lambda _, said: signed(said, OTHER, kid="../../dev/null"),
    "a key that is SQL": lambda _, said: signed(said, OTHER, kid="x' union select 'a"),
    "a key that is a list": lambda told, said: f"{spell({'alg': 'RS256', 'kid': ['first']})}.{spell(said)}.AAAA",
    "a key of another kind": lambda _, said: jws.serialize_compact(
        {"alg": "ES256", "kid": "first"}, json.dumps(said), CURVE, algorithms=["ES256"]
    ),
    "an extension that must be understood": _with_crit,
    "another body under the signature": _swapped,
    "no token": lambda *_: "",
    "two parts": lambda *_: "a.b",
    "a list": lambda told, said: jws.serialize_compact({"alg": "RS256", "kid": "first"}, "[]", told.key),
    "a very long one": lambda told, said: signed({**said, "more": "x" * 20_000}, told.key),
    "encrypted": lambda *_: "a.b.c.d.e",
}


NOW = int(time.time())
BENT: dict[str, SAID] = {
    "another issuer": {"iss": "https://evil.example"},
    "an issuer that only begins like it": {"iss": "http://127.0.0.1"},
    "another audience": {"aud": "another-node"},
    "an audience that is no text": {"aud": 1},
    "several audiences and no party": {"aud": [CLIENT, "another-node"]},
    "another party": {"aud": [CLIENT], "azp": "another-node"},
    "expired": {"exp": NOW - 3600},
    "expires never": {"exp": None},
    "expires in words": {"exp": "tomorrow"},
    "expires when true": {"exp": True},
    "issued long ago": {"iat": NOW - 86_400},
    "issued in time to come": {"iat": NOW + 86_400},
    "not valid yet": {"nbf": NOW + 3600},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "signed in in time to come": {"auth_time": NOW + 3600},
    "nobody": {"sub": ""},
    "a subject that is a number": {"sub": 7},
    "a very long subject": {"sub": "x" * 256},
}


@pytest.mark.parametrize("name", [*FORGED, *BENT])
def test_a_token_with_one_thing_wrong_opens_nothing(city: City, told: AProvider, name: str) -> None:
    """One refusal for all of them; nothing is sent to any address that a token names."""
    told.subject = "subject-matrix"
    if not any_linked(city, told.subject):
        linked(city, told, "matrix")
    told.forge = FORGED.get(name)
    told.bend = lambda said: {**said, **BENT.get(name, {})}
    browser = a_browser(city)
    browser.http.get(went(city, told, browser))
    assert seat_of(city, browser) is None
    told.forge, told.bend = None, lambda said: said
    right = a_browser(city)
    right.http.get(went(city, told, right))
    assert seat_of(city, right) is not None


def any_linked(city: City, subject: str) -> bool:
    with city.house.reading() as db:
        return (
            db.execute(sa.text("select 1 from access_identity where subject = :s"), {"s": subject}).first() is not None
        )


def test_a_set_of_keys_with_a_secret_in_it_proves_nothing() -> None:
    """A provider that publishes a shared secret by mistake lets nobody sign with it."""
    secret = OctKey.import_key("0123456789abcdef0123456789abcdef", {"kid": "first"})
    assert _keys_in({"keys": [secret.as_dict(private=True), "nonsense", {"kty": "RSA"}]}).keys == []


def test_a_new_key_of_the_provider_is_fetched_when_a_token_names_it(told: AProvider) -> None:
    """At most once in half a minute, however many tokens name keys that nobody has."""
    clock = [1000.0]
    outward = Outward(inside=True)
    provider = Provider(Oidc(issuer=told.issuer, client=CLIENT), "", outward, steady=lambda: clock[0])
    provider._known_keys(again=False)
    told.asked.clear()
    for _ in range(5):
        provider._known_keys(again=True)
    assert told.asked.count("/keys") == 0
    clock[0] += 31
    for _ in range(5):
        provider._known_keys(again=True)
    assert told.asked.count("/keys") == 1
    outward.close()


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": "http://169.254.169.254/latest"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
)
def test_a_configuration_that_points_elsewhere_is_not_followed(told: AProvider, document: SAID) -> None:
    """Neither another issuer's word, nor an address that is never called from here."""
    outward = Outward(inside=True)
    provider = Provider(Oidc(issuer=told.issuer, client=CLIENT), SECRET, outward)
    told.document = document
    try:
        with pytest.raises((Unavailable, Invalid)):
            all_the_way(provider, told.issuer)
    finally:
        told.document = {}
        outward.close()


def all_the_way(provider: Provider, issuer: str) -> None:
    provider.way_there(back="http://here", state="s", nonce="n", verifier="v")
    wanted = access.Wanted(issuer=issuer, client=CLIENT, nonce="n")
    provider.redeem("c", back="http://here", verifier="v", wanted=wanted, now=datetime.now(UTC))


def test_the_challenge_is_that_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    assert _challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    "bad", [{"issuer": "https://id.example"}, {"issuer": "ftp://x", "client": "c"}, {"client": "c"}]
)
def test_half_a_setting_is_refused_at_the_start(tmp_path: Path, bad: dict[str, str]) -> None:
    """A node that cannot be right says so before anybody signs in."""
    lines = "\n".join(f'{name} = "{value}"' for name, value in bad.items())
    (tmp_path / "jutong.toml").write_text(f'name = "n"\nbody = "b"\ndivision = "500000"\n[oidc]\n{lines}\n')
    with pytest.raises(Invalid):
        Home.open(tmp_path)
    assert Settings(name="n", body="b", division="5").oidc.issuer == ""


# a provider that others have written


def test_a_provider_of_other_hands_is_understood(tmp_path: Path) -> None:
    """Authlib's server in a process of its own: discovery, code, token and keys over the wire."""
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        issuer = next(found[0] for line in process.stdout if (found := re.search(r"http://[\w.]+:\d+", line)))
        city = a_city_with_accounts(tmp_path / "home")
        trust(city, issuer)
        newcomer(city, "interop")
        mine = a_browser(city)
        mine.sign_in("interop")
        page = mine.open(_at_mock(city, mine, "/account/identities/provider"))
        found = PROVEN.search(page.text)
        assert found, page.text
        assert mine.send("/account/identities", {"proven": found[1]}).status_code == 303
        stranger = a_browser(city)
        answer = stranger.http.get(_at_mock(city, stranger, "/login/provider"), follow_redirects=False)
        assert answer.headers["location"] == "/desk"
        seat = seat_of(city, stranger)
        assert seat is not None
        assert seat.account == "interop"
        city.house.engine.dispose()
    finally:
        process.terminate()
        process.wait(timeout=10)


def _at_mock(city: City, browser: Browser, path: str) -> str:
    way = browser.http.get(path, follow_redirects=False).headers["location"]
    answer = httpx.post(way, data={"sub": "alice"}, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return back(city, answer.headers["location"])
