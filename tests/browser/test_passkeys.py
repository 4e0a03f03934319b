"""Passkeys in a real browser, with Chromium's own virtual authenticator: added, used, stepped up with, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote

import msgspec
import pytest
from playwright.sync_api import Browser, CDPSession, Page

from jutong import access, registers
from jutong.kernel.text import LANGUAGES
from jutong.terms import Assurance, Duty
from tests.browser.conftest import Visitors
from tests.city import MARKET
from tests.console import SEAT, serving
from tests.signing_in import PASSWORD, a_city_with_accounts


@pytest.fixture(scope="module")
def door(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    """A city that is reached as localhost, where browsers give passkeys without TLS."""
    city = a_city_with_accounts(tmp_path_factory.mktemp("passkeys") / "home")
    with serving(city.api) as address:
        named = address.replace("127.0.0.1", "localhost")
        city.house.home.settings = msgspec.structs.replace(city.house.home.settings, address=named)
        yield Visitors(browser, named, city)
    for context in browser.contexts:
        context.close()
    city.house.engine.dispose()


def newcomer(door: Visitors, account: str, duty: Duty) -> None:
    with door.city.house.desk(door.city.house.itself) as desk:
        person = registers.register_person(desk, f"名{account}", account)
        registers.appoint(desk, person.id, MARKET, "数据专员", {duty})
        access.open_account(desk, access.vault_of(door.city.house.key), person.id, PASSWORD)


def a_device(page: Page) -> CDPSession:
    """Give the browser a device that verifies its user by itself."""
    told = page.context.new_cdp_session(page)
    told.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    told.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return told


def sign_in(page: Page, account: str, wanted: str) -> None:
    page.goto(f"/login?next={quote(wanted, safe='')}")
    page.fill("#field-account", account)
    page.fill("#field-password", PASSWORD)
    page.click("main form:not([data-passkey]) button")
    page.wait_for_url(f"**{wanted}*")


@pytest.mark.parametrize(("language", "width"), [(LANGUAGES[0], 390), (LANGUAGES[1], 1440)])
def test_a_passkey_is_added_and_opens(
    door: Visitors,
    axe: Callable[[Page], list[str]],
    shot: Callable[[Page, str], None],
    language: str,
    width: int,
) -> None:
    """From the first page to the last with the keyboard's enter alone; no name and no password is typed again."""
    account = f"keyed-{width}"
    newcomer(door, account, Duty.REQUESTS)
    page = door.page(language=language, width=width)
    a_device(page)
    sign_in(page, account, "/account/passkeys")
    assert axe(page) == []
    page.fill("#field-name", "办公手机")
    page.press("#field-name", "Enter")
    page.wait_for_url("**/account/passkeys?done=access.passkey_added*")
    assert page.locator("main li strong").inner_text() == "办公手机"
    assert axe(page) == []
    shot(page, "passkeys")
    page.goto("/account")
    assert axe(page) == []
    shot(page, "account")
    page.locator(".who summary").click()
    page.click("form[action='/logout'] button")
    page.goto("/login?next=%2Faccount%2Fpasskeys")
    assert axe(page) == []
    shot(page, "login-passkey")
    page.click("form[data-passkey] button")
    page.wait_for_url("**/account/passkeys")
    token = next(one["value"] for one in page.context.cookies() if one["name"] == SEAT)
    with door.city.house.reading() as db:
        seat = access.session_of(db, token, door.city.house.clock())
    assert seat is not None
    assert seat.level is Assurance.THREE
    page.locator("main details.sure summary").click()
    page.click("main details.sure form button")
    page.wait_for_url("**/account/passkeys?done=access.passkey_removed*")
    assert page.locator("main li strong").count() == 0
    assert door.complaints == []


def test_an_administrator_steps_up_with_a_passkey(
    door: Visitors, axe: Callable[[Page], list[str]], shot: Callable[[Page, str], None]
) -> None:
    """Password, then the passkey that stands in the place of a phone, then the page that was wanted."""
    newcomer(door, "keyed-admin", Duty.SECURITY_ADMIN)
    page = door.page()
    a_device(page)
    page.goto("/login?next=%2Fpeople")
    page.fill("#field-account", "keyed-admin")
    page.fill("#field-password", PASSWORD)
    page.click("main form:not([data-passkey]) button")
    page.wait_for_url("**/account/second-factor*")
    assert axe(page) == []
    page.click("main a[href='/account/passkeys']")
    page.fill("#field-name", "钥匙")
    page.press("#field-name", "Enter")
    page.wait_for_url("**/login/code*")
    assert axe(page) == []
    shot(page, "step-up")
    page.goto("/people")
    page.click("form[data-passkey] button")
    page.wait_for_url("**/people")
    assert door.complaints == []


def test_a_device_that_has_no_passkey_says_so(door: Visitors) -> None:
    """The page stays, with a sentence; the password's way is still there."""
    page = door.page(language="en")
    a_device(page)
    page.goto("/login")
    page.click("form[data-passkey] button")
    page.wait_for_selector("[data-trouble]:visible")
    assert page.locator("#field-password").is_visible()


def test_without_javascript_the_password_remains(door: Visitors) -> None:
    """No button that does nothing is shown."""
    page = door.page(script=False)
    sign_in(page, "officer", "/account/passkeys")
    assert page.locator("form[data-passkey]:visible").count() == 0
    assert page.locator("[data-without-passkey]:visible").count() == 1
    page.context.clear_cookies()
    page.goto("/login")
    assert page.locator("form[data-passkey]:visible").count() == 0
